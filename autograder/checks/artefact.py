"""Artefacts: trained models that students hand in as files, and what they earn."""

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import product
from typing import Any

from torch import nn

from autograder.checks.language import _, word
from autograder.checks.model_file import Configuration
from autograder.checks.verdict import Verdict

EXACT = Context(prec=400)  # all digits of any float
SINGLE, HUNDREDTH = Decimal("1e-7"), Decimal("0.01")

Bounds = tuple[int, int] | tuple[float, float] | AbstractSet[str | bool | int]


@dataclass(frozen=True)
class Artefact:
    """A model file `<student id>_<name>_<ending>.pth` or `.safetensors`, and how it is scored.

    `build` makes the architecture from a configuration, whose every key has its `limits`: lowest
    and highest number, whole where both are, or a set of values. `held_out` makes data from a seed;
    `measure` gives numbers for a model in eval mode on such data. The first of them, rounded half
    up to two decimals, decides: `tiers` say from which value on how many points it earns. Where
    their values fall, as those of a perplexity do, lower is better.

    Constants of the architecture, such as masks, must not be persistent buffers: they would come
    from the students' files.
    """

    ending: str
    build: Callable[[Configuration], nn.Module]
    limits: Mapping[str, Bounds]
    held_out: Callable[[int], Any]
    measure: Callable[[nn.Module, Any], Mapping[str, float]]
    tiers: Sequence[tuple[float, float]]
    seconds: float = 60.0  # for building and measuring one model while grading

    @property
    def kinds(self) -> list[Configuration]:
        """The configurations of all lowest numbers, one for each combination of choices.

        A choice may decide what a model is made of, and so which parameters it has.
        """
        values = (
            sorted(bounds, key=str) if isinstance(bounds, AbstractSet) else [bounds[0]]
            for bounds in self.limits.values()
        )
        return [dict(zip(self.limits, chosen, strict=True)) for chosen in product(*values)]

    @property
    def lower_is_better(self) -> bool:
        """Whether the measure that decides counts something bad."""
        return _falls(self.tiers)

    def kind_of(self, configuration: Configuration) -> int:
        """The index of the kind whose choices are those of a configuration; 0 where none is."""
        choices = [key for key, bounds in self.limits.items() if isinstance(bounds, AbstractSet)]
        agree = (all(kind[key] == configuration.get(key) for key in choices) for kind in self.kinds)
        return next((index for index, agrees in enumerate(agree) if agrees), 0)

    def judge(self, exercise: str, max_score: float, measures: Mapping[str, float]) -> Verdict:
        """The verdict on what a model reaches; passed from the first tier on."""
        return judged_by_tiers(self.tiers, exercise, max_score, measures)


def judged_by_tiers(
    tiers: Sequence[tuple[float, float]],
    exercise: str,
    max_score: float,
    measures: Mapping[str, float],
) -> Verdict:
    """What the first measure earns: the points of the highest tier that it reaches."""
    value = rounded(next(iter(measures.values())))
    falling = _falls(tiers)
    sign = -1 if falling else 1
    reached = [tier for tier in tiers if sign * value >= sign * _decimal(tier[0])]
    start, points = reached[-1] if reached else (tiers[0][0], 0.0)
    said = ", ".join(f"{word(name)} {shown(number)}" for name, number in measures.items())
    missed = _(": above {start:.2f}") if falling else _(": below {start:.2f}")
    said += (_(": reaches {start:.2f}") if reached else missed).format(start=start)
    said += _(", {points:g} of {most:g} points").format(points=points, most=max_score)
    if reached and len(reached) < len(tiers):
        start, more = tiers[len(reached)]
        better = (
            _("; {more:g} from {start:.2f} down")
            if falling
            else _("; {more:g} from {start:.2f} on")
        )
        said += better.format(more=more, start=start)
    error = 0.0 if reached else math.inf
    verdict = Verdict(exercise, float(points), max_score, bool(reached), error, said)
    return replace(verdict, measures=measures, lower_is_better=falling)


def _falls(tiers: Sequence[tuple[float, float]]) -> bool:
    return tiers[0][0] > tiers[-1][0]


def rejected(exercise: str, max_score: float, problem: str, detail: str = "") -> Verdict:
    """The verdict on a model file that is missing or cannot be scored."""
    return Verdict(exercise, 0.0, max_score, False, math.inf, problem, detail)


def rounded(value: float) -> Decimal:
    """A finite number, half up to two decimals, as one would round what is printed.

    It is read at seven decimals first: single precision holds no more of an accuracy. A fraction of
    fewer than 100 000 samples lies on a tie, or further from it than that.
    """
    printed = _decimal(value).quantize(SINGLE, context=EXACT)
    return printed.quantize(HUNDREDTH, ROUND_HALF_UP, context=EXACT)


def _decimal(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def shown(value: float) -> str:
    """A measure as people read it."""
    return str(rounded(value)) if abs(value) < 1e6 else f"{value:.3g}"
