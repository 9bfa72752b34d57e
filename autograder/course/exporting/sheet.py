"""A table as another program wrote it: single cells are changed, and every other byte stays.

Systems read back what they wrote, and nothing else with certainty: quotes, separators, line ends,
encoding and byte-order mark are those of the file.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course.encodings import MARK, decoded
from autograder.settings import SettingsError

SEPARATORS = (",", ";", "\t")
TOP = 5  # rows that are looked at to see which one it is
# RFC 4180's quoted cell, and that of PHP, in which a backslash keeps a quote from ending it
QUOTED = (r'"(?:[^"]|"")*"', r'"(?:[^"\\]|\\.|"")*"')


@dataclass
class Row:
    """The cells of a row as they are written, and how it ends."""

    written: list[str]
    end: str

    @property
    def cells(self) -> list[str]:
        """What the cells hold."""
        return [_value(cell) for cell in self.written]

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(self.cells)


class Sheet:
    """The rows of a file; `data` is the file as it would be written again."""

    def __init__(self, data: bytes) -> None:
        text, self._encoding = decoded(data)
        self._mark = MARK if text.startswith(MARK) else ""
        text = text.removeprefix(MARK)
        self._separator = max(SEPARATORS, key=lambda each: _widths(_rows(text, each, QUOTED[0])))
        readings = [_rows(text, self._separator, quoted) for quoted in QUOTED]
        self.rows = next(filter(_is_even, readings), readings[0])

    def put(self, row: int, column: int, text: str) -> None:
        """Write a text into a cell, quoted where the cell was, or where it has to be."""
        cells = self.rows[row].written
        needs_quotes = any(each in text for each in (self._separator, '"', "\r", "\n"))
        quoted = '"' + text.replace('"', '""') + '"'
        cells[column] = quoted if needs_quotes or cells[column].startswith('"') else text

    @property
    def data(self) -> bytes:
        """The whole file."""
        rows = (self._separator.join(row.written) + row.end for row in self.rows)
        return (self._mark + "".join(rows)).encode(self._encoding)


def read_sheet(path: Path) -> Sheet:
    """The table in a file. Raises SettingsError where there is none to read."""
    try:
        return Sheet(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None


def _rows(text: str, separator: str, quoted: str) -> list[Row]:
    plain = rf"[^{separator}\r\n]*"
    cell = re.compile(rf"({quoted}{plain}|{plain})({separator}|\r\n|\n|\r|\Z)", re.DOTALL)
    rows, cells, at = [], [], 0
    while True:
        found = cell.match(text, at)
        assert found, "a cell may be empty"
        cells.append(found[1])
        at = found.end()
        if found[2] != separator:
            rows.append(Row(cells, found[2]))
            cells = []
            if at == len(text):
                return rows


def _widths(rows: list[Row]) -> tuple[int, ...]:
    """Of the first row, which no student writes; where it is a title, of those below."""
    return tuple(len(row.written) for row in rows[:TOP])


def _is_even(rows: list[Row]) -> bool:
    return len({len(row.written) for row in rows if not row.is_blank}) <= 1


def _value(cell: str) -> str:
    if cell.startswith('"') and cell.endswith('"') and len(cell) > 1:
        return cell[1:-1].replace('""', '"')
    return cell
