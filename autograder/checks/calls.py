"""Calls: what a probe asks of a student's function or class, and what is tried with it besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn

from autograder.checks.rng import Rng, shapes

EVERY_PARAMETER = "every parameter"  # gets a gradient: said where their names are free
NOISE = 1e-5  # beside the largest gradient of a call; float32 leaves about 1e-7

Fill = Callable[[nn.Module, Rng], object]
Target = Callable[..., Any]  # a student's function, or a module


class Tried(Enum):
    """What is compared besides a call's result, where an author asks for it.

    What is tried with every call stands in `always.py`.
    """

    PARAMETERS = "names and shapes of the parameters are compared"
    SIZE = "how many numbers the module learns is compared, whatever its parameters are called"
    GRADIENTS = "gradients for arguments and, by name, for parameters are compared"
    INPUT_GRADIENTS = "gradients for arguments are compared; each parameter must get one"
    ALONE = "the first item of the batch, as a batch of one, gives what it gave among others"


@dataclass(frozen=True)
class Call:
    """One call of a function, or of the module that a class builds."""

    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    building: Building | None = None
    part: int | None = None

    def through(self, part: int) -> Call:
        """The same call, whose gradients are those of one result; others may be detached."""
        return replace(self, part=part)

    def used(self, output: Any) -> Any:
        """The part of a result whose gradients count."""
        return output if self.part is None else output[self.part]

    def of(self, target: Callable[..., Any], change: Callable[[Any], Any]) -> Any:
        """What comes out when each argument is changed first."""
        return target(*map(change, self.arguments), **self.keywords)


@dataclass(frozen=True)
class Building:
    """How a class is built, before its module is called."""

    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    filled: Fill | None = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Call:
        """A call of what is built."""
        return Call(arguments, keywords, self)

    def module(self, subject: Callable[..., Any], rng: Rng) -> nn.Module:
        """The module in eval mode, its parameters filled."""
        module = subject(*self.arguments, **self.keywords)
        if self.filled is None:
            return rng.fill(module)
        self.filled(module, rng)
        return module.eval()


def call(*arguments: Any, **keywords: Any) -> Call:
    """One call of the student's function: `call(x, steps=2)`."""
    return Call(arguments, keywords)


def built(*arguments: Any, filled: Fill | None = None, **keywords: Any) -> Building:
    """One call of what the student's class builds: `built(7)(x)` builds with 7, then calls with x.

    `filled` puts numbers into the module's parameters; by default each gets its own, by its name.
    """
    return Building(arguments, keywords, filled)


@dataclass(frozen=True)
class Answered:
    """A call, what was called, and its result."""

    target: Target
    call: Call
    output: Any


def answer(
    subject: Target,
    asked: Any,
    tried: frozenset[Tried],
    rng: Rng,
    before: Callable[[Target, Call], None] | None = None,
) -> tuple[Any, Answered | None]:
    """What comes out of a call, or of a dict or list of calls, and the first call of them.

    Each `built(…)` is built once; `before` is done with the first call before it is made. Raises
    TypeError for anything else that was drawn.
    """
    modules: dict[int, nn.Module] = {}
    answered: list[Answered] = []

    def target(building: Building | None) -> Target:
        if building is None:
            return subject
        if id(building) not in modules:
            modules[id(building)] = building.module(subject, rng)
        return modules[id(building)]

    def one(call: Call) -> Any:
        called = target(call.building)
        if before is not None and not answered:
            before(called, call)
        found = dict(_found(called, call, tried))
        answered.append(Answered(called, call, found["output"]))
        return found if len(found) > 1 else found["output"]

    def of(asked: Any) -> Any:
        match asked:
            case Call():
                return one(asked)
            case dict():
                return {name: of(item) for name, item in asked.items()}
            case list() | tuple():
                return [of(item) for item in asked]
        raise TypeError(f"a probe without a run of its own draws calls, not {type(asked).__name__}")

    return of(asked), next(iter(answered), None)


def _found(target: Target, call: Call, tried: frozenset[Tried]) -> Iterator[tuple[str, Any]]:
    if Tried.PARAMETERS in tried and isinstance(target, nn.Module):
        yield "parameters", shapes(target)
    if Tried.SIZE in tried and isinstance(target, nn.Module):
        yield "size", sum(parameter.numel() for parameter in target.parameters())
    wanted = tried & {Tried.GRADIENTS, Tried.INPUT_GRADIENTS}
    leaves = leaves_of(call) if wanted else call.arguments
    output = target(*leaves, **call.keywords)
    yield "output", output
    if wanted:
        _mirror(leaves, call.arguments)
        named = Tried.GRADIENTS in tried
        yield "gradients", gradients(target, leaves, call.used(output), named=named)
    if Tried.ALONE in tried:
        yield "a batch of one", call.of(target, lambda x: x[:1] if torch.is_tensor(x) else x)


def gradients(
    target: Target, leaves: tuple[Any, ...], output: Any, *, named: bool
) -> dict[str, Any]:
    """The gradients of the weighted sum of the output: None where none arrives.

    With `named`, those of the parameters by their names; else only whether each one gets some.
    """
    inputs = [leaf for leaf in leaves if torch.is_tensor(leaf) and leaf.requires_grad]
    own = dict(target.named_parameters()) if isinstance(target, nn.Module) else {}
    found = _gradients(weighted_sum(output), [*inputs, *own.values()])
    names = [*(f"argument {i}" for i in range(1, len(inputs) + 1)), *own]
    said: dict[str, Any] = dict(zip(names, _without_noise(found), strict=True))
    if named or not own:
        return said
    reached = [g is not None for g in found[len(inputs) :]]  # one that a softmax cancels may be 0
    return {name: said[name] for name in names[: len(inputs)]} | {EVERY_PARAMETER: all(reached)}


def _gradients(loss: Tensor, tensors: list[Tensor]) -> list[Tensor | None]:
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    if not loss.requires_grad or not wanted:
        return [None] * len(tensors)
    found = iter(torch.autograd.grad(loss, wanted, allow_unused=True))
    return [next(found) if tensor.requires_grad else None for tensor in tensors]


def _without_noise(found: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Zeros for gradients that are only rounding errors, which differ between right answers.

    Such as those of a bias that a softmax cancels.
    """
    sizes = [0.0 if g is None or not g.numel() else g.abs().max().item() for g in found]
    least = NOISE * max(sizes, default=0.0)
    return [
        torch.zeros_like(g) if g is not None and size < least else g
        for g, size in zip(found, sizes, strict=True)
    ]


def weighted_sum(output: Any) -> Tensor:
    """A number in which every element of a float output has another weight, always the same one.

    A law may thus measure what a gradient should be: by the outputs for inputs near by. The output
    may stand on any device.
    """
    rng = Rng(0, "weights")
    floats = [x for x in tensors_in(output) if x.is_floating_point()]
    return sum(((x * rng.normal(*x.shape).to(x.device)).sum() for x in floats), torch.zeros(()))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every tensor in calls, namespaces, dicts and sequences, in their order."""
    match value:
        case Tensor():
            yield value
        case Call():
            yield from tensors_in([*value.arguments, *value.keywords.values()])
        case dict():
            yield from tensors_in([*value.values()])
        case list() | tuple():
            for item in value:
                yield from tensors_in(item)
        case _ if hasattr(value, "__dict__") and not isinstance(value, type | nn.Module):
            yield from tensors_in([*vars(value).values()])


def leaves_of(call: Call) -> tuple[Any, ...]:
    """A call's arguments, the float tensors among them as leaves that collect gradients."""
    return tuple(map(_leaf, call.arguments))


def _leaf(value: Any) -> Any:
    if not torch.is_tensor(value) or not value.is_floating_point():
        return value
    return value.detach().clone().requires_grad_()


def _mirror(leaves: tuple[Any, ...], arguments: tuple[Any, ...]) -> None:
    """Do to what was drawn, which is watched, what a call did to the leaves that it got instead."""
    for leaf, argument in zip(leaves, arguments, strict=True):
        if leaf is not argument and not torch.equal(leaf.detach(), argument):
            argument.copy_(leaf.detach())
