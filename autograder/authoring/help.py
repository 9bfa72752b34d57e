"""Help below an exercise, folded: a student decides how much of it to read."""

from autograder.assignment.hints import Hints


def folded(summary: str, text: str) -> str:
    """Markdown that shows its summary until it is clicked."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n</details>"


def folded_hints(hints: Hints) -> str:
    """Three hints, from a question to almost the line, each one click away."""
    depths = {
        "Stuck? A question to ask yourself": hints.question,
        "A pointer": hints.pointer,
        "Almost the line": hints.almost,
    }
    return "\n\n".join(folded(summary, text) for summary, text in depths.items())
