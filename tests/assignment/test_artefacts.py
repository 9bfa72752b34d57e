"""Declaring an artefact: what the build writes, and what it refuses in one line."""

import re

import pytest

from autograder.assignment.source import SourceError
from autograder.assignment.validation import read_source
from autograder.authoring.build import build
from autograder.checks.key import decode
from autograder.grading.repair.reading import read_notebook

CHECKED = 'check("trained_model", MODEL)'


@pytest.fixture(scope="module")
def built(module_parity_course):
    build(module_parity_course, "parity")
    return module_parity_course


def test_its_cell_is_graded_locked_and_tagged(built):
    cells = read_notebook(built.released("parity")).cells
    (cell,) = [c for c in cells if c.source == CHECKED]
    role = cell.metadata.nbgrader
    assert (role.grade_id, role.points) == ("check-trained_model", 4)
    assert (role.grade, role.locked, role.solution) == (True, True, False)
    assert cell.metadata.tags == ["artefact"]


def test_the_points_table_names_it(built):
    first = read_notebook(built.released("parity")).cells[0].source
    assert "| `trained_model` | trained model | 4 |" in first
    assert "| **total** | | **6** |" in first


def test_the_visible_key_knows_its_points_and_the_architecture(built):
    text = next(
        c.source for c in read_notebook(built.released("parity")).cells if "check.load" in c.source
    )
    key = decode(text.split('"')[1])
    assert key.max_score == 6
    (case,) = key.exercises["trained_model"].cases
    assert case.expected.value == {
        "first.weight": "4 × 3",
        "first.bias": "4",
        "second.weight": "2 × 4",
        "second.bias": "2",
    }


def test_what_graders_send_into_kernels_tells_nothing_of_it(built):
    text = read_source(built.source_path("parity")).given_text
    assert "def bits_and_parity" in text
    assert "Artefact(" not in text and "0.98" not in text and "nn.Linear(3, hidden)" not in text


@pytest.fixture
def course_with(make_course, parity_files):
    """A function from edits of the source to the course and the source's new text."""

    def course(*pairs):
        text = replaced(parity_files["parity.py"], *pairs)
        return make_course({"parity": {**parity_files, "parity.py": text}}), text

    return course


def replaced(text, *pairs):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


BUFFER = (
    "self.first, self.second = nn.Linear(3, hidden), nn.Linear(hidden, 2)",
    "self.first, self.second = nn.Linear(3, hidden), nn.Linear(hidden, 2)\n"
    '        self.register_buffer("scale", torch.ones(1))',
)
ONE_LINE = 'the cell must be one line, check("trained_model", …), with the name of what is checked'
ERRORS = {
    "word misspelt": (
        [('artefact="trained_model"', 'artifact="trained_model"')],
        "unknown word 'artifact' on the cell line; did you mean 'artefact'?",
    ),
    "points missing": ([(" points=4", "")], "points must be a number, not None"),
    "on markdown": (
        [('# %% artefact="trained_model"', '# %% [markdown] artefact="trained_model"')],
        "artefact belongs on a code cell, not on markdown",
    ),
    "no call": ([(CHECKED, "MODEL")], ONE_LINE),
    "another name": ([(CHECKED, 'check("model", MODEL)')], ONE_LINE),
    "an unknown constant": (
        [(CHECKED, 'check("trained_model", MODLE)')],
        "MODLE of 'trained_model' is no Artefact",
    ),
    "no artefact": (
        [(CHECKED, 'check("trained_model", Network)')],
        "Network of 'trained_model' is no Artefact",
    ),
    "a name taken": (
        [('artefact="trained_model"', 'artefact="network"')],
        "artefact 'network' stands at line 38 already",
    ),
    "points unlike the tiers": (
        [("points=4", "points=5")],
        "the highest tier earns 4 points, the cell line says 5",
    ),
    "no tiers": (
        [("tiers=((0.75, 1), (0.90, 3), (0.98, 4))", "tiers=()")],
        "the highest tier earns 0 points, the cell line says 4",
    ),
    "one tier without its comma": (
        [("tiers=((0.75, 1), (0.90, 3), (0.98, 4))", "tiers=(0.75, 4)")],
        "TypeError: 'float' object is not iterable",
    ),
    "tiers that fall": (
        [("(0.90, 3)", "(0.70, 3)")],
        "tiers must rise in points, and rise or fall in values",
    ),
    "tiers between hundredths": (
        [("(0.90, 3)", "(0.905, 3)")],
        "tiers must start at values of two decimals",
    ),
    "an ending with a dot": (
        [('ending="model"', 'ending="model.pth"')],
        "the ending 'model.pth' is no name: letters, digits and _ only",
    ),
    "limits of one number": (
        [('"hidden": (4, 64)', '"hidden": 64')],
        "limits of 'hidden' must be (lowest, highest) or a set, not 64",
    ),
    "limits upside down": (
        [('"hidden": (4, 64)', '"hidden": (64, 4)')],
        "limits of 'hidden' must be (lowest, highest) or a set, not (64, 4)",
    ),
    "a configuration that does not build": (
        [('Network(configuration["hidden"])', 'Network(configuration["width"])')],
        "the smallest model has a configuration that makes no model (KeyError: 'width')",
    ),
    "a measure that fails": (
        [('"accuracy": right', '"accuracy": rihgt')],
        "the smallest model cannot be measured (NameError): name 'rihgt' is not defined",
    ),
    "no measure": (
        [('{"accuracy": right / len(parity), "loss": loss}', "{}")],
        "the smallest model cannot be scored: its measure is nan",
    ),
    "a first tier that chance reaches": (
        [("(0.75, 1)", "(0.10, 1)")],
        "an untrained model reaches the first tier",
    ),
    "a constant in the file": (
        [BUFFER],
        "'scale' would come from students' files: register it with persistent=False",
    ),
}


@pytest.mark.parametrize("changes, problem", ERRORS.values(), ids=ERRORS)
def test_errors_name_file_line_and_problem_and_nothing_is_written(course_with, changes, problem):
    course, text = course_with(*changes)
    line = text[: re.search(r"^# %% .*art[ie]fact=", text, re.M).start()].count("\n") + 1
    with pytest.raises(SourceError) as raised:
        build(course, "parity")
    said = str(raised.value)
    assert said.startswith(f"{course.source_path('parity')}:{line}: {problem}")
    assert "\n" not in said
    assert not course.notebooks.exists()


@pytest.mark.parametrize(
    "old, new, problem",
    [
        (
            "build=build_network",
            "build=build_netwrok",
            "NameError: name 'build_netwrok' is not def",
        ),
        ('ending="model"', 'endnig="model"', "TypeError: Artefact.__init__() got an unexpected"),
    ],
)
def test_a_wrong_declaration_is_named_by_its_line(course_with, old, new, problem):
    course, text = course_with((old, new))
    with pytest.raises(SourceError) as raised:
        build(course, "parity")
    lines = (
        text[: text.index("MODEL = Artefact(")].count("\n") + 1,
        text[: text.index(new)].count("\n") + 1,
    )
    assert [line for line in lines if f"parity.py:{line}: {problem}" in str(raised.value)]


def test_what_normalisation_layers_learn_is_no_constant(course_with):
    plain, normed = (
        "nn.Linear(hidden, 2)\n",
        "nn.Sequential(nn.BatchNorm1d(hidden), nn.Linear(hidden, 2))\n",
    )
    course, _ = course_with((plain, normed))
    checks = course.solutions / "parity" / "checks.py"
    left_out = 'untried("network", training="the norm counts")\n'
    checks.write_text(
        checks.read_text().replace("built, probe", "built, probe, untried") + left_out
    )
    assert build(course, "parity").is_file()
