"""Canvas's gradebook. Source: canvas-lms, lib/gradebook_exporter.rb and gradebook_importer.rb."""

import re

from autograder.course.exporting.layout import Layout, SheetError
from autograder.course.exporting.sheet import Sheet

TITLE = re.compile(r"(.+) \((\d+)\)")
COMPUTED = re.compile(r"(?:Current|Final) (?:Score|Points|Grade)|Override ", re.IGNORECASE)
READ_ONLY = "(read only)"


class Canvas(Layout):
    """Columns are called `Title (id)`; a row of points comes before the students."""

    name = "Canvas"

    def heads(self, cells: list[str]) -> bool:
        """Student and ID; or two names and ID."""
        first = [cell.strip() for cell in cells[:3]]
        return ("Student" in first[0] and first[1:2] == ["ID"]) or first == [
            *("LastName", "FirstName", "ID")
        ]

    def titles(self, headings: list[str]) -> dict[int, str]:
        """Those with an id: for another one Canvas would make a new assignment."""
        found = ((at, TITLE.fullmatch(heading.strip())) for at, heading in enumerate(headings))
        return {at: match[1] for at, match in found if match}

    def points(self, sheet: Sheet, headings: list[str], column: int) -> str:
        """From the row below, which sets them."""
        for row in sheet.rows:
            if "Points Possible" in row.cells[0] and column < len(row.cells):
                return row.cells[column]
        return ""

    def refuse(self, sheet: Sheet, headings: list[str], column: int) -> None:
        """Columns that Canvas passes over without a word."""
        heading = headings[column]
        if column not in self.titles(headings):
            raise SheetError(f"{heading!r} has no id, so that Canvas would make a new assignment")
        if COMPUTED.search(heading):
            raise SheetError(
                f"Canvas takes no column called {heading!r}: rename the assignment there, without "
                "Current, Final or Override, and export again"
            )
        if self.points(sheet, headings, column) == READ_ONLY:
            raise SheetError(f"{heading!r} is read only in Canvas")

    def keeps(self, cell: str, line: dict[str, str]) -> bool:
        """Excused, or not assigned."""
        return cell.upper() in ("EX", "N/A")
