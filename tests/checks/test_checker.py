import io
import sys

import pytest

from autograder.checks import checker
from autograder.checks.checker import Checker, CheckFailed, summary
from autograder.checks.evidence import Evidence, normalise
from autograder.checks.key import VISIBLE_SEEDS, Case, Exercise, Key, Mistake, encode
from autograder.checks.probes import as_probe, observe
from autograder.grading.kernels.recorder import Plan, Recorder


def three(f, rng):
    return f(rng.normal(3))


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


def outcomes(f):
    return [observe(as_probe(three), f, seed) for seed in VISIBLE_SEEDS]


@pytest.fixture(scope="module")
def key():
    cases = tuple(Case("three", i, 0.5, e) for i, e in enumerate(outcomes(double)))
    mistake = Mistake("", "Twice, not three times.", tuple(outcomes(triple)))
    double_exercise = Exercise("double", 3.0, cases, (mistake,))
    other = Exercise("a_longer_name", 1.5, (Case("three", 0, 1.0, Evidence(normalise(1))),))
    return encode(Key("demo", {"double": double_exercise, "a_longer_name": other}, {"why": 2.0}))


@pytest.fixture
def check(key, monkeypatch):
    monkeypatch.delenv("NBGRADER_VALIDATING", raising=False)
    checker = Checker()
    checker.load(key)
    return checker


@pytest.fixture
def printed(capsys):
    """What was printed, which must be on stdout only."""

    def read():
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return read


def test_a_right_answer_gets_a_tick_and_its_error(check, printed):
    assert check("double", double, three) is None
    assert printed() == "✓ double  error 0e+00 < 1e-05\n"


def test_a_wrong_answer_gets_expected_got_and_the_diagnosis(check, printed):
    check("double", triple, three)
    first, second = printed().splitlines()
    assert first.startswith("✗ double  error 0.2 ≥ 1e-05 at [")
    assert ": expected " in first and ", got " in first
    assert second == "  Twice, not three times."


def test_an_unknown_mistake_gets_no_diagnosis(check, printed):
    check("double", lambda x: 5 * x, three)
    assert len(printed().splitlines()) == 1


def test_work_not_begun_is_no_traceback(check, printed):
    def stub(x):
        raise NotImplementedError

    check("double", stub, three)
    assert printed() == "✗ double  not written yet\n"


def students_function(x):
    return helper_of_the_student(x)


def helper_of_the_student(x):
    return {}["missing"]


def test_other_exceptions_keep_the_students_traceback_only(check, printed):
    check("double", students_function, three)
    text = printed()
    assert text.startswith(
        "✗ double  raised KeyError: 'missing'\nTraceback (most recent call last)"
    )
    assert "in students_function" in text and 'return {}["missing"]' in text
    assert text.endswith("KeyError: 'missing'\n")
    assert "autograder/checks" not in text.replace("tests/", "") and "in observe" not in text


def test_one_traceback_stands_for_all_cases(check, printed):
    check("double", students_function, three)
    assert printed().count("Traceback") == 1


@pytest.mark.parametrize("error", [SystemExit(1), RecursionError(), AssertionError("x")])
def test_a_check_never_raises(check, printed, error):
    def fail(x):
        raise error

    check("double", fail, three)
    assert printed().startswith(f"✗ double  raised {type(error).__name__}")


def test_students_stderr_comes_out_on_stdout(check, printed):
    check("double", lambda x: print("note", file=sys.stderr) or 2 * x, three)
    assert printed() == "note\nnote\n✓ double  error 0e+00 < 1e-05\n"


def test_infinite_answers_leave_stderr_empty(check, printed):
    check("double", lambda x: x / 0, three)
    assert printed().startswith("✗ double  infinite values at [0]")


def test_a_call_with_hidden_probes_only_says_nothing_in_the_instructors_notebook(check, printed):
    def unknown_to_the_visible_key(double, rng):
        return double(rng.normal(3))

    check("double", double, unknown_to_the_visible_key)
    assert printed() == ""


CANNOT = "✗ {}  cannot be checked: run the cells at the top of the notebook first\n"


def test_without_a_key_the_line_says_what_to_do(printed, monkeypatch):
    monkeypatch.delenv("NBGRADER_VALIDATING", raising=False)
    Checker()("double", double, three)
    assert printed() == CANNOT.format("double")


def test_an_exercise_the_key_does_not_know_is_told(check, printed):
    check("unknown", double, three)
    assert printed() == CANNOT.format("unknown")


def test_validation_raises_on_a_failed_check(check, printed, monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(CheckFailed, match=r"^double: error 0\.2 ≥ 1e-05") as raised:
        check("double", triple, three)
    assert raised.value._render_traceback_() == [f"CheckFailed: {raised.value}"]
    assert printed() == ""


def test_validation_raises_where_nothing_can_be_checked(monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(CheckFailed, match="cannot be checked"):
        Checker()("double", double, three)


def test_validation_accepts_a_right_answer(check, printed, monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    check("double", double, three)
    assert printed().startswith("✓ double")


TABLE = """\
exercise       points  state
double              3  {}
a_longer_name     1.5  {}
why                 2  written, graded by hand

{} of 4.5 points pass their checks; grading uses further inputs.
"""


def test_the_summary_before_any_check(check, printed):
    check.summary()
    assert printed() == TABLE.format("not checked yet", "not checked yet", 0)


def test_the_summary_after_checks(check, printed):
    check("double", double, three)
    check("a_longer_name", double, three)
    printed()
    check.summary()
    state = "✗ wrong type"
    assert printed() == TABLE.format("✓", state, 3)


def test_the_last_check_of_an_exercise_counts(check, printed):
    check("double", double, three)
    check("double", lambda x: x[:1], three)
    printed()
    check.summary()
    assert printed() == TABLE.format("✗ wrong shape", "not checked yet", 0)


def test_loading_the_key_again_forgets_results(check, key, printed):
    check("double", double, three)
    check.load(key)
    printed()
    check.summary()
    assert printed() == TABLE.format("not checked yet", "not checked yet", 0)


def test_the_summary_without_a_key_says_what_to_do(printed):
    Checker().summary()
    assert printed() == "Nothing to sum up: run the cells at the top of the notebook first.\n"


def test_summary_is_that_of_the_notebooks_check(check, printed, monkeypatch):
    monkeypatch.setattr(checker, "check", check)
    summary()
    assert printed().startswith("exercise       points  state\n")


def test_summary_is_silent_while_grading(printed, monkeypatch):
    monkeypatch.setattr(checker, "check", Recorder(Plan({}, "", {}), io.BytesIO()))
    summary()
    assert printed() == ""
