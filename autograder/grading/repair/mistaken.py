"""Which assignment a notebook is of: now and then one is handed in under another one's name."""

from collections.abc import Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.assignment.cells import CellName, name_of
from autograder.grading.repair.amount import may_be_code
from autograder.grading.repair.matching import Release, claims, named_in
from autograder.grading.repair.normalise import normalised
from autograder.grading.repair.syntax import outline

FEW, MANY = 0.25, 0.5  # of what students write, by share
SURE = ("grade id", "name in the text", "definition")  # ids of cells differ between releases


def other_assignment(
    submitted: NotebookNode, release: Release, others: Mapping[str, Release]
) -> str | None:
    """The assignment that a notebook is of, if it has little of this one and much of another."""
    if _share(submitted, release) > FEW:
        return None
    shares = {name: _share(submitted, other) for name, other in others.items()}
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= MANY else None


def _share(submitted: NotebookNode, release: Release) -> float:
    """How much of what students write in a release has a cell, by name or by what it defines."""
    written = [key for key in range(len(release.cells)) if release.is_written(key)]
    names = {name_of(cell) for cell in submitted.cells}
    if _found(written, names, set(), release) <= FEW:  # no platform has left metadata
        read = [cell.source for cell in submitted.cells if may_be_code(cell)]
        names |= {name for source in read for name in named_in(source)}
        defined = {name for source in read for name in outline(source).defined}
        return _found(written, names, defined, release)
    return _found(written, names, set(), release)


def _found(
    written: list[int], names: set[CellName | None], defined: set[str], release: Release
) -> float:
    found = [
        key
        for key in written
        if release.names[key] in names or release.own.get(key, set()) & defined
    ]
    return len(found) / max(1, len(written))


def told(submitted: NotebookNode, assignment: str, other: str, release: Release) -> str:
    """What such a notebook is, and how much of it is done; `release` is the other one's."""
    cells = normalised(submitted).cells
    written = {key for key in range(len(release.cells)) if release.is_written(key)}
    done = {
        claim.key
        for cell, claim in zip(cells, claims(cells, release), strict=True)
        if claim and claim.key in written and claim.evidence in SURE
        if release.is_complete(claim.key, cell.source)
    }
    return (
        f"this is the notebook of {other}, with {len(done)} of its {len(written)} answers written; "
        f"nothing of it counts for {assignment}"
    )


def noticed(released: NotebookNode, sentence: str) -> NotebookNode:
    """The released notebook, with a sentence before everything else."""
    cell = new_markdown_cell(f"**Please note: {sentence}.**", id="another-assignment")
    return NotebookNode({**released, "cells": [cell, *released.cells]})
