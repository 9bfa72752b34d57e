"""Pictures of what notebooks build: whole, readable, and nothing written over anything else."""

import re
from itertools import combinations, pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from matplotlib.font_manager import findfont, get_font

from autograder.tools import diagrams

FONT = get_font(findfont("DejaVu Sans"))
SVG = "{http://www.w3.org/2000/svg}"
ALL = [pytest.param(getattr(diagrams, name)(), id=name) for name in diagrams.__all__]


class Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Area") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Area") -> bool:
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


def width(text: str, size: float) -> float:
    """In DejaVu Sans, which is wider than what most pages are set in."""
    FONT.set_size(size, 72)
    FONT.set_text(text)
    return FONT.get_width_height()[0] / 64


def area_of_text(element: ElementTree.Element) -> Area:
    size, x, y = (float(element.get(name)) for name in ("font-size", "x", "y"))
    # an index is smaller than what is measured
    wide = width("".join(element.itertext()).replace("\u200b", ""), size)
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[element.get("text-anchor")]
    return Area(left, y - 0.75 * size, left + wide, y + 0.2 * size)


def area_of_box(element: ElementTree.Element) -> Area:
    x, y, w, h = (float(element.get(name)) for name in ("x", "y", "width", "height"))
    return Area(x, y, x + w, y + h)


def pieces(element: ElementTree.Element) -> list[Area]:
    """The straight pieces of a line, each as a narrow area."""
    numbers = re.findall(r"(-?[\d.]+),(-?[\d.]+)", element.get("d"))
    points = [(float(x), float(y)) for x, y in numbers]
    return [
        Area(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]) + 0.1, max(a[1], b[1]) + 0.1)
        for a, b in pairwise(points)
        if a[0] == b[0] or a[1] == b[1]
    ]


@pytest.fixture(params=ALL)
def diagram(request):
    return request.param


@pytest.fixture
def svg(diagram):
    return ElementTree.fromstring(diagram.svg)


def texts(svg):
    return {
        "".join(text.itertext()) + f" {i}": area_of_text(text)
        for i, text in enumerate(svg.iter(f"{SVG}text"))
    }


def test_a_page_and_a_terminal_get_it(diagram):
    assert diagram.svg in diagram._repr_html_()
    assert repr(diagram) == f"{diagram.title}: {diagram.description}"
    assert "<" not in repr(diagram)


def test_title_and_description_are_read_aloud(diagram, svg):
    assert svg.find(f"{SVG}title").text == diagram.title != ""
    assert len(svg.find(f"{SVG}desc").text.split()) >= 20
    assert svg.get("role") == "img"


def test_letters_and_lines_take_the_colour_of_the_page(svg):
    assert {text.get("fill") for text in svg.iter(f"{SVG}text")} == {"currentColor"}
    assert svg.get("font-family") == "inherit"
    strengths = [e.get("fill-opacity") for e in svg.iter(f"{SVG}rect")]
    assert strengths and all(float(strength) < 0.9 for strength in strengths)


def test_all_is_inside_and_not_too_wide(diagram, svg):
    page = Area(0, 0, *diagram.size)
    assert diagram.size[0] <= 900
    areas = [*texts(svg).values(), *map(area_of_box, svg.iter(f"{SVG}rect"))]
    assert [area for area in areas if not page.holds(area)] == []


def test_no_two_labels_overlap(svg):
    placed = texts(svg)
    assert [(a, b) for a, b in combinations(placed, 2) if placed[a].meets(placed[b])] == []


def test_labels_are_inside_of_boxes_or_outside(svg):
    boxes = [*map(area_of_box, svg.iter(f"{SVG}rect"))]
    cut = [
        name
        for name, text in texts(svg).items()
        for box in boxes
        if text.meets(box) and not box.holds(text)
    ]
    assert cut == []


def test_no_line_goes_through_a_label(svg):
    lines = [
        piece
        for path in svg.iter(f"{SVG}path")
        if path.get("fill") == "none"
        for piece in pieces(path)
    ]
    crossed = [name for name, text in texts(svg).items() if any(text.meets(x) for x in lines)]
    assert crossed == []
