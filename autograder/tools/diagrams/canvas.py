"""Boxes, arrows and labels at given places, as SVG."""

import math
import re
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from autograder.tools.diagrams.diagram import Diagram

Point = tuple[float, float]

# What a colour means in every picture. Translucent fills read on white and on black.
LAYER = "#3b82f6"  # learned matrices
ATTENTION = "#f59e0b"
NORM = "#10b981"
EMBEDDING = "#a855f7"  # learned vectors
POINTWISE = "#ef4444"  # one number at a time, nothing learned
DATA = "currentColor"

TEXT, SMALL, LINE = 14, 12, 17  # sizes of letters, and from one line to the next
RADIUS, HEAD = 7, 7  # of corners and small circles' margins; length of an arrow's head


class Box(NamedTuple):
    """A rectangle by its centre."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> Point:
        """The middle of the left edge."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        """The middle of the right edge."""
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        """The middle of the upper edge."""
        return self.x, self.y - self.height / 2

    @property
    def bottom(self) -> Point:
        """The middle of the lower edge."""
        return self.x, self.y + self.height / 2


class Canvas:
    """Collects the elements of one picture; whatever is drawn later lies above."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self._elements: list[str] = []

    def diagram(self, title: str, description: str) -> Diagram:
        """What was drawn so far."""
        return Diagram(title, description, self.size, "".join(self._elements))

    def box(
        self,
        text: str,
        at: Point,
        size: tuple[float, float] = (110, 34),
        hue: str = DATA,
        *,
        note: str = "",
    ) -> Box:
        """A box with lines of text in its middle, and a small line `note` below them."""
        box = Box(*at, *size)
        self._rectangle(box, hue, strength=0.06 if hue == DATA else 0.2)
        lines = [*text.split("\n"), *([note] if note else [])]
        for i, line in enumerate(lines):
            is_note = bool(note) and i == len(lines) - 1
            place = at[0], at[1] + LINE * (i - (len(lines) - 1) / 2)
            self.label(line, place, small=is_note)
        return box

    def frame(self, box: Box) -> None:
        """A dashed line around what belongs together."""
        corner = box.x - box.width / 2, box.y - box.height / 2
        self._add(
            f'<rect {_place(*corner)} width="{box.width:g}" height="{box.height:g}" rx="12"'
            ' fill="currentColor" fill-opacity="0.03" stroke="currentColor"'
            ' stroke-opacity="0.45" stroke-dasharray="5 4"/>'
        )

    def circle(self, sign: str, at: Point, hue: str = DATA) -> Box:
        """An operation of two arrows: `+`, `×`."""
        around = Box(*at, 24, 24)
        self._add(
            f'<circle cx="{at[0]:g}" cy="{at[1]:g}" r="12" fill="{hue}" fill-opacity="0.15"'
            f' stroke="{hue}" stroke-width="1.4"/>'
        )
        self.label(sign, at)
        return around

    def label(self, text: str, at: Point, *, anchor: str = "middle", small: bool = False) -> None:
        """A line of text with its middle, `start` or `end` at a place; `h_{t−1}` has an index."""
        size = SMALL if small else TEXT
        self._add(
            f'<text {_place(at[0], at[1] + 0.35 * size)} font-size="{size}" text-anchor="{anchor}"'
            f' fill="currentColor" fill-opacity="{0.75 if small else 1}">{_indexed(text)}</text>'
        )

    def shape(self, text: str, at: Point, *, anchor: str = "middle") -> None:
        """What a tensor is called, or its shape, in small letters."""
        self.label(text, at, anchor=anchor, small=True)

    def line(self, *points: Point, dashed: bool = False) -> None:
        """A line with round corners."""
        dashes = ' stroke-dasharray="4 4" stroke-opacity="0.5"' if dashed else ""
        self._add(
            f'<path d="{_rounded(points)}" fill="none" stroke="currentColor"'
            f' stroke-width="1.4"{dashes}/>'
        )

    def arrow(self, *points: Point) -> None:
        """A line that ends in a head, whose tip is the last point."""
        (x, y), tip = points[-2], points[-1]
        length = math.dist((x, y), tip)
        across = (tip[0] - x) / length, (tip[1] - y) / length
        neck = tip[0] - HEAD * across[0], tip[1] - HEAD * across[1]
        self.line(*points[:-1], neck)
        sides = [
            (neck[0] + half * across[1], neck[1] - half * across[0])
            for half in (HEAD / 2, -HEAD / 2)
        ]
        corners = " ".join(f"{x:g},{y:g}" for x, y in (tip, *sides))
        self._add(f'<polygon points="{corners}" fill="currentColor"/>')

    def chain(self, *boxes: Box) -> None:
        """An arrow from each box down to the next."""
        for above, below in pairwise(boxes):
            self.arrow(above.bottom, below.top)

    def row(self, *boxes: Box) -> None:
        """An arrow from each box to the next on its right."""
        for before, after in pairwise(boxes):
            self.arrow(before.right, after.left)

    def matrix(
        self, shades: Sequence[Sequence[float]], at: Point, hue: str = DATA, *, cell: float = 16
    ) -> Box:
        """A table of cells, `shades` from 0 to 1, with its middle `at`."""
        rows, columns = len(shades), len(shades[0])
        around = Box(*at, columns * cell, rows * cell)
        for i, row in enumerate(shades):
            for j, shade in enumerate(row):
                middle = around.left[0] + (j + 0.5) * cell, around.top[1] + (i + 0.5) * cell
                self._rectangle(Box(*middle, cell - 2, cell - 2), hue, 0.08 + 0.72 * shade, 2)
        return around

    def polygon(self, corners: Sequence[Point], hue: str) -> None:
        """An area with straight edges."""
        points = " ".join(f"{x:g},{y:g}" for x, y in corners)
        self._add(
            f'<polygon points="{points}" fill="{hue}" fill-opacity="0.2" stroke="{hue}"'
            ' stroke-width="1.4" stroke-linejoin="round"/>'
        )

    def path(self, outline: str, hue: str) -> None:
        """An area with an outline of SVG's own."""
        self._add(
            f'<path d="{outline}" fill="{hue}" fill-opacity="0.3" stroke="{hue}"'
            ' stroke-width="1.4"/>'
        )

    def _rectangle(self, box: Box, hue: str, strength: float, radius: float = RADIUS) -> None:
        corner = box.x - box.width / 2, box.y - box.height / 2
        edge = 0.7 if hue == DATA else 1
        self._add(
            f'<rect {_place(*corner)} width="{box.width:g}" height="{box.height:g}" rx="{radius}"'
            f' fill="{hue}" fill-opacity="{strength:.2f}" stroke="{hue}" stroke-opacity="{edge}"'
            ' stroke-width="1.2"/>'
        )

    def _add(self, element: str) -> None:
        self._elements.append(element)


def _place(x: float, y: float) -> str:
    return f'x="{x:g}" y="{y:g}"'


def _indexed(text: str) -> str:
    """`h_t` and `h_{t−1}` with the index lower and smaller, names such as `tok_emb` as they are."""
    parts = re.split(r"(?<=\b\w)_(\w|\{.*?\})(?!\w)", text)
    return "".join(_index(part) if i % 2 else escape(part) for i, part in enumerate(parts))


def _index(text: str) -> str:
    # dy holds for all that follows, so that an empty character goes back up
    low = f'<tspan dy="0.28em" font-size="75%">{escape(text.strip("{}"))}</tspan>'
    return f'{low}<tspan dy="-0.21em">\u200b</tspan>'


def _rounded(points: Sequence[Point]) -> str:
    """A path along the points, its corners cut by curves."""
    path = f"M{points[0][0]:g},{points[0][1]:g}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        path += f"L{start[0]:g},{start[1]:g}Q{corner[0]:g},{corner[1]:g} {end[0]:g},{end[1]:g}"
    return path + f"L{points[-1][0]:g},{points[-1][1]:g}"


def _towards(corner: Point, other: Point) -> Point:
    share = min(RADIUS, math.dist(corner, other) / 2) / math.dist(corner, other)
    return corner[0] + share * (other[0] - corner[0]), corner[1] + share * (other[1] - corner[1])
