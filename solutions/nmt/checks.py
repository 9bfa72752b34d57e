"""How each exercise of the pig Latin assignment is judged."""

import torch
from nmt import EOS, VOCABULARY, Attention, empty_cache, layers_of, mlp, position_encodings
from torch import Tensor, nn

from autograder.checks.spec import (
    Inputs,
    Rng,
    alone,
    built,
    call,
    gradients,
    parameters,
    probe,
)


def some_tokens(rng: Rng, *shape: int) -> Tensor:
    return rng.integers(*shape, high=len(VOCABULARY))


def number(answer, _):
    """A tensor with one number is as good as the number."""
    return float(answer)


@probe("perplexity", weight=2, read=number)
def batches_of_several_sizes(rng: Rng):
    return call(rng.uniform(5, low=0.2, high=3.0), rng.integers(5, low=3, high=700))


@probe("perplexity", read=number)
def one_batch(rng: Rng):
    return call(rng.uniform(1, low=0.2, high=3.0), rng.integers(1, low=3, high=700))


@probe("perplexity", hidden=True, read=number)
def many_batches(rng: Rng):
    return call(rng.uniform(41, low=0.0, high=0.1), rng.integers(41, low=1, high=2000))


@probe("encoder", weight=2)
def three_layers(rng: Rng):
    return built(5, 3)(some_tokens(rng, 2, 4))


@probe("encoder", alone)
def two_tokens(rng: Rng):
    return built(4, 2)(some_tokens(rng, 3, 2))


@probe("encoder", parameters, gradients, alone, hidden=True)
def one_layer(rng: Rng):
    return built(4, 1)(some_tokens(rng, 3, 11))


def target_and_annotations(rng: Rng, N: int, t: int, s: int, h: int) -> tuple[Tensor, Tensor]:
    return some_tokens(rng, N, t), rng.normal(N, s, h)


@probe("decoder", weight=2)
def scores_and_weights(rng: Rng):
    return built(5, 3)(*target_and_annotations(rng, 2, 3, 4, 5))


@probe("decoder", alone)
def more_targets_than_sources(rng: Rng):
    return built(4, 2)(*target_and_annotations(rng, 2, 5, 3, 4))


@probe("decoder", parameters, gradients, alone, hidden=True)
def gradients_of_the_scores(rng: Rng):
    return built(4, 1)(*target_and_annotations(rng, 3, 5, 6, 4)).through(0)


def prompts_and_targets(rng: Rng, N: int, s: int, t: int) -> tuple[Tensor, Tensor, int]:
    """Tokens of every kind, all different, and a start token that is none of them."""
    tokens = rng.permutation(N * (s + t)).view(N, s + t)
    return tokens[:, :s], tokens[:, s:], rng.integer(100, 999)


@probe("generate_tensors_for_training_decoder_nmt", weight=2)
def several_words(rng: Rng):
    return call(*prompts_and_targets(rng, 3, 5, 7))


@probe("generate_tensors_for_training_decoder_nmt")
def on_the_device_of_the_batch(rng: Rng):
    return Inputs(batch=prompts_and_targets(rng, 2, 3, 5))


@on_the_device_of_the_batch.run
def _(generate_tensors_for_training_decoder_nmt, inputs):
    """What is made without a word about its device goes to "meta", which holds no numbers."""
    with torch.device("meta"):
        return generate_tensors_for_training_decoder_nmt(*inputs.batch)


@probe("generate_tensors_for_training_decoder_nmt", alone, hidden=True)
def short_words(rng: Rng):
    return [call(*prompts_and_targets(rng, 2, 2, 4)), call(*prompts_and_targets(rng, 5, 1, 1))]


@probe("decoder_only", weight=2)
def scores_and_all_weights(rng: Rng):
    return built(5, 3)(some_tokens(rng, 2, 4))


@probe("decoder_only")
def no_future(rng: Rng):
    tokens = some_tokens(rng, 3, 7)
    changed = tokens.clone()
    changed[:, 4] = (changed[:, 4] + rng.integer(1, 29)) % len(VOCABULARY)
    return Inputs(tokens=tokens, changed=changed)


@no_future.run
def _(DecoderOnly, inputs, rng):
    model = rng.fill(DecoderOnly(5, 2))
    before, changed, again = (model(x)[0] for x in (inputs.tokens, inputs.changed, inputs.tokens))
    return [(before - other).abs().amax(dim=(0, 2)) for other in (changed, again)]


@no_future.law
def _(changes, _):
    change, noise = changes
    if noise.max() > 1e-6:
        return "two equal calls have different results: it draws random numbers, or keeps a state"
    if change[:4].max() > 1e-5:
        return "another token at position 4 changes scores at positions before it"
    if change[4] < 1e-5:
        return "another token at position 4 does not change the scores at position 4"
    return None


@probe("decoder_only", parameters, gradients, alone, hidden=True)
def gradients_of_one_layer(rng: Rng):
    return built(4, 1)(some_tokens(rng, 3, 11)).through(0)


class Speaker:
    """Scores that depend on every token so far; EOS is likely enough to be said now and then."""

    def __init__(self, rng: Rng) -> None:
        likelier = 1.2 * (torch.arange(len(VOCABULARY)) == EOS)
        self.scores = rng.normal(97, len(VOCABULARY)) + likelier

    def __call__(self, tokens: Tensor) -> Tensor:
        return self.scores[(tokens.cumsum(1) * 7 + tokens.shape[1]) % 97]  # (N, T, V)


@probe("greedy_decode", weight=2)
def several_rows(rng: Rng):
    return call(Speaker(rng), some_tokens(rng, 11, 3), 9)


@probe("greedy_decode", alone)
def end_of_sequence_in_the_start(rng: Rng):
    start = some_tokens(rng, 5, 4).clone()
    start[:, 1] = start[::2, 3] = EOS
    return call(Speaker(rng), start, 6)


@probe("greedy_decode", hidden=True)
def scores_of_the_last_position_alone(rng: Rng):
    speaker = Speaker(rng)
    return call(lambda tokens: speaker(tokens)[:, -1:], some_tokens(rng, 9, 1), 12)


@probe("greedy_decode", hidden=True)
def one_token_more(rng: Rng):
    return call(Speaker(rng), some_tokens(rng, 7, 5), 1)


class Parts(nn.Module):
    """What a decoder-only model is made of."""

    def __init__(self, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(VOCABULARY), hidden_size)
        self.self_attentions = layers_of(Attention, hidden_size, num_layers)
        self.attention_mlps = layers_of(mlp, hidden_size, num_layers)
        self.out = nn.Linear(hidden_size, len(VOCABULARY))
        encodings = position_encodings(hidden_size)
        self.register_buffer("positional_encodings", encodings, persistent=False)


def answered(forward_with_cache, model: nn.Module, texts: list[Tensor]) -> list[Tensor]:
    """The scores of texts that follow each other."""
    cache, found = empty_cache(model, len(texts[0])), []
    for tokens in texts:
        scores, cache = forward_with_cache(model, tokens, cache)
        found.append(scores)
    return found


@probe("forward_with_cache", weight=2)
def prompt_and_letters(rng: Rng):
    return Inputs(texts=[some_tokens(rng, 2, n) for n in (3, 1, 1)], layers=3)


@probe("forward_with_cache")
def several_at_once(rng: Rng):
    return Inputs(texts=[some_tokens(rng, 1, n) for n in (1, 3, 2)], layers=2)


@prompt_and_letters.run
@several_at_once.run
def _(forward_with_cache, inputs, rng):
    return answered(forward_with_cache, rng.fill(Parts(5, inputs.layers)), inputs.texts)


@probe("forward_with_cache", hidden=True)
def one_after_the_other(rng: Rng):
    return Inputs(texts=[some_tokens(rng, 1, 1) for _ in range(6)], layers=1)


@one_after_the_other.run
def _(forward_with_cache, inputs, rng):
    return answered(forward_with_cache, rng.fill(Parts(5, inputs.layers)), inputs.texts)


@probe("forward_with_cache")
def two_ways_on(rng: Rng):
    return Inputs(prompt=some_tokens(rng, 1, 4), ways=[some_tokens(rng, 1, 1) for _ in range(2)])


@two_ways_on.run
def _(forward_with_cache, inputs, rng):
    model = rng.fill(Parts(4, 2))
    _, cache = forward_with_cache(model, inputs.prompt, empty_cache(model, 1))
    return [forward_with_cache(model, way, cache)[0] for way in inputs.ways]
