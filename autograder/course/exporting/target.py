"""The column of a system's file that takes the grades of an assignment."""

from pathlib import Path

from autograder.course.exporting.layout import Layout, SheetError, has_comma
from autograder.course.exporting.lines import lines_of
from autograder.course.exporting.sheet import read_sheet

EMPTY = {"", "-"}  # a dash is Moodle's and Canvas's word for no grade


class Target:
    """A file, how it is laid out, and the column to be filled. Raises SheetError, SettingsError."""

    def __init__(self, path: Path, layout: Layout, assignment: str, chosen: str | None) -> None:
        self.layout, self._sheet = layout, read_sheet(path)
        self._top = layout.top(self._sheet, path)
        headings = self._sheet.rows[self._top]
        try:
            self.column = layout.column(self._sheet, headings, assignment, chosen)
        except SheetError as error:
            raise SheetError(f"{path}: {error}") from None
        worth = layout.points(self._sheet, headings.cells, self.column.index)
        self.lines = lines_of(self._sheet, self._top)
        self._has_comma = has_comma([worth, *map(self.cell, self.lines)])

    def cell(self, row: int) -> str:
        """What stands in the column."""
        return self._sheet.rows[row].cells[self.column.index].strip()

    def is_kept(self, row: int) -> bool:
        """Whether the system, or somebody who works with it, has said what shall stand there."""
        return self.layout.keeps(self.cell(row), self.lines[row])

    def put(self, row: int, points: float) -> None:
        """Write a grade, with the file's decimal sign."""
        text = f"{points:.2f}".rstrip("0").rstrip(".")
        text = text.replace(".", ",") if self._has_comma else text
        self._sheet.put(row, self.column.index, text)

    @property
    def data(self) -> bytes:
        """The file."""
        return self._sheet.data
