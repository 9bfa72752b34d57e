"""Asks: single calls of a student's function or class, with sizes and numbers of our own.

What is called, and with what, a probe of the exercise decides. Both sides draw the same call: the
sandboxed process, to make it, and the one that writes questions, to say what it was.
"""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn

from autograder.checks.calls import Building, Call
from autograder.checks.probes import Inputs, Probe
from autograder.checks.rng import Rng

# Numbers that people can calculate with. With all scores equal, or far apart, a softmax is easy.
PALETTES = ((0, 1), (1, 2, 3), (-1, 0, 2), (0, 100), (0,), (3, 4), (0, 0, 1))
STREAM, OTHER = "small numbers", "other numbers"


class Changed(StrEnum):
    """What of the inputs has other numbers, so that one sees what depends on it."""

    NOTHING = ""
    ITEMS = "items"  # all of a batch but the first
    LATER = "later"  # positions from a half on


@dataclass(frozen=True)
class Ask:
    """One call: which of a probe's, drawn with which sizes; `numbers` is a seed of small ones."""

    probe: str
    seed: int
    sizes: Mapping[str, int] = field(default_factory=dict)
    place: int = 0
    numbers: int | None = None
    changed: Changed = Changed.NOTHING

    def with_other(self, changed: Changed) -> "Ask":
        """The same call, with other numbers in a part of its inputs."""
        return replace(self, changed=changed)


def to_text(asks: Sequence[Ask]) -> str:
    """Asks for another process."""
    return json.dumps([asdict(ask) for ask in asks])


def from_text(text: str) -> list[Ask]:
    """Asks from another process."""
    return [Ask(**{**fields, "changed": Changed(fields["changed"])}) for fields in json.loads(text)]


def sizes_of(probe: Probe) -> dict[str, int]:
    """The sizes that a probe draws with, by name, as its author set them."""
    stated = inspect.signature(probe._draw).parameters.values()
    return {each.name: each.default for each in stated if type(each.default) is int}


def is_asked(probe: Probe) -> bool:
    """Whether a probe draws calls, and does not make them in a way of its own."""
    return probe._run is None


def calls_of(probe: Probe, ask: Ask) -> list[Call]:
    """All calls that the probe draws. Raises whatever its author's code raises for such sizes."""
    drawn = probe._draw(Rng(ask.seed, probe.name), **ask.sizes)
    return list(_calls_in(drawn.calls if isinstance(drawn, Inputs) else drawn))


def call_of(probe: Probe, ask: Ask) -> Call:
    """The call that is asked for. Raises IndexError where there is none, and as `calls_of`."""
    call = calls_of(probe, ask)[ask.place]
    if ask.numbers is not None:
        rng = Rng(ask.numbers, STREAM)
        call = replace(call, arguments=tuple(_small(rng, each) for each in call.arguments))
    return _with_other_numbers(call, ask.changed) if ask.changed else call


def _calls_in(asked: Any) -> Iterator[Call]:
    match asked:
        case Call():
            yield asked
        case dict():
            yield from _calls_in([*asked.values()])
        case list() | tuple():
            for each in asked:
                yield from _calls_in(each)


def _small(rng: Rng, value: Any) -> Any:
    """A float tensor with numbers of one palette; every other value as it is."""
    if not _is_float(value):
        return value
    palette = torch.tensor(PALETTES[rng.integer(0, len(PALETTES))], dtype=value.dtype)
    return palette[rng.integers(*value.shape, high=len(palette))]


def _is_float(value: Any) -> bool:
    return torch.is_tensor(value) and value.is_floating_point()


def batch_of(call: Call) -> int:
    """How many items the batch has: the length of the first tensor of two axes or more; else 0."""
    tensors = [each for each in call.arguments if torch.is_tensor(each) and each.ndim > 1]
    return len(tensors[0]) if tensors else 0


def is_batched(value: Any, batch: int) -> bool:
    """Whether an argument has numbers for each item of the batch; masks are none."""
    is_numbers = torch.is_tensor(value) and value.dtype != torch.bool
    return is_numbers and value.ndim > 1 and len(value) == batch


def is_sequence(value: Any, batch: int) -> bool:
    """Whether an argument has positions on its second axis, in each item of the batch."""
    return is_batched(value, batch) and (value.ndim > 2 or not value.is_floating_point())


def first_later(call: Call) -> int:
    """The first position that has other numbers: the shortest sequence has one at least; else 0."""
    batch = batch_of(call)
    lengths = [each.shape[1] for each in call.arguments if is_sequence(each, batch)]
    return min(lengths, default=0) // 2


def _with_other_numbers(call: Call, changed: Changed) -> Call:
    batch, at, rng = batch_of(call), first_later(call), Rng(0, OTHER)

    def other(value: Any) -> Any:
        if changed is Changed.ITEMS and is_batched(value, batch):
            return torch.cat([value[:1], _others(rng, value)[1:]])
        if changed is Changed.LATER and is_sequence(value, batch):
            return torch.cat([value[:, :at], _others(rng, value)[:, at:]], dim=1)
        return value

    return replace(call, arguments=tuple(map(other, call.arguments)))


def _others(rng: Rng, value: Tensor) -> Tensor:
    """Other numbers for a tensor: drawn for floats, moved by one for whole ones."""
    if value.is_floating_point():
        return value + rng.normal(*value.shape).to(value.dtype)
    return value.roll(1, dims=-1)


class Learned(StrEnum):
    """Kinds of parameters, and what stands in each where numbers are small ones."""

    MATRIX = "every weight matrix is an identity matrix"
    VECTOR = "every bias is 0"
    CONSTANT = "parameters that begin as ones or zeros are left so"
    OTHER = "other"


def small_module(building: Building, subject: Any) -> tuple[nn.Module, set[Learned]]:
    """What is built, with simple numbers in its parameters, and of which kinds these are."""
    module: nn.Module = subject(*building.arguments, **building.keywords)
    kinds = {parameter: kind_of(parameter) for parameter in module.parameters()}
    with torch.no_grad():
        for parameter, kind in kinds.items():
            if kind is Learned.MATRIX:
                parameter.copy_(torch.eye(*parameter.shape))
            elif kind is Learned.VECTOR:
                parameter.zero_()
    return module.eval(), set(kinds.values())


def kind_of(parameter: Tensor) -> Learned:
    """What kind of parameter it is: vectors that began at random are biases."""
    if parameter.ndim == 2:
        return Learned.MATRIX
    if parameter.ndim != 1:
        return Learned.OTHER
    is_constant = parameter.numel() > 1 and bool((parameter == parameter[0]).all())
    return Learned.CONSTANT if is_constant else Learned.VECTOR
