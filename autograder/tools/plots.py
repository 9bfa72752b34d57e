"""The few plots that notebooks share; all but `picture_row` draw into axes that the caller made."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
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
    **style: Any,
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


def graph(
    axes: Axes,
    edges: Collection[tuple[str, str]],
    places: Mapping[str, tuple[float, float]],
    *,
    highlighted: Collection[tuple[str, str]] = (),
) -> None:
    """A directed graph: named nodes at given places, an arrow for each edge (from, to)."""
    axes.set_axis_off()
    names = dict.fromkeys(name for edge in edges for name in edge if name in places)
    if not names:
        return
    for start, end in edges:
        if start in names and end in names:
            colour = "tab:orange" if (start, end) in highlighted else "grey"
            arrow = {"arrowstyle": "-|>", "color": colour, "shrinkA": 15, "shrinkB": 15, "lw": 1.6}
            axes.annotate("", places[end], places[start], arrowprops=arrow)
    for name in names:
        axes.text(
            *places[name], name, ha="center", va="center", bbox={"boxstyle": "circle", "fc": "w"}
        )
    across, up = zip(*(places[name] for name in names), strict=True)
    axes.set(xlim=(min(across) - 0.5, max(across) + 0.5), ylim=(min(up) - 0.5, max(up) + 0.5))


def picture_row(pictures: Tensor, titles: Sequence[str], *, size: float = 1.35) -> None:
    """Show pictures (n, 3, H, W) beside each other, each `size` inches wide, their titles below."""
    _, axes = plt.subplots(1, len(titles), figsize=(size * len(titles), 1.4 * size))
    for one, picture, title in zip(np.atleast_1d(axes), pictures, titles, strict=True):
        one.imshow(picture.detach().cpu().permute(1, 2, 0).numpy())
        one.set_axis_off()
        lines = re.sub(r"(.{8}\S*) ", r"\1\n", title)
        one.text(0.5, -0.06, lines, transform=one.transAxes, ha="center", va="top", fontsize=8)
    plt.show()
