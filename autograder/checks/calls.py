"""Calls: what a probe asks of a student's function or class, and what is tried with it besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn

from autograder.checks.rng import Rng, shapes

NOISE = 1e-5  # beside the largest gradient of a call; float32 leaves about 1e-7

Fill = Callable[[nn.Module, Rng], object]
Target = Callable[..., Any]  # a student's function, or a module


class Tried(Enum):
    """What is tried with a call besides calling it; each has a sentence in the author's reference.

    Every entry but `parameters` is there because answers were right without it and wrong with it.
    """

    PARAMETERS = "names and shapes of the parameters are compared"
    SIZE = "how many numbers the module learns is compared, whatever its parameters are called"
    GRADIENTS = "gradients for arguments and, by name, for parameters are compared"
    INPUT_GRADIENTS = "gradients for arguments are compared; each parameter must get one"
    TRAINING = "the module stays in training mode: nothing is dropped, nothing is kept"
    TWICE = "a call with other numbers of the same shapes comes before: no state is kept"
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


def answer(subject: Target, asked: Any, tried: frozenset[Tried], rng: Rng) -> Any:
    """What comes out of a call, or of a dict or list of calls; each `built(…)` is built once.

    Raises TypeError for anything else that was drawn.
    """
    modules: dict[int, nn.Module] = {}

    def target(building: Building | None) -> Target:
        if building is None:
            return subject
        if id(building) not in modules:
            modules[id(building)] = building.module(subject, rng)
        return modules[id(building)]

    def of(asked: Any) -> Any:
        match asked:
            case Call():
                return _answer(target(asked.building), asked, tried)
            case dict():
                return {name: of(one) for name, one in asked.items()}
            case list() | tuple():
                return [of(one) for one in asked]
        raise TypeError(f"a probe without a run of its own draws calls, not {type(asked).__name__}")

    return of(asked)


def _answer(target: Target, call: Call, tried: frozenset[Tried]) -> Any:
    if Tried.TRAINING in tried and isinstance(target, nn.Module):
        target.train()
    if Tried.TWICE in tried:
        call.of(target, _other)
    found = dict(_besides(target, call, tried))
    return found if len(found) > 1 else found["output"]


def _besides(target: Target, call: Call, tried: frozenset[Tried]) -> Iterator[tuple[str, Any]]:
    if Tried.PARAMETERS in tried and isinstance(target, nn.Module):
        yield "parameters", shapes(target)
    if Tried.SIZE in tried and isinstance(target, nn.Module):
        yield "size", sum(parameter.numel() for parameter in target.parameters())
    wanted = tried & {Tried.GRADIENTS, Tried.INPUT_GRADIENTS}
    leaves = tuple(map(_leaf, call.arguments)) if wanted else call.arguments
    output = target(*leaves, **call.keywords)
    yield "output", output
    if wanted:
        _mirror(leaves, call.arguments)
        used = output if call.part is None else output[call.part]
        yield "gradients", gradients(target, leaves, used, named=Tried.GRADIENTS in tried)
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
    reached = [g is not None and bool(g.any()) for g in found[len(inputs) :]]
    return {name: said[name] for name in names[: len(inputs)]} | {"every parameter": all(reached)}


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

    A law may thus measure what a gradient should be: by the outputs for inputs near by.
    """
    rng = Rng(0, "weights")
    floats = [x for x in tensors_in(output) if x.is_floating_point()]
    return sum(((x * rng.normal(*x.shape)).sum() for x in floats), torch.zeros(()))


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


def _leaf(value: Any) -> Any:
    """A float tensor as a leaf that collects a gradient."""
    if not torch.is_tensor(value) or not value.is_floating_point():
        return value
    return value.detach().clone().requires_grad_()


def _mirror(leaves: tuple[Any, ...], arguments: tuple[Any, ...]) -> None:
    """Do to what was drawn, which is watched, what a call did to the leaves that it got instead."""
    for leaf, argument in zip(leaves, arguments, strict=True):
        if leaf is not argument and not torch.equal(leaf.detach(), argument):
            argument.copy_(leaf.detach())


def _other(value: Any) -> Any:
    """A tensor of the same shape and kind that holds other numbers."""
    if not torch.is_tensor(value) or value.dim() == 0:
        return value
    turned = value.detach().flip(0)
    return 0.5 * turned - 0.25 if turned.is_floating_point() else turned
