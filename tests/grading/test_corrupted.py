"""Two thousand seeded corruptions of a submission: an error in one line, or a gradable notebook."""

import copy
import json
import random

import nbformat
import pytest
from handing import submission_of

from autograder.authoring.build import build
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.grading.submission import Grader

COUNT = 2_000
EXECUTED = 5
ANSWER = "# exercise: softmax\ndef softmax(x):\n    return x.softmax(-1)"
VALUES = [
    None,
    True,
    0,
    -1,
    1e308,
    float("nan"),
    10**30,
    "",
    "\0",
    "\ud800",
    [],
    {},
    [[]],
    {"a": 1},
]


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def grader(module_demo_course):
    build(module_demo_course, "demo")
    return Grader(module_demo_course, "demo")


@pytest.fixture(scope="module")
def submission(grader):
    """A submission to the golden assignment as plain JSON values."""
    nb = copy.deepcopy(grader.released)
    for cell in nb.cells:
        if cell.source.startswith("# exercise"):
            cell.source = ANSWER
            cell.outputs = [nbformat.v4.new_output("stream", text="seen\n")]
    nb.cells.insert(5, nbformat.v4.new_code_cell("print(softmax(torch.ones(3)))"))
    return json.loads(nbformat.writes(nb))


def corrupted(submission, seed):
    """The bytes of a submission with one to four things wrong."""
    rng = random.Random(seed)
    nb = copy.deepcopy(submission)
    for _ in range(rng.randint(1, 4)):
        rng.choice([shuffle_cells, retype_cell, damage_metadata, replace_value])(nb, rng)
    data = json.dumps(nb).encode()
    return rng.choice([damage_bytes, cut])(data, rng) if rng.random() < 0.2 else data


def shuffle_cells(nb, rng):
    """Delete, duplicate, or shuffle cells, or rid all of them of their ids."""
    cells = nb.get("cells")
    if not isinstance(cells, list) or not cells:
        return
    index = rng.randrange(len(cells))
    action = rng.randrange(4)
    if action == 0:
        del cells[index]
    elif action == 1:
        cells.insert(rng.randrange(len(cells) + 1), copy.deepcopy(cells[index]))
    elif action == 2:
        rng.shuffle(cells)
    else:
        for cell in filter(is_dict, cells):
            cell.pop("id", None)


def retype_cell(nb, rng):
    cell = a_cell(nb, rng)
    cell["cell_type"] = rng.choice(["code", "markdown", "raw", "heading", 3])


def damage_metadata(nb, rng):
    cell = a_cell(nb, rng)
    metadata = cell.get("metadata")
    if not is_dict(metadata) or rng.random() < 0.3:
        lost = [{}, None, [], {"nbgrader": []}, {"id": "solution-softmax"}]
        cell["metadata"] = rng.choice(lost)
    elif is_dict(metadata.get("nbgrader")) and metadata["nbgrader"]:
        key = rng.choice(sorted(metadata["nbgrader"]))
        metadata["nbgrader"][key] = a_value(rng, "check-softmax", "solution-softmax")
    else:
        metadata["nbgrader"] = {"grade_id": "check-softmax", "grade": True, "points": 99}


def replace_value(nb, rng):
    """Put a value of any type in any place."""
    places = [
        (holder, key)
        for holder in holders(nb)
        for key in (range(len(holder)) if isinstance(holder, list) else sorted(holder))
    ]
    holder, key = rng.choice(places)
    holder[key] = a_value(rng)


def a_value(rng, *others):
    return copy.deepcopy(rng.choice([*VALUES, *others]))


def holders(value):
    if isinstance(value, dict | list):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from holders(item)


def a_cell(nb, rng):
    cells = nb.get("cells")
    found = list(filter(is_dict, cells)) if isinstance(cells, list) else []
    return rng.choice(found) if found else {}


def is_dict(value):
    return isinstance(value, dict)


def damage_bytes(data, rng):
    data = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def cut(data, rng):
    return data[: rng.randrange(len(data))]


def read(data, path):
    """The notebook in these bytes; None where one line says that they hold none."""
    path.write_bytes(data)
    try:
        return read_notebook(path)
    except SubmissionError as error:
        assert "\n" not in str(error)
        return None


def locked(nb):
    """The text of locked cells by grade id."""
    return sorted(
        (cell.metadata.nbgrader.grade_id, cell.source, cell.cell_type)
        for cell in nb.cells
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader.locked
    )


def roles(nb):
    return sorted(str(c.metadata.nbgrader) for c in nb.cells if "nbgrader" in c.metadata)


def test_every_corruption_is_refused_or_repaired(grader, submission, tmp_path):
    repaired = 0
    for seed in range(COUNT):
        submitted = read(corrupted(submission, seed), tmp_path / "demo.ipynb")
        if submitted is None:
            continue
        nbformat.validate(submitted)
        handed_in = submission_of(grader, submitted)
        nb = handed_in.repaired.notebook
        nbformat.validate(nb)
        nbformat.writes(nb).encode()
        assert locked(nb) == locked(grader.released), seed
        assert roles(nb) == roles(grader.released), seed  # no other cell has any
        assert [step.check for step in handed_in.job.steps if step.check] == ["softmax"], seed
        assert handed_in.job.digest
        repaired += 1
    assert COUNT * 0.8 < repaired < COUNT


def test_shuffled_and_damaged_cells_are_graded_in_full(grader, submission, tmp_path):
    """Damage that leaves the answer's text somewhere costs nothing."""
    graded = 0
    for seed in range(COUNT):
        rng, nb = random.Random(seed), copy.deepcopy(submission)
        for change in (shuffle_cells, retype_cell, damage_metadata):
            change(nb, rng)
        if ANSWER.split("\n")[-1] not in json.dumps(nb):
            continue
        submitted = read(json.dumps(nb).encode(), tmp_path / "demo.ipynb")
        assert submission_of(grader, submitted).graded.score == 3, seed
        graded += 1
        if graded == EXECUTED:
            return
