"""One submission's result as JSON, as text, or as Gradescope's results.json."""

import json
from collections.abc import Callable
from typing import Any

from autograder.checks.verdict import Verdict
from autograder.grading.submission import Graded


def as_json(graded: Graded) -> str:
    """The result for programs."""
    return json.dumps(as_data(graded), indent=2, ensure_ascii=False)


def as_data(graded: Graded) -> dict[str, Any]:
    """The result as plain data; what a trained model reaches stands under `measures`."""
    exercises = [
        {
            "name": verdict.exercise,
            "score": verdict.score,
            "max_score": verdict.max_score,
            "passed": verdict.passed,
            "message": verdict.message,
            "mistake": verdict.mistake,
            "diagnosis": verdict.diagnosis,
            **(_measured(verdict) if verdict.measures else {}),
        }
        for verdict in graded.verdicts
    ]
    return {
        "assignment": graded.assignment,
        "score": graded.score,
        "max_score": graded.max_score,
        "exercises": exercises,
        "repairs": graded.repairs,
    }


def _measured(verdict: Verdict) -> dict[str, object]:
    return {"measures": verdict.measures, "lower_is_better": verdict.lower_is_better}


def as_text(graded: Graded) -> str:
    """The result for people."""
    lines = [
        f"{points(verdict)}  {'✓' if verdict.passed else '✗'} {verdict.exercise}  {verdict.message}"
        for verdict in graded.verdicts
    ]
    lines += [f"repaired  {text}" for text in graded.repairs]
    return "\n".join(
        [*lines, f"{graded.assignment}: {graded.score:g} of {graded.max_score:g} points"]
    )


def points(verdict: Verdict) -> str:
    """What was earned, of how much."""
    return f"{verdict.score:5g} / {verdict.max_score:g}"


def as_gradescope(graded: Graded) -> str:
    """Gradescope's results.json, as text."""
    return json.dumps(gradescope_results(graded), indent=2, ensure_ascii=False)


def gradescope_results(graded: Graded) -> dict[str, Any]:
    """What Gradescope shows: to students nothing that tells of hidden cases.

    Models stand on its leaderboard by the measure that they are scored by. Source: "Autograder
    Specifications", Gradescope's documentation.
    """
    tests = [
        {
            "name": verdict.exercise,
            "score": verdict.score,
            "max_score": verdict.max_score,
            "output": verdict.line,
            "output_format": "text",
            "status": "passed" if verdict.passed else "failed",
            "visibility": "visible",
        }
        for verdict in graded.verdicts
    ]
    board = [_on_board(verdict) for verdict in graded.verdicts if verdict.measures]
    return {
        "score": graded.score,
        "output": "\n".join(graded.repairs),
        "output_format": "text",
        "tests": tests,
        **({"leaderboard": board} if board else {}),
    }


def _on_board(verdict: Verdict) -> dict[str, object]:
    name, value = next(iter(verdict.measures.items()))
    ascending = {"order": "asc"} if verdict.lower_is_better else {}
    return {"name": f"{verdict.exercise}: {name}", "value": round(value, 4), **ascending}


FORMATS: dict[str, Callable[[Graded], str]] = {
    "json": as_json,
    "text": as_text,
    "gradescope": as_gradescope,
}
