"""Where exercises and answers stand: the numbered heading above each."""

import re
from dataclasses import dataclass

from autograder.assignment.source import Source

HEADING = re.compile(r"^#{2,6} +(\d+(?:\.\d+)*)[ .]+(.*?)[ #]*$", re.M)
MARKS = re.compile(r"[`*]")


@dataclass(frozen=True)
class Section:
    """A heading: its number, such as 3.3, and all that it says."""

    number: str
    title: str

    @property
    def anchor(self) -> str:
        """The name by which JupyterLab knows the heading, which is its text."""
        return MARKS.sub("", f"{self.number} {self.title}").replace(" ", "-")


def sections(source: Source) -> dict[str, Section]:
    """The section of each exercise and answer that has a numbered heading above it."""
    found: dict[str, Section] = {}
    above = None
    for cell in source.cells:
        if cell.kind == "markdown" and not cell.role:
            headings = HEADING.findall(cell.source)
            above = Section(*headings[-1]) if headings else above
        if cell.name and above:
            found.setdefault(cell.name, above)
    return found
