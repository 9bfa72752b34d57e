"""What was measured for an assignment's text, and its place in it: `[[run.figure:.2f]]`.

`autograder reproduce` writes the table, `figures.csv` beside the source.
"""

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.assignment.source import Cell, Source, SourceError
from autograder.checks.evidence import printable
from autograder.checks.language import _, speaking, spoken

TABLE = "figures.csv"
PLACE = re.compile(r"\[\[([A-Za-z_]\w*\.[^\n]*?)\]\](?!\])")
SECONDS = "seconds"  # of processor time, of a run as a whole


@dataclass(frozen=True)
class Row:
    """One number that one run gave with one seed, and from which code, on which machine."""

    run: str
    seed: int
    figure: str
    value: float
    digest: str
    device: str  # cpu or cuda
    machine: str


@dataclass(frozen=True)
class Measured:
    """A figure's values, one for each seed."""

    seeds: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean."""
        return sum(self.seeds) / len(self.seeds)

    @property
    def low(self) -> float:
        """The smallest."""
        return min(self.seeds)

    @property
    def high(self) -> float:
        """The largest."""
        return max(self.seeds)

    def __format__(self, form: str) -> str:
        """One number where all seeds print the same, else the smallest "to" the largest."""
        low, high = (format(value, form or ".3g") for value in (self.low, self.high))
        return low if low == high else _("{low} to {high}").format(low=low, high=high)


class Measures:
    """The figures of one run as attributes, among them `seconds` and `minutes`."""

    def __init__(self, figures: dict[str, Measured]) -> None:
        self.__dict__.update(figures)
        if seconds := figures.get(SECONDS):
            self.minutes = Measured(tuple(value / 60 for value in seconds.seeds))


def read_table(folder: Path) -> list[Row]:
    """The rows of the table in an assignment's folder; none where there is none."""
    path = folder / TABLE
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [_row(read) for read in csv.DictReader(file)]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(path, 1, f"not a table of figures: {printable(str(error))}") from None


def _row(read: dict[str, str]) -> Row:
    seed, value = int(read["seed"]), float(read["value"])
    return Row(**(read | {"seed": seed, "value": value}))  # type: ignore[arg-type]


def measured(rows: list[Row], device: str = "cpu") -> dict[str, Measures]:
    """Runs by name, as one kind of device measured them."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in sorted(rows, key=lambda row: row.seed):
        if row.device == device:
            found.setdefault(row.run, {}).setdefault(row.figure, []).append(row.value)
    return {
        run: Measures({name: Measured(tuple(values)) for name, values in figures.items()})
        for run, figures in found.items()
    }


def filled(source: Source) -> Source:
    """A source with numbers in the places of its Markdown. Raises SourceError where one lacks."""
    if not any(map(_has_places, source.cells)):
        return source
    runs = measured(read_table(source.path.parent))
    cells, translations = (
        tuple(_filled(cell, runs, source) if _has_places(cell) else cell for cell in every)
        for every in (source.cells, source.translations)
    )
    return replace(source, cells=cells, translations=translations)


def with_numbers(text: str, runs: dict[str, Measures]) -> str:
    """A text with its places filled. Raises LookupError, AttributeError, ValueError."""
    return PLACE.sub(lambda place: f"{{{place[1]}}}".format_map(runs), text)


def _has_places(cell: Cell) -> bool:
    return cell.kind == "markdown" and PLACE.search(cell.source) is not None


def _filled(cell: Cell, runs: dict[str, Measures], source: Source) -> Cell:
    for number, line in enumerate(cell.source.split("\n"), cell.line + 1):
        for place in PLACE.finditer(line):
            try:
                with_numbers(place[0], runs)
            except (LookupError, AttributeError, ValueError, TypeError):
                name = source.assignment
                problem = f"{place[0]} is not in {TABLE}: `autograder reproduce {name}` measures"
                raise SourceError(source.path, number, problem) from None
    with speaking(cell.language or spoken()):
        return replace(cell, source=with_numbers(cell.source, runs))
