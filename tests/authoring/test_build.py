"""Building: everything that a notebook must hold, and nothing that it must not."""

import json
import re
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from handing import GOLDEN, put_secret

from autograder.assignment.released import KEY_TEXT
from autograder.assignment.source import SourceError
from autograder.authoring.build import LeakError, build, is_current, make, same_keys
from autograder.authoring.header import AI_TOOLS
from autograder.checks.evidence import Array, Evidence
from autograder.checks.key import Case, Exercise, Key, Mistake, decode, encode
from autograder.settings import find_course

NOTEBOOK = GOLDEN / "demo/demo.ipynb"


@pytest.fixture
def built(demo_course):
    build(demo_course, "demo")
    return demo_course


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def text(path):
    """All cells of a notebook as they are shown."""
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)


def key_and_rest(path):
    """The visible key, and the notebook without its text and checksum."""
    notebook = read(path)
    (cell,) = [c for c in notebook["cells"] if KEY_TEXT.search("".join(c["source"]))]
    key = KEY_TEXT.search("".join(cell["source"])).group(1)
    cell["source"] = "".join(cell["source"]).replace(key, "")
    del cell["metadata"]["nbgrader"]["checksum"]
    return decode(key), notebook


def without_libraries(key):
    """Any change of the checks' code makes libraries anew."""
    plain = {name: replace(each, library=None) for name, each in key.exercises.items()}
    return replace(key, exercises=plain)


def test_the_golden_source_gives_the_golden_notebook(built):
    """After a wanted change, copy what `build` writes for the golden source to tests/golden."""
    key, notebook = key_and_rest(built.released("demo"))
    golden_key, golden = key_and_rest(NOTEBOOK)
    assert notebook == golden
    assert same_keys(without_libraries(key), without_libraries(golden_key))


def test_two_builds_are_byte_identical_whatever_the_secret(built):
    first = built.released("demo").read_bytes()
    for number in range(5):
        built.released("demo").unlink()
        put_secret(built.root, f"another secret, as long as it must be, {number}")
        build(built, "demo")
        assert built.released("demo").read_bytes() == first


def test_a_build_leaves_notebooks_and_nbgraders_source_and_no_other_file(built):
    files = {str(p.relative_to(built.root)) for p in built.root.rglob("*") if p.is_file()}
    made = {"notebooks/demo/demo.ipynb", "build/source/demo/demo.ipynb"}
    sources = {f"solutions/demo/{name}" for name in ("demo.py", "checks.py", "mistakes.toml")}
    given = {"nbgrader_config.py", *sources}
    assert {name for name in files if not name.startswith("build/keys/")} == made | given


def test_notebooks_are_valid(built):
    for path in (built.released("demo"), built.build / "source/demo/demo.ipynb"):
        nbformat.validate(read(path))


def test_cell_ids_are_fixed(built):
    ids = [cell["id"] for cell in read(built.released("demo"))["cells"]]
    assert ids == [f"demo-{i:03d}" for i in range(12)]


def test_there_are_no_outputs(built):
    code = [c for c in read(built.released("demo"))["cells"] if c["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


SECRETS = ["BEGIN SOLUTION", "END SOLUTION", "hidden=True", "(x - x.max(-1", "e / e.sum"]
SECRETS += ["def large", "x.exp()", "wrong_axis", "must sum to 1, not the columns", "exp overflows"]
SECRETS += ["Model answer", "no exponent is positive", "Marking", "1 point for the invariance"]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_answer_is_in_the_students_notebook(built, secret):
    sources = "".join(path.read_text() for path in (built.solutions / "demo").iterdir())
    assert secret in sources
    assert secret not in text(built.released("demo"))


def test_hidden_tests_stand_in_the_instructors_notebook_only(built):
    instructor = text(built.build / "source/demo/demo.ipynb")
    begin, end = (f"### {word} HIDDEN TESTS" for word in ("BEGIN", "END"))
    assert instructor.index(begin) < instructor.index("def large") < instructor.index(end)
    assert "HIDDEN TESTS" not in text(built.released("demo"))


def test_the_visible_key_names_no_mistake_and_no_hidden_probe(built):
    key, _ = key_and_rest(built.released("demo"))
    exercise = key.exercises["softmax"]
    assert exercise.mistakes == () and "The rows must sum to 1" in exercise.library.sentences[0]
    assert {case.probe for case in exercise.cases} == {"rows"}


def test_a_check_is_one_line_behind_the_folded_code_of_its_visible_cases(built):
    cells = nbformat.read(built.released("demo"), as_version=4).cells
    at = next(i for i, c in enumerate(cells) if c.source == 'check("softmax", softmax)')
    cases = cells[at - 1]
    assert cases.source.startswith("# @title How `softmax` is checked: the cases that you see\n")
    assert "def rows(rng: Rng):\n    return call(rng.normal(3, 5))" in cases.source
    assert cases.metadata.cellView == "form" and cases.metadata["_kg_hide-input"]
    assert cases.metadata.jupyter.source_hidden
    assert "check(" not in cases.source.removeprefix(cases.source.split("\n")[0])


def test_what_students_do_not_edit_is_folded_and_nothing_else(built):
    cells = roles(built).items()
    folded = {name for name, cell in cells if cell["metadata"].get("cellView") == "form"}
    assert folded == {"course-setup", "course-visible_key", "cases-softmax"}


@pytest.mark.parametrize("secret", ["e / e.sum(-1", "def large", "Model answer", "BEGIN HIDDEN"])
def test_the_instructors_notebook_has_everything(built, secret):
    assert secret in text(built.build / "source/demo/demo.ipynb")


def test_a_solution_cell_keeps_its_name_signature_and_docstring(built):
    cells = nbformat.read(built.released("demo"), as_version=4).cells
    (cell,) = [c for c in cells if c.source.startswith("# exercise: softmax\n")]
    lines = cell.source.splitlines()
    assert lines[1] == "def softmax(x: torch.Tensor) -> torch.Tensor:"
    assert lines[2].startswith('    """Normalise `x`')
    assert lines[3:] == ["    # TODO: your code here", "    raise NotImplementedError"]


def roles(course):
    cells = read(course.released("demo"))["cells"]
    return {c["metadata"]["nbgrader"]["grade_id"]: c for c in cells if "nbgrader" in c["metadata"]}


@pytest.mark.parametrize(
    "name, kind, points, grade, solution, locked",
    [
        ("course-setup", "code", None, False, False, True),
        ("course-visible_key", "code", None, False, False, True),
        ("cases-softmax", "code", None, False, False, True),
        ("solution-softmax", "code", None, False, True, False),
        ("check-softmax", "code", 3, True, False, True),
        ("answer-why_shift", "markdown", 2, True, True, False),
    ],
)
def test_cells_carry_nbgraders_metadata(built, name, kind, points, grade, solution, locked):
    cell = roles(built)[name]
    found = cell["metadata"]["nbgrader"]
    assert (cell["cell_type"], found.get("points")) == (kind, points)
    assert (found["grade"], found["solution"], found["locked"]) == (grade, solution, locked)


def test_no_other_cell_carries_nbgraders_metadata(built):
    assert len(roles(built)) == 6


def test_training_is_tagged_and_demonstrations_may_fail(built):
    cells = read(built.released("demo"))["cells"]
    (train,) = [c for c in cells if "".join(c["source"]).startswith("print(softmax")]
    assert train["metadata"]["tags"] == ["training", "raises-exception"]
    (look,) = [c for c in cells if "".join(c["source"]).startswith("flat =")]
    assert look["metadata"]["tags"] == ["look", "raises-exception"]
    assert cells[-1]["metadata"]["tags"] == ["raises-exception"]


def test_the_points_table_stands_where_the_author_put_it(built):
    assert "{points}" not in text(built.released("demo"))
    assert "| `softmax` | code | 3 |\n| `why_shift` | written | 2 |" in text(built.released("demo"))
    assert "| **total** | | **5** |" in text(built.released("demo"))


@pytest.mark.parametrize("stated, shown", [(" words=40", ", at most 40 words"), ("", "")])
def test_an_answer_says_its_points_and_its_limit(demo_course, stated, shown):
    edit(demo_course.source_path("demo"), " words=40", stated)
    build(demo_course, "demo")
    (cell,) = [c for name, c in roles(demo_course).items() if name == "answer-why_shift"]
    assert "".join(cell["source"]) == f"**why_shift** (2 points{shown})\n\nYOUR ANSWER HERE"


def test_the_placeholder_of_a_whole_cell_becomes_the_question_about_ai_tools(built):
    assert text(built.released("demo")).count(AI_TOOLS) == 1
    assert "{ai_tools}" not in text(built.released("demo"))


def configured(course, line):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"\n{line}\n")
    return find_course(course.root)


def test_there_are_no_badges_without_a_repository(built):
    assert not re.search("colab|kaggle.com", text(built.released("demo")))


def test_badges_open_the_public_notebook(demo_course):
    course = configured(demo_course, 'c.Course.repository = "school/course"')
    build(course, "demo")
    first = nbformat.read(course.released("demo"), as_version=4).cells[0].source
    place = "github.com/school/course/blob/main/notebooks/demo/demo.ipynb)"
    assert first.startswith("# Softmax\n\n[Open in Colab](https://colab.research.google.com/")
    assert "google.com/github/" + place.removeprefix("github.com/") in first
    assert "[Open in Kaggle](https://kaggle.com/kernels/welcome?src=https://" + place in first


def test_the_setup_cell_knows_the_wheels_address(demo_course):
    course = configured(demo_course, 'c.Course.wheel_url = "https://example.org/kit.whl"')
    build(course, "demo")
    assert 'WHEEL_URL = "https://example.org/kit.whl"' in text(course.released("demo"))


def edit(path, old, new):
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new), encoding="utf-8")


def test_a_notebook_is_current_after_a_build(demo_course):
    assert not is_current(demo_course, "demo")
    build(demo_course, "demo")
    assert is_current(demo_course, "demo")


@pytest.mark.parametrize(
    "file, old, new",
    [
        ("demo.py", "points=3", "points=4"),
        ("demo.py", "points=2", "points=1"),
        ("checks.py", "rng.normal(3, 5)", "rng.normal(5, 3)"),
        ("demo.py", "The whole source format", "The source format"),
        ("mistakes.toml", "The rows must sum to 1", "Rows must sum to 1"),
    ],
)
def test_a_change_of_the_source_makes_the_notebook_stale(built, file, old, new):
    edit(built.solutions / "demo" / file, old, new)
    assert not is_current(built, "demo")
    build(built, "demo")
    assert is_current(built, "demo")


def test_a_change_of_the_notebook_makes_it_stale(built):
    edit(built.released("demo"), "TODO", "DONE")
    assert not is_current(built, "demo")


def shaken(evidence, factor):
    if evidence is None:  # the visible key keeps one seed's outcomes of a mistake
        return None
    if evidence.error is not None or not isinstance(evidence.value, Array):
        return evidence
    array = evidence.value
    values = (array.values * factor).astype(array.values.dtype)
    return replace(evidence, value=Array(array.kind, array.dtype, values))


def with_numbers(key, factor):
    """The key with every number multiplied by a factor."""
    return replace(
        key,
        exercises={
            name: replace(
                exercise,
                cases=tuple(
                    replace(case, expected=shaken(case.expected, factor)) for case in exercise.cases
                ),
            )
            for name, exercise in key.exercises.items()
        },
    )


def release_with_key(course, factor):
    """Build once, then again as a machine would whose numbers are a little different."""
    path = course.released("demo")
    key = decode(KEY_TEXT.search(text(path)).group(1))
    edit(path, encode(key), encode(with_numbers(key, np.float32(factor))))
    student = make(course, "demo").student
    return next(c.source for c in student.cells if KEY_TEXT.search(c.source)), text(path)


def test_last_bits_of_the_committed_key_stay(built):
    made, released = release_with_key(built, 1 + 2**-22)
    assert made in released


def test_other_numbers_in_the_committed_key_do_not_stay(built):
    made, released = release_with_key(built, 1.001)
    assert made not in released


def test_last_bits_do_not_make_a_notebook_stale(built):
    release_with_key(built, 1 + 2**-22)
    build(built, "demo")
    kept = built.released("demo").read_bytes()
    assert is_current(built, "demo")
    build(built, "demo")
    assert built.released("demo").read_bytes() == kept


def test_a_damaged_committed_key_is_written_anew(built):
    before = built.released("demo").read_bytes()
    path = built.released("demo")
    path.write_text(re.sub(r'check.load\(\\"[^"]{50}', r'check.load(\\"', path.read_text()))
    assert not is_current(built, "demo")
    build(built, "demo")
    assert path.read_bytes() == before


def value(number):
    return Evidence(Array("number", "number", np.asarray(number)))


def key(points=1.0, probe="p", weight=1.0, number=1.0, says="No.", wrong=2.0, written=2.0):
    mistakes = (Mistake("", says, (value(wrong),)),)
    exercise = Exercise("f", points, "f", (Case(probe, 0, weight, value(number)),), mistakes)
    return Key("demo", {"f": exercise}, {"why": written})


def test_keys_with_equal_numbers_are_the_same():
    assert same_keys(key(), key(number=1 + 1e-7, wrong=2 - 1e-7))


CHANGES = [{"points": 2.0}, {"probe": "q"}, {"weight": 0.5}, {"number": 1.1}, {"says": "Yes."}]
CHANGES += [{"wrong": 2.1}, {"written": 1.0}]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_keys_that_differ_are_not_the_same(change):
    assert not same_keys(key(), key(**change))


def test_nothing_is_written_where_a_marker_survives(demo_course, monkeypatch):
    monkeypatch.setattr("autograder.authoring.build.student_notebook", lambda nb, *_: nb)
    with pytest.raises(LeakError, match="survived"):
        build(demo_course, "demo")
    assert not demo_course.notebooks.exists() and not (demo_course.build / "source").exists()


def test_a_reference_that_fails_its_own_check_is_refused(demo_course):
    edit(demo_course.source_path("demo"), "    return e /", "    return float('nan') * e /")
    (demo_course.solutions / "demo/mistakes.toml").unlink()
    with pytest.raises(
        SourceError, match=r"demo\.py:15: the reference fails its own check: only NaN"
    ):
        build(demo_course, "demo")
    assert not demo_course.notebooks.exists()
