"""The runs behind the numbers that the text states."""

from functools import partial
from types import ModuleType

import torch
from torch import nn
from torch.nn import functional as F

from autograder.figures import Figure, run
from autograder.tools.device import device

RIGHT = partial(Figure, baseline=0.1)


def reached(lab: ModuleType, model: nn.Module, **settings: float) -> float:
    """The accuracy of a fresh model after training."""
    lab.train(model.to(device()), **settings)
    return lab.accuracy(model)


@run(
    ordered=RIGHT("symbols reversed, with positions", form=".3f"),
    orderless=RIGHT("symbols reversed, without positions", form=".2f"),
)
def reversing(lab, seed):
    """One layer of attention that learns to reverse 16 symbols"""
    found = {}
    for name, with_positions in (("ordered", True), ("orderless", False)):
        torch.manual_seed(seed)
        found[name] = reached(lab, lab.Reverser(with_positions=with_positions))
    return found


@run(
    **{
        f"{size}_{name}": RIGHT(f"symbols reversed, h = {hidden}, scores {scores}", form=".2f")
        for size, hidden in (("narrow", 32), ("wide", 256))
        for name, scores in (("root", "q·k / √h"), ("none", "q·k"), ("whole", "q·k / h"))
    },
    narrow_start=Figure("largest weight at the start, h = 32, scores q·k", form=".2f"),
    wide_start=Figure("largest weight at the start, h = 256, scores q·k", form=".2f"),
    slower=RIGHT("symbols reversed, h = 256, scores q·k, a tenth of the learning rate", form=".2f"),
)
def scales(lab, seed):
    """The same layer with other scores"""
    found = {}
    for size, hidden in (("narrow", 32), ("wide", 256)):
        for name, power in zip(("root", "none", "whole"), lab.POWERS.values(), strict=True):
            torch.manual_seed(seed)
            model = lab.rescaled(hidden, power)
            start = lab.largest_weight(model)
            found[f"{size}_{name}"] = reached(lab, model)
            if name == "none":
                found[f"{size}_start"] = start
    torch.manual_seed(seed)
    slowly = {"steps": 600, "learning_rate": 3e-4}
    return found | {"slower": reached(lab, lab.rescaled(256, lab.POWERS["q·k"]), **slowly)}


SLOPE = partial(Figure, form=".0e")


@run(
    root=SLOPE("median gradient of a score at the start, h = 256, scores q·k / √h"),
    none=SLOPE("median gradient of a score at the start, h = 256, scores q·k"),
)
def fresh(lab, seed):
    """The layer before training"""
    found = {}
    for name, power in (("root", 0), ("none", 0.5)):
        torch.manual_seed(seed)
        model = lab.rescaled(256, power)
        symbols = lab.random_symbols(model, 64)
        scores, weights = model(symbols)
        loss = F.cross_entropy(scores.flatten(0, 1), symbols.flip(1).flatten())
        (slope,) = torch.autograd.grad(loss, weights)
        slope = weights * (slope - (weights * slope).sum(-1, keepdim=True))  # through the softmax
        found[name] = slope.abs().median().item()
    return found
