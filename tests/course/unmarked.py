"""A class whose written answers wait for a grader, made without grading one."""

import copy
import shutil

import nbformat
from handing import GOLDEN, course_of, find
from nbgrader.api import Gradebook

from autograder.checks.text.cell_texts import UNANSWERED
from autograder.course.gradebook import Nbgrader, without_noise
from autograder.course.marking.ledger import Ledger
from autograder.grading.repair.reading import read_notebook
from autograder.settings import find_course

NAME, CELL = "why_shift", "answer-why_shift"
CLASS = {  # by id: first name, last name, answer
    "s10001": ("Ada", "Lovelace", "It is *invariant*:\n\n$c$ cancels."),
    "s10002": ("Zoë", "Ångström", "it is  *INVARIANT*: $c$ cancels."),
    "s10003": ("Bob", "Zimmer", "It is *invariant*: $C$ cancels."),
    "s10004": ("Eve", "Mallory", "Eve Mallory (s10004) says: it overflows."),
    "s10005": ("Cyd", "Aaron", UNANSWERED),
}


def unmarked_course(root, monkeypatch, people=None):
    """A course with a gradebook of these people's answers to the golden assignment."""
    monkeypatch.setattr("nbgrader.api.get_alembic_version", lambda: "any")  # a process of seconds
    course = course_of(root, GOLDEN / "demo")
    released = course.released("demo")
    released.parent.mkdir(parents=True)
    shutil.copy(GOLDEN / "demo/demo.ipynb", released)
    nbgrader = Nbgrader(course)
    with without_noise(), Gradebook(nbgrader.database, nbgrader.course_id) as gradebook:
        gradebook.add_assignment("demo")
        gradebook.add_notebook("demo", "demo")
        gradebook.add_grade_cell(CELL, "demo", "demo", max_score=2, cell_type="markdown")
        gradebook.add_solution_cell(CELL, "demo", "demo")
        for student, of in (CLASS if people is None else people).items():
            hand_in_answer(course, student, *of, gradebook=gradebook)
        Ledger(gradebook.engine, "demo", "")  # makes its table, once for all copies
    return course


def copy_of(course, root):
    """A copy of such a course, to be changed."""
    shutil.copytree(course.root, root / "course")
    return find_course(root / "course")


def hand_in_answer(course, student, first, last, text, gradebook):
    """Enter a student and an answer as autograding does."""
    gradebook.add_student(student, first_name=first, last_name=last)
    gradebook.add_submission("demo", student)
    if text == UNANSWERED:
        grade = gradebook.find_grade(CELL, "demo", "demo", student)
        grade.auto_score, grade.needs_manual_grade = 0, False
        gradebook.db.commit()
    write_answer(course, student, text)


def write_answer(course, student, text, **more):
    """A student's autograded notebook."""
    nb = copy.deepcopy(read_notebook(course.released("demo")))
    cell = find(nb, CELL)
    cell.source = cell.source.replace(UNANSWERED, text)
    cell.update(more)
    path = Nbgrader(course).autograded("demo", student)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)


def in_gradebook(course, student):
    """Points, extra credit, whether a grader is needed, and the comment."""
    with Nbgrader(course).gradebook() as gradebook:
        grade = gradebook.find_grade(CELL, "demo", "demo", student)
        comment = gradebook.find_comment(CELL, "demo", "demo", student)
        return (
            grade.manual_score,
            grade.extra_credit,
            grade.needs_manual_grade,
            comment.manual_comment,
        )
