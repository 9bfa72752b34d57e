"""Which cells of a repaired notebook have to run for its evidence."""

import ast
import contextlib
import itertools
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

from nbformat import NotebookNode

from autograder.assignment.cells import (
    ARTEFACT_TAG,
    LOOK_TAG,
    TRAINING_TAG,
    VISIBLE_KEY,
    Kind,
    kind_of,
    name_of,
)
from autograder.assignment.definitions import words_in, words_of
from autograder.checks.text.cells import MAX_CELL, NOT_PYTHON, parsed
from autograder.grading.forks.requests import Step
from autograder.grading.parts import lost, parts
from autograder.grading.repair.syntax import outline

WORD = re.compile(r"\w+")


def needed_steps(repaired: NotebookNode, released: NotebookNode) -> Iterator[Step]:
    """Cells to run, in order, and checks in the place of check cells.

    Left out are the course's own checking, training and checks of model files, found by id or by
    text, and what only shows something, unless a student's cell reads a variable of it.
    """
    cells = [cell for cell in repaired.cells if cell.cell_type == "code"]
    skipped = _tagged(released, TRAINING_TAG, ARTEFACT_TAG) | _unread(cells, released)
    given = {cell.id: cell.source for cell in released.cells if _is_given(cell)}
    index = itertools.count()
    for cell in cells:
        name = name_of(cell)
        if {cell.get("id"), cell.source} & skipped or _only_for_students(cell):
            continue
        if name is not None and name.kind is Kind.CHECK:
            yield Step(next(index), "", name.name)
        else:
            texts = _texts(cell.source, given.get(cell.get("id"), ""))
            yield from (Step(next(index), text, cell=cell.id) for text in texts)


def _texts(source: str, given: str) -> list[str]:
    """A cell in parts; what was given and a student's version lacks comes first."""
    if source == given:
        return [source]
    written = parts(source)
    return [*lost(given, written), *written]


def _is_given(cell: NotebookNode) -> bool:
    """Whether other cells may rest on it, and students need not write in it."""
    return cell.cell_type == "code" and name_of(cell) is None and outline(cell.source).is_needed


def training_steps(repaired: NotebookNode) -> Iterator[Step]:
    """All code that is not the course's checking, to train a model again as the student did."""
    for index, cell in enumerate(repaired.cells):
        checking = _only_for_students(cell) or kind_of(cell) is Kind.CHECK
        if cell.cell_type == "code" and not checking:
            yield Step(index, cell.source)


def _only_for_students(cell: NotebookNode) -> bool:
    """Whether a cell holds what students' own checks need: the key, or the visible cases."""
    return name_of(cell) == VISIBLE_KEY or kind_of(cell) is Kind.CASES


def _tagged(released: NotebookNode, *tags: str) -> set[str]:
    """Ids and texts of the released cells with one of these tags."""
    cells = [cell for cell in released.cells if any(_has_tag(cell, tag) for tag in tags)]
    return {cell.get("id") for cell in cells} | {cell.source for cell in cells}


def _unread(cells: list[NotebookNode], released: NotebookNode) -> set[str]:
    """Texts of the released cells to look at whose variables no student's cell reads."""
    given = {cell.source for cell in released.cells}
    looks = [cell.source for cell in released.cells if _has_tag(cell, LOOK_TAG)]
    read = {name for cell in cells if cell.source not in given for name in _reads(cell.source)}
    unread = set()
    for source in reversed(looks):  # one that is read may itself read those before it
        if _assigns(source) & read:
            read |= _reads(source)
        else:
            unread.add(source)
    return unread


@lru_cache(maxsize=1024)
def _reads(source: str) -> frozenset[str]:
    """Names that a cell takes from cells before it; every word of one that is not Python."""
    with contextlib.suppress(*NOT_PYTHON), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if len(source) <= MAX_CELL:
            return words_in(source)
    with contextlib.suppress(*NOT_PYTHON):
        if tree := parsed(source):  # without IPython's own lines
            return frozenset(words_of(tree))
    return frozenset(WORD.findall(source))


@lru_cache(maxsize=256)
def _assigns(source: str) -> frozenset[str]:
    tree = parsed(source)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)] if tree else []
    return frozenset(name.id for name in names if isinstance(name.ctx, ast.Store))


def _has_tag(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])
