"""Files of predictions: answers, one on each line, whose right ones graders alone have."""

import pytest
from handing import right_answers, submission_of, written

from autograder.assignment.source import SourceError
from autograder.authoring.build import build
from autograder.checks.model_file import ModelError
from autograder.checks.predictions import MAX_TEXT, Predictions, own_predictions, read_predictions
from autograder.grading.submission import Grader

DECLARED = """
# %%
ANSWERS = Predictions(
    ending="predictions", count=4, answers="places.txt", tiers=((0.5, 1), (0.75, 3))
)

# %% artefact="predictions" points=3
check("predictions", ANSWERS)

# %%
summary()
"""
PLACES = "Ost\nTorin\nNew Ost\nKell\n"


@pytest.fixture
def course_with(make_course, parity_files):
    def course(places=PLACES, declared=DECLARED):
        text = parity_files["parity.py"].removesuffix("\n# %%\nsummary()\n") + declared
        text = text.replace("import Artefact,", "import Artefact, Predictions,")
        return make_course({"parity": {**parity_files, "parity.py": text, "places.txt": places}})

    return course


@pytest.fixture
def graded(course_with, tmp_path):
    """A function from the bytes of a file, or None, to the verdict on it."""
    course = course_with()
    build(course, "parity")
    grader = Grader(course, "parity")
    nb = written(course, right_answers(course, "parity"), "parity")
    folder = tmp_path / "handed in"
    folder.mkdir()

    def verdict(data):
        if data is not None:
            (folder / "1_Ada_predictions.txt").write_bytes(data)
        found = submission_of(grader, nb, folder).verdicts
        return next(v for v in found if v.exercise == "predictions")

    return verdict


def test_right_lines_earn_the_points_of_their_tier(graded):
    assert graded(PLACES.encode()).score == 3
    half = graded(b"Ost\nTorin\nOst\nOst\n")
    assert (half.score, half.measures["accuracy"]) == (1, 0.5)
    assert "accuracy 0.50: reaches 0.50, 1 of 3 points; 3 from 0.75 on" in half.feedback
    assert not graded(b"Ost\nost\nNew\nKel\n").passed


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "no file …_predictions.txt beside the notebook"),
        (b"Ost\nTorin\nNew Ost\n", "has 3 lines for 4 questions"),
        (b"", "has 1 lines for 4 questions"),
        (b"\xff\xfe\xff", "is no text in UTF-8"),
        (b"x" * (MAX_TEXT + 1), "is larger than 1 MB"),
    ],
)
def test_what_cannot_be_graded_earns_nothing_and_is_told_why(graded, data, said):
    verdict = graded(data)
    assert verdict.score == 0 and said in verdict.feedback


def test_a_grade_tells_no_answer(graded):
    verdict = graded(b"a\nb\nc\nd\n")
    assert not any(place in verdict.message for place in PLACES.split())


def test_the_build_ships_no_answer(course_with):
    course = course_with()
    build(course, "parity")
    text = course.released("parity").read_text(encoding="utf-8")
    assert "places.txt" in text and "Torin" not in text


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ("Ost\nTorin\n", "places.txt has 2 answers, not 4"),
        ("Ost\nOst\nTorin\nKell\n", "'Ost' for every question reaches the first tier"),
    ],
)
def test_the_build_refuses_what_cannot_be_graded(course_with, places, said):
    with pytest.raises(SourceError, match=said):
        build(course_with(places), "parity")


def test_other_right_answers_make_another_key(course_with):
    course = course_with()
    build(course, "parity")
    before = Grader(course, "parity").digest
    course.source_path("parity").with_name("places.txt").write_text("Ost\nTorin\nKell\nVos\n")
    assert Grader(course, "parity").digest != before


def test_lines_end_as_any_system_ends_them():
    wanted = ["Ost", "New Ost", ""]
    for end in ("\n", "\r\n", "\r"):
        assert read_predictions(end.join(["Ost ", "New Ost", "", ""]).encode()) == wanted
        assert read_predictions(end.join(["\ufeffOst", "New Ost", "x"]).encode())[:2] == wanted[:2]


def test_students_see_whether_the_number_is_right(tmp_path, monkeypatch):
    declared = Predictions("predictions", 2, "places.txt", ((0.5, 1),))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="no file …_predictions"):
        own_predictions(declared)
    path = tmp_path / "1_Ada_predictions.txt"
    path.write_text("Ost\n")
    with pytest.raises(ModelError, match=r"1_Ada_predictions\.txt has 1 lines for 2 questions"):
        own_predictions(declared)
    path.write_text("Ost\nKell\n")
    assert "2 answers, to be graded" in own_predictions(declared)
