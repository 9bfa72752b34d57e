"""Looking a wrong answer up in its exercise's library."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Exercise
from autograder.checks.probes import Probe
from autograder.checks.running import Place


def known_cause(
    exercise: Exercise,
    evidence: Mapping[Place, Evidence],
    failed: AbstractSet[str],
    probes: Mapping[str, Probe],
) -> str:
    """What the library says of an answer by its cases with the first public seed; or nothing.

    Graders find these behind the hidden ones. `failed` are the probes of which a case fails.
    """
    if exercise.library is None:
        return ""
    public = len(exercise.seeds)
    answer = {
        name: evidence[name, public]
        for name in exercise.library.probes
        if (name, public) in evidence and name in probes
    }
    laws = {name: said_by_law(probes[name], found) for name, found in answer.items()}
    return exercise.library.explanation(answer, laws, failed)


def said_by_law(probe: Probe, evidence: Evidence) -> str | None:
    """What a law finds wrong with an answer to the first public seed; None where none judges."""
    if not probe.has_law or evidence.error is not None:
        return None
    try:
        return probe.problem(evidence.value, VISIBLE_SEEDS[0]) or ""
    except Exception as error:  # such as a decomposition of infinite numbers
        return type(error).__name__
