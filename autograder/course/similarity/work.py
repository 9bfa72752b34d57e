"""What a student wrote: the code of a submission without what the release gave, by exercise."""

import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from autograder.assignment.cells import Kind, name_of
from autograder.checks.text.notebook import names_bound
from autograder.course.similarity.operations import Operation, operations, own_names, tree_of
from autograder.grading.limits import TookTooLongError, at_most
from autograder.grading.repair.matching import Release
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.grading.repair.rebuild import repair

SECONDS = 30.0  # of processor time for one notebook; ordinary ones need a twentieth of one
ELSEWHERE = "other cells"
LOCKED = (Kind.CHECK, Kind.CASES, Kind.COURSE)


@dataclass(frozen=True)
class Piece:
    """A cell that a student wrote, and the exercise that it answers."""

    exercise: str
    text: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Work:
    """The pieces of a student's submission, in the release's order."""

    student: str
    pieces: tuple[Piece, ...]
    is_earlier: bool = False  # of another year, named by its file


class Given:
    """What the released notebook, in whatever language, gives to everybody."""

    def __init__(self, released: NotebookNode, translations: Iterable[NotebookNode] = ()) -> None:
        self.release = Release(released)
        self.texts = {cell.source for nb in (released, *translations) for cell in nb.cells}

    @cached_property
    def names(self) -> set[str]:
        """Names that Python has, and those that the notebook's code binds and defines."""
        found = (own_names(tree_of(text)) | names_bound(text) for text in self._code)
        return set(dir(builtins)).union(*found)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Its code, as if a student had written it."""
        return tuple(_pieces([("", text) for text in self._code], self.names))

    @property
    def _code(self) -> Iterator[str]:
        return (cell.source for cell in self.release.cells if cell.cell_type == "code")


def work_of(student: str, path: Path, given: Given, is_earlier: bool = False) -> Work:
    """What a student wrote in a notebook. Raises SubmissionError."""
    try:
        with at_most(SECONDS):
            cells = list(own_cells(read_notebook(path), given))
            return Work(student, tuple(_pieces(cells, given.names)), is_earlier)
    except TookTooLongError as error:
        raise SubmissionError(f"{path}: reading its cells {error}") from None


def own_cells(submitted: NotebookNode, given: Given) -> Iterator[tuple[str, str]]:
    """Exercise and text of the cells that are not as they were given."""
    for cell in repair(submitted, given.release).notebook.cells:
        name = name_of(cell)
        if cell.cell_type != "code" or cell.source in given.texts:
            continue
        if name is None or name.kind not in LOCKED:
            is_answer = name is not None and name.kind is Kind.SOLUTION
            yield name.name if name and is_answer else ELSEWHERE, cell.source


def _pieces(cells: list[tuple[str, str]], given: set[str]) -> Iterator[Piece]:
    """Pieces of exercises and texts; what one of them defines is the student's own in all."""
    trees = [tree_of(text) for _, text in cells]
    own = {name for tree in trees for name in own_names(tree)} - given
    for (exercise, text), tree in zip(cells, trees, strict=True):
        yield Piece(exercise, text, tuple(operations(tree, own, given)))
