"""What assignment notebooks import: checks of the student's work, and the tools to write them."""

from autograder.checks import (
    Artefact,
    Rng,
    check,
    given,
    no_loops,
    probe,
    shapes,
    summary,
    without,
)

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
