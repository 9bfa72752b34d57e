"""Probes: how inputs are drawn, what a student's object makes of them, and how that is judged."""

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from autograder.checks.calls import Tried, answer, tensors_in
from autograder.checks.evidence import Array, Value
from autograder.checks.rng import Rng

Draw = Callable[[Rng], Any]
Run = Callable[..., Any]
Read = Callable[[Any, Any], Any]
Law = Callable[[Any, Any], object]  # what is wrong, as text, or None; authors may err


class Inputs(SimpleNamespace):
    """What a probe draws: `Inputs(keys=…, values=…)`; its parts are attributes.

    Without a run, the calls of `Inputs(calls=…, values=…)` are answered; its reading sees the rest.
    """


class Probe:
    """A probe, the share of its exercise's points that its cases carry, and how they are judged.

    Inputs are drawn by one function; its run, in the student's process, and its reading and law, in
    the grader's, get the same ones. What it draws is a call, or calls, or there is a `run`.
    """

    def __init__(
        self,
        draw: Draw,
        tried: frozenset[Tried] = frozenset(),
        *,
        weight: float = 1.0,
        hidden: bool = False,
        read: Read | None = None,
    ) -> None:
        self.name, self.weight, self.hidden = draw.__name__, weight, hidden
        self._draw, self._tried = draw, tried
        self._run: Run | None = None
        self._read = read
        self._law: Law | None = None

    def run(self, function: Run) -> Run:
        """Decorate what is done with the student's object: (object, inputs) → the answer.

        A third parameter gets the rng that drew the inputs, to fill modules with.
        """
        self._run = function
        return function

    def read(self, function: Read) -> Read:
        """Decorate what is made of an answer before it is compared: (answer, inputs) → numbers.

        It runs outside the student's process: an answer must work, not only look right.
        """
        self._read = function
        return function

    def law(self, function: Law) -> Law:
        """Decorate what an answer must obey: (answer, inputs) → what is wrong with it, or None.

        The reference's numbers then matter no longer, only their types and shapes.
        """
        self._law = function
        return function

    @property
    def line(self) -> int:
        """Where it begins in its file."""
        return self._draw.__code__.co_firstlineno

    @property
    def file(self) -> str:
        """The file, or cell, in which it stands."""
        return self._draw.__code__.co_filename

    @property
    def has_reading(self) -> bool:
        """Whether something else than the answer is compared."""
        return self._read is not None

    @property
    def has_law(self) -> bool:
        """Whether a law judges instead of the reference's numbers."""
        return self._law is not None

    def inputs(self, seed: int) -> Any:
        """What it draws from a seed."""
        return self._draw(Rng(seed, self.name))

    def answer(self, subject: Any, seed: int) -> tuple[Any, bool]:
        """What the student's object answers, and whether it left alone what it was given."""
        rng = Rng(seed, self.name)
        inputs = self._draw(rng)
        before = [tensor.detach().clone() for tensor in tensors_in(inputs)]
        found = self._ask(subject, inputs, rng)
        pairs = zip(before, tensors_in(inputs), strict=True)
        return found, rng.untouched() and all(_same(*pair) for pair in pairs)

    def _ask(self, subject: Any, inputs: Any, rng: Rng) -> Any:
        subject = copy.deepcopy(subject) if isinstance(subject, nn.Module) else subject
        if self._run is None:
            asked = inputs.calls if isinstance(inputs, Inputs) else inputs
            return answer(subject, asked, self._tried, rng)
        takes_rng = self._run.__code__.co_argcount > 2
        return self._run(subject, inputs, rng) if takes_rng else self._run(subject, inputs)

    def reading(self, value: Value, seed: int) -> Any:
        """The answer as it is compared."""
        return self._read(as_plain(value), self.inputs(seed)) if self._read else value

    def problem(self, value: Value, seed: int) -> str | None:
        """What the law finds wrong with an answer that was read.

        Raises TypeError where it says neither what is wrong nor None.
        """
        said = self._law(as_plain(value), self.inputs(seed)) if self._law else None
        if not isinstance(said, str | None):
            kind = type(said).__name__
            raise TypeError(f"a law returns what is wrong, or None, and not a {kind}")
        return said


def _same(before: torch.Tensor, after: torch.Tensor) -> bool:
    return before.dtype == after.dtype and torch.equal(before, after.detach())


def as_plain(value: Value) -> Any:
    """Normalised evidence as readings and laws take it: tensors, arrays, numbers, dicts, lists."""
    match value:
        case dict():
            return {key: as_plain(item) for key, item in value.items()}
        case list():
            return [as_plain(item) for item in value]
        case Array(kind="tensor"):
            return torch.from_numpy(value.values.copy())
        case Array(kind="ndarray"):
            return value.values
        case Array():
            return value.values.item()
    return value
