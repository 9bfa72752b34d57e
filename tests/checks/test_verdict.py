from dataclasses import replace

import pytest
import torch

from autograder.checks.always import AGAIN, AS_BEFORE, RANDOM
from autograder.checks.evidence import UNUSABLE, Evidence, normalise
from autograder.checks.key import Case, Exercise, Mistake
from autograder.checks.probes import Probe
from autograder.checks.rng import Rng
from autograder.checks.verdict import judge, obeying

NAN, SEED = float("nan"), 5
RAISED = Evidence(error="ValueError", detail="secret text")


def p(rng):
    return rng.normal(2)


def evidence(number):
    return number if isinstance(number, Evidence) else Evidence(normalise(torch.tensor(number)))


def exercise(weights, mistakes=(), points=10.0):
    """One case for each weight, whose right answers are 1.0, 2.0, …"""
    cases = [Case("p", i, w, evidence(float(i + 1))) for i, w in enumerate(weights)]
    known = [Mistake(n, n + "!", tuple(map(evidence, o))) for n, o in mistakes]
    return Exercise("f", points, "f", tuple(cases), tuple(known))


def verdict(answers, weights=(1, 1), mistakes=()):
    found = {("p", i): evidence(answer) for i, answer in enumerate(answers)}
    return judge(exercise(weights, mistakes), found, {"p": Probe(p)}, range(len(weights)))


def test_right_answers_earn_everything():
    found = verdict([1.0, 2.0 * (1 + 2e-6)])
    assert (found.passed, found.score, found.max_score) == (True, 10, 10)
    assert found.line == "✓ f  error 1e-06 < 1e-05"
    assert found.error == pytest.approx(1e-6, rel=0.05)


@pytest.mark.parametrize(
    "answers, weights, score",
    [
        ([1.0, 9.0], (1, 1), 5.0),
        ([1.0, 9.0], (3, 1), 7.5),
        ([9.0, 2.0], (3, 1), 2.5),
        ([9.0, 9.0], (3, 1), 0.0),
        ([1.0, 2.0, 9.0], (1, 1, 1), 6.67),
        ([1.0, 9.0], (1, 0), 10.0),
        ([9.0, 2.0], (1, 0), 0.0),
        ([9.0], (0,), 0.0),
    ],
)
def test_points_are_shared_by_weight(answers, weights, score):
    found = verdict(answers, weights)
    assert (found.score, found.passed) == (score, False)


def test_the_first_difference_is_told():
    found = verdict([1.0, 3.0])
    assert found.line == "✗ f  error 0.2 ≥ 1e-05"
    assert found.message == "error 0.2 ≥ 1e-05: expected 2, got 3"


def test_a_missing_case_fails():
    found = verdict([1.0])
    assert (found.passed, found.score, found.feedback) == (False, 5, "did not run to its end")


def test_feedback_holds_no_text_of_exceptions():
    found = verdict([RAISED, RAISED])
    assert found.line == "✗ f  raised ValueError" and "secret text" in found.message


TWICE = ("twice", [2.0, 4.0])


def test_the_diagnosis_is_told_when_every_case_matches():
    found = verdict([2.0, 4.0], mistakes=[("other", [5.0, 5.0]), TWICE])
    assert (found.mistake, found.diagnosis) == ("twice", "twice!")
    assert found.line.endswith("\n  twice!") and found.message.endswith("\n  twice!")


@pytest.mark.parametrize("answers", [[2.0, 5.0], [5.0, 4.0], [2.0], [1.0, 4.0], [2.0, RAISED]])
def test_one_case_that_differs_gives_no_diagnosis(answers):
    found = verdict(answers, mistakes=[TWICE])
    assert (found.mistake, found.diagnosis) == (None, "")


def test_wrong_numbers_that_change_from_call_to_call_are_told_so():
    steady, drawn = ({AGAIN: said} for said in (AS_BEFORE, RANDOM))
    case = Case("p", 0, 1, replace(evidence(1.0), tried=steady))
    found = {("p", 0): replace(evidence(3.0), tried=drawn)}
    judged = judge(Exercise("f", 1.0, "f", (case,), ()), found, {"p": Probe(p)}, [SEED])
    assert judged.diagnosis.endswith("it draws random numbers.")


def test_exceptions_alone_give_no_diagnosis():
    assert verdict([RAISED, RAISED], mistakes=[("raises", [RAISED, RAISED])]).mistake is None
    assert verdict([RAISED, 3.0], mistakes=[("raises", [RAISED, 3.0])]).mistake == "raises"


def test_mistakes_of_nan_are_known_by_their_nan():
    assert verdict([NAN, 3.0], mistakes=[("nan", [NAN, 3.0])]).mistake == "nan"


def test_mistakes_that_cannot_be_told_apart_are_all_told_once():
    found = verdict([2.0, 4.0], mistakes=[TWICE, ("also", [2.0, 4.0]), TWICE])
    assert (found.mistake, found.diagnosis) == ("twice", "twice! Or: also!")


def test_a_right_answer_gets_no_diagnosis():
    assert verdict([1.0, 2.0], mistakes=[("none", [1.0, 2.0])]).mistake is None


def positive(values, given):
    return None if (values > 0).all() else "must be positive"


def explodes(values, given):
    raise ArithmeticError("about the answer")


def by_law(answer, law=positive, **how):
    case = Case("p", 0, 1.0, Evidence(normalise(torch.ones(2))))
    value = Evidence(normalise(answer), **how)
    probe = Probe(p)
    probe.law(law)
    return judge(Exercise("f", 1.0, "f", (case,)), {("p", 0): value}, {"p": probe}, [SEED])


def test_a_law_judges_instead_of_the_references_numbers():
    assert by_law(torch.tensor([7.0, 0.5])).passed
    found = by_law(torch.tensor([7.0, -1.0]))
    assert (found.passed, found.score, found.feedback) == (False, 0, "must be positive")


@pytest.mark.parametrize(
    "answer, feedback",
    [
        (torch.ones(3), "wrong shape"),
        (torch.ones(2).half(), "float16 where float32 belongs"),
        ("x", "a str where a torch.Tensor belongs"),
        (torch.tensor([1.0, NAN]), "NaN at [1]"),
        (None, "returns nothing: is a `return` missing?"),
    ],
)
def test_a_law_sees_answers_of_the_right_form_only(answer, feedback):
    found = by_law(answer, explodes)
    assert (found.passed, found.feedback) == (False, feedback)


def forgot(expected, answer, read=None):
    case = Case("p", 0, 1.0, Evidence(normalise(expected)))
    probe = Probe(p, read=read)
    found = {("p", 0): Evidence(normalise(answer))}
    return judge(Exercise("f", 1.0, "f", (case,)), found, {"p": probe}, [SEED]).feedback


def test_a_forgotten_return_is_called_that():
    assert forgot(torch.ones(2), None) == "returns nothing: is a `return` missing?"
    assert forgot({"a": 1, "b": None}, {"a": None, "b": None}).startswith("returns nothing")
    assert forgot([torch.ones(2), 1], [None, 1]) == "None at [0] where a torch.Tensor belongs"


def test_none_that_a_reading_made_is_no_forgotten_return():
    found = forgot(torch.ones(2), None, read=lambda answer, _: answer["gradients"])
    assert found == "None where a torch.Tensor belongs"


def test_a_law_does_not_see_exceptions():
    assert by_law(None, error=UNUSABLE).feedback == "its answer does not fit where it is used"


def test_a_law_that_raises_fails_the_case_and_nothing_else():
    found = by_law(torch.ones(2), explodes)
    assert not found.passed
    assert found.feedback == "its answer cannot be judged (ArithmeticError)"
    assert found.detail == "about the answer"  # which students see of visible cases only


def test_a_law_does_not_excuse_a_changed_input():
    for answer in (torch.ones(2), -torch.ones(2)):  # the second may be right for what it changed
        found = by_law(answer, inputs_changed=True)
        assert found.feedback == "changes its input in place; work on a copy"


def test_a_law_gets_the_inputs_of_the_cases_own_seed():
    def equal_to_inputs(values, given):
        return None if torch.equal(values, given) else "other numbers"

    assert by_law(Rng(SEED, "p").normal(2), equal_to_inputs).passed
    assert by_law(Rng(SEED + 1, "p").normal(2), equal_to_inputs).feedback == "other numbers"


def test_a_broken_rule_costs_everything_and_is_told_instead_of_numbers():
    found = obeying(verdict([1.0, 3.0]), "loops with `for` in line 2")
    assert (found.score, found.passed, found.message) == (0, False, "loops with `for` in line 2")
    assert obeying(verdict([1.0, 2.0]), "loops").line == "✗ f  loops"


def test_a_rule_that_is_kept_changes_nothing_and_nothing_earned_keeps_its_own_reason():
    right, wrong = verdict([1.0, 2.0]), verdict([9.0, 9.0])
    assert obeying(right, "") is right and obeying(wrong, "loops") is wrong
