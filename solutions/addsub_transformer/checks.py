"""How each exercise of the Transformer that adds and subtracts is judged."""

import torch
from torch import Tensor, nn

from autograder.checks.rules import FINISHED_ATTENTION, FINISHED_NORMS, no_loops, without
from autograder.checks.spec import (
    Inputs,
    Rng,
    alone,
    built,
    call,
    gradients,
    parameters,
    probe,
    rules,
    stand_ins,
)


def sequences(rng: Rng, N: int, K: int, S: int, M: int):
    """Queries (N, K, M), and keys and values (N, S, M)."""
    return rng.normal(N, K, M), rng.normal(N, S, M), rng.normal(N, S, M)


def hiding(rng: Rng, N: int, K: int, S: int) -> Tensor:
    """A mask (N, K, S) that hides every third key, from the first, second or third one on."""
    return (rng.permutation(N * K).view(N, K, 1) + torch.arange(S)) % 3 == 0


rules("scaled_dot_product_no_loop_batch", no_loops)


@probe("scaled_dot_product_no_loop_batch", alone, weight=2)
def without_mask(rng: Rng):
    return call(rng.normal(2, 3, 7), rng.normal(2, 5, 7), rng.normal(2, 5, 4))


@probe("scaled_dot_product_no_loop_batch", alone, weight=2)
def with_mask(rng: Rng):
    query, key, value = rng.normal(3, 4, 5), rng.normal(3, 7, 5), rng.normal(3, 7, 2)
    return call(query, key, value, hiding(rng, 3, 4, 7))


@probe("scaled_dot_product_no_loop_batch", gradients, hidden=True)
def gradients_of_the_output(rng: Rng):
    query, key, value = rng.normal(2, 3, 5), rng.normal(2, 7, 5), rng.normal(2, 7, 4)
    return call(query, key, value, hiding(rng, 2, 3, 7)).through(0)


@probe("scaled_dot_product_no_loop_batch", hidden=True)
def low_scores(rng: Rng):
    """One sequence, as many queries as keys, and scores far below 0."""
    query, key = rng.uniform(1, 5, 4, low=3, high=5), -rng.uniform(1, 5, 4, low=2, high=4)
    return call(query, key, rng.normal(1, 5, 3), hiding(rng, 1, 5, 5))


def between_two_keys(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None):
    """Stands in for 1.1 where there are two keys: how much of each, a logistic function says."""
    lead = query @ (key[:, :1] - key[:, 1:]).mT / query.shape[-1] ** 0.5  # (N, K, 1)
    lead = lead if mask is None else lead + 1e9 * mask.float().diff(dim=-1)
    weights = torch.cat([lead, -lead], dim=-1).sigmoid()  # (N, K, 2)
    return weights @ value, weights


stand_ins("self_attention", scaled_dot_product_no_loop_batch=between_two_keys)


def with_weights(head: nn.Module, rng: Rng) -> None:
    """Small numbers, so that softmax is not steep; the weights that are kept are a second result."""
    rng.fill(head, scale=0.25)
    head.register_forward_hook(lambda head, _, output: (output, head.weights_softmax))


@probe("self_attention", parameters)
def attention_and_weights(rng: Rng):
    return built(7, 5, 3, filled=with_weights)(*sequences(rng, 2, 4, 2, 7))


@probe("self_attention", alone)
def attention_with_mask(rng: Rng):
    head = built(5, 7, 2, filled=with_weights)
    return head(*sequences(rng, 3, 4, 2, 5), hiding(rng, 3, 4, 2))


@probe("self_attention", gradients, alone, hidden=True)
def in_training_mode(rng: Rng):
    head = built(3, 4, 5, filled=with_weights)
    return head(*sequences(rng, 3, 4, 2, 3), hiding(rng, 3, 4, 2)).through(0)


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
def three_heads(rng: Rng):
    return built(3, 7, 5)(*sequences(rng, 2, 4, 6, 7))


@probe("multi_head_attention")
def two_heads_with_mask(rng: Rng):
    return built(2, 5, 3)(*sequences(rng, 3, 4, 7, 5), hiding(rng, 3, 4, 7))


@probe("multi_head_attention", gradients, hidden=True)
def one_head(rng: Rng):
    x = rng.normal(2, 5, 3)
    return built(1, 3, 11)(x, x, x)


@probe("multi_head_attention", gradients, hidden=True)
def training_two_heads(rng: Rng):
    return built(2, 6, 3)(*sequences(rng, 1, 4, 4, 6), hiding(rng, 1, 4, 4))


rules("layer_normalization", without(*FINISHED_NORMS))


@probe("layer_normalization", parameters, weight=2)
def positions_of_any_scale(rng: Rng):
    scale, shift = rng.uniform(2, 3, 1, low=3, high=30), 10 * rng.normal(2, 3, 1)
    return built(5)(scale * rng.normal(2, 3, 5) + shift)


def finite(x: Tensor) -> str:
    return "finite" if x.isfinite().all() else "not finite"


def bounded(x: Tensor) -> str:
    """Of a constant row at most |γ| + |β| is left, which are far smaller than 6."""
    return "bounded" if x.abs().max() < 6 else "6 or more"


def output_and_finite_gradient(answer, inputs):
    """On constant rows the gradient depends on ε, so that only its being finite is compared."""
    return answer | {"gradients": finite(answer["gradients"]["argument 1"])}


def both_finite(answer, inputs):
    found = {"output": finite(answer["output"]), "its numbers": bounded(answer["output"])}
    return output_and_finite_gradient(answer, inputs) | found


@probe("layer_normalization", gradients, read=output_and_finite_gradient)
def constant_rows(rng: Rng):
    x = 5 * rng.normal(2, 3, 8)
    x[0, 1], x[1, 2] = 0.0, float(rng.integer(1, 9))
    return built(8)(x)


@probe("layer_normalization", gradients, read=both_finite)
def constant_fractions(rng: Rng):
    """Constant rows of numbers that floats hold only nearly."""
    return built(7)(rng.uniform(60, 1, low=-20, high=20).repeat(1, 7))


@probe("layer_normalization", gradients, hidden=True)
def other_axes(rng: Rng):
    two, four, variance_1 = rng.normal(4, 7), rng.normal(2, 3, 4, 7), rng.permutation(7)[None] / 2
    # the last one by its name: no gradient for it is compared, which would show a small ε
    return [built(7)(5 * two), built(7)(5 * four), built(7)(x=variance_1)]


class StandInHeads(StandInHead):
    """Stands in for several heads."""

    def __init__(self, num_heads: int, dim_in: int, dim_out: int) -> None:
        super().__init__(dim_in, num_heads * dim_out, dim_in)


class StandInNorm(nn.Module):
    """Stands in for a normalisation: its parameters, and numbers of its own."""

    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.gamma, self.beta = (nn.Parameter(torch.ones(emb_dim)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.gamma * x.abs() + self.beta


stand_ins("encoder_block", MultiHeadAttention=StandInHeads, LayerNormalization=StandInNorm)
rules("encoder_block", without(*FINISHED_ATTENTION, *FINISHED_NORMS))


@probe("encoder_block", parameters, weight=3)
def in_eval_mode(rng: Rng):
    return built(3, 6, 11, dropout=0.4)(rng.normal(2, 5, 6))


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

    With these parameters the first norm gives 100, the feed-forward network always 5, and the
    second norm 1 more than it gets. A frequency may be off by six standard deviations: by chance,
    that happens less than once in 10⁸ times.
    """
    output, keep = answer["training"], 1 - inputs.rate
    wanted = torch.tensor([0, 6 / keep, (6 + 100 / keep) / keep])
    shares = torch.tensor([1 - keep, keep * (1 - keep), keep**2])
    found = (output[..., None] - wanted).abs().lt(1e-2).float().mean((0, 1, 2))
    usual = 6 * (shares * (1 - shares) / output.numel()).sqrt()
    return {
        "different numbers in training": output.mul(1000).round().unique(),
        "as frequent as wanted": (found - shares).abs() < usual,
        "different numbers in evaluation": answer["evaluation"].unique(),
    }


@probe("encoder_block", gradients, hidden=True)
def gradient_one_sequence(rng: Rng):
    return built(1, 6, 5, dropout=0.4)(rng.normal(1, 4, 6))
