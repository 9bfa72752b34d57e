"""What grading said of a submission, kept in its autograded notebook for the student's page.

Formgrader's button and `nbgrader autograde` write it too: whoever graded, the page is the same.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nbformat import NotebookNode

KEY = "grading"  # in the notebook's metadata


@dataclass(frozen=True)
class Said:
    """Of one exercise, in words for its student; a name where its model is on the leaderboard."""

    passed: bool
    feedback: str
    diagnosis: str = ""
    leaderboard: str = ""


@dataclass(frozen=True)
class Record:
    """Of all exercises, by name, and what was odd or had to be repaired."""

    exercises: Mapping[str, Said] = field(default_factory=dict)
    noticed: tuple[str, ...] = ()

    def keep(self, nb: NotebookNode) -> None:
        """Put it into a notebook."""
        nb.metadata[KEY] = asdict(self)


def kept_in(nb: NotebookNode) -> Record:
    """The record in a notebook; an empty one where none is."""
    found: dict[str, Any] = nb.metadata.get(KEY, {})
    said = {name: Said(**each) for name, each in found.get("exercises", {}).items()}
    return Record(said, tuple(found.get("noticed", ())))
