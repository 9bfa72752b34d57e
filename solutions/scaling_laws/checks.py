"""How each exercise of `scaling_laws` is judged."""

import math

import torch

from autograder.checks.rules import without
from autograder.checks.spec import Rng, call, gradients, probe, rules, stand_ins, untried


def not_built(*sizes: int, **named: int):
    """Stands in for the model, whose parameters are to be worked out, not counted."""
    raise TypeError("work out a formula, without building a model")


stand_ins("parameter_count", Decoder=not_built, Block=not_built)
stand_ins("kept_numbers", Decoder=not_built, Block=not_built)
COUNTERS = "FlopCounterMode", "flop_counter", "accounting"
rules("layer_flops", without(*COUNTERS))
rules("training_flops", without(*COUNTERS))
rules("kept_numbers", without("saved_tensors_hooks", *COUNTERS))


@probe("parameter_count")
def small_and_large_models(rng: Rng):
    sizes = (1, 1), (2 * rng.integer(2, 9), rng.integer(2, 6)), (2 * rng.integer(9, 20), 7)
    return [call(width, layers, rng.integer(5, 40)) for width, layers in sizes]


@probe("layer_flops")
def short_and_long_sequences(rng: Rng):
    h = 2 * rng.integer(3, 9)
    lengths = 1, rng.integer(2, h), h + rng.integer(9, 60)
    return [call(1, h), call(7 * h, h), *(call(h, length) for length in lengths)]


def numbered_layer(width: int, length: int) -> int:
    """Stands in for 1.2: no cost of any layer."""
    return 1000 * width + 7 * length


stand_ins("training_flops", layer_flops=numbered_layer, Decoder=not_built, Block=not_built)


@probe("training_flops")
def some_trainings(rng: Rng):
    def sizes():
        h, V, s = 2 * rng.integer(2, 9), rng.integer(20, 40), rng.integer(5, 19)
        return h, rng.integer(2, 7), V, s, rng.integer(50, 90)

    (h, _, V, s, B), (*others, _) = sizes(), sizes()
    few = {"one layer": call(h, 1, V, s, B), "one": call(*others, 1), "all 1": call(1, 1, 1, 1, 1)}
    return {"many": call(*sizes())} | few


@probe("kept_numbers")
def one_token_and_many(rng: Rng):
    h = 2 * rng.integer(3, 9)
    lengths = 1, rng.integer(2, h), h + rng.integer(9, 60)
    return [call(1, 1), call(7 * h, h), *(call(h, length) for length in lengths)]


def curve_of_losses(rng: Rng, n: int, curvature: float, vertex: float, height: float = 1.0):
    """Sizes around 10⁴, and losses near a parabola in their logarithm, whose ends are −1 and 1."""
    x, order = torch.linspace(-1, 1, n, dtype=torch.float64), rng.permutation(n)
    losses = curvature * (x - vertex) ** 2 - 0.08 * x**3 + height + rng.uniform(1)
    sizes = 10 ** (4 + rng.uniform(1, low=-1, high=1) + x)
    return sizes[order].numpy(), (losses + 0.004 * rng.normal(n))[order].numpy()


def parabola_and_optimum(answer, _):
    """Any sequence of three numbers is a parabola."""
    parabola, optimum = (torch.as_tensor(part).flatten().tolist() for part in answer)
    return {"p": parabola, "optimum": optimum}


@probe("find_optimal_params", weight=2, read=parabola_and_optimum)
def many_sizes(rng: Rng):
    return call(*curve_of_losses(rng, rng.integer(6, 16), 0.8, vertex=-0.4))


@probe("find_optimal_params", read=parabola_and_optimum)
def few_sizes(rng: Rng):
    """The minimum lies beyond the sizes."""
    return call(*curve_of_losses(rng, 4, 2.0, vertex=1.3))


@probe("find_optimal_params", weight=2)
def curves_without_a_minimum(rng: Rng):
    """Minimum or maximum lies far to the left, where mistakes are the same whatever the noise."""
    return {
        "p0 > 0": curve_of_losses(rng, 5, 0.8, vertex=-0.8),
        "p0 < 0": curve_of_losses(rng, 4, -0.4, vertex=-0.8, height=2.0),
        "p0 < 0, large losses": curve_of_losses(rng, 7, -0.4, vertex=-0.8, height=20.0),
    }


@curves_without_a_minimum.run
def refusals(find_optimal_params, curves):
    return {name: answer_or_refusal(find_optimal_params, *curves[name]) for name in curves}


def answer_or_refusal(find_optimal_params, params, losses):
    try:
        _, optimum = find_optimal_params(params, losses)
    except ValueError:
        return "a ValueError"
    return "a number" if math.isfinite(optimum) else "no number"


def power_law(rng: Rng, n: int):
    """Numbers on a power law, with noise."""
    logs = 10 + 3 * rng.uniform(n, dtype=torch.float64)
    slope, start = rng.uniform(1, low=0.3, high=0.7), rng.uniform(1, low=-2, high=1)
    return (10**logs).numpy(), (10 ** (slope * logs + start + 0.1 * rng.normal(n))).numpy()


def lines_found(answers, _):
    return {name: {"m": float(m), "c": float(c)} for name, (m, c) in answers.items()}


@probe("fit_linear_log", read=lines_found)
def power_laws(rng: Rng):
    (x, y), many = power_law(rng, 7), power_law(rng, 15)
    return {"rising": call(x, y), "falling": call(x, 1e4 / y), "many": call(*many)}


def lines(rng: Rng):
    """What 3.2 may give, for parameters and for tokens."""
    slopes = rng.uniform(2, low=0.3, high=0.7, dtype=torch.float64).tolist()
    starts = rng.uniform(2, low=-2.0, high=-1.0, dtype=torch.float64).tolist()
    return list(zip(slopes, starts, strict=True))


def two_numbers(answers, _):
    return {name: [float(x) for x in answer] for name, answer in answers.items()}


@probe("optimum_at", read=two_numbers)
def small_and_large_budgets(rng: Rng):
    return {f"C = {C:g}": call(C, *lines(rng)) for C in (3e11, 1e15, 50.0, 1.0)}


def coefficients(rng: Rng, dtype: torch.dtype = torch.float64):
    """θ = (a, b, e, α, β), as in the Chinchilla paper."""
    a, b, e = rng.uniform(3, low=0.5, high=3.0, dtype=dtype)
    alpha, beta = rng.uniform(2, low=0.2, high=0.6, dtype=dtype)
    return torch.stack([2 + a, 3 + b, e - 3, alpha, beta])


def fitted_runs(rng: Rng, n: int, spread: float):
    """θ, and sizes, tokens and losses of runs whose residuals go up to a spread on either side."""
    theta = coefficients(rng)
    N, D = (10 ** (low + 2 * rng.uniform(n, dtype=torch.float64)) for low in (3, 5))
    a, b, e, alpha, beta = theta
    curve = e.exp() + a.exp() / N**alpha + b.exp() / D**beta
    residuals = spread * torch.linspace(-1, 1, n, dtype=torch.float64)[rng.permutation(n)]
    return theta, N, D, curve * residuals.exp()


untried("huber_objective", gradients="only that of theta counts; the runs are data")


@probe("huber_objective", weight=2)
def far_from_the_curve(rng: Rng, n=7):
    return call(*fitted_runs(rng, n, spread=6.0))


@probe("huber_objective")
def near_the_curve(rng: Rng):
    """Where the Huber loss is quadratic."""
    return call(*fitted_runs(rng, n=5, spread=0.02), delta=0.5)


@probe("huber_objective", gradients)
def gradient_for_theta(rng: Rng):
    return call(*fitted_runs(rng, n=9, spread=0.2), delta=0.1)


@gradient_for_theta.read
def that_of_theta(answer, _):
    return answer["gradients"]["argument 1"]


@probe("parametric_optimum", read=two_numbers)
def some_fits(rng: Rng):
    return {f"C = {C:g}": call(coefficients(rng), C) for C in (1e12, 1e15, 10.0, 1e21)}


def judged(rng: Rng, ratios, **keywords):
    """Runs whose sizes are these multiples of the optimum, 10ᶜ times the m-th power of C.

    One budget is tiny: there mistakes differ that otherwise all say the same.
    """
    m, c = rng.uniform(1, low=0.4, high=0.6).item(), rng.uniform(1, low=-2.9, high=-2.3).item()
    return {
        f"C = {10**x:.2g}, {ratio} times the optimum": call(
            10**x, ratio * 10 ** (m * x + c), (m, c), **keywords
        )
        for x in (0.5, rng.integer(9, 16))
        for ratio in ratios
    }


@probe("verdict", weight=2)
def with_factor_two(rng: Rng):
    return judged(rng, (0.001, 0.02, 0.1, 0.45, 0.55, 0.99, 1.8, 2.2, 9.0, 50.0))


@probe("verdict")
def with_other_factors(rng: Rng):
    wide = judged(rng, (0.005, 0.15, 0.35, 2.8, 3.2), factor=3.0)
    return wide | judged(rng, (0.4, 0.8, 1.1, 1.3), factor=1.2)
