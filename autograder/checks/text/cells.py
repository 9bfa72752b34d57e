"""The text of a code cell as Python: IPython's own lines are calls of its, line numbers kept."""

import ast
import re
import warnings
from collections.abc import Iterator

MAX_CELL = 200_000  # longer cells are no one's handwriting, and parsing them takes memory
NOT_PYTHON = SyntaxError, ValueError, RecursionError, MemoryError  # the last two: nested too deeply
MOST_MAGICS = 20  # in one cell; each costs a parse

# cell magics whose cell defines nothing here, because it runs elsewhere or not at all
ELSEWHERE = re.compile(
    r"\s*%%(?:bash|cmd|file|html|javascript|js|latex|markdown|perl|python[23]?|pypy|ruby|script|sh"
    r"|svg|sx|system|timeit|writefile|!)(?!\w)"
)
TIMED = re.compile(r"^([ \t]*)%time[ \t]+(?=\S)")  # runs what comes after it
ASSIGNED = re.compile(r"^([\w.,* \t\[\]]+=)[ \t]*[%!].*$")  # files = !ls
MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.*]+\?{1,2}[ \t]*)$")
DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.M)  # at the margin
ASSIGNMENT = re.compile(r"^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.M)


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell; None where it is not Python."""
    if len(source) > MAX_CELL:
        return None
    if ELSEWHERE.match(source):
        return ast.Module([], [])
    lines = source.split("\n")
    for _ in range(MOST_MAGICS):
        tree, line = _parsed("\n".join(lines))
        if tree is not None or not (0 < line <= len(lines)):
            return tree
        if not _leave_out(lines, line - 1):
            return None
    return None


def _parsed(source: str) -> tuple[ast.Module | None, int]:
    """The tree, or None and the line that is not Python, 0 where that is not known."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source), 0
    except SyntaxError as error:
        return None, error.lineno or 0
    except NOT_PYTHON:
        return None, 0


def _leave_out(lines: list[str], at: int) -> bool:
    """Replace a line of IPython's, and the lines that continue it; whether it was one.

    Only where Python chokes: in a string, such a line is text.
    """
    replaced, end = _without_magic(lines[at]), at
    if replaced == lines[at]:
        return False
    while lines[end].endswith("\\") and end + 1 < len(lines):
        end += 1
    lines[at : end + 1] = [replaced, *[""] * (end - at)]
    return True


def _without_magic(line: str) -> str:
    if TIMED.match(line):
        return TIMED.sub(r"\1", line)
    return MAGIC.sub(r"\1get_ipython()", ASSIGNED.sub(r"\1 get_ipython()", line))


def bound_in_text(source: str) -> Iterator[str]:
    """The names that a cell which is not Python binds by the look of it."""
    for pattern in (DEFINITION, ASSIGNMENT):
        yield from pattern.findall(source[:MAX_CELL])
