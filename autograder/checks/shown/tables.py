"""Arrays as tables whose cells are coloured by their numbers, in HTML for light and dark pages.

Colours are drawn over the page's own ground, so that numbers in its own text colour stay legible.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from autograder.checks.first_difference import Difference
from autograder.checks.language import _

BELOW, ABOVE, ODD = (
    "230,120,0",
    "31,119,180",
    "repeating-linear-gradient(45deg,#8888 0 3px,#0000 3px 6px)",
)
STRONGEST = 0.75  # of a colour over the ground
MOST_WRITTEN = 6, 5  # rows and columns, beyond which a number is shown where one points to it
BESIDE = "display:flex;flex-wrap:wrap;gap:18px;margin:6px 0;align-items:flex-end"
FONT = "font:12px/1.3 var(--jp-code-font-family,monospace)"


@dataclass(frozen=True)
class Scale:
    """Colours for numbers: from the lowest on, or from 0 on to both sides where some are below."""

    low: float
    high: float

    @classmethod
    def of(cls, *arrays: np.ndarray) -> "Scale":
        """The scale of all finite numbers of these arrays."""
        numbers = np.concatenate([array.astype(np.float64).ravel() for array in arrays])
        finite = numbers[np.isfinite(numbers)]
        return cls(finite.min(), finite.max()) if finite.size else cls(0.0, 0.0)

    def colour(self, number: float) -> str:
        """The ground of a number's cell."""
        if not np.isfinite(number):
            return ODD
        start = 0.0 if self.low < 0 else self.low
        farthest = max(self.high - start, start - self.low)
        amount = STRONGEST * abs(number - start) / farthest if farthest else 0.0
        return f"rgba({ABOVE if number >= start else BELOW},{amount:.2f})"

    @property
    def said(self) -> str:
        """What the colours mean."""
        if self.low < 0:
            farthest = max(self.high, -self.low)
            return _("orange below 0, blue above, to ±{farthest:.3g}").format(farthest=farthest)
        return _("blue from {low:.3g} to {high:.3g}").format(low=self.low, high=self.high)


def side_by_side(difference: Difference) -> str:
    """What was expected, what came, and what lies between them: rows, or maps on one scale."""
    x, y = difference.expected, difference.actual
    named, scales = {_("expected"): x, _("yours"): y}, [Scale.of(x, y)] * 2
    said = scales[0].said
    if difference.is_of_numbers:
        named[_("yours − expected")] = between = _between(x, y)
        scales.append(Scale.of(between))
        said += _("; of the difference: {said}").format(said=scales[-1].said)
    draw = _rows if difference.is_of_numbers and x.ndim == 1 else _maps
    where = f"{difference.where}: " if difference.where else ""
    return f"{draw(named, scales)}{_small(where + said)}"


def _between(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x.astype(np.float64), y.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(x == y, 0.0, y - x)


def _rows(arrays: Mapping[str, np.ndarray], scales: Iterable[Scale]) -> str:
    """Vectors below each other."""
    rows = [
        f"<div>{title}</div>" + "".join(_cell(number, scale) for number in array.tolist())
        for (title, array), scale in zip(arrays.items(), scales, strict=True)
    ]
    columns = f"auto {_columns(next(iter(arrays.values())).size, is_written=True)}"
    return _grid(columns, rows)


def _maps(arrays: Mapping[str, np.ndarray], scales: Iterable[Scale]) -> str:
    """Matrices beside each other."""
    maps = (
        f"<div>{_small(f'{title} {_shape(array)}')}{_map(np.atleast_2d(array), scale)}</div>"
        for (title, array), scale in zip(arrays.items(), scales, strict=False)
    )
    return f'<div style="{BESIDE}">{"".join(maps)}</div>'


def _map(array: np.ndarray, scale: Scale) -> str:
    is_written = array.shape[0] <= MOST_WRITTEN[0] and array.shape[1] <= MOST_WRITTEN[1]
    draw = _cell if is_written else _bare_cell
    return _grid(
        _columns(array.shape[1], is_written=is_written),
        (draw(number, scale) for number in array.ravel().tolist()),
    )


def _grid(columns: str, cells: Iterable[str]) -> str:
    """Cells in rows and columns; no table, as front ends have styles of their own for these."""
    style = f"display:inline-grid;grid-template-columns:{columns};gap:1px;{FONT}"
    return f'<div style="{style}">{"".join(cells)}</div>'


def _columns(count: int, *, is_written: bool) -> str:
    return f"repeat({count},{'minmax(48px,auto)' if is_written else '20px'})"


def _cell(number: float, scale: Scale) -> str:
    style = f"padding:2px 5px;text-align:right;background:{scale.colour(number)}"
    return f'<div style="{style}">{_number(number)}</div>'


def _bare_cell(number: float, scale: Scale) -> str:
    style = f"height:20px;background:{scale.colour(number)}"
    return f'<div title="{_number(number)}" style="{style}"></div>'


def _number(number: float) -> str:
    if isinstance(number, bool):
        return str(number).lower()
    return f"{number}" if isinstance(number, int) else f"{number:.3g}"


def _shape(array: np.ndarray) -> str:
    return f"({' × '.join(map(str, array.shape))})"


def _small(text: str) -> str:
    return f'<div style="font-size:85%;opacity:.8">{escape(text)}</div>'
