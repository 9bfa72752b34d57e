"""From cells to notebooks: the instructor's with everything, the student's with stubs."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from autograder.assignment import regions
from autograder.assignment.cells import (
    ARTEFACT_TAG,
    COLLAPSED,
    LOOK_TAG,
    SETUP,
    TRAINING_TAG,
    VISIBLE_KEY,
    CellName,
    Kind,
    Role,
)
from autograder.assignment.checks_text import ChecksText
from autograder.assignment.hints import read_hints
from autograder.assignment.released import key_of
from autograder.assignment.sections import with_anchors
from autograder.assignment.source import Cell, Source
from autograder.authoring.header import (
    ai_tools,
    badges,
    handing_in,
    how_it_works,
    key_cell,
    points_table,
    setup_cell,
)
from autograder.authoring.help import folded_hints
from autograder.checks.key import Key
from autograder.checks.language import speaking
from autograder.checks.text.cell_texts import answer_line
from autograder.settings import Course

GOES_ON = "raises-exception"  # "Run All" goes on past demonstrations of what is not yet written
TAGS = {Role.TRAIN: [TRAINING_TAG], Role.LOOK: [LOOK_TAG]}


@dataclass(frozen=True)
class Build:
    """What cells are made from: a source, its course, and what its visible key says."""

    source: Source
    course: Course
    key: Key


def instructor_notebook(source: Source, key: str, course: Course) -> NotebookNode:
    """The whole notebook, solutions and hidden tests included: nbgrader's `source`.

    It is in the language of the source.
    """
    build = Build(source, course, key_of(key) or Key(source.assignment))
    with speaking(source.language or course.language):
        cells = [node for cell in source.cells for node in _cells(cell, build)]
        cells[1:1] = [
            _folded(SETUP, setup_cell(course)),
            _folded(VISIBLE_KEY, key_cell(key)),
        ]
    for index, cell in enumerate(cells):
        cell["id"] = f"{source.assignment}-{index:03d}"
    return new_notebook(cells=cells, metadata=_metadata())


def student_notebook(instructor: NotebookNode, course: Course, assignment: str) -> NotebookNode:
    """What `nbgrader generate_assignment` releases: its preprocessors, without a gradebook."""
    nb, resources = copy.deepcopy(instructor), {"nbgrader": {"assignment": assignment}}
    for name in course.config.GenerateAssignment.preprocessors:
        if not name.endswith(".SaveCells"):
            preprocessor = import_item(name)(config=Config(course.config))
            nb, resources = preprocessor(nb, resources)
    return nb


def _cells(cell: Cell, build: Build) -> Iterator[NotebookNode]:
    """The notebook's cells for one of a source: a check comes behind the code of its cases."""
    match cell.role:
        case None if cell.kind == "markdown":
            yield new_markdown_cell(_filled(cell, build))
        case Role.ANSWER:
            yield _graded(new_markdown_cell(_hole_for_answer(cell)), Kind.ANSWER, cell)
        case Role.SOLUTION:
            text = f"# exercise: {cell.name}\n{cell.source}"
            yield new_code_cell(text, metadata=_nbgrader(CellName(Kind.SOLUTION, cell.name)))
        case Role.CHECK:
            cases = ChecksText(build.source)
            yield _folded(CellName(Kind.CASES, cell.name), cases.visible(cell.name))
            yield _graded(new_code_cell(_check(cell, cases.hidden(cell.name))), Kind.CHECK, cell)
            if hints := read_hints(build.source).get(cell.name):
                yield new_markdown_cell(folded_hints(hints))
        case Role.ARTEFACT:
            tags = {"tags": [ARTEFACT_TAG]}
            yield _graded(new_code_cell(cell.source, metadata=tags), Kind.CHECK, cell)
        case Role.TRAIN | Role.LOOK as role:
            tags = {"tags": [*TAGS[role], GOES_ON]}
            yield new_code_cell(cell.source, metadata=tags)
        case _:
            yield new_code_cell(cell.source, metadata={"tags": [GOES_ON]})


def _check(cell: Cell, hidden: str) -> str:
    return f"{cell.source}\n{regions.hidden(hidden)}" if hidden else cell.source


def _hole_for_answer(cell: Cell) -> str:
    first = answer_line(cell.name, cell.points, cell.words)
    return f"{first}\n\n{regions.solution(cell.source)}"


def _filled(cell: Cell, build: Build) -> str:
    """Markdown with what the build knows put in; the first cell has the badges, too."""
    if cell.source.strip() == "{ai_tools}":
        return ai_tools()
    overview = f"{points_table(build.source)}\n\n{how_it_works(build.source)}"
    text = with_anchors(cell.source, build.source).replace("{points}", overview)
    text = text.replace("{handing_in}", handing_in(build.key))
    if cell is build.source.cells[0]:
        links = badges(build.source, build.course)
        text = re.sub(r"^(# .*)$", rf"\1{links}", text, count=1, flags=re.M)
    return text


def _graded(node: NotebookNode, kind: Kind, cell: Cell) -> NotebookNode:
    role = {**CellName(kind, cell.name).metadata, "points": cell.points}
    node.metadata["nbgrader"] = NotebookNode(role)
    return node


def _folded(name: CellName, text: str) -> NotebookNode:
    return new_code_cell(text, metadata={**COLLAPSED, **_nbgrader(name)})


def _nbgrader(name: CellName) -> dict[str, Any]:
    return {"nbgrader": name.metadata}


def _metadata() -> dict[str, Any]:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    language = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
    return {"kernelspec": kernel, "language_info": language}
