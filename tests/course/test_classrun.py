"""A class from submissions to table: in parallel, resumed, and never stopped by one student."""

import csv
import hashlib
import os
import shutil

import nbformat
import pytest
from handing import autograde, folder_of, hand_in

from autograder.authoring.build import build
from autograder.course import executors
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.course.reports import mistake_counts, reports
from autograder.course.sample import DUE, write_class
from autograder.course.scores import write_scores
from autograder.course.tables import lateness
from autograder.grading import submission
from autograder.grading.submission import Submission
from autograder.grading.verify import Verifier
from autograder.settings import SettingsError

EXPECTED = {  # points of 3 that a machine can give
    "reference": 3.0,
    "blank": 0.0,
    "mistake_softmax_wrong_axis": 0.0,
    "mistake_softmax_overflow": 1.5,
    "syntax_error": 0.0,
    "nan": 0.0,
    "wrong_shape": 0.0,
    "stderr": 3.0,
    "late_reference": 3.0,
    "late_blank_first": 0.0,
}


@pytest.fixture(scope="module")
def graded(module_demo_course):
    course = module_demo_course
    build(course, "demo")
    Nbgrader(course).release("demo", DUE.replace(tzinfo=None))
    write_class(course, "demo")
    hand_in(course, "broken", '{"cells": [')
    return course, grade_class(course, "demo")


def test_everyone_gets_their_points(graded):
    rows = {row.student: row for row in Nbgrader(graded[0]).rows("demo")}
    assert {name: rows[name].cells["check-softmax"] for name in EXPECTED} == EXPECTED


def test_a_broken_file_is_reported_and_stops_nobody(graded):
    _, run = graded
    assert "not a Jupyter notebook" in run.problems["broken"]
    assert sorted(run.graded) == sorted(EXPECTED)


def test_lateness_reaches_the_table(graded):
    late = {r.student: lateness(r.seconds_late) for r in Nbgrader(graded[0]).rows("demo")}
    assert late["late_reference"] == "2.0 days"
    assert late["reference"] == "–"


@pytest.mark.parametrize("student", ["stderr", "late_reference", "late_blank_first"])
def test_nbgraders_own_way_comes_to_the_same(graded, student):
    course, _ = graded
    of_class = all_of(course, student)
    autograde(Nbgrader(course), "demo", student)
    assert all_of(course, student) == of_class


def all_of(course, student):
    """What the gradebook and the autograded folder hold of a submission, but for ids of rows."""
    with Nbgrader(course).gradebook() as gradebook:
        submission = gradebook.find_submission("demo", student)
        (notebook,) = submission.notebooks
        grades = [{**each.to_dict(), "id": 0} for each in notebook.grades]
        comments = [{**each.to_dict(), "id": 0} for each in notebook.comments]
        late = submission.timestamp, notebook.late_submission_penalty or 0.0  # None is 0, too
    files = sorted((course.build / "autograded" / student / "demo").iterdir())
    kept = {file.name: (file.stat().st_mode, content(file)) for file in files}
    by_name = [sorted(rows, key=lambda row: row["name"]) for rows in (grades, comments)]
    return by_name, late, kept


def content(file):
    return nbformat.read(file, 4) if file.suffix == ".ipynb" else file.read_bytes()


def test_known_mistakes_are_counted(graded):
    counts = mistake_counts(graded[0], "demo")
    assert counts == {("softmax", "overflow"): 1, ("softmax", "wrong_axis"): 1}


def test_a_second_run_executes_nothing(graded, monkeypatch):
    def never(job):
        raise AssertionError("executed again")

    monkeypatch.setattr(executors, "execute", never)
    assert sorted(grade_class(graded[0], "demo").graded) == sorted(EXPECTED)


def test_class_runs_and_nbgraders_steps_share_one_submission(graded, monkeypatch):
    """Which is read, parsed, repaired and judged once for all of them."""
    course, _ = graded
    taken = []

    def noting(owner, name, real):
        def step(*arguments):
            taken.append((name, arguments))
            return real(*arguments)

        monkeypatch.setattr(owner, name, step)

    for name in ("read_bytes", "notebook_of", "repair"):
        noting(submission, name, getattr(submission, name))
    noting(Verifier, "verdict", Verifier.verdict)
    noting(executors, "execute", executors.execute)
    noting(submission, "execute", submission.execute)
    path = hand_in(course, "counted", {"softmax": "def softmax(x):\n    return x  # counted"})
    assert "counted" in grade_class(course, "demo").graded
    names = [name for name, arguments in taken if path in arguments or name not in OF_A_PATH]
    assert sorted(names) == ["execute", "notebook_of", "read_bytes", "repair", "verdict"]


OF_A_PATH = ("read_bytes", "notebook_of")  # those of other students are passed over


def test_evidence_of_what_was_replaced_is_pruned(graded):
    course, _ = graded
    store = course.build / "evidence/demo"
    hand_in(course, "changing", {"softmax": "def softmax(x):\n    return 1  # first"})
    grade_class(course, "demo", feedback=False)
    before = {path.name for path in store.iterdir()}
    hand_in(course, "changing", {"softmax": "def softmax(x):\n    return 1  # second"})
    grade_class(course, "demo", feedback=False)
    after = {path.name for path in store.iterdir()}
    assert len(before) == len(after) and len(before - after) == len(after - before) == 1
    kept = [place for each in reports(course, "demo").values() for place in each["evidence"]]
    assert after == {f"{place}.zip" for place in kept}


def test_csv_quotes_names_and_leaves_ungraded_cells_empty(graded, tmp_path):
    rows = Nbgrader(graded[0]).rows("demo")
    write_scores({"demo": rows}, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="") as file:
        table = {line["student"]: line for line in csv.DictReader(file)}
    assert table["reference"]["check-softmax"] == "3.0"
    assert table["reference"]["answer-why_shift"] == ""


def test_pseudonyms_are_stable_and_tell_no_name(graded):
    pseudonym = graded[0].pseudonym
    assert pseudonym("ada") == pseudonym("ada") != pseudonym("bob")
    assert "ada" not in pseudonym("ada")
    assert hashlib.sha256(b"ada").hexdigest()[:8] not in pseudonym("ada")  # anyone could try names


def test_nothing_to_grade_is_said(tmp_path, graded):
    with pytest.raises(SettingsError, match="no submissions of 'demo'"):
        grade_class(graded[0], "demo", submitted=tmp_path)


def test_a_renamed_notebook_is_found_and_reported(graded):
    course, _ = graded
    path = hand_in(course, "renamed", reference_of(course))
    path.rename(path.with_name("demo (1).ipynb"))
    run = grade_class(course, "demo", feedback=False)
    assert run.problems["renamed"] == "demo (1).ipynb was taken for demo.ipynb"
    scores = {row.student: row.cells["check-softmax"] for row in Nbgrader(course).rows("demo")}
    assert scores["renamed"] == 3.0


def reference_of(course):
    return (folder_of(course, "reference") / "demo.ipynb").read_bytes()


def device(path, course):
    path.symlink_to("/dev/zero")


def pipe(path, course):
    os.mkfifo(path)


def link_to_others_work(path, course):
    path.symlink_to(folder_of(course, "reference") / "demo.ipynb")


def pipe_of_another_name(path, course):
    os.mkfifo(path.with_name("mine.ipynb"))


def link_of_another_name(path, course):
    link_to_others_work(path.with_name("mine.ipynb"), course)


def wrong_timestamp(path, course):
    path.write_bytes(reference_of(course))
    path.with_name("timestamp.txt").write_text("yesterday")


REFUSED = {
    device: "a link to a file elsewhere",
    pipe: "not a file",
    link_to_others_work: "a link to a file elsewhere",
    pipe_of_another_name: "no such file",
    link_of_another_name: "no such file",
    wrong_timestamp: "no date; write one like",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_what_is_no_submission_is_named(graded, make):
    course, _ = graded
    path = course.build / "submitted" / make.__name__ / "demo/demo.ipynb"
    path.parent.mkdir(parents=True)
    make(path, course)
    run = grade_class(course, "demo", feedback=False)
    assert REFUSED[make] in run.problems[make.__name__]
    shutil.rmtree(path.parents[1])


def test_an_unforeseen_error_costs_one_submission_only(graded, monkeypatch):
    course, _ = graded
    (course.build / "reports/demo/reference.json").unlink()
    (course.build / "reports/demo/stderr.json").unlink()
    real = Submission.graded.func

    def fails(self):
        return 1 / 0 if self.path.parents[1].name == "reference" else real(self)

    monkeypatch.setattr(Submission, "graded", property(fails))
    run = grade_class(course, "demo", feedback=False)
    assert run.problems["reference"] == "cannot be graded: ZeroDivisionError: division by zero"
    assert "stderr" in run.graded and "reference" not in run.graded


def test_files_that_nbgrader_could_not_read_are_graded(graded):
    course, _ = graded
    hand_in(course, "utf16", reference_of(course).decode().encode("utf-16"))
    grade_class(course, "demo", feedback=False)
    scores = {row.student: row.cells["check-softmax"] for row in Nbgrader(course).rows("demo")}
    assert scores["utf16"] == 3.0
