"""Repair: the released notebook comes back, the student's own cells stay."""

import copy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.authoring.build import make
from autograder.grading.repair import repair

ANSWER = "# exercise: softmax\ndef softmax(x):\n    return x.softmax(-1)"


@pytest.fixture(scope="module")
def released(module_demo_course):
    return make(module_demo_course, "demo")[0]


@pytest.fixture
def submitted(released):
    nb = copy.deepcopy(released)
    find(nb, "solution-softmax").source = ANSWER
    return nb


def find(nb, grade_id):
    (cell,) = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return cell


def without_metadata(nb):
    for cell in nb.cells:
        cell.metadata = {}
    return nb


def without_ids(nb):
    for index, cell in enumerate(nb.cells):
        cell["id"] = f"fresh{index}"
    return nb


def test_an_honest_notebook_needs_no_repair(submitted, released):
    repaired = repair(submitted, released)
    assert repaired.repairs == []
    assert [c.source for c in repaired.notebook.cells] == [c.source for c in submitted.cells]


@pytest.mark.parametrize(
    "damage", [without_metadata, without_ids, lambda nb: without_ids(without_metadata(nb))]
)
def test_lost_metadata_and_ids_come_back(submitted, released, damage):
    repaired = repair(damage(submitted), released).notebook
    for cell in released.cells:
        if "nbgrader" in cell.metadata:
            assert find(repaired, cell.metadata.nbgrader.grade_id).metadata == cell.metadata
    assert find(repaired, "solution-softmax").source == ANSWER


def test_a_solution_is_found_by_what_it_defines(submitted, released):
    without_ids(without_metadata(submitted))
    for cell in submitted.cells:
        cell.source = cell.source.removeprefix("# exercise: softmax\n")
    assert "x.softmax(-1)" in find(repair(submitted, released).notebook, "solution-softmax").source


def test_an_edited_check_is_restored_and_reported(submitted, released):
    find(submitted, "check-softmax").source = "print('✓ softmax')"
    repaired = repair(submitted, released)
    assert find(repaired.notebook, "check-softmax").source == find(released, "check-softmax").source
    assert repaired.repairs == ["check-softmax: was edited, restored"]


def test_a_deleted_check_comes_back_after_its_solution(submitted, released):
    submitted.cells.remove(find(submitted, "check-softmax"))
    repaired = repair(submitted, released)
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in repaired.notebook.cells]
    assert names.index("check-softmax") == names.index("solution-softmax") + 1
    assert repaired.repairs == ["check-softmax: was missing, restored"]


def test_of_two_versions_the_last_that_is_not_the_stub_counts(submitted, released):
    stub = copy.deepcopy(find(released, "solution-softmax"))
    submitted.cells.append(stub)
    repaired = repair(submitted, released)
    assert find(repaired.notebook, "solution-softmax").source == ANSWER
    assert repaired.repairs == ["solution-softmax: found 2 times, its last version counts"]


def test_a_retyped_check_is_code_again(submitted, released):
    index = submitted.cells.index(find(submitted, "check-softmax"))
    old = submitted.cells[index]
    submitted.cells[index] = new_markdown_cell(old.source, metadata=old.metadata)
    repaired = repair(submitted, released)
    assert find(repaired.notebook, "check-softmax").cell_type == "code"
    assert repaired.repairs == ["check-softmax: was turned into a markdown cell"]


def test_cells_that_students_add_stay_where_they_are_without_a_role(submitted, released):
    forged = {"nbgrader": {"grade_id": "bonus", "grade": True, "points": 100}, "tags": ["mine"]}
    submitted.cells.insert(3, new_code_cell("import math", metadata=forged))
    added = repair(submitted, released).notebook.cells[3]
    assert (added.source, added.metadata) == ("import math", {"tags": ["mine"]})


def test_skip_tags_on_checks_do_not_survive(submitted, released):
    find(submitted, "check-softmax").metadata["tags"] = ["skip-execution"]
    repaired = repair(submitted, released).notebook
    assert "tags" not in find(repaired, "check-softmax").metadata
