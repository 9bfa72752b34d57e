"""The regions that nbgrader takes out of cells before students get them."""

import re

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_MARKER_LINE = re.compile(rf"^[ \t]*(?:{BEGIN}|{END})[ \t]*\n?", re.M)


def solution(text: str) -> str:
    """A text as a solution region."""
    return f"{BEGIN}\n{text}\n{END}"


def hidden(text: str) -> str:
    """A text as a region of hidden tests."""
    return f"{BEGIN_HIDDEN}\n{text}\n{END_HIDDEN}"


def without_markers(text: str) -> str:
    """A solution cell as a student would have written it."""
    return _MARKER_LINE.sub("", text)
