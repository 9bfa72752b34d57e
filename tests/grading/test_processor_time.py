"""Limits of processor time: for what computes, not for what waits; one inside another."""

import threading
import time

import pytest

from autograder.grading.processor_time import TookTooLongError, at_most


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
