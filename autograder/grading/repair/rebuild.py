"""Repair: put a submission's own cells back into the shape of the released notebook."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.assignment.cells import TRAINING_TAG, Kind, kind_of
from autograder.grading.repair import cell_order
from autograder.grading.repair.amount import leave_out_largest
from autograder.grading.repair.candidates import Plan, plan
from autograder.grading.repair.cell_order import Placed
from autograder.grading.repair.copies import copied
from autograder.grading.repair.matching import Claim, Release, claims, squeezed
from autograder.grading.repair.normalise import CONVERTED, DROPPED, free_id, tags
from autograder.grading.repair.syntax import outline

LISTED = 3  # names in one line of the report


@dataclass(frozen=True)
class Repaired:
    """A notebook that can be graded, and what had to be changed for that."""

    notebook: NotebookNode
    repairs: list[str] = field(default_factory=list)


def repair(submitted: NotebookNode, release: Release) -> Repaired:
    """The released notebook with the student's cells: solutions, answers, and whatever they added.

    `submitted` is a valid notebook. Locked cells always come from the release; what is missing
    comes back where it stood. A solution found several times counts in its last complete version.
    Never raises, whatever is submitted.
    """
    submitted = copied(submitted)
    left_out = leave_out_largest(submitted.cells)
    found = claims(submitted.cells, release)
    made = plan(submitted.cells, found, release)
    cells = _rebuilt(submitted.cells, made, release)
    restored = _restore(cells, release)
    moved = cell_order.correct(cells, release)
    notebook = NotebookNode({**release.notebook, "metadata": copied(release.notebook.metadata)})
    notebook.cells = _with_own_ids(cells, release)
    repairs = [
        *_said_of_format(submitted),
        *left_out,
        *_said_of_metadata(submitted.cells, found, made, release),
        *made.report,
        *_said_of_cells(submitted.cells, made, release),
        *restored,
        *moved,
    ]
    return Repaired(notebook, _grouped(repairs))


def _rebuilt(cells: list[NotebookNode], made: Plan, release: Release) -> list[Placed]:
    placed = []
    for index, cell in enumerate(cells):
        key = made.chosen.get(index)
        if key is not None and _keeps_its_place(cell, key, release):
            placed.append(Placed(_merged(cell, key, made, release), key))
        elif index not in made.dropped:
            placed.append(Placed(_extra(cell)))
        for key in made.extracted.get(index, []):
            placed.append(Placed(_with_text(made.text[key], key, release), key))
    return placed


def _keeps_its_place(cell: NotebookNode, key: int, release: Release) -> bool:
    """Whether a cell is its released cell: one without a role may be made text, or text code."""
    original = release.cells[key]
    same = cell.cell_type == original.cell_type
    return same or bool(release.roles[key]) or _is_needed(original)


def _is_needed(cell: NotebookNode) -> bool:
    training = TRAINING_TAG in cell.metadata.get("tags", [])
    return cell.cell_type == "code" and not training and outline(cell.source).is_needed


def _merged(cell: NotebookNode, key: int, made: Plan, release: Release) -> NotebookNode:
    """The released cell, with the student's text and outputs where students may write."""
    merged = copied(release.cells[key])
    if release.is_locked(key):
        return merged
    merged.source = made.text.get(key, cell.source)
    if merged.cell_type == "code":
        merged.outputs = cell.get("outputs", [])
    elif cell.get("attachments"):
        merged["attachments"] = cell.attachments  # pictures in a written answer
    return merged


def _with_text(source: str, key: int, release: Release) -> NotebookNode:
    cell = copied(release.cells[key])
    cell.source = source
    return cell


def _extra(cell: NotebookNode) -> NotebookNode:
    """A cell without a role: kept as it is, with no metadata but its tags."""
    kept = copied(cell)
    found = tags(cell.metadata.get("tags"))
    kept.metadata = NotebookNode({"tags": found} if found else {})
    return kept


def _restore(cells: list[Placed], release: Release) -> list[str]:
    """Put deleted cells back, each after the nearest one before it in the release."""
    present, report = {placed.key for placed in cells}, []
    for key, original in enumerate(release.cells):
        if key not in present and (release.roles[key] or _is_needed(original)):
            at = cell_order.place_of(key, cells, release)
            cells.insert(at, Placed(copied(original), key))
            lost = release.is_written(key)
            what = "not found, graded as missing" if lost else "was missing, restored"
            report.append(f"{release.name(key)}: {what}")
    return report


def _said_of_format(nb: NotebookNode) -> Iterator[str]:
    version = nb.metadata.get(CONVERTED)
    if isinstance(version, int) and version < 4:
        yield f"notebook: was saved in format {version}, converted"


def _said_of_metadata(
    cells: list[NotebookNode], found: list[Claim | None], made: Plan, release: Release
) -> Iterator[str]:
    with_metadata = {claim.key for claim in found if claim and claim.evidence == "grade id"}
    for index, key in sorted(made.chosen.items(), key=lambda item: item[1]):
        claim, role = found[index], release.roles[key]
        if not role or claim is None:
            continue
        if key not in with_metadata:
            yield f"{release.name(key)}: metadata lost, found by {claim.evidence}"
        elif claim.evidence == "grade id" and _is_changed(cells[index], role):
            yield f"{release.name(key)}: nbgrader metadata changed, restored"


def _grouped(lines: list[str]) -> list[str]:
    """One line for each thing that was done, not one for each cell."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        name, _, what = line.partition(": ")
        groups.setdefault(what, []).append(name)
    return [f"{_listed(names)}: {what}" for what, names in groups.items()]


def _is_changed(cell: NotebookNode, role: NotebookNode) -> bool:
    """Whether nbgrader's metadata are not the released ones, of this or an older release."""
    newer = {"checksum": "", "points": None}  # what another release may have changed
    return {**cell.metadata.nbgrader, **newer} != {**role, **newer}


def _is_of_a_release(cell: NotebookNode) -> bool:
    """Whether a locked cell is as nbgrader's checksum in it says, which a release has written."""
    role = cell.metadata.get("nbgrader")
    try:
        return bool(role["checksum"] == compute_checksum(cell))
    except (KeyError, TypeError, ValueError, AttributeError):  # lost, or a student's own
        return False


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _said_of_cells(cells: list[NotebookNode], made: Plan, release: Release) -> Iterator[str]:
    """What was wrong with single cells, in their order."""
    for index, cell in enumerate(cells):
        key = made.chosen.get(index)
        name = f"cell {index + 1}" if key is None else release.name(key)
        if key is not None and release.roles[key]:
            yield from (f"{name}: {what}" for what in _said_of_cell(cell, key, release))
        if dropped := _dropped_outputs(cell):
            yield f"{name}: outputs of {dropped} MB dropped"


def _said_of_cell(cell: NotebookNode, key: int, release: Release) -> Iterator[str]:
    original = release.cells[key]
    foreign = set(tags(cell.metadata.get("tags"))) - set(original.metadata.get("tags", []))
    if cell.cell_type != original.cell_type:
        yield f"was turned into a {cell.cell_type} cell"
    elif release.is_locked(key) and _is_edited(cell, original):
        yield "was edited, restored"
    if release.is_written(key) and not cell.source.strip():
        yield "its cell is empty"
    if foreign:
        yield f"tags removed: {_listed(sorted(foreign))}"


def _is_edited(cell: NotebookNode, original: NotebookNode) -> bool:
    """Whether a locked cell is neither this release's nor, as far as it says, an older one's."""
    if squeezed(cell.source) == squeezed(original.source) or _is_of_a_release(cell):
        return False
    return bool(cell.metadata.get("nbgrader")) or kind_of(original) is Kind.CHECK


def _dropped_outputs(cell: NotebookNode) -> str | None:
    said = [output.get("text", "") for output in cell.get("outputs", [])]
    found = DROPPED.fullmatch(said[0]) if len(said) == 1 else None
    return found and found.group(1)


def _with_own_ids(cells: list[Placed], release: Release) -> list[NotebookNode]:
    """The cells, those that students added with ids that no other cell has."""
    taken = {cell.id for cell in release.cells}
    for index, placed in enumerate(cells):
        if placed.key is None:
            wanted = placed.cell.id
            clashes = wanted in taken or wanted.startswith("scheme-")  # formgrader's own cells
            placed.cell["id"] = free_id(f"repaired-{index:03d}" if clashes else wanted, taken)
            taken.add(placed.cell.id)
    return [placed.cell for placed in cells]
