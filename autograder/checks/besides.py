"""Judging what was tried besides: in what way an answer that is right is not right enough."""

from collections.abc import Iterable, Mapping

from autograder.checks.always import (
    AGAIN,
    AS_BEFORE,
    GRADIENT,
    IN_TRAINING,
    RAISES,
    RANDOM,
    has_raised,
)
from autograder.checks.calls import EVERY_PARAMETER
from autograder.checks.comparison import TOLERANCE, Outcome, relative_error, worst
from autograder.checks.differences import OF_SLOPES, expected_and_got, named
from autograder.checks.evidence import Value
from autograder.checks.language import N_, _
from autograder.checks.sketch import has_nan

Tried = Mapping[str, Value]
WRONG = float("inf")
UNSTEADY = N_("Two equal calls give different numbers: {why}.")


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
        return Outcome(WRONG, raised_for(found, name))
    if name == AGAIN:
        said = _("gives other numbers when called again: {why}").format(why=_why(found))
        return Outcome(WRONG, said)
    if name == IN_TRAINING:
        return Outcome(WRONG, _("gives other numbers in training mode"))
    if name == GRADIENT:
        return _gradients(right, found)
    said = (
        _("right here, but NaN for {name}")
        if has_nan(found)
        else _("right here, but wrong for {name}")
    )
    return _sketches(said.format(name=_(name)), right, found)


def raised_for(found: Value, name: str) -> str:
    """What is said where something that was tried raised an exception."""
    error = str(found).removeprefix(f"{RAISES} ")
    return _("raises {error} for {name}").format(error=error, name=_(name))


def unsteady(pairs: Iterable[tuple[Tried, Tried]]) -> str:
    """What explains wrong numbers that change from call to call: in all of (expected, actual)."""
    found = {
        actual.get(AGAIN) if expected.get(AGAIN) == AS_BEFORE else None
        for expected, actual in pairs
    }
    why = found.pop() if len(found) == 1 else None
    return "" if why in (None, AS_BEFORE) or has_raised(why) else _(UNSTEADY).format(why=_why(why))


def _why(again: Value) -> str:
    if again == RANDOM:
        return _("it draws random numbers")
    return _("it keeps something between calls")


def _gradients(right: Value, found: Value) -> Outcome:
    own = found if isinstance(found, dict) else {}
    return worst(
        [_gradient(name, one, own.get(name)) for name, one in right.items() if one is not None]
    )


def _gradient(name: str, right: Value, found: Value) -> Outcome:
    if name == EVERY_PARAMETER:
        return _sketches(_("the outputs are right, but a parameter gets no gradient"), right, found)
    if found is None:
        said = _("the outputs are right, but no gradient reaches {name}")
        return Outcome(WRONG, said.format(name=named(name)))
    if has_nan(found):
        said = _("the outputs are right, but the gradient of {name} has NaN, {why}")
        return Outcome(WRONG, said.format(name=named(name), why=_(OF_SLOPES)))
    said = _("the outputs are right, but the gradient of {name} is not")
    return _sketches(said.format(name=named(name)), right, found)


def _sketches(summary: str, right: Value, found: Value) -> Outcome:
    """Whether two sketches are the same: the form to the letter, the numbers within tolerance."""
    if not isinstance(found, dict) or found.keys() != right.keys():
        return Outcome(WRONG, summary)
    if found["form"] != right["form"]:
        return Outcome(WRONG, summary, expected_and_got(right["form"], found["form"]))
    numbers = right["numbers"].values, found["numbers"].values
    if numbers[0].shape != numbers[1].shape:
        return Outcome(WRONG, summary)
    error = relative_error(*numbers)
    if error < TOLERANCE:
        return Outcome(error)
    return Outcome(error, summary, _("error {error:.2g}").format(error=error))
