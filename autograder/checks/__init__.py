"""The student's side: draw inputs, run probes, compare with the key, say what is wrong.

Nothing here knows how assignments are written or graded.
"""

from autograder.checks.artefact import Artefact
from autograder.checks.checker import Checker, summary
from autograder.checks.probes import given, probe
from autograder.checks.rng import Rng, shapes
from autograder.checks.rules import no_loops, without

check = Checker()

__all__ = [
    "Artefact",
    "Rng",
    "check",
    "given",
    "no_loops",
    "probe",
    "shapes",
    "summary",
    "without",
]
