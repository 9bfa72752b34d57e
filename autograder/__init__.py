"""What assignment notebooks import: the checks of the student's work."""

from autograder.checks.artefact import Artefact
from autograder.checks.checker import check, summary

__all__ = ["Artefact", "check", "summary"]
__version__ = "0.2.0"
