"""The runs behind the numbers of `recurrent`."""

import math
from functools import partial
from types import ModuleType

import torch
from torch import Tensor

from autograder.figures import Figure, run

RECALLED = Figure("share recalled", form=".2f", baseline=1 / 8)
STEPS = Figure("steps until the loss is below 0.1", form=".0f")
MARKS = 0.1  # the probability of a further mark


def settled(losses: list[float]) -> float:
    """The first step from which on a mean over ten losses is below 0.1."""
    means = (sum(losses[i : i + 10]) / 10 for i in range(len(losses) - 9))
    return next((i for i, mean in enumerate(means) if mean < 0.1), math.nan)


@run(recalled=RECALLED, steps=STEPS)
def gated(lab: ModuleType, seed: int) -> dict[str, float]:
    """LSTM with a raised forget gate, the first of 40 symbols"""
    _, losses, share = lab.trained(lab.GatedRecall, lab.LENGTH, seed=seed)
    return {"recalled": share, "steps": settled(losses)}


def plain_unit(lab: ModuleType, length: int, seed: int) -> dict[str, float]:
    _, losses, share = lab.trained(lab.PlainRecall, length, seed=seed)
    return {"recalled": share, "steps": settled(losses)}


@run(recalled=RECALLED)
def plain(lab: ModuleType, seed: int) -> dict[str, float]:
    """Plain unit, the first of 40 symbols"""
    return {"recalled": plain_unit(lab, lab.LENGTH, seed)["recalled"]}


@run(recalled=RECALLED, seeds=tuple(range(6)))
def plain_30(lab: ModuleType, seed: int) -> dict[str, float]:
    """Plain unit, the first of 30 symbols"""
    return {"recalled": plain_unit(lab, 30, seed)["recalled"]}


@run(recalled=RECALLED, steps=STEPS)
def plain_5(lab: ModuleType, seed: int) -> dict[str, float]:
    """Plain unit, the first of 5 symbols"""
    return plain_unit(lab, 5, seed)


def with_bias(lab: ModuleType, by: float, again: float, seed: int) -> dict[str, float]:
    """An LSTM whose forget gate is raised `by` so much, and symbols that are marked `again`."""
    return {"recalled": lab.trained(partial(lab.GatedRecall, by), lab.LENGTH, again, seed=seed)[2]}


@run(recalled=RECALLED)
def first_0(lab: ModuleType, seed: int) -> dict[str, float]:
    """LSTM, forget bias + 0, the first of 40 symbols"""
    return with_bias(lab, 0, 0.0, seed)


@run(recalled=RECALLED)
def first_20(lab: ModuleType, seed: int) -> dict[str, float]:
    """LSTM, forget gate always open, the first of 40 symbols"""
    return with_bias(lab, 20, 0.0, seed)


@torch.no_grad()
def forget_gates(lstm: torch.nn.Module, x: Tensor) -> Tensor:
    """The mean forget gate of every step but the first (B, T − 1), for sequences (B, T, 9)."""
    found = [lstm.gates(x[:, t], lstm(x[:, :t])[0])[1].mean(1) for t in range(1, x.shape[1])]
    return torch.stack(found, dim=1)


@run(
    recalled=RECALLED,
    at_marks=Figure("forget gate at marks", form=".2f"),
    elsewhere=Figure("forget gate elsewhere", form=".2f"),
)
def last_0(lab: ModuleType, seed: int) -> dict[str, float]:
    """LSTM, forget bias + 0, the last marked of 40 symbols"""
    model, _, share = lab.trained(partial(lab.GatedRecall, 0), lab.LENGTH, MARKS, seed=seed)
    x, _ = lab.sequences(300, lab.LENGTH, MARKS)
    gates, marked = forget_gates(model.lstm, x), x[:, 1:, 8] == 1
    shown = {"at_marks": gates[marked].mean().item(), "elsewhere": gates[~marked].mean().item()}
    return {"recalled": share, **shown}


@run(recalled=RECALLED)
def last_4(lab: ModuleType, seed: int) -> dict[str, float]:
    """LSTM, forget bias + 4, the last marked of 40 symbols"""
    return with_bias(lab, 4, MARKS, seed)


@run(recalled=RECALLED)
def last_20(lab: ModuleType, seed: int) -> dict[str, float]:
    """LSTM, forget gate always open, the last marked of 40 symbols"""
    return with_bias(lab, 20, MARKS, seed)
