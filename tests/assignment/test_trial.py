import time

import pytest

from autograder.assignment.trial import load, time_limit, trial, visible_part
from autograder.assignment.validation import read_source

TEXT = """\
# %% solution="f"
def f(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% check="f" points=1
def rows(f, rng):
    return f(rng.normal(2))


check("f", f, rows)
### BEGIN HIDDEN TESTS
def cube(f, rng):
    return f(rng.normal(2, 2, 2))


check("f", f, cube)
### END HIDDEN TESTS
"""


@pytest.fixture
def source(make_course):
    return read_source(make_course({"a": {"a.py": TEXT}}).source_path("a"))


def test_hidden_lines_are_left_out_of_the_visible_part():
    text = "a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc\n"
    assert visible_part(text) == "a\nc"


@pytest.mark.parametrize("hidden, names", [(True, ["rows", "cube"]), (False, ["rows"])])
def test_a_trial_has_the_subject_and_the_probes_of_the_check_cell(source, hidden, names):
    module = load(source)
    found = trial(source, module, "f", hidden=hidden)
    assert found.subject is module.f and list(found.by_name) == names


def test_evidence_is_kept_by_probe_and_index(source):
    evidence = trial(source, load(source), "f").observe([5, 6])
    assert list(evidence) == [("rows", 0), ("rows", 1), ("cube", 0), ("cube", 1)]
    assert evidence["cube", 1].value.values.shape == (2, 2, 2)


def test_an_endless_case_is_a_timeout_and_the_others_go_on(source):
    endless = "def f(x):\n    while x.dim() == 1:\n        pass\n    return 2 * x"
    changed = source.with_solution("f", endless)
    started = time.monotonic()
    evidence = trial(changed, load(changed), "f").observe([5, 6], seconds=0.1)
    assert time.monotonic() - started < 2
    assert [e.error for e in evidence.values()] == ["TimeoutError", "TimeoutError", None, None]


def test_a_time_limit_ends_with_its_block():
    with time_limit(0.05):
        pass
    time.sleep(0.1)
