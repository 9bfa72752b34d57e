"""Names that a check uses before the notebook defines them.

A notebook runs from above: such a check fails the first time, whatever the student wrote.
"""

import ast
from collections.abc import Iterator

from autograder.assignment.checks_text import ChecksText
from autograder.assignment.definitions import binds, defines, words_of
from autograder.assignment.source import Source, SourceError


def refuse_late(source: Source) -> None:
    """Raise SourceError where visible cases use what a cell below their check defines."""
    texts = ChecksText(source)
    defined = [*_defined(source)]
    for exercise, check in source.checks.items():
        above = {name for line, name in defined if line < check.line}
        used = words_of(ast.parse(texts.visible(exercise))) - above
        for line, name in defined:
            if name in used:
                raise SourceError(
                    source.path,
                    line,
                    f"defines {name!r} below the check of {exercise!r}, which uses it: "
                    "move it above",
                )


def _defined(source: Source) -> Iterator[tuple[int, str]]:
    """The line of a cell, and each name that it defines."""
    for cell in source.cells:
        if cell.kind == "code" and not (cell.role and cell.role.is_check):
            for node in filter(defines, ast.parse(cell.source).body):
                yield from ((cell.line, name) for name in sorted(binds(node)))
