"""Texts of questions as HTML: `code` in sentences, numbered lines, calls."""

from html import escape

from markupsafe import Markup

from autograder.grading.pages.templates import highlighted, prose
from autograder.questions.question import Question

MARK = "►"


def lines_of(question: Question) -> list[tuple[int, bool, Markup]]:
    """The student's lines: the number, whether it is asked about, and the code in colours."""
    text = "\n".join(line for _, line in question.code)
    parts = highlighted(text).rstrip("\n").split("\n")
    pairs = zip(question.code, parts, strict=False)
    return [(number, number in question.marked, Markup(part)) for (number, _), part in pairs]


def listing(question: Question) -> str:
    """The same as plain text, for systems that know no style of ours."""
    width = max(len(str(number)) for number, _ in question.code)
    return "\n".join(
        f"{MARK if number in question.marked else ' '} {number:>{width}}  {line}"
        for number, line in question.code
    )


def stem(question: Question) -> str:
    """All that stands before the options, as HTML without a style sheet."""
    given = f"<pre>{escape(question.given)}</pre>" if question.given else ""
    return (
        f"<p>Your code of <code>{escape(question.exercise)}</code>:</p>"
        f"<pre>{escape(listing(question))}</pre>{given}<p>{prose(question.asked)}</p>"
    )


def feedback(question: Question) -> str:
    """Why each option is right or wrong, as HTML."""
    wrong = "".join(
        f"<li><code>{escape(each.text)}</code>: {prose(each.why)}</li>"
        for each in question.options
        if not each.is_right
    )
    right = next(each for each in question.options if each.is_right)
    return f"<p>Right: <code>{escape(right.text)}</code>. {prose(question.why)}</p><ul>{wrong}</ul>"


def option(text: str) -> str:
    """An option as HTML."""
    return f"<code>{escape(text)}</code>"
