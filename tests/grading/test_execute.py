"""Execution: from cells to evidence, whatever the cells do."""

import contextlib
import os
import subprocess
import sys
from dataclasses import replace
from unittest.mock import patch

import pytest
from autograder.grading.cache import cached
from autograder.grading.kernels.kernel import Kernel

from autograder.checks.evidence import from_bytes
from autograder.grading.execute import Job, execute

GIVEN = "from autograder import Rng, check\n\ndef helper(x):\n    return 2 * x\n"
CHECK = """
def twice(f, rng):
    return helper(f(rng.normal(3)))

check("f", f, twice)
"""


@contextlib.contextmanager
def ended_cells():
    """How every cell ended, in order."""
    ended = []

    wait = Kernel.wait
    with patch.object(Kernel, "wait", lambda *a: ended.append(wait(*a)) or ended[-1]):
        yield ended


def job(*sources, seconds=20.0):
    cells = (*((source, None) for source in sources), ("", "f"))
    return Job(cells, {"f": [5, 6]}, GIVEN, {"f": CHECK}, seconds)


def test_every_case_leaves_evidence():
    result = execute(job("def f(x):\n    return x + 1"))
    assert sorted(result.evidence) == ["f.twice.0", "f.twice.1"]
    assert from_bytes(result.evidence["f.twice.0"]).error is None
    assert result.errors == {}


def test_without_the_sandbox_the_evidence_is_the_same():
    plain = job("def f(x):\n    return x + 1")
    assert execute(replace(plain, confined=False)).evidence == execute(plain).evidence


def test_a_missing_function_is_an_error_of_its_check():
    result = execute(job("1 / 0"))
    assert result.evidence == {}
    assert result.errors == {"f": "NameError: name 'f' is not defined"}


def test_a_failing_cell_does_not_cancel_the_cell_behind_it():
    assert len(execute(job("1 / 0", "def f(x):\n    return x")).evidence) == 2


@pytest.mark.parametrize(
    "idiom",
    [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))",
        "%load_ext autoreload\n%autoreload 2",
        "%config InlineBackend.figure_format = 'retina'",
        "%%time\nsum(range(10))",
        "%timeit -n1 -r1 sum(range(10))",
        "%%capture out\nprint('x')",
        "!echo hello",
        "files = !ls",
        "import asyncio\nawait asyncio.sleep(0)",
        "import tqdm.auto\nfor _ in tqdm.auto.trange(3): pass",
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int = 0\nPoint()",
        "import pickle\nclass C: pass\npickle.loads(pickle.dumps(C()))",
        "exit",
    ],
)
def test_what_notebooks_do_works(idiom):
    with ended_cells() as ended:
        assert len(execute(job(idiom, "def f(x):\n    return x")).evidence) == 2
    assert ended == [None, None, None]


def test_redefined_helpers_and_names_change_nothing():
    plain = "def f(x):\n    return x"
    hostile = plain + "\ndef helper(x):\n    return 0 * x\nprobe = check = Rng = None"
    assert execute(job(hostile)).evidence == execute(job(plain)).evidence


def test_an_endless_cell_costs_its_time_and_no_more():
    result = execute(job("def f(x):\n    return x", "while True: pass", seconds=2.0))
    assert len(result.evidence) == 2


def test_a_cell_that_kills_the_kernel_costs_nothing_else():
    result = execute(job("state = 1", "import os\nos._exit(1)", "def f(x):\n    return state * x"))
    assert len(result.evidence) == 2
    assert result.errors == {}


def test_a_function_that_kills_the_kernel_fails_its_own_check():
    result = execute(job("import os\ndef f(x):\n    os._exit(1)"))
    assert result.evidence == {}
    assert result.errors == {"f": "the kernel died"}


def test_a_loop_that_swallows_interrupts_is_killed_and_passed_over():
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    result = execute(job("def f(x):\n    return x", stubborn, seconds=2.0))
    assert len(result.evidence) == 2


def test_the_kernel_sees_none_of_the_graders_environment():
    """In a grading process of its own, whose zygote starts after the token is there."""
    spy = "import os\ndef f(x):\n    started_with = open('/proc/self/environ').read()\n"
    spy += "    raise ValueError('token' in (str(dict(os.environ)) + started_with).lower())"
    grade = (
        "from autograder.grading.execute import Job, execute\n"
        "from autograder.checks.evidence import from_bytes\n"
        f"cells = ({spy!r}, None), ('', 'f')\n"
        f"job = Job(cells, {{'f': [5]}}, {GIVEN!r}, {{'f': {CHECK!r}}}, 20.0)\n"
        "print(from_bytes(execute(job).evidence['f.twice.0']).detail)"
    )
    environment = {**os.environ, "COURSE_TOKEN": "secret"}
    run = subprocess.run([sys.executable, "-c", grade], env=environment, capture_output=True)
    assert run.stdout.decode().strip() == "False", run.stderr


@pytest.fixture
def counted(monkeypatch):
    calls = []

    def counting(job):
        calls.append(job)
        return execute(job)

    monkeypatch.setattr("autograder.grading.cache.execute", counting)
    return calls


def test_evidence_is_kept_by_content(tmp_path, counted):
    first = cached(job("def f(x):\n    return x"), tmp_path)
    again = cached(job("def f(x):\n    return x"), tmp_path)
    assert first == again
    assert len(counted) == 1
    cached(job("def f(x):\n    return -x"), tmp_path)
    assert len(counted) == 2
    assert not list(tmp_path.glob(".new-*"))


def test_names_of_evidence_are_never_paths(tmp_path):
    """Student code holds the pipe, and may write frames of any name into it."""
    forged = "import os\nfrom autograder.grading.kernels.recorder import frame\n"
    forged += "os.write(3, frame('../../../escaped', b'x') + frame('/tmp/escaped', b'x'))"
    store = tmp_path / "a" / "b" / "evidence"
    kept = cached(job(forged, "def f(x):\n    return x"), store)
    assert kept.evidence["../../../escaped"] == b"x"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == list(store.glob("*.zip"))
