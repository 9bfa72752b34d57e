"""What assignment notebooks import: the checks of the student's work."""

from autograder.checks.artefact import Artefact
from autograder.checks.checker import check, summary
from autograder.checks.predictions import Predictions

__all__ = ["Artefact", "Predictions", "check", "summary"]
__version__ = "0.2.0"
