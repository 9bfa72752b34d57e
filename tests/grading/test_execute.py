"""Execution: from cells to evidence, whatever the cells do."""

import contextlib
import os
import subprocess
import sys
from dataclasses import replace
from unittest.mock import patch

import pytest
from small_jobs import CHECKS, GIVEN, a_check, error, evidence, job, run

from autograder.checks.evidence import from_bytes
from autograder.checks.rng import Rng
from autograder.grading.execute import execute
from autograder.grading.forks.fork import CellFork
from autograder.grading.forks.messages import CaseObserved, encode
from autograder.grading.jobs import Limits

pytestmark = pytest.mark.spread
RIGHT = "def f(x):\n    return x + 1"
TWO = [("twice", 0), ("twice", 1)]


@contextlib.contextmanager
def ended_cells():
    """How every cell ended, in order."""
    ended = []

    wait = CellFork.wait
    with patch.object(CellFork, "wait", lambda *a: ended.append(wait(*a)) or ended[-1]):
        yield ended


def test_every_case_leaves_evidence():
    result = run(RIGHT)
    assert sorted(evidence(result)) == TWO
    for (name, index), data in evidence(result).items():
        expected = 2 * Rng([5, 6][index], name).normal(3) + 1
        assert from_bytes(data).value.values.tolist() == expected.tolist()
    assert error(result) is None


def test_without_the_sandbox_the_evidence_is_the_same():
    plain = job(RIGHT)
    free = replace(plain, limits=Limits(20.0, confined=False))
    assert evidence(execute(free)) == evidence(execute(plain))


def test_a_missing_function_is_an_error_of_its_check():
    result = run("1 / 0")
    assert evidence(result) == {}
    assert error(result) == "NameError: name 'f' is not defined"


def test_checks_run_where_they_stand():
    """What a student defines again below the check changes nothing."""
    again = "def f(x):\n    return 0 * x"
    assert evidence(run(RIGHT, ("check", "f"), again)) == evidence(run(RIGHT))


def test_the_notebooks_own_calls_of_check_do_nothing():
    calls = "from autograder import check, summary\ncheck.load('x')\ncheck('f', f)\nsummary()"
    with ended_cells() as ended:
        assert evidence(run(RIGHT, calls)) == evidence(run(RIGHT))
    assert ended == 5 * [None]


def test_what_a_check_does_to_the_notebooks_names_is_undone():
    """Stand-ins take the place of earlier parts for its own exercise only."""
    text = CHECKS["f"].text + "\nfrom autograder.checks.spec import stand_ins\n"
    stood_in = replace(CHECKS["f"], text=text + "stand_ins('f', part=lambda x: 7 * x)\n")
    checks = {"f": stood_in, "g": a_check("g")}
    cells = "def part(x):\n    return 3 * x", "def f(x):\n    return part(x)\ng = f"
    result = run(*cells, ("check", "f"), ("check", "g"), checks=checks)
    first = from_bytes(evidence(result)["twice", 0]).value.values
    assert first.tolist() == (7 * (2 * Rng(5, "twice").normal(3))).tolist()
    first = from_bytes(evidence(result, "g")["once", 0]).value.values
    assert first.tolist() == (3 * Rng(5, "once").normal(3)).tolist()


def test_a_failing_cell_does_not_cancel_the_cell_behind_it():
    assert len(evidence(run("1 / 0", "def f(x):\n    return x"))) == 2


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
        assert len(evidence(run(idiom, "def f(x):\n    return x"))) == 2
    assert ended == [None, None, None]


def test_redefined_helpers_and_names_change_nothing():
    plain = "def f(x):\n    return x"
    hostile = plain + "\ndef helper(x):\n    return 0 * x\nprobe = call = check = Rng = None"
    assert evidence(run(hostile)) == evidence(run(plain))


def test_an_endless_cell_costs_its_time_and_no_more():
    result = run("def f(x):\n    return x", "while True: pass", seconds=2.0)
    assert len(evidence(result)) == 2


def test_a_cell_that_kills_the_kernel_costs_nothing_else():
    result = run("state = 1", "import os\nos._exit(1)", "def f(x):\n    return state * x")
    assert len(evidence(result)) == 2
    assert error(result) is None


def test_a_function_that_kills_the_kernel_fails_its_own_check():
    result = run("import os\ndef f(x):\n    os._exit(1)")
    assert evidence(result) == {}
    assert error(result) == "the kernel died"


def test_a_loop_that_swallows_interrupts_is_killed_and_passed_over():
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    result = run("def f(x):\n    return x", stubborn, seconds=2.0)
    assert len(evidence(result)) == 2


def test_the_kernel_sees_none_of_the_graders_environment():
    """In a grading process of its own, whose zygote starts after the token is there."""
    spy = "import os\ndef f(x):\n    started_with = open('/proc/self/environ').read()\n"
    spy += "    raise ValueError('token' in (str(dict(os.environ)) + started_with).lower())"
    grade = (
        "from autograder.grading.execute import execute\n"
        "from autograder.grading.forks.requests import PlannedCheck, Step\n"
        "from autograder.grading.jobs import Job, Limits\n"
        "from autograder.checks.evidence import from_bytes\n"
        f"steps = Step(0, {spy!r}), Step(1, '', 'f')\n"
        f"job = Job(steps, Limits(20.0), {GIVEN!r}, {{'f': {CHECKS['f']!r}}})\n"
        "print(from_bytes(execute(job).found['f'].cases['twice', 0]).detail)"
    )
    environment = {**os.environ, "COURSE_TOKEN": "secret"}
    done = subprocess.run([sys.executable, "-c", grade], env=environment, capture_output=True)
    assert done.stdout.decode().strip() == "False", done.stderr


def test_of_several_checks_one_that_kills_the_kernel_costs_no_other():
    """Those that have run are not run again, and those behind it are."""
    checks = {name: a_check(name) for name in "fgh"}
    kills = "import os\ndef g(x):\n    os._exit(1)"
    f, h = (f"def {name}(x):\n    return x" for name in "fh")
    cells = f, ("check", "f"), kills, ("check", "g"), h, ("check", "h")
    result = run(*cells, checks=checks)
    assert [len(evidence(result, name)) for name in "fgh"] == [2, 0, 2]
    assert [error(result, name) for name in "fgh"] == [None, "the kernel died", None]


CALLS = 6  # of a function in one case, with all that is tried besides


def test_cases_before_the_one_that_kills_the_kernel_are_kept():
    kills = "import os\ncalls = []\ndef f(x):\n    calls.append(x)\n"
    result = run(kills + f"    return x if len(calls) <= {CALLS} else os._exit(1)")
    assert list(evidence(result)) == TWO[:1] and error(result) == "the kernel died"


def test_one_job_has_so_many_kernels_and_no_more(monkeypatch):
    monkeypatch.setattr("autograder.grading.execute.MAX_KERNELS", 2)
    kills = "import os\nos._exit(1)"
    result = run(kills, kills, kills, RIGHT)
    assert evidence(result) == {} and error(result) == "too many cells killed the kernel"


SENDS = """
import json, os, struct
for at in range(40):
    head = json.dumps(["f", f"probe {os.getpid()} {at}", 0]).encode()
    os.write(3, struct.pack(">BHI", 0, len(head), 10**6) + head + bytes(10**6))
os._exit(1)
"""


def test_kernels_that_are_killed_send_together_no_more_than_one_may(monkeypatch):
    monkeypatch.setattr("autograder.grading.execute.MAX_TOTAL", 3 * 10**6)
    found = evidence(run(*[SENDS] * 4, "def f(x):\n    return x"))
    assert sum(map(len, found.values())) < 3 * 10**6


def test_only_cases_of_what_is_checked_are_kept():
    frames = [encode(CaseObserved(*place, b"x")) for place in (("f", ("p", 7)), ("g", ("p", 0)))]
    executed = run(f"import os\nos.write(3, {b''.join(frames)!r})", "def f(x):\n    return x")
    assert executed.found.keys() == {"f"} and ("p", 7) not in evidence(executed)
