"""Train the reference model, and print the table of its accuracies that stands in the assignment.

    python solutions/addsub_transformer/train_reference.py [SEED…] [--save FOLDER] [--as-released]

Nothing here is shipped to students: these are settings that earn all points.
"""

import argparse
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from autograder.assignment.definitions import definitions
from autograder.checks.measuring import PUBLIC_SEED
from autograder.tools.saving import save_model

SOURCE = Path(__file__).with_name("addsub_transformer.py")
CONFIGURATION = {
    "num_heads": 2,
    "emb_dim": 64,
    "dim_feedforward": 128,
    "dropout": 0.0,
    "num_enc_layers": 2,
    "num_dec_layers": 2,
    "pos_enc": "sinusoid",
    "parts": "mine",
}
TRAINING = {
    "optimiser": partial(torch.optim.AdamW, betas=(0.9, 0.98), weight_decay=0.1, fused=True),
    "learning_rate": 2e-3,
    "batch_size": 64,
    "epochs": 43,
}  # and warm-up and cosine


def trained(
    lab: ModuleType, seed: int, configuration: dict[str, Any], training: dict[str, Any]
) -> nn.Module:
    """A model as a student's would be."""
    torch.manual_seed(seed)
    model = lab.Transformer(**configuration)
    return lab.train(model, lab.split()["training"], **training)


def rows(lab: ModuleType, options: argparse.Namespace) -> Iterator[str]:
    """A row of the table for each seed; its model is saved where wished."""
    configuration, training = CONFIGURATION, TRAINING | {"schedule": lab.warm_up_and_cosine}
    if options.as_released:
        configuration, training = lab.CONFIGURATION, lab.TRAINING
    for seed in options.seeds:
        start = time.perf_counter()
        model = trained(lab, seed, configuration, training)
        seconds = time.perf_counter() - start
        found = lab.accuracies(model, lab.held_out(PUBLIC_SEED)).values()
        yield f"| {seed} | {seconds:.0f} s | " + " | ".join(f"{x:.4f}" for x in found) + " |"
        if options.save:
            owner = {"student_id": f"reference{seed}", "name": "reference"}
            save_model(model, configuration, **owner, folder=options.save)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--save", type=Path, help="a folder for the model files")
    parser.add_argument("--as-released", action="store_true", help="students' first settings")
    options = parser.parse_args()
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    for row in list(rows(lab, options)):
        print(row)


if __name__ == "__main__":
    main()
