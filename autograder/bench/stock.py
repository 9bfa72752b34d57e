"""An assignment as an ordinary nbgrader notebook: fixed inputs, expected numbers, plain asserts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import torch
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.assignment import regions
from autograder.assignment.cells import ARTEFACT_TAG, TRAINING_TAG, Kind, kind_of, name_of
from autograder.assignment.checks_text import ChecksText
from autograder.assignment.trial import Trial, load, trial
from autograder.assignment.validation import read_source
from autograder.authoring.notebook import instructor_notebook
from autograder.checks.probes import as_plain
from autograder.grading.repair.reading import read_notebook
from autograder.settings import Course

HELPER = """\
from math import inf, nan

import torch

from autograder.checks.probes import as_plain
from autograder.checks.spec import specs


def _answer(exercise, probe, subject, seed):
    probe = specs()[exercise].probes[probe]
    value, _, _ = probe.answer(subject, seed, frozenset())
    return probe, as_plain(probe.reading(value, seed))


def _obeys(exercise, probe, subject, seed):
    probe, value = _answer(exercise, probe, subject, seed)
    return probe.problem(value, seed) is None


def _matches(exercise, probe, subject, seed, expected):
    return _same(_answer(exercise, probe, subject, seed)[1], expected)


def _same(got, expected):
    if isinstance(expected, dict):
        return got.keys() == expected.keys() and all(_same(got[k], expected[k]) for k in got)
    if isinstance(expected, list):
        return len(got) == len(expected) and all(map(_same, got, expected))
    if isinstance(expected, (str, type(None))):
        return got == expected
    got, expected = torch.as_tensor(got), torch.as_tensor(expected)
    return torch.allclose(got.detach().double(), expected.double(), rtol=1e-4, atol=1e-5)"""


def stock_notebook(course: Course, assignment: str) -> NotebookNode:
    """nbgrader's `source` notebook, without training and model files, which only the kit knows."""
    source = read_source(course.source_path(assignment))
    nb = instructor_notebook(source, "", course)
    module = load(source)
    ours = {TRAINING_TAG, ARTEFACT_TAG}
    cells = [cell for cell in nb.cells if not ours & {*cell.metadata.get("tags", [])}]
    nb.cells = [cell for cell in cells if kind_of(cell) not in (Kind.COURSE, Kind.CASES)]
    for cell in nb.cells:
        name = name_of(cell)
        if name is not None and name.kind is Kind.CHECK:
            asserts = _asserts(trial(source, module, name.name), course.hidden_cases)
            cell.source = _hidden([ChecksText(source).complete(name.name), *asserts])
    nb.cells.insert(_after_imports(nb.cells), new_code_cell(HELPER))
    return nb


def _after_imports(cells: list[NotebookNode]) -> int:
    return 1 + next(i for i, cell in enumerate(cells) if "from autograder import" in cell.source)


def _hidden(lines: list[str]) -> str:
    return regions.hidden("\n".join(lines))


def _asserts(tested: Trial, seeds: int) -> Iterator[str]:
    """As many plain asserts as the kit has cases."""
    for (probe, seed), evidence in tested.one_by_one(range(seeds)):
        where = f"{tested.spec.exercise!r}, {probe!r}, {tested.name}, {seed}"
        if tested.spec.probes[probe].has_law:
            yield f"assert _obeys({where})"
        else:
            yield f"assert _matches({where}, {_literal(as_plain(evidence.value))})"


def _literal(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{k!r}: {_literal(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_literal, value)) + "]"
        case torch.Tensor() | np.ndarray():
            return f"torch.tensor({value.tolist()!r})"
    return repr(value)


def write_stock_course(root: Path, notebook: NotebookNode, assignment: str) -> None:
    """A course folder with nbgrader's default configuration and one assignment."""
    source = root / "source" / assignment / f"{assignment}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(notebook, source)


def write_stock_submission(root: Path, submitted: Path, student: str) -> None:
    """A student's cells from the kit's notebook, put into the stock one."""
    assignment = submitted.stem
    answers = {name_of(cell): cell.source for cell in read_notebook(submitted).cells}
    nb = read_notebook(root / "release" / assignment / submitted.name)
    for cell in nb.cells:
        if kind_of(cell) in (Kind.SOLUTION, Kind.ANSWER):
            cell.source = answers[name_of(cell)]
    path = root / "submitted" / student / assignment / submitted.name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(nb))
