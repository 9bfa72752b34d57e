"""What stands below the line of a failed check: where in the student's code it went wrong."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TypeGuard

from autograder.checks.beginning import beginning_of_nan, holds_nan
from autograder.checks.derivation import Differentiated
from autograder.checks.evidence import Evidence
from autograder.checks.how_called import how_called
from autograder.checks.key import VISIBLE_SEEDS
from autograder.checks.language import _
from autograder.checks.own_frames import has_own_frames, own_traceback
from autograder.checks.running import Place
from autograder.checks.spec import Spec
from autograder.checks.verdict import Verdict


def of_exception(spec: Spec, evidence: Mapping[Place, Evidence], verdict: Verdict) -> str:
    """The first exception: where in the student's code it came, or how that was called."""
    cause = next((e.exception for e in evidence.values() if is_told(e.exception)), None)
    if cause is None:
        return ""
    is_first, said = _is_first(verdict, evidence), own_traceback(cause, _files(spec))
    if not has_own_frames(cause, _files(spec)) and (how := how_called(cause, _files(spec))):
        said = f"  {how}" if is_first else f"{said}\n  {how}"
    return said if is_first else "  {}\n{}".format(_("In one case this was raised, too:"), said)


def _is_first(verdict: Verdict, evidence: Mapping[Place, Evidence]) -> bool:
    """Whether an exception is what the verdict itself tells."""
    first = evidence.get(verdict.place) if verdict.place else None
    cause = first.exception if first else None
    return is_told(cause) and not isinstance(cause, Differentiated)


def is_told(cause: BaseException | None) -> TypeGuard[BaseException]:
    """Whether there is an exception that says more than that nothing is written yet."""
    if isinstance(cause, NotImplementedError):
        return bool(str(cause))
    return cause is not None


def of_nan(
    spec: Spec,
    evidence: Mapping[Place, Evidence],
    verdict: Verdict,
    subject: object,
    around: Callable[[], AbstractContextManager[object]],
) -> str:
    """Where NaN begins in the first case that has any; it is run once more for that."""
    besides = "NaN" in verdict.feedback  # else it is wrong in another way first
    having = (place for place, found in evidence.items() if holds_nan(found, besides=besides))
    for name, index in having:
        probe, seed = spec.probes[name], VISIBLE_SEEDS[index]
        begins = beginning_of_nan(probe, subject, seed, around, _files(spec))
        return f"  {begins}" if begins else ""
    return ""


def _files(spec: Spec) -> set[str]:
    """Where its cases stand."""
    return {probe.file for probe in spec.visible}
