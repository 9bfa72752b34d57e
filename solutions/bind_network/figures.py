"""The runs behind the numbers of `bind_network`."""

from types import ModuleType

import torch
from torch import Tensor

from autograder.figures import Figure, run

SCORES = {
    "cosine": Figure(
        "mean cosine with the right caption", form=".3f", baseline="[[linear.cosine:.3f]]"
    ),
    "found": Figure("share of 1000 captions found", form=".2f", baseline="[[linear.found:.2f]]"),
}
LEARNING = {
    "distance": Figure("cosine distance, the last 50 steps", form=".3f"),
    "new_distance": Figure("cosine distance, new images", form=".3f"),
}


def new_pairs(lab: ModuleType) -> tuple[Tensor, Tensor]:
    return lab.draw_pairs(1000, seed=2)


def scored(lab: ModuleType, predicted: Tensor) -> dict[str, float]:
    cosines, found = lab.scores(predicted, new_pairs(lab)[1])
    return {"cosine": cosines.mean().item(), "found": found}


@torch.no_grad()
def predicted(lab: ModuleType, network: torch.nn.Module) -> dict[str, float]:
    return scored(lab, network(new_pairs(lab)[0]))


def learned(lab: ModuleType, make_block, seed: int) -> dict[str, float]:
    """Scores of a network that was trained as in 3.2."""
    network, losses = lab.trained(*lab.draw_pairs(40_000, seed=1), make_block, seed)
    found = predicted(lab, network)
    distances = {"distance": sum(losses[-50:]) / 50, "new_distance": 1 - found["cosine"]}
    return found | distances


@run(
    seeds=(0,),
    cosine=Figure("mean cosine with the right caption", form=".3f", baseline=0.0),
    found=Figure("share of 1000 captions found", form=".3f", baseline=0.001),
)
def linear(lab: ModuleType, seed: int) -> dict[str, float]:
    """Least squares, without a network"""
    return scored(lab, lab.least_squares(*lab.draw_pairs(40_000, seed=1), new_pairs(lab)[0]))


@run(**SCORES, **LEARNING)
def aligned(lab: ModuleType, seed: int) -> dict[str, float]:
    """The bind network"""
    return learned(lab, lab.llama_block, seed)


@run(**SCORES, **LEARNING)
def no_gate(lab: ModuleType, seed: int) -> dict[str, float]:
    """Blocks without a gate, as many parameters"""
    return learned(lab, lab.without_gate, seed)


@run(**SCORES, **LEARNING)
def no_norm(lab: ModuleType, seed: int) -> dict[str, float]:
    """Blocks without a norm"""
    return learned(lab, lab.without_norm, seed)


@run(**SCORES, **LEARNING)
def normalised_residual(lab: ModuleType, seed: int) -> dict[str, float]:
    """Blocks that add to the normalised feature"""
    return learned(lab, lab.normalised_residual, seed)
