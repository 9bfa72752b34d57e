"""Readings that exercises of several assignments need."""

from typing import Any

import torch

from autograder.checks.probes import Read


def entry(name: str) -> Read:
    """A reading of one number, of whatever type, of each of several answers that are dicts.

    What has another form is compared as it is, so that this is what is told.
    """

    def read(answers: list[Any], _: object) -> object:
        other = next((a for a in answers if a is not None and not _has(name, a)), None)
        if other is not None:
            return {} if isinstance(other, dict) else other
        return {name: torch.tensor([float(a[name]) for a in answers], dtype=torch.float64)}

    return read


def _has(name: str, answer: object) -> bool:
    return isinstance(answer, dict) and name in answer
