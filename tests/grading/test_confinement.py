"""What confined code may read and call: what honest work needs, and nothing else."""

import ctypes
import errno
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_jobs import a_check, evidence, job

from autograder.checks.evidence import from_bytes
from autograder.grading import execute as execution
from autograder.grading.execute import execute
from autograder.grading.jobs import Limits
from autograder.grading.sandbox import readable as reading
from autograder.grading.sandbox.allowed_calls import ARCHITECTURES, numbers
from autograder.grading.sandbox.seccomp import program

ROOT = Path(__file__).parents[2]
CHECKS = {"f": a_check("f", seeds=(5,))}
pytestmark = pytest.mark.spread


def spied(expression, setup="", limits=None):
    """What an expression gives inside, as text, or the error it meets."""
    body = "\n".join(f"        {line}" for line in f"{setup}\nseen = {expression}".split("\n"))
    code = f"import os\ndef f(x):\n    try:\n{body}\n    except Exception as error:\n"
    code += "        seen = error\n    return repr(seen)"
    asked = job(code, checks=CHECKS)
    asked = replace(asked, limits=limits or asked.limits)
    return from_bytes(evidence(execute(asked))["once", 0]).value


@pytest.fixture
def paths(monkeypatch):
    """The paths that are readable on a machine that a test describes."""

    def of(**attributes):
        for name, value in attributes.items():
            monkeypatch.setattr(f"sys.{name}", str(value))
        return reading.readable.__wrapped__()

    return of


def test_no_folder_is_readable_whose_contents_are_anybodys_business():
    given = reading.readable()
    too_much = {"/", "/usr", "/opt", "/usr/local", "/usr/share", "/home", "/etc", sys.prefix}
    assert not too_much & {*given}
    assert not [path for path in given if ROOT.is_relative_to(path)]


@pytest.mark.parametrize("folder", [".", "venv", ".venv/inner"])
def test_an_environment_in_a_course_or_that_is_one_shows_its_packages_only(tmp_path, paths, folder):
    prefix = tmp_path / folder
    for part in (tmp_path / "solutions", prefix / "lib", prefix / "bin", prefix / "share/course"):
        part.mkdir(parents=True, exist_ok=True)
    given = {path for path in paths(prefix=prefix) if Path(path).is_relative_to(tmp_path)}
    assert given == {str(prefix / part) for part in ("lib", "bin")}


def test_folders_that_only_python_was_told_of_are_not_packages(tmp_path, paths, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert str(tmp_path) not in paths()


def test_a_course_in_a_readable_folder_is_hidden_and_an_environment_in_it_is_not(
    tmp_path, monkeypatch
):
    course = tmp_path / "opt/course"
    for part in ("solutions", "venv/lib"):
        (course / part).mkdir(parents=True)
        (course / part / "file").write_text(part)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'opt'}:{course / 'venv/lib'}")
    monkeypatch.setattr(execution, "readable", reading.readable.__wrapped__)
    limits = Limits(20.0, hidden=(str(course),))
    seen = f"os.listdir({str(course)!r}), open({str(course / 'venv/lib/file')!r}).read()"
    assert spied(seen, limits=limits) == "(['venv'], 'venv/lib')"


OUTSIDE = ["/opt", "/usr/share", "/usr/local", "/home", "/srv", "/usr/lib"]


@pytest.mark.parametrize("folder", OUTSIDE)
def test_folders_where_courses_may_lie_cannot_be_listed(folder):
    assert "Error" in spied(f"os.listdir({folder!r})")


def test_of_the_kits_own_folder_nothing_but_what_python_reads_is_there():
    """Its environment may lie in it, as `make` puts it."""
    seen = spied(f"os.listdir({str(ROOT)!r})")
    assert "Error" in seen or seen in ("['autograder', '.venv']", "['.venv', 'autograder']")


UNKNOWN = {  # on x86-64
    **{"add_key": 248, "request_key": 249, "keyctl": 250},
    **{"shmget": 29, "semget": 64, "msgget": 68, "memfd_create": 319, "memfd_secret": 447},
    **{"ptrace": 101, "process_vm_readv": 310, "pidfd_getfd": 438, "kcmp": 312},
    **{"mount": 165, "unshare": 272, "setns": 308, "fsopen": 430, "open_tree": 428},
    **{"bpf": 321, "io_uring_setup": 425, "userfaultfd": 323, "perf_event_open": 298},
    **{"clone3": 435, "of a later kernel": 460, "of nobody": 4000, "read of x32": 0x40000000},
}
OF_X86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="these are its numbers")
LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"


@OF_X86_64
def test_calls_that_are_not_allowed_do_not_exist():
    setup = LIBC + "def error_of(at):\n    libc.syscall(ctypes.c_long(at), 0, 0, 0, 0, 0, 0)\n"
    setup += "    return ctypes.get_errno()"
    asked = f"{{name: error_of(at) for name, at in {UNKNOWN}.items()}}"
    assert spied(asked, setup) == repr(dict.fromkeys(UNKNOWN, errno.ENOSYS))


REFUSED = {
    "AF_VSOCK": ("__import__('socket').socket(40, 1)", errno.EAFNOSUPPORT),
    "AF_NETLINK": ("__import__('socket').socket(16, 3)", errno.EAFNOSUPPORT),
    "AF_ALG": ("__import__('socket').socket(38, 5)", errno.EAFNOSUPPORT),
    "raw packets": ("__import__('socket').socket(17, 3)", errno.EAFNOSUPPORT),
    "shared memory": ("__import__('mmap').mmap(-1, 4096)", errno.EPERM),
    "typing for others": ("__import__('fcntl').ioctl(0, 0x5412, b'x')", errno.ENOTTY),
    "memory files": ("os.memfd_create('x')", errno.ENOSYS),
}


@pytest.mark.parametrize(("expression", "number"), REFUSED.values(), ids=REFUSED)
def test_what_a_call_is_asked_for_may_be_refused(expression, number):
    assert f"({number}, " in spied(expression).replace("Error(", "(").replace("error(", "(")


@OF_X86_64
def test_namespaces_cannot_be_made_by_clone():
    clone = "libc.syscall(ctypes.c_long(56), ctypes.c_long(0x10000000 | 17), 0, 0, 0, 0)"
    assert spied(f"{clone}, ctypes.get_errno()", LIBC) == f"(-1, {errno.EPERM})"


def test_keys_have_no_names():
    assert spied("open('/proc/keys').read(), open('/proc/key-users').read()") == "('', '')"


def test_folders_that_cannot_be_read_are_not_searched_for_modules():
    """A search in them would be reported."""
    assert spied("[path for path in sys.path if not os.access(path or '.', 4)]", "import sys") in (
        "[]",
        repr([path for path in sys.path if path.endswith(".zip")]),
    )


def test_the_grader_ends_it_when_it_ends_itself_whatever_it_asks_for():
    """What keeps a fork from outliving its grader cannot be taken back."""
    setup = LIBC + "libc.prctl(1, 0)\nheld = ctypes.c_int()"
    assert spied("libc.prctl(2, ctypes.byref(held)), held.value", setup) == "(0, 9)"


HONEST = {
    "workers of a data loader": "from torch.utils.data import DataLoader\nimport torch\n"
    "seen = sum(b.sum() for b in DataLoader(torch.ones(8, 2), num_workers=2))",
    "a pool": "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as p:\n"
    "    seen = p.map(abs, [1, -2])",
    "shared arrays": "import multiprocessing as m\nm.Array('d', 10), m.Queue().put(1)",
    "shared tensors": "import torch\ntorch.ones(10).share_memory_()",
    "threads": "import torch\ntorch.set_num_threads(3)\ntorch.ones(999, 99) @ torch.ones(99, 999)",
    "programs": "import subprocess\nsubprocess.run('ls /tmp | sort; date', shell=True, check=True)",
    "files": "import shutil, torch\ntorch.save(torch.ones(2), 'm')\nshutil.copy('m', 'n')\n"
    "torch.load('n', mmap=True)\nos.path.exists('p') or os.mkfifo('p')",
    "an event loop": "import asyncio\nasyncio.run(asyncio.sleep(0))",
    "zones": "import zoneinfo\nzoneinfo.ZoneInfo('Europe/Berlin')",
    "pictures": "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.savefig('x.png')",
}


@pytest.mark.parametrize("setup", HONEST.values(), ids=HONEST)
def test_honest_work_is_not_disturbed(setup):
    assert spied("'done'", setup) == "'done'"


def test_temporary_files_lie_where_student_code_can_write():
    """Whatever folder the grader has for its own."""
    assert spied("__import__('tempfile').gettempdir()") == "'/tmp'"


def test_the_table_has_the_kernels_own_numbers():
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("no libseccomp, which knows them")
    resolve = library.seccomp_syscall_resolve_name_arch
    resolve.argtypes = ctypes.c_uint32, ctypes.c_char_p
    for machine, token in zip(ARCHITECTURES, (0xC000003E, 0xC00000B7), strict=True):
        theirs = {name: resolve(token, name.encode()) for name in numbers(machine)}
        assert numbers(machine) == theirs


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_a_filter_fits_into_the_kernel_and_always_returns(machine):
    """The kernel takes at most 4096 instructions, and none whose jumps leave the filter."""
    code = program(machine)
    assert len(code) % 8 == 0 and len(code) // 8 < 4096
    assert code[-8:-6] == b"\x06\x00"


def test_other_machines_have_none():
    with pytest.raises(ValueError, match="riscv64"):
        program("riscv64")
