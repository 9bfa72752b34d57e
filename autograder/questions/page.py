"""Pages of questions: a student's, to be read or printed, and the key, for instructors alone."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from jinja2 import Template

from autograder.grading.pages.policy import nothing_runs
from autograder.grading.pages.templates import environment
from autograder.questions.question import LETTERS, Question
from autograder.questions.text import lines_of

FOLDER = Path(__file__).parent
WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six")


def student_page(assignment: str, name: str, questions: Sequence[Question]) -> str:
    """A student's questions, without answers: one file that needs nothing else."""
    return _render(assignment, {name: questions}, has_key=False)


def key_page(assignment: str, questions: Mapping[str, Sequence[Question]]) -> str:
    """The questions of all, by name, with what is right, and why."""
    return _render(assignment, questions, has_key=True)


def _render(assignment: str, questions: Mapping[str, Sequence[Question]], *, has_key: bool) -> str:
    return _template().render(
        assignment=assignment, people=questions, has_key=has_key, policy=nothing_runs()
    )


@lru_cache(1)
def _template() -> Template:
    found = environment(FOLDER)
    found.filters |= {"lines": lines_of, "counted": _counted}
    found.globals |= {"letters": LETTERS}
    return found.get_template("page.html.j2")


def _counted(number: int) -> str:
    word = WORDS[number] if number < len(WORDS) else str(number)
    return f"{word} question{'' if number == 1 else 's'}"
