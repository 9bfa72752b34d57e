"""Building notebooks/ from solutions/, and proving that they are current."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from autograder.assignment.clashes import refuse_clashes
from autograder.assignment.keyring import kept_key
from autograder.assignment.keys import visible_key
from autograder.assignment.languages import in_language
from autograder.assignment.late import refuse_late
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.proofs import refuse_few_mistakes
from autograder.assignment.released import key_of, text_in_file
from autograder.assignment.source import Source, SourceError
from autograder.assignment.validation import read_source
from autograder.authoring.causes.making import with_libraries
from autograder.authoring.chance import refuse_chance
from autograder.authoring.notebook import instructor_notebook, student_notebook
from autograder.authoring.translating import translated_key
from autograder.checks.comparison import same
from autograder.checks.evidence import Evidence
from autograder.checks.identity import identity
from autograder.checks.key import Key, decode, encode
from autograder.checks.language import speaking
from autograder.errors import ToldError
from autograder.files import write_whole
from autograder.settings import Course

Labelled = tuple[tuple[object, ...], Evidence | None]


class Notebooks(NamedTuple):
    """What an assignment is built to: `translations` are the student's notebook, by language."""

    student: NotebookNode
    instructor: NotebookNode
    translations: Mapping[str, NotebookNode]


class LeakError(ToldError):
    """A student notebook that would tell an answer."""


def build(course: Course, assignment: str) -> Path:
    """Write an assignment's student notebook and nbgrader's source; the student notebook's path.

    Everything is made and verified before anything is written. Raises SourceError, MistakesError,
    LeakError.
    """
    return write(course, assignment, make(course, assignment))


def write(course: Course, assignment: str, made: Notebooks) -> Path:
    """Put all notebooks in their places; the student notebook's path."""
    released = course.released(assignment)
    _write(made.instructor, course.build / "source" / assignment / f"{assignment}.ipynb")
    for stale in course.translations(assignment).keys() - made.translations.keys():
        course.released(assignment, stale).unlink()
    for language, translation in made.translations.items():
        _write(translation, course.released(assignment, language))
    _write(made.student, released)
    return released


def is_current(course: Course, assignment: str) -> bool:
    """Whether the committed notebooks are what a build would write."""
    made = make(course, assignment)
    wanted = {"": made.student, **made.translations}
    found = {language: course.released(assignment, language) for language in wanted}
    return course.translations(assignment).keys() == made.translations.keys() and all(
        path.is_file() and path.read_text(encoding="utf-8") == _text(wanted[language])
        for language, path in found.items()
    )


def make(course: Course, assignment: str) -> Notebooks:
    """All notebooks of an assignment, in memory."""
    with speaking(course.language):
        return _made(course, assignment)


def _made(course: Course, assignment: str) -> Notebooks:
    source = read_source(course.source_path(assignment))
    refuse_few_mistakes(source, read_mistakes(source), course.wanted_mistakes)
    refuse_late(source)
    kept_key(course, source)
    refuse_clashes(source)
    refuse_chance(source)
    _refuse_own_language(source, course)
    key = _visible_key(course, source)
    instructor = instructor_notebook(source, key, course)
    spoken = (in_language(source, language) for language in source.languages)
    translations = {each.language: _translation(course, each, key) for each in spoken}
    return Notebooks(_student(course, source, instructor), instructor, translations)


def _student(course: Course, source: Source, instructor: NotebookNode) -> NotebookNode:
    """Raises LeakError."""
    student = student_notebook(instructor, course, source.assignment)
    _refuse_leaks(source, student)
    return student


def _translation(course: Course, source: Source, key: str) -> NotebookNode:
    """The student's notebook in the language of a source, of which `key` is the visible key."""
    text = text_in_file(course.released(source.assignment, source.language))
    own = translated_key(decode(key), source, key_of(text))
    instructor = instructor_notebook(source, _text_of(own, text), course)
    return _student(course, source, instructor)


def _refuse_own_language(source: Source, course: Course) -> None:
    for cell in source.translations:
        if cell.language == course.language:
            problem = (
                f"{cell.language!r} is the language of cells that say none, by Course.language"
            )
            raise SourceError(source.path, cell.line, problem)


def _visible_key(course: Course, source: Source) -> str:
    """The text of the visible key."""
    text = text_in_file(course.released(source.assignment))
    key = replace(
        visible_key(source),
        word=course.word(source.assignment),
        language=course.language,
        checks=identity(),
    )
    return _text_of(with_libraries(key, source, key_of(text)), text)


def _text_of(key: Key, released: str) -> str:
    """A key's text: that of the released one where it says the same.

    Machines differ in last bits of floats.
    """
    known = key_of(released)
    return released if known and same_keys(known, key) else encode(key)


def same_keys(a: Key, b: Key) -> bool:
    """Whether two keys hold the same exercises, cases and mistakes, numbers within tolerance."""
    return _besides(a) == _besides(b) and _all_same(list(_flatten(a)), list(_flatten(b)))


def _besides(key: Key) -> Key:
    """What a key says besides its exercises."""
    return replace(key, exercises={})


def _flatten(key: Key) -> Iterator[Labelled]:
    for exercise in key.exercises.values():
        library = exercise.library
        told = (library.made_from, library.sentences) if library else None
        yield (exercise.name, exercise.points, told), None
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
