"""What assignment notebooks import: checks of the student's work, and the tools to write them."""

from autograder.checks import Artefact, Rng, check, probe, shapes, summary

__all__ = ["Artefact", "Rng", "check", "probe", "shapes", "summary"]
__version__ = "0.1.0"
