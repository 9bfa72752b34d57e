"""What lateness costs, and that no later grading, extension or due date makes it wrong."""

import csv
import math
import re
from datetime import datetime, timedelta

import nbformat
import pytest
from handing import autograde, hand_in, right_answers
from nbgrader import preprocessors
from rich.console import Console
from traitlets.config import Config

from autograder.authoring.build import build
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.course.late_policy import AssignLatePenalties, LatePolicy
from autograder.course.late_rules import DAY, HOUR
from autograder.course.rules import configured
from autograder.course.sample import DUE
from autograder.course.tables import show_tables
from autograder.settings import SettingsError

CHECK, ANSWER = "check-softmax", "answer-why_shift"  # 3 points and 2


def policy(**rules):
    return LatePolicy(config=Config({"LatePolicy": {"points_per_day": 10.0} | rules}))


def off(policy, seconds, points=50, assignment="demo"):
    return policy.rules(assignment).lateness(seconds, points).penalty


@pytest.mark.parametrize(
    "seconds, points", [(0, 0), (1, 10), (DAY, 10), (DAY + 1, 20), (2 * DAY, 20), (100 * DAY, 1000)]
)
def test_a_day_begun_counts_as_a_day(seconds, points):
    assert off(policy(), seconds) == points


def test_grace_shifts_the_count_and_a_maximum_ends_it():
    found = policy(grace_minutes=5.0, maximum=25.0)
    seconds = (300, 301, DAY + 300, DAY + 301, 9 * DAY)
    assert [off(found, s) for s in seconds] == [0, 10, 10, 20, 25]


def test_an_assignment_may_have_other_rules():
    found = policy(maximum=30.0, assignments={"demo": {"points_per_day": 0.5}})
    assert (off(found, 1), off(found, 1, assignment="other")) == (0.5, 10)


@pytest.mark.parametrize("points, share", [(5, 1.0), (50, 10.0), (0, 0.0)])
def test_a_day_may_cost_a_share_of_the_points(points, share):
    found = policy(points_per_day=0.0, percent_per_day=10.0)
    assert off(found, DAY + 1, points) == share
    both = policy(points_per_day=1.0, percent_per_day=10.0, maximum=7.0)
    assert off(both, DAY + 1, points) == min(share + 2, 7)


def test_hours_may_cost_in_the_place_of_days_and_the_lower_limit_counts():
    hourly = {"points_per_hour": 0.5, "percent_per_hour": 1, "maximum": 9, "maximum_percent": 12}
    found = policy(assignments={"demo": hourly})
    assert [off(found, s) for s in (1, HOUR, HOUR + 1, 5 * DAY)] == [1, 1, 2, 6]
    assert off(found, 5 * DAY, 100) == 9
    assert off(found, DAY, assignment="other") == 10
    found = policy(
        points_per_day=0.0, points_per_hour=1.0, assignments={"demo": {"percent_per_day": 4}}
    )
    assert (off(found, DAY), off(found, DAY, assignment="other")) == (2, 24)


def test_after_the_cutoff_all_points_are_lost_from_the_second_on():
    found = policy(cutoff_hours=48.0, grace_minutes=60.0, maximum=15.0)
    after = [found.rules("demo").lateness(s, 50) for s in (2 * DAY, 2 * DAY + 1)]
    assert [(each.penalty, each.is_cut_off) for each in after] == [(15, False), (50, True)]
    assert off(policy(cutoff_hours=0.0), 0) == 0


WRONG = {
    "c.LatePolicy, demo: per_day is none of cutoff_hours": {
        "assignments": {"demo": {"per_day": 1}}
    },
    "is points_per_day meant?": {"assignments": {"demo": {"point_per_day": 1}}},
    "demo, points_per_day: a number of at least 0 is wanted, not '5'": {
        "assignments": {"demo": {"points_per_day": "5"}}
    },
    "demo, maximum: a number of at least 0 is wanted, not -1": {
        "assignments": {"demo": {"maximum": -1}}
    },
    "demo, grace_minutes: a number of at least 0 is wanted, not nan": {"grace_minutes": math.nan},
    "demo, points_per_day: a finite number is wanted, not inf": {"points_per_day": math.inf},
    "demo: {'cutoff_hours': …} is wanted, not 5": {"assignments": {"demo": 5}},
    "demo: days cost points, and hours do too": {"points_per_day": 1.0, "points_per_hour": 1.0},
    "points_per_day' trait of a LatePolicy instance expected a float": {"points_per_day": "ten"},
    "c.LatePolicy: grace is none of assignments, cutoff_hours": {"grace": 3},
}


@pytest.mark.parametrize("said", WRONG)
def test_a_wrong_value_is_said_in_a_line(said):
    with pytest.raises(SettingsError, match=re.escape(said)) as raised:
        configured(LatePolicy, Config({"LatePolicy": WRONG[said]})).rules("demo")
    assert "\n" not in str(raised.value)


@pytest.fixture
def course(demo_course):
    """One right submission, a day and a half late, at a point a day."""
    demo_course.update_config(Config({"LatePolicy": {"points_per_day": 1.0}}))
    build(demo_course, "demo")
    Nbgrader(demo_course).release("demo", DUE.replace(tzinfo=None))
    hand_in_late(demo_course, timedelta(days=1.5))
    return demo_course


def hand_in_late(course, late):
    hand_in(course, "ada", right_answers(course), time=DUE + late)


def ada(course):
    (row,) = Nbgrader(course).rows("demo")
    return row.raw_score, row.late_penalty, row.score


def entered(nbgrader, assignment):
    """What nbgrader itself would subtract."""
    with nbgrader.gradebook() as gradebook:
        return gradebook.find_submission(assignment, "ada").late_submission_penalty


def mark(course, **scores):
    """Grade by hand, as the formgrader does."""
    with Nbgrader(course).gradebook() as gradebook:
        for name, score in scores.items():
            grade = gradebook.find_grade(name.replace("_", "-", 1), "demo", "demo", "ada")
            grade.manual_score = score
        gradebook.db.commit()


def test_a_penalty_is_whole_after_written_answers_are_graded(course):
    course.update_config(Config({"LatePolicy": {"points_per_day": 2.0}}))
    grade_class(course, "demo", feedback=False)
    assert ada(course) == (3, 4, 0)
    mark(course, answer_why_shift=2)
    assert ada(course) == (5, 4, 1)


def test_per_cent_are_of_all_points_before_and_after_marking(course):
    course.update_config(Config({"LatePolicy": {"points_per_day": 0.0, "percent_per_day": 20.0}}))
    grade_class(course, "demo", feedback=False)
    assert ada(course) == (3, 2, 1)
    show_tables(course, "demo", Console(quiet=True))
    assert ada(course) == (3, 2, 1)


def test_stock_nbgrader_would_have_cut_it_down(course, monkeypatch):
    """What the override is for."""
    from autograder.course import late_policy

    stock = preprocessors.AssignLatePenalties._check_late_penalty
    monkeypatch.setattr(late_policy.AssignLatePenalties, "_check_late_penalty", stock)
    course.update_config(Config({"LatePolicy": {"points_per_day": 2.0}}))
    autograde(Nbgrader(course), "demo", "ada")
    mark(course, answer_why_shift=2)
    assert entered(Nbgrader(course), "demo") == 3  # of 4


def test_the_report_shows_scores_before_and_after(course):
    grade_class(course, "demo", feedback=False)
    console = Console(record=True, width=120)
    path = show_tables(course, "demo", console)
    assert "1.5 days │      −2 │     1" in console.export_text()
    with path.open(newline="", encoding="utf-8") as file:
        (line,) = csv.DictReader(file)
    shown = [line[name] for name in ("raw_score", "late_penalty", "score", "max_score")]
    assert shown == ["3.0", "2.0", "1.0", "5.0"]


def test_the_students_page_never_shows_less_than_nothing(course):
    course.update_config(Config({"LatePolicy": {"points_per_day": 10.0}}))
    grade_class(course, "demo")
    html = (course.build / "feedback/ada/demo/demo.html").read_text(encoding="utf-8")
    assert "<title>Softmax: 0 of 5 points</title>" in html
    assert "2 days late, at 10 points a day.\n20 points off: 3 − 20 would be less" in html


def test_an_extension_granted_after_grading_counts(course):
    grade_class(course, "demo", feedback=False)
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.grant_extension("demo", "ada", days=1)
    show_tables(course, "demo", Console(quiet=True))
    assert ada(course) == (3, 1, 2)
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.grant_extension("demo", "ada", days=2)
    grade_class(course, "demo", feedback=False)
    assert ada(course) == (3, 0, 3)


def test_the_same_file_handed_in_again_is_as_late_as_its_last_time(course):
    grade_class(course, "demo", feedback=False)
    hand_in_late(course, timedelta(days=2.5))
    grade_class(course, "demo", feedback=False)
    assert ada(course) == (3, 3, 0)


def test_penalties_of_another_plugin_are_left_alone(course):
    course.update_config(
        Config({"AssignLatePenalties": {"plugin_class": "nbgrader.plugins.LateSubmissionPlugin"}})
    )
    grade_class(course, "demo", feedback=False)
    assert ada(course) == (3, 0, 3)


def test_an_assignment_of_two_notebooks_pays_once(demo_course):
    nbgrader = Nbgrader(demo_course)
    with nbgrader.gradebook() as gradebook:
        gradebook.add_assignment("pair", duedate=DUE.replace(tzinfo=None))
        for name in ("first", "second"):
            gradebook.add_notebook(name, "pair")
        gradebook.add_student("ada")
        late = DUE.replace(tzinfo=None) + timedelta(days=1.5)
        gradebook.add_submission("pair", "ada", timestamp=late)
    step = AssignLatePenalties(config=demo_course.config)
    for name in ("first", "second", "first"):
        ids = {"notebook": name, "assignment": "pair", "student": "ada"}
        step(nbformat.v4.new_notebook(), {"nbgrader": {**ids, "db_url": nbgrader.database}})
        assert entered(nbgrader, "pair") == 20
    nbgrader.settle_late_penalties("pair")
    assert entered(nbgrader, "pair") == 20


AUTUMN = datetime(2026, 10, 24, 18, 0)  # 20:00 in Berlin, where clocks go back in this night


@pytest.mark.parametrize(
    "zone, hours, extension, points",
    [
        ("Europe/Berlin", 24.5, 0, 10),  # 19:30 on the wall the evening after
        ("Europe/Berlin", 25.5, 0, 20),
        ("UTC", 24.5, 0, 20),
        ("Europe/Berlin", 24.5, 1, 0),
        ("Europe/Berlin", 25.5, 1, 10),
        ("Europe/Berlin", 0.5, 0, 10),
    ],
)
def test_days_are_those_of_the_clock_on_the_wall(demo_course, zone, hours, extension, points):
    demo_course.update_config(Config({"LmsExtractor": {"timezone": zone}}))
    nbgrader = Nbgrader(demo_course)
    with nbgrader.gradebook() as gradebook:
        gradebook.add_assignment("demo", duedate=AUTUMN)
        gradebook.add_notebook("demo", "demo")
        gradebook.add_student("ada")
        handed_in = AUTUMN + timedelta(hours=hours)
        gradebook.add_submission("demo", "ada", timestamp=handed_in)
        gradebook.grant_extension("demo", "ada", days=extension)
    step = AssignLatePenalties(config=demo_course.config)
    ids = {"notebook": "demo", "assignment": "demo", "student": "ada"}
    step(nbformat.v4.new_notebook(), {"nbgrader": {**ids, "db_url": nbgrader.database}})
    assert entered(nbgrader, "demo") == points
    nbgrader.settle_late_penalties("demo")
    assert entered(nbgrader, "demo") == points
