"""Judging what was tried besides: in what way an answer that is right is not right enough."""

from collections.abc import Iterable, Mapping

from autograder.checks.always import AGAIN, AS_BEFORE, GRADIENT, IN_TRAINING, RANDOM, has_raised
from autograder.checks.calls import EVERY_PARAMETER
from autograder.checks.comparison import TOLERANCE, Outcome, relative_error, worst
from autograder.checks.differences import OF_SLOPES
from autograder.checks.evidence import Value
from autograder.checks.sketch import has_nan

Tried = Mapping[str, Value]
GIVEN = "the outputs are right, but "
WRONG = float("inf")
UNSTEADY = "Two equal calls give different numbers: {}."


def judge_besides(expected: Tried, actual: Tried) -> Outcome:
    """The first thing tried that did not come out as the key says, or the largest error.

    Nothing is asked where the key says nothing, as of gradients that the reference has not and of
    sizes for which a law judges, nor of the mode of an answer that is no module.
    """
    return worst(
        [
            _problem(name, right, actual.get(name))
            for name, right in expected.items()
            if right is not None and (name != IN_TRAINING or name in actual)
        ]
    )


def _problem(name: str, right: Value, found: Value) -> Outcome:
    if right == found:
        return Outcome()
    if has_raised(found):
        return Outcome(WRONG, f"{found} for {name}")
    if name == AGAIN:
        return Outcome(WRONG, f"gives other numbers when called again: {_why(found)}")
    if name == IN_TRAINING:
        return Outcome(WRONG, "gives other numbers in training mode")
    if name == GRADIENT:
        return _gradients(right, found)
    what = "NaN" if has_nan(found) else "wrong"
    return _sketches(f"right here, but {what} for {name}", right, found)


def unsteady(pairs: Iterable[tuple[Tried, Tried]]) -> str:
    """What explains wrong numbers that change from call to call: in all of (expected, actual)."""
    found = {
        actual.get(AGAIN) if expected.get(AGAIN) == AS_BEFORE else None
        for expected, actual in pairs
    }
    why = found.pop() if len(found) == 1 else None
    return "" if why in (None, AS_BEFORE) or has_raised(why) else UNSTEADY.format(_why(why))


def _why(again: Value) -> str:
    return "it draws random numbers" if again == RANDOM else "it keeps something between calls"


def _gradients(right: Value, found: Value) -> Outcome:
    own = found if isinstance(found, dict) else {}
    return worst(
        [_gradient(name, one, own.get(name)) for name, one in right.items() if one is not None]
    )


def _gradient(name: str, right: Value, found: Value) -> Outcome:
    if name == EVERY_PARAMETER:
        return _sketches(GIVEN + "a parameter gets no gradient", right, found)
    if found is None:
        return Outcome(WRONG, f"{GIVEN}no gradient reaches {name}")
    if has_nan(found):
        return Outcome(WRONG, f"{GIVEN}the gradient of {name} has NaN, {OF_SLOPES}")
    return _sketches(f"{GIVEN}the gradient of {name} is not", right, found)


def _sketches(summary: str, right: Value, found: Value) -> Outcome:
    """Whether two sketches are the same: the form to the letter, the numbers within tolerance."""
    if not isinstance(found, dict) or found.keys() != right.keys():
        return Outcome(WRONG, summary)
    if found["form"] != right["form"]:
        return Outcome(WRONG, summary, f"expected {right['form']}, got {found['form']}")
    numbers = right["numbers"].values, found["numbers"].values
    if numbers[0].shape != numbers[1].shape:
        return Outcome(WRONG, summary)
    error = relative_error(*numbers)
    return Outcome(error) if error < TOLERANCE else Outcome(error, summary, f"error {error:.2g}")
