"""Specifications: what `checks.py` says of every exercise, in these words."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.checks.always import ALWAYS, Always
from autograder.checks.calls import Tried, built, call, weighted_sum
from autograder.checks.derivation import no_differentiation
from autograder.checks.probes import Draw, Inputs, Probe, Read
from autograder.checks.readings import entry
from autograder.checks.rng import Rng, shapes
from autograder.checks.rules import Rule, by_hand, without
from autograder.checks.running import standing_in

__all__ = [
    "Inputs",
    "Probe",
    "Rng",
    "Spec",
    "Specs",
    "alone",
    "built",
    "call",
    "collecting",
    "entry",
    "free",
    "gradients",
    "input_gradients",
    "parameters",
    "probe",
    "rules",
    "shapes",
    "size",
    "specs",
    "stand_ins",
    "untried",
    "weighted_sum",
]

parameters, size = Tried.PARAMETERS, Tried.SIZE
gradients, input_gradients, alone = Tried.GRADIENTS, Tried.INPUT_GRADIENTS, Tried.ALONE


@dataclass
class Spec:
    """How one exercise is judged."""

    exercise: str
    probes: dict[str, Probe] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    stand_ins: dict[str, Any] = field(default_factory=dict)
    free: dict[str, tuple[float, float]] = field(default_factory=dict)
    untried: frozenset[Always] = frozenset()

    @property
    def tried(self) -> frozenset[Always]:
        """What is tried with every probe: where a derivation is asked for, no gradients."""
        by_nature = {Always.GRADIENTS} if by_hand in self.rules else set()
        return ALWAYS - self.untried - by_nature

    @contextlib.contextmanager
    def around(self, namespace: dict[str, Any]) -> Iterator[None]:
        """What each case runs inside of: the namespace where its subject stands has the stand-ins.

        Where a derivation is asked for, nothing differentiates.
        """
        guard = no_differentiation() if by_hand in self.rules else contextlib.nullcontext()
        with guard, standing_in(namespace, self.stand_ins):
            yield

    @property
    def visible(self) -> list[Probe]:
        """The probes that students see."""
        return [probe for probe in self.probes.values() if not probe.hidden]


class Specs(dict[str, Spec]):
    """By exercise; one that was not mentioned yet begins empty."""

    def __missing__(self, exercise: str) -> Spec:
        self[exercise] = Spec(exercise)
        return self[exercise]


_open = [Specs()]  # where words write to; the first is the notebook's


def specs() -> Specs:
    """What has been said so far."""
    return _open[-1]


@contextlib.contextmanager
def collecting() -> Iterator[Specs]:
    """Specifications of their own, such as those of one `checks.py`."""
    _open.append(Specs())
    try:
        yield _open[-1]
    finally:
        _open.pop()


def probe(
    exercise: str,
    *tried: Tried,
    weight: float = 1.0,
    hidden: bool = False,
    read: Read | None = None,
) -> Callable[[Draw], Probe]:
    """Decorate what draws the inputs of a probe of an exercise; a hidden one students never see.

    `read` is a reading that several probes share, or that is short enough to stand here. Raises
    ValueError for a weight below 0, and for a second probe of that name in a `checks.py`.
    """
    if not isinstance(exercise, str):
        raise TypeError("a probe is one of an exercise: @probe(exercise)")
    if weight < 0:
        raise ValueError("a probe's weight is 0 or more")

    def decorate(draw: Draw) -> Probe:
        found = Probe(draw, frozenset(tried), weight=weight, hidden=hidden, read=read)
        probes = specs()[exercise].probes
        if found.name in probes and len(_open) > 1:
            raise ValueError(f"two probes of {exercise!r} are called {found.name!r}")
        probes[found.name] = found
        return found

    return decorate


def stand_ins(exercise: str, **parts: object) -> None:
    """Let an exercise find these under the names of earlier ones that it builds on.

    Not answers but stand-ins: right shapes, and numbers that are recognisable as their own.
    """
    specs()[exercise].stand_ins = parts


def rules(exercise: str, *obeyed: Rule) -> None:
    """What the text of an answer, and of every helper that it reaches, may not contain."""
    if not all(callable(rule) and rule is not without for rule in obeyed):
        raise TypeError("rules are no_loops, by_hand and without(names)")
    specs()[exercise].rules = obeyed


def untried(exercise: str, **reasons: str) -> None:
    """Leave out some of what is always tried: `untried("f", large="overflows in every answer")`.

    Raises ValueError for what is not tried anyway, or without a reason.
    """
    known = {each.value: each for each in Always}
    for name, reason in reasons.items():
        if name not in known or not reason.strip():
            raise ValueError(f"untried takes reasons for: {', '.join(known)}")
    specs()[exercise].untried |= {known[name] for name in reasons}


def free(exercise: str, **ranges: tuple[float, float]) -> None:
    """Constants of the reference that may have any value in a range: `free("x", beta=(50, 1000))`.

    The build tries both ends, and mutants in between are right answers. Raises TypeError for
    what is no range.
    """
    for name, ends in ranges.items():
        if not (isinstance(ends, tuple) and len(ends) == 2 and ends[0] <= ends[1]):
            raise TypeError(f"a range has two ends, the lower one first: {name}=(50, 1000)")
    specs()[exercise].free = ranges
