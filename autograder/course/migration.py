"""Bringing a gradebook into line with a new release, where submissions were graded before.

nbgrader refuses to add or remove cells then. Here the cells change, and with them what each
submission has: grades and comments are added, or go; marks given by hand never go unsaid.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TypeAlias

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
)

from autograder.assignment.cells import named
from autograder.errors import ToldError

Cell: TypeAlias = BaseCell | SourceCell
NAMED = 3  # students in a sentence; of more their number is said
# what nbgrader enters of a cell, and for which cells
ENTERED: dict[type[Cell], Callable[[NotebookNode], bool]] = {
    GradeCell: utils.is_grade,
    SolutionCell: utils.is_solution,
    SourceCell: lambda cell: (
        utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell)
    ),
}
HELD = {GradeCell: (Grade,), SolutionCell: (Comment,)}  # by submissions, of each cell
Place = tuple[type[Cell], str]


class MarksError(ToldError):
    """A release that marks given by hand would not survive."""


class Migration:
    """What a released notebook changes in an open gradebook."""

    def __init__(self, gradebook: Gradebook, assignment: str, released: NotebookNode) -> None:
        self.gradebook, self.assignment = gradebook, assignment
        self._wanted: dict[Place, NotebookNode] = {
            (kind, cell.metadata.nbgrader.grade_id): cell
            for cell in released.cells
            for kind, is_entered in ENTERED.items()
            if is_entered(cell)
        }

    @cached_property
    def _notebook(self) -> Notebook | None:
        try:
            return self.gradebook.find_notebook(self.assignment, self.assignment)
        except MissingEntry:
            return None

    @cached_property
    def _entered(self) -> dict[Place, Cell]:
        found = self._notebook
        cells = [*found.grade_cells, *found.solution_cells, *found.source_cells] if found else []
        return {(type(cell), cell.name): cell for cell in cells}

    @property
    def _removed(self) -> dict[Place, Cell]:
        return {at: cell for at, cell in self._entered.items() if at not in self._wanted}

    @property
    def _revalued(self) -> list[tuple[GradeCell, float]]:
        """Graded cells whose points change, and their new points."""
        both = self._entered.keys() & self._wanted.keys()
        cells = [(self._entered[at], self._wanted[at]) for at in both if at[0] is GradeCell]
        new = [(cell, float(node.metadata.nbgrader.points)) for cell, node in cells]
        return sorted(
            ((cell, points) for cell, points in new if points != cell.max_score),
            key=lambda change: change[0].name,
        )

    @property
    def is_needed(self) -> bool:
        """Whether the gradebook holds anything else than the release."""
        return self._entered.keys() != self._wanted.keys() or bool(self._revalued)

    @property
    def has_grades(self) -> bool:
        """Whether submissions were entered."""
        return bool(self._notebook and self._notebook.submissions)

    def told(self) -> Iterator[str]:
        """What will change for those who were graded, a line each."""
        count = len(self._notebook.submissions) if self._notebook else 0
        if not count:
            return
        for (kind, name), node in self._wanted.items():
            if kind is GradeCell and (kind, name) not in self._entered:
                worth = f"{node.metadata.nbgrader.points:g} points"
                yield f"+ {_said(name)}, {worth}, which {count} submissions do not have yet"
        for kind, name in self._removed:
            if kind is GradeCell:
                yield f"− {_said(name)}, with what {count} submissions earned there"
        for cell, points in self._revalued:
            marked = [_student(grade) for grade in cell.grades if _is_marked(grade)]
            again = f"; to be marked again: {_some(marked)}" if marked else ""
            yield f"{_said(cell.name)}: {cell.max_score:g} → {points:g} points{again}"

    def refuse_loss(self) -> None:
        """Raise MarksError where marks given by hand have no place in the release."""
        lost = [
            *(f"{_said(name)} is gone ({it})" for name, it in self._marked_and_gone()),
            *(
                f"{_said(cell.name)} has {points:g} points now ({_some(map(_student, above))} more)"
                for cell, points in self._revalued
                if (above := _above(cell, points))
            ),
        ]
        if lost:
            raise MarksError(
                f"marks given by hand would be lost: {'; '.join(lost)}: nothing was changed; put "
                f"it back, change these marks in the formgrader, or release with --discard-marks"
            )

    def _marked_and_gone(self) -> Iterator[tuple[str, str]]:
        for (_, name), cell in self._removed.items():
            if marked := [_student(each) for each in _held(cell) if _is_marked(each)]:
                yield name, _some(marked)

    def apply(self) -> None:
        """Change the cells, and what submissions have of them; nothing is committed here.

        Marks above the new points of a cell go, and other marks of it are to be looked at again.
        """
        if self._notebook is None or not self.has_grades:
            return
        for cell, points in self._revalued:
            for grade in _above(cell, points):
                grade.manual_score = grade.extra_credit = None
            for grade in cell.grades:
                grade.needs_manual_grade |= _is_marked(grade) or grade.auto_score is None
            cell.max_score = points
        for cell in self._removed.values():
            for each in [*_held(cell), cell]:
                self.gradebook.db.delete(each)
        for (kind, name), node in self._wanted.items():
            if (kind, name) not in self._entered:
                self._add(kind, name, node)

    def _add(self, kind: type[Cell], name: str, node: NotebookNode) -> None:
        assert self._notebook is not None
        points = {"max_score": float(node.metadata.nbgrader.points)} if kind is GradeCell else {}
        of_kind = {} if kind is SolutionCell else {"cell_type": node.cell_type}
        cell = kind(name=name, notebook=self._notebook, **points, **of_kind)
        self.gradebook.db.add(cell)
        for held in HELD.get(kind, ()):
            for submission in self._notebook.submissions:
                self.gradebook.db.add(held(cell=cell, notebook=submission))


def _held(cell: Cell) -> list[Grade | Comment]:
    """What submissions have of a cell."""
    return [] if isinstance(cell, SourceCell) else [*cell.grades, *cell.comments]


def _is_marked(each: Grade | Comment) -> bool:
    """Whether somebody wrote a score or a comment."""
    if isinstance(each, Comment):
        return bool(each.manual_comment)
    return each.manual_score is not None or bool(each.extra_credit)


def _above(cell: GradeCell, points: float) -> list[Grade]:
    """Marks given by hand that are more than so many points."""
    return [g for g in cell.grades if g.manual_score is not None and g.manual_score > points]


def _student(each: Grade | Comment) -> str:
    return str(each.notebook.student.id)


def _some(students: Iterable[str]) -> str:
    names = sorted({*students})
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} others"


def _said(grade_id: str) -> str:
    name = named(grade_id)
    return f"{name.kind} {name.name!r}" if name else repr(grade_id)
