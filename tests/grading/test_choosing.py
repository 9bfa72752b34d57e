"""Which cells run while grading: what only shows something waits for a student who uses it."""

import copy

import pytest
from nbformat.v4 import new_code_cell

from autograder.grading.choosing import needed_steps, training_steps

LOOK = 'flat = softmax(torch.ones(5))\nprint("uniform:", flat)'
TRAIN = "print(softmax(torch.zeros(4)))"
CHECK = 'check("softmax", softmax)'


def texts(released, *students_own):
    nb = copy.deepcopy(released)
    nb.cells += [new_code_cell(source) for source in students_own]
    return [step.text for step in needed_steps(nb, released) if not step.check]


def test_what_grading_needs_runs_and_no_more(released):
    found = list(needed_steps(released, released))
    assert [step.check for step in found if step.check] == ["softmax"]
    assert any("import torch" in step.text for step in found)
    assert not any("check.load" in step.text or "@probe" in step.text for step in found)
    code = [cell for cell in released.cells if cell.cell_type == "code"]
    text_of = {cell.id: cell.source for cell in code}
    assert all(text_of[step.cell] == step.text for step in found if not step.check)
    assert [step.index for step in found] == [*range(len(found))]
    assert LOOK not in texts(released)
    assert TRAIN not in texts(released)


@pytest.mark.parametrize(
    "own",
    [
        "print(flat)",
        "def helper(x):\n    return x + flat",
        "%time flat.sum()\ny = flat",
        "f = lambda: [flat for _ in range(2)]",
        "this is not Python, but flat is a word of it",
        f"flat = {'(' * 5000}flat{')' * 5000}",
        f"print({'-' * 20000}flat)",
    ],
)
def test_what_a_student_reads_runs(released, own):
    assert LOOK in texts(released, own)
    assert TRAIN not in texts(released, own)


@pytest.mark.parametrize(
    "own",
    [
        "flat = 3\nprint(flat)",
        "def helper(flat):\n    return flat",
        "def helper(x):\n    flat = x\n    return flat",
        "print('flat')  # flat",
    ],
)
def test_names_of_their_own_are_nothing_to_run_for(released, own):
    assert LOOK not in texts(released, own)


def test_a_look_that_a_read_one_rests_on_runs_too(released):
    longer = copy.deepcopy(released)
    at = next(i for i, cell in enumerate(longer.cells) if cell.source == LOOK)
    longer.cells.insert(at + 1, copy.deepcopy(longer.cells[at]))
    longer.cells[at + 1].source = "twice = flat + flat"
    nb = copy.deepcopy(longer)
    nb.cells.append(new_code_cell("print(twice)"))
    found = [step.text for step in needed_steps(nb, longer)]
    assert [s for s in found if "flat" in s] == [LOOK, "twice = flat + flat"]


def test_a_look_that_a_student_changed_is_the_students(released):
    nb = copy.deepcopy(released)
    (cell,) = [cell for cell in nb.cells if cell.source == LOOK]
    cell.source += "\nprint(softmax)"
    assert cell.source in [step.text for step in needed_steps(nb, released)]


def test_training_again_runs_all_code_but_the_courses_checking(released):
    found = [step.text for step in training_steps(released)]
    assert TRAIN in found and LOOK in found
    assert not [text for text in found if "check.load" in text or "@probe" in text]
    assert CHECK in [cell.source for cell in released.cells] and CHECK not in found
