"""Tables that a course keeps for itself, and that people may look at and change."""

import csv
from collections.abc import Iterable
from pathlib import Path

from autograder.settings import SettingsError


def read_kept_rows(path: Path, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The rows of a table with these columns; none where there is no file. Raises SettingsError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [tuple(row[name].strip() for name in columns) for row in _rows(file, columns)]
    except FileNotFoundError:
        return []
    except (KeyError, ValueError, AttributeError, csv.Error):
        named = ", ".join(columns)
        raise SettingsError(f"{path}: not a table with the columns {named}: mend it") from None


def _rows(file: Iterable[str], columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Raises ValueError for other headings."""
    reader = csv.DictReader(file)
    if not {*columns} <= {*(reader.fieldnames or ())}:
        raise ValueError(reader.fieldnames)
    return [*reader]
