"""What the released notebook says of each exercise and written answer: its section."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.assignment.cells import Kind, name_of

HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
FENCE = ("```", "~~~")


@dataclass
class Section:
    """A heading, and the text from it to the next one."""

    heading: str = ""
    level: int = 0
    lines: list[str] = field(default_factory=list)
    attachments: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Its Markdown."""
        return "\n".join(self.lines).strip()


@dataclass(frozen=True)
class Tasks:
    """An assignment's title, its sections by grade id, and the ids of all its cells."""

    title: str
    sections: dict[str, Section]
    cells: frozenset[str]


def tasks_of(released: NotebookNode) -> Tasks:
    """The sections of a released notebook."""
    section, title, found = Section(), "", {}
    for cell in released.cells:
        name = name_of(cell)
        if name is not None and name.kind in (Kind.CHECK, Kind.ANSWER):
            found[name.grade_id] = section
        if cell.cell_type != "markdown" or name is not None:
            continue
        for each in _sections(cell, section):
            title = title or (each.heading if each.level == 1 else "")
            section = each
    return Tasks(title, found, frozenset(cell.id for cell in released.cells))


def _sections(cell: NotebookNode, section: Section) -> Iterator[Section]:
    """The section that goes on in a text cell, and those that begin in it."""
    section.attachments |= cell.get("attachments", {})
    for line, is_code in _lines(cell.source.split("\n")):
        heading = None if is_code else HEADING.fullmatch(line)
        if heading is None:
            section.lines.append(line)
            continue
        yield section
        section = Section(
            heading[2], len(heading[1]), attachments=dict(cell.get("attachments", {}))
        )
    section.lines.append("")
    yield section


def _lines(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Lines, each with whether it stands in a block of code."""
    inside = False
    for line in lines:
        inside ^= line.lstrip().startswith(FENCE)
        yield line, inside
