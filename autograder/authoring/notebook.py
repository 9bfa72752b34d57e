"""From cells to notebooks: the instructor's with everything, the student's with stubs."""

import copy
import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from autograder.authoring.header import AI_TOOLS, badges, key_cell, points_table, setup_cell
from autograder.authoring.source import GRADED, Cell, Source
from autograder.settings import Course

# role -> nbgrader's flags
FLAGS = {
    "solution": {"grade": False, "solution": True, "locked": False},
    "check": {"grade": True, "solution": False, "locked": True},
    "artefact": {"grade": True, "solution": False, "locked": True},
    "answer": {"grade": True, "solution": True, "locked": False},
    "given": {"grade": False, "solution": False, "locked": True},
}
GRADE_ID = {
    "solution": "solution-{}",
    "check": "check-{}",
    "artefact": "check-{}",
    "answer": "answer-{}",
    "given": "{}",
}
TRAINING_TAG, LOOK_TAG, ARTEFACT_TAG = "training", "look", "artefact"
COLLAPSED = {"cellView": "form", "_kg_hide-input": True, "jupyter": {"source_hidden": True}}


def instructor_notebook(source: Source, key: str, course: Course) -> NotebookNode:
    """The whole notebook, solutions and hidden tests included: nbgrader's `source`."""
    cells = [_cell(cell, source, course) for cell in source.cells]
    cells[1:1] = [
        _given("setup", setup_cell(course)),
        _given("visible_key", key_cell(key)),
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


def _cell(cell: Cell, source: Source, course: Course) -> NotebookNode:
    if cell.kind == "markdown" and cell.role is None:
        return new_markdown_cell(_filled(cell, source, course))
    if cell.role == "answer":
        hole = f"### BEGIN SOLUTION\n{cell.source}\n### END SOLUTION"
        limit = f", at most {cell.words} words" if cell.words else ""
        text = f"**{cell.name}** ({cell.points:g} points{limit})\n\n{hole}"
        return _graded(new_markdown_cell(text), cell)
    if cell.role == "solution":
        return _graded(new_code_cell(f"# exercise: {cell.name}\n{cell.source}"), cell)
    if cell.role in GRADED:
        tags = {"tags": [ARTEFACT_TAG]} if cell.role == "artefact" else {}
        return _graded(new_code_cell(cell.source, metadata=tags), cell)
    # "raises-exception": "Run All" goes on past demonstrations of exercises not yet written
    tags = {"train": [TRAINING_TAG], "look": [LOOK_TAG]}.get(cell.role, [])
    return new_code_cell(cell.source, metadata={"tags": [*tags, "raises-exception"]})


def _filled(cell: Cell, source: Source, course: Course) -> str:
    """Markdown with `{points}`, `{ai_tools}` and, in the first cell, the badges put in."""
    if cell.source.strip() == "{ai_tools}":
        return AI_TOOLS
    text = cell.source.replace("{points}", points_table(source))
    if cell is source.cells[0]:
        text = re.sub(
            r"^(# .*)$", rf"\1{badges(source.assignment, course)}", text, count=1, flags=re.M
        )
    return text


def _graded(node: NotebookNode, cell: Cell) -> NotebookNode:
    node.metadata["nbgrader"] = _nbgrader(cell.role, cell.name)
    if FLAGS[cell.role]["grade"]:
        node.metadata["nbgrader"]["points"] = cell.points
    return node


def _given(name: str, text: str) -> NotebookNode:
    return new_code_cell(text, metadata={**COLLAPSED, "nbgrader": _nbgrader("given", name)})


def _nbgrader(role: str, name: str) -> dict:
    return {
        "grade_id": GRADE_ID[role].format(name),
        "schema_version": 3,
        "task": False,
        **FLAGS[role],
    }


def _metadata() -> dict:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    language = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
    return {"kernelspec": kernel, "language_info": language}
