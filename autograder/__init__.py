"""What assignment notebooks import: the checks of the student's work."""

from autograder.checks.artefact import Artefact
from autograder.checks.checker import check, summary
from autograder.checks.predictions import Predictions
from autograder.tools.handing_in import submit

__all__ = ["Artefact", "Predictions", "check", "submit", "summary"]
__version__ = "0.2.0"
