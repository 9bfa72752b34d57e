"""Limits of processor time, for what computes and not for what waits; and of memory."""

import resource
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from autograder.assignment.memory import memory_at_most
from autograder.checks.evidence import UNUSABLE, Evidence
from autograder.grading import verify
from autograder.grading.limits import TookTooLongError, at_most


def compute(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_what_computes_too_long_is_stopped():
    with pytest.raises(TookTooLongError, match=r"more than 0\.1 s"), at_most(0.1):
        compute(10)


def test_it_is_stopped_again_where_that_was_caught():
    with pytest.raises(TookTooLongError), at_most(0.1):
        try:
            compute(10)
        except Exception:
            compute(10)


def test_waiting_does_not_count():
    with at_most(0.1):
        time.sleep(0.3)


def test_an_outer_limit_holds_behind_an_inner_one():
    with pytest.raises(TookTooLongError, match=r"0\.3 s"), at_most(0.3):
        with pytest.raises(TookTooLongError, match=r"0\.1 s"), at_most(0.1):
            compute(10)
        with at_most(5.0):
            compute(0.01)
        compute(10)


def test_afterwards_there_is_no_limit():
    with at_most(0.1):
        pass
    compute(0.2)


def test_other_threads_work_without_a_limit():
    done = []

    def work():
        with at_most(0.01):
            compute(0.05)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done


def test_memory_is_refused_beyond_the_limit_and_not_afterwards():
    before = resource.getrlimit(resource.RLIMIT_AS)
    with memory_at_most(2**28):
        torch.ones(2**20)
        for allocate in (torch.ones, np.ones):
            with pytest.raises((MemoryError, RuntimeError)):
                allocate(2**30)
    assert len(bytearray(2**29)) == 2**29
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize("reading", [lambda *_: compute(10), lambda *_: torch.ones(2**33)])
def test_a_reading_that_takes_too_much_costs_its_case(reading, monkeypatch):
    monkeypatch.setattr(verify, "READING_SECONDS", 0.1)
    probe = SimpleNamespace(has_reading=True, reading=reading)
    assert verify._read(probe, Evidence("x"), 0).error == UNUSABLE
