"""The summary: what passes, in part and since when, and what is still empty."""

import re
import time

import pytest

from autograder.checks.evidence import Evidence
from autograder.checks.key import Case, Exercise, Key
from autograder.checks.progress import Progress, Result
from autograder.checks.shown.summary import as_html
from autograder.checks.summing_up import as_text, summed_up
from autograder.checks.verdict import Verdict

CASES = (Case("p", 0, 1.0, Evidence()),)
KEY = Key(
    "demo",
    {
        "f": Exercise("f", 3.0, cases=CASES),
        "g": Exercise("g", 2.0, cases=CASES),
        "form": Exercise("form", 4.0, cases=(Case("p", 0, 0.0, Evidence()),)),
    },
    {"why": 2.0, "how": 1.0},
)
NOON = time.mktime((*time.localtime()[:3], 12, 0, 0, 0, 0, -1))


def summary(results=(), verdicts=(), current=(), empty=(), where=""):
    progress = Progress(results=dict(results))
    return summed_up(KEY, progress, dict(verdicts), dict(current), empty, where)


def state(name, **said):
    return next(row.state for row in summary(**said).rows if row.name == name)


def passed(score=3.0, code=""):
    return {"f": Result(True, score, NOON, code)}


def verdict(passed, score=0.0):
    return {"f": Verdict("f", score, 3.0, passed, 0.0, "error 0.1 ≥ 1e-05")}


@pytest.mark.parametrize(
    "said, expected, earned",
    [
        ({}, "not checked yet", 0),
        ({"results": passed(), "verdicts": verdict(True)}, "✓", 3),
        ({"results": passed(1.0), "verdicts": verdict(True)}, "✓ 1 of 3 points", 1),
        ({"results": passed()}, "✓ passed at 12:00, not run since", 3),
        (
            {"results": passed(code="a"), "current": {"f": "a"}},
            "✓ passed at 12:00, not run since",
            3,
        ),
        (
            {"results": passed(code="a"), "current": {"f": "b"}},
            "○ passed at 12:00, changed since",
            0,
        ),
        (
            {"results": passed(code="a"), "verdicts": verdict(True), "current": {"f": "b"}},
            "○ passed at 12:00, changed since",
            0,
        ),
        (
            {"results": {"f": Result(False, 1.5, NOON)}, "verdicts": verdict(False)},
            "✗ error 0.1 ≥ 1e-05, 1.5 of 3 points",
            1.5,
        ),
        (
            {"results": {"f": Result(False, 1.5, NOON)}},
            "✗ failed at 12:00, 1.5 of 3 points, not run since",
            1.5,
        ),
        (
            {"results": {"f": Result(False, 1.5, NOON, "a")}, "current": {"f": "b"}},
            "✗ failed at 12:00, 1.5 of 3 points, not run since",
            0,
        ),
        ({"results": passed(1e9)}, "✓ passed at 12:00, not run since", 3),
    ],
)
def test_states_and_what_they_earn(said, expected, earned):
    assert state("f", **said) == expected
    assert summary(**said).earned == earned


def test_what_is_graded_later_is_no_part_of_the_sum():
    form = {"form": Result(True, 0.0, NOON)}
    found = summary(results=passed() | form)
    assert (found.earned, found.total) == (3, 5)
    assert state("form", results=form) == "✓ to be graded, checked at 12:00"
    assert "4 more are graded later: form." in as_text(found)


def test_empty_answers_are_named():
    found = summary(empty=["how"], where="demo.ipynb as saved at 12:00")
    text = as_text(found)
    assert re.search("how +1  written, still empty", text)
    assert re.search("why +2  written, graded by hand", text)
    assert text.endswith("Still empty: how, in demo.ipynb as saved at 12:00.")


def test_the_bar_is_as_long_as_what_passes():
    html = as_html(summary(results=passed()))
    assert "width:60.0%" in html and html.index("width:60.0%") < html.index(">f<")
    assert "width:0.0%" in as_html(summary())


def test_html_escapes_what_students_cause():
    found = {"results": {"f": Result(False, 0.0, NOON)}}
    odd = {"f": Verdict("f", 0.0, 3.0, False, 0.0, "wrong value at <b>")}
    html = as_html(summary(**found, verdicts=odd, empty=["why"], where="<i>.ipynb"))
    assert "<i>" not in html and "at <b>" not in html
