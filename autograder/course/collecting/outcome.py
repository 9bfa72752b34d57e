"""What became of the files of a collection, for people."""

import re
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.course.tables import lateness

# in names, to play with terminals: of control, of direction, and halves of characters
CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
NEW, REPLACED, UNCHANGED = "collected", "replaced", "unchanged"


@dataclass(frozen=True)
class Line:
    """One student's submission, or one file that is nobody's, and what is to be said of it."""

    state: str
    who: str
    says: str = ""
    seconds_late: float = 0.0


@dataclass
class Report:
    """Lines in order; notes are about the whole collection."""

    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def worth_saying(self) -> list[Line]:
        """All but students' of whom there is nothing to say, who are only counted."""
        dull = NEW, UNCHANGED
        return [x for x in self.lines if x.says or x.seconds_late or x.state not in dull]

    def counts(self) -> dict[str, int]:
        """How many lines there are of each state, and how many are late."""
        found: dict[str, int] = {}
        for line in self.lines:
            found[line.state] = found.get(line.state, 0) + 1
        late = sum(line.seconds_late > 0 for line in self.lines)
        return {**found, "late": late} if late else found

    @property
    def summary(self) -> str:
        """How many of each kind there were, in a line."""
        return ", ".join(f"{count} {state}" for state, count in self.counts().items())

    def show(self, console: Console) -> None:
        """Print a table of what is worth saying, the counts, and the notes."""
        table = Table("", "student or file", "late", "", title="Collected", title_justify="left")
        table.columns[1].overflow = table.columns[3].overflow = "fold"
        for line in self.worth_saying():
            said = line.state, line.who, lateness(line.seconds_late), line.says
            table.add_row(*(Text(plain(text)) for text in said))  # no markup either
        if table.row_count:
            console.print(table)
        for text in (self.summary or "nothing found", *self.notes):
            console.print(plain(text), markup=False, highlight=False)


def plain(text: str) -> str:
    """A text that a terminal shows and does not obey."""
    return CONTROL.sub("\ufffd", text)
