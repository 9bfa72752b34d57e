"""Inside the sandbox: answering asks, and looking at values on the way.

The text of a student's cell is instrumented before it comes here (`instrumented.py`): expressions
stand in calls of `look`. So even an answer of one line shows what it is made of, loops are counted,
and nothing is slower but what is looked at. A tracer, of `sys.settrace` or `sys.monitoring`, sees
names at the ends of lines alone, and student code can switch it off.
"""

import copy
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import nn

from autograder.checks.probes import Probe
from autograder.checks.rng import Rng
from autograder.checks.spec import Spec, specs
from autograder.grading.limits import at_most
from autograder.questions.asks import Ask, Learned, call_of, from_text, small_module

T = TypeVar("T")
MOST = 64  # looks at one expression in one call
SECONDS = 2.0  # of processor time, for one call
NEARLY = 1e-5
FEW = 8  # numbers of a tensor that are sent, too
OF_TORCH = "torch.nn.modules"

_seen: dict[int, list[dict[str, Any]]] = {}


def look(number: int, value: T) -> T:
    """Note what kind of value an expression has, and let it pass."""
    sights = _seen.setdefault(number, [])
    if len(sights) < MOST:
        sights.append(_sight(value))
    return value


def _sight(value: object) -> dict[str, Any]:
    match value:
        case torch.Tensor():
            dtype = str(value.dtype).removeprefix("torch.")
            said = {"kind": "tensor", "dtype": dtype, "shape": list(value.shape), **_sums(value)}
            return {**said, "values": value.detach().clone()} if value.numel() <= FEW else said
        case nn.Module():
            own = type(value).__module__.startswith(OF_TORCH)
            has_bias = getattr(value, "bias", None) is not None
            return {"kind": f"{type(value).__name__} {has_bias}" if own else "module"}
    return {"kind": type(value).__name__ if type(value) in (int, float, bool) else "other"}


def _sums(value: torch.Tensor) -> dict[str, list[int]]:
    """The axes along which numbers of 0 or more sum to 1, as weights do."""
    if not value.is_floating_point() or not value.numel() or not value.detach().ge(0).all():
        return {}
    sums = [value.detach().sum(axis) for axis in range(value.ndim) if value.shape[axis] > 1]
    axes = [axis for axis in range(value.ndim) if value.shape[axis] > 1]
    return {"sums": [a for a, s in zip(axes, sums, strict=True) if (s - 1).abs().max() < NEARLY]}


def answer_asks(exercise: str, name: str, asks: str) -> None:
    """Let a check of this name answer asks, in the surroundings of an exercise's own cases."""
    of, wanted = specs()[exercise], from_text(asks)

    def answers(rng: Rng) -> Sequence[Ask]:
        return wanted

    probe = Probe(answers, hidden=True)
    probe.run(lambda subject, asked: [_answer(of.probes, subject, ask) for ask in asked])
    specs()[name] = Spec(name, {probe.name: probe}, of.rules, of.stand_ins)


def same_cases(exercise: str, name: str) -> None:
    """Let a check of this name run an exercise's own cases."""
    specs()[name] = specs()[exercise]


def _answer(probes: dict[str, Probe], subject: Any, ask: Ask) -> dict[str, Any]:
    """What a call returns, and what was seen on the way; or the error that it raises."""
    try:
        with at_most(SECONDS):
            call, learned = call_of(probes[ask.probe], ask), set[Learned]()
            target = copy.deepcopy(subject) if isinstance(subject, nn.Module) else subject
            if call.building is not None and ask.numbers is not None:
                target, learned = small_module(call.building, subject)
            elif call.building is not None:
                target = call.building.module(subject, Rng(ask.seed, ask.probe))
            _seen.clear()
            output = target(*call.arguments, **call.keywords)
    except Exception as error:
        return {"error": type(error).__name__}
    looks = {number: list(seen) for number, seen in _seen.items()}
    return {"output": output, "looks": looks, "learned": sorted(learned)}
