"""Train the notebook's models with the reference's parts and print the tables of its text.

python solutions/nmt/train_reference.py [best|runs|start] [--seeds 0 1 2] [--save FOLDER]

`best` are settings that earn all points, which are not shipped to students; `runs` the five runs of
part 5, and `start` the settings that students start from.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from autograder.assignment.definitions import definitions
from autograder.checks.measuring import PUBLIC_SEED
from autograder.tools.pig_latin import words
from autograder.tools.saving import save_model

SOURCE = Path(__file__).with_name("nmt.py")
BEST = {
    "encoder-decoder": {"size": "small", "steps": 5000},
    "decoder-only": {"size": "small", "steps": 7000},
}


def trained(
    lab: ModuleType, configuration: dict[str, Any], seed: int, **training: Any
) -> tuple[nn.Module, str]:
    """A model as a student's would be, and how long it took."""
    torch.manual_seed(seed)
    model = lab.build_model(configuration)
    start, processor = time.perf_counter(), time.process_time()
    lab.train(model, **training)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    return model, f"{seconds:.0f} s | {processor:.0f} s"


def measured(lab: ModuleType, model: nn.Module, english: list[str]) -> str:
    found = lab.evaluated(model, lab.grouped(english))
    return f"{found['loss']:.4f} | {found['exact match']:.4f}"


def rows(lab: ModuleType, options: argparse.Namespace) -> Iterator[str]:
    """A row for each model and seed: times, then loss and exact match of the validation words.

    The last column is the exact match of held-out words.
    """
    for seed, (name, configuration, training) in product(
        options.seeds, subjects(lab, options.which)
    ):
        model, times = trained(lab, configuration, seed, **training)
        validation = measured(lab, model, words("small", "validation"))
        held_out = lab.evaluated(model, lab.held_out(PUBLIC_SEED))["exact match"]
        yield f"| {name} | {seed} | {times} | {validation} | {held_out:.4f} |"
        if options.save:
            owner = {"student_id": f"reference{seed}", "name": name.replace(", ", "-")}
            save_model(model, configuration, **owner, folder=options.save)


def subjects(lab: ModuleType, which: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Names, configurations and settings."""
    if which == "start":
        yield "as released", lab.CONFIGURATION, lab.TRAINING
    elif which == "runs":
        for name, (architecture, hidden, size) in lab.RUNS.items():
            sizes = {"hidden_size": hidden, "num_layers": 3}
            yield name, {"architecture": architecture} | sizes, {"size": size, "steps": lab.STEPS}
    else:
        for name, training in BEST.items():
            yield name, {"architecture": name, "hidden_size": 64, "num_layers": 4}, training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("which", nargs="?", choices=("best", "runs", "start"), default="best")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--save", type=Path, help="a folder for the model files")
    options = parser.parse_args()
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    for row in rows(lab, options):
        print(row, flush=True)


if __name__ == "__main__":
    main()
