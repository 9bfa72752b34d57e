"""Limits mean what they say: memory of every kind, a process's own time, and no accidents kept."""

import threading
from dataclasses import replace
from unittest.mock import Mock

import pytest
from small_jobs import CHECKS, a_check, error, evidence, job

from autograder.grading import execute as execution
from autograder.grading.alone import Turns
from autograder.grading.evidence_store import EvidenceStore
from autograder.grading.execute import execute
from autograder.grading.forks import fork, usage
from autograder.grading.jobs import Execution, Found, Limits
from autograder.grading.sandbox.confinement import Confinement
from autograder.grading.sandbox.readable import readable

pytestmark = pytest.mark.spread
RIGHT = "def f(x):\n    return x"
STUBBORN = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
HOARDERS = """import os, time
for _ in range(4):
    if os.fork() == 0:
        hoard = bytearray(os.urandom(1)) * (300 * 2**20)
        time.sleep(60)
"""
WAITING = {
    "asleep": "time.sleep(60)",
    "writing messages": "while True: os.write(3, bytes([1, 0, 4, 0, 0, 0, 0]) + b'null')",
    "writing garbage": "while True: os.write(3, bytes(10**6))",
}


@pytest.fixture
def little_memory(monkeypatch):
    """1 GB for a submission, which has room for all that a shell has loaded, and 300 MB."""
    bounds = Confinement(readable(), memory=2**30)
    monkeypatch.setattr(execution, "confinement", lambda hidden: bounds)


@pytest.mark.parametrize("meanwhile", WAITING.values(), ids=WAITING)
def test_memory_of_all_processes_counts_whatever_else_they_do(little_memory, meanwhile):
    hoards = HOARDERS + meanwhile
    result = execute(job(f"def f(x):\n    {hoards.replace(chr(10), chr(10) + '    ')}"))
    assert error(result) == "used too much memory"


def test_what_processes_share_counts_once(little_memory):
    forks = "import os\nshared = bytearray(b'x') * (300 * 2**20)\nfor _ in range(6):\n"
    forks += "    if os.fork() == 0:\n        import time\n        time.sleep(60)\n"
    assert len(evidence(execute(job(forks + "import time\ntime.sleep(1)", RIGHT)))) == 2


@pytest.mark.parametrize("folder", ["/scratch", "/tmp", "/dev/shm"])
def test_files_in_memory_have_one_bound_together(folder):
    fills = f"with open('{folder}/x', 'wb') as file:\n    for _ in range(600):\n"
    fills += "        file.write(bytes(2**20))"
    tells = f"import os\ndef f(x):\n    return float(os.path.getsize('{folder}/x') < 513 * 2**20)"
    result = execute(job(fills, tells, checks={"f": a_check("f", seeds=(5,))}))
    assert [*result.failures] == [0] and len(evidence(result)) == 2


def test_one_budget_is_all_that_a_submission_has():
    kernels = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            execution, "CellFork", lambda *a, **k: kernels.append(1) or fork.CellFork(*a, **k)
        )
        limits = Limits(20.0, total=0.5)
        result = execute(replace(job(*10 * [STUBBORN], RIGHT), limits=limits))
    assert len(kernels) == 1 and error(result) == "the cells before took more than 0.5 s"


def test_those_that_come_too_late_get_a_moment():
    late = replace(
        job("while True: pass", "while True: pass", RIGHT), limits=Limits(1.0, total=1.0)
    )
    assert len(evidence(execute(late))) == 2


def test_a_submission_has_the_time_of_some_cells():
    assert Limits(60.0).seconds == 300 and Limits(60.0, total=7.0).seconds == 7


def clock(monkeypatch, wall, starved, of_family=0.0):
    monkeypatch.setattr(usage.time, "monotonic", Mock(side_effect=[0.0, wall]))
    monkeypatch.setattr(usage, "worked_and_starved", lambda pid: (0.0, starved))
    monkeypatch.setattr(usage, "_processor_seconds", lambda pid: of_family)
    monkeypatch.setattr(usage, "_processors", lambda: 2)
    return usage.Clock(1).seconds()


@pytest.mark.parametrize(
    ("wall", "starved", "of_family", "seconds"),
    [
        (10.0, 0.0, 0.0, 10.0),  # it slept
        (10.0, 9.0, 1.0, 1.0),  # others had the processors
        (10.0, 9.0, 18.0, 9.0),  # its own children had them
        (600.0, 600.0, 0.0, 10.0),  # there is an end to patience
    ],
)
def test_time_counts_in_which_a_process_could_have_worked(
    monkeypatch, wall, starved, of_family, seconds
):
    assert clock(monkeypatch, wall, starved, of_family) == seconds


SLEEPS, SPINS = "import time\ntime.sleep(60)", "while True: pass"


@pytest.mark.parametrize(
    ("cell", "is_busy", "times"), [(SLEEPS, True, 2), (SLEEPS, False, 1), (SPINS, True, 1)]
)
def test_what_waited_on_a_busy_machine_is_tried_again(monkeypatch, cell, is_busy, times):
    """What used up its time has had it."""
    tried = []
    executed = execution._executed
    monkeypatch.setattr(fork, "is_busy", lambda: is_busy)
    monkeypatch.setattr(execution, "_executed", lambda job: tried.append(1) or executed(job))
    result = execute(job(cell, RIGHT, seconds=0.5))
    assert len(tried) == times and result.certain == (times == 1)


def test_a_death_while_the_machine_ran_out_of_memory_is_an_accident(monkeypatch):
    monkeypatch.setattr(fork, "killed_for_memory", iter(range(100)).__next__)
    assert not execute(job("import os\nos._exit(1)", RIGHT)).certain


def test_the_second_try_is_alone_and_counts(monkeypatch):
    results = iter([Execution({}, certain=False), Execution({}, ("second",))])
    monkeypatch.setattr(execution, "_executed", lambda job: next(results))
    assert execute(job(RIGHT)).noticed == ("second",)


def test_what_is_not_certain_is_known_in_this_run_and_not_kept(tmp_path):
    one, found = job(RIGHT, checks=CHECKS), {"f": Found(error="TimeoutError")}
    store = EvidenceStore(tmp_path)
    store.keep(one, Execution(found, certain=False))
    assert store.missing(one) is None and not store.load(one).certain
    assert EvidenceStore(tmp_path).missing(one) == one
    store.keep(one, Execution(found))
    assert EvidenceStore(tmp_path).missing(one) is None and store.load(one).certain


def test_one_that_is_alone_has_no_company():
    turns, told, among = Turns(), [], threading.Event()

    def alone():
        with turns.alone():
            told.append("alone")

    def another():
        with turns.among_others():
            told.append("another")

    with turns.among_others():
        first = threading.Thread(target=alone)
        first.start()
        while not turns._is_alone:
            among.wait(0.01)
        second = threading.Thread(target=another)
        second.start()
        told.append("before")
    first.join()
    second.join()
    assert told == ["before", "alone", "another"]
