"""Jobs of a few cells and small checks, for tests of execution."""

from collections.abc import Mapping

from autograder.grading.execute import execute
from autograder.grading.forks.requests import PlannedCheck, Step
from autograder.grading.jobs import Execution, Job, Limits

GIVEN = "def helper(x):\n    return 2 * x\n"
PROBE = """
from autograder.checks.spec import call, probe

@probe("{exercise}")
def {probe}(rng):
    return call({inputs})
"""

SEEDS = (5, 6)


def a_check(
    exercise: str,
    probe: str = "once",
    inputs: str = "rng.normal(3)",
    seeds: tuple[int, ...] = SEEDS,
) -> PlannedCheck:
    text = PROBE.format(exercise=exercise, probe=probe, inputs=inputs)
    return PlannedCheck(exercise, exercise, text, seeds)


CHECKS = {"f": a_check("f", "twice", "helper(rng.normal(3))")}


def job(
    *cells: str | tuple[str, str],
    checks: Mapping[str, PlannedCheck] = CHECKS,
    seconds: float = 20.0,
    confined: bool = True,
) -> Job:
    """Cells in order; a pair is not a cell but ("check", exercise), and f is checked at the end."""
    texts = [*cells] if any(isinstance(cell, tuple) for cell in cells) else [*cells, ("check", "f")]
    steps = [
        Step(at, cell) if isinstance(cell, str) else Step(at, "", cell[1])
        for at, cell in enumerate(texts)
    ]
    rests_on = {name: f"{check}" for name, check in checks.items()}
    return Job(tuple(steps), Limits(seconds, confined), GIVEN, checks, rests_on=rests_on)


def evidence(executed: Execution, exercise: str = "f") -> dict[tuple[str, int], bytes]:
    cases = executed.found[exercise].cases
    return {place: data for place, data in cases.items() if place[1] < len(SEEDS)}


def error(executed: Execution, exercise: str = "f") -> str | None:
    return executed.found[exercise].error


def run(*cells: str, **options: object) -> Execution:
    return execute(job(*cells, **options))
