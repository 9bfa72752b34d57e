"""Students' pages of a class: whose is written when, by whom, and what it keeps to itself."""

import errno
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from graded import with_rules
from handing import folder_of, hand_in, right_answers

from autograder.__main__ import main
from autograder.authoring.build import build
from autograder.course import feedback
from autograder.course.class_page.writing import write_class_page
from autograder.course.classrun import grade_class
from autograder.course.clock import length
from autograder.course.exporting.finished import UnfinishedError
from autograder.course.extensions import Grant, write_kept
from autograder.course.gradebook import Nbgrader, without_noise
from autograder.course.groups import write_groups
from autograder.errors import StoppedError
from autograder.grading.forks.zygote_client import ZygoteClient

DUE = datetime(2026, 10, 1, 12, tzinfo=UTC)
WRONG = """def softmax(x):
    e = (x - x.max(-1, keepdim=True).values).exp()
    return e / e.sum(0, keepdim=True)"""
STUDENTS = ("ada", "bob", "eve")


@pytest.fixture(scope="module")
def course(module_demo_course):
    course = module_demo_course
    build(course, "demo")
    Nbgrader(course).release("demo", DUE.replace(tzinfo=None))
    right = right_answers(course)
    hand_in(course, "ada", right, time=DUE)
    hand_in(course, "bob", {"softmax": WRONG}, time=DUE + timedelta(hours=30))
    hand_in(course, "eve", {}, time=DUE)
    (folder_of(course, "ada") / "submission_secret.txt").write_text("known to nbgrader")
    (folder_of(course, "ada") / "notes.txt").write_text("a student's")
    grade_class(course, "demo")
    return course


def page(course, student):
    return course.build / "feedback" / student / "demo/demo.html"


def written(course, run=grade_class):
    """Whose pages another run writes."""
    before = {student: page(course, student) for student in STUDENTS}
    before = {name: path.stat().st_ino for name, path in before.items() if path.exists()}
    result = run(course, "demo")
    assert sorted(result.graded) == sorted(STUDENTS)
    return {name for name in STUDENTS if page(course, name).stat().st_ino != before.get(name)}


def test_pages_say_what_the_gradebook_says(course):
    texts = {student: page(course, student).read_text() for student in STUDENTS}
    assert "<title>Softmax: 3 of 5 points</title>" in texts["ada"]
    assert "in time: due 2026-10-01 12:00 " in texts["ada"]
    assert "Every day begun counts: 2 days late, at 10 points a day." in texts["bob"]
    assert "3 / 3" in texts["ada"] and "not graded yet" in texts["ada"]
    assert "The rows must sum to 1, not the columns." in texts["bob"]
    assert "nothing written" in texts["eve"]


def test_nothing_hidden_is_in_a_page(course):
    hidden = [str(seed) for seed in course.hidden_seeds("demo", "softmax")]
    hidden += ["def rows", "def large", "Model answer", "invariance", "load("]
    for student in STUDENTS:
        text = page(course, student).read_text()
        assert [each for each in hidden if each in text] == []


def test_the_class_page_leads_to_them(course, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    assert main(["report", "demo", "--html", "--csv"]) == 0
    told = [line.rpartition("/")[2] for line in capsys.readouterr().out.split()]
    assert told[:3] == ["report.html", "exercises.csv", "marks.csv"]
    folder = course.build / "class/demo"
    text = (folder / "report.html").read_text()
    assert "The rows must sum to 1, not the columns." in text
    assert "return e / e.sum(" in re.sub("<[^>]+>", "", text)  # the answer that shows it
    links = {link.partition("#")[0] for link in re.findall(r'href="([^"#]+[^"]*)"', text)}
    assert {(folder / link).resolve() for link in links} == {page(course, s) for s in STUDENTS}
    assert "eve</a> <small>left blank</small>" in text and "1.2 days, −20 points" in text


def test_what_is_unchanged_is_not_written_again(course):
    assert written(course) == set()


def test_a_mark_and_a_comment_write_one_page(course):
    with Nbgrader(course).gradebook() as gradebook:
        where = ("answer-why_shift", "demo", "demo", "ada")
        gradebook.find_grade(*where).manual_score = 1.5
        gradebook.find_grade(*where).needs_manual_grade = False
        gradebook.find_comment(*where).manual_comment = "Which $c$?"
        gradebook.db.commit()
    assert written(course) == {"ada"}
    text = page(course, "ada").read_text()
    assert "1.5 / 2" in text and "<mi>c</mi>" in text and "not graded yet" not in text


def test_an_extension_writes_one_page(course):
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.grant_extension("demo", "bob", hours=12)
    assert written(course) == {"bob"}
    text = page(course, "bob").read_text()
    assert "with an extension of 12 hours" in text and "1 day late" in text


def test_a_page_that_is_lost_is_written_again(course):
    page(course, "eve").unlink()
    assert written(course) == {"eve"}


def test_another_kit_writes_all_of_them(course, monkeypatch):
    monkeypatch.setattr(feedback, "own_code", lambda: b"another")
    assert written(course) == set(STUDENTS)
    monkeypatch.undo()
    assert written(course) == set(STUDENTS)


def test_those_of_a_large_class_are_written_by_other_processes(course, monkeypatch):
    for student in STUDENTS:
        page(course, student).unlink()
    monkeypatch.setattr(feedback, "TOGETHER", 1)
    monkeypatch.setattr(feedback, "_here", None)
    assert written(course) == set(STUDENTS)


def test_nbgraders_own_command_makes_the_same_page(course):
    before = {student: page(course, student).read_bytes() for student in STUDENTS}
    shutil.rmtree(course.build / "feedback")
    with without_noise():
        assert Nbgrader(course).api.generate_feedback("demo")["success"]
    assert {student: page(course, student).read_bytes() for student in STUDENTS} == before


def test_nbgrader_finds_what_it_needs_to_release_them_and_nothing_else(course):
    shutil.rmtree(course.build / "feedback")
    grade_class(course, "demo")
    beside = {path.name for path in page(course, "ada").parent.iterdir()}
    assert beside == {"demo.html", "timestamp.txt", "submission_secret.txt"}


def fails(error):
    def write(job):
        if job.grades.student == "bob":
            raise error
        feedback_written(job)

    return write


feedback_written = feedback.write_page


def test_a_page_that_cannot_be_made_is_named_and_the_others_are(course, monkeypatch):
    shutil.rmtree(course.build / "feedback")
    monkeypatch.setattr(feedback, "write_page", fails(RecursionError("too deep")))
    run = grade_class(course, "demo")
    assert run.problems == {"bob": "its page cannot be written: too deep"}
    assert sorted(run.graded) == ["ada", "eve"]
    assert not page(course, "bob").exists() and page(course, "eve").exists()


def test_a_full_disk_stops_the_run(course, monkeypatch):
    page(course, "bob").unlink(missing_ok=True)
    monkeypatch.setattr(feedback, "write_page", fails(OSError(errno.ENOSPC, "full")))
    with pytest.raises(StoppedError, match="the disk is full"):
        grade_class(course, "demo")


@pytest.mark.parametrize(
    "time, told",
    [
        ({}, ""),
        ({"days": 1}, "1 day"),
        ({"days": 2}, "2 days"),
        ({"hours": 36}, "36 hours"),
        ({"hours": 190}, "7 days 22 hours"),
    ],
)
def test_extensions_are_told_in_whole_units(time, told):
    assert length(timedelta(**time)) == told


def test_an_ordinary_assignment_has_a_class_page_too(course):
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.add_assignment("ps1")
        gradebook.add_notebook("ps1", "ps1")
        gradebook.add_grade_cell("test", "ps1", "ps1", max_score=2, cell_type="code")
        gradebook.add_submission("ps1", "ada")
        grade = gradebook.find_grade("test", "ps1", "ps1", "ada")
        grade.auto_score, grade.needs_manual_grade = 1, False
        gradebook.db.commit()
    html, exercises, *_ = write_class_page(course, "ps1", ["csv", "html"])
    text = " ".join(re.sub("<[^>]+>", " ", html.read_text()).split())
    assert "Mean 1, median 1, of 2 points" in text and "Discrimination test 2 points" in text
    assert "nothing is known here" in text and "what was left blank." not in text
    assert exercises.read_text().splitlines()[1].startswith("test,,False,2.0,1,0,1,0,0,0,0.5,,,")
    with pytest.raises(UnfinishedError, match="nothing graded for 'ps2'"):
        write_class_page(course, "ps2", ["html"])


def test_rules_extensions_and_groups_change_pages_and_run_nothing(course, monkeypatch):
    before = Nbgrader(course).auto_scores("demo")
    monkeypatch.setattr(ZygoteClient, "fork", None)  # nothing can run
    rules = {"drop": ["why_shift"], "bonus": ["softmax"]}
    ruled = with_rules(course, Counting={"assignments": {"demo": rules}})
    write_groups(course, {"demo": {"Blue": ["ada", "bob"]}})
    write_kept(course, {"demo": {"bob": Grant(by=timedelta(days=1))}})
    try:
        run = grade_class(ruled, "demo")
        assert sorted(run.graded) == sorted(STUDENTS)
        assert "group Blue: what bob handed in counts" in run.problems["ada"]
        rows = {row.student: row for row in Nbgrader(ruled).rows("demo")}
        late = {student: row.late_penalty for student, row in rows.items()}
        assert late == {"ada": 20, "bob": 10, "eve": 0}  # one submission, a due date each
        texts = {s: " ".join(page(course, s).read_text().split()) for s in STUDENTS}
        assert "Handed in for your group, Blue, by you, bob." in texts["ada"]  # her notes
        assert "You handed in another version" in texts["ada"]
        assert "Handed in for your group, Blue, by you, ada." in texts["bob"]
        assert "with an extension of 1 day; handed in" in texts["bob"]
        assert "Does not count, for anybody." in texts["eve"] and "A bonus." in texts["eve"]
        assert "<title>Softmax: 0 of 0 points</title>" in texts["eve"]
    finally:
        write_groups(course, {})
        write_kept(course, {"demo": {"bob": Grant()}})
        grade_class(course, "demo")
    after = page(course, "ada").read_text()
    assert "in time: due 2026-10-01" in after and "your group" not in after
    assert Nbgrader(course).auto_scores("demo") == before
