"""An assignment as an ordinary nbgrader notebook: fixed inputs, expected numbers, plain asserts."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import torch
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.authoring.notebook import ARTEFACT_TAG, TRAINING_TAG, instructor_notebook
from autograder.assignment.trial import Trial, load, trial
from autograder.assignment.validation import read_source
from autograder.checks.probes import Probe, as_plain, observe, read
from autograder.grading.submission import read_notebook
from autograder.settings import Course

HELPER = """\
from math import inf, nan


def probe(**_):
    return lambda run: run


def _matches(got, expected):
    if isinstance(expected, dict):
        return got.keys() == expected.keys() and all(_matches(got[k], expected[k]) for k in got)
    if isinstance(expected, list):
        return len(got) == len(expected) and all(map(_matches, got, expected))
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
    nb.cells = [cell for cell in cells if _grade_id(cell) not in ("setup", "visible_key")]
    for cell in nb.cells:
        role, name = _grade_id(cell).partition("-")[::2]
        if role == "check":
            cases = list(_asserts(trial(source, module, name), course.hidden_cases))
            cell.source = _with_asserts(cell.source, cases)
    nb.cells.insert(_after_imports(nb.cells), new_code_cell(HELPER))
    return nb


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _after_imports(cells: list[NotebookNode]) -> int:
    return 1 + next(i for i, cell in enumerate(cells) if "from autograder import" in cell.source)


def _with_asserts(check: str, asserts: list[str]) -> str:
    """A check cell whose calls of `check` are asserts, hidden from students."""
    lines = [line for line in check.split("\n") if "HIDDEN TESTS" not in line]
    calls = [node for node in ast.parse("\n".join(lines)).body if _is_check(node)]
    for call in calls:
        lines[call.lineno - 1 : call.end_lineno] = [""] * (call.end_lineno - call.lineno + 1)
    return "\n".join([*lines, "### BEGIN HIDDEN TESTS", *asserts, "### END HIDDEN TESTS"])


def _is_check(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "check"
    )


def _asserts(tested: Trial, seeds: int) -> Iterator[str]:
    for probe in tested.probes:
        for seed in range(seeds):
            yield _assert(probe, tested.subject, seed)


def _assert(probe: Probe, subject: Any, seed: int) -> str:
    rng = f"Rng({seed}, {probe.name!r})"
    got = f"{probe.name}({subject.__name__}, {rng})"
    if probe.law is not None:
        return f"assert {probe.law.__name__}({got}) is None"
    if probe.read is not None:
        got = f"{probe.read.__name__}({got}, {rng})"
    value = read(probe, observe(probe, subject, seed), seed).value
    return f"assert _matches({got}, {_literal(as_plain(value))})"


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
    answers = {_grade_id(cell): cell.source for cell in read_notebook(submitted).cells}
    nb = read_notebook(root / "release" / assignment / submitted.name)
    for cell in nb.cells:
        if _grade_id(cell).startswith(("solution-", "answer-")):
            cell.source = answers[_grade_id(cell)]
    path = root / "submitted" / student / assignment / submitted.name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(nb))
