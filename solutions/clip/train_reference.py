"""Train the notebook's models with the reference's parts and print the numbers of its text.

python solutions/clip/train_reference.py [best|trial|first|start|groups] [--seeds 0 1 2] [--save FOLDER]

`best` are settings that earn all points, which are not shipped to students; `trial` the same with 160
emoji held out by chance, so that variants of them are trained with; `first` the model of part 3, `start`
the settings that students start from, and `groups` the experiment of part 4.
"""

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from autograder.assignment.definitions import definitions
from autograder.tools.device import device
from autograder.tools.emoji import Emoji, emoji
from autograder.tools.saving import save_model

SOURCE = Path(__file__).with_name("clip.py")
BEST: dict[str, Any] = {"width": 24, "words": 256, "dim": 256}
TRAINING: dict[str, Any] = {"epochs": 120, "batch_size": 256, "learning_rate": 3e-3}
Split = tuple[list[Emoji], list[Emoji]]


def split(which: str, seed: int) -> Split:
    """The emoji to train with, and those to measure with."""
    if which == "trial":
        everything = emoji()
        random.Random(seed).shuffle(everything)
        return everything[160:], everything[:160]
    if which == "best":
        return emoji("training", "validation"), emoji("held_out")
    return emoji("training"), emoji("validation")


def settings(lab: ModuleType, which: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sizes of a model, and how it is trained."""
    if which == "first":
        return lab.FIRST, {"epochs": lab.FIRST_EPOCHS}
    if which == "start":
        return lab.CONFIGURATION, lab.TRAINING
    return BEST, TRAINING


def trained(
    lab: ModuleType, seed: int, sizes: dict[str, Any], known: list[Emoji], training: dict[str, Any]
) -> tuple[nn.Module, str]:
    """A model as a student's would be, and how long it took."""
    torch.manual_seed(seed)
    random.seed(seed)
    model = lab.Clip(**sizes).to(device())
    start, processor = time.perf_counter(), time.process_time()
    history = lab.train(model, known, **training)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    said = f"{seconds:.0f} s | {processor:.0f} s | {history['loss'][-1]:.2f}"
    return model.cpu(), f"{said} | {history['scale'][-1]:.0f}"


def measured(lab: ModuleType, model: nn.Module, known: list[Emoji], unseen: list[Emoji]) -> str:
    """Recalls at 1 and at 10: unseen emoji, known ones in the other style, and unseen ones in it."""
    pairs = ((unseen, "noto"), (known, "twemoji"), (unseen, "twemoji"), (known, "noto"))
    found = (lab.evaluated(model, entries, style) for entries, style in pairs)
    return " | ".join(f"{f['recall@1']:.3f} {f['recall@10']:.3f}" for f in found)


def rows(lab: ModuleType, options: argparse.Namespace) -> Iterator[str]:
    """A row for each seed: times, loss, scale, and recalls."""
    for seed in options.seeds:
        known, unseen = split(options.which, seed)
        sizes, training = settings(lab, options.which)
        model, said = trained(lab, seed, sizes, known, training)
        yield f"| {options.which} | {seed} | {said} | {measured(lab, model, known, unseen)} |"
        if options.save:
            owner = {"student_id": f"reference{seed}", "name": options.which}
            save_model(model, sizes, **owner, folder=options.save)


def rows_of_groups(lab: ModuleType, options: argparse.Namespace) -> Iterator[str]:
    """A row for each seed and number of pairs that compete."""
    known, unseen = split("groups", 0)
    for seed in options.seeds:
        for group in lab.GROUPS:
            training = {"epochs": lab.GROUP_EPOCHS, "group": group}
            model, said = trained(lab, seed, lab.SMALL, known, training)
            yield f"| {group} | {seed} | {said} | {measured(lab, model, known, unseen)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    which = ("best", "trial", "first", "start", "groups")
    parser.add_argument("which", nargs="?", choices=which, default="best")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--save", type=Path, help="a folder for the model files")
    options = parser.parse_args()
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    for row in rows_of_groups(lab, options) if options.which == "groups" else rows(lab, options):
        print(row, flush=True)


if __name__ == "__main__":
    main()
