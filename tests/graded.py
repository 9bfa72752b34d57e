"""A gradebook with grades in it that no code was run for, and the course's rules on top of it."""

import copy
from datetime import datetime, timedelta

from traitlets.config import Config

from autograder.course.gradebook import Nbgrader
from autograder.settings import Course

DUE = datetime(2026, 10, 1, 12, 0)
POINTS = {"check-softmax": 3.0, "answer-why": 2.0, "check-extra": 2.0}
EARNED = {  # points by cell, None where a grader is waited for; hours after the due date
    "ada": ((3.0, 2.0, 2.0), -1),
    "bo": ((1.0, None, 1.0), 30),
    "zoé": ((3.0, 1.0, 0.0), 80),
}


def gradebook_of(course):
    """Enter an assignment `demo`, its students, and what they earned."""
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.add_assignment("demo", duedate=DUE)
        gradebook.add_notebook("demo", "demo")
        for name, points in POINTS.items():
            kind = "code" if name.startswith("check") else "markdown"
            gradebook.add_grade_cell(name, "demo", "demo", max_score=points, cell_type=kind)
        for student, (points, hours) in EARNED.items():
            gradebook.add_student(student)
            gradebook.add_submission("demo", student, timestamp=DUE + timedelta(hours=hours))
            for name, earned in zip(POINTS, points, strict=True):
                grade = gradebook.find_grade(name, "demo", "demo", student)
                grade.auto_score, grade.needs_manual_grade = earned or 0.0, earned is None
        gradebook.db.commit()
    return course


def with_rules(course, **rules):
    """The same course with these settings besides, by class."""
    config = copy.deepcopy(course.config)
    config.merge(Config(rules))
    return Course(course.root, config)
