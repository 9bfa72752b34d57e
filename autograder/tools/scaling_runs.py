"""The training runs that the assignment on scaling laws reads."""

from importlib.resources import files

import numpy as np


def scaling_runs() -> np.ndarray:
    """A row for each run and budget: width, seed, parameters, flops, tokens, loss, seconds.

    `tokens` counts repeated ones again; `loss` is that of validation words; `seconds` are those of
    a processor so far. `solutions/scaling_laws/run_ladder.py` made the table.
    """
    with (files("autograder.tools") / "scaling_runs.csv").open(encoding="ascii") as file:
        return np.genfromtxt(file, delimiter=",", names=True, dtype=None, encoding="ascii")
