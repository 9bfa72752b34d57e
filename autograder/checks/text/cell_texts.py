"""What stands in the text of cells and is looked for again, since platforms lose metadata."""

import re
from collections.abc import Iterable

from autograder.checks.language import N_, _, in_every_language

SOLUTION = re.compile(r"^# exercise: (\w+)[ \t]*$", re.M)
CHECK = re.compile(r"""^check\(\s*["'](\w+)["']""", re.M)
POINTS, MOST = N_("{points:g} points"), N_(", at most {words} words")
UNSOLVED = "raise NotImplementedError"
UNANSWERED = "YOUR ANSWER HERE"
AI_HEADING = N_("## AI tools")


def answer_line(name: str, points: float, words: int | None) -> str:
    """The first line of a written answer, in the language that is spoken."""
    limit = _(MOST).format(words=words) if words else ""
    return f"**{name}** ({_(POINTS).format(points=points)}{limit})"


def _either(texts: Iterable[str]) -> str:
    return "|".join(map(re.escape, texts))


_POINTS = _either(text.removeprefix("{points:g}") for text in in_every_language(POINTS))
_BEFORE, _BEHIND = (
    _either(text.split("{words}")[side] for text in in_every_language(MOST)) for side in (0, 1)
)
_NAMED = rf"^\*\*(\w+)\*\* \([\d.]+(?:{_POINTS}| point)"
ANSWER = re.compile(rf"{_NAMED}(?:\)|{_BEFORE})", re.M)
LIMIT = re.compile(rf"{_NAMED}(?:{_BEFORE})(\d+)(?:{_BEHIND})\)", re.M)  # where it states one
