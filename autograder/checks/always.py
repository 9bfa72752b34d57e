"""What is tried with every call unless an author says why not: nobody has to remember it.

Each entry is there because answers were right without it and wrong with it.
"""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.checks.calls import Answered, Call, Target, gradients, leaves_of
from autograder.checks.comparison import same
from autograder.checks.derivation import Differentiated
from autograder.checks.evidence import Evidence, Value, normalise
from autograder.checks.language import N_
from autograder.checks.sketch import sketched

FACTOR = 4.0  # a power of two: only sizes change; exponentials of scores stay within float32
RAISES = "raises"
AS_BEFORE, RANDOM, STATE = "as before", "draws random numbers", "keeps something between calls"
TOLD = (TimeoutError, MemoryError, Differentiated)  # what ends a case, whatever was tried


class Always(Enum):
    """What is tried, by the name under which an author switches it off."""

    SIZES = "sizes"
    STATE = "state"
    TRAINING = "training"
    GRADIENTS = "gradients"
    SMALL = "small"
    LARGE = "large"


ALWAYS = frozenset(Always)
OF_NUMBERS = frozenset({Always.GRADIENTS, Always.SMALL, Always.LARGE})  # not where others are read
AGAIN, IN_TRAINING, GRADIENT = "called again", "in training mode", "gradients"
SMALL, LARGE = N_("inputs 4 times as small"), N_("inputs 4 times as large")  # FACTOR


def tried(answered: Answered, kinds: frozenset[Always]) -> dict[str, Value]:
    """What came of everything that is tried with a call that was answered, by name."""
    return {
        name: outcome_of(attempt) for kind, name, attempt in _attempts(answered) if kind in kinds
    }


def beforehand(target: Target, call: Call) -> None:
    """A call with other numbers of the same shapes, without gradients; what it raises is no matter.

    What an answer keeps of it, it will show in the call that counts.
    """
    with contextlib.suppress(Exception), _in_silence(), torch.no_grad():
        call.of(target, other_numbers)


def _attempts(answered: Answered) -> Iterator[tuple[Always, str, Callable[[], Value]]]:
    target, call, output = answered.target, answered.call, answered.output
    yield Always.STATE, AGAIN, lambda: _again(target, call, output)
    if isinstance(target, nn.Module):
        yield Always.TRAINING, IN_TRAINING, lambda: _in_training(target, call, output)
    yield Always.GRADIENTS, GRADIENT, lambda: _gradients(target, call)
    if any(map(_is_float, call.arguments)):
        yield Always.SMALL, SMALL, lambda: _form_of(call.of(target, _times(1 / FACTOR)))
        yield Always.LARGE, LARGE, lambda: _form_of(call.of(target, _times(FACTOR)))


def outcome_of(attempt: Callable[[], Value]) -> Value:
    """What an attempt gives, in a form to keep, or what it raises."""
    try:
        with _in_silence():
            return attempt()
    except TOLD:
        raise
    except Exception as error:
        return f"{RAISES} {Evidence.of_exception(error).error}"


@contextlib.contextmanager
def _in_silence() -> Iterator[None]:
    """What an answer prints is read once, not for everything that is tried."""
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield


def has_raised(value: Value) -> bool:
    """Whether an attempt ended with an error."""
    return isinstance(value, str) and value.startswith(RAISES)


def _form_of(output: Any) -> Value:
    return sketched(normalise(output))


def _again(target: Target, call: Call, output: Any) -> Value:
    found = normalise(output)
    if _same(found, normalise(call.of(target, _as_it_is))):
        return AS_BEFORE
    return RANDOM if _is_random(target, call) else STATE


def _is_random(target: Target, call: Call) -> bool:
    """Whether a call draws from one of the generators."""
    before = _generators()
    call.of(target, _as_it_is)
    return _generators() != before


def _generators() -> tuple[Any, ...]:
    own = np.random.get_state(legacy=False)["state"]
    return torch.get_rng_state().tolist(), own["key"].tolist(), own["pos"], random.getstate()


def _in_training(target: nn.Module, call: Call, output: Any) -> Value:
    target.train()
    try:
        found = normalise(call.of(target, _as_it_is))
    finally:
        target.eval()
    return AS_BEFORE if _same(normalise(output), found) else "differs"


def _gradients(target: Target, call: Call) -> Value:
    leaves = leaves_of(call)
    output = target(*leaves, **call.keywords)
    found = normalise(gradients(target, leaves, _first(call.used(output)), named=False))
    return {name: None if one is None else sketched(one) for name, one in found.items()}


def _first(output: Any) -> Any:
    """Of several results the first: others, such as weights to look at, may be detached."""
    return output[0] if isinstance(output, tuple | list) and output else output


def _same(a: Value, b: Value) -> bool:
    return same(Evidence(a), Evidence(b))


def _as_it_is(value: Any) -> Any:
    return value.clone() if torch.is_tensor(value) else value


def _is_float(value: Any) -> bool:
    if torch.is_tensor(value):
        return value.is_floating_point()
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _times(factor: float) -> Callable[[Any], Any]:
    return lambda value: value * factor if _is_float(value) else value


def other_numbers(value: Any) -> Any:
    """A tensor of the same shape and kind that holds other numbers."""
    if not torch.is_tensor(value) or value.dim() == 0:
        return value
    turned = value.detach().flip(0)
    return 0.5 * turned - 0.25 if turned.is_floating_point() else turned
