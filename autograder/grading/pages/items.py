"""What a student's page says of each exercise and written answer."""

from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.assignment.cells import CellName, Kind, name_of
from autograder.checks.text.cell_texts import ANSWER, SOLUTION, UNANSWERED
from autograder.grading.pages.grades import Counts, Grades, Mark
from autograder.grading.pages.markdown import Attachments
from autograder.grading.pages.tasks import Section, Tasks
from autograder.grading.record import Record, Said

RIGHT, PARTLY, WRONG, WAITING = "✓", "◐", "✗", "…"
IN_WORDS = {
    RIGHT: "all points",
    PARTLY: "some of the points",
    WRONG: "no points",
    WAITING: "not graded yet",
}
OF_RULES = {
    Counts.AS_EARNED: "",
    Counts.DROPPED: "Does not count, for anybody.",
    Counts.IN_FULL: "Counts in full for everybody.",
    Counts.AS_BONUS: "A bonus.",
}
LONGEST = 160  # characters of a reason in the table


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

    @property
    def rule(self) -> str:
        """What the course says about it; empty where it counts as earned."""
        return OF_RULES[self.mark.counts]


@dataclass(frozen=True)
class Sources:
    """What a page is made of, besides the student's notebook."""

    tasks: Tasks
    grades: Grades
    record: Record

    def comment(self, name: CellName) -> str:
        """A grader's, on one cell."""
        return self.grades.comments.get(name.grade_id, "")


def items(nb: NotebookNode, sources: Sources) -> Iterator[Item]:
    """Every graded cell, in the notebook's order."""
    own: list[NotebookNode] = []  # code of the student's since the last check
    for cell in nb.cells:
        name = name_of(cell)
        mark = sources.grades.marks.get(name.grade_id) if name else None
        if cell.cell_type == "code" and _is_own(cell, name, sources.tasks):
            own.append(cell)
        elif name is not None and mark is not None and name.kind is Kind.ANSWER:
            yield _answer(cell, name, mark, sources)
        elif name is not None and mark is not None and name.kind is Kind.CHECK:
            used = [cell for cell in own if _is_for(name, cell)]
            own = [cell for cell in own if cell not in used]
            yield _exercise(used, name, mark, sources)


def _is_own(cell: NotebookNode, name: CellName | None, tasks: Tasks) -> bool:
    """Whether a student wrote it: a solution, or a cell that no release has."""
    if name is None:
        return cell.get("id") not in tasks.cells and bool(cell.source.strip())
    return name.kind is Kind.SOLUTION


def _is_for(name: CellName, cell: NotebookNode) -> bool:
    """Whether it belongs to a check: its solution, or what was added on the way."""
    of = name_of(cell)
    return of is None or of.name == name.name


def _exercise(own: list[NotebookNode], name: CellName, mark: Mark, sources: Sources) -> Item:
    said = sources.record.exercises.get(name.name)
    section = sources.tasks.sections.get(name.grade_id)
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
        comment=sources.comment(CellName(Kind.SOLUTION, name.name)),
        section=section if symbol != RIGHT and _heading(section) else None,
    )


def own_text(cell: NotebookNode) -> str:
    """What a student wrote in an answer's cell; empty where that is nothing."""
    first, _, rest = cell.source.partition("\n")
    answer = (rest if ANSWER.match(first) else cell.source).strip()
    return "" if answer == UNANSWERED else answer


def _answer(cell: NotebookNode, name: CellName, mark: Mark, sources: Sources) -> Item:
    section, comment = sources.tasks.sections.get(name.grade_id), sources.comment(name)
    answer = own_text(cell)
    is_blank = not answer
    symbol = WAITING if mark.is_waiting and not mark.is_given else _symbol(mark, None)
    why = "nothing written" if is_blank else _first_line(comment)
    return Item(
        name.grade_id,
        name.name,
        _heading(section),
        symbol,
        mark,
        _short(why) if symbol != WAITING else IN_WORDS[WAITING] if mark.is_open else "",
        answer=answer,
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
