"""What a grader's form says: points within their bounds, extra credit, a comment."""

import math
from collections.abc import Callable

from autograder.course.marking.desk import Question
from autograder.course.marking.ledger import Given
from autograder.errors import ToldError

LONGEST = 20_000  # characters of a comment
Read = Callable[[str], str]  # a field by its name; empty where there is none


class FormError(ToldError):
    """A form that says nothing that can be saved; the message says why."""


def read_form(read: Read, question: Question) -> Given:
    """The mark that a form gives, or takes back. Raises FormError."""
    if read("back"):
        return Given(None)
    points, extra = _number(read("points"), "points"), _number(read("extra") or "0", "extra credit")
    if points > question.of:
        raise FormError(
            f"{points:g} points: the answer is worth {question.of:g}; what is beyond that is "
            "extra credit"
        )
    comment = read("comment").replace("\r\n", "\n").strip()
    if len(comment) > LONGEST:
        raise FormError(f"a comment has at most {LONGEST} characters")
    return Given(points, extra, comment, _items(read("items"), question), question.scheme_hash)


def _number(text: str, what: str) -> float:
    """A number from 0 on, with a point or a comma. Raises FormError."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        raise FormError(f"{what}: {text.strip()[:20]!r} is no number") from None
    if not math.isfinite(number) or number < 0:
        raise FormError(f"{what}: {text.strip()[:20]} is not a number from 0 on")
    return number


def _items(text: str, question: Question) -> str:
    """Points of each item, as the record keeps them; empty where none was given."""
    if not text:
        return ""
    items, given = question.scheme.items, [_number(each, "items") for each in text.split(",")]
    bounded = zip(given, items, strict=False)
    if len(given) != len(items) or any(points > item.points for points, item in bounded):
        raise FormError("another marking scheme than this page's: load the page again")
    return ",".join(f"{points:g}" for points in given) if any(given) else ""
