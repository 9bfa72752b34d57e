"""The page that a student gets: one file that needs nothing else, in which nothing runs.

It begins with a table of all exercises and what each earned, and why. Then come the exercises, with
the student's own code and answers. It is made of the autograded notebook, the released one, and
what the gradebook says; hidden cases, keys and marking schemes are in none of what it reads out.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.assignment.cells import CellName, Kind, name_of
from autograder.grading.pages.filters import in_time, kept
from autograder.grading.pages.grades import Grades, Mark
from autograder.grading.pages.markdown import Attachments, as_html
from autograder.grading.pages.policy import nothing_runs
from autograder.grading.pages.tasks import Section, Tasks
from autograder.grading.record import Record, Said, kept_in
from autograder.tools.cell_texts import ANSWER, SOLUTION, UNANSWERED

FOLDER = Path(__file__).parent
RIGHT, PARTLY, WRONG, WAITING = "✓", "◐", "✗", "…"
IN_WORDS = {
    RIGHT: "all points",
    PARTLY: "some of the points",
    WRONG: "no points",
    WAITING: "not graded yet",
}
CODE = re.compile(r"`([^`\n]+)`")
LONGEST = 160  # characters of a reason in the table
DIGEST = re.compile(rb'<meta name="digest" content="([0-9a-f]{64})">')


@dataclass(frozen=True)
class Item:
    """A graded cell: its row of the table, and its part of the page."""

    id: str
    name: str
    heading: str
    symbol: str
    mark: Mark
    why: str
    said: Said | None = None
    code: str = ""
    answer: str = ""
    attachments: Attachments | None = None  # pictures of the answer
    is_written: bool = False
    comment: str = ""
    section: Section | None = None  # to be read again, or the question

    @property
    def in_words(self) -> str:
        """What its symbol says."""
        return IN_WORDS[self.symbol]


def student_page(nb: NotebookNode, tasks: Tasks, grades: Grades, digest: str = "") -> str:
    """The page of an autograded notebook; `digest` says what it was made of."""
    budget: dict[str, Any] = {}  # of processor time, for the texts of this page
    record = kept_in(nb)
    return _template().render(
        items=list(_items(nb, tasks, grades, record)),
        title=tasks.title,
        grades=grades,
        noticed=record.noticed,
        digest=digest,
        policy=nothing_runs(),
        text=lambda text, attachments=None: Markup(as_html(text, budget, attachments)),
        code=lambda text: Markup(
            in_time(budget, lambda: kept(_coloured, text), lambda: escape(text))
        ),
    )


def digest_in(page: Path) -> str:
    """What a page says that it was made of; empty where there is none that says so."""
    try:
        with page.open("rb") as file:
            found = DIGEST.search(file.read(2000))
    except OSError:
        return ""
    return found[1].decode() if found else ""


@cache
def own_code() -> bytes:
    """A hash of what makes pages: another kit makes others."""
    files = sorted(path for path in FOLDER.iterdir() if path.is_file())
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()


@lru_cache(1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": "{:g}".format, "prose": _prose}
    return environment.get_template("student_page.html.j2")


def _items(nb: NotebookNode, tasks: Tasks, grades: Grades, record: Record) -> Iterator[Item]:
    """Every graded cell, in the notebook's order."""
    own: list[NotebookNode] = []  # code of the student's since the last check
    for cell in nb.cells:
        name = name_of(cell)
        mark = grades.marks.get(name.grade_id) if name else None
        if cell.cell_type == "code" and _is_own(cell, name, tasks):
            own.append(cell)
        elif name is not None and mark is not None and name.kind is Kind.ANSWER:
            yield _answer(cell, name, mark, tasks, grades)
        elif name is not None and mark is not None and name.kind is Kind.CHECK:
            used = [cell for cell in own if _is_for(name, cell)]
            own = [cell for cell in own if cell not in used]
            yield _exercise(used, name, mark, tasks, grades, record)


def _is_own(cell: NotebookNode, name: CellName | None, tasks: Tasks) -> bool:
    """Whether a student wrote it: a solution, or a cell that no release has."""
    if name is None:
        return cell.get("id") not in tasks.cells and bool(cell.source.strip())
    return name.kind is Kind.SOLUTION


def _is_for(name: CellName, cell: NotebookNode) -> bool:
    """Whether it belongs to a check: its solution, or what was added on the way."""
    of = name_of(cell)
    return of is None or of.name == name.name


def _exercise(
    own: list[NotebookNode],
    name: CellName,
    mark: Mark,
    tasks: Tasks,
    grades: Grades,
    record: Record,
) -> Item:
    said, section = record.exercises.get(name.name), tasks.sections.get(name.grade_id)
    symbol = _symbol(mark, said)
    return Item(
        name.grade_id,
        name.name,
        _heading(section),
        symbol,
        mark,
        _why(mark, said),
        said,
        code="\n\n".join(SOLUTION.sub("", cell.source, count=1).strip("\n") for cell in own),
        comment=grades.comments.get(CellName(Kind.SOLUTION, name.name).grade_id, ""),
        section=section if symbol != RIGHT and _heading(section) else None,
    )


def _answer(cell: NotebookNode, name: CellName, mark: Mark, tasks: Tasks, grades: Grades) -> Item:
    section, comment = tasks.sections.get(name.grade_id), grades.comments.get(name.grade_id, "")
    first, _, rest = cell.source.partition("\n")
    answer = (rest if ANSWER.match(first) else cell.source).strip()
    is_blank = answer in ("", UNANSWERED)
    symbol = WAITING if mark.is_waiting and not mark.is_given else _symbol(mark, None)
    why = "nothing written" if is_blank else _first_line(comment)
    return Item(
        name.grade_id,
        name.name,
        _heading(section),
        symbol,
        mark,
        IN_WORDS[WAITING] if symbol == WAITING else _short(why),
        answer="" if is_blank else answer,
        attachments=cell.get("attachments"),
        is_written=True,
        comment="" if is_blank and not mark.is_given else comment,
        section=section if _heading(section) else None,
    )


def _symbol(mark: Mark, said: Said | None) -> str:
    passed = mark.points >= mark.of if said is None or mark.is_given else said.passed
    return RIGHT if passed else PARTLY if mark.points > 0 else WRONG


def _why(mark: Mark, said: Said | None) -> str:
    if mark.is_given:
        return "points given by a grader"
    return _short(said.diagnosis or said.feedback) if said else ""


def _first_line(comment: str) -> str:
    """Of a grader's comment, for the table, which sets no formulas."""
    line = comment.strip().partition("\n")[0]
    return "see the comment" if "$" in line else line


def _heading(section: Section | None) -> str:
    """Of a section; the title of the whole notebook is none."""
    return section.heading if section and section.level > 1 else ""


def _short(text: str) -> str:
    """The beginning of a text, to the end of a sentence or a word."""
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    sentence, end, _ = text[:LONGEST].rpartition(". ")
    return f"{sentence}." if end else f"{text[:LONGEST].rpartition(' ')[0]} …"


def _prose(text: str) -> Markup:
    """A line of the kit's or of a heading: text, with code in it."""
    return Markup(CODE.sub(r"<code>\1</code>", escape(text)))


def _coloured(code: str) -> str:
    return str(highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))
