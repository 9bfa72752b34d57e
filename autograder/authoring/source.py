"""Reading a source: a jupytext percent script whose cell lines say what each cell is."""

import ast
import difflib
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext

# role -> what else its cell line states
ROLES = {
    "solution": (),
    "check": ("points",),
    "artefact": ("points",),
    "answer": ("points", "words"),
    "train": (),
    "look": (),
    "alternative": (),
}
NAMELESS = ("train", "look")
GRADED = {"check": "check(", "artefact": "check.artefact("}  # by machine, and the call in the cell
NAME = re.compile(r"[A-Za-z_]\w*")
MARKERS = [
    f"### {end} {region}" for region in ("SOLUTION", "HIDDEN TESTS") for end in ("BEGIN", "END")
]
# nbgrader looks for these words anywhere in a line, our readers for whole lines
MARKER_LIKE = re.compile(
    r"^[ \t]*(#+[ \t]*(?:BEGIN|END)\b.*?|.*(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS).*?)[ \t]*$",
    re.MULTILINE,
)


class SourceError(Exception):
    """A source that cannot be built; the message names file and line."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


@dataclass(frozen=True)
class Cell:
    """One cell of a source; `line` is that of its `# %%`."""

    kind: str  # code or markdown
    source: str
    line: int
    role: str | None = None
    name: str = ""
    points: float = 0.0
    words: int | None = None  # at most, in a written answer
    title: str = ""


@dataclass(frozen=True)
class Source:
    """A parsed source: its text, which is also a Python module, and its cells."""

    path: Path
    text: str
    cells: tuple[Cell, ...]

    @property
    def assignment(self) -> str:
        return self.path.stem

    @cached_property
    def checks(self) -> dict[str, Cell]:
        """Check cells by exercise, in order."""
        return {cell.name: cell for cell in self.cells if cell.role == "check"}

    @cached_property
    def artefacts(self) -> dict[str, Cell]:
        """Cells that check a model file, by exercise."""
        return {cell.name: cell for cell in self.cells if cell.role == "artefact"}

    @cached_property
    def exercises(self) -> dict[str, Cell]:
        """All that a machine grades, checks and artefacts, in order."""
        return {cell.name: cell for cell in self.cells if cell.role in GRADED}

    @cached_property
    def solutions(self) -> dict[str, Cell]:
        """Solution cells by exercise."""
        return {cell.name: cell for cell in self.cells if cell.role == "solution"}

    @cached_property
    def answers(self) -> dict[str, Cell]:
        """Cells of written answers, by name."""
        return {cell.name: cell for cell in self.cells if cell.role == "answer"}

    def with_solution(self, exercise: str, new: str) -> "Source":
        """This source with another solution of one exercise; line numbers after it may move."""
        old = self.solutions[exercise]
        lines = self.text.split("\n")
        start = old.line  # the first line after the marker, counted from 0
        changed = [*lines[:start], *new.split("\n"), *lines[start + old.source.count("\n") + 1 :]]
        return Source(self.path, "\n".join(changed), self.cells)


def read_source(path: Path) -> Source:
    """Parse and validate a source file. Raises SourceError."""
    source = parse(path.read_text(encoding="utf-8"), path)
    _validate(source)
    return source


def parse(text: str, path: Path) -> Source:
    """The cells of a percent script. Raises SourceError for a wrong cell line or wrong Python."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise SourceError(path, error.lineno or 1, f"not Python: {error.msg}") from None
    lines = _marker_lines(text)
    if not lines or text[: text.find("# %%")].strip():
        raise SourceError(path, 1, "the first line must start a cell: '# %%' or '# %% [markdown]'")
    cells = jupytext.reads(text, fmt="py:percent").cells
    if len(cells) != len(lines):
        raise SourceError(
            path, 1, f"{len(lines)} cell lines, but jupytext reads {len(cells)} cells"
        )
    pairs = zip(cells, lines, strict=True)
    return Source(path, text, tuple(_cell(cell, line, path) for cell, line in pairs))


def _marker_lines(text: str) -> list[int]:
    """Lines of `# %%` comments, those inside strings left out."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [
        token.start[0]
        for token in tokens
        if token.type == tokenize.COMMENT
        and token.start[1] == 0
        and token.string.startswith("# %%")
    ]


def _cell(cell: dict, line: int, path: Path) -> Cell:
    stated = {k: v for k, v in cell.metadata.items() if k != "lines_to_next_cell"}
    wrong = stated.pop("incorrectly_encoded_metadata", None)
    if wrong is not None:
        raise SourceError(path, line, f'cannot read {wrong!r}: write name="text" or points=number')
    title = stated.pop("title", "")
    if title in NAMELESS:
        stated[title] = title = ""
    roles = [key for key in stated if key in ROLES]
    _check_words(stated, roles, title, line, path)
    if not roles:
        return Cell(cell.cell_type, cell.source, line)
    (role,) = roles
    _check_role(role, stated, cell.cell_type, line, path)
    points = float(stated.get("points", 0))
    name, words = str(stated[role]), stated.get("words")
    return Cell(cell.cell_type, cell.source, line, role, name, points, words, title)


def _check_words(stated: dict, roles: list[str], title: str, line: int, path: Path) -> None:
    if len(roles) > 1:
        raise SourceError(path, line, f"a cell has one role, not {' and '.join(roles)}")
    allowed = {*roles, *(ROLES[roles[0]] if roles else ())}
    words = [key for key in stated if key not in allowed]
    if title and "alternative" not in roles:
        words += title.split()
    if words:
        near = difflib.get_close_matches(words[0], [*ROLES, "points", "words"], n=1)
        hint = f"; did you mean {near[0]!r}?" if near and near[0] != words[0] else ""
        raise SourceError(path, line, f"unknown word {words[0]!r} on the cell line{hint}")


def _check_role(role: str, stated: dict, kind: str, line: int, path: Path) -> None:
    wanted = "markdown" if role == "answer" else "code"
    if kind != wanted:
        raise SourceError(path, line, f"{role} belongs on a {wanted} cell, not on {kind}")
    if role not in NAMELESS and not NAME.fullmatch(str(stated[role])):
        raise SourceError(path, line, f"{stated[role]!r} is no name: letters, digits and _ only")
    if "points" in ROLES[role]:
        points = stated.get("points")
        if not isinstance(points, int | float) or isinstance(points, bool) or not 0 <= points < 1e6:
            raise SourceError(path, line, f"points must be a number, not {points!r}")
    words = stated.get("words", 1)
    if not isinstance(words, int) or isinstance(words, bool) or words < 1:
        raise SourceError(path, line, f"words must be a whole number above 0, not {words!r}")


def _validate(source: Source) -> None:
    seen: dict[tuple[str, str], int] = {}
    for cell in source.cells:
        fail = _failer(source.path, cell.line)
        _check_regions(cell, fail)
        if cell.role in ("solution", "answer", *GRADED):
            group = "check" if cell.role in GRADED else cell.role
            first = seen.setdefault((group, cell.name), cell.line)
            if first != cell.line:
                fail(f"{cell.role} {cell.name!r} stands at line {first} already")
        if cell.role == "alternative":
            fail("alternatives belong in alternatives.py")
    _check_pairs(source)


def _check_pairs(source: Source) -> None:
    for name, cell in source.exercises.items():
        fail, call = _failer(source.path, cell.line), GRADED[cell.role]
        if cell.role == "check" and name not in source.solutions:
            fail(f"check {name!r} has no solution cell")
        if not re.search(rf'\b{re.escape(call)}\s*"{name}"', cell.source):
            fail(f'the cell must call {call}"{name}", …)')
    for name, cell in source.solutions.items():
        if name not in source.checks:
            _failer(source.path, cell.line)(f"solution {name!r} has no check cell")
    for name, cell in source.answers.items():
        if name in source.exercises:
            other = source.exercises[name].role
            _failer(source.path, cell.line)(f"{name!r} names a {other} and an answer")


def _check_regions(cell: Cell, fail) -> None:
    for text in MARKER_LIKE.findall(cell.source):
        if text not in MARKERS:  # misspelt, it would hide nothing from students
            fail(f"unknown marker {text!r}: write {' or '.join(MARKERS)}")
    markers = {"SOLUTION": cell.role == "solution", "HIDDEN TESTS": cell.role == "check"}
    for marker, belongs in markers.items():
        found = re.findall(rf"^[ \t]*### (BEGIN|END) {marker}[ \t]*$", cell.source, re.MULTILINE)
        if found and not belongs:
            fail(f"### {found[0]} {marker} does not belong in this cell")
        if found != ["BEGIN", "END"] * (len(found) // 2):
            fail(f"### BEGIN {marker} and ### END {marker} do not match")
        if marker == "SOLUTION" and belongs and not found:
            fail("no ### BEGIN SOLUTION and ### END SOLUTION in this solution cell")


def _failer(path: Path, line: int):
    def fail(problem: str) -> None:
        raise SourceError(path, line, problem)

    return fail
