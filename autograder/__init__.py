"""What assignment notebooks import: the checks of the student's work."""

import gc

_collects = gc.isenabled()
gc.disable()  # what is imported stays: looking through it again and again takes a fifth of the time

from autograder.checks.artefact import Artefact  # noqa: E402
from autograder.checks.checker import check, summary  # noqa: E402
from autograder.checks.predictions import Predictions  # noqa: E402
from autograder.tools.handing_in import submit  # noqa: E402

if _collects:
    gc.enable()

__all__ = ["Artefact", "Predictions", "check", "submit", "summary"]
__version__ = "0.2.0"
