"""How each exercise of the attention notebook is judged."""

import torch
from attention import LISTING, attend, relative_attention, without_projections
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.checks.rules import without
from autograder.checks.spec import (
    Inputs,
    Rng,
    built,
    call,
    entry,
    free,
    parameters,
    probe,
    rules,
    stand_ins,
)

# Part 1: queries are judged by their outputs, which with these values are weights


def weights_of(query: Tensor, keys: Tensor) -> Tensor:
    return attend(query, keys, values=torch.eye(len(keys)))


def by_weights(queries, calls):
    return {name: weights_of(query, calls[name].arguments[0]) for name, query in queries.items()}


free("copy_query", beta=(70, 1e12))  # from the bound in the text on; no key is nearer than k_j


@probe("copy_query", read=by_weights)
def every_value(rng: Rng, n=7):
    axes = rng.orthonormal(n + 1, n + 4)
    close = 0.78**0.5 * axes[0] + 0.22**0.5 * axes[1:]  # (n, n + 4)
    sets = {"cosines 0.78": close, "cosines 0 and -1": torch.cat([axes[1:n], -axes[1:2]])}
    return {f"{name}, j = {j}": call(keys, j) for name, keys in sets.items() for j in range(n)}


def exact(rng: Rng, n: int) -> Tensor:
    """`n` orthonormal rows (n, 16) of zeros and ±½, so that no score has a rounding error."""
    two = torch.tensor([[1.0, 1], [1, -1]], dtype=torch.float64)
    return torch.kron(torch.eye(4), torch.kron(two, two) / 2)[rng.permutation(16)[:n]]


def three_pairs(rng: Rng):
    sets = {n: exact(rng, n) for n in (15, 7, 3)}
    pairs = {n: rng.permutation(n)[:2].tolist() for n in sets}
    return {f"n = {n}, a = {a}, b = {b}": call(sets[n], a, b) for n, (a, b) in pairs.items()}


free("average_query", beta=(20, 1e12))  # from 13 e^-β for the others on; a and b are equals


@probe("average_query", read=by_weights)
def queries_for_three_pairs(rng: Rng):
    return three_pairs(rng)


free("average_query_random", beta=(20, 1000))  # as the text says


@probe("average_query_random")
def keys_with_noise(rng: Rng):
    means, noise = exact(rng, 15), 1e-10 * rng.normal(3, 15, 16, dtype=torch.float64)
    a, b = means.sum(1).argmax().item(), means.sum(1).argmin().item()  # they sum to 2 and to 0
    both, lead = means[a] + means[b], torch.tensor([[-2e-10], [1e-10], [3e-10]])
    lead = lead - (noise[:, a] - noise[:, b]) @ both[:, None]  # of k_a, for the query `both`
    noise[:, a] += lead * both / 2
    return Inputs(calls=call(means, a, b), sets=means + noise)


@keys_with_noise.read
def _(query, inputs):
    return torch.stack([weights_of(query, keys) for keys in inputs.sets])


free("two_queries", beta=(30, 1e12))  # from e^(-0.6 β) for the others on; nothing competes


@probe("two_queries")
def queries_of_two_heads(rng: Rng):
    return three_pairs(rng)


@queries_of_two_heads.read
def _(answers, calls):
    averages = {}
    for name, (first, second) in answers.items():
        means, a, _ = calls[name].arguments
        for gamma in (0.6, 1.0, 1.4):
            keys = torch.where(torch.arange(len(means))[:, None] == a, gamma * means, means)
            both = weights_of(first, keys) + weights_of(second, keys)
            averages[f"{name}, gamma {gamma}"] = both / 2
    return averages


# Part 2: so are matrices and relative positions


def attended(answers, inputs):
    """The outputs, for which matrices of zeros might have any number of rows, and the shapes."""
    return {
        name: {
            "shapes": [str(tuple(matrix.shape)) for matrix in answer[:3]],
            "outputs": relative_attention(inputs.x, *answer),
        }
        for name, answer in answers.items()
    }


def convolutions(rng: Rng, x: Tensor, *kinds: list[float]) -> Inputs:
    sizes, (n, d) = rng.uniform(3, low=0.8, high=1.2), x.shape
    kernels = {f"kernel like {kind}": sizes * torch.tensor(kind) for kind in kinds}
    return Inputs(calls={name: call(own, n=n, d=d) for name, own in kernels.items()}, x=x)


@probe("convolution", read=attended)
def renormalised_borders(rng: Rng, neighbours=11, d=3):
    return convolutions(rng, rng.normal(neighbours + 1, d), [0.5, 1, 2], [0.5, 0, 2])


@probe("convolution", read=attended)
def zero_padded_sequence(rng: Rng, n=5, d=4):
    return convolutions(rng, F.pad(rng.normal(n, d), (0, 0, 1, 1)), [0, 1, 2], [1, 2, 0])


free("max_pool", beta=(200, 1e12))  # from e^(-0.07 β) for the second largest number on


@probe("max_pool")
def three_windows(rng: Rng, pairs=3):
    low_then_high = torch.cat([rng.permutation(pairs) - 19.5, rng.permutation(pairs) + 12.5]) / 5
    x = (low_then_high[:, None] + torch.tensor([0, 0.1])).flatten()  # neighbours 0.1 apart
    tokens = torch.stack([x, torch.ones(len(x))], dim=1)  # (n, 2)
    return Inputs(calls={f"window {w}": call(w, n=len(x)) for w in (0, 1, 3)}, x=tokens)


@three_windows.read
def _(answers, inputs):
    found = attended(answers, inputs).items()
    return {name: both | {"outputs": both["outputs"][:, 0]} for name, both in found}


# Part 3: scaled dot-product attention


def named(lines, _):
    computed, applied = lines
    return {"computed": float(computed), "applied": float(applied)}


def form(count: int):
    """Whether each of two answers is the number of a line, of so many."""
    known = range(1, count + 1)
    return lambda lines, _: {
        k: "a line" if n in known else "none" for k, n in named(lines, _).items()
    }


@probe("scaling_lines", weight=0, read=form(len(LISTING.splitlines())))
def two_lines_of_the_listing(rng: Rng):
    return call()


@probe("scaling_lines", hidden=True, read=named)
def the_right_lines(rng: Rng):
    return call()


@probe("fairseq_lines", weight=0, read=form(1000))
def two_lines_of_the_file(rng: Rng):
    return call()


@probe("fairseq_lines", hidden=True, read=named)
def the_right_lines_of_the_file(rng: Rng):
    return call()


def three_inputs(rng: Rng, batch: int, k: int, s: int, h: int) -> list[Tensor]:
    """Queries, keys and values, small enough for exponentials that are written out."""
    return [0.25 * rng.normal(batch, length, h) for length in (k, s, s)]


def beside_a_bias(attention: nn.Module, rng: Rng) -> None:
    """The bias of K cancels in a softmax; added to the context, it gets a gradient, too."""
    rng.fill(attention).register_forward_hook(with_bias_of_K)


def with_bias_of_K(attention: nn.Module, _, found):
    if not isinstance(found, tuple | list):
        return found
    bias = dict(attention.named_parameters()).get("K.bias", torch.zeros(1))
    return found[0] + bias.mean(), *found[1:]


@probe("scaled_dot_attention", parameters, weight=2)
def several_queries(rng: Rng, batch=2, k=3, s=5, h=7):
    return built(h, filled=beside_a_bias)(*three_inputs(rng, batch, k, s, h))


@probe("scaled_dot_attention")
def one_query(rng: Rng, batch=3, s=5, h=4):
    queries, keys, values = three_inputs(rng, batch, 1, s, h)
    return built(h, filled=beside_a_bias)(queries[:, 0], keys, values)


def far_apart(rng: Rng) -> list[Tensor]:
    """Queries, keys and values whose scores, if nothing is projected, are −92, …, 47."""
    scores = torch.tensor([-92.0, -24, -10, 4, 10, 47])[:, None]
    return [torch.ones(2, 5, 4), scores.expand(2, 6, 4) / 2, rng.normal(2, 6, 4)]


@probe("scaled_dot_attention")
def low_and_high_scores(rng: Rng):
    return far_apart(rng)


@low_and_high_scores.run
def _(ScaledDotAttention, inputs):
    return without_projections(ScaledDotAttention(4))(*inputs)


@probe("causal_scaled_dot_attention", parameters, weight=2)
def few_and_many_queries(rng: Rng, batch=3, k=2, s=4, h=5):
    attention = built(h, filled=beside_a_bias)
    queries, keys, values = three_inputs(rng, batch, k + s + 1, s, h)
    few, many = attention(queries[:, :k], keys, values), attention(queries, keys, values)
    return {"k < s": few, "k > s": many}


@probe("causal_scaled_dot_attention")
def zero_scores(rng: Rng, batch=2, s=3):
    attention, (q, k, v) = built(7, filled=without_queries), three_inputs(rng, batch, 5, s, 7)
    return {"zero scores": attention(q, k, v), "zero scores, one query": attention(q[:, 0], k, v)}


def without_queries(attention: nn.Module, rng: Rng) -> None:
    beside_a_bias(attention, rng)
    for parameter in attention.Q.parameters():
        nn.init.zeros_(parameter)


TWO_ANSWERS = "two equal calls have different results: it draws random numbers, or keeps a state"


@probe("causal_scaled_dot_attention")
def no_future(rng: Rng):
    attention, (q, k, v) = built(7, filled=beside_a_bias), three_inputs(rng, 2, 3, 5, 7)
    later, (_, new_k, new_v) = (torch.arange(5) >= 2)[:, None], three_inputs(rng, 2, 3, 5, 7)
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


@probe("causal_scaled_dot_attention")
def higher_scores_later(rng: Rng):
    """The first query sees the lowest score alone, and a mask of −100 is not much lower."""
    return far_apart(rng)


@higher_scores_later.run
def _(CausalScaledDotAttention, inputs):
    return without_projections(CausalScaledDotAttention(4))(*inputs)


@probe("causal_scaled_dot_attention", weight=0.5)
def many_keys(rng: Rng):
    """More than a mask of a fixed size would have."""
    return built(2, filled=beside_a_bias)(*three_inputs(rng, 1, 3, 2100, 2))


def not_built(*sizes, **names):
    """Stands in for the module, whose costs are to be worked out, not counted."""
    raise TypeError("work out a formula, without a module")


stand_ins("attention_costs", ScaledDotAttention=not_built)
rules("attention_costs", without("counts", "FlopCounterMode", "flop_counter"))


def calls_of_several_sizes(rng: Rng):
    """Few and many queries, few and many keys, of several sizes."""
    lengths = (5, 9), (11, 3), (4, 6), (1, 7), (8, 13)
    return [call(rng.integer(2, 6), k, s, rng.integer(3, 12)) for k, s in lengths]


@probe("attention_costs", weight=0.5, read=entry("parameters"))
def what_it_learns(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("attention_costs", weight=0.75, read=entry("flops"))
def what_it_computes(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("attention_costs", weight=0.75, read=entry("saved_bytes"))
def what_it_keeps(rng: Rng):
    return calls_of_several_sizes(rng)


# Part 4: positions


@probe("position_encoding")
def even_and_odd_sizes(rng: Rng, length=100, d=6):
    return {"d": call(length, d), "d + 1": call(length, d + 1)}


@probe("position_encoding")
def first_and_last_rows(rng: Rng):
    return 30_000 + rng.integer(0, 50)  # longer than any table


@first_and_last_rows.run
def _(position_encoding, length):
    encoding = position_encoding(length, 2)  # float32 holds these angles exactly
    return {"rows": len(encoding), "first rows": encoding[:3], "last rows": encoding[-3:]}


@probe("shift_matrix", read=lambda found, _: {name: R.float() for name, R in found.items()})
def forward_and_backward(rng: Rng, blocks=3):
    offsets = {"offset > 0": rng.integer(2, 12), "offset < 0": -rng.integer(2, 12), "offset 0": 0}
    frequencies = rng.uniform(blocks, low=0.05)
    return {name: call(offset, frequencies) for name, offset in offsets.items()}
