"""Calls: what a probe asks of a student's function or class, and what is tried with it besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn

from autograder.checks.rng import Rng, shapes

Fill = Callable[[nn.Module, Rng], object]


class Tried(Enum):
    """What is tried with a call besides calling it; each has a sentence in the author's reference.

    Every entry but `parameters` is there because answers were right without it and wrong with it.
    """

    PARAMETERS = "names and shapes of the parameters are compared"
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

    def target(self, subject: Callable[..., Any], rng: Rng) -> Callable[..., Any]:
        """The function itself, or a module in eval mode whose parameters are filled."""
        return subject if self.building is None else self.building.module(subject, rng)

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
        return Call(arguments, keywords, self)

    def module(self, subject: Callable[..., Any], rng: Rng) -> nn.Module:
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


def answer(subject: Callable[..., Any], asked: Any, tried: frozenset[Tried], rng: Rng) -> Any:
    """What comes out of a call, or of a dict or list of calls."""
    match asked:
        case Call():
            return _answer(subject, asked, tried, rng)
        case dict():
            return {name: answer(subject, one, tried, rng) for name, one in asked.items()}
        case list() | tuple():
            return [answer(subject, one, tried, rng) for one in asked]
    raise TypeError(f"a probe without a run of its own draws calls, not {type(asked).__name__}")


def _answer(subject: Callable[..., Any], call: Call, tried: frozenset[Tried], rng: Rng) -> Any:
    target = call.target(subject, rng)
    if Tried.TRAINING in tried and isinstance(target, nn.Module):
        target.train()
    if Tried.TWICE in tried:
        call.of(target, _other)
    found = dict(_besides(target, call, tried, rng))
    return found if len(found) > 1 else found["output"]


def _besides(
    target: Callable[..., Any], call: Call, tried: frozenset[Tried], rng: Rng
) -> Iterator[tuple[str, Any]]:
    if Tried.PARAMETERS in tried and isinstance(target, nn.Module):
        yield "parameters", shapes(target)
    wanted = tried & {Tried.GRADIENTS, Tried.INPUT_GRADIENTS}
    leaves = tuple(map(_leaf, call.arguments)) if wanted else call.arguments
    output = target(*leaves, **call.keywords)
    yield "output", output
    if wanted:
        _mirror(leaves, call.arguments)
        yield "gradients", gradients(target, leaves, output, rng, named=Tried.GRADIENTS in tried)
    if Tried.ALONE in tried:
        yield "a batch of one", call.of(target, lambda x: x[:1] if torch.is_tensor(x) else x)


def gradients(
    target: Callable[..., Any], leaves: tuple[Any, ...], output: Any, rng: Rng, *, named: bool
) -> dict[str, Any]:
    """The gradients of a weighted sum of the output: None where none arrives.

    With `named`, those of the parameters by their names; else only whether each one gets some.
    """
    inputs = [leaf for leaf in leaves if torch.is_tensor(leaf) and leaf.requires_grad]
    own = dict(target.named_parameters()) if isinstance(target, nn.Module) else {}
    found = _gradients(_weighted_sum(output, rng), [*inputs, *own.values()])
    said: dict[str, Any] = {f"argument {i}": g for i, g in enumerate(found[: len(inputs)], 1)}
    of_parameters = dict(zip(own, found[len(inputs) :], strict=True))
    if named:
        return said | of_parameters
    reached = [g is not None and bool(g.any()) for g in of_parameters.values()]
    return said | ({"every parameter": all(reached)} if own else {})


def _gradients(loss: Tensor, tensors: list[Tensor]) -> list[Tensor | None]:
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    if not loss.requires_grad or not wanted:
        return [None] * len(tensors)
    found = iter(torch.autograd.grad(loss, wanted, allow_unused=True))
    return [next(found) if tensor.requires_grad else None for tensor in tensors]


def _weighted_sum(output: Any, rng: Rng) -> Tensor:
    """A number in which every element of a float output has another weight."""
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
