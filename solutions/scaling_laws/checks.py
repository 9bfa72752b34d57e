"""How each exercise of `scaling_laws` is judged."""

import math

import torch

from autograder.checks.rules import without
from autograder.checks.spec import Rng, call, gradients, probe, rules, stand_ins


def not_built(*sizes: int):
    """Stands in for the model, whose parameters are to be worked out, not counted."""
    raise TypeError("work out a formula, without building a model")


stand_ins("parameter_count", Decoder=not_built, Block=not_built)
COUNTERS = "FlopCounterMode", "flop_counter"
rules("layer_flops", without(*COUNTERS))
rules("training_flops", without(*COUNTERS))


@probe("parameter_count", weight=2)
def small_models(rng: Rng):
    return [call(2 * rng.integer(2, 9), rng.integer(1, 6), rng.integer(11, 40)) for _ in range(3)]


@probe("parameter_count", hidden=True)
def other_models(rng: Rng):
    sizes = (1, 1, rng.integer(3, 9)), (2 * rng.integer(9, 20), rng.integer(7, 12), 5)
    return [call(*each) for each in sizes]


@probe("layer_flops", weight=2)
def short_and_long_sequences(rng: Rng):
    h = 2 * rng.integer(3, 9)
    return {"s < h": call(h, rng.integer(2, h)), "s > h": call(h, h + rng.integer(9, 60))}


@probe("layer_flops", hidden=True)
def wide_layers(rng: Rng):
    return [call(rng.integer(50, 90), rng.integer(91, 150)), call(1, rng.integer(2, 9))]


def numbered_layer(width: int, length: int) -> int:
    """Stands in for 1.2: no cost of any layer."""
    return 1000 * width + 7 * length


stand_ins("training_flops", layer_flops=numbered_layer)


def sizes_of_a_training(rng: Rng):
    h, V, s = 2 * rng.integer(2, 9), rng.integer(20, 40), rng.integer(5, 19)
    return h, rng.integer(2, 7), V, s, rng.integer(50, 90)


@probe("training_flops", weight=2)
def two_trainings(rng: Rng):
    return [call(*sizes_of_a_training(rng)) for _ in range(2)]


@probe("training_flops", hidden=True)
def one_layer_one_sequence(rng: Rng):
    h, _, V, s, B = sizes_of_a_training(rng)
    return {"one layer": call(h, 1, V, s, B), "one sequence": call(h, 3, V, s, 1)}


def curve_of_losses(rng: Rng, n: int, curvature: float, height: float = 1.0):
    """Sizes around 10⁴, and losses on a parabola in their logarithm, with noise."""
    logs = 4 + rng.uniform(1, low=-1, high=1) + torch.linspace(-1, 1, n, dtype=torch.float64)
    vertex, extreme = logs.mean() + rng.uniform(1, low=-0.5, high=0.5), height + rng.uniform(1)
    losses = curvature * (logs - vertex) ** 2 + extreme + 0.02 * rng.normal(n)
    order = rng.permutation(n)
    return (10**logs)[order].numpy(), losses[order].numpy()


def parabola_and_optimum(answer, _):
    """Any sequence of three numbers is a parabola."""
    parabola, optimum = (torch.as_tensor(part).flatten().tolist() for part in answer)
    return {"p": parabola, "optimum": optimum}


@probe("find_optimal_params", weight=2, read=parabola_and_optimum)
def many_sizes(rng: Rng):
    return call(*curve_of_losses(rng, n=rng.integer(6, 10), curvature=0.8))


@probe("find_optimal_params", read=parabola_and_optimum)
def few_sizes(rng: Rng):
    return call(*curve_of_losses(rng, n=4, curvature=2.0))


@probe("find_optimal_params", weight=2)
def curves_without_a_minimum(rng: Rng):
    return {  # sizes, curvature, and the height of the minimum or maximum
        "p0 > 0": curve_of_losses(rng, 5, 0.8),
        "p0 < 0": curve_of_losses(rng, 4, -0.4, 2.0),
        "p0 < 0, large losses": curve_of_losses(rng, 7, -0.4, 20.0),
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


def line(answer, _):
    slope, start = answer
    return {"m": float(slope), "c": float(start)}


@probe("fit_linear_log", weight=2, read=line)
def a_power_law(rng: Rng):
    return call(*power_law(rng, n=rng.integer(5, 9)))


@probe("fit_linear_log", hidden=True, read=line)
def a_falling_one(rng: Rng):
    x, y = power_law(rng, n=7)
    return call(x, 1e4 / y)


def lines(rng: Rng):
    """What 3.2 may give, for parameters and for tokens."""
    slopes = rng.uniform(2, low=0.3, high=0.7, dtype=torch.float64).tolist()
    starts = rng.uniform(2, low=-2.0, high=1.0, dtype=torch.float64).tolist()
    return list(zip(slopes, starts, strict=True))


def two_numbers(answers, _):
    return {name: [float(x) for x in answer] for name, answer in answers.items()}


@probe("optimum_at", read=two_numbers)
def two_budgets(rng: Rng):
    of_params, of_tokens = lines(rng)
    return {f"C = {C:.0e}": call(C, of_params, of_tokens) for C in (3e11, 1e15)}


@probe("optimum_at", hidden=True, read=two_numbers)
def small_budgets(rng: Rng):
    return {f"C = {C}": call(C, *lines(rng)) for C in (1.0, 50.0)}


def coefficients(rng: Rng, dtype: torch.dtype = torch.float64):
    """θ = (a, b, e, α, β), as in the Chinchilla paper."""
    a, b, e = rng.uniform(3, low=0.5, high=3.0, dtype=dtype)
    alpha, beta = rng.uniform(2, low=0.2, high=0.6, dtype=dtype)
    return torch.stack([2 + a, 3 + b, e - 3, alpha, beta])


def fitted_runs(rng: Rng, n: int, spread: float):
    """θ, and sizes, tokens and losses of runs that lie near the curve of another θ."""
    theta = coefficients(rng)
    N, D = (10 ** (low + 2 * rng.uniform(n, dtype=torch.float64)) for low in (3, 5))
    a, b, e, alpha, beta = theta
    near = e.exp() + a.exp() / N**alpha + b.exp() / D**beta
    return theta, N, D, near * (spread * rng.normal(n)).exp()


@probe("huber_objective", weight=2)
def far_from_the_curve(rng: Rng):
    return call(*fitted_runs(rng, n=7, spread=3.0))


@probe("huber_objective")
def near_the_curve(rng: Rng):
    """Where the Huber loss is quadratic."""
    return call(*fitted_runs(rng, n=5, spread=0.01), delta=0.5)


@probe("huber_objective", gradients, hidden=True)
def gradient_for_theta(rng: Rng):
    return call(*fitted_runs(rng, n=9, spread=0.1), delta=0.1)


@gradient_for_theta.read
def that_of_theta(answer, _):
    return answer["gradients"]["argument 1"]


@probe("parametric_optimum", weight=2, read=two_numbers)
def two_fits(rng: Rng):
    return {f"C = {C:.0e}": call(coefficients(rng), C) for C in (1e12, 1e15)}


@probe("parametric_optimum", hidden=True, read=two_numbers)
def large_budgets(rng: Rng):
    return {f"C = {C:.0e}": call(coefficients(rng), C) for C in (10.0, 1e21)}


def judged(rng: Rng, ratios, **keywords):
    """Runs whose sizes are these multiples of the optimum, 10ᶜ times the m-th power of C.

    Some budgets are tiny, where mistakes differ that otherwise all say the same.
    """
    slope, start = rng.uniform(1, low=0.3, high=0.7).item(), rng.uniform(1, low=0.5).item()
    exponents = torch.linspace(0.5, 15.5, len(ratios))[rng.permutation(len(ratios))].tolist()
    return {
        f"{ratio} times the optimum": call(
            10**x, ratio * 10 ** (slope * x + start), (slope, start), **keywords
        )
        for ratio, x in zip(ratios, exponents, strict=True)
    }


@probe("verdict", weight=2)
def with_factor_two(rng: Rng):
    return judged(rng, (0.001, 0.02, 0.1, 0.45, 0.55, 0.99, 1.8, 2.2, 9.0, 50.0))


@probe("verdict")
def with_other_factors(rng: Rng):
    wide = judged(rng, (0.005, 0.15, 0.35, 2.8, 3.2), factor=3.0)
    return wide | judged(rng, (0.5, 0.8, 1.1, 1.3), factor=1.2)
