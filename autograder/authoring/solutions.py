"""The notebook of solutions, for after the deadline: the reference, other right answers, mistakes.

Hidden cases stay hidden: the same assignment may be set again.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.assignment.alternatives import Alternative, read_alternatives
from autograder.assignment.cells import Kind, name_of
from autograder.assignment.keys import visible_key
from autograder.assignment.languages import in_language
from autograder.assignment.mistakes import KnownMistake, read_mistakes
from autograder.assignment.regions import BEGIN_HIDDEN, END_HIDDEN, without_markers
from autograder.assignment.source import Source
from autograder.assignment.validation import read_source
from autograder.authoring.help import folded
from autograder.authoring.notebook import instructor_notebook
from autograder.authoring.translating import translated_key
from autograder.checks.key import encode
from autograder.checks.language import _, speaking
from autograder.files import write_whole
from autograder.settings import Course

HIDDEN = re.compile(rf"\n?{BEGIN_HIDDEN}\n.*?{END_HIDDEN}", re.DOTALL)
Counts = Mapping[tuple[str, str], int]  # how many students made a mistake, by exercise and name


def write_solutions(course: Course, assignment: str, counts: Counts) -> Path:
    """Write the notebook of solutions, in each of its languages; the path of the first one.

    Raises SourceError, MistakesError.
    """
    source = read_source(course.source_path(assignment))
    folder = course.build / "solutions" / assignment
    for language in ("", *source.languages):
        own = in_language(source, language) if language else source
        nb = solutions_notebook(course, own, counts)
        write_whole(folder / _name(assignment, language), nbformat.writes(nb, version=4) + "\n")
    return folder / _name(assignment, "")


def _name(assignment: str, language: str) -> str:
    return f"{assignment}-solutions{'.' if language else ''}{language}.ipynb"


def solutions_notebook(course: Course, source: Source, counts: Counts) -> NotebookNode:
    """The notebook with everything written in it, and what else could have been.

    It is in the language of the source.
    """
    with speaking(source.language or course.language):
        return _solutions(course, source, counts)


def _solutions(course: Course, source: Source, counts: Counts) -> NotebookNode:
    key = replace(visible_key(source), language=course.language)
    key = translated_key(key, source, None) if source.language else key
    nb = instructor_notebook(source, encode(key), course)
    others, mistakes = read_alternatives(source), read_mistakes(source)
    cells = []
    for cell in nb.cells:
        name = name_of(cell)
        cell.metadata.pop("nbgrader", None)
        cell.source = without_markers(HIDDEN.sub("", cell.source))
        cells.append(cell)
        if name and name.kind is Kind.CHECK:
            cells += _besides(name.name, others, mistakes, counts)
    nb.cells = cells
    for index, cell in enumerate(cells):
        cell["id"] = f"{source.assignment}-{index:03d}"
    return nb


def _besides(
    exercise: str, others: list[Alternative], mistakes: list[KnownMistake], counts: Counts
) -> Iterator[NotebookNode]:
    """A cell with other right answers and one with known mistakes, where there are any."""
    right = [each for each in others if each.exercise == exercise]
    wrong = [each for each in mistakes if each.exercise == exercise]
    if right:
        text = "\n\n".join(f"**{o.title}**\n\n```python\n{o.solution}\n```" for o in right)
        yield new_markdown_cell(folded(_("Other right answers"), text))
    if wrong:
        wrong.sort(key=lambda each: -counts.get((exercise, each.name), 0))
        lines = (f"- {each.says}{_how_many(counts, each)}" for each in wrong)
        yield new_markdown_cell(folded(_("What goes wrong here"), "\n".join(lines)))


def _how_many(counts: Counts, mistake: KnownMistake) -> str:
    count = counts.get((mistake.exercise, mistake.name), 0)
    return _(" ({count} in this class)").format(count=count) if count else ""
