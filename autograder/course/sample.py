"""A sample class for demonstrations and tests: right, wrong, broken, noisy and late submissions."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

import nbformat
from nbformat import NotebookNode

from autograder.assignment.alternatives import Alternative, read_alternatives
from autograder.assignment.cells import Kind, name_of
from autograder.assignment.mistakes import KnownMistake, read_mistakes
from autograder.assignment.regions import without_markers
from autograder.assignment.source import Source
from autograder.assignment.validation import read_source
from autograder.checks.text.cell_texts import UNANSWERED
from autograder.grading.repair.reading import read_notebook
from autograder.settings import Course

DUE = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
MISTAKES = 12  # how many single mistakes the class makes

# appended to the cell of an exercise, to spoil a right answer
SPOIL = """

def _spoil(result):
    return tuple(map(_spoil, result)) if isinstance(result, tuple) else {spoiled}


if isinstance({name}, type):
    _forward = {name}.forward
    {name}.forward = lambda *inputs: _spoil(_forward(*inputs))
else:
    _answer = {name}
    {name} = lambda *inputs: _spoil(_answer(*inputs))
"""
STDERR = "\n\nimport sys, warnings\nprint('noise', file=sys.stderr)\nwarnings.warn('more noise')\n"


def write_class(course: Course, assignment: str) -> int:
    """Write a sample class under build/submitted; how many submissions there are."""
    source = read_source(course.source_path(assignment))
    released = read_notebook(course.released(assignment))
    count = 0
    for student, solutions in _students(source):
        folder = course.build / "submitted" / student / assignment
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(filled_in(released, solutions), folder / f"{assignment}.ipynb")
        late = timedelta(days=2) if student.startswith("late") else timedelta(hours=-count - 1)
        (folder / "timestamp.txt").write_text((DUE + late).strftime("%Y-%m-%d %H:%M:%S UTC"))
        count += 1
    return count


def filled_in(released: NotebookNode, solutions: dict[str, str]) -> NotebookNode:
    """The released notebook with these solution cells, and something in every written answer."""
    nb = copy.deepcopy(released)
    for cell in nb.cells:
        name = name_of(cell)
        if name is None or not solutions:
            continue
        if name.kind is Kind.SOLUTION and name.name in solutions:
            cell.source = f"# exercise: {name.name}\n{solutions[name.name]}"
        if name.kind is Kind.ANSWER:
            cell.source = cell.source.replace(UNANSWERED, "A sample answer, to be graded by hand.")
    return nb


def references(source: Source) -> dict[str, str]:
    """The reference's solution cells as a student would have written them."""
    return {name: without_markers(cell.source) for name, cell in source.solutions.items()}


def _students(source: Source) -> Iterator[tuple[str, dict[str, str]]]:
    right = references(source)
    yield "reference", right
    yield "blank", {}
    for number, answers in enumerate(_spread(read_alternatives(source), right), 1):
        yield f"alternative_{number:02d}", answers
    for mistake in _every_few(read_mistakes(source), MISTAKES):
        wrong = {mistake.exercise: without_markers(mistake.solution)}
        yield f"mistake_{mistake.exercise}_{mistake.name}", {**right, **wrong}
    for name, change in _changes(source).items():
        yield name, {**right, **change}


def _spread(alternatives: list[Alternative], right: dict[str, str]) -> Iterator[dict[str, str]]:
    """Submissions that hold every alternative once: the k-th of each exercise in the k-th."""
    by_exercise = [
        [(a.exercise, a.solution) for a in alternatives if a.exercise == name] for name in right
    ]
    for answers in zip_longest(*by_exercise):
        yield {**right, **dict(answer for answer in answers if answer)}


def _every_few(items: list[KnownMistake], count: int) -> list[KnownMistake]:
    return items[:: max(1, len(items) // count)][:count]


def _changes(source: Source) -> dict[str, dict[str, str]]:
    right = references(source)
    first = next(iter(right))
    nan, shape = "result * float('nan')", "result[None]"
    return {
        "syntax_error": {first: right[first] + "\n    return return"},
        "nan": {name: text + _spoil(source, name, nan) for name, text in right.items()},
        "wrong_shape": {name: text + _spoil(source, name, shape) for name, text in right.items()},
        "stderr": {name: text + STDERR for name, text in right.items()},
        "late_reference": {},
        "late_blank_first": {first: "pass"},
    }


def _spoil(source: Source, exercise: str, spoiled: str) -> str:
    return SPOIL.format(name=source.subjects[exercise], spoiled=spoiled)
