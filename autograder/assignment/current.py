"""Whether a released notebook is the one that its source would be built to, as far as grades go."""

from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.assignment.cells import CellName, Kind, name_of
from autograder.assignment.source import Source
from autograder.errors import ToldError

GRADING = (Kind.SOLUTION, Kind.CHECK, Kind.ANSWER)
Graded = dict[CellName, tuple[float, str]]  # points, and the line of a check


class StaleError(ToldError):
    """A source that was changed and not built again; the message says what to do."""


def refuse_stale(source: Source, released: NotebookNode) -> None:
    """Raise StaleError where cells, points, check lines or given code differ.

    Texts and visible cases may differ: nobody is graded by them.
    """
    for difference in _differences(source, released):
        raise StaleError(
            f"notebooks/{source.assignment} is not what solutions/ says ({difference}): run "
            f"`autograder release {source.assignment}`, or put the source back"
        )


def _differences(source: Source, released: NotebookNode) -> Iterator[str]:
    wanted, found = _of_source(source), _of_notebook(released)
    for name in [*wanted, *found]:
        if name not in found:
            yield f"{name.grade_id} is missing there"
        elif name not in wanted:
            yield f"{name.grade_id} is not in the source"
        elif wanted[name] != found[name]:
            yield f"{name.grade_id} has other points or checks another name"
    texts = {cell.source for cell in released.cells}
    for cell in source.cells:
        if cell.kind == "code" and cell.role is None and cell.source not in texts:
            yield f"the code of line {cell.line} is missing there"


def _of_source(source: Source) -> Graded:
    checks = {CellName(Kind.CHECK, n): (c.points, c.source) for n, c in source.exercises.items()}
    answers = {CellName(Kind.ANSWER, name): (c.points, "") for name, c in source.answers.items()}
    return {
        **{CellName(Kind.SOLUTION, n): (0.0, "") for n in source.solutions},
        **checks,
        **answers,
    }


def _of_notebook(released: NotebookNode) -> Graded:
    named = {name: cell for cell in released.cells if (name := name_of(cell)) is not None}
    return {
        name: (
            float(cell.metadata.nbgrader.get("points", 0)),
            cell.source.strip() if name.kind is Kind.CHECK else "",
        )
        for name, cell in named.items()
        if name.kind in GRADING
    }
