"""How each exercise of the Transformer that adds and subtracts is judged."""

import torch
from torch import Tensor, nn

from autograder.checks.rules import FINISHED_ATTENTION, FINISHED_NORMS, no_loops, without
from autograder.checks.spec import (
    Inputs,
    Rng,
    built,
    call,
    gradients,
    parameters,
    probe,
    rules,
    stand_ins,
    untried,
)


def sequences(rng: Rng, N: int, K: int, S: int, M: int):
    """Queries (N, K, M), and keys and values (N, S, M)."""
    return rng.normal(N, K, M), rng.normal(N, S, M), rng.normal(N, S, M)


def hiding(rng: Rng, N: int, K: int, S: int) -> Tensor:
    """A mask (N, K, S) that hides every third key, but never the first."""
    keys = torch.arange(S)
    return ((rng.permutation(N * K).view(N, K, 1) + keys) % 3 == 0) & (keys > 0)


rules("scaled_dot_product_no_loop_batch", no_loops)


@probe("scaled_dot_product_no_loop_batch", weight=2)
def without_mask(rng: Rng, N=2, K=3, S=5, M=7, V=4):
    query, key = 0.4 * rng.normal(N, K, M), 0.4 * rng.normal(N, S, M)
    return call(query, key, rng.normal(N, S, V))


@probe("scaled_dot_product_no_loop_batch", weight=2)
def with_mask(rng: Rng, N=3, K=4, S=7, M=5, V=2):
    query, key = 0.4 * rng.normal(N, K, M), 0.4 * rng.normal(N, S, M)
    return call(query, key, rng.normal(N, S, V), hiding(rng, N, K, S))


@probe("scaled_dot_product_no_loop_batch")
def far_apart_scores(rng: Rng):
    """Each query sees keys up to its own, the first one only the lowest score, of −92."""
    scores = torch.tensor([-92.0, -24, -10, 4, 10, 47])[:, None].expand(2, 6, 4)
    later = torch.ones(6, 6).triu(1).bool().expand(2, 6, 6)
    return torch.ones(2, 6, 4), scores / 2, rng.normal(2, 6, 3), later


@far_apart_scores.run
def _(attention, inputs):
    return attention(*inputs)


def between_two_keys(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    """Stands in for 1.1 where there are two keys: how much of each, a logistic function says."""
    lead = query @ (key[:, :1] - key[:, 1:]).mT / query.shape[-1] ** 0.5  # (N, K, 1)
    lead = lead if mask is None else lead + 1e9 * mask.float().diff(dim=-1)
    weights = torch.cat([lead, -lead], dim=-1).sigmoid()  # (N, K, 2)
    return weights @ value, weights


stand_ins("self_attention", scaled_dot_product_no_loop_batch=between_two_keys)


def with_weights(head: nn.Module, rng: Rng) -> None:
    """Small numbers, so that softmax is not steep; the weights that are kept are a second result."""
    rng.fill(head, scale=0.25).register_forward_hook(with_weights_and_bias)


def with_weights_and_bias(head: nn.Module, _, output):
    """The bias of the keys cancels in a softmax; added to the output, it gets a gradient, too."""
    if torch.is_tensor(output):
        output = output + head.k.bias.mean()
    return output, head.weights_softmax


@probe("self_attention", parameters)
def attention_and_weights(rng: Rng, N=2, K=4, dim_in=7, dim_q=5, dim_v=3):
    return built(dim_in, dim_q, dim_v, filled=with_weights)(*sequences(rng, N, K, 2, dim_in))


@probe("self_attention")
def attention_with_mask(rng: Rng, N=3, K=4, dim_in=5):
    head = built(dim_in, 7, 2, filled=with_weights)
    return head(*sequences(rng, N, K, 2, dim_in), hiding(rng, N, K, 2))


class StandInHead(nn.Module):
    """Stands in for a head: its layers, and numbers of its own that depend on everything."""

    def __init__(self, dim_in: int, dim_q: int, dim_v: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(dim_in, size) for size in (dim_q, dim_q, dim_v))

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
        numbers = self.q(query).mean(-1)[..., None] + self.k(key).mean(-1)[:, None]  # (N, K, S)
        self.weights_softmax = numbers if mask is None else numbers + mask
        return self.weights_softmax @ self.v(value) / key.shape[1]


stand_ins("multi_head_attention", SelfAttention=StandInHead)
rules("multi_head_attention", without(*FINISHED_ATTENTION))


@probe("multi_head_attention", parameters, weight=2)
def three_heads(rng: Rng, heads=3, N=2, K=4, S=6, dim_in=7, dim_out=5):
    return built(heads, dim_in, dim_out)(*sequences(rng, N, K, S, dim_in))


@probe("multi_head_attention")
def two_heads_with_mask(rng: Rng, heads=2, N=3, K=4, S=7):
    return built(heads, 5, 3)(*sequences(rng, N, K, S, 5), hiding(rng, N, K, S))


rules("layer_normalization", without(*FINISHED_NORMS))


@probe("layer_normalization", parameters, weight=2)
def positions_of_any_scale(rng: Rng, N=2, K=3, M=5):
    scale, shift = rng.uniform(N, K, 1, low=40, high=200), 60 * rng.normal(N, K, 1)
    return built(M)(scale * rng.normal(N, K, M) + shift)


@probe("layer_normalization")
def other_axes(rng: Rng):
    return [built(7)(80 * rng.normal(4, 7)), built(7)(80 * rng.normal(2, 3, 4, 7))]


@probe("layer_normalization", gradients)
def constant_rows(rng: Rng):
    x = 80 * rng.normal(2, 3, 8)
    x[0, 1], x[1, 2] = 0.0, float(rng.integer(1, 9))
    fractions = rng.uniform(60, 1, low=-20, high=20)  # floats hold these only nearly
    return {"some": built(8)(x), "fractions": built(7)(fractions.repeat(1, 7))}


def finite(x: Tensor) -> str:
    return "finite" if x.isfinite().all() else "not finite"


@constant_rows.read
def _(answer, _):
    """On constant rows gradients depend on ε, and rounding errors on how a mean is computed."""
    some, fractions = answer["some"], answer["fractions"]["output"]
    bounded = "bounded" if fractions.abs().max() < 6 else "6 or more"  # of |γ| + |β|
    return {
        "output": some["output"],
        "output for fractions": f"{finite(fractions)}, {bounded}",
        "gradients": {name: finite(one["gradients"]["argument 1"]) for name, one in answer.items()},
    }


@probe("layer_normalization")
def rows_of_variance_1(rng: Rng):
    return (rng.permutation(7)[None] / 2,)


@rows_of_variance_1.run
def _(LayerNormalization, inputs):
    return LayerNormalization(7)(*inputs)


@rows_of_variance_1.read
def _(output, _):
    """ε, if added to a variance of 1 or to its root: 1e-5 is allowed, and 1e-4 is seen."""
    return {"a large epsilon": bool((1 - output.std(correction=0)).abs() > 2.5e-5)}


class StandInHeads(StandInHead):
    """Stands in for several heads."""

    def __init__(self, num_heads: int, dim_in: int, dim_out: int) -> None:
        super().__init__(dim_in, num_heads * dim_out, dim_in)


class StandInNorm(nn.Module):
    """Stands in for a normalisation: its parameters, and a scale of its own, the largest number."""

    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.gamma, self.beta = (nn.Parameter(torch.ones(emb_dim)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.gamma * x / x.abs().amax(-1, keepdim=True) + self.beta


stand_ins("encoder_block", MultiHeadAttention=StandInHeads, LayerNormalization=StandInNorm)
rules("encoder_block", without(*FINISHED_ATTENTION, *FINISHED_NORMS))
untried("encoder_block", training="it has dropout, which a probe of its own judges")


@probe("encoder_block", parameters, weight=3)
def in_eval_mode(rng: Rng, N=2, K=5, third=2, feedforward_dim=11):
    M = 3 * third
    return built(3, M, feedforward_dim, dropout=0.4)(rng.normal(N, K, M))


@probe("encoder_block")
def dropout_after_each_norm(rng: Rng):
    return Inputs(rate=rng.integer(25, 60) / 100, x=torch.ones(40, 50, 6))


@dropout_after_each_norm.run
def _(EncoderBlock, inputs):
    block = EncoderBlock(2, 6, 4, dropout=inputs.rate)
    for name, parameter in block.named_parameters():
        nn.init.constant_(parameter, float(name != "feed_forward.0.weight"))
    return {"training": block.train()(inputs.x), "evaluation": block.eval()(inputs.x)}


@dropout_after_each_norm.read
def _(answer, inputs):
    """The different numbers in the output, and whether each is as frequent as it should be.

    With these parameters the first norm gives 2 and the feed-forward network 5. The second norm
    gives 2 where the first dropout kept a number, or none in its row, and less elsewhere.
    Frequencies may be off by six standard deviations, which happens by chance less than once in 10⁸
    times, and how often neighbours differ, along each axis, by 0.05, which are seven or more.
    """
    output, drop = answer["training"], inputs.rate
    keep, none_kept = 1 - drop, drop**6
    wanted = torch.tensor([0, (1 + 5 / (5 + 2 / keep)) / keep, 2 / keep])
    shares = torch.tensor([drop, keep * (drop - none_kept), keep * (keep + none_kept)])
    found = (output[..., None] - wanted).abs() < 1e-3  # (40, 50, 6, 3)
    usual = 6 * (shares * (1 - shares) / output.numel()).sqrt()
    differ = torch.stack([(found != found.roll(1, i)).float().mean((0, 1, 2)) for i in range(3)])
    return {
        "different numbers in training": output.mul(1000).round().unique(),
        "as frequent as wanted": (found.float().mean((0, 1, 2)) - shares).abs() < usual,
        "each number by itself": (differ - 2 * shares * (1 - shares)).abs() < 0.05,
        "different numbers in evaluation": answer["evaluation"].unique(),
    }
