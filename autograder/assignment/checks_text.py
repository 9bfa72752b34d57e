"""The text of a `checks.py` by exercise.

Students get the text of the visible cases in a folded cell, graders' kernels that of all cases.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from autograder.assignment.definitions import bound_by, defines, reached, text_of, words_of
from autograder.assignment.source import Source

WORDS = (
    "stand_ins",
    "rules",
    "untried",
)  # statements of an exercise that students' own checks need, too
Word = ast.Call | ast.Attribute
HEADING = "# @title How `{exercise}` is checked: the cases that you see\n"


@dataclass(frozen=True)
class ChecksText:
    """The statements of a `checks.py`, of which each exercise has its own."""

    source: Source

    def visible(self, exercise: str) -> str:
        """What a student may read of an exercise's cases, and their own check runs."""
        own = [node for node in self._own(exercise) if not self._is_hidden(node)]
        return HEADING.format(exercise=exercise) + self._with_helpers(own)

    def hidden(self, exercise: str) -> str:
        """The hidden probes of an exercise; helpers of the visible ones are left out."""
        shown = self.visible(exercise)
        own = [node for node in self._own(exercise) if self._is_hidden(node)]
        new = [part for part in self._parts(own) if part not in shown]
        return "\n\n\n".join(new)

    def complete(self, exercise: str) -> str:
        """Everything that the cases of an exercise depend on in this file."""
        return self._with_helpers(self._own(exercise))

    def given(self, exercise: str) -> str:
        """What the cases of an exercise rest on in the assignment's own definitions."""
        used = words_of(*_needed(self._own(exercise), self._nodes))
        nodes = statements(self.source.given_text)
        return "\n".join(map(ast.unparse, reached(used, nodes)))

    @property
    def _nodes(self) -> list[ast.stmt]:
        return statements(self.source.checks_text)

    def _own(self, exercise: str) -> list[ast.stmt]:
        return [node for node in self._nodes if exercise_of(node, self._nodes) == exercise]

    def _is_hidden(self, node: ast.stmt) -> bool:
        return _is_hidden(node, self._nodes)

    def _is_of_assignment(self, node: ast.stmt) -> bool:
        return isinstance(node, ast.ImportFrom) and node.module == self.source.assignment

    def _with_helpers(self, own: list[ast.stmt]) -> str:
        imports = "\n".join(self._imports(own))
        return f"{imports}\n\n\n" + "\n\n\n".join(self._parts(own))

    def _imports(self, own: list[ast.stmt]) -> Iterator[str]:
        used = words_of(*_needed(own, self._nodes))
        for node in self._nodes:
            if isinstance(node, ast.Import | ast.ImportFrom) and not self._is_of_assignment(node):
                kept = [alias for alias in node.names if bound_by(alias) in {*used, "*"}]
                if kept:
                    yield ast.unparse(_with_names(node, kept))

    def _parts(self, own: list[ast.stmt]) -> list[str]:
        needed = _needed(own, self._nodes)
        return [
            text_of(node, self.source.checks_text)
            for node in needed
            if not isinstance(node, ast.Import | ast.ImportFrom)
        ]


@lru_cache(maxsize=32)
def statements(text: str) -> list[ast.stmt]:
    """The statements of a text."""
    return ast.parse(text).body


def _needed(own: list[ast.stmt], nodes: list[ast.stmt]) -> list[ast.stmt]:
    """Statements, and the helpers and constants that they use, in the order of the file."""
    helpers = [node for node in nodes if defines(node) and word_of(node) is None]
    kept = {id(node) for node in [*own, *reached(words_of(*own), helpers)]}
    return [node for node in nodes if id(node) in kept]


def word_of(node: ast.stmt) -> Word | None:
    """What makes a statement one of an exercise: a word called, or a decorator."""
    return next(_words(node), None)


def _words(node: ast.stmt) -> Iterator[Word]:
    match node:
        case ast.FunctionDef(decorator_list=decorators):
            words = (_word_of_decorator(decorator) for decorator in decorators)
            yield from (word for word in words if word is not None)
        case ast.Expr(ast.Call(func=ast.Name(name)) as word) if name in WORDS:
            yield word


def _word_of_decorator(node: ast.expr) -> Word | None:
    match node:
        case ast.Call(func=ast.Name("probe")) as word:
            return word
        case ast.Attribute(attr="run" | "read" | "law") as word:
            return word
    return None


def exercise_of(node: ast.stmt, nodes: list[ast.stmt]) -> str | None:
    """Whose exercise a statement is, among all statements of its file; None for helpers."""
    return next(exercises_of(node, nodes), None)


def exercises_of(node: ast.stmt, nodes: list[ast.stmt]) -> Iterator[str]:
    """The exercises that a statement names, by its decorators perhaps more than one."""
    for word in _words(node):
        match word:
            case ast.Call(args=[ast.Constant(str() as exercise), *_]):
                yield exercise
            case ast.Attribute(value=ast.Name(probe)):
                yield from exercises_of(_probe(probe, node, nodes), nodes)


def _is_hidden(node: ast.stmt, nodes: list[ast.stmt]) -> bool:
    match word_of(node):
        case ast.Call(keywords=keywords):
            stated = [keyword.value for keyword in keywords if keyword.arg == "hidden"]
            return any(not _is_false(value) for value in stated)
        case ast.Attribute(value=ast.Name(probe)):
            return _is_hidden(_probe(probe, node, nodes), nodes)
    return False


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _probe(name: str, user: ast.stmt, nodes: list[ast.stmt]) -> ast.stmt:
    """The last probe of this name before its user: other exercises may have one of that name."""
    before = nodes[: nodes.index(user)]
    found = [
        node
        for node in before
        if isinstance(node, ast.FunctionDef) and node.name == name and word_of(node) is not None
    ]
    return found[-1] if found else ast.Pass()


def _with_names(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(node.module, names, node.level)
