"""Trying solutions: the reference, or another one, with stand-ins, rules and a time limit."""

import time

import pytest

from autograder.assignment.source import SourceError
from autograder.assignment.trial import load, load_with, time_limit, trial
from autograder.assignment.validation import read_source
from autograder.checks.rng import Rng

TEXT = """\
# %% solution="part"
def part(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% check="part" points=1
check("part", part)


# %% solution="f"
def f(x):
    ### BEGIN SOLUTION
    return part(x)
    ### END SOLUTION


# %% check="f" points=1
check("f", f)
"""
CHECKS = """\
from autograder.checks.rules import without
from autograder.checks.spec import call, probe, rules, stand_ins


@probe("part")
def scalar(rng):
    return call(rng.normal(1))


@probe("f")
def rows(rng):
    return call(rng.normal(2))


@probe("f", hidden=True)
def cube(rng):
    return call(rng.normal(2, 2, 2))


@cube.read
def _(value, given):
    return value.sum()


stand_ins("f", part=lambda x: 3 * x)
rules("f", without("sum"))
"""


@pytest.fixture
def source(make_course):
    return read_source(make_course({"a": {"a.py": TEXT, "checks.py": CHECKS}}).source_path("a"))


@pytest.mark.parametrize("hidden, names", [(True, ["rows", "cube"]), (False, ["rows"])])
def test_a_trial_has_the_subject_and_the_probes_of_its_exercise(source, hidden, names):
    module = load(source)
    found = trial(source, module, "f", hidden=hidden)
    assert found.subject is module.f and [probe.name for probe in found.probes] == names
    assert found.name == "f"


def test_evidence_is_kept_by_probe_and_index(source):
    evidence = trial(source, load(source), "f").observe([5, 6])
    assert list(evidence) == [("rows", 0), ("rows", 1), ("cube", 0), ("cube", 1)]
    assert evidence["rows", 1].value.values.shape == (2,)
    assert evidence["cube", 1].value.values.shape == ()  # as read


def test_earlier_parts_are_stand_ins_while_it_runs(source):
    module = load(source)
    evidence = trial(source, module, "f").observe([5])
    assert evidence["rows", 0].value.values.tolist() == (3 * Rng(5, "rows").normal(2)).tolist()
    assert module.part(1) == 2


def test_another_solution_is_tried_in_its_place(source):
    module = load_with(source, "def f(x):\n    return 7 * x")
    evidence = trial(source, module, "f").observe([5])
    assert evidence["rows", 0].value.values.tolist() == (7 * Rng(5, "rows").normal(2)).tolist()


def test_rules_judge_the_texts_of_cells(source):
    tried = trial(source, load(source), "f")
    assert tried.broken(["def f(x):\n    return x.sum()"]).startswith("uses `sum` in line 2")
    assert tried.broken(["def f(x):\n    return part(x)"]) == ""


def test_what_does_not_load_is_named_with_its_line(source):
    broken = source.with_solution("f", "def f(x, y=missing):\n    return x")
    with pytest.raises(SourceError, match=r"a\.py:13: NameError: name 'missing' is not defined"):
        load(broken)


def test_an_endless_case_is_a_timeout_and_the_others_go_on(source):
    endless = "def f(x):\n    while x.dim() == 1:\n        pass\n    return x"
    changed = source.with_solution("f", endless)
    started = time.monotonic()
    evidence = trial(changed, load(changed), "f").observe([5, 6], seconds=0.1)
    assert time.monotonic() - started < 2
    assert [e.error for e in evidence.values()] == ["TimeoutError", "TimeoutError", None, None]


def test_a_time_limit_ends_with_its_block():
    with time_limit(0.05):
        pass
    time.sleep(0.1)
