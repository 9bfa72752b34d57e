"""Edits of a solution cell: texts that stand in it once, and what replaces them."""

import ast
from collections.abc import Mapping


class EditError(ValueError):
    """Edits that cannot be made; the message says which, and why."""


def edited(cell: str, edits: Mapping[str, str]) -> str:
    """The cell with each text replaced, in order. Raises EditError."""
    if not edits:
        raise EditError("wants at least one edit, from a text of the solution to another")
    for old, new in edits.items():
        if cell.count(old) != 1:
            raise EditError(f"{old!r} is found {cell.count(old)} times, not once")
        if old == new:
            raise EditError(f"{old!r} is replaced by itself")
        cell = cell.replace(old, new)
    try:
        ast.parse(cell)
    except SyntaxError as error:
        raise EditError(f"not Python: {error.msg}: {(error.text or '').strip()!r}") from None
    return cell
