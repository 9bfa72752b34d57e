"""What cells are: their roles in a source, and their identity and flags in a notebook."""

import re
from dataclasses import dataclass
from enum import StrEnum

from nbformat import NotebookNode

NAME = re.compile(r"[A-Za-z_]\w*")
TRAINING_TAG, LOOK_TAG, ARTEFACT_TAG = "training", "look", "artefact"
# folded away, one click from being read, in JupyterLab, Colab and Kaggle
COLLAPSED = {"cellView": "form", "_kg_hide-input": True, "jupyter": {"source_hidden": True}}


class Role(StrEnum):
    """What the line of a source's cell says that it is."""

    SOLUTION = "solution"
    CHECK = "check"
    ARTEFACT = "artefact"
    ANSWER = "answer"
    TRAIN = "train"
    LOOK = "look"
    ALTERNATIVE = "alternative"

    @property
    def is_check(self) -> bool:
        """Whether a machine grades it."""
        return self in (Role.CHECK, Role.ARTEFACT)


# role -> what else its cell line states
ROLES: dict[Role, tuple[str, ...]] = {
    Role.SOLUTION: (),
    Role.CHECK: ("points",),
    Role.ARTEFACT: ("points",),
    Role.ANSWER: ("points", "words"),
    Role.TRAIN: (),
    Role.LOOK: (),
    Role.ALTERNATIVE: (),
}
NAMELESS = (Role.TRAIN, Role.LOOK)


class Kind(StrEnum):
    """What a cell of a notebook is to grading; the first part of its grade id."""

    SOLUTION = "solution"
    CHECK = "check"
    ANSWER = "answer"
    CASES = "cases"  # the code of the visible cases of an exercise
    COURSE = "course"  # set-up and visible key


# nbgrader's flags of each kind
FLAGS = {
    Kind.SOLUTION: {"grade": False, "solution": True, "locked": False},
    Kind.CHECK: {"grade": True, "solution": False, "locked": True},
    Kind.ANSWER: {"grade": True, "solution": True, "locked": False},
    Kind.CASES: {"grade": False, "solution": False, "locked": True},
    Kind.COURSE: {"grade": False, "solution": False, "locked": True},
}


@dataclass(frozen=True)
class CellName:
    """The identity of a cell that grading knows: its kind, and its exercise or its own name."""

    kind: Kind
    name: str

    @property
    def grade_id(self) -> str:
        """As nbgrader keeps it in the cell's metadata and in the gradebook."""
        return f"{self.kind}-{self.name}"

    @property
    def metadata(self) -> dict[str, object]:
        """All that nbgrader wants to know of it, but for points."""
        return {"grade_id": self.grade_id, "schema_version": 3, "task": False, **FLAGS[self.kind]}


def named(grade_id: object) -> CellName | None:
    """The identity that a grade id states; None where it is none of ours."""
    kind, dash, name = grade_id.partition("-") if isinstance(grade_id, str) else ("", "", "")
    return CellName(Kind(kind), name) if dash and kind in list(Kind) else None


def name_of(cell: NotebookNode) -> CellName | None:
    """The identity of a notebook's cell by its metadata."""
    role = cell.metadata.get("nbgrader")
    return named(role.get("grade_id")) if isinstance(role, dict) else None


def kind_of(cell: NotebookNode) -> Kind | None:
    """What a notebook's cell is to grading, by its metadata."""
    name = name_of(cell)
    return name.kind if name else None


SETUP, VISIBLE_KEY = CellName(Kind.COURSE, "setup"), CellName(Kind.COURSE, "visible_key")
