"""Reading a source: a jupytext percent script whose cell lines say what each cell is."""

import ast
import difflib
import io
import tokenize
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from traceback import extract_tb
from typing import Any

import jupytext
from nbformat import NotebookNode

from autograder.assignment.cells import NAME, NAMELESS, ROLES, Role
from autograder.assignment.definitions import binds, defines
from autograder.checks.language import languages
from autograder.errors import ToldError

CHECKS_FILE = "checks.py"
LANGUAGE = "lang"  # on the line of a cell that translates the one before it
ATTRIBUTES = ("points", "words", LANGUAGE)
Stated = dict[str, Any]  # what a cell line says


class SourceError(ToldError):
    """A source that cannot be built; the message names file and line."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")

    @classmethod
    def raised(cls, path: Path, error: BaseException) -> "SourceError":
        """What running a file's code raised, with the last of its lines that ran."""
        frames = extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(path) and frame.lineno]
        return cls(path, lines[-1] if lines else 1, f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class Cell:
    """One cell of a source; `line` is that of its `# %%`."""

    kind: str  # code or markdown
    source: str
    line: int
    role: Role | None = None
    name: str = ""
    points: float = 0.0
    words: int | None = None  # at most, in a written answer
    title: str = ""
    language: str = ""  # of a translation
    translates: int = 0  # the line of the cell that it translates


@dataclass(frozen=True)
class Source:
    """A parsed source: its text, which is also a Python module, its cells, and its checks' text.

    `language` is that of its cells where they are translated, and empty where they are its own.
    """

    path: Path
    text: str
    cells: tuple[Cell, ...]
    checks_text: str = ""
    translations: tuple[Cell, ...] = ()
    language: str = ""

    @property
    def languages(self) -> list[str]:
        """The languages that its cells are translated to."""
        return sorted({cell.language for cell in self.translations})

    @property
    def assignment(self) -> str:
        """Its name, which is that of its file."""
        return self.path.stem

    @property
    def checks_path(self) -> Path:
        """Where its checks stand."""
        return self.path.with_name(CHECKS_FILE)

    @cached_property
    def checks(self) -> dict[str, Cell]:
        """Check cells of code by exercise, in order."""
        return {cell.name: cell for cell in self.cells if cell.role is Role.CHECK}

    @cached_property
    def artefacts(self) -> dict[str, Cell]:
        """Cells that check a model file, by exercise."""
        return {cell.name: cell for cell in self.cells if cell.role is Role.ARTEFACT}

    @cached_property
    def exercises(self) -> dict[str, Cell]:
        """All that a machine grades, checks and artefacts, in order."""
        return {cell.name: cell for cell in self.cells if cell.role and cell.role.is_check}

    @cached_property
    def solutions(self) -> dict[str, Cell]:
        """Solution cells by exercise."""
        return {cell.name: cell for cell in self.cells if cell.role is Role.SOLUTION}

    @cached_property
    def answers(self) -> dict[str, Cell]:
        """Cells of written answers, by name."""
        return {cell.name: cell for cell in self.cells if cell.role is Role.ANSWER}

    @cached_property
    def subjects(self) -> dict[str, str]:
        """What each exercise checks: the name that its solution, or its artefact, defines."""
        found = {name: subject_of(cell) for name, cell in self.exercises.items()}
        return {name: subject for name, subject in found.items() if subject}

    @cached_property
    def given_text(self) -> str:
        """What it defines besides solutions and artefacts, without comments and layout.

        A change of points, tiers or text is thus no reason to execute anything again.
        """
        bare = self
        for name in self.solutions:
            blank = "\n" * self.solutions[name].source.count("\n")
            bare = bare.with_solution(name, blank)
        artefacts = {self.subjects[name] for name in self.artefacts}
        tree = ast.parse(bare.text)
        tree.body = [node for node in tree.body if defines(node) and not binds(node) & artefacts]
        return ast.unparse(tree)

    def with_solution(self, exercise: str, new: str) -> "Source":
        """This source with another solution of one exercise; line numbers after it may move."""
        old = self.solutions[exercise]
        lines = self.text.split("\n")
        start = old.line  # the first line after the marker, counted from 0
        changed = [*lines[:start], *new.split("\n"), *lines[start + old.source.count("\n") + 1 :]]
        return replace(self, text="\n".join(changed))


def subject_of(cell: Cell) -> str | None:
    """What the one line of a check cell checks; None where it is another line."""
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError:
        return None
    match statements:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(name), ast.Name(subject)], []))]:
            return subject if name == cell.name else None
    return None


def read_text(path: Path) -> str:
    """The text of an author's file. Raises SourceError where it is not UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise SourceError(path, line, "not UTF-8") from None


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


def _cell(cell: NotebookNode, line: int, path: Path) -> Cell:
    stated = {k: v for k, v in cell.metadata.items() if k != "lines_to_next_cell"}
    wrong = stated.pop("incorrectly_encoded_metadata", None)
    if wrong is not None:
        raise SourceError(path, line, f'cannot read {wrong!r}: write name="text" or points=number')
    title = stated.pop("title", "")
    if title in NAMELESS:
        stated[title] = title = ""
    if LANGUAGE in stated:
        _check_language(stated, title, cell.cell_type, line, path)
        return Cell(cell.cell_type, cell.source, line, language=str(stated[LANGUAGE]))
    roles = [key for key in stated if key in ROLES]
    _check_words(stated, roles, title, line, path)
    if not roles:
        return Cell(cell.cell_type, cell.source, line)
    role = Role(roles[0])
    _check_role(role, stated, cell.cell_type, line, path)
    points = float(stated.get("points", 0))
    name, words = str(stated[role]), stated.get("words")
    return Cell(cell.cell_type, cell.source, line, role, name, points, words, title)


def _check_words(stated: Stated, roles: list[str], title: str, line: int, path: Path) -> None:
    if len(roles) > 1:
        raise SourceError(path, line, f"a cell has one role, not {' and '.join(roles)}")
    allowed = {*roles, *(ROLES[Role(roles[0])] if roles else ())}
    words = [key for key in stated if key not in allowed]
    if title and Role.ALTERNATIVE not in roles:
        words += title.split()
    if words:
        near = difflib.get_close_matches(words[0], [*map(str, ROLES), *ATTRIBUTES], n=1)
        hint = f"; did you mean {near[0]!r}?" if near and near[0] != words[0] else ""
        raise SourceError(path, line, f"unknown word {words[0]!r} on the cell line{hint}")


def _check_language(stated: Stated, title: str, kind: str, line: int, path: Path) -> None:
    language, others = stated[LANGUAGE], [key for key in stated if key != LANGUAGE]
    if language not in languages():
        known = ", ".join(languages())
        raise SourceError(path, line, f"unknown language {language!r}: checks speak {known}")
    if kind != "markdown":
        raise SourceError(path, line, "lang belongs on a Markdown cell: code is the same in all")
    if others or title:
        other = (others or [title])[0]
        problem = f"{other!r} beside lang: what a translation is, the cell before it says"
        raise SourceError(path, line, problem)


def _check_role(role: Role, stated: Stated, kind: str, line: int, path: Path) -> None:
    wanted = "markdown" if role is Role.ANSWER else "code"
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
