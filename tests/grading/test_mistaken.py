"""Notebooks that are handed in under another assignment's name, and what only looks like it."""

import copy

import pytest
from handing import ROOT
from nbformat import v4

from autograder.grading.repair.matching import Release
from autograder.grading.repair.mistaken import noticed, other_assignment, told
from autograder.grading.repair.reading import read_notebook
from autograder.settings import find_course

NAMES = ("attention", "bind_network", "recurrent")


@pytest.fixture(scope="module")
def released():
    return {name: read_notebook(find_course(ROOT).released(name)) for name in NAMES}


def recognised(nb, released, name="attention"):
    releases = {name: Release(nb) for name, nb in released.items()}
    return other_assignment(nb, releases.pop(name), releases)


def without_metadata(nb):
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        cell.metadata.clear()
        cell.id = f"x{nb.cells.index(cell)}"
    return nb


@pytest.mark.parametrize("change", [copy.deepcopy, without_metadata])
@pytest.mark.parametrize("of", NAMES)
def test_a_notebook_is_known_with_and_without_metadata(released, of, change):
    expected = None if of == "attention" else of
    assert recognised(change(released[of]), released) == expected


def test_what_is_of_no_assignment_is_of_no_other(released):
    assert recognised(v4.new_notebook(cells=[v4.new_code_cell("x = 1")]), released) is None


def test_what_was_pasted_from_another_assignment_changes_nothing(released):
    nb = copy.deepcopy(released["attention"])
    nb.cells = nb.cells[: len(nb.cells) // 2] + released["bind_network"].cells
    assert recognised(nb, released) is None


def test_how_much_is_written_is_said(released):
    nb, release = copy.deepcopy(released["recurrent"]), Release(released["recurrent"])
    key = release.solutions[0]
    nb.cells[key].source = nb.cells[key].source.replace("raise NotImplementedError", "return 1")
    count = sum(map(release.is_written, range(len(release.cells))))
    said = told(nb, "attention", "recurrent", release)
    assert f"notebook of recurrent, with 1 of its {count} answers written" in said
    shown = noticed(released["attention"], said)
    assert said in shown.cells[0].source and shown.cells[1:] == released["attention"].cells
