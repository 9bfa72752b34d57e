"""Building notebooks/ from solutions/, and proving that they are current."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.assignment.clashes import refuse_clashes
from autograder.assignment.keyring import kept_key
from autograder.assignment.keys import visible_key
from autograder.assignment.late import refuse_late
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.proofs import refuse_few_mistakes
from autograder.assignment.released import key_of, text_in_file
from autograder.assignment.source import Source
from autograder.assignment.validation import read_source
from autograder.authoring.causes.making import with_libraries
from autograder.authoring.chance import refuse_chance
from autograder.authoring.notebook import instructor_notebook, student_notebook
from autograder.checks.comparison import same
from autograder.checks.evidence import Evidence
from autograder.checks.key import Key, encode
from autograder.errors import ToldError
from autograder.files import write_whole
from autograder.settings import Course

Labelled = tuple[tuple[object, ...], Evidence | None]


class LeakError(ToldError):
    """A student notebook that would tell an answer."""


def build(course: Course, assignment: str) -> Path:
    """Write an assignment's student notebook and nbgrader's source; the student notebook's path.

    Everything is made and verified before anything is written. Raises SourceError, MistakesError,
    LeakError.
    """
    return write(course, assignment, *make(course, assignment))


def write(course: Course, assignment: str, student: NotebookNode, instructor: NotebookNode) -> Path:
    """Put both notebooks in their places; the student notebook's path."""
    released = course.released(assignment)
    _write(instructor, course.build / "source" / assignment / f"{assignment}.ipynb")
    _write(student, released)
    return released


def is_current(course: Course, assignment: str) -> bool:
    """Whether the committed notebook is what a build would write."""
    released = course.released(assignment)
    student, _ = make(course, assignment)
    return released.is_file() and released.read_text(encoding="utf-8") == _text(student)


def make(course: Course, assignment: str) -> tuple[NotebookNode, NotebookNode]:
    """The student's and the instructor's notebook, in memory."""
    source = read_source(course.source_path(assignment))
    refuse_few_mistakes(source, read_mistakes(source), course.wanted_mistakes)
    refuse_late(source)
    kept_key(course, source)
    refuse_clashes(source)
    refuse_chance(source)
    instructor = instructor_notebook(source, _visible_key(course, source), course)
    student = student_notebook(instructor, course, assignment)
    _refuse_leaks(source, student)
    return student, instructor


def _visible_key(course: Course, source: Source) -> str:
    """The text of the visible key: the released one's where it says the same.

    Machines differ in last bits of floats.
    """
    text = text_in_file(course.released(source.assignment))
    released = key_of(text)
    key = replace(visible_key(source), word=course.word(source.assignment))
    key = with_libraries(key, source, released)
    return text if released and same_keys(released, key) else encode(key)


def same_keys(a: Key, b: Key) -> bool:
    """Whether two keys hold the same exercises, cases and mistakes, numbers within tolerance."""
    return _besides(a) == _besides(b) and _all_same(list(_flatten(a)), list(_flatten(b)))


def _besides(key: Key) -> Key:
    """What a key says besides its exercises."""
    return replace(key, exercises={})


def _flatten(key: Key) -> Iterator[Labelled]:
    for exercise in key.exercises.values():
        made_from = exercise.library and exercise.library.made_from
        yield (exercise.name, exercise.points, made_from), None
        for case in exercise.cases:
            yield (case.probe, case.index, case.weight), case.expected
        for mistake in exercise.mistakes:
            for outcome in mistake.outcomes:
                yield (mistake.name, mistake.says), outcome


def _all_same(a: list[Labelled], b: list[Labelled]) -> bool:
    if [label for label, _ in a] != [label for label, _ in b]:
        return False
    pairs = zip(a, b, strict=True)
    return all(
        (x is None and y is None) or (x is not None and y is not None and same(x, y))
        for (_, x), (_, y) in pairs
    )


def _refuse_leaks(source: Source, student: NotebookNode) -> None:
    """No solution or hidden region may have come through into the student's notebook."""
    text = "\n".join(cell.source for cell in student.cells)
    if "BEGIN SOLUTION" in text or "BEGIN HIDDEN TESTS" in text:
        raise LeakError(f"{source.path}: a solution or hidden region survived in the notebook")


def _text(nb: NotebookNode) -> str:
    return nbformat.writes(nb, version=4) + "\n"


def _write(nb: NotebookNode, path: Path) -> None:
    write_whole(path, _text(nb))
