"""Where cells stand: students' order, but for what has to run before something else."""

from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.assignment.cells import CellName, Kind
from autograder.grading.repair.matching import Release
from autograder.grading.repair.syntax import outline


@dataclass(frozen=True)
class Placed:
    """A cell of the repaired notebook, and which released cell it is, if any."""

    cell: NotebookNode
    key: int | None = None


def place_of(key: int, cells: list[Placed], release: Release) -> int:
    """Where a missing cell belongs: behind the nearest one before it in the release.

    A check stands behind what the student wrote after that cell, the second half of it perhaps.
    """
    at = {placed.key: index for index, placed in enumerate(cells)}
    before = [k for k in range(key) if k in at]
    if not before:
        return 0
    place = at[before[-1]] + 1
    return _behind_extras(place, cells) if _is_check(key, release) else place


def _behind_extras(place: int, cells: list[Placed]) -> int:
    while place < len(cells) and cells[place].key is None:
        place += 1
    return place


def _is_check(key: int, release: Release) -> bool:
    return release.is_locked(key) and bool(release.roles[key].get("grade"))


def correct(cells: list[Placed], release: Release) -> list[str]:
    """Move imports and given cells before, and checks behind, the solutions they belong to."""
    report = []
    for key in range(len(release.cells)):
        moved = _check_behind(key, cells, release) or _given_before(key, cells, release)
        if moved:
            report.append(f"{release.name(key)}: {moved}")
    return report


def _check_behind(key: int, cells: list[Placed], release: Release) -> str:
    if not _is_check(key, release):
        return ""
    name = release.names[key]
    solution = release.by_name.get(CellName(Kind.SOLUTION, name.name)) if name else None
    if solution is None:
        return ""
    here, there = _index(key, cells), _index(solution, cells)
    if here is None or there is None or here > there:
        return ""
    check = cells.pop(here)
    cells.insert(_behind_extras(there, cells), check)
    return "stood before its solution, moved behind it"


def _has_role(placed: Placed, release: Release) -> bool:
    return placed.key is not None and bool(release.roles[placed.key])


def _given_before(key: int, cells: list[Placed], release: Release) -> str:
    """Given cells and imports depend on no one's work, and all work on them."""
    here = _index(key, cells)
    if here is None or not _is_given(key, cells[here], release):
        return ""
    later = [i for i, p in enumerate(cells[:here]) if p.key is not None and p.key > key]
    first = next((i for i in later if _has_role(cells[i], release)), None)
    if first is None:
        return ""
    cells.insert(first, cells.pop(here))
    return "stood too late, moved up"


def _is_given(key: int, placed: Placed, release: Release) -> bool:
    if release.roles[key]:
        return release.is_locked(key) and not _is_check(key, release)
    return placed.cell.cell_type == "code" and outline(placed.cell.source).imports


def _index(key: int | None, cells: list[Placed]) -> int | None:
    return next((i for i, placed in enumerate(cells) if placed.key == key), None)
