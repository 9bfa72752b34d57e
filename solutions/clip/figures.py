"""The numbers that the text states of trained models: `autograder reproduce clip`."""

import math
import random
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch

from autograder.figures import Figure, run
from autograder.tools.device import device
from autograder.tools.emoji import Emoji, emoji

# Settings that earn all points, which students are not given.
BEST: dict[str, Any] = {"width": 24, "words": 256, "dim": 256}
TRAINING: dict[str, Any] = {"epochs": 120, "batch_size": 256, "learning_rate": 3e-3}
STYLES = {"": "noto", "other_": "twemoji"}
GROUPS = (2, 8, 32, 128)
LOSS = Figure("loss of the last epoch", form=".2f", baseline="ln of the batch size")


def recalls(known: int, *, at: Sequence[int] = (10,), unseen: int = 160) -> dict[str, Figure]:
    """Of emoji that a model was trained with and of unseen ones, in both styles."""
    return {
        f"{name}_{other}{k}": Figure(
            f"recall at {k}, {count} {name} emoji, {style}", ".2f", baseline=f"{k / count:.3f}"
        )
        for name, count in {"known": known, "unseen": unseen}.items()
        for other, style in STYLES.items()
        for k in at
    }


def trained(
    lab: ModuleType,
    sizes: dict[str, Any],
    parts: tuple[Sequence[Emoji], Sequence[Emoji]],
    at: Sequence[int] = (10,),
    **training: Any,
) -> dict[str, float]:
    """Train a model on the first part; its loss and its recalls."""
    model = lab.Clip(**sizes).to(device())
    loss = lab.train(model, parts[0], **training)["loss"][-1]
    found = {
        f"{name}_{other}{k}": lab.evaluated(model, entries, style)[f"recall@{k}"]
        for name, entries in zip(("known", "unseen"), parts, strict=True)
        for other, style in STYLES.items()
        for k in at
    }
    return found | {"loss": loss}


@run(loss=LOSS, **recalls(1258))
def first(lab: ModuleType, seed: int) -> dict[str, float]:
    """The model of part 3."""
    parts = emoji("training"), emoji("validation")
    return trained(lab, lab.FIRST, parts, epochs=lab.FIRST_EPOCHS)


@run(loss=LOSS, **recalls(1258))
def start(lab: ModuleType, seed: int) -> dict[str, float]:
    """The settings of part 7 that students start from."""
    parts = emoji("training"), emoji("validation")
    return trained(lab, lab.CONFIGURATION, parts, **lab.TRAINING)


@run(
    **{f"loss_{n}": Figure(f"loss, groups of {n}", ".2f", f"{math.log(n):.2f}") for n in GROUPS},
    **{f"known_{n}": Figure(f"known, other style, groups of {n}", ".2f", 0.01) for n in GROUPS},
    **{f"unseen_{n}": Figure(f"unseen, groups of {n}", ".2f", 0.06) for n in GROUPS},
)
def groups(lab: ModuleType, seed: int) -> dict[str, float]:
    """The experiment of part 4, what a text competes with; recalls at 10."""
    figures = {}
    for group in lab.GROUPS:
        torch.manual_seed(seed)
        random.seed(seed)
        parts = emoji("training"), emoji("validation")
        found = trained(lab, lab.SMALL, parts, epochs=lab.GROUP_EPOCHS, group=group)
        figures[f"loss_{group}"] = found["loss"]
        figures[f"known_{group}"] = found["known_other_10"]
        figures[f"unseen_{group}"] = found["unseen_10"]
    return figures


@run(loss=LOSS, **recalls(1418, at=(1, 10)))
def best(lab: ModuleType, seed: int) -> dict[str, float]:
    """Settings that earn all points, trained with both parts."""
    parts = emoji("training", "validation"), emoji("held_out")
    return trained(lab, BEST, parts, at=(1, 10), **TRAINING)


@run(loss=LOSS, **recalls(1476, at=(1, 10)))
def variants(lab: ModuleType, seed: int) -> dict[str, float]:
    """The same settings, with 160 emoji held out by chance, so that variants of them are known."""
    drawn = random.Random(seed).sample(emoji(), len(emoji()))
    return trained(lab, BEST, (drawn[160:], drawn[:160]), at=(1, 10), **TRAINING)
