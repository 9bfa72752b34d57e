"""`autograder questions`: make them, write them, and say what became of whom."""

from argparse import Namespace
from collections.abc import Iterator

from autograder.checks.evidence import printable
from autograder.course.lock import alone
from autograder.questions.asking import Asked, Choices, Progress, ask_class
from autograder.questions.writing import write_questions
from autograder.settings import Course


def ask(course: Course, options: Namespace, progress: Progress) -> int:
    """Write all files of an assignment's questions; 1 where somebody could not be asked."""
    choices = Choices(
        options.count,
        tuple(options.exercise),
        tuple(options.student),
        options.seed,
        options.workers,
    )
    with alone(course, f"questions {options.assignment}"):
        asked = ask_class(course, options.assignment, choices, progress)
        folder = write_questions(course, options.assignment, asked)
    for line in _lines(asked):
        print(printable(line))
    short = sum(0 < len(each) < choices.count for each in asked.questions.values())
    full = sum(len(each) == choices.count for each in asked.questions.values())
    print(f"{full} students with {choices.count} questions, {short} with fewer")
    where = folder.relative_to(course.root)
    print(f"for students     {where}/pages/<student>.html")
    print(f"for instructors  {where}/key.html, moodle.xml, canvas.zip: these tell the answers")
    return 1 if asked.problems else 0


def _lines(asked: Asked) -> Iterator[str]:
    """Whose questions are missing, and why."""
    for student, why in sorted({**asked.told, **asked.problems}.items()):
        yield f"{student}: {why}"
