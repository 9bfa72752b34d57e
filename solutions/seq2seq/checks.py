"""How each exercise of the translation assignment is judged."""

import torch
from seq2seq import EOS, SOS
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
    stand_ins,
    weighted_sum,
)

GERMAN = 17  # German words
ENGLISH = 13  # English words
CPU = torch.device("cpu")


def german(rng: Rng, *shape: int) -> Tensor:
    """Words of all kinds behind a first <sos>."""
    words = rng.integers(*shape, high=GERMAN).clone()
    words[:, 0] = SOS
    return words


def dropped(module: nn.Module, later: nn.Module, *arguments) -> dict[str, float]:
    """What dropout does to what the recurrent layer reads, and to what comes behind it."""
    torch.manual_seed(0)  # the same masks in every build
    seen = []
    for layer in (module.recurrent, later):
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    output = module.train()(*arguments)[0]
    kept, ratio = seen[0] != 0, seen[0] / module.embedding(arguments[0])
    behind = torch.cat([seen[1].flatten(), output.flatten()])
    return {
        "kept": kept.float().mean().item(),
        "largest factor": ratio[kept].max().item(),
        "smallest factor": ratio[kept].min().item(),
        "zeros behind": int((behind == 0).sum()),
    }


def problem_of_dropout(answer) -> str | None:
    """What speaks against a dropout of one half."""
    # 6000 numbers: six standard deviations are 0.04, by chance less than once in 10⁸ times
    if abs(answer["kept"] - 0.5) > 0.04:
        return (
            f"{1 - answer['kept']:.0%} of the embedded words' numbers are dropped instead of half"
        )
    if max(abs(answer[f"{which} factor"] - 2) for which in ("largest", "smallest")) > 1e-3:
        return "what is not dropped is not the embedded words times 1/(1 − p)"
    zeros = answer["zeros behind"]
    return "numbers behind the recurrent layer are 0, as if dropped, too" if zeros else None


@probe("encoder", weight=2)
def rnn(rng: Rng):
    return built(GERMAN, 5, 7, 3)(german(rng, 2, 4))


@probe("encoder", weight=2)
def lstm_with_another_size(rng: Rng):
    return built(GERMAN, 5, 3, 7, model_type="LSTM")(german(rng, 3, 5))


@probe("encoder")
def what_is_dropped(rng: Rng):
    return german(rng, 30, 20)


@what_is_dropped.run
def _(Encoder, source, rng):
    encoder = rng.fill(Encoder(GERMAN, 10, 2, 3, dropout=0.5))
    return dropped(encoder, encoder.linear1, source)


@what_is_dropped.law
def half_is_dropped(answer, _):
    return problem_of_dropout(answer)


@probe("encoder", parameters, gradients, alone, hidden=True)
def gradients_of_both_kinds(rng: Rng):
    kinds = {kind: built(GERMAN, 4, 5, 3, 0.0, kind) for kind in ("RNN", "".join("LSTM"))}
    return {kind: model(german(rng, 3, 11)) for kind, model in kinds.items()}


@probe("compute_attention", gradients, weight=2)
def several_positions(rng: Rng):
    return call(rng.normal(1, 3, 5), rng.normal(3, 7, 5))


@probe("compute_attention")
def vectors_of_zeros(rng: Rng):
    hidden, outputs = rng.normal(1, 2, 3).clone(), rng.normal(2, 4, 3).clone()
    hidden[0, 1] = outputs[0, 2] = 0
    return call(hidden, outputs)


@probe("compute_attention", hidden=True)
def one_sentence_large_and_small(rng: Rng):
    large = call(100 * rng.normal(1, 1, 7), 1e-3 * rng.normal(1, 11, 7))
    return [large, call(rng.normal(1, 2, 1), rng.normal(2, 1, 1))]


def mixed(hidden: Tensor, encoder_outputs: Tensor) -> Tensor:
    """Stands in for compute_attention."""
    return (encoder_outputs.cumsum(1).mean(-1) + hidden.sum(-1).T)[:, None] / 9


stand_ins("decoder", compute_attention=mixed)


def step(rng: Rng, N: int, E: int, D: int, is_lstm: bool, T: int = 4) -> tuple:
    states = rng.normal(1, N, D), rng.normal(1, N, D)
    return rng.integers(N, 1, high=ENGLISH), states if is_lstm else states[0], rng.normal(N, T, E)


@probe("decoder")
def rnn_without_attention(rng: Rng):
    word, hidden, _ = step(rng, 2, 7, 3, is_lstm=False)
    return built(5, 7, 3, ENGLISH)(word, hidden)


@probe("decoder", weight=2)
def lstm_with_attention(rng: Rng):
    return built(5, 7, 3, ENGLISH, model_type="LSTM", attention=True)(
        *step(rng, 3, 7, 3, is_lstm=True)
    )


@probe("decoder", gradients, weight=2)
def rnn_with_attention(rng: Rng):
    return built(5, 3, 7, ENGLISH, attention=True)(*step(rng, 2, 3, 7, is_lstm=False))


@probe("decoder")
def what_the_decoder_drops(rng: Rng):
    return rng.integers(600, 1, high=ENGLISH), rng.normal(1, 600, 3)


@what_the_decoder_drops.run
def _(Decoder, inputs, rng):
    decoder = rng.fill(Decoder(10, 2, 3, ENGLISH, dropout=0.5))
    return dropped(decoder, decoder.linear, *inputs)


@what_the_decoder_drops.law
def half_of_the_word_is_dropped(answer, _):
    return problem_of_dropout(answer)


@probe("decoder", parameters, gradients, hidden=True)
def one_sentence_of_each_kind(rng: Rng):
    return {
        f"{kind}, attention={attention}": built(4, 5, 3, ENGLISH, 0.0, kind, attention)(
            *step(rng, 1, 5, 3, is_lstm=kind == "LSTM", T=11)
        )
        for kind in ("RNN", "".join("LSTM"))  # equal to the literal, not the same object
        for attention in (False, True)
    }


class Reader(nn.Module):
    """Stands in for an encoder, with a pair of states."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(GERMAN, 3)

    def forward(self, source: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        outputs = self.embedding(source).cumsum(1)
        return outputs, (outputs[None, :, -1], outputs[None, :, 0])


class Writer(nn.Module):
    """Stands in for a decoder: what it says depends on all that it has read."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(ENGLISH, 3)
        self.linear = nn.Linear(3, ENGLISH)

    def forward(self, input: Tensor, hidden, encoder_outputs: Tensor | None = None):
        if input.shape != (len(encoder_outputs), 1):
            raise ValueError(f"a decoder reads (N, 1) words, not {tuple(input.shape)}")
        read = self.embedding(input % ENGLISH).transpose(0, 1)  # (1, N, 3)
        first = (hidden[0] + 2 * read + encoder_outputs.mean(1)).sin()
        return self.linear(3 * first[0]).log_softmax(-1), (first, hidden[1] * read)


def translator():
    return built(Reader(), Writer(), CPU)


@probe("seq2seq", weight=2)
def as_many_words_as_the_source(rng: Rng):
    return translator()(german(rng, 3, 5))


@probe("seq2seq", weight=2)
def fewer_words_and_more(rng: Rng):
    model = translator()
    return {"fewer": model(german(rng, 2, 7), 3), "more": model(german(rng, 3, 4), 9)}


@probe("seq2seq")
def on_the_device_of_the_source(rng: Rng):
    return german(rng, 2, 3)


@on_the_device_of_the_source.run
def _(Seq2Seq, source, rng):
    """What is made without a word about its device goes to "meta", which holds no numbers."""
    model = rng.fill(Seq2Seq(Reader(), Writer(), CPU))
    with torch.device("meta"):
        return model(source, 4)


@probe("seq2seq", gradients, alone, hidden=True)
def long_and_short_sentences(rng: Rng):
    model = translator()
    return {"long": model(german(rng, 3, 17)), "one word": model(german(rng, 2, 1), 1)}


class Translator(nn.Module):
    """What `teacher_forced` is given."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Reader(), Writer()


@probe("teacher_forced", weight=2)
def three_sentences(rng: Rng):
    return german(rng, 3, 5), rng.integers(3, 4, high=ENGLISH)


@probe("teacher_forced")
def longer_than_the_source(rng: Rng):
    return german(rng, 2, 3), rng.integers(2, 9, high=ENGLISH)


@three_sentences.run
@longer_than_the_source.run
def forced(teacher_forced, inputs, rng):
    """What is said, and the gradients of it."""
    model = rng.fill(Translator())
    said = teacher_forced(model, *inputs)
    loss = weighted_sum(said)
    return said, list(torch.autograd.grad(loss, list(model.parameters()), allow_unused=True))


@probe("teacher_forced", hidden=True)
def one_word_of_one_sentence(rng: Rng):
    return german(rng, 1, 7), rng.integers(1, 1, high=ENGLISH)


@one_word_of_one_sentence.run
def _(teacher_forced, inputs, rng):
    return forced(teacher_forced, inputs, rng)


class Speaker:
    """Log-probabilities that depend on every word so far; EOS is likely enough."""

    def __init__(self, rng: Rng, likelier: float = 1.0) -> None:
        scores = 2 * rng.normal(97, ENGLISH) + likelier * (torch.arange(ENGLISH) == EOS)
        self.logs = scores.log_softmax(-1)

    def __call__(self, beginnings: Tensor) -> Tensor:
        places = torch.arange(1, beginnings.shape[1] + 1)
        return self.logs[(beginnings * places).sum(1) * 7 % 97]


def words_and_score(answer, _):
    """Numbers in a tensor are as good as numbers in a list."""
    return [{"words": [int(n) for n in words], "ln p": float(score)} for words, score in answer]


@probe("beam_search", weight=2, read=words_and_score)
def several_widths(rng: Rng):
    return [call(Speaker(rng), width, 7) for width in (1, 2, 2, 3, 3, 5)]


@probe("beam_search", weight=2, read=words_and_score)
def where_greedy_decoding_finds_more(rng: Rng):
    """A beam of 2 throws the greedy beginning out after two words."""
    first, second, other, left, right = (rng.permutation(ENGLISH - 4)[:5] + 4).tolist()
    p = torch.full((ENGLISH, ENGLISH), 0.1)
    p[SOS, first], p[SOS, other] = 4.0, 3.5
    p[first, second] = 0.5
    p[other, [left, right]] = 9.0
    p[second, EOS] = 99.0
    logs = (p * rng.uniform(ENGLISH, ENGLISH, low=0.97, high=1.03)).log().log_softmax(-1)
    return [call(lambda beginnings: logs[beginnings[:, -1]], 2, 3)]


@probe("beam_search", hidden=True, read=words_and_score)
def few_and_many_words(rng: Rng):
    never = [call(Speaker(rng, -50.0), width, 5) for width in (2, 4)]
    soon = [call(Speaker(rng, likelier), 3, 11) for likelier in (1.0, 2.0, 3.0, 4.0, 5.0)]
    return [*never, *soon, call(Speaker(rng), 30, 3)]


@probe("embeddings", weight=2)
def shorter_than_the_longest(rng: Rng):
    return built(GERMAN, 5, 11)(german(rng, 2, 4))


@probe("embeddings")
def on_the_device_of_the_words(rng: Rng):
    return german(rng, 2, 4)


@on_the_device_of_the_words.run
def _(Embeddings, words, rng):
    """What is made without a word about its device goes to "meta", which holds no numbers."""
    model = rng.fill(Embeddings(GERMAN, 5, 11))
    found = model(words)
    model.positions.register_forward_pre_hook(stands_on_the_cpu)
    with torch.device("meta"):
        return found, model(words).device.type


def stands_on_the_cpu(_, inputs: tuple[Tensor]) -> None:
    if inputs[0].device != CPU:
        raise RuntimeError("the positions do not stand where the words stand")


@probe("embeddings", parameters, gradients, alone, hidden=True)
def every_length(rng: Rng):
    model = built(GERMAN, 3, 7)
    longest = {f"T = {T}": model(german(rng, 2, T)) for T in (7, 1)}
    return longest | {"T = 43": built(GERMAN, 2)(german(rng, 3, 43))}


@probe("multi_head_attention")
def weights_of_both_heads(rng: Rng):
    return rng.normal(2, 4, 5)


@weights_of_both_heads.run
def _(MultiHeadAttention, inputs, rng):
    return rng.fill(MultiHeadAttention(5, 3, 7, 3)).weights(inputs)


@probe("multi_head_attention", weight=2)
def both_heads(rng: Rng):
    return built(5, 3, 7, 3)(rng.normal(2, 4, 5))


@probe("multi_head_attention", gradients, alone, hidden=True)
def gradients_of_both_heads(rng: Rng):
    return built(7, 5, 2, 5)(2 * rng.normal(3, 11, 7))


@probe("feed_forward", weight=2)
def some_positions(rng: Rng):
    return built(5, 7)(rng.normal(2, 4, 5))


@probe("feed_forward", parameters, gradients, alone, hidden=True)
def positions_and_defaults(rng: Rng):
    return {"small": built(7, 3)(rng.normal(3, 11, 7)), "default": built(2)(rng.normal(2, 1, 2))}


@probe("final_layer", weight=2)
def scores(rng: Rng):
    return built(5, ENGLISH)(rng.normal(2, 4, 5))


@probe("final_layer", parameters, gradients, alone, hidden=True)
def large_scores(rng: Rng):
    return built(3, ENGLISH)(9 * rng.normal(3, 11, 3))


class EmbeddingsThere(nn.Module):
    """Stands in for Embeddings."""

    def __init__(self, input_size: int, hidden_dim: int, max_length: int = 43) -> None:
        super().__init__()
        self.tokens = nn.Embedding(input_size, hidden_dim)
        self.positions = nn.Embedding(max_length, hidden_dim)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.tokens(inputs).cumsum(1) + self.positions.weight.mean(0).sin()


class AttentionThere(nn.Module):
    """Stands in for MultiHeadAttention."""

    def __init__(self, hidden_dim: int, dim_k: int = 96, dim_v: int = 96, dim_q: int = 96) -> None:
        super().__init__()
        self.k1 = nn.Linear(hidden_dim, dim_k)
        self.v1 = nn.Linear(hidden_dim, dim_v)
        self.q1 = nn.Linear(hidden_dim, dim_q)

    def forward(self, inputs: Tensor) -> Tensor:
        seen = [layer(inputs).sin().mean(-1, keepdim=True) for layer in (self.k1, self.v1, self.q1)]
        return inputs * seen[0] + seen[1] - 2 * seen[2]


class FeedForwardThere(nn.Module):
    """Stands in for FeedForward."""

    def __init__(self, hidden_dim: int, dim_feedforward: int = 2048) -> None:
        super().__init__()
        self.linear1 = nn.Linear(hidden_dim, dim_feedforward)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.flip(-1) + self.linear1(inputs).cos().mean(-1, keepdim=True)


class FinalLayerThere(nn.Module):
    """Stands in for FinalLayer."""

    def __init__(self, hidden_dim: int, output_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(hidden_dim, output_size)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.linear(inputs).sin()


stand_ins(
    "transformer_translator",
    Embeddings=EmbeddingsThere,
    MultiHeadAttention=AttentionThere,
    FeedForward=FeedForwardThere,
    FinalLayer=FinalLayerThere,
)


@probe("transformer_translator", parameters, weight=2)
def all_parts(rng: Rng):
    sizes = {"hidden_dim": 5, "dim_feedforward": 7, "dim_k": 3, "dim_v": 2, "dim_q": 4}
    return built(GERMAN, ENGLISH, CPU, **sizes, max_length=11)(german(rng, 2, 4))


@probe("transformer_translator")
def on_the_device_that_is_asked_for(rng: Rng):
    return Inputs(device=torch.device("meta"))


@on_the_device_that_is_asked_for.run
def _(TransformerTranslator, inputs):
    model = TransformerTranslator(GERMAN, ENGLISH, inputs.device, 3, 2, 5, 2, 6, 2, 12)
    return {name: parameter.device.type for name, parameter in model.named_parameters()}


@probe("transformer_translator", parameters, gradients, alone, hidden=True)
def gradients_of_all_parts(rng: Rng):
    return built(GERMAN, ENGLISH, CPU, 3, 2, 5, 2, 6, 2, 12)(german(rng, 3, 11))
