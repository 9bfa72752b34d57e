"""All that a class page tells, gathered from gradebook, reports, roster and released notebook."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nbformat.v4 import reads_json

from autograder.course.class_page.items import Item, items_of
from autograder.course.class_page.mistakes import Code, Mistake, blanks_of, mistakes_of
from autograder.course.class_page.similar import Pair, similar_pairs
from autograder.course.exporting.finished import grades_of
from autograder.course.gradebook import Nbgrader
from autograder.course.leaderboard import Leaderboard, leaderboards
from autograder.course.reports import reports
from autograder.course.rows import Row
from autograder.grading.pages import items as pages
from autograder.grading.pages.grades import Grades
from autograder.grading.pages.tasks import Tasks, tasks_of
from autograder.grading.record import kept_in
from autograder.grading.repair.reading import read_notebook
from autograder.settings import Course


@dataclass(frozen=True)
class Survey:
    """How a class did in one assignment; students by id everywhere."""

    assignment: str
    title: str
    course: str
    rows: dict[str, Row]
    names: dict[str, str]  # of those whom the roster names
    absent: list[str]  # of these, who handed in nothing
    ungraded: list[str]  # handed in, and not graded yet
    outdated: list[str]  # handed in again since
    unreported: list[str]  # graded without a report: nothing is known of their mistakes
    items: list[Item]
    mistakes: list[Mistake]
    boards: list[Leaderboard]
    similar: list[Pair]
    pages: dict[str, Path]  # of feedback
    code: Code

    @property
    def max_score(self) -> float:
        """What the assignment is worth."""
        return next(iter(self.rows.values())).max_score

    @property
    def waiting(self) -> int:
        """How many answers wait for a grader."""
        return sum(len(item.waiting) for item in self.items)


def survey(course: Course, assignment: str) -> Survey:
    """What is known of an assignment's class. Raises UnfinishedError where nothing is graded."""
    nbgrader, found = Nbgrader(course), grades_of(course, assignment)
    order = course.pseudonym if course.pseudonyms else str  # another one would tell who is who
    rows = {student: found.rows[student] for student in sorted(found.rows, key=order)}
    standings = nbgrader.standings(assignment, [*rows])
    grades = {student: standings[student] for student in rows if student in standings}
    tasks, said = _tasks(course, assignment), reports(course, assignment)
    return Survey(
        assignment,
        tasks.title or assignment,
        nbgrader.course_id.replace("_", " "),
        rows,
        {
            student: name
            for student in found.people.students
            if (name := found.people.name(student))
        },
        sorted(found.people.students.keys() - rows.keys() - found.ungraded, key=order),
        sorted(found.ungraded, key=order),
        sorted(found.outdated, key=order),
        [student for student in rows if student not in said],
        items_of(grades, tasks, blanks_of(said, rows)),
        mistakes_of(said, rows),
        leaderboards(course, assignment),
        similar_pairs(folder_of_class(course, assignment)),
        {student: pages[0] for student, pages in nbgrader.feedback_pages(assignment).items()},
        _code(nbgrader, assignment, tasks, grades),
    )


def folder_of_class(course: Course, assignment: str) -> Path:
    """Where the class page stands, and what belongs to it."""
    return course.build / "class" / assignment


def _tasks(course: Course, assignment: str) -> Tasks:
    """What the released notebook says; nothing of one that is not the kit's, or is gone."""
    released = course.released(assignment)
    if assignment not in course.assignments() or not released.is_file():
        return Tasks("", {}, frozenset())
    return tasks_of(read_notebook(released))


def _code(nbgrader: Nbgrader, assignment: str, tasks: Tasks, grades: dict[str, Grades]) -> Code:
    """A function to a student's own code, by exercise, as the student's page shows it."""

    @lru_cache(None)
    def code(student: str) -> dict[str, str]:
        try:
            text = nbgrader.autograded(assignment, student).read_text(encoding="utf-8")
            nb = reads_json(text)
        except (OSError, ValueError):
            return {}
        sources = pages.Sources(tasks, grades[student], kept_in(nb))
        return {item.name: item.code for item in pages.items(nb, sources) if item.code}

    return code
