"""The fits behind the numbers of the text, all to the packaged table, and a run that is changed."""

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np

from autograder.figures import Figure, run

WIDTH = 16  # of the run that is changed
SLOPE = Figure("slope of the best parameters over the budget", form=".3f", baseline="0.5 or 0.73")
INTERVAL = {"low": "where 95 % of draws begin", "high": "where 95 % of draws end"}


def ends(prefix: str, form: str) -> dict[str, Figure]:
    """Figures of the interval of another one."""
    return {f"{prefix}_{end}": Figure(f"{prefix}: {what}", form) for end, what in INTERVAL.items()}


def interval(prefix: str, drawn: np.ndarray) -> dict[str, float]:
    """Between which two numbers 95 % of the draws lie."""
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {f"{prefix}_low": low, f"{prefix}_high": high}


def predictions(
    answers: Callable[[np.ndarray], np.ndarray], runs: np.ndarray, drawn: np.ndarray
) -> dict[str, float]:
    """Slopes, and the best run for the target: 10⁵ parameters and 10⁸ tokens are 1."""
    slope, of_tokens, parameters, tokens = answers(runs)
    found = {"slope": slope, "slope_tokens": of_tokens}
    found |= {"parameters": parameters / 1e5, "tokens": tokens / 1e8}
    return found | interval("parameters", drawn[:, 2] / 1e5) | interval("tokens", drawn[:, 3] / 1e8)


PREDICTIONS = {
    "slope": SLOPE,
    "slope_tokens": Figure("slope of the best tokens", form=".3f"),
    "parameters": Figure("parameters for 10¹⁵ FLOPs, in 10⁵", form=".1f", original="37"),
    "tokens": Figure("tokens for 10¹⁵ FLOPs, in 10⁸", form=".1f"),
    **ends("parameters", ".1f"),
    **ends("tokens", ".1f"),
}


@run(seeds=(0,), **PREDICTIONS)
def profiles(lab: ModuleType, seed: int) -> dict[str, float]:
    """Power laws through the minima of the profiles."""
    runs = lab.scaling_runs()
    return predictions(lab.answers, runs, lab.bootstrap(lab.answers, runs))


@run(
    seeds=(0,),
    error=Figure("factor between predicted and measured loss, median", form=".2f"),
    large_error=Figure("the same in nine rows of ten", form=".2f"),
    alpha=Figure("exponent of the parameters", form=".2f", baseline="0.34 of language models"),
    beta=Figure("exponent of the tokens", form=".2f", baseline="0.28 of language models"),
    **PREDICTIONS,
)
def one_formula(lab: ModuleType, seed: int) -> dict[str, float]:
    """Chinchilla's formula, fitted to all rows from 10¹⁰ FLOPs on."""
    runs = lab.scaling_runs()
    used = runs[runs["flops"] >= lab.ISO[0]]
    theta = lab.parametric_fit(used)
    off = np.exp(np.abs(lab.residuals(theta, used)))
    found = {"error": np.median(off), "large_error": np.percentile(off, 90)}
    found |= {"alpha": theta[3].item(), "beta": theta[4].item()}
    answers = lab.parametric_answers
    return found | predictions(answers, used, lab.bootstrap(answers, used, times=20))


@run(
    seeds=(0,),
    narrow=Figure("parameters for 10¹⁵ FLOPs, in 10⁵, one size on either side", form=".1f"),
    wide=Figure("the same, with seven", form=".1f"),
    predicted=Figure("parameters at the last budget, by the first five, in 10³", form=".0f"),
    measured=Figure("the same, measured, in 10³", form=".0f"),
    factor=Figure("the one divided by the other", form=".1f", baseline=1),
    tokens_each_early=Figure("tokens for each parameter at the smallest budget", form=".0f"),
    tokens_each_late=Figure("the same at the largest", form=".0f", baseline=20),
)
def choices(lab: ModuleType, seed: int) -> dict[str, float]:
    """What the window and the range change."""
    runs, fits = lab.scaling_runs(), lab.fits
    narrow, wide = (
        lab.optimum_at(lab.TARGET, *fits(lab.frontier(runs, lab.ISO, sides)))[0] / 1e5
        for sides in (1, 7)
    )
    points = lab.frontier(runs, lab.ISO)
    predicted, _ = lab.optimum_at(lab.ISO[-1], *fits(lab.frontier(runs, lab.ISO[:-2])))
    each = points.tokens / points.parameters
    measured = points.parameters[-1]
    found = {"predicted": predicted / 1e3, "measured": measured / 1e3}
    found |= {"factor": predicted / measured, "narrow": narrow, "wide": wide}
    return found | {"tokens_each_early": each[0], "tokens_each_late": each[-1]}


@run(
    seeds=(0,),
    slope=Figure(SLOPE.title, SLOPE.form, baseline="[[profiles.slope:.3f]]"),
    difference=Figure("what that adds to the slope", form=".3f"),
    **ends("difference", ".3f"),
)
def without_ends(lab: ModuleType, seed: int) -> dict[str, float]:
    """Embedding and head left out of the sizes."""
    runs = lab.scaling_runs()
    found = {"slope": lab.slope(lab.without_ends(runs)), "difference": lab.difference(runs)}
    return found | interval("difference", lab.bootstrap(lab.difference, runs))


@run(
    full_half_way=Figure("loss half-way at the full rate, over that of the mean", ".1f", 1),
    falling_half_way=Figure("the same with a falling rate", ".1f", 1),
    full_end=Figure("loss at the end at the full rate, over that of the mean", ".1f", 1),
    falling_end=Figure("the same with a falling rate", ".1f", 1),
)
def without_mean(lab: ModuleType, seed: int) -> dict[str, float]:
    """Width 16 up to 8·10¹⁰ FLOPs without the mean of the weights."""
    budgets = [lab.HALF_WAY, lab.END]
    runs = lab.scaling_runs()
    listed = runs[(runs["width"] == WIDTH) & (runs["seed"] == seed)]
    means = [lab.at(listed, budget)["loss"][0] for budget in budgets]
    found = {}
    for name, steps in (("full", math.inf), ("falling", lab.FALLS_OVER)):
        rows = lab.train(WIDTH, seed, budgets, averaged=False, falls_over=steps)
        for place, row, mean in zip(("half_way", "end"), rows, means, strict=True):
            found[f"{name}_{place}"] = row.loss / mean
    return found
