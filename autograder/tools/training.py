"""A training loop that shows its progress on stdout, as nbgrader counts stderr as failure."""

import math
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn
from tqdm import tqdm


def fit(
    model: nn.Module,
    next_loss: Callable[[], Tensor],
    *,
    steps: int,
    learning_rate: float = 1e-3,
    clip: float = math.inf,
    label: str = "training",
) -> list[float]:
    """Minimise with Adam; `next_loss` draws a batch and returns its loss. Returns every loss.

    A gradient whose norm is larger than `clip` is scaled down to it. Source: Kingma and Ba, "Adam"
    (2015); Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent networks" (2013).
    """
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    model.train()
    losses = []
    with tqdm(total=steps, desc=label, file=sys.stdout, mininterval=0.5, ncols=88) as bar:
        for _ in range(steps):
            loss = next_loss()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimiser.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
            bar.update()
    model.eval()
    return losses
