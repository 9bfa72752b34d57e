"""Repair: put a submission's own cells back into the shape of the released notebook."""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

# what stands in the text of a cell because metadata get lost: the build's first lines
MARKS = {
    "solution-{}": re.compile(r"^# exercise: (\w+)$", re.M),
    "check-{}": re.compile(r'^check\("(\w+)"', re.M),
    "answer-{}": re.compile(r"^\*\*(\w+)\*\* \([\d.]+ points\)", re.M),
}


@dataclass(frozen=True)
class Repaired:
    """A notebook that can be graded, and what had to be changed for that."""

    notebook: NotebookNode
    repairs: list[str] = field(default_factory=list)


def repair(submitted: NotebookNode, released: NotebookNode) -> Repaired:
    """The released notebook with the student's cells: solutions, answers, and whatever they added.

    Locked cells always come from the release; what is missing comes back where it stood. A solution
    found twice counts in its last version that is not the stub.
    """
    repairs: list[str] = []
    identify = _Identifier(released)
    found: dict[str, list[int]] = {}
    for index, cell in enumerate(submitted.cells):
        name = identify(cell)
        if name is not None:
            found.setdefault(name, []).append(index)
    chosen = {_choose(name, at, submitted, identify, repairs): name for name, at in found.items()}
    cells = [
        _merged(cell, identify.graded[chosen[index]], repairs) if index in chosen else _extra(cell)
        for index, cell in enumerate(submitted.cells)
    ]
    _restore_missing(cells, set(found), identify, repairs)
    notebook = copy.deepcopy(released)
    notebook.cells = _with_unique_ids(cells)
    return Repaired(notebook, repairs)


class _Identifier:
    """Which released cell a submitted cell is: by grade id, cell id, marked name, definition."""

    def __init__(self, released: NotebookNode) -> None:
        self.graded = {c.metadata.nbgrader.grade_id: c for c in released.cells if _has_role(c)}
        self.by_id = {cell.get("id"): name for name, cell in self.graded.items()}
        self.by_definition = {
            defined: name
            for name, cell in self.graded.items()
            if cell.metadata.nbgrader.solution and cell.cell_type == "code"
            for defined in _defined(cell.source)
        }

    def __call__(self, cell: NotebookNode) -> str | None:
        candidates = (
            cell.metadata.get("nbgrader", {}).get("grade_id"),
            self.by_id.get(cell.get("id")),
            *_marked(cell.source),
            *(self.by_definition.get(name) for name in _defined(cell.source)),
        )
        return next((name for name in candidates if name in self.graded), None)


def _has_role(cell: NotebookNode) -> bool:
    return "nbgrader" in cell.metadata


def _marked(source: str) -> Iterator[str]:
    for grade_id, pattern in MARKS.items():
        for name in pattern.findall(source):
            yield grade_id.format(name)


def _defined(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _choose(
    name: str, at: list[int], submitted: NotebookNode, identify: _Identifier, repairs: list[str]
) -> int:
    """Which of several cells of one name counts: the last that differs from the stub."""
    if len(at) > 1:
        repairs.append(f"{name}: found {len(at)} times, its last version counts")
    stub = identify.graded[name].source
    return next((i for i in reversed(at) if submitted.cells[i].source != stub), at[-1])


def _merged(cell: NotebookNode, original: NotebookNode, repairs: list[str]) -> NotebookNode:
    """The released cell, with the student's text and outputs where students may write."""
    name = original.metadata.nbgrader.grade_id
    merged = copy.deepcopy(original)
    if cell.cell_type != original.cell_type:
        repairs.append(f"{name}: was turned into a {cell.cell_type} cell")
    if original.metadata.nbgrader.solution:
        merged.source = cell.source
        if original.cell_type == "code":
            merged.outputs = cell.get("outputs", [])
    elif cell.source != original.source:
        repairs.append(f"{name}: was edited, restored")
    return merged


def _extra(cell: NotebookNode) -> NotebookNode:
    """A cell without a role: kept as it is, with no metadata but its tags."""
    kept = copy.deepcopy(cell)
    tags = cell.metadata.get("tags")
    kept.metadata = NotebookNode({"tags": tags} if isinstance(tags, list) else {})
    return kept


def _restore_missing(
    cells: list[NotebookNode], present: set[str], identify: _Identifier, repairs: list[str]
) -> None:
    """Put deleted cells back, each after the nearest one before it in the release."""
    previous: str | None = None
    for name, original in identify.graded.items():
        if name not in present:
            repairs.append(f"{name}: was missing, restored")
            cells.insert(_position_after(cells, previous), copy.deepcopy(original))
        previous = name


def _position_after(cells: list[NotebookNode], name: str | None) -> int:
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in cells]
    return names.index(name) + 1 if name in names else 0


def _with_unique_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    seen: set[str] = set()
    for index, cell in enumerate(cells):
        if cell.get("id") in seen or not cell.get("id"):
            cell["id"] = f"repaired-{index:03d}"
        seen.add(cell["id"])
    return cells
