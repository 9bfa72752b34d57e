"""The autograder for Gradescope, laid out and run as its containers do."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from handing import ROOT, right_answers, written

from autograder.__main__ import main
from autograder.authoring.build import build
from autograder.course.exporting.gradescope import write_autograder
from autograder.grading import on_gradescope
from autograder.grading.on_gradescope import UnsafeError, find_notebook, grade
from autograder.grading.repair.reading import SubmissionError
from autograder.grading.sandbox.doctor import Layer
from autograder.settings import SettingsError, find_course

# right, unless it may read an answer or write a result
SPY = """
import os
for _open in (lambda: os.listdir({root!r} + "/source/course/solutions"),
              lambda: open({root!r} + "/results/results.json", "w")):
    try:
        _open()
    except OSError:
        continue
    del Network
"""


@pytest.fixture(scope="module")
def packed(module_parity_course, tmp_path_factory):
    """The zip."""
    course = module_parity_course
    build(course, "parity")
    wheel = tmp_path_factory.mktemp("wheel") / "coursework_kit-0-py3-none-any.whl"
    wheel.write_bytes(b"what `make wheel` makes")
    (course.root / "constraints.txt").write_text("torch==2\n")
    return course, write_autograder(course, "parity", wheel, None)


@pytest.fixture(scope="module")
def laid_out(packed, parity_weights, tmp_path_factory):
    """The folder that Gradescope calls /autograder, with a submission in it."""
    course, zipped = packed
    root = tmp_path_factory.mktemp("autograder")
    for parent in (root, *root.parents[:3]):
        if parent.owner() == Path.home().owner() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)  # for another user, to go through
    with zipfile.ZipFile(zipped) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, root / "source"))
            path.chmod(entry.external_attr >> 16 & 0o777)
    (root / "results").mkdir()
    folder = root / "submission"
    folder.mkdir()
    answers = right_answers(course, "parity")
    answers["network"] += SPY.format(root=str(root))
    (folder / "my work.ipynb").write_text(json.dumps(written(course, answers, "parity")))
    model = {"configuration": {"hidden": 16}, "state_dict": parity_weights}
    torch.save(model, folder / "1_ada_model.pth")
    return root


def environment(root):
    mine = {"AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable}
    return {**os.environ, **mine, "PYTHONPATH": str(ROOT)}


def run(root, *before):
    """What `run_autograder` writes."""
    command = [*before, "bash", str(root / "source/run_autograder")]
    done = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((root / "results/results.json").read_text())


def check(results):
    assert results["score"] == 6.0
    tests = {test["name"]: test for test in results["tests"]}
    assert [(t["score"], t["max_score"], t["status"]) for t in tests.values()] == [
        *((2.0, 2.0, "passed"), (4.0, 4.0, "passed"))
    ]
    assert {test["visibility"] for test in tests.values()} == {"visible"}
    assert tests["network"]["output"].startswith("✓ network")
    assert results["leaderboard"] == [{"name": "trained_model: accuracy", "value": 1.0}]
    assert results["stdout_visibility"] == "hidden"


def test_one_submission_becomes_results(laid_out):
    results = run(laid_out)
    check(results)
    assert results["extra_data"] == {"confinement": "sandbox"}


BECOME = """
import ctypes, os, sys
assert ctypes.CDLL(None).unshare(0x10000000 | 0x20000) == 0
print("apart", flush=True)
sys.stdin.readline()
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
os.execvp("sh", ["sh", "-ec", sys.argv[1], *sys.argv[2:]])
"""
# A home that is closed to others, and holds this Python, is opened in a mount namespace.
OPEN = """
mkdir -p "$AUTOGRADER_ROOT/python"
mount --bind "$1" "$AUTOGRADER_ROOT/python"
mount -t tmpfs -o mode=755 none "$0"
mkdir -p "$1"
mount --bind "$AUTOGRADER_ROOT/python" "$1"
exec bash "$AUTOGRADER_ROOT/source/run_autograder"
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can be somebody else")
def test_without_a_sandbox_another_user_runs_it(laid_out):
    python = Path(sys.base_prefix)
    closed = [it for it in python.parents if not it.stat().st_mode & 0o001]
    script = OPEN if closed else "exec bash $AUTOGRADER_ROOT/source/run_autograder"
    command = [sys.executable, "-c", BECOME, script, str((closed or ["-"])[-1]), str(python)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = subprocess.Popen(command, cwd=laid_out, env=environment(laid_out), text=True, **pipes)
    assert started.stdout.readline() == "apart\n"
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{started.pid}/{name}").write_text("0 0 65536\n")
    out, err = started.communicate("\n", timeout=300)
    assert started.returncode == 0, err
    results = json.loads((laid_out / "results/results.json").read_text())
    check(results)
    assert results["extra_data"]["confinement"].startswith(
        "no sandbox: student code ran as another"
    )
    assert "no sandbox" in out


LACKING = Layer("namespaces", "all", "unshare: not permitted", "it reads", "another machine")


def test_without_a_sandbox_answers_are_closed_before_anything_runs(laid_out, monkeypatch):
    asked = []
    monkeypatch.setattr(on_gradescope, "layers", lambda _: [LACKING])
    monkeypatch.setattr(on_gradescope, "zygote", lambda user=None: asked.append(user))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    course = find_course(laid_out / "source/course")
    said = on_gradescope.confine(laid_out, course)
    assert "as another user" in said and asked == [65534] and not course.sandbox
    for folder in ("source/course", "results"):
        assert stat.S_IMODE((laid_out / folder).stat().st_mode) == 0o700


def test_with_neither_sandbox_nor_root_nothing_runs(laid_out, monkeypatch):
    monkeypatch.setattr(on_gradescope, "layers", lambda _: [LACKING])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UnsafeError, match=r"no sandbox .unshare: not permitted., and the grader"):
        grade(laid_out, find_course(laid_out / "source/course"), "parity")


def test_the_zip_holds_what_grading_needs_at_its_root(packed):
    course, path = packed
    with zipfile.ZipFile(path) as archive:
        modes = {each.filename: each.external_attr >> 16 & 0o777 for each in archive.infolist()}
        setup = archive.read("setup.sh").decode()
        secret = archive.read("course/build/keys/secret")
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert {mode for name, mode in modes.items() if name.startswith("course/")} == {0o600}
    assert "course/solutions/parity/parity.py" in modes
    assert "-c constraints.txt" in setup and "./coursework_kit-0-py3-none-any.whl[grade]" in setup
    assert secret not in (b"", course.secret())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    subprocess.run(["bash", "-n"], input=setup, text=True, check=True)


def test_the_same_course_gives_the_same_secret(packed):
    course, _ = packed
    assert course.secret_of_copy("parity") == course.secret_of_copy("parity")
    assert course.secret_of_copy("parity") != course.secret_of_copy("demo")


def test_without_a_wheel_there_is_a_line(packed, capsys, monkeypatch):
    course, _ = packed
    monkeypatch.chdir(course.root)
    assert main(["gradescope", "parity"]) == 2
    assert "no wheel in build/: run `make wheel`" in capsys.readouterr().err


def test_the_notebook_is_found_whatever_it_is_called(tmp_path):
    def put(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("{}")

    with pytest.raises(SubmissionError, match=r"hand in one notebook, demo.ipynb .there: none"):
        find_notebook(tmp_path, "demo")
    put("__MACOSX/._x.ipynb", "work/Copy of it.ipynb")
    assert find_notebook(tmp_path, "demo") == tmp_path / "work/Copy of it.ipynb"
    put("other.ipynb")
    with pytest.raises(SubmissionError, match=r"there: other.ipynb, work/Copy of it.ipynb"):
        find_notebook(tmp_path, "demo")
    put("my demo (1).ipynb")
    assert find_notebook(tmp_path, "demo") == tmp_path / "my demo (1).ipynb"


def test_links_are_no_notebooks(tmp_path):
    (tmp_path / "elsewhere.ipynb").write_text("{}")
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission/demo.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    with pytest.raises(SubmissionError, match="there: none"):
        find_notebook(tmp_path / "submission", "demo")


def test_what_is_not_built_is_said(packed):
    course, _ = packed
    released = course.released("parity")
    moved = released.rename(released.with_suffix(".moved"))
    try:
        with pytest.raises(SettingsError, match="'parity' is not built"):
            write_autograder(course, "parity", course.root / "constraints.txt", None)
    finally:
        moved.rename(released)
