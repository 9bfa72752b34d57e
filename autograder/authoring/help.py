"""Help below an exercise, folded: a student decides how much of it to read."""

from autograder.assignment.hints import Hints

FOLDED = """\
<details><summary>{summary}</summary>

{text}
</details>"""


def folded_hints(hints: Hints) -> str:
    """Three hints, from a question to almost the line, each one click away."""
    depths = {
        "Stuck? A question to ask yourself": hints.question,
        "A pointer": hints.pointer,
        "Almost the line": hints.almost,
    }
    return "\n\n".join(FOLDED.format(summary=s, text=text) for s, text in depths.items())
