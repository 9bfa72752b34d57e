"""What the text of a code cell says about itself, without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from autograder.assignment.definitions import text_of
from autograder.checks.text.cells import DEFINITION, MAX_CELL, parsed

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Outline:
    """A cell in short: syntax trees are too large to keep."""

    is_python: bool
    defined: frozenset[str]
    imports: bool = False
    constants: bool = False

    @property
    def is_needed(self) -> bool:
        """Whether other cells may rest on this one."""
        return self.imports or self.constants or bool(self.defined)


@lru_cache(maxsize=2048)
def outline(source: str) -> Outline:
    """What a cell defines, or would if its syntax were right."""
    tree = parsed(source)
    if tree is None:
        return Outline(False, frozenset(DEFINITION.findall(source[:MAX_CELL])))
    return Outline(
        True,
        frozenset(node.name for node in tree.body if isinstance(node, Definition)),
        any(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body),
        any(name.isupper() for node in tree.body for name in _assigned(node)),
    )


def _assigned(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return (target.id for target in targets if isinstance(target, ast.Name))


def same_code(a: str, b: str) -> bool:
    """Whether two texts differ in nothing but comments and layout."""
    if a.strip() == b.strip() or outline(a) != outline(b):
        return a.strip() == b.strip()
    dumped = _dump(a)
    return dumped is not None and dumped == _dump(b)


@lru_cache(maxsize=1024)
def _dump(source: str) -> str | None:
    tree = parsed(source)
    try:
        return None if tree is None else ast.dump(tree)
    except RecursionError:
        return None


def excerpt(source: str, names: frozenset[str]) -> str:
    """The text of these definitions alone."""
    tree = parsed(source)
    found = [
        text_of(node, source)
        for node in (tree.body if tree else [])
        if isinstance(node, Definition) and node.name in names
    ]
    return "\n\n\n".join(found)
