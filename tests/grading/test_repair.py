"""Repair: the released notebook comes back, the student's own cells stay."""

import copy

import pytest
from handing import find, submission_of
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from nbgrader.utils import compute_checksum

from autograder.authoring.build import build
from autograder.checks.text.cell_texts import AI_HEADING
from autograder.grading.repair.matching import Release
from autograder.grading.repair.normalise import normalised
from autograder.grading.repair.rebuild import repair as of_valid
from autograder.grading.submission import Grader

ANSWER = "# exercise: softmax\ndef softmax(x):\n    return x.softmax(-1)"


def repair(submitted, released):
    """As of a notebook that was read from a file."""
    return of_valid(normalised(submitted), Release(released))


@pytest.fixture
def submitted(released):
    nb = copy.deepcopy(released)
    find(nb, "solution-softmax").source = ANSWER
    return nb


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


def test_what_was_done_to_many_cells_is_one_line(submitted, released):
    names = ("course-setup", "course-visible_key", "cases-softmax", "check-softmax")
    submitted.cells = [c for c in submitted.cells if not c.source.startswith(("check", "# @title"))]
    repaired = repair(submitted, released)
    assert repaired.repairs == [f"{', '.join(names[:3])} and 1 more: was missing, restored"]


def test_an_edited_check_is_restored_and_reported(submitted, released):
    find(submitted, "check-softmax").source = "print('✓ softmax')"
    repaired = repair(submitted, released)
    assert find(repaired.notebook, "check-softmax").source == find(released, "check-softmax").source
    assert repaired.repairs == ["check-softmax: was edited, restored"]


def test_a_deleted_check_comes_back_after_its_solution(submitted, released):
    submitted.cells.remove(find(submitted, "check-softmax"))
    repaired = repair(submitted, released)
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in repaired.notebook.cells]
    assert names.index("check-softmax") == names.index("solution-softmax") + 2
    assert repaired.repairs == ["check-softmax: was missing, restored"]


def test_edited_and_deleted_cases_come_back_and_are_reported(submitted, released):
    cases = find(submitted, "cases-softmax")
    for change, said in (
        (lambda: setattr(cases, "source", "print('mine')"), "was edited, restored"),
        (lambda: submitted.cells.remove(cases), "was missing, restored"),
    ):
        change()
        repaired = repair(submitted, released)
        assert find(repaired.notebook, "cases-softmax") == find(released, "cases-softmax")
        assert repaired.repairs == [f"cases-softmax: {said}"]


def test_of_two_versions_the_last_that_is_not_the_stub_counts(submitted, released):
    stub = copy.deepcopy(find(released, "solution-softmax"))
    submitted.cells.append(stub)
    repaired = repair(submitted, released)
    assert find(repaired.notebook, "solution-softmax").source == ANSWER
    assert repaired.repairs == ["solution-softmax: found 2 times, its last complete version counts"]


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


def shapes_of_platforms():
    """How Colab and Kaggle save notebooks, as measured on real files."""

    def colab(nb):
        nb.nbformat_minor = 0
        nb.metadata["colab"] = {"provenance": [], "toc_visible": True}
        for cell in nb.cells:
            cell.metadata["id"] = cell.pop("id")
            cell.metadata["outputId"] = "6a5c7a7e-0001"
        return nb

    def colab_without_nbgrader(nb):
        for cell in colab(nb).cells:
            cell.metadata = {"id": cell.metadata["id"]}
        return nb

    def kaggle_editor(nb):
        nb.nbformat_minor = 4
        for cell in nb.cells:
            cell.pop("id")
            times = {"iopub.status.busy": "2026-01-01T00:00:00.000000Z"}
            cell.metadata = {"_uuid": "d6", "_cell_guid": "b1", "trusted": True, "execution": times}
        return nb

    def kaggle_version(nb):
        for index, cell in enumerate(nb.cells):
            cell["id"] = f"{index:08x}"
            cell.metadata = {"papermill": {"duration": 0.1, "status": "completed"}, "tags": []}
        return nb

    def one_lost_field(nb):
        del find(nb, "solution-softmax").metadata.nbgrader["schema_version"]
        return nb

    lost = "course-setup, course-visible_key, solution-softmax and 3 more: metadata lost, found by"
    unchanged = (
        "course-setup, course-visible_key, cases-softmax and 1 more: metadata lost, found by"
    )
    names = "solution-softmax, answer-why_shift: metadata lost, found by name in the text"
    return {
        "colab": (colab, []),
        "colab without nbgrader": (
            colab_without_nbgrader,
            [f"{lost} Colab's id"],
        ),
        "kaggle editor": (
            kaggle_editor,
            [f"{unchanged} unchanged text", names],
        ),
        "kaggle version": (
            kaggle_version,
            [f"{unchanged} unchanged text", names],
        ),
        "schema_version": (
            one_lost_field,
            ["solution-softmax: nbgrader metadata changed, restored"],
        ),
    }


@pytest.mark.parametrize("shape", shapes_of_platforms())
def test_platforms_leave_enough_to_find_everything(submitted, released, shape):
    change, said = shapes_of_platforms()[shape]
    find(submitted, "answer-why_shift").source = "**why_shift** (2 points)\n\nBecause."
    repaired = repair(change(submitted), released)
    found = repaired.notebook
    assert find(found, "solution-softmax").source == ANSWER
    assert find(found, "answer-why_shift").source.endswith("Because.")
    assert [c.metadata for c in found.cells] == [c.metadata for c in released.cells]
    assert repaired.repairs == said


def test_a_solution_that_is_nowhere_is_named_and_its_stub_comes_back(submitted, released):
    submitted.cells.remove(find(submitted, "solution-softmax"))
    repaired = repair(submitted, released)
    stub = find(released, "solution-softmax").source
    assert find(repaired.notebook, "solution-softmax").source == stub
    assert repaired.repairs == ["solution-softmax: not found, graded as missing"]


def test_of_several_versions_the_last_complete_one_counts_and_no_other_runs(submitted, released):
    submitted.cells.append(new_code_cell("def softmax(x):\n    return 2"))
    submitted.cells.append(new_code_cell("def softmax(x) return 3"))
    repaired = repair(submitted, released)
    assert find(repaired.notebook, "solution-softmax").source == "def softmax(x):\n    return 2"
    text = "".join(c.source for c in repaired.notebook.cells)
    assert ANSWER not in text
    assert "return 3" not in text
    assert repaired.repairs == [
        "solution-softmax: found 3 times, its last complete version counts",
        "check-softmax: stood before its solution, moved behind it",
    ]


def test_an_earlier_version_stays_for_the_helpers_that_it_defines(submitted, released):
    old = "# exercise: softmax\ndef helper(x):\n    return x\n\ndef softmax(x):\n    return 1"
    find(submitted, "solution-softmax").source = old
    index = submitted.cells.index(find(submitted, "solution-softmax"))
    submitted.cells.insert(index + 1, new_code_cell("def softmax(x):\n    return helper(x)"))
    sources = [c.source for c in repair(submitted, released).notebook.cells]
    assert sources.index(old) < sources.index("def softmax(x):\n    return helper(x)")


def split(nb, first, second):
    """What JupyterLab's "split cell" does: both halves keep the metadata."""
    cell = find(nb, "solution-softmax")
    half = new_code_cell(second, metadata=copy.deepcopy(cell.metadata))
    cell.source = first
    nb.cells.insert(nb.cells.index(cell) + 1, half)
    return nb


def test_the_second_half_of_a_split_cell_runs_after_the_first(submitted, released):
    first = "# exercise: softmax\ndef softmax(x):\n    return shifted(x)"
    second = "def shifted(x):\n    return x.softmax(-1)"
    cells = repair(split(submitted, first, second), released).notebook.cells
    at = [c.source for c in cells].index(first)
    assert cells[at].metadata.nbgrader.grade_id == "solution-softmax"
    assert (cells[at + 1].source, cells[at + 1].metadata) == (second, {})
    assert cells[at + 2].metadata.nbgrader.grade_id == "cases-softmax"
    assert cells[at + 3].metadata.nbgrader.grade_id == "check-softmax"


def test_a_restored_check_stands_behind_both_halves(submitted, released):
    submitted.cells.remove(find(submitted, "check-softmax"))
    split(submitted, ANSWER, "half = 2")
    cells = repair(submitted, released).notebook.cells
    at = [c.source for c in cells].index("half = 2")
    assert cells[at + 1].metadata.nbgrader.grade_id == "cases-softmax"
    assert cells[at + 2].metadata.nbgrader.grade_id == "check-softmax"


def test_a_cell_split_in_the_middle_of_a_definition_is_joined(submitted, released):
    first = "# exercise: softmax\ndef softmax(x):\n    y = x"
    repaired = repair(split(submitted, first, "    return y.softmax(-1)"), released)
    found = find(repaired.notebook, "solution-softmax").source
    assert found == f"{first}\n    return y.softmax(-1)"
    assert repaired.repairs == ["solution-softmax: was split in the middle, joined again"]


def test_a_split_answer_is_joined(submitted, released):
    cell = find(submitted, "answer-why_shift")
    cell.source = "**why_shift** (2 points)\n\nFirst."
    half = new_markdown_cell("Second.", metadata=copy.deepcopy(cell.metadata))
    submitted.cells.insert(submitted.cells.index(cell) + 1, half)
    joined = find(repair(submitted, released).notebook, "answer-why_shift").source
    assert joined.endswith("First.\n\nSecond.")


def test_pictures_in_an_answer_stay(submitted, released):
    picture = {"a.png": {"image/png": "iVBORw0KGgo="}}
    cell = find(submitted, "answer-why_shift")
    cell.source, cell["attachments"] = "![a](attachment:a.png)", picture
    assert find(repair(submitted, released).notebook, "answer-why_shift").attachments == picture


@pytest.mark.parametrize("new_cell", [new_markdown_cell, new_raw_cell])
def test_a_retyped_solution_is_code_again(submitted, released, new_cell):
    index = submitted.cells.index(find(submitted, "solution-softmax"))
    submitted.cells[index] = new_cell(ANSWER)
    repaired = repair(submitted, released)
    cell = find(repaired.notebook, "solution-softmax")
    assert (cell.cell_type, cell.source) == ("code", ANSWER)
    kind = submitted.cells[index].cell_type
    assert f"solution-softmax: was turned into a {kind} cell" in repaired.repairs


def test_in_reversed_order_whatever_is_needed_still_comes_first(submitted, released):
    submitted.cells.reverse()
    repaired = repair(submitted, released)
    sources = [c.source for c in repaired.notebook.cells]
    ids = [c.id for c in repaired.notebook.cells]
    order = [
        find(released, "course-setup").id,
        next(c.id for c in released.cells if c.source.startswith("import torch")),
        find(released, "solution-softmax").id,
        find(released, "check-softmax").id,
    ]
    assert sorted(order, key=ids.index) == order
    assert ANSWER in sources
    assert "check-softmax: stood before its solution, moved behind it" in repaired.repairs
    moved = "course-setup, course-visible_key, cell 'import torch' and 1 more"
    assert f"{moved}: stood too late, moved up" in repaired.repairs


def test_a_deleted_import_comes_back_and_a_deleted_demonstration_does_not(submitted, released):
    cells = submitted.cells
    submitted.cells = [c for c in cells if not c.source.startswith(("import torch", "summary"))]
    repaired = repair(submitted, released)
    sources = [c.source for c in repaired.notebook.cells]
    assert sources.index(ANSWER) == next(
        i + 1 for i, source in enumerate(sources) if source.startswith("import torch")
    )
    assert "summary()" not in sources
    assert repaired.repairs == ["cell 'import torch': was missing, restored"]


def test_solutions_merged_into_a_check_or_a_plain_cell_are_taken_out(submitted, released):
    check = find(submitted, "check-softmax")
    check.source = "def softmax(x):\n    return 4\n\n\n" + check.source
    find(submitted, "solution-softmax").source = find(released, "solution-softmax").source
    repaired = repair(submitted, released)
    assert "return 4" in find(repaired.notebook, "solution-softmax").source
    assert find(repaired.notebook, "check-softmax").source == find(released, "check-softmax").source
    assert "check-softmax: was missing, restored" in repaired.repairs


def test_a_solution_inside_a_cell_of_another_kind_is_taken_out(submitted, released):
    cell = next(c for c in submitted.cells if c.source.startswith("import torch"))
    cell.source += "\n\n\n@torch.no_grad()\ndef softmax(x):\n    return 5"
    submitted.cells.remove(find(submitted, "solution-softmax"))
    repaired = repair(submitted, released)
    assert "def softmax(x):\n    return 5" in find(repaired.notebook, "solution-softmax").source


def test_a_solution_whose_name_is_gone_is_found_by_its_docstring(submitted, released):
    source = find(released, "solution-softmax").source
    renamed = source.replace("def softmax", "def my_softmax").split("\n", 1)[1]
    find(submitted, "solution-softmax").source = renamed.replace("raise Not", "return 6  # ")
    repaired = repair(without_ids(without_metadata(submitted)), released)
    assert "return 6" in find(repaired.notebook, "solution-softmax").source
    assert "solution-softmax: metadata lost, found by similarity" in repaired.repairs


def test_no_checks_text_becomes_a_solution(submitted, released):
    check = find(released, "check-softmax").source
    find(submitted, "solution-softmax").source = check
    repaired = repair(submitted, released)
    stub = find(released, "solution-softmax").source
    assert find(repaired.notebook, "solution-softmax").source == stub
    assert repaired.repairs == [
        "check-softmax: found 2 times, the released one counts",
        "solution-softmax: not found, graded as missing",
    ]


def test_a_duplicated_check_is_there_once(submitted, released):
    submitted.cells.append(copy.deepcopy(find(submitted, "check-softmax")))
    repaired = repair(submitted, released)
    assert find(repaired.notebook, "check-softmax")
    assert repaired.repairs == ["check-softmax: found 2 times, the released one counts"]


def test_edited_training_is_still_training(submitted, released):
    cell = next(c for c in submitted.cells if "training" in c.metadata.get("tags", []))
    cell.source = "print(softmax(torch.ones(9)))"
    cell.metadata = {"tags": []}
    repaired = repair(submitted, released).notebook
    (kept,) = [c for c in repaired.cells if c.source == "print(softmax(torch.ones(9)))"]
    assert kept.metadata.tags == ["training", "raises-exception"]


def test_huge_outputs_go_and_are_reported(submitted, released):
    find(submitted, "solution-softmax").outputs = [
        new_output("stream", text="x" * 1_000_000) for _ in range(50)
    ]
    repaired = repair(submitted, released)
    (left,) = find(repaired.notebook, "solution-softmax").outputs
    assert left.text == "[outputs of 50 MB dropped]\n"
    assert repaired.repairs == ["solution-softmax: outputs of 50 MB dropped"]


def test_tags_on_graded_cells_are_reported(submitted, released):
    find(submitted, "check-softmax").metadata["tags"] = ["skip-execution"]
    assert repair(submitted, released).repairs == ["check-softmax: tags removed: skip-execution"]


def test_old_notebooks_say_so(submitted, released):
    old = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": submitted.cells}]}
    assert "notebook: was saved in format 3, converted" in repair(normalised(old), released).repairs


def test_a_platform_may_write_any_original_format(submitted, released):
    submitted.metadata["orig_nbformat"] = 2
    assert repair(submitted, released).repairs == []


def released_before(cell, source):
    """The cell as an older release had it, with nbgrader's checksum."""
    cell.source = source
    cell.metadata.nbgrader.checksum = compute_checksum(cell)


def test_cells_of_an_older_release_are_nobodys_doing(submitted, released):
    released_before(find(submitted, "course-visible_key"), "check.load('old')")
    check = find(submitted, "check-softmax")
    check.metadata.nbgrader.points = 7.0
    released_before(check, "check('softmax', softmax)  # old")
    repaired = repair(submitted, released)
    assert repaired.repairs == []
    assert find(repaired.notebook, "check-softmax") == find(released, "check-softmax")


def test_repair_is_deterministic_and_leaves_its_input(submitted, released):
    without_metadata(submitted).cells.append(new_code_cell("1 + 1"))
    before = copy.deepcopy(submitted)
    assert repair(submitted, released) == repair(submitted, released)
    assert submitted == before


def test_ten_thousand_cells_are_no_problem(submitted, released):
    extra = new_code_cell(f"x = 0  # {'filler ' * 9}")
    submitted.cells += [NotebookNode(extra, source=f"{extra.source}{i}") for i in range(10_000)]
    assert find(repair(submitted, released).notebook, "solution-softmax").source == ANSWER


PARTS = [
    (
        "both define",
        "def softmax(x):\n    return part(x)",
        "def part(x):\n    return x.softmax(-1)",
        3,
    ),
    ("in a body", "def softmax(x):\n    y = x", "    return y.softmax(-1)", 3),
    ("broken for good", "class A:\n    def f(self", "):\n        pass", 0),
]


@pytest.mark.parametrize(
    ("first", "second", "score"), [p[1:] for p in PARTS], ids=[p[0] for p in PARTS]
)
def test_split_solutions_are_graded(module_demo_course, submitted, first, second, score):
    build(module_demo_course, "demo")
    split(submitted, f"# exercise: softmax\n{first}", second)
    assert submission_of(Grader(module_demo_course, "demo"), submitted).graded.score == score


PROMPT = """{heading}

I asked a chatbot this, and it was right:

# exercise: softmax
def softmax(x):
    return x.softmax(0)
"""


@pytest.mark.parametrize(
    "text", [PROMPT, PROMPT.replace("I asked", "# I asked"), "{heading}\nNone."]
)
@pytest.mark.parametrize("damage", [lambda nb: nb, lambda nb: without_ids(without_metadata(nb))])
@pytest.mark.parametrize("solved", [True, False])
def test_what_is_said_of_ai_tools_survives_and_is_no_solution(released, text, damage, solved):
    nb = copy.deepcopy(released)
    (cell,) = [c for c in nb.cells if c.source.startswith(AI_HEADING)]
    cell.source = text.format(heading=AI_HEADING)
    if solved:
        find(nb, "solution-softmax").source = ANSWER
    handed_in = find(nb, "solution-softmax").source
    repaired = repair(damage(nb), released)
    assert [c.source for c in repaired.notebook.cells].count(cell.source) == 1
    assert find(repaired.notebook, "solution-softmax").source == handed_in
    assert not [line for line in repaired.repairs if "metadata lost" not in line]


def test_of_too_much_code_the_largest_cells_are_left_out(released, monkeypatch):
    monkeypatch.setattr("autograder.grading.repair.amount.MAX_READ", 60_000)
    nb = copy.deepcopy(released)
    nb.cells += [new_code_cell(f"x = [{'1, ' * 10_000}{n}]") for n in range(5)]
    picture = new_markdown_cell(f"![plot](data:image/png;base64,{'A' * 900_000})")
    nb.cells.insert(0, picture)
    repaired = repair(nb, released)
    assert [r for r in repaired.repairs if "left out" in r]
    assert sum(len(cell.source) for cell in repaired.notebook.cells[1:]) < 60_000
    assert repaired.notebook.cells[0].source == picture.source
    kept = [cell.source for cell in repaired.notebook.cells]
    assert all(cell.source in kept for cell in released.cells)
