"""Checks as students see them: one line, their own traceback, and the table."""

import sys
from dataclasses import replace

import pytest
import torch

from autograder.checks.calls import call
from autograder.checks.evidence import Evidence, normalise
from autograder.checks.identity import identity
from autograder.checks.key import VISIBLE_SEEDS, Case, Exercise, Key, Mistake, decode, encode
from autograder.checks.probes import Probe
from autograder.checks.rules import by_hand, no_loops
from autograder.checks.running import run_check
from autograder.checks.spec import collecting, probe, rules, specs, stand_ins
from autograder.checks.visible import CheckFailed, VisibleChecks


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


FOLDED = """
from autograder.checks.calls import call
from autograder.checks.spec import probe


@probe("double")
def three(rng):
    return call(rng.normal(3))
"""


def cases_of_double():
    """What stands in the folded cell before the check."""
    exec(compile(FOLDED, "<folded>", "exec"), {})


def outcomes(f):
    return [evidence for _, evidence in run_check(specs()["double"].visible, f, VISIBLE_SEEDS)]


@pytest.fixture(autouse=True)
def notebook(monkeypatch):
    """A notebook of its own, in which the cases of two exercises have been run."""
    monkeypatch.delenv("NBGRADER_VALIDATING", raising=False)
    with collecting():
        cases_of_double()

        @probe("a_longer_name")
        def three(rng):
            return call(rng.normal(3))

        yield


@pytest.fixture
def key(notebook):
    cases = tuple(Case("three", i, 0.5, e) for i, e in enumerate(outcomes(double)))
    mistake = Mistake("", "Twice, not three times.", tuple(outcomes(triple)))
    double_exercise = Exercise("double", 3.0, "double", cases, (mistake,))
    case = Case("three", 0, 1.0, Evidence(normalise(1)))
    other = Exercise("a_longer_name", 1.5, "other", (case,))
    return encode(Key("demo", {"double": double_exercise, "a_longer_name": other}, {"why": 2.0}))


@pytest.fixture
def checks(key):
    found = VisibleChecks()
    found.load(key)
    return found


@pytest.fixture
def check(checks):
    """A function that checks an object as a notebook's cell does."""

    def run(exercise, subject, namespace=None):
        checks.check(exercise, subject, {} if namespace is None else namespace)

    return run


@pytest.fixture
def printed(capsys):
    """What was printed, which must be on stdout only."""

    def read():
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return read


def test_a_right_answer_gets_a_tick_and_its_error(check, printed):
    assert check("double", double) is None
    assert printed() == "✓ double  error 0e+00 < 1e-05\n"


def test_a_wrong_answer_gets_expected_got_and_the_diagnosis(check, printed):
    check("double", triple)
    first, second = printed().splitlines()
    assert first.startswith("✗ double  error 0.2 ≥ 1e-05 at [")
    assert ": expected " in first and ", got " in first
    assert second == "  Twice, not three times."


def test_an_unknown_mistake_gets_no_diagnosis(check, printed):
    check("double", lambda x: 5 * x + x.sin())
    assert len(printed().splitlines()) == 1


def test_work_not_begun_is_no_traceback(check, printed):
    def stub(x):
        raise NotImplementedError

    check("double", stub)
    assert printed() == "✗ double  not written yet\n"


def students_function(x):
    return helper_of_the_student(x)


def helper_of_the_student(x):
    return {}["missing"]


def test_other_exceptions_keep_the_students_traceback_only(check, printed):
    check("double", students_function)
    text = printed()
    assert text.startswith(
        "✗ double  raised KeyError: 'missing'\nTraceback (most recent call last)"
    )
    assert "in students_function" in text and 'return {}["missing"]' in text
    assert text.endswith("KeyError: 'missing'\n")
    assert "autograder/checks" not in text.replace("tests/", "") and "in observe" not in text


def test_nor_do_exceptions_before_it_show_the_packages_frames(check, printed):
    rules("double", by_hand)

    def f(x):
        try:
            x.requires_grad_().sum().backward()
        except Exception as error:
            raise ValueError("mine") from error

    check("double", f)
    said = printed()
    assert "derive it" in said and "mine" in said and "in f" in said
    assert "autograder/checks/" not in said


def test_cases_whose_names_were_taken_are_to_be_run_again(check, printed):
    taken = None
    specs()["double"].probes["three"] = Probe(lambda rng: call(taken(rng)))
    check("double", double)
    assert printed() == (
        "✗ double  cannot be checked: run the folded cell above again, as a name that it uses has "
        "changed (TypeError: 'NoneType' object is not callable)\n"
    )


@pytest.fixture
def in_the_second_case():
    """Whether inputs are those of the second visible case."""
    second = specs()["double"].probes["three"].inputs(VISIBLE_SEEDS[1]).arguments[0]
    return lambda x: torch.equal(x, second)


def test_what_one_case_raises_besides_is_called_that(check, printed, in_the_second_case):
    check("double", lambda x: students_function(x) if in_the_second_case(x) else x)
    first, second, third, *_ = printed().splitlines()
    assert first.startswith("✗ double  error") and third.startswith("Traceback")
    assert second == "  In one case this was raised, too:"


def test_long_texts_are_cut(check, printed):
    check("double", lambda x: {}["long" * 1000])
    first, *_, last = printed().splitlines()
    assert len(first) < 700 and first.endswith(" …") and last.endswith(" …")


def test_what_is_raised_outside_of_the_students_code_too(check, printed, in_the_second_case):
    library = {"is_second": in_the_second_case, "f": lambda x: x}
    wrong_call = "def g(x):\n    return f(x, x) if is_second(x) else f(x)"
    exec(compile(wrong_call, "<library>", "exec"), library)
    check("double", library["g"])
    _, besides, raised, how = printed().splitlines()
    assert besides == "  In one case this was raised, too:" and raised.startswith("TypeError: ")
    assert how == "  your function is called with a tensor (3,)"


def test_of_a_call_that_cannot_be_the_arguments_are_told(check, printed):
    check("double", lambda x, y: x)
    line, how = printed().splitlines()
    assert line.startswith("✗ double  raised TypeError: ") and "'y'" in line
    assert how == "  your function is called with a tensor (3,)"


def test_a_forgotten_return_is_called_that(check, printed):
    check("double", lambda x: None)
    assert printed() == "✗ double  returns nothing: is a `return` missing?\n"


def has_nan(x):
    return (0 * x).log() * 0


def test_the_line_where_nan_begins_is_told(check, printed):
    check("double", has_nan)
    line, begins = printed().splitlines()
    assert line == "✗ double  only NaN: 3 of 3 numbers"
    assert begins.startswith("  NaN begins in `mul`, line ") and "`return (0 * x).log()" in begins


def test_one_traceback_stands_for_all_cases(check, printed):
    check("double", students_function)
    assert printed().count("Traceback") == 1


@pytest.mark.parametrize("error", [SystemExit(1), RecursionError(), AssertionError("x")])
def test_a_check_never_raises(check, printed, error):
    def fail(x):
        raise error

    check("double", fail)
    assert printed().startswith(f"✗ double  raised {type(error).__name__}")


def test_students_stderr_comes_out_on_stdout(check, printed):
    check("double", lambda x: print("note", file=sys.stderr) or 2 * x)
    assert printed() == "note\nnote\n✓ double  error 0e+00 < 1e-05\n"


def test_infinite_answers_leave_stderr_empty(check, printed):
    check("double", lambda x: x / 0)
    assert printed().startswith("✗ double  only infinite values: expected ")


def test_hidden_probes_of_the_instructors_notebook_are_not_run(check, printed):
    @probe("double", hidden=True)
    def fails(rng):
        raise ValueError("it was run")

    check("double", double)
    assert printed() == "✓ double  error 0e+00 < 1e-05\n"


def test_stand_ins_are_there_while_the_check_runs_and_gone_afterwards(check, printed):
    stand_ins("double", part=lambda x: 2 * x)
    namespace = {"part": triple}
    check("double", lambda x: namespace["part"](x), namespace)
    assert printed().startswith("✓ double") and namespace == {"part": triple}


LOOP = "def double(x):\n    for i in range(1):\n        x = 2 * x\n    return x"
PLAIN = "def double(x):\n    return 2 * x"
LOOPS = "✗ double  loops with `for` in line 2\n"


@pytest.mark.parametrize(("cell", "line"), [(PLAIN, "✓ double  error 0e+00"), (LOOP, LOOPS)])
def test_rules_judge_the_cells_that_ran(check, printed, monkeypatch, cell, line):
    monkeypatch.setattr("autograder.checks.visible.cells_so_far", lambda: ["", cell])
    rules("double", no_loops)
    check("double", double)
    assert printed().startswith(line)


def test_a_reading_sees_what_the_student_answered(checks, check, printed):
    known = checks.key.exercises["double"]
    cases = tuple(replace(c, expected=replace(c.expected, tried={})) for c in known.cases)
    checks.key.exercises["double"] = replace(known, cases=cases)
    specs()["double"].probes["three"].read(lambda value, given: 2 * given.arguments[0])
    check("double", triple)
    assert printed() == "✓ double  error 0e+00 < 1e-05\n"


CANNOT = "✗ {}  cannot be checked: run the cells at the top of the notebook first\n"


def test_without_a_key_the_line_says_what_to_do(printed):
    VisibleChecks().check("double", double, {})
    assert printed() == CANNOT.format("double")


def test_without_its_cases_the_line_says_which_cell_to_run(key, printed):
    with collecting():
        checks = VisibleChecks()
        checks.load(key)
        checks.check("double", double, {})
        where = "above this one, the folded one too,"
        assert printed() == f"✗ double  cannot be checked: run the cells {where} first\n"
        cases_of_double()
        checks.check("double", double, {})
        assert printed().startswith("✓ double")


def test_running_the_cases_again_changes_nothing(key, printed, monkeypatch):
    monkeypatch.setattr("autograder.checks.spec._open", [specs()])
    checks = VisibleChecks()
    checks.load(key)
    cases_of_double()
    checks.check("double", double, {})
    assert printed().startswith("✓ double")


def test_an_exercise_the_key_does_not_know_is_told(check, printed):
    check("unknown", double)
    assert printed() == "✗ unknown  is no exercise of this notebook\n"


def test_validation_raises_on_a_failed_check(check, printed, monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(CheckFailed, match=r"^double: error 0\.2 ≥ 1e-05") as raised:
        check("double", triple)
    assert raised.value._render_traceback_() == [f"CheckFailed: {raised.value}"]
    assert printed() == ""


def test_validation_raises_where_nothing_can_be_checked(monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(CheckFailed, match="cannot be checked"):
        VisibleChecks().check("double", double, {})


def test_validation_accepts_a_right_answer(check, printed, monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    check("double", double)
    assert printed().startswith("✓ double")


TABLE = """\
exercise       points  state
double              3  {}
a_longer_name     1.5  {}
why                 2  written, graded by hand

{} of 4.5 points pass their checks; grading uses further inputs.
"""


def test_the_summary_before_any_check(check, checks, printed):
    checks.summary()
    assert printed() == TABLE.format("not checked yet", "not checked yet", 0)


def test_the_summary_after_checks(check, checks, printed):
    check("double", double)
    check("a_longer_name", double)
    printed()
    checks.summary()
    state = "✗ a torch.Tensor where a Python number belongs"
    assert printed() == TABLE.format("✓", state, 3)


def test_the_last_check_of_an_exercise_counts(check, checks, printed):
    check("double", double)
    check("double", lambda x: x[:1])
    printed()
    checks.summary()
    assert printed() == TABLE.format("✗ wrong shape", "not checked yet", 0)


def test_a_key_that_was_made_with_other_checks_is_told(checks, key, printed):
    made = decode(key)
    checks.load(encode(replace(made, checks=identity())))
    assert printed() == ""
    checks.load(encode(replace(made, checks="0123456789abcdef")))
    assert printed().startswith(
        "The installed checks are not those that this notebook was made with"
    )


def test_loading_the_key_again_forgets_results(check, checks, key, printed):
    check("double", double)
    checks.load(key)
    printed()
    checks.summary()
    assert printed() == TABLE.format("not checked yet", "not checked yet", 0)


def test_the_summary_without_a_key_says_what_to_do(printed):
    VisibleChecks().summary()
    assert printed() == "Nothing to sum up: run the cells at the top of the notebook first.\n"
