"""What is counted of answers whose worth is known."""

from dataclasses import replace

import pytest
from rich.console import Console

from autograder.assignment.judged import (
    Cause,
    Judged,
    Label,
    causes,
    counted,
    oddities,
)
from autograder.assignment.judged_tables import REJECTED, counts_table, goals_table
from autograder.checks.verdict import Verdict

PASSED = Verdict("softmax", 3, 3, True, 0.0, "error 0e+00 < 1e-05")
FAILED = Verdict("softmax", 0, 3, False, 1.0, "error 1 ≥ 1e-05")


def judged(label, *verdicts, visible=FAILED):
    return Judged("a.py", "demo", "softmax", label, verdicts, visible)


RIGHT = judged(Label.RIGHT, PASSED, PASSED, visible=PASSED)
UNFAIR = judged(Label.RIGHT, PASSED, FAILED, visible=PASSED)
CAUGHT = judged(Label.WRONG, FAILED, replace(FAILED, diagnosis="Twice.", mistake="twice"))
PARTLY = judged(Label.WRONG, replace(FAILED, score=1), replace(FAILED, score=2), visible=PASSED)
MISSED = judged(Label.WRONG, PASSED, PASSED, visible=PASSED)
ALL = [RIGHT, UNFAIR, CAUGHT, PARTLY, MISSED]


@pytest.mark.parametrize(
    "change, cause",
    [
        ({"diagnosis": "Twice.", "mistake": "twice"}, Cause.MISTAKE),
        ({"diagnosis": "Twice as large."}, Cause.KIND),
        ({"feedback": "keeps 30% instead of half"}, Cause.LAW),
        ({"feedback": "raised TypeError"}, Cause.EXCEPTION),
        ({"feedback": "wrong shape at output"}, Cause.FORM),
        ({"feedback": "NaN"}, Cause.NUMBERS),
        ({}, Cause.NUMBERS),
        ({"feedback": "did not run to its end"}, Cause.NOTHING),
    ],
)
def test_a_cause_is_known_by_what_the_verdict_says(change, cause):
    one = judged(Label.WRONG, replace(FAILED, **change))
    assert one.cause is cause
    assert one.told == (cause in (Cause.MISTAKE, Cause.KIND, Cause.LAW, Cause.EXCEPTION))


def test_answers_are_counted_by_what_became_of_them():
    right, wrong = counted(ALL, Label.RIGHT), counted(ALL, Label.WRONG)
    assert (right.total, right.accepted, right.rejected, right.by_some) == (2, 1, 0, 1)
    assert (wrong.total, wrong.accepted, wrong.rejected, wrong.by_some) == (3, 1, 2, 0)
    assert (wrong.told, wrong.promised, wrong.by_luck, wrong.not_accepted) == (0, 1, 1, 2)
    assert counted(ALL, Label.UNKNOWN).total == 0
    assert causes(ALL) == {Cause.NUMBERS: 2}


def test_the_verdict_that_is_told_is_the_first_that_rejects():
    assert UNFAIR.verdict is FAILED and RIGHT.verdict is PASSED


@pytest.mark.parametrize(
    "one, said",
    [
        (RIGHT, []),
        (UNFAIR, ["right, but rejected", "the secret decides"]),
        (CAUGHT, ["cause not told"]),
        (PARTLY, ["the secret decides", "✓ in the notebook", "cause not told"]),
        (MISSED, ["wrong, but accepted"]),
    ],
)
def test_what_is_odd_about_an_answer_is_said(one, said):
    assert list(oddities(one)) == said


@pytest.fixture
def printed(capsys):
    def run(table):
        Console(width=150).print(table)
        lines = capsys.readouterr().out.split("\n")
        return [[part.strip() for part in line.strip("│").split("│")] for line in lines]

    return run


def test_the_table_has_columns_for_the_labels_that_there_are(printed):
    assert ["demo", "2", "1", "1", "0", "3", "2", "0", "1", "0", "1"] in printed(
        counts_table(ALL, "assignment")
    )
    assert ["softmax", "2", "1", "1", "0"] in printed(counts_table(ALL[:2], "exercise"))


def test_shares_stand_beside_their_goals(printed):
    shares = printed(goals_table(ALL, REJECTED))
    assert ["right: accepted under every secret", "1 of 2", "50.0%", "≥ 100%"] in shares
    assert ["rejected: ✓ in the notebook", "1 of 2", "50.0%", "≤ 1%"] in shares
    assert ["what is earned depends on the secret", "2 of 5", "40.0%", "≤ 0%"] in shares
    assert ["rejected: told their cause", "0 of 0", "–", "≥ 85%"] in printed(
        goals_table([RIGHT], REJECTED)
    )


def test_a_form_that_is_accepted_promises_nothing():
    assert PARTLY.promised
    assert not replace(PARTLY, visible=replace(PASSED, score=0)).promised
