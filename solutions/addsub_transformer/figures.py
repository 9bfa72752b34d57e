"""The runs behind the numbers that the text states.

Nothing here is shipped to students: `BEST` and `HOW` are settings that earn all points.
"""

from functools import partial
from types import ModuleType
from typing import Any

import torch

from autograder.checks.measuring import PUBLIC_SEED
from autograder.figures import Figure, run
from autograder.tools.device import device

BEST = {
    "num_heads": 2,
    "emb_dim": 64,
    "dim_feedforward": 128,
    "dropout": 0.0,
    "num_enc_layers": 2,
    "num_dec_layers": 2,
    "pos_enc": "sinusoid",
    "parts": "mine",
}
HOW = {
    "optimiser": partial(torch.optim.AdamW, betas=(0.9, 0.98), weight_decay=0.1, fused=True),
    "learning_rate": 2e-3,
    "batch_size": 64,
    "epochs": 43,
}  # and warm-up and cosine
ACCURACIES = {
    name: Figure(f"{title}, held-out pairs", form=".4f", baseline=f"[[majority.{name}:.4f]]")
    for name, title in (("token", "token accuracy"), ("exact", "exact-sequence accuracy"))
}


def trained(
    lab: ModuleType, configuration: dict[str, Any], how: dict[str, Any]
) -> dict[str, float]:
    """What a student's model would reach with these settings."""
    where = device()
    model = lab.Transformer(**configuration).to(where)
    lab.train(model, lab.split()["training"].to(where), **how)
    return measured(lab, model, lab.held_out(PUBLIC_SEED).to(where))


def measured(lab: ModuleType, model: Any, pairs: Any) -> dict[str, float]:
    return dict(zip(ACCURACIES, lab.accuracies(model, pairs).values(), strict=True))


@run(**ACCURACIES)
def best(lab, seed):
    """Good settings, all exercises solved"""
    return trained(lab, BEST, HOW | {"schedule": lab.warm_up_and_cosine})


@run(**ACCURACIES, seeds=(0,))
def finished(lab, seed):
    """The same settings, with PyTorch's parts"""
    return trained(lab, BEST | {"parts": "torch"}, HOW | {"schedule": lab.warm_up_and_cosine})


@run(**ACCURACIES)
def released(lab, seed):
    """The settings that students start from"""
    return trained(lab, lab.CONFIGURATION, lab.TRAINING)


@run(
    token=Figure("token accuracy, validation pairs", form=".4f"),
    exact=Figure("exact-sequence accuracy, validation pairs", form=".4f"),
    seeds=(0,),
)
def majority(lab, seed):
    """The most frequent tokens, whatever the question is"""
    return measured(lab, lab.baselines()["most frequent tokens"], lab.split()["validation"])


REVERSED = partial(Figure, form=".2f", baseline=0.1)


@run(
    two_with=REVERSED("digits reversed by 2 blocks with residuals"),
    two_without=REVERSED("digits reversed by 2 blocks without residuals"),
    six_with=REVERSED("digits reversed by 6 blocks with residuals"),
    six_without=REVERSED("digits reversed by 6 blocks without residuals"),
    longer=REVERSED("digits reversed by 6 blocks without residuals, trained five times as long"),
)
def stacks(lab, seed):
    """Stacks of encoder blocks that learn to reverse a row of digits"""

    def reached(depth, residuals, **settings):
        model, _ = lab.reverser(depth, residuals=residuals, seed=seed, **settings)
        return lab.share_reversed(model)

    return {
        "two_with": reached(2, True),
        "two_without": reached(2, False),
        "six_with": reached(6, True),
        "six_without": reached(6, False),
        "longer": reached(6, False, steps=1500),
    }


@run(
    spread_with=Figure("share that differs after 2 fresh blocks with residuals", form=".2f"),
    spread_without=Figure("share that differs after 2 fresh blocks without residuals", form=".5f"),
    slope_with=Figure("gradient of the first block's queries with residuals", form=".3f"),
    slope_without=Figure("gradient of the first block's queries without residuals", form=".3f"),
    last_without=Figure("gradient of the last block's queries without residuals", form=".0e"),
)
def fresh(lab, seed):
    """Stacks of six that have learned nothing yet"""
    found = {}
    for residuals, name in ((True, "with"), (False, "without")):
        torch.manual_seed(seed)
        model, digits = lab.Reverser(6, residuals=residuals), torch.randint(10, (64, lab.ROW))
        found[f"spread_{name}"] = lab.spread(model.states(digits)[2])
        lab.reversing_loss(model).backward()
        queries = [p.grad for n, p in model.named_parameters() if n.endswith(".heads.0.q.weight")]
        found[f"slope_{name}"] = queries[0].norm().item()
    return found | {"last_without": queries[-1].norm().item()}
