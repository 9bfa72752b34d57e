"""When two arrays hold the same numbers, and what a kind of wrong numbers is."""

from collections.abc import Callable

import numpy as np

CLOSE = 1e-4  # relative; looser than right answers, as errors may have been scaled up

Numbers = np.ndarray
Explains = Callable[[Numbers, Numbers], bool]  # (right numbers, a student's)
Candidate = tuple[str, Explains]  # a sentence, and when it is true


def close(a: Numbers, b: Numbers) -> bool:
    """Whether finite numbers `a` are the numbers `b`, at the same places."""
    if a.shape != b.shape or not np.isfinite(a).all():
        return False
    return bool(np.abs(a - b).max(initial=0.0) <= CLOSE * np.abs(b).max(initial=0.0))


def differ(a: Numbers, least: int) -> bool:
    """Whether there are so many different numbers, which small differences do not make."""
    largest = np.abs(a).max(initial=0.0)
    return bool(largest > 0) and len(np.unique(np.round(a / largest, 3))) >= least
