"""Probes: how inputs are drawn, what a student's object makes of them, and how that is judged."""

import copy
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from autograder.checks import always
from autograder.checks.always import ALWAYS, Always
from autograder.checks.calls import Tried, answer, tensors_in
from autograder.checks.evidence import Array, Value, normalise
from autograder.checks.rng import Rng
from autograder.checks.sketch import sketched

Draw = Callable[..., Any]  # (rng, sizes…) → a call, calls, or Inputs
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
    the grader's, get the same ones. What it draws is a call, or calls, or there is a `run`. Whole
    numbers that the function has as defaults are sizes: others are tried besides.
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
        self._sizes = _sizes_of(draw)
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

    @property
    def variants(self) -> dict[str, dict[str, int]]:
        """Other sizes that are tried, by what they are called: each one as 1, and all longer."""
        if not self._sizes:
            return {}
        ones = ({name: 1} for name, size in self._sizes.items() if size != 1)
        longer = {name: 2 * size + 1 for name, size in self._sizes.items()}
        return {_listed(sizes): sizes for sizes in (*ones, longer)}

    def inputs(self, seed: int, sizes: Mapping[str, int] | None = None) -> Any:
        """What it draws from a seed."""
        return self._draw(Rng(seed, self.name), **(sizes or {}))

    def answer(
        self, subject: Any, seed: int, tried: frozenset[Always] = ALWAYS
    ) -> tuple[Value, bool, dict[str, Value]]:
        """What the student's object answers, whether it left alone what it was given, and what came
        of all that is tried besides.
        """
        rng = Rng(seed, self.name)
        inputs = self._draw(rng)
        before = [tensor.detach().clone() for tensor in tensors_in(inputs)]
        value, besides = self._ask(subject, inputs, rng, tried)
        pairs = zip(before, tensors_in(inputs), strict=True)
        untouched = rng.untouched() and all(_same(*pair) for pair in pairs)
        if Always.SIZES in tried:
            besides |= {
                name: self._variant(subject, seed, sizes) for name, sizes in self.variants.items()
            }
        return value, untouched, besides

    def _variant(self, subject: Any, seed: int, sizes: Mapping[str, int]) -> Value:
        """The answer for other sizes: whole where it is still to be read, else its sketch."""

        def attempt() -> Value:
            rng = Rng(seed, self.name)
            value, _ = self._ask(subject, self._draw(rng, **sizes), rng, frozenset())
            return value if self.has_reading or self.has_law else sketched(value)

        return always.outcome_of(attempt)

    def _ask(
        self, subject: Any, inputs: Any, rng: Rng, tried: frozenset[Always]
    ) -> tuple[Value, dict[str, Value]]:
        subject = copy.deepcopy(subject) if isinstance(subject, nn.Module) else subject
        if self._run is not None:
            takes_rng = self._run.__code__.co_argcount > 2
            arguments = (subject, inputs, rng) if takes_rng else (subject, inputs)
            return normalise(self._run(*arguments)), {}
        asked = inputs.calls if isinstance(inputs, Inputs) else inputs
        before = always.beforehand if Always.STATE in tried else None
        found, first = answer(subject, asked, self._tried, rng, before)
        value = normalise(found)  # before anything else is called, which might change it
        kinds = tried - always.OF_NUMBERS if self.has_reading or self.has_law else tried
        return value, always.tried(first, kinds) if first else {}

    def reading(self, value: Value, seed: int, sizes: Mapping[str, int] | None = None) -> Any:
        """The answer as it is compared."""
        return self._read(as_plain(value), self.inputs(seed, sizes)) if self._read else value

    def problem(
        self, value: Value, seed: int, sizes: Mapping[str, int] | None = None
    ) -> str | None:
        """What the law finds wrong with an answer that was read.

        Raises TypeError where it says neither what is wrong nor None.
        """
        said = self._law(as_plain(value), self.inputs(seed, sizes)) if self._law else None
        if not isinstance(said, str | None):
            kind = type(said).__name__
            raise TypeError(f"a law returns what is wrong, or None, and not a {kind}")
        return said


def _sizes_of(draw: Draw) -> dict[str, int]:
    """The sizes that a function draws with, by their names."""
    stated = inspect.signature(draw).parameters.values()
    return {each.name: each.default for each in stated if type(each.default) is int}


def _listed(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


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
