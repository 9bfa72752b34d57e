"""The one table of all figures, FIGURES.md."""

from collections.abc import Iterator
from pathlib import Path

from autograder.assignment.measured import (
    SECONDS,
    Measures,
    Row,
    measured,
    read_table,
    with_numbers,
)
from autograder.checks.evidence import printable
from autograder.figures.code import digest
from autograder.figures.declared import Run, read_runs

PAGE = "FIGURES.md"
HEAD = """\
# Figures

What the notebooks state of trained models, measured with the references over seeds 0, 1 and 2.
Written by `autograder reproduce` (`make reproduce`), which measures what is missing. The build puts
the numbers into the notebooks, from the same tables, `solutions/*/figures.csv`. One number stands
for all seeds where they print the same. Times are seconds of processor time for one seed.
"Original" is what the handout reports of its own model, "baseline" what one gets without learning
what the run learns.
"""
COLUMNS = "| run | figure | original | here | baseline | time |\n|---|---|---|---|---|---:|"
CHANGED = "†"
NOT_MEASURED = "not measured"
OLDER = f"\n{CHANGED} measured before the code of this run was changed.\n"


def page(folders: list[Path]) -> str:
    """The whole page, for these assignments."""
    parts = [part for folder in folders if (part := _part(folder))]
    machines = sorted({row.machine for folder in folders for row in read_table(folder)})
    last = OLDER if any(CHANGED in part for part in parts) else ""
    return "\n".join([HEAD, f"Measured on: {'; '.join(machines)}.\n", *parts]) + last


def _part(folder: Path) -> str:
    rows, runs = read_table(folder), read_runs(folder)
    lines = [line for each in runs.values() for line in _lines(each, rows, folder)]
    return "\n".join([f"## {folder.name}\n", COLUMNS, *lines, ""]) if lines else ""


def _lines(declared: Run, rows: list[Row], folder: Path) -> Iterator[str]:
    own = [row for row in rows if row.run == declared.name]
    runs = measured(rows)
    code = digest(declared.name, folder)
    changed = CHANGED if any(row.digest != code for row in own) else ""
    first = f"{declared.title}{changed}"
    times = _times(own)
    for name, figure in declared.figures.items():
        here = _filled(f"[[{declared.name}.{name}:{figure.form}]]", runs)
        beside = (_told(value, figure.form) for value in (figure.original, figure.baseline))
        original, baseline = (_filled(text, runs) for text in beside)
        yield f"| {first} | {figure.title} | {original} | {_bold(here)} | {baseline} | {times} |"
        first = times = ""


def _told(value: float | str, form: str) -> str:
    """A baseline or an original's value as text."""
    return value if isinstance(value, str) else printable(format(value, form))


def _bold(text: str) -> str:
    return text if text == NOT_MEASURED else f"**{text}**"


def _filled(text: str, runs: dict[str, Measures]) -> str:
    try:
        return with_numbers(text, runs)
    except (LookupError, AttributeError):
        return NOT_MEASURED


def _times(rows: list[Row]) -> str:
    """On a CPU, and on a GPU where that was measured."""
    found = []
    for device, name in (("cpu", ""), ("cuda", " on a GPU")):
        seconds = [row.value for row in rows if (row.device, row.figure) == (device, SECONDS)]
        found += [f"{sum(seconds) / len(seconds):.0f}{name}"] if seconds else []
    return ", ".join(found)
