"""Checks inside a kernel: every hidden case is sent as it ends, and nothing can be told of it."""

import numpy as np
import pytest
from small_jobs import GIVEN, a_check

from autograder.checks.evidence import from_bytes
from autograder.checks.key import VISIBLE_SEEDS
from autograder.checks.rng import Rng
from autograder.grading.forks.messages import CaseObserved
from autograder.grading.forks.recorder import Recorder

SEEDS = (11, 12)


@pytest.fixture
def sent():
    return []


@pytest.fixture
def recorder(sent):
    checks = [
        a_check("f", "doubled", "helper(rng.normal(3))", SEEDS),
        a_check("large", "zeros", "5_000_000", SEEDS[:1]),
    ]
    return Recorder(GIVEN, checks, sent.append)


def evidence(sent):
    return {message.place: from_bytes(message.evidence) for message in sent}


def test_every_hidden_case_is_sent(recorder, sent):
    recorder.run("f", {"f": lambda x: x + 1})
    assert {type(message) for message in sent} == {CaseObserved}
    assert {message.exercise for message in sent} == {"f"}
    assert list(evidence(sent)) == [("doubled", index) for index in range(3)]
    for found, seed in zip(evidence(sent).values(), (*SEEDS, VISIBLE_SEEDS[0]), strict=True):
        expected = 2 * Rng(seed, "doubled").normal(3) + 1
        assert found.value.values.tolist() == expected.tolist()


def test_behind_them_visible_ones_are_sent_with_the_first_public_seed(recorder, sent):
    """Nothing else is tried with these: no points depend on them."""
    recorder.run("f", {"f": lambda x: x + 1})
    *scored, public = evidence(sent).values()
    assert all(found.tried for found in scored) and not public.tried


def test_a_crash_keeps_what_was_sent_before(recorder, sent):
    def interrupted(x):
        if sent:
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        recorder.run("f", {"f": interrupted})
    assert list(evidence(sent)) == [("doubled", 0)]


def test_names_that_the_student_redefines_change_nothing(recorder, sent):
    recorder.run("f", {"f": abs, "helper": lambda x: 0 * x, "call": None, "probe": None})
    found = evidence(sent)["doubled", 0].value.values
    np.testing.assert_array_equal(found, (2 * Rng(11, "doubled").normal(3)).abs())


def test_the_students_names_stay_as_they_are(recorder):
    namespace = {"f": abs, "x": 1}
    recorder.run("f", namespace)
    assert namespace == {"f": abs, "x": 1}


def test_exceptions_are_evidence_and_nothing_is_printed(recorder, sent, capsys):
    recorder.run("f", {"f": lambda x: 1 / 0})
    assert evidence(sent)["doubled", 1].error == "ZeroDivisionError"
    assert capsys.readouterr() == ("", "")


def test_evidence_that_cannot_be_kept_is_an_error(recorder, sent):
    recorder.run("large", {"large": np.zeros})
    assert evidence(sent)["zeros", 0].error == "EvidenceError"


def test_without_its_subject_there_is_nothing_to_observe(recorder, sent):
    with pytest.raises(NameError, match="name 'f' is not defined"):
        recorder.run("f", {"g": abs})
    assert sent == []
