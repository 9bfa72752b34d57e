"""Which statement of a cell failed, and what of the cell comes after it."""

import ast
from types import TracebackType
from typing import Any

Position = tuple[int, int]  # of a statement: its line, from 1, and its column in bytes
NOWHERE = (0, 0)


def failed_at(error: BaseException, namespace: dict[str, Any]) -> Position:
    """Where in the cell an error began; NOWHERE where it does not say so."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_globals is not namespace:
        step = step.tb_next
    if step is not None:
        return _position(step)
    return (error.lineno or 0, 0) if isinstance(error, SyntaxError) else NOWHERE


def _position(step: TracebackType) -> Position:
    line, _, column, _ = list(step.tb_frame.f_code.co_positions())[step.tb_lasti // 2]
    return line or step.tb_lineno, column or 0


def rest_after(text: str, position: Position) -> str | None:
    """A cell without the statement at this place and all before it; None where nothing is left.

    What is left keeps its line numbers.
    """
    later = [start for node in ast.parse(text).body if (start := _start(node)) > position]
    if position == NOWHERE or not later:
        return None
    line, column = later[0]
    first, *others = text.split("\n")[line - 1 :]
    return "#\n" * (line - 1) + "\n".join([first.encode()[column:].decode(), *others])


def _start(node: ast.stmt) -> Position:
    """Where a statement begins, its decorators included."""
    parts = [node, *getattr(node, "decorator_list", [])]
    return min((part.lineno, node.col_offset) for part in parts)
