"""What assignment notebooks import: checks of the student's work, and the tools to write them."""

from autograder.checks.artefact import Artefact
from autograder.checks.checker import check, summary
from autograder.checks.probes import given, probe
from autograder.checks.rng import Rng, shapes
from autograder.checks.rules import no_loops, without

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
__version__ = "0.1.0"
