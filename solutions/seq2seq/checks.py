"""How each exercise of the translation assignment is judged."""

import torch
from seq2seq import EOS, SOS
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.checks.rules import without
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
    untried,
    weighted_sum,
)

GERMAN = 17  # German words
ENGLISH = 13  # English words
CPU = torch.device("cpu")
LSTM = "".join("LSTM")  # equal to the literal, not the same object


def german(rng: Rng, *shape: int) -> Tensor:
    """Words of all kinds behind a first <sos>, which is the only one."""
    words = rng.integers(*shape, high=GERMAN).clone()
    words[words == SOS] = EOS
    words[:, 0] = SOS
    return words


def dropped(module: nn.Module, *arguments) -> dict[str, object]:
    """What dropout does to the embedded words, and how much else is left to chance."""
    read, layer = [], module.recurrent  # which may be called for every word by itself
    listening = layer.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    module(*arguments)
    words = len(read)
    said = weighted_sum(module.train()(*arguments))
    listening.remove()
    replayed = iter(read[words:])
    layer.register_forward_pre_hook(lambda _, inputs: (next(replayed), *inputs[1:]))
    again = weighted_sum(module.eval()(*arguments))
    plain, masked = torch.cat(read[:words], 1), torch.cat(read[words:], 1)
    embedded = module.embedding(arguments[0])
    kept, ratio = masked != 0, masked / embedded
    means = [kept.float().mean(axis) for axis in range(3) if kept.shape[axis] > 1]
    return {
        "in eval mode": (plain == embedded).float().mean().item(),
        "kept": kept.float().mean().item(),
        "factors": [ratio[kept].min().item(), ratio[kept].max().item()],
        "together": [bool(((mean == 0) | (mean == 1)).all()) for mean in means],
        "behind": (said - again).abs().item(),
    }


def problem_of_dropout(answer) -> str | None:
    """What speaks against a dropout of a quarter."""
    if answer["in eval mode"] < 1:
        return "in eval mode the recurrent layer does not read the embedded words as they are"
    # 6000 numbers: six standard deviations are 0.034, by chance less than once in 10⁸ times
    if abs(answer["kept"] - 0.75) > 0.04:
        share = 1 - answer["kept"]
        return f"{share:.0%} of the embedded words' numbers are dropped instead of a quarter"
    if max(abs(factor - 4 / 3) for factor in answer["factors"]) > 1e-3:
        return "what is not dropped is not the embedded words times 1/(1 − p)"
    if any(answer["together"]):
        return "numbers are dropped together, in every word or sentence the same; each falls alone"
    behind = answer["behind"] > 1e-3
    return "something else than the embedded words is dropped in training mode" if behind else None


@probe("encoder", weight=2)
def rnn(rng: Rng, N=5, T=4):
    return built(GERMAN, 3, 7, 2, 0.0)(german(rng, N, T))


@probe("encoder", weight=2)
def lstm_with_another_size(rng: Rng):
    return built(GERMAN, 2, 7, 9, 0.0, model_type=LSTM)(german(rng, 5, 3))


@probe("encoder", parameters, gradients, alone)
def gradients_of_both_kinds(rng: Rng):
    kinds = {kind: built(GERMAN, 4, 7, 5, 0.0, kind) for kind in ("RNN", LSTM)}
    return {kind: model(german(rng, 3, 5)) for kind, model in kinds.items()}


@probe("encoder")
def what_is_dropped(rng: Rng):
    return german(rng, 30, 20)


@what_is_dropped.run
def _(Encoder, source, rng):
    return dropped(rng.fill(Encoder(GERMAN, 10, 2, 3, dropout=0.25)), source)


@what_is_dropped.law
def _(answer, _):
    return problem_of_dropout(answer)


@probe("compute_attention", gradients, weight=2)
def several_positions(rng: Rng, N=3, T=7):
    return call(rng.normal(1, N, 5), rng.normal(N, T, 5))


@probe("compute_attention")
def long_and_short_vectors(rng: Rng):
    query, keys = (F.normalize(rng.normal(*shape), dim=-1) for shape in ((1, 2, 7), (2, 4, 7)))
    return call(100 * query, 0.2 * keys)


@probe("compute_attention")
def vectors_of_zeros(rng: Rng):
    hidden, outputs = rng.normal(1, 2, 3).clone(), rng.normal(2, 4, 3).clone()
    hidden[0, 1] = outputs[0, 2] = 0
    return hidden, outputs


@vectors_of_zeros.run
def _(compute_attention, inputs):
    return compute_attention(*inputs)  # without gradients, which zeros have not


def mixed(hidden: Tensor, encoder_outputs: Tensor) -> Tensor:
    """Stands in for compute_attention."""
    return (encoder_outputs.cumsum(1).mean(-1) + hidden.sum(-1).T)[:, None] / 9


stand_ins("decoder", compute_attention=mixed)


def step(rng: Rng, N: int, E: int, D: int, T: int, kind: str = "RNN") -> tuple:
    states = rng.normal(1, N, D), rng.normal(1, N, D)
    state = states if kind == LSTM else states[0]
    return rng.integers(N, 1, high=ENGLISH), state, rng.normal(N, T, E)


@probe("decoder")
def rnn_without_attention(rng: Rng):
    return built(5, 7, 3, ENGLISH, 0.0)(*step(rng, 2, 7, 3, 4)[:2])


@probe("decoder", weight=2)
def rnn_with_attention(rng: Rng, N=2, T=4):
    return built(5, 3, 7, ENGLISH, 0.0, attention=True)(*step(rng, N, 3, 7, T))


@probe("decoder", weight=2)
def lstm_with_attention(rng: Rng):
    return built(5, 7, 3, ENGLISH, 0.0, LSTM, attention=True)(*step(rng, 3, 7, 3, 5, LSTM))


@probe("decoder", parameters, gradients)
def one_sentence_of_each_kind(rng: Rng):
    return {
        f"{kind}, attention={attention}": built(4, 5, 3, ENGLISH, 0.0, kind, attention)(
            *step(rng, 1, 5, 3, 4, kind)
        )
        for kind in ("RNN", LSTM)
        for attention in (False, True)
    }


@probe("decoder")
def gradients_of_both_states(rng: Rng):
    return step(rng, 2, 7, 3, 4, LSTM)


@gradients_of_both_states.run
def _(Decoder, inputs, rng):
    word, states, outputs = inputs
    states = tuple(state.clone().requires_grad_() for state in states)
    said = rng.fill(Decoder(5, 7, 3, ENGLISH, 0.0, LSTM, attention=True))(word, states, outputs)
    return torch.autograd.grad(weighted_sum(said), states, allow_unused=True)


@probe("decoder")
def what_the_decoder_drops(rng: Rng):
    return rng.integers(600, 1, high=ENGLISH), rng.normal(1, 600, 3)


@what_the_decoder_drops.run
def _(Decoder, inputs, rng):
    return dropped(rng.fill(Decoder(10, 2, 3, ENGLISH, dropout=0.25)), *inputs)


@what_the_decoder_drops.law
def _(answer, _):
    return problem_of_dropout(answer)


class Reader(nn.Module):
    """Stands in for an encoder, with a pair of states, as an LSTM has them, or with one."""

    def __init__(self, *, pair: bool = True) -> None:
        super().__init__()
        self.embedding, self.pair = nn.Embedding(GERMAN, 3), pair

    def forward(self, source: Tensor) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
        outputs = self.embedding(source).cumsum(1)
        first, second = outputs[None, :, -1], outputs[None, :, 0]
        return outputs, (first, second) if self.pair else first


class Writer(nn.Module):
    """Stands in for a decoder: what it says depends on all that it has read."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(GERMAN, 3)
        self.linear = nn.Linear(3, ENGLISH)
        often = 1.5 * F.one_hot(torch.tensor(EOS), ENGLISH)  # which stops nothing
        self.register_buffer("often", often, persistent=False)

    def forward(self, input: Tensor, hidden, encoder_outputs: Tensor | None = None):
        if input.shape != (len(encoder_outputs), 1):
            raise ValueError(f"a decoder reads (N, 1) words, not {tuple(input.shape)}")
        read = self.embedding(input).transpose(0, 1)  # (1, N, 3)
        pair = isinstance(hidden, tuple)
        first = ((hidden[0] if pair else hidden) + 2 * read + encoder_outputs.mean(1)).sin()
        scores = self.linear(3 * first[0]) + self.often
        return scores.log_softmax(-1), (first, hidden[1] * read) if pair else first


def translator(*, pair: bool = True):
    return built(Reader(pair=pair), Writer(), CPU)


@probe("seq2seq", weight=2)
def as_many_words_as_the_source(rng: Rng, N=5, T=4):
    return translator()(german(rng, N, T))


@probe("seq2seq", gradients, alone, weight=2)
def fewer_words_and_more(rng: Rng):
    more = translator(pair=False)(german(rng, 5, 4), 19)
    return {"fewer": translator()(german(rng, 2, 7), 3), "more, with one state": more}


@probe("seq2seq")
def on_the_device_of_the_source(rng: Rng):
    return german(rng, 5, 3)


@on_the_device_of_the_source.run
def _(Seq2Seq, source, rng):
    """What is made without a word about its device goes to "meta", which holds no numbers."""
    model = rng.fill(Seq2Seq(Reader(), Writer(), CPU))
    with torch.device("meta"):
        return model(source, 6).device.type


class Translator(nn.Module):
    """What `teacher_forced` is given."""

    def __init__(self, *, pair: bool = True) -> None:
        super().__init__()
        self.encoder, self.decoder = Reader(pair=pair), Writer()


@probe("teacher_forced", weight=2)
def three_sentences(rng: Rng, N=3, T=5, t=4):
    model = rng.fill(Translator())
    return call(model, german(rng, N, T), rng.integers(N, t, high=ENGLISH))


@probe("teacher_forced")
def longer_than_the_source(rng: Rng):
    return german(rng, 2, 3), rng.integers(2, 19, high=ENGLISH)


@longer_than_the_source.run
def _(teacher_forced, inputs, rng):
    """What is said with one state, and the gradients of it."""
    model = rng.fill(Translator(pair=False))
    said = teacher_forced(model, *inputs)
    loss = weighted_sum(said)
    return said, list(torch.autograd.grad(loss, list(model.parameters()), allow_unused=True))


class Language:
    """Log-probabilities that the last word decides, and a little all words before it.

    `likely` says with what probabilities words follow each other, as letters: ^ begins, "." ends.
    """

    def __init__(self, rng: Rng, likely: dict[str, dict[str, float]]) -> None:
        number = dict(zip("abcdefgh", (rng.permutation(ENGLISH - 4) + 4).tolist(), strict=False))
        number |= {"^": SOS, ".": EOS}
        shares = torch.full((ENGLISH, ENGLISH), 1e-3)
        for last, following in likely.items():
            for word, share in following.items():
                shares[number[last], number[word]] = share
        self.logs, self.little = shares.log(), rng.uniform(97, ENGLISH, high=0.04)

    def __call__(self, beginnings: Tensor) -> Tensor:
        heard = (beginnings * (torch.arange(beginnings.shape[1]) + 1)).sum(1) * 7 % 97
        return (self.logs[beginnings[:, -1]] + self.little[heard]).log_softmax(-1)


ON = {"e": {"f": 1}, "f": {"f": 1}, ".": {"f": 1}}  # what never ends
SHORT = {
    "^": {"a": 0.52, "b": 0.48},
    "a": {"c": 0.3, "d": 0.33, "e": 0.37},
    "b": {".": 0.55, "g": 0.45},
    "g": {"f": 1},
} | ON
SURE = {"^": {"a": 0.52, "b": 0.48}, "a": {"c": 0.2, "d": 0.2, "e": 0.25}, "b": {".": 0.9}} | ON
ENDS = {"^": {"a": 0.6, "b": 0.4}, "a": {".": 0.9}, "b": {".": 0.9}}  # all that are kept, early
AHEAD = {
    "^": {"a": 0.5, "b": 0.3, "c": 0.2},
    "a": dict.fromkeys("cdgh", 0.2),
    "b": {"e": 0.9},
    "c": {".": 0.9},
    "d": {"f": 1},
} | ON
LONG = {"^": {"a": 0.6, "b": 0.4}, "a": {"e": 0.9}, "b": {".": 0.9}} | ON
THIRD = {
    "^": {"a": 0.4, "b": 0.35, "c": 0.25},
    "a": {"e": 0.6, "f": 0.4},
    "b": {"e": 0.6, "f": 0.4},
    "c": {".": 1},
} | ON
GREEDY = {
    "^": {"a": 0.47, "b": 0.41},
    "a": {"c": 0.3, **dict.fromkeys("defgh", 0.1)},
    "b": {"d": 0.5, "e": 0.5},
    "c": {".": 1},
}
LOST = {  # of "ac", "be" and "ad" a beam of 2 loses the last, which would win
    "^": {"a": 0.55, "b": 0.45},
    "a": {"c": 0.6, "d": 0.4},
    "b": {"e": 0.6, "f": 0.4},
    "c": {"g": 0.4, "h": 0.3, "d": 0.3},
    "d": {".": 1},
    "e": {"g": 0.6, "h": 0.4},
    "f": {".": 1},
}
WAITS = {  # "b." is over, the last of two, and wins in the end
    "^": {"a": 0.6, "b": 0.4},
    "a": {"e": 0.9},
    "b": {".": 0.9},
    "e": {"c": 0.4, "d": 0.3, "f": 0.3},
}
AT_ONCE = {  # the end at once is the likeliest, and yet the least for each word
    "^": {"a": 0.6, ".": 0.3, "g": 0.1},
    "a": {"b": 0.6, "c": 0.4},
    "b": {"d": 0.6, "e": 0.4},
    "d": {".": 1},
    "e": {".": 1},
    "c": {"f": 1},
}
RARE = {  # the third word wins in the end
    "^": {"a": 0.4, "b": 0.35, "c": 0.25},
    "a": {"e": 0.5, "f": 0.5},
    "b": {"e": 0.5, "f": 0.5},
    "c": {".": 1},
}


def words_and_score(answer, _):
    """Numbers in a tensor are as good as numbers in a list."""
    return [{"words": [int(n) for n in words], "ln p": float(score)} for words, score in answer]


@probe("beam_search", weight=3, read=words_and_score)
def several_widths(rng: Rng):
    asked = [
        (SHORT, 2, 6),
        (SHORT, 1, 6),
        (SURE, 2, 3),
        (ENDS, 2, 5),
        (AHEAD, 3, 4),
        (LONG, 2, 5),
        (THIRD, 2, 4),
        (THIRD, 3, 4),
        (LOST, 2, 3),
        (WAITS, 2, 3),
        (AT_ONCE, 2, 4),
        (RARE, 3, 2),
    ]
    return [call(Language(rng, likely), *rest) for likely, *rest in asked]


@probe("beam_search", read=words_and_score)
def wider_than_all_words(rng: Rng):
    return [call(Language(rng, SHORT), 30, 3), call(Language(rng, LONG), 14, 1)]


@probe("beam_search", weight=2, read=words_and_score)
def where_greedy_decoding_finds_more(rng: Rng):
    """A beam of 2 throws the greedy beginning out after two words."""
    return [call(Language(rng, GREEDY), 2, 3)]


def not_built(*sizes, **names):
    """Stands in for models, whose costs are to be worked out, not counted."""
    raise TypeError("work out a formula, without building a model")


stand_ins("seq2seq_costs", Encoder=not_built, Decoder=not_built, Seq2Seq=not_built)
rules("seq2seq_costs", without("counts", "FlopCounterMode", "flop_counter"))


COUNTED_PARTS = "embeddings", "encoder", "decoder", "softmax"


def calls_of_several_sizes(rng: Rng):
    """Sizes that are all different, so that one in the place of another shows; one word, too."""
    sizes = [(rng.permutation(9)[:7] + 2).tolist() for _ in range(5)]
    sizes[0][6] = 1
    return [call(*seven) for seven in sizes]


def column(place: int, name: str):
    """One of the three numbers of each part, of whatever type; else an answer of another form."""

    def read(answers, _):
        others = [
            a
            for a in answers
            if a is not None and not (isinstance(a, dict) and {*a} == {*COUNTED_PARTS})
        ]
        if others:
            return others[0]
        if any(len(row) != 3 for answer in answers for row in answer.values()):
            raise ValueError("three numbers belong to each part")
        rows = {part: [float(answer[part][place]) for answer in answers] for part in COUNTED_PARTS}
        return {part: {name: torch.tensor(r, dtype=torch.float64)} for part, r in rows.items()}

    return read


@probe("seq2seq_costs", weight=0.75, read=column(0, "parameters"))
def what_they_learn(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("seq2seq_costs", weight=0.75, read=column(1, "FLOPs"))
def what_they_compute(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("seq2seq_costs", weight=0.5, read=column(2, "handed on"))
def what_they_hand_on(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("embeddings", weight=2)
def shorter_than_the_longest(rng: Rng, N=2, T=4, H=5):
    return built(GERMAN, H, 11)(german(rng, N, T))


@probe("embeddings", parameters, gradients, alone)
def every_length(rng: Rng):
    model = built(GERMAN, 3, 7)
    lengths = {f"T = {T}": model(german(rng, 2, T)) for T in (7, 1)}
    return lengths | {"T = 43": built(GERMAN, 2)(german(rng, 3, 43))}


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


untried("multi_head_attention", gradients="keys' biases have none but rounding; compared by name")


@probe("multi_head_attention")
def weights_of_both_heads(rng: Rng):
    return rng.normal(3, 4, 5)


@weights_of_both_heads.run
def _(MultiHeadAttention, inputs, rng):
    return rng.fill(MultiHeadAttention(5, 2, 7, 2)).weights(inputs)


@probe("multi_head_attention", parameters, gradients, alone, weight=2)
def both_heads(rng: Rng, N=11, T=4, k=2, v=7):
    return built(5, k, v, k)(rng.normal(N, T, 5))


@probe("feed_forward", weight=2)
def some_positions(rng: Rng, N=2, T=4, inner=7):
    return built(5, inner)(rng.normal(N, T, 5))


@probe("feed_forward", parameters, gradients, alone)
def narrow_and_as_wide_as_by_default(rng: Rng):
    return {"narrow": built(7, 4)(rng.normal(3, 11, 7)), "default": built(3)(rng.normal(2, 1, 3))}


@probe("final_layer", parameters, gradients, alone)
def scores(rng: Rng, N=2, T=4, H=5):
    return built(H, ENGLISH)(rng.normal(N, T, H))


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
def all_parts(rng: Rng, N=2, T=4):
    sizes = {"hidden_dim": 5, "dim_feedforward": 7, "dim_k": 3, "dim_v": 2, "dim_q": 4}
    return built(GERMAN, ENGLISH, CPU, **sizes, max_length=11)(german(rng, N, T))


@probe("transformer_translator", parameters, gradients, alone)
def sizes_by_their_order(rng: Rng):
    return built(GERMAN, ENGLISH, CPU, 3, 2, 5, 2, 6, 2, 12)(german(rng, 3, 11))


@probe("transformer_translator")
def on_the_device_that_is_asked_for(rng: Rng):
    return Inputs(device=torch.device("meta"))


@on_the_device_that_is_asked_for.run
def _(TransformerTranslator, inputs):
    model = TransformerTranslator(GERMAN, ENGLISH, inputs.device, 3, 2, 5, 2, 6, 2, 12)
    return {name: parameter.device.type for name, parameter in model.named_parameters()}
