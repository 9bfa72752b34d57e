"""Help below an exercise, folded: a student decides how much of it to read."""

from autograder.assignment.hints import Hints
from autograder.checks.language import _


def folded(summary: str, text: str) -> str:
    """Markdown that shows its summary until it is clicked."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n</details>"


def folded_hints(hints: Hints) -> str:
    """Three hints, from a question to almost the line, each one click away."""
    depths = {
        _("Stuck? A question to ask yourself"): hints.question,
        _("A pointer"): hints.pointer,
        _("Almost the line"): hints.almost,
    }
    return "\n\n".join(folded(summary, text) for summary, text in depths.items())
