"""The notebook of solutions, for after the deadline: the reference, other right answers, mistakes.

Hidden cases stay hidden: the same assignment may be set again.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.assignment.alternatives import Alternative, read_alternatives
from autograder.assignment.cells import Kind, name_of
from autograder.assignment.keys import visible_key
from autograder.assignment.mistakes import KnownMistake, read_mistakes
from autograder.assignment.regions import BEGIN_HIDDEN, END_HIDDEN, without_markers
from autograder.assignment.source import Source
from autograder.assignment.validation import read_source
from autograder.authoring.help import folded
from autograder.authoring.notebook import instructor_notebook
from autograder.checks.key import encode
from autograder.files import write_whole
from autograder.settings import Course

HIDDEN = re.compile(rf"\n?{BEGIN_HIDDEN}\n.*?{END_HIDDEN}", re.DOTALL)
Counts = Mapping[tuple[str, str], int]  # how many students made a mistake, by exercise and name


def write_solutions(course: Course, assignment: str, counts: Counts) -> Path:
    """Write the notebook of solutions; its path. Raises SourceError, MistakesError."""
    source = read_source(course.source_path(assignment))
    nb = solutions_notebook(course, source, counts)
    path = course.build / "solutions" / assignment / f"{assignment}-solutions.ipynb"
    write_whole(path, nbformat.writes(nb, version=4) + "\n")
    return path


def solutions_notebook(course: Course, source: Source, counts: Counts) -> NotebookNode:
    """The notebook with everything written in it, and what else could have been."""
    nb = instructor_notebook(source, encode(visible_key(source)), course)
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
        yield new_markdown_cell(folded("Other right answers", text))
    if wrong:
        wrong.sort(key=lambda each: -counts.get((exercise, each.name), 0))
        lines = (f"- {each.says}{_how_many(counts, each)}" for each in wrong)
        yield new_markdown_cell(folded("What goes wrong here", "\n".join(lines)))


def _how_many(counts: Counts, mistake: KnownMistake) -> str:
    count = counts.get((mistake.exercise, mistake.name), 0)
    return f" ({count} in this class)" if count else ""
