"""How each exercise of the pig Latin assignment is judged."""

import torch
from nmt import EOS, VOCABULARY, Attention, empty_cache, layers_of, mlp, position_encodings
from torch import Tensor, nn

from autograder.checks.rules import without
from autograder.checks.spec import (
    Inputs,
    Rng,
    alone,
    built,
    call,
    entry,
    gradients,
    parameters,
    probe,
    rules,
    stand_ins,
    untried,
)

ROUNDED = "those of keys' biases are 0 but for rounding; compared by name, and in every layer"
untried("encoder", gradients=ROUNDED)
untried("decoder", gradients=ROUNDED)
untried("decoder_only", gradients=ROUNDED)


def some_tokens(rng: Rng, *shape: int) -> Tensor:
    return rng.integers(*shape, high=len(VOCABULARY))


def number(answer, _):
    """A tensor with one number is as good as the number."""
    return float(answer)


@probe("perplexity", read=number)
def batches_of_several_sizes(rng: Rng, batches=5):
    return call(rng.uniform(batches, high=6.0), rng.integers(batches, low=3, high=700))


@probe("encoder", parameters, gradients, alone)
def one_layer(rng: Rng, N=5, s=7):
    return built(4, 1)(some_tokens(rng, N, s))


@probe("encoder", weight=2)
def two_layers(rng: Rng):
    return built(5, 2)(some_tokens(rng, 11, 4))


def target_and_annotations(rng: Rng, N: int, t: int, s: int, h: int) -> tuple[Tensor, Tensor]:
    return some_tokens(rng, N, t), rng.normal(N, s, h)


@probe("decoder", parameters, gradients, alone)
def more_targets_than_sources(rng: Rng, N=5, t=7, s=2):
    return built(4, 1)(*target_and_annotations(rng, N, t, s, 4)).through(0)


@probe("decoder", weight=2)
def scores_and_weights(rng: Rng):
    return built(5, 2)(*target_and_annotations(rng, 11, 3, 7, 5))


def prompts_and_targets(rng: Rng, N: int, s: int, t: int) -> tuple[Tensor, Tensor, int]:
    """Tokens that are all different, and a start token that is none of them."""
    tokens = rng.permutation(N * (s + t)).view(N, s + t)
    return tokens[:, :s], tokens[:, s:], rng.integer(1000, 9999)


@probe("generate_tensors_for_training_decoder_nmt", alone, weight=3)
def several_words(rng: Rng, N=3, s=5, t=7):
    return call(*prompts_and_targets(rng, N, s, t))


@probe("generate_tensors_for_training_decoder_nmt")
def on_the_device_of_the_batch(rng: Rng):
    return Inputs(batch=prompts_and_targets(rng, 2, 3, 5))


@on_the_device_of_the_batch.run
def _(generate_tensors_for_training_decoder_nmt, inputs):
    """What is made without a word about its device goes to "meta", which holds no numbers."""
    with torch.device("meta"):
        return generate_tensors_for_training_decoder_nmt(*inputs.batch)


@probe("decoder_only", parameters, gradients, alone)
def scores_and_weights_of_one_layer(rng: Rng, N=5, T=7):
    return built(4, 1)(some_tokens(rng, N, T)).through(0)


@probe("decoder_only", weight=2)
def scores_and_all_weights(rng: Rng):
    return built(5, 2)(some_tokens(rng, 11, 4))


def another_token(rng: Rng, *beside: Tensor) -> Inputs:
    """Twenty rows of seven tokens, and the same ones with another token at position 4."""
    tokens = some_tokens(rng, 20, 7)
    changed = tokens.clone()
    changed[:, 4] = (changed[:, 4] + rng.integer(1, 29)) % len(VOCABULARY)
    return Inputs(tokens=tokens, changed=changed, beside=beside)


def change_of_scores(Model, inputs, rng):
    """How far the scores at each position move, where what is masked must be far below zero."""
    model = rng.fill(Model(5, 1), scale=2.8)
    attention = model.self_attentions[0]
    attention.K.load_state_dict({name: -p for name, p in attention.Q.state_dict().items()})
    texts = inputs.tokens, inputs.changed, inputs.tokens
    before, changed, again = (model(tokens, *inputs.beside)[0] for tokens in texts)
    return [(before - other).abs().amax(dim=(0, 2)) for other in (changed, again)]


def problem_of_sight(changes):
    change, noise = changes
    if noise.max() > 1e-6:
        return "two equal calls have different results: it draws random numbers, or keeps a state"
    if change[:4].max() > 1e-5:
        return "another token at position 4 changes scores at positions before it"
    return None


def parameters_that_learn(Model, inputs, rng):
    """Which parameters get gradients."""
    model = rng.fill(Model(5, 2))
    found = model(inputs[0], *inputs[1])
    scores = found if torch.is_tensor(found) else found[0]
    parameters = dict(model.named_parameters())
    gained = torch.autograd.grad(scores.sum(), [*parameters.values()], allow_unused=True)
    return {name: gain is not None for name, gain in zip(parameters, gained, strict=True)}


@probe("decoder")
def no_future_in_the_decoder(rng: Rng):
    return another_token(rng, rng.normal(20, 3, 5))


@no_future_in_the_decoder.run
def _(Model, inputs, rng):
    return change_of_scores(Model, inputs, rng)


@no_future_in_the_decoder.law
def _(changes, _):
    return problem_of_sight(changes)


@probe("decoder_only")
def no_future(rng: Rng):
    return another_token(rng)


@no_future.run
def _(Model, inputs, rng):
    return change_of_scores(Model, inputs, rng)


@no_future.law
def _(changes, _):
    return problem_of_sight(changes)


@probe("encoder")
def every_layer_learns(rng: Rng):
    return some_tokens(rng, 3, 4), ()


@every_layer_learns.run
def _(Model, inputs, rng):
    return parameters_that_learn(Model, inputs, rng)


@probe("decoder")
def every_layer_of_the_decoder_learns(rng: Rng):
    return some_tokens(rng, 3, 4), (rng.normal(3, 2, 5),)


@every_layer_of_the_decoder_learns.run
def _(Model, inputs, rng):
    return parameters_that_learn(Model, inputs, rng)


@probe("decoder_only")
def every_layer_learns_alone(rng: Rng):
    return some_tokens(rng, 3, 4), ()


@every_layer_learns_alone.run
def _(Model, inputs, rng):
    return parameters_that_learn(Model, inputs, rng)


class Speaker:
    """Scores that depend on every token so far, and on their order.

    A row says EOS once: its first token decides at which of the first seven steps.
    """

    def __init__(self, rng: Rng, start: Tensor) -> None:
        self.begun = start.shape[1]
        self.scores = rng.normal(97, len(VOCABULARY))

    def __call__(self, tokens: Tensor) -> Tensor:
        places = torch.arange(tokens.shape[1]) + 1
        scores = self.scores[(tokens * places).cumsum(1) * 7 % 97]  # (N, T, V)
        is_time = places - 1 - self.begun == tokens[:, :1] % 7 - 1
        scores[:, :, EOS] = torch.where(is_time, 9.0, -9.0)
        return scores


def letters(rng: Rng, N: int, T: int) -> Tensor:
    """Rows without EOS that end at different steps."""
    start = rng.integers(N, T, high=26).clone()
    start[:, 0] = 3 + torch.arange(N)
    return start


@probe("greedy_decode", alone, weight=2)
def several_rows(rng: Rng, N=5, T=3, longest=5):
    start = letters(rng, N, T)
    return call(Speaker(rng, start), start, longest)


@probe("greedy_decode", weight=2)
def all_rows_end_early(rng: Rng):
    start = letters(rng, 4, 2)
    return call(Speaker(rng, start), start, 9)


@probe("greedy_decode")
def end_of_sequence_in_the_start(rng: Rng):
    start = letters(rng, 6, 4)
    start[:, 1] = start[::2, -1] = EOS
    return call(Speaker(rng, start), start, 6)


@probe("greedy_decode")
def scores_of_the_last_position_alone(rng: Rng):
    start = letters(rng, 5, 3)
    speaker = Speaker(rng, start)
    return call(lambda tokens: speaker(tokens)[:, -1:], start, 6)


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


@probe("forward_with_cache", weight=2)
def prompt_and_letters(rng: Rng):
    return Inputs(texts=[some_tokens(rng, 2, n) for n in (3, 1, 1)], layers=3)


@probe("forward_with_cache", weight=2)
def several_at_once(rng: Rng, N=3, tokens=4):
    return Inputs(texts=[some_tokens(rng, N, n) for n in (1, tokens, 2)], layers=1)


@prompt_and_letters.run
@several_at_once.run
def _(forward_with_cache, inputs, rng):
    """The scores of texts that follow each other, and the cache at the end."""
    model, found = rng.fill(Parts(5, inputs.layers)), []
    cache = empty_cache(model, len(inputs.texts[0]))
    for tokens in inputs.texts:
        scores, cache = forward_with_cache(model, tokens, cache)
        found.append(scores)
    return {"scores": found, "cache": cache}


@probe("forward_with_cache")
def two_ways_on(rng: Rng):
    return Inputs(prompt=some_tokens(rng, 1, 4), ways=[some_tokens(rng, 1, 1) for _ in range(2)])


@two_ways_on.run
def _(forward_with_cache, inputs, rng):
    model = rng.fill(Parts(4, 2))
    _, cache = forward_with_cache(model, inputs.prompt, empty_cache(model, 1))
    return [forward_with_cache(model, way, cache)[0] for way in inputs.ways]


def not_run(*arguments):
    """Stands in for models, whose costs are to be worked out, not counted."""
    raise TypeError("work out a formula, without a model")


stand_ins("decoding_costs", DecoderOnly=not_run, forward_with_cache=not_run)
rules("decoding_costs", without("counts", "FlopCounterMode", "flop_counter"))


def calls_of_several_sizes(rng: Rng):
    """Sizes that all differ, so that one in the place of another shows; L or S may be 1.

    They are small, as one FLOP more must not be a rounding error.
    """
    sizes = [(rng.permutation(7)[:4] + 2).tolist() for _ in range(5)]
    sizes[0][1] = sizes[1][3] = 1
    return [call(*four) for four in sizes]


@probe("decoding_costs", read=entry("parameters"))
def what_it_learns(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("decoding_costs", read=entry("flops_again"))
def everything_again(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("decoding_costs", read=entry("flops_kept"))
def with_a_cache(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("decoding_costs", read=entry("numbers_kept"))
def what_the_cache_holds(rng: Rng):
    return calls_of_several_sizes(rng)
