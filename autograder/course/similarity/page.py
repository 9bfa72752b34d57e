"""The page of pairs: one file that needs nothing else, in which nothing runs."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from autograder.course.collecting.outcome import plain
from autograder.course.similarity.comparison import Comparison
from autograder.course.similarity.pairs import Pair, clusters
from autograder.course.similarity.sides import Mark, Side, beside
from autograder.grading.pages.filters import in_time, kept
from autograder.grading.pages.policy import nothing_runs
from autograder.grading.pages.templates import environment, highlighted

FOLDER = Path(__file__).parent
MOST_PAIRS = 30  # side by side; the table has all
MOST_LINES, LONGEST_LINE = 300, 300  # of a cell, and characters of a line


def pairs_page(
    assignment: str,
    comparison: Comparison,
    pairs: list[Pair],
    above: float,
    names: Mapping[str, str],
) -> str:
    """The pairs from a share on, the first of them side by side; `names` by student's id."""
    budget: dict[str, Any] = {}  # of processor time, for the texts of this page
    return _template().render(
        assignment=assignment,
        comparison=comparison,
        pairs=pairs,
        shown=pairs[:MOST_PAIRS],
        groups=clusters(pairs),
        above=above,
        beside=beside,
        student=lambda at: plain(comparison.works[at].student),
        name=lambda at: plain(names.get(comparison.works[at].student, "")),
        lines=lambda side: list(_lines(side, budget)),
        policy=nothing_runs(),
    )


def _lines(side: Side, budget: dict[str, Any]) -> Iterator[tuple[Markup, Mark]]:
    """The lines of a cell, coloured, with their marks."""
    written = side.text.expandtabs(4).split("\n")
    shown = [plain(line)[:LONGEST_LINE] for line in written[:MOST_LINES]]
    text = "\n".join(shown)
    html = in_time(budget, lambda: kept(highlighted, text), lambda: escape(text))
    for number, line in enumerate(html.split("\n")[: len(shown)], 1):
        yield Markup(line), side.marks.get(number, Mark.NONE)
    if len(written) > MOST_LINES:
        yield Markup(f"… {len(written) - MOST_LINES} more lines"), Mark.NONE


@lru_cache(1)
def _template() -> Template:
    found = environment(FOLDER)
    found.filters["percent"] = "{:.0%}".format
    return found.get_template("pairs.html.j2")
