"""How each exercise of the attention notebook is judged."""

import torch
from attention import LISTING, attend, relative_attention
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.checks.spec import (
    Inputs,
    Rng,
    built,
    call,
    free,
    gradients,
    parameters,
    probe,
)

# Part 1: queries are judged by their outputs, which with these values are weights


def weights_of(query: Tensor, keys: Tensor) -> Tensor:
    return attend(query, keys, values=torch.eye(len(keys)))


def by_weights(queries, calls):
    return {name: weights_of(query, calls[name].arguments[0]) for name, query in queries.items()}


free("copy_query", beta=(67, 1e12))  # from the bound in the text on; no key is nearer than k_j


@probe("copy_query", read=by_weights)
def every_value(rng: Rng):
    axes = rng.orthonormal(8, 11)
    close = 0.78**0.5 * axes[0] + 0.22**0.5 * axes[1:]  # (7, 11)
    sets = {"cosines 0.78": close, "cosines 0 and -1": torch.cat([axes[:5], -axes[1:3]])}
    return {f"{name}, j = {j}": call(keys, j) for name, keys in sets.items() for j in range(7)}


free("average_query", beta=(15, 1e8))  # from 3 e^-β for the others to β times errors of 1e-16


def three_pairs(rng: Rng):
    rows, pairs = rng.orthonormal(7, 11), [rng.permutation(7)[:2].tolist() for _ in range(3)]
    return {f"a = {a}, b = {b}": call(rows, a, b) for a, b in pairs}


@probe("average_query", read=by_weights)
def queries_for_three_pairs(rng: Rng):
    return three_pairs(rng)


free("average_query_random", beta=(20, 1000))  # as the text says


@probe("average_query_random")
def five_sets_of_keys(rng: Rng):
    means, noise = rng.orthonormal(7, 11), 1e-10 * rng.normal(5, 7, 11, dtype=torch.float64)
    return Inputs(calls=call(means, *rng.permutation(7)[:2].tolist()), sets=means + noise)


@five_sets_of_keys.read
def _(query, inputs):
    return torch.stack([weights_of(query, keys) for keys in inputs.sets])


free("two_queries", beta=(25, 1e12))  # from e^(-0.6 β) for the others on; nothing competes


@probe("two_queries")
def queries_of_two_heads(rng: Rng):
    return three_pairs(rng)


@queries_of_two_heads.read
def _(answers, calls):
    averages = {}
    for name, (first, second) in answers.items():
        means, a, _ = calls[name].arguments
        for gamma in (0.6, 1.0, 1.4):
            keys = torch.where(torch.arange(7)[:, None] == a, gamma * means, means)
            both = weights_of(first, keys) + weights_of(second, keys)
            averages[f"{name}, gamma {gamma}"] = both / 2
    return averages


# Part 2: so are matrices and relative positions


def attended(answers, inputs):
    return {name: relative_attention(inputs.x, *answer) for name, answer in answers.items()}


def convolutions(rng: Rng, x: Tensor, *masks: list[float]) -> Inputs:
    kernel, (n, d) = rng.uniform(3, low=0.5, high=2.0), x.shape
    kernels = {f"kernel like {mask}": kernel * torch.tensor(mask) for mask in masks}
    return Inputs(calls={name: call(own, n=n, d=d) for name, own in kernels.items()}, x=x)


@probe("convolution", read=attended)
def renormalised_borders(rng: Rng):
    return convolutions(rng, rng.normal(12, 3), [1, 1, 1], [1, 0, 1])


@probe("convolution", read=attended)
def zero_padded_sequence(rng: Rng):
    return convolutions(rng, F.pad(rng.normal(5, 4), (0, 0, 1, 1)), [0, 1, 1], [1, 1, 0])


free("max_pool", beta=(200, 1e12))  # from e^(-0.07 β) for the second largest number on


@probe("max_pool")
def two_windows(rng: Rng):
    low_then_high = torch.cat([rng.permutation(3) - 6.8, rng.permutation(3) + 4.4]) / 2
    x = (low_then_high[:, None] + torch.tensor([0, 0.1])).flatten()  # neighbours 0.1 apart
    tokens = torch.stack([x, torch.ones(12)], dim=1)  # (12, 2)
    return Inputs(calls={f"window {w}": call(w, n=12) for w in (1, 3)}, x=tokens)


@two_windows.read
def _(answers, inputs):
    return {name: y[:, 0] for name, y in attended(answers, inputs).items()}


# Part 3: scaled dot-product attention


def named(lines, _):
    return dict(zip(("computed", "applied"), lines, strict=True))


def form(lines, _):
    known = range(1, len(LISTING.splitlines()) + 1)  # numbers arrive as floats
    return named(["a line" if isinstance(n, float) and n in known else "none" for n in lines], _)


@probe("scaling_lines", weight=0, read=form)
def two_lines_of_the_listing(rng: Rng):
    return call()


@probe("scaling_lines", hidden=True, read=named)
def the_right_lines(rng: Rng):
    return call()


def three_inputs(rng: Rng, batch: int, k: int, s: int, h: int = 7) -> list[Tensor]:
    """Queries, keys and values."""
    return [rng.normal(batch, length, h) for length in (k, s, s)]


@probe("scaled_dot_attention", parameters, weight=2)
def several_queries(rng: Rng):
    return built(7)(*three_inputs(rng, 2, 3, 5))


@probe("scaled_dot_attention")
def one_query(rng: Rng):
    return built(7)(rng.normal(3, 7), rng.normal(3, 5, 7), rng.normal(3, 5, 7))


@probe("scaled_dot_attention", gradients, weight=2)
def gradients_of_the_context(rng: Rng):
    return built(5)(*three_inputs(rng, 2, 3, 4, h=5)).through(0)


@gradients_of_the_context.read
def _(answer, _):
    return {"context": answer["output"][0], "gradients": answer["gradients"]}


@probe("scaled_dot_attention")
def one_sequence(rng: Rng):
    attention, (q, k, v) = built(7), three_inputs(rng, 1, 1, 5)
    return {"query of two axes": attention(q[0], k, v), "of three axes": attention(q, k, v)}


@probe("causal_scaled_dot_attention", parameters, weight=2)
def few_and_many_queries(rng: Rng):
    attention, (q, k, v) = built(5), three_inputs(rng, 3, 7, 4, h=5)
    return {"k=2, s=4": attention(q[:, :2], k, v), "k=7, s=4": attention(q, k, v)}


@probe("causal_scaled_dot_attention")
def zero_scores(rng: Rng):
    attention, (q, k, v) = built(7, filled=without_queries), three_inputs(rng, 2, 5, 3)
    return {"zero scores": attention(q, k, v), "zero scores, one query": attention(q[:, 0], k, v)}


def without_queries(attention: nn.Module, rng: Rng) -> None:
    for parameter in rng.fill(attention).Q.parameters():
        nn.init.zeros_(parameter)


TWO_ANSWERS = "two equal calls have different results: it draws random numbers, or keeps a state"


@probe("causal_scaled_dot_attention")
def no_future(rng: Rng):
    attention, (q, k, v) = built(7), three_inputs(rng, 2, 3, 5)
    later, (_, new_k, new_v) = (torch.arange(5) >= 2)[:, None], three_inputs(rng, 2, 3, 5)
    changed = attention(q, k.where(~later, new_k), v.where(~later, new_v))
    return [attention(q, k, v), changed, attention(q, k, v)]


@no_future.law
def _(answer, _):
    (before, weights), (after, _), (again, _) = answer
    seen, change = torch.ones(3, 5).tril() == 1, (before - after)[:, :2]
    obeyed = {
        TWO_ANSWERS: (before - again).abs() < 1e-6,
        "a weight is negative": weights >= 0,
        "the weights of a query do not sum to 1": (weights.sum(-1) - 1).abs() < 1e-5,
        "a query gives weight to a later key": weights[:, ~seen].abs() < 1e-6,
        "a query does not see all keys up to its own position": weights[:, seen] > 1e-12,
        "keys and values from position 2 on change the outputs before it": change.abs() < 1e-5,
    }
    return next((problem for problem, holds in obeyed.items() if not holds.all()), None)


@probe("causal_scaled_dot_attention", gradients)
def gradients_of_one_sequence(rng: Rng):
    return built(5)(*three_inputs(rng, 1, 3, 4, h=5)).through(0)


# Part 4: positions


@probe("position_encoding")
def even_and_odd_sizes(rng: Rng):
    length, half = rng.integer(11, 18), rng.integer(3, 5)
    return {"even d": call(length, 2 * half), "odd d": call(length, 2 * half + 1)}


@probe("position_encoding", hidden=True)
def long_sequence(rng: Rng):
    return 3000 + rng.integer(0, 50)


@long_sequence.run
def _(position_encoding, length):
    encoding = position_encoding(length, 30)  # where float32 is exact: angles of few turns
    return {"rows": len(encoding), "first rows": encoding[:5], "last rows": encoding[-5:, 22:]}


@probe("shift_matrix", read=lambda found, _: {name: R.float() for name, R in found.items()})
def forward_and_backward(rng: Rng):
    ahead, back, frequencies = rng.integer(2, 12), -rng.integer(2, 12), rng.uniform(3, low=0.05)
    return {"offset > 0": call(ahead, frequencies), "offset < 0": call(back, frequencies)}
