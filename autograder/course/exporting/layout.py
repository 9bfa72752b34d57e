"""What the systems' gradebooks have in common, and where they may differ."""

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course.collecting.people import squeezed
from autograder.course.exporting.sheet import TOP, Row, Sheet
from autograder.errors import ToldError

NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


class SheetError(ToldError):
    """A gradebook that cannot be filled; the message says why, and what to do."""


@dataclass(frozen=True)
class Column:
    """Where an assignment's grades go; `points` is what it is worth there, where the file says."""

    index: int
    heading: str
    points: float | None = None


class Layout:
    """How a system writes its gradebook; each of them says what is its own."""

    name = "the gradebook"
    takes_more = True  # than an assignment is worth

    def heads(self, cells: list[str]) -> bool:
        """Whether a row is the one with the headings."""
        raise NotImplementedError

    def titles(self, headings: list[str]) -> dict[int, str]:
        """The assignments' own titles, by column, of those that take grades."""
        raise NotImplementedError

    def is_of_one(self, headings: list[str]) -> bool:
        """Whether it is a table of one assignment, whose column has no name of its own."""
        return False

    def points(self, sheet: Sheet, headings: list[str], column: int) -> str:
        """What an assignment is worth, somewhere in a text; empty where the file does not say."""
        return ""

    def refuse(self, sheet: Sheet, headings: list[str], column: int) -> None:
        """Raise SheetError where the system would not take what is put into a column."""

    def keeps(self, cell: str, line: dict[str, str]) -> bool:
        """Whether what stands in a cell, or beside it, forbids to write there."""
        return False

    def top(self, sheet: Sheet, path: Path) -> int:
        """The number of the row with the headings. Raises SheetError."""
        for number, row in enumerate(sheet.rows[:TOP]):
            if self.heads(row.cells):
                return number
        seen = ", ".join(sheet.rows[0].cells[:TOP]) or "nothing"
        raise SheetError(f"{path}: no gradebook of {self.name} (it begins with {seen})")

    def column(self, sheet: Sheet, top: Row, assignment: str, chosen: str | None) -> Column:
        """Where the grades of an assignment go. Raises SheetError where that is not one column.

        `chosen` is a heading or title that the instructor named.
        """
        headings, wanted = top.cells, chosen or assignment
        is_clear = not chosen and self.is_of_one(headings)
        found = [*self.titles(headings)] if is_clear else self._called(headings, wanted)
        if len(found) != 1:
            raise SheetError(self._choice(headings, wanted, len(found)))
        self.refuse(sheet, headings, found[0])
        worth = NUMBER.search(self.points(sheet, headings, found[0]))
        return Column(found[0], headings[found[0]], number(worth[0]) if worth else None)

    def _called(self, headings: list[str], wanted: str) -> list[int]:
        """Columns with this heading; failing that, with this title."""
        if exactly := [at for at, heading in enumerate(headings) if heading == wanted]:
            return exactly
        titles = self.titles(headings)
        return [at for at, title in titles.items() if squeezed(title) == squeezed(wanted)]

    def _choice(self, headings: list[str], wanted: str, found: int) -> str:
        offered = ", ".join(repr(headings[at]) for at in self.titles(headings)) or "none"
        several = f"{found} columns are" if found else "no column is"
        return f"{several} called {wanted!r}: choose one with --column (there: {offered})"


def number(text: str) -> float | None:
    """A number with either decimal sign; none where a text is no number."""
    text = text.strip()
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def has_comma(texts: list[str]) -> bool:
    """Whether numbers have a decimal comma, as far as any shows a sign."""
    signs = [text for text in map(str.strip, texts) if re.fullmatch(r"\d+[.,]\d+", text)]
    return bool(signs) and all("," in text for text in signs)
