"""The few plots that several notebooks share; each draws into axes that the caller made."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor


def heat_map(
    axes: Axes,
    matrix: Tensor,
    *,
    title: str,
    x: str,
    y: str,
    labels: tuple[Sequence[str], Sequence[str]] | None = None,
    **style: object,
) -> None:
    """A matrix as colours; `labels` name its columns and its rows."""
    image = axes.imshow(matrix.detach().cpu(), **({"aspect": "auto"} | style))
    axes.figure.colorbar(image, ax=axes, shrink=0.85)
    axes.set(title=title, xlabel=x, ylabel=y)
    if labels is not None:
        axes.set_xticks(range(len(labels[0])), labels[0])
        axes.set_yticks(range(len(labels[1])), labels[1])


def curve(axes: Axes, values: Sequence[float], *, label: str, window: int = 1) -> None:
    """A curve over steps, smoothed by a running mean over `window` of them."""
    smooth = np.convolve(values, np.ones(window) / window, mode="valid")
    axes.plot(np.arange(len(smooth)) + window, smooth, label=label)
