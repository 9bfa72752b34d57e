"""What `nbgrader export` writes: its own columns, with the scores that everything else shows."""

from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, Student
from nbgrader.plugins import ExportPlugin

from autograder.course.counting import counting_of
from autograder.course.late_policy import settle
from autograder.course.standing import standings
from autograder.files import write_rows
from autograder.grading.pages.grades import Grades

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


class ScoresExport(ExportPlugin):
    """Scores as `c.Counting` and `c.LatePolicy` have them; who handed in nothing has 0."""

    def export(self, gradebook: Gradebook) -> None:
        """Write a line for each assignment and student."""
        write_rows(Path(self.to or "grades.csv"), [COLUMNS, *self._rows(gradebook)])

    def _rows(self, gradebook: Gradebook) -> Iterator[tuple[object, ...]]:
        wanted, names = {*map(str, self.assignment)}, {*map(str, self.student)}
        students = [each for each in gradebook.students if not names or each.id in names]
        for assignment in gradebook.assignments:
            if not wanted or assignment.name in wanted:
                settle(gradebook, assignment.name, self.config)
                yield from self._of(gradebook, assignment, students)

    def _of(
        self, gradebook: Gradebook, assignment: Assignment, students: list[Student]
    ) -> Iterator[tuple[object, ...]]:
        found = standings(gradebook, assignment.name, None, self.config)
        worth = counting_of(self.config).ways(assignment.name).worth(assignment)
        times = {
            each.student_id: each.timestamp
            for each in gradebook.assignment_submissions(assignment.name)
        }
        for student in students:
            of = student.id, student.last_name, student.first_name, student.email
            when = assignment.duedate, times.get(student.id)
            yield assignment.name, *when, *of, *_numbers(found.get(student.id)), worth


def _numbers(grades: Grades | None) -> tuple[float, ...]:
    return (grades.earned, grades.penalty, grades.score) if grades else (0.0, 0.0, 0.0)
