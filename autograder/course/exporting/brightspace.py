"""Brightspace's grades. Source: community.d2l.com, knowledge base, article 3538."""

import re

from autograder.course.collecting.roster import heading
from autograder.course.exporting.layout import Layout, SheetError
from autograder.course.exporting.sheet import Sheet

HEADING = re.compile(r"(?P<title>.+) Points Grade(?: <(?P<more>[^>]*)>)?")
POINTS = re.compile(r"MaxPoints:\s*([\d.,]+)")
END = "End-of-Line Indicator"


class Brightspace(Layout):
    """Columns are called `Title Points Grade`; a last one, of `#`, ends every line."""

    name = "Brightspace"
    takes_more = False

    def heads(self, cells: list[str]) -> bool:
        """One of the two ids by which Brightspace finds its students."""
        return bool({"orgdefinedid", "username"} & {*map(heading, cells)})

    def titles(self, headings: list[str]) -> dict[int, str]:
        """Those that take points."""
        found = ((at, HEADING.fullmatch(each.strip())) for at, each in enumerate(headings))
        return {at: match["title"] for at, match in found if match}

    def points(self, sheet: Sheet, headings: list[str], column: int) -> str:
        """From the heading, where it says more than a name."""
        match = POINTS.search(headings[column])
        return match[1] if match else ""

    def refuse(self, sheet: Sheet, headings: list[str], column: int) -> None:
        """What Brightspace does not read as points, or at all."""
        if column not in self.titles(headings):
            raise SheetError(f"{headings[column]!r} takes no points: export Points Grade")
        if headings[-1].strip() != END:
            raise SheetError(f"the last column is not {END}: export it again, as it was written")
