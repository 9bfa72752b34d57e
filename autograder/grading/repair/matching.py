"""Which released cell a submitted cell is, by what platforms and students leave of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from nbformat import NotebookNode
from rapidfuzz import fuzz, process

from autograder.assignment.cells import CellName, Kind, name_of, named
from autograder.checks.language import in_every_language
from autograder.checks.text import cell_texts
from autograder.checks.text.cell_texts import AI_HEADING
from autograder.grading.repair.amount import may_be_code
from autograder.grading.repair.syntax import outline, same_code

TEXTS = {
    Kind.SOLUTION: cell_texts.SOLUTION,
    Kind.CHECK: cell_texts.CHECK,
    Kind.ANSWER: cell_texts.ANSWER,
}
UNWRITTEN = re.compile(r"^[ \t]*(# TODO: .*|raise NotImplementedError.*)\n?", re.M)
SIMILAR = 85  # of 100; unrelated cells of one course reach 60
COMPARABLE = range(40, 20_000)  # characters; shorter texts are similar by chance
MAX_COMPARED = 1_000  # cells; comparing is slow, and no one writes more


@dataclass(frozen=True)
class Claim:
    """That a submitted cell is the released cell at `key`, and by which evidence."""

    key: int
    evidence: str


class Release:
    """The released notebook, as a place to look cells up in."""

    def __init__(self, released: NotebookNode) -> None:
        self.notebook = released
        self.cells: list[NotebookNode] = released.cells
        self.roles = [cell.metadata.get("nbgrader", {}) for cell in self.cells]
        self.names = [name_of(cell) for cell in self.cells]
        self.by_name: dict[CellName | None, int] = {
            name: i for i, name in enumerate(self.names) if name
        }
        self.by_id = {cell.get("id"): i for i, cell in enumerate(self.cells)}
        self.squeezed = [squeezed(cell.source) for cell in self.cells]
        self.by_text = {text: i for i, text in reversed([*enumerate(self.squeezed)])}
        self.own = {i: outline(self.cells[i].source).defined for i in self.solutions}
        self.by_definition = {name: key for key, names in self.own.items() for name in names}

    @cached_property
    def solutions(self) -> list[int]:
        """Code that students write."""
        return [i for i in range(len(self.cells)) if self.is_written(i) and self.is_code(i)]

    @cached_property
    def texts(self) -> dict[int, str]:
        """Code as it was given."""
        code = {i: text for i, text in enumerate(self.squeezed) if self.is_code(i)}
        return {i: source for i, source in code.items() if len(source) in COMPARABLE}

    @cached_property
    def heads(self) -> dict[int, str]:
        """What is given of solutions: signature and docstring."""
        begun = {i: squeezed(UNWRITTEN.sub("", self.cells[i].source)) for i in self.solutions}
        return {i: source for i, source in begun.items() if len(source) in COMPARABLE}

    def is_written(self, key: int) -> bool:
        """Whether students write the cell: a solution or an answer."""
        return bool(self.roles[key].get("solution"))

    def is_locked(self, key: int) -> bool:
        """Whether the cell is a check or given."""
        return bool(self.roles[key]) and not self.is_written(key)

    def is_code(self, key: int) -> bool:
        """Whether the cell is code in the release."""
        return self.cells[key].cell_type == "code"

    def name(self, key: int) -> str:
        """What students know a cell by: its grade id, or its first line."""
        first = self.cells[key].source.strip().partition("\n")[0]
        name = self.names[key]
        return name.grade_id if name else f"cell {first[:40]!r}"

    def is_complete(self, key: int, source: str) -> bool:
        """Whether a text can be the student's version of a solution or an answer."""
        stub = self.cells[key].source
        if not self.is_code(key):
            return bool(source.strip()) and squeezed(source) != self.squeezed[key]
        own = self.own[key]
        does = not own or bool(outline(source).defined & own)
        return does and outline(source).is_python and not same_code(source, stub)


def squeezed(source: str) -> str:
    """A text without the white space that editors add and take away."""
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def claims(cells: list[NotebookNode], release: Release) -> list[Claim | None]:
    """For each submitted cell, the released cell that it is, if any."""
    found = [_claim(cell, release) for cell in cells]
    missing = set(range(len(release.cells))) - {claim.key for claim in found if claim}
    if missing:
        unknown = [i for i, claim in enumerate(found) if not claim and cells[i].source.strip()]
        for index in unknown[:MAX_COMPARED]:
            found[index] = _similar(cells[index], missing, release)
    return found


def _claim(cell: NotebookNode, release: Release) -> Claim | None:
    exact = release.by_text.get(squeezed(cell.source))
    candidates = _candidates(cell, exact, release)
    return next((c for c in candidates if _is_plausible(c.key, cell, exact, release)), None)


def _candidates(cell: NotebookNode, exact: int | None, release: Release) -> Iterator[Claim]:
    """In the order of their worth."""
    colab = _text(cell.metadata.get("id"))
    by_name, by_id = release.by_name.get, release.by_id.get
    found = [
        ("grade id", by_name(name_of(cell))),
        ("cell id", by_id(cell.id)),
        ("Colab's id", by_id(colab, by_name(named(colab)))),
        ("unchanged text", exact),
        *(("name in the text", by_name(name)) for name in named_in(cell.source)),
        ("definition", _by_definition(cell, release)),
    ]
    return (Claim(key, evidence) for evidence, key in found if key is not None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def named_in(source: str) -> Iterator[CellName]:
    """The cells that a text says it is."""
    if is_disclosure(source):
        return
    for kind, pattern in TEXTS.items():
        for name in pattern.findall(source):
            yield CellName(kind, name)


def is_disclosure(source: str) -> bool:
    """Whether a text is about AI tools: prompts and answers in it are quoted, not handed in."""
    return source.lstrip().startswith(in_every_language(AI_HEADING))


def _by_definition(cell: NotebookNode, release: Release) -> int | None:
    """The one exercise whose function or class a cell defines; several are no one's cell."""
    readable = cell.cell_type == "code" or (may_be_code(cell) and outline(cell.source).is_python)
    if not readable or is_disclosure(cell.source):
        return None
    names = outline(cell.source).defined & release.by_definition.keys()
    keys = {release.by_definition[name] for name in names}
    return keys.pop() if len(keys) == 1 else None


def _is_plausible(key: int, cell: NotebookNode, exact: int | None, release: Release) -> bool:
    """Whether the text admits the claim: ids get copied to other cells, and cells get merged."""
    if exact is not None and release.roles[exact]:
        return key == exact
    if not cell.source.strip():
        return bool(release.roles[key])
    if release.is_written(key):
        return _is_work(cell, release) or not _resembles_locked(cell.source, release)
    return exact == key or not _is_work(cell, release)


def _is_work(cell: NotebookNode, release: Release) -> bool:
    """Whether a cell's text says that it solves or answers something."""
    named = any(name.kind is not Kind.CHECK for name in named_in(cell.source))
    return named or _by_definition(cell, release) is not None


def _resembles_locked(source: str, release: Release) -> bool:
    locked = filter(release.is_locked, range(len(release.cells)))
    return any(resembles(source, key, release) for key in locked)


def resembles(source: str, key: int, release: Release) -> bool:
    """Whether a text is that of a released cell, or nearly."""
    a, b = squeezed(source), release.squeezed[key]
    return a == b or (
        COMPARABLE.start <= len(a) < COMPARABLE.stop and fuzz.ratio(a, b, score_cutoff=SIMILAR) > 0
    )


def _similar(cell: NotebookNode, missing: set[int], release: Release) -> Claim | None:
    """By what was given; a cell that is most like a cell found already is none of the missing."""
    source = squeezed(cell.source)
    whole = outline(cell.source).defined & release.by_definition.keys()  # of several exercises
    if cell.cell_type != "code" or len(source) not in COMPARABLE or whole:
        return None
    heads = {key: head for key, head in release.heads.items() if len(head) <= len(source)}
    given = process.extractOne(source, release.texts, scorer=fuzz.ratio, score_cutoff=SIMILAR)
    begun = process.extractOne(source, heads, scorer=fuzz.partial_ratio, score_cutoff=SIMILAR)
    near = [match for match in (given, begun) if match]
    _, _, key = max(near, key=lambda match: match[1], default=("", 0, None))
    return Claim(key, "similarity") if key in missing else None
