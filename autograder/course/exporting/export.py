"""One command to export: which grades, into which file, written where."""

from dataclasses import dataclass
from pathlib import Path

from autograder.course.exporting.blackboard import Blackboard
from autograder.course.exporting.brightspace import Brightspace
from autograder.course.exporting.canvas import Canvas
from autograder.course.exporting.finished import Grades, grades_of, refuse_unfinished
from autograder.course.exporting.generic import Generic
from autograder.course.exporting.grades import Filled, fill
from autograder.course.exporting.layout import Layout
from autograder.course.exporting.moodle import Moodle
from autograder.course.exporting.target import Target
from autograder.files import write_rows, write_whole
from autograder.settings import Course, SettingsError

LAYOUTS: dict[str, Layout] = {
    "canvas": Canvas(),
    "moodle": Moodle(),
    "blackboard": Blackboard(),
    "brightspace": Brightspace(),
    "generic": Generic(),
}
NAMES = ("student", "last_name", "first_name", "email")


@dataclass(frozen=True)
class Choices:
    """What an instructor may say about an export; see the command's help."""

    gradebook: Path | None = None
    column: str | None = None
    zero: bool = False
    partial: bool = False
    scale: bool = False
    output: Path | None = None


def export_grades(
    course: Course, assignment: str, system: str, choices: Choices
) -> tuple[Path, Filled]:
    """Write an assignment's grades as a system reads them: where, and what is to be told.

    Raises SettingsError, SheetError, UnfinishedError, before anything is written.
    """
    theirs, layout = choices.gradebook, LAYOUTS[system]
    if theirs is None and system != "generic":
        raise SettingsError(
            f"{layout.name} takes back only what it wrote: export its gradebook, and give it as "
            "--gradebook FILE"
        )
    grades = grades_of(course, assignment)
    if not choices.partial:
        refuse_unfinished(grades)
    name = f"{assignment}-{system}{theirs.suffix if theirs else '.csv'}"
    output = choices.output or course.build / "exports" / name
    if theirs is None:
        return output, _new(output, assignment, grades, choices.zero)
    target = Target(theirs, layout, assignment, choices.column)
    filled = fill(target, grades, zero=choices.zero, scale=choices.scale)
    write_whole(output, target.data)
    return output, filled


def _new(path: Path, assignment: str, grades: Grades, zero: bool) -> Filled:
    """Write a table of everyone who is known."""
    students = sorted(grades.people.students.values(), key=lambda each: each.id)
    scores = {student: row.score for student, row in grades.rows.items()}
    nothing = {s.id: 0.0 for s in students if zero and s.id not in grades.ungraded}
    points = {**nothing, **scores}
    rows = [(s.id, s.last_name, s.first_name, s.email, points.get(s.id)) for s in students]
    write_rows(path, [(*NAMES, assignment), *rows])
    absent = grades.people.students.keys() - scores.keys() - grades.ungraded
    return Filled(written=len(scores), absent=len(absent))
