"""The parts of a cell that run one by one: what is not Python costs itself, and not its cell."""

import ast
import bisect
import re

from autograder.assignment.definitions import text_of
from autograder.checks.text.cells import MAX_CELL, parsed
from autograder.checks.text.notebook import names_bound
from autograder.grading.repair.syntax import outline

# a line at the margin that begins a statement: no comment, end of a bracket, or later clause
BEGINS = re.compile(r"(?![\s#)\]}]|(?:else|elif|except|finally)\b)\S")
LONGEST = 40  # lines at the margin in one statement, such as those of a text in quotes
BLANK = ["#"]  # in the place of a line that is left out; IPython would strip an empty one
MOST = 500_000  # characters that are read to find where statements end


def parts(source: str) -> list[str]:
    """A cell's text, whole where it is Python; otherwise its statements, with their line numbers.

    A part that is not Python stands alone, from one line at the margin to the next.
    """
    if outline(source).is_python or len(source) > MAX_CELL:
        return [source]
    lines = source.split("\n")
    stops = [*(at for at, line in enumerate(lines) if BEGINS.match(line)), len(lines)]
    found, at, left = [], 0, MOST
    while at < len(lines):
        first = bisect.bisect_right(stops, at)
        end, left = _end_of_statement(lines, at, stops[first : first + LONGEST], left)
        found.append("\n".join([*BLANK * at, *lines[at:end]]))
        at = end
    return found


def lost(given: str, written: list[str]) -> list[str]:
    """What a cell gave and its parts, as a student has them, do not: imports and other names.

    An import that was changed is lost, for it may fail; what was defined in another way is not.
    """
    found = parsed(given)
    if not found or not found.body:
        return []
    trees = [tree for part in written if (tree := parsed(part))]
    same = {_dumped(node) for tree in trees for node in tree.body}
    names = {name for part in written for name in names_bound(part)}
    missing = [
        text_of(node, given)
        for node in found.body
        if ast.dump(node) not in same
        if isinstance(node, ast.Import | ast.ImportFrom)
        or names_bound(text_of(node, given)) - names
    ]
    return ["\n".join(missing)] if missing else []


def _dumped(node: ast.stmt) -> str | None:
    """A statement without its layout; None where it is nested too deeply."""
    try:
        return ast.dump(node)
    except RecursionError:
        return None


def _end_of_statement(lines: list[str], at: int, ends: list[int], left: int) -> tuple[int, int]:
    """The first of these ends that makes it Python, or the next; and how much may still be read."""
    for end in ends:
        text = "\n".join(lines[at:end])
        left -= len(text)
        if left < 0:
            return len(lines), left
        if parsed(text) is not None:
            return end, left
    return ends[0], left
