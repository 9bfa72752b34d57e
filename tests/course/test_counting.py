"""Dropped and bonus exercises: on what was graded before, the same number everywhere."""

import csv
import json
import math
import re
from dataclasses import replace

import pytest
from graded import EARNED, gradebook_of, with_rules
from handing import course_of
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.course.counting import counting_of
from autograder.course.exporting.export import Choices, export_grades
from autograder.course.exporting.finished import grades_of, refuse_unfinished
from autograder.course.exporting.nbgraders import ScoresExport
from autograder.course.gradebook import Nbgrader
from autograder.course.groups import write_groups
from autograder.course.tables import show_tables
from autograder.files import write_whole
from autograder.grading.pages.grades import Counts, Grades, Lateness, Mark
from autograder.settings import SettingsError


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return gradebook_of(course_of(tmp_path_factory.mktemp("course")))


def counting(course, late=None, **rules):
    late = late or {"points_per_day": 0.0}
    return with_rules(course, Counting={"assignments": {"demo": rules}}, LatePolicy=late)


def scores(course):
    """By student: points, penalty, score, and what the assignment is worth."""
    return {
        row.student: (row.raw_score, row.late_penalty, row.score, row.max_score)
        for row in Nbgrader(course).rows("demo")
    }


RULES = {  # ada earned 3, 2, 2; bo 1, nothing yet, 1; zoé 3, 1, 0
    "as earned": ({}, {"ada": (7, 7), "bo": (2, 7), "zoé": (4, 7)}),
    "dropped": ({"drop": ["softmax"]}, {"ada": (4, 4), "bo": (1, 4), "zoé": (1, 4)}),
    "in full": ({"full": ["softmax"]}, {"ada": (7, 7), "bo": (4, 7), "zoé": (4, 7)}),
    "bonus": ({"bonus": ["extra"]}, {"ada": (7, 5), "bo": (2, 5), "zoé": (4, 5)}),
    "capped": (
        {"bonus": ["extra"], "bonus_limit": 0},
        {"ada": (5, 5), "bo": (2, 5), "zoé": (4, 5)},
    ),
    "limited": (
        {"bonus": ["extra", "why"], "bonus_limit": 1.5},
        {"ada": (4.5, 3), "bo": (2, 3), "zoé": (4, 3)},
    ),
    "all dropped": ({"drop": ["softmax", "why", "extra"]}, dict.fromkeys(EARNED, (0, 0))),
}


@pytest.mark.parametrize("rules, expected", RULES.values(), ids=RULES)
def test_points_follow_the_rules_and_nothing_is_graded_again(course, rules, expected):
    found = scores(counting(course, **rules))
    assert {student: (score, of) for student, (_, _, score, of) in found.items()} == expected


def test_every_way_out_shows_the_same_number(course, tmp_path):
    """And with a late penalty in per cent: of the points that count."""
    late = {"points_per_day": 0.0, "percent_per_day": 10.0}
    ruled = counting(course, late, drop=["extra"], full=["why"])
    expected = {"ada": (5, 0, 5, 5), "bo": (3, 1, 2, 5), "zoé": (5, 2, 3, 5)}
    assert scores(ruled) == expected

    console = Console(record=True, width=120)
    with show_tables(ruled, "demo", console).open(newline="", encoding="utf-8") as file:
        lines = {line["student"]: float(line["score"]) for line in csv.DictReader(file)}
    assert lines == {student: of[2] for student, of in expected.items()}
    printed = console.export_text()
    assert "answer-why (in full)" in printed and "check-extra (dropped)" in printed
    assert re.search(r"bo +│ +3 │ 1.2 days │ +−1 │ +2 │ +5", printed)

    pages = Nbgrader(ruled).standings("demo", [*EARNED])
    assert {s: (g.earned, g.penalty, g.score, g.of) for s, g in pages.items()} == expected

    path, _ = export_grades(ruled, "demo", "generic", Choices(output=tmp_path / "out.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        lines = {line["student"]: float(line["demo"]) for line in csv.DictReader(file)}
    assert lines == {student: of[2] for student, of in expected.items()}

    export = ScoresExport(config=ruled.config)
    export.to, export.assignment = str(tmp_path / "nbgrader.csv"), ["demo"]
    with Gradebook(Nbgrader(ruled).database) as gradebook:
        export.export(gradebook)
    names = "raw_score", "late_submission_penalty", "score", "max_score"
    with open(export.to, newline="", encoding="utf-8") as file:
        lines = {
            each["student_id"]: tuple(float(each[n]) for n in names)
            for each in csv.DictReader(file)
        }
    assert lines == expected


def test_what_does_not_depend_on_a_grader_waits_for_none(course):
    waiting = {student: row.to_mark for student, row in grades_of(course, "demo").rows.items()}
    assert waiting["bo"] == {"answer-why"}
    for rules in ({"drop": ["why"]}, {"full": ["why"]}):
        refuse_unfinished(grades_of(counting(course, **rules), "demo"))


def test_after_the_cutoff_the_score_is_0_of_what_counts(course):
    found = scores(counting(course, {"points_per_day": 1.0, "cutoff_hours": 72.0}, bonus=["extra"]))
    assert found["zoé"] == (4, 4, 0, 5)
    assert found["bo"] == (2, 2, 0, 5)
    assert found["ada"] == (7, 0, 7, 5)


WRONG = {
    "c.Counting, demo, drop: sofmax is none of extra, softmax, why; is softmax meant?": {
        "drop": ["sofmax"]
    },
    "c.Counting, demo, drop: a list is wanted, as ['max_pool'], not 'softmax'": {"drop": "softmax"},
    "c.Counting, demo: softmax is in drop and in bonus": {
        "drop": ["softmax"],
        "bonus": ["softmax"],
    },
    "c.Counting, demo: drp is none of bonus, bonus_limit, drop, full; is drop meant?": {"drp": []},
    "c.Counting, demo, bonus_limit: a number of at least 0 is wanted, not '5'": {
        "bonus_limit": "5"
    },
}


@pytest.mark.parametrize("said", WRONG)
def test_a_wrong_rule_is_said_in_a_line(course, said):
    with pytest.raises(SettingsError, match=re.escape(said)) as raised:
        Nbgrader(counting(course, **WRONG[said])).settle_late_penalties("demo")
        scores(counting(course, **WRONG[said]))
    assert "\n" not in str(raised.value)


def test_rules_of_an_assignment_that_nobody_knows_are_refused(course):
    for kind in ("Counting", "LatePolicy"):
        ruled = with_rules(course, **{kind: {"assignments": {"dmo": {}}}})
        with pytest.raises(SettingsError, match=rf"c\.{kind}\.assignments: dmo .* is demo meant"):
            Nbgrader(ruled).settle_late_penalties("demo")
    with pytest.raises(SettingsError, match=r"c\.Counting: drop is none of assignments"):
        counting_of(with_rules(course, Counting={"drop": ["softmax"]}).config)


def test_cells_of_ordinary_assignments_are_called_by_their_grade_ids(course):
    ways = counting_of(counting(course, drop=["cell-1f"]).config).ways("demo")
    assert ways.of(["cell-1f", "check-softmax"]) == {
        "cell-1f": Counts.DROPPED,
        "check-softmax": Counts.AS_EARNED,
    }


def test_what_a_grader_gave_beyond_all_points_is_not_cut_by_a_bonus_limit():
    marks = {
        "a": Mark(4.0, 3.0, is_given=True),
        "b": Mark(2.0, 2.0, counts=Counts.AS_BONUS),
        "c": Mark(2.5, 2.0, is_given=True, counts=Counts.IN_FULL),
    }
    grades = Grades("", "ada", marks, {}, bonus_limit=2.0)
    assert (grades.of, grades.regular, grades.bonus, grades.score) == (5, 6.5, 0.5, 7)
    assert replace(grades, bonus_limit=0.0).score == 6.5
    assert replace(grades, bonus_limit=math.inf).score == 8.5
    late = Lateness(1, 9.0, 9.0)
    assert replace(grades, lateness=late).score == 0
    assert replace(grades, lateness=replace(late, is_cut_off=True)).penalty == 7


def marked(course, student):
    with Nbgrader(course).gradebook() as gradebook:
        grade = gradebook.find_grade("answer-why", "demo", "demo", student)
        return grade.manual_score, grade.extra_credit, grade.needs_manual_grade


def mark(course, student, points, waits=False):
    with Nbgrader(course).gradebook() as gradebook:
        grade = gradebook.find_grade("answer-why", "demo", "demo", student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, None, waits
        gradebook.db.commit()


def test_an_answer_of_a_group_is_marked_once_and_apart_where_a_grader_wants(course):
    texts = {"ada": "same", "bo": "same", "zoé": "another"}
    for student, text in texts.items():
        write_whole(course.build / f"marked/demo/{student}.json", json.dumps({"why": text}))
    write_groups(course, {"demo": {"Blue": [*texts]}})
    try:
        for student in texts:
            mark(course, student, None, waits=True)
        mark(course, "ada", 1.5)
        Nbgrader(course).settle_late_penalties("demo")
        assert marked(course, "bo") == (1.5, None, False)
        assert marked(course, "zoé") == (None, None, True)  # graded before the groups were made
        mark(course, "bo", 0.5)
        Nbgrader(course).settle_late_penalties("demo")
        assert [marked(course, student)[0] for student in ("ada", "bo")] == [1.5, 0.5]
        mark(course, "ada", 1.5, waits=True)  # to be looked at again: nobody's marks are taken over
        mark(course, "zoé", 2.0)
        Nbgrader(course).settle_late_penalties("demo")
        assert marked(course, "ada") == (1.5, None, True)
    finally:
        write_groups(course, {})
        for student, waits in (("ada", False), ("bo", True), ("zoé", False)):
            mark(course, student, None, waits)
