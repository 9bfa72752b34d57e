"""Headline figures: the runs behind the numbers that notebooks state, and the table of them."""

from autograder.figures.declared import Figure, run

__all__ = ["Figure", "run"]
