"""Blackboard Learn's grade centre, worked on offline.

Source: Blackboard's help, "Work offline with grade data".
"""

import re

from autograder.course.collecting.roster import heading
from autograder.course.exporting.layout import Layout, SheetError
from autograder.course.exporting.sheet import Sheet

HEADING = re.compile(r"(?P<title>.*?)\s*(?:\[(?P<points>[^\]]*)\])?\s*\|(?P<id>\d+)")
USER = ("username", "user name", "anmeldename", "benutzername")


class Blackboard(Layout):
    """Columns are called `Title [Total Pts: 20 Score] |id`; who has them, the username says."""

    name = "Blackboard"

    def heads(self, cells: list[str]) -> bool:
        """The row with usernames, by which Blackboard finds its students."""
        return bool({*USER} & {*map(heading, cells)})

    def titles(self, headings: list[str]) -> dict[int, str]:
        """Those with an id: of another one Blackboard would make a column of texts."""
        found = ((at, HEADING.fullmatch(each.strip())) for at, each in enumerate(headings))
        return {at: match["title"] for at, match in found if match}

    def points(self, sheet: Sheet, headings: list[str], column: int) -> str:
        """From the heading."""
        match = HEADING.fullmatch(headings[column].strip())
        return (match["points"] or "") if match else ""

    def refuse(self, sheet: Sheet, headings: list[str], column: int) -> None:
        """Columns that would become others."""
        if column not in self.titles(headings):
            raise SheetError(
                f"{headings[column]!r} has no id, so that Blackboard would make a column of texts"
            )
