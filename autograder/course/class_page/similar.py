"""Pairs of students whose code is alike, as another command wrote them beside the class page."""

import csv
from dataclasses import dataclass
from pathlib import Path

from autograder.settings import SettingsError

FILE = "similar.csv"
COLUMNS = ("student_a", "student_b", "share")


@dataclass(frozen=True)
class Pair:
    """Two students, and the share of their code that is alike, from 0 to 1."""

    first: str
    second: str
    share: float


def similar_pairs(folder: Path) -> list[Pair]:
    """The pairs in a folder's file, the most alike first; none where there is no file.

    Raises SettingsError where it is no such table.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            heading, *lines = csv.reader(file)
        columns = [heading.index(name) for name in COLUMNS]
        pairs = [_pair(*(line[column] for column in columns)) for line in lines]
    except (ValueError, IndexError, csv.Error):
        raise SettingsError(
            f"{path}: no table with {', '.join(COLUMNS)}: write it again, or delete it"
        ) from None
    return sorted(pairs, key=lambda pair: (-pair.share, pair.first, pair.second))


def _pair(first: str, second: str, text: str) -> Pair:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return Pair(first, second, share)
