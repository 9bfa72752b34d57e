"""`autograder doctor` says what is missing, what that means, and what to do."""

from argparse import Namespace

import pytest

from autograder.commands.machine import run_doctor
from autograder.grading.sandbox import doctor

NAMESPACES = "OSError: [Errno 1] unshare: Operation not permitted"


@pytest.fixture
def says(monkeypatch, capsys, tmp_path, demo_course):
    """What it says of a machine where forking ends with an error, and layers have problems."""

    def of(error="", landlock=5, problem="", **settings):
        answer = {"error": error} if error else {"pid": 1}
        monkeypatch.setattr(doctor, "fork_confined", lambda *_: answer)
        monkeypatch.setattr(doctor.landlock, "version", lambda: landlock)
        monkeypatch.setattr(doctor.seccomp, "problem", lambda: problem)
        monkeypatch.setattr(doctor, "SETTINGS", tmp_path)
        for name, value in settings.items():
            (tmp_path / "kernel").mkdir(exist_ok=True)
            (tmp_path / "kernel" / name).write_text(f"{value}\n")
        status = run_doctor(demo_course, Namespace())
        return status, capsys.readouterr().out

    return of


def test_a_machine_that_has_all(says):
    status, said = says()
    assert status == 0 and said.count("✓") == 3 and "✗" not in said


def test_a_switch_of_the_kernel(says):
    status, said = says(NAMESPACES, apparmor_restrict_unprivileged_userns=1)
    assert status == 1 and f"{NAMESPACES}\n  without it: it reads the solutions" in said
    assert "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" in said
    assert "--no-sandbox" in said and said.count("✓") == 2


def test_a_container(says):
    assert "--cap-add SYS_ADMIN" in says(NAMESPACES, unprivileged_userns_clone=1)[1]


def test_what_another_layer_lacks_is_said_once(says):
    _, said = says("OSError: [Errno 38] system call 444", landlock=0)
    assert said.count("✗") == 1 and "✗ Landlock" in said
    _, said = says("ValueError: no table", problem="no table of system calls for riscv64")
    assert said.count("✗") == 1 and "✗ system-call filter" in said and "aarch64" in said


def test_two_layers_may_be_missing(says):
    assert says(NAMESPACES, landlock=0)[1].count("✗") == 2
