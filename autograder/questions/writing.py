"""Files of a class's questions: pages, the key, and quizzes for other systems."""

from pathlib import Path

from autograder.course.collecting.enrolled import students_of
from autograder.course.gradebook import Nbgrader
from autograder.files import PRIVATE, write_whole
from autograder.questions.asking import Asked, folder_of
from autograder.questions.canvas import as_canvas
from autograder.questions.moodle import as_moodle
from autograder.questions.page import key_page, student_page
from autograder.settings import Course


def write_questions(course: Course, assignment: str, asked: Asked) -> Path:
    """Write all files; in which folder. Only students' pages tell no answers."""
    folder, names = folder_of(course, assignment), _names(course)
    own = {student: each for student, each in asked.questions.items() if each}
    named = {student: names.get(student, student) for student in own}
    for student, questions in own.items():
        page = student_page(assignment, named[student], questions)
        write_whole(folder / "pages" / f"{student}.html", page, PRIVATE)
    for stale in (folder / "pages").glob("*.html"):
        if stale.stem not in own:
            stale.unlink(missing_ok=True)
    key = key_page(assignment, {named[student]: each for student, each in own.items()})
    write_whole(folder / "key.html", key, PRIVATE)
    write_whole(folder / "moodle.xml", as_moodle(assignment, own), PRIVATE)
    write_whole(folder / "canvas.zip", as_canvas(assignment, own), PRIVATE)
    return folder


def _names(course: Course) -> dict[str, str]:
    """Of the roster's students: the name, and the id, by which pages are told apart."""
    nbgrader = Nbgrader(course)
    kind, _, file = nbgrader.database.partition("?")[0].partition(":///")
    if kind == "sqlite" and not Path(file).exists():
        return {}  # nobody was entered, and asking would make a gradebook
    known = {student.id: student.name for student in students_of(nbgrader)}
    return {student: f"{name} ({student})" for student, name in known.items() if name}
