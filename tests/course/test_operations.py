"""What happens to a class that has grades when its assignment is changed and released again."""

import csv
import re
import shutil

import pytest
from handing import GOLDEN, autograde, hand_in, put_secret, right_answers
from rich.console import Console

from autograder.__main__ import main
from autograder.assignment.current import StaleError
from autograder.authoring.build import build
from autograder.checks.text.cell_texts import UNANSWERED
from autograder.course.classrun import grade_class
from autograder.course.entering import enter
from autograder.course.gradebook import Nbgrader, NbgraderError
from autograder.course.marking.desk import Desk
from autograder.course.marking.groups import Share
from autograder.course.marking.ledger import Given
from autograder.course.migration import MarksError
from autograder.course.release import release
from autograder.course.tables import show_tables
from autograder.settings import find_course

ANSWER, CHECK = "answer-why_shift", "check-softmax"
ANSWERS = {"ada": "Because.", "bob": "It overflows."}  # cyd gives none
MORE = '\n# %% [markdown] answer="more" points=2\n# Because.\n'


@pytest.fixture(scope="module")
def graded(module_demo_course):
    """Three submissions, graded by machine, and two of them by hand."""
    course = module_demo_course
    build(course, "demo")
    Nbgrader(course).release("demo")
    for student in ("ada", "bob", "cyd"):
        hand_in(course, student, right_answers(course), change=answering(student))
    grade_class(course, "demo", feedback=False)
    mark(course, ada=2, bob=1)
    return course


@pytest.fixture
def course(graded, tmp_path):
    """A copy of that course, to be changed."""
    shutil.copytree(graded.root, tmp_path / "course")
    return find_course(tmp_path / "course")


def answering(student, text=None):
    def change(nb):
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == ANSWER:
                stub = cell.source.replace("A sample answer, to be graded by hand.", UNANSWERED)
                cell.source = stub.replace(UNANSWERED, text or ANSWERS.get(student, UNANSWERED))

    return change


def mark(course, cell=ANSWER, comment=None, **scores):
    """Grade by hand, as the formgrader does."""
    with Nbgrader(course).gradebook() as gradebook:
        for student, score in scores.items():
            grade = gradebook.find_grade(cell, "demo", "demo", student)
            grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()


def edit(course, old, new, file="demo.py"):
    path = course.solutions / "demo" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def add(course, text):
    path = course.solutions / "demo/demo.py"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def run_release(course, **options):
    said = []
    release(course, "demo", tell=said.append, **options)
    return said


def grade(course):
    run = grade_class(course, "demo", feedback=False)
    assert sorted(run.graded) == ["ada", "bob", "cyd"]
    return {row.student: row for row in Nbgrader(course).rows("demo")}


def to_mark(rows):
    return {student: set(row.to_mark) for student, row in rows.items() if row.to_mark}


def all_files(course):
    """What stands in the notebooks and the gradebook."""
    files = (course.released("demo"), course.build / "gradebook.db")
    return [file.read_bytes() for file in files]


def test_a_changed_check_leaves_marks_as_they_are(course):
    edit(course, "100 + rng", "101 + rng", "checks.py")
    rows = grade(course)
    assert to_mark(rows) == {}
    assert [rows[s].cells[ANSWER] for s in ("ada", "bob", "cyd")] == [2, 1, 0]


def test_an_answer_with_another_text_is_to_be_marked_again_and_keeps_its_mark(course):
    hand_in(course, "ada", right_answers(course), change=answering("ada", "Another reason."))
    rows = grade(course)
    assert to_mark(rows) == {"ada": {ANSWER}} and rows["ada"].cells[ANSWER] == 2
    edit(course, "100 + rng", "101 + rng", "checks.py")
    assert to_mark(grade(course)) == {"ada": {ANSWER}}  # it still waits
    mark(course, ada=0)
    edit(course, "101 + rng", "102 + rng", "checks.py")
    assert to_mark(grade(course)) == {}


def test_marks_given_by_question_outlive_grading_again(course):
    """And where the answer has changed, the page says that it was graded before."""
    with Nbgrader(course).gradebook() as gradebook:
        desk = Desk(course, "demo", gradebook.engine, "Bea", Share())
        for group in desk.groups("why_shift"):
            desk.mark("why_shift", group.key, group.version, Given(1.5, 0.5, "Nearly.", "1,0.5"))
        edit(course, "100 + rng", "101 + rng", "checks.py")
        assert to_mark(grade(course)) == {}
        assert {entry.mark for entry in desk.ledger.entries()} == {(1.5, 0.5, "Nearly.")}
        hand_in(course, "ada", right_answers(course), change=answering("ada", "Another reason."))
        assert to_mark(grade(course)) == {"ada": {ANSWER}}
        (again,) = [group for group in desk.groups("why_shift") if group.waiting]
    assert again.written.text == "Another reason." and again.agreed.mark == (1.5, 0.5, "Nearly.")


def test_a_mark_over_a_machines_stays_as_long_as_the_machine_says_the_same(course):
    mark(course, CHECK, bob=1.5)
    edit(course, "100 + rng", "101 + rng", "checks.py")
    rows = grade(course)
    assert to_mark(rows) == {} and rows["bob"].cells[CHECK] == 1.5
    edit(course, "points=3", "points=4")
    run_release(course)
    rows = grade(course)
    assert to_mark(rows) == {"bob": {CHECK}} and rows["ada"].cells[CHECK] == 4


def test_what_was_never_committed_settles_nothing(course, monkeypatch):
    """A run that ends between the autograded notebook and the gradebook."""
    hand_in(course, "ada", right_answers(course), change=answering("ada", "Another reason."))
    with monkeypatch.context() as patched:
        patched.setattr("autograder.course.gradebook.enter", lambda *of: [enter(*of), 1 / 0])
        assert "ada" in grade_class(course, "demo", feedback=False).ungraded
    assert to_mark(grade(course)) == {"ada": {ANSWER}}


def test_nbgraders_own_way_knows_what_was_marked_too(course):
    nbgrader = Nbgrader(course)
    autograde(nbgrader, "demo", "ada")
    assert {r.student: set(r.to_mark) for r in nbgrader.rows("demo")}["ada"] == set()
    hand_in(course, "ada", right_answers(course), change=answering("ada", "Another reason."))
    autograde(nbgrader, "demo", "ada")
    autograde(nbgrader, "demo", "ada")
    assert {r.student: set(r.to_mark) for r in nbgrader.rows("demo")}["ada"] == {ANSWER}


def test_an_added_answer_is_entered_for_all_and_told(course):
    add(course, MORE)
    assert run_release(course) == ["+ answer 'more', 2 points, which 3 submissions do not have yet"]
    rows = grade(course)
    assert to_mark(rows) == {}
    assert {row.max_score for row in rows.values()} == {7}
    assert [rows[s].cells["answer-more"] for s in ("ada", "bob", "cyd")] == [0, 0, 0]
    assert [rows[s].cells[ANSWER] for s in ("ada", "bob", "cyd")] == [2, 1, 0]


DOUBLE_CHECK = """

@probe("double")
def some(rng: Rng):
    return call(rng.normal(3))
"""


def test_an_added_exercise_is_graded(course):
    add(
        course,
        """
# %% solution="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% check="double" points=1
check("double", double)
""",
    )
    checks = course.solutions / "demo/checks.py"
    checks.write_text(checks.read_text() + DOUBLE_CHECK)
    run_release(course)
    rows = grade(course)
    assert to_mark(rows) == {} and rows["ada"].cells["check-double"] == 0
    hand_in(course, "bob", {**right_answers(course), "double": "def double(x):\n    return x + x"})
    assert grade(course)["bob"].cells["check-double"] == 1


def test_a_removed_cell_goes_where_nobody_marked_it(course):
    add(course, MORE)
    run_release(course)
    edit(course, MORE, "")
    assert run_release(course) == ["− answer 'more', with what 3 submissions earned there"]
    assert {row.max_score for row in grade(course).values()} == {5}


LOSSES = {
    "removed": (
        re.compile(r"# %% \[markdown\] answer.*?(?=# %%)", re.S),
        "",
        r"answer 'why_shift' is gone \(ada, bob\)",
    ),
    "worth less than a mark": (
        re.compile("points=2"),
        "points=1",
        r"answer 'why_shift' has 1 points now \(ada more\)",
    ),
}


@pytest.mark.parametrize("old, new, said", LOSSES.values(), ids=LOSSES)
def test_what_would_lose_marks_is_refused_before_anything_is_written(course, old, new, said):
    path = course.solutions / "demo/demo.py"
    path.write_text(old.sub(new, path.read_text(encoding="utf-8")), encoding="utf-8")
    before = all_files(course)
    with pytest.raises(MarksError, match=said):
        run_release(course)
    assert all_files(course) == before


@pytest.mark.parametrize("old, new, said", LOSSES.values(), ids=LOSSES)
def test_marks_are_given_up_where_that_is_said(course, old, new, said):
    path = course.solutions / "demo/demo.py"
    path.write_text(old.sub(new, path.read_text(encoding="utf-8")), encoding="utf-8")
    run_release(course, discard_marks=True)
    rows = grade(course)
    if new:
        assert to_mark(rows) == {"ada": {ANSWER}, "bob": {ANSWER}}
        assert (rows["ada"].cells[ANSWER], rows["bob"].cells[ANSWER]) == (None, 1)
    else:
        assert to_mark(rows) == {} and ANSWER not in rows["ada"].cells


def test_marks_of_an_answer_worth_more_stand_and_are_to_be_looked_at(course):
    edit(course, "points=2", "points=3")
    assert run_release(course) == ["answer 'why_shift': 2 → 3 points; to be marked again: ada, bob"]
    rows = grade(course)
    assert to_mark(rows) == {"ada": {ANSWER}, "bob": {ANSWER}}  # cyd's is as blank as before
    assert [rows[s].cells[ANSWER] for s in ("ada", "bob", "cyd")] == [2, 1, 0]
    console = Console(record=True, width=120)
    show_tables(course, "demo", console)
    assert "2 (ada, bob)" in console.export_text()


STALE = {
    "an answer more": (None, MORE, "answer-more is missing there"),
    "an answer less": (LOSSES["removed"][0], "", "answer-why_shift is not in the source"),
    "other points": (re.compile("points=3"), "points=4", "check-softmax has other points"),
    "another name": (re.compile(r"\bsoftmax\("), "other(", None),
    "other code": (re.compile("import torch\n"), "import torch\nimport math\n", "code of line 9"),
}


@pytest.mark.parametrize("old, new, said", STALE.values(), ids=STALE)
def test_a_source_that_was_not_built_again_is_refused(course, old, new, said):
    path = course.solutions / "demo/demo.py"
    text = path.read_text(encoding="utf-8")
    text = old.sub(new, text) if old else text + new
    if said is None:
        text = text.replace('"softmax", softmax)', '"softmax", other)')
    path.write_text(text, encoding="utf-8")
    before = all_files(course)
    with pytest.raises(StaleError, match=said or "checks another name"):
        grade_class(course, "demo")
    assert all_files(course) == before


def test_texts_and_references_may_be_edited_without_building(course):
    edit(course, "# The whole source format", "# The whole format")
    edit(course, "  # (…, n)", "  # the largest becomes 1")
    assert to_mark(grade(course)) == {}


def test_a_notebook_built_but_not_released_is_refused(course):
    edit(course, "points=3", "points=4")
    build(course, "demo")
    with pytest.raises(NbgraderError, match="run `autograder release demo`"):
        grade_class(course, "demo")


def test_a_release_cut_short_behind_the_migration_is_made_good(course, monkeypatch):
    add(course, MORE)
    with monkeypatch.context() as patched:
        patched.setattr("autograder.course.gradebook.Nbgrader._call", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_release(course)
    assert to_mark(grade(course)) == {}
    assert run_release(course) == []


def test_a_second_assignment_stands_beside_the_first_in_the_scores(course):
    shutil.copytree(GOLDEN / "powers", course.solutions / "powers")
    build(course, "powers")
    hand_in(course, "ada", right_answers(course, "powers"), "powers")
    grade_class(course, "powers", feedback=False)
    for assignment in ("demo", "powers"):
        path = show_tables(course, assignment, Console(quiet=True))
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [(line["student"], line["assignment"]) for line in lines] == [
        *(("ada", "demo"), ("bob", "demo"), ("cyd", "demo"), ("ada", "powers"))
    ]
    assert [line["score"] for line in lines] == ["5.0", "4.0", "3.0", "4.0"]
    assert (lines[0]["check-square"], lines[3]["check-square"]) == ("", "2.0")


def test_a_lost_secret_grades_nobody_anew(course, monkeypatch, capsys):
    (course.build / "keys/secret").unlink()
    before = all_files(course)
    monkeypatch.chdir(course.root)
    for command in (["grade", "demo"], ["grade", "demo", "--force"], ["release", "demo"]):
        assert main(command) == 2
        assert "missing, and grades rest on it" in capsys.readouterr().err
    assert all_files(course) == before and (course.build / "reports/demo/ada.json").is_file()
    put_secret(course.root, "a new one, which whoever wrote it wanted")
    assert to_mark(grade(course)) == {}


def test_an_older_copy_of_the_gradebook_is_brought_up_to_date(course):
    path = course.build / "gradebook.db"
    older = path.read_bytes()
    hand_in(course, "ada", {"softmax": "pass"})
    assert grade(course)["ada"].cells[CHECK] == 0
    path.write_bytes(older)
    rows = grade(course)
    assert [rows[s].cells[CHECK] for s in ("ada", "bob")] == [0, 3]


@pytest.mark.parametrize("damaged", ["", "{", '{"cells": 1}'])
def test_a_damaged_release_is_told_and_made_again(course, damaged):
    whole = course.released("demo").read_bytes()
    course.released("demo").write_text(damaged)
    with pytest.raises(NbgraderError, match="run `autograder release demo`"):
        grade_class(course, "demo")
    assert run_release(course) == []
    assert course.released("demo").read_bytes() == whole


@pytest.mark.parametrize("left", [None, b""], ids=["gone", "empty"])
def test_a_lost_gradebook_is_not_made_again_in_silence(course, left):
    path = course.build / "gradebook.db"
    path.unlink() if left is None else path.write_bytes(left)
    with pytest.raises(NbgraderError, match="holds none of 3 graded submissions"):
        grade_class(course, "demo")
    run = grade_class(course, "demo", feedback=False, force=True)
    assert sorted(run.graded) == ["ada", "bob", "cyd"]
