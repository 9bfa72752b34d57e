# %% [markdown]
# # Pig Latin: a Transformer that translates
#
# You will write the forward passes of two Transformers, an **encoder–decoder** and a **decoder-only** model, the
# tensors that the second one is trained on, greedy decoding, and decoding that keeps keys and values instead of
# computing them again. Both models learn to translate English words into pig Latin, letter by letter, from
# examples. Then you compare five training runs, which differ in one thing at a time, take the positions away, count what
# a step of decoding costs, and hand in your best model.
#
# Everything is here: words, models and training need no download. Plan five hours for the exercises and the
# written answers. The trainings use a GPU where there is one; on one CPU core the whole notebook takes
# about three minutes, trainings included. Every exercise stands on its own: a mistake in one costs no points in another.
#
# | letter | axis |
# |---|---|
# | `N` | words in a batch |
# | `s`, `t` | positions of a source and of a target, each with its last token |
# | `T` | positions of any sequence |
# | `h` | hidden size: numbers at one position |
# | `V` | tokens of the vocabulary, 30 |
# | `L` | layers |
#
# {points}

# %%
import math
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from autograder import Artefact, check, submit, summary
from autograder.checks.rng import Rng
from autograder.tools import diagrams
from autograder.tools.accounting import counts, side_by_side
from autograder.tools.device import device
from autograder.tools.pig_latin import held_out_words, translate, words
from autograder.tools.plots import heat_map
from autograder.tools.saving import save_model

# %% [markdown]
# In the end you will have built this encoder–decoder, with all names as below. The decoder-only model is its right half
# alone, without the attention to the encoder: it reads the word itself before it writes.

# %% look
diagrams.encoder_decoder()

# %% [markdown]
# ## 1 The task
#
# Pig Latin is a game with English words. The rule, word by word:
#
# - a word that begins with a **vowel** gets "way": `apple` → `appleway`;
# - otherwise **all** consonants before the first vowel move to the end, and "ay" follows: `cat` → `atcay`,
#   `street` → `eetstray`; `qu` moves as one: `queen` → `eenquay`;
# - `y` is a consonant at the beginning and a vowel elsewhere: `yes` → `esyay`, `my` → `ymay`;
# - the parts of a word with a hyphen are translated apart: `well-known` → `ellway-ownknay`.
#
# `translate` knows it. The models will not be told: they see pairs.
#
# The words come from SCOWL, which sorts English words by how common they are (its licence lies beside the words in
# the package). The **small** data set has 3198 common words, the **large** one 22 402, with the small ones among
# them; of each four fifths are for training and the rest for validation. 775 more common words are **held out**.
# No word is in two parts. All models below, whatever they are trained on, are validated with the *same* words, the
# 640 of the small set; otherwise their losses could not be compared.

# %%
LETTERS = "abcdefghijklmnopqrstuvwxyz-"
SOS = 27  # start of sequence
EOS = 28  # end of sequence
EOP = 29  # end of prompt
VOCABULARY = (*LETTERS, "SOS", "EOS", "EOP")
LONGEST = 21  # tokens of a translation, with EOS


def tokens_of(word: str) -> list[int]:
    """The numbers of a word's letters in the vocabulary."""
    return [LETTERS.index(letter) for letter in word]


def text_of(tokens: Tensor) -> str:
    """The letters before the first EOS, or all; other tokens as their names."""
    text = tokens.tolist()
    end = text.index(EOS) if EOS in text else len(text)
    return "".join(VOCABULARY[token] for token in text[:end])


class Batch(NamedTuple):
    """Words of one length whose translations have one length too, so that nothing is padded."""

    source: Tensor  # (N, s − 1), the letters alone
    target_EOS: Tensor  # (N, t), the letters of the translation and EOS

    def to(self, where: torch.device) -> "Batch":
        return Batch(self.source.to(where), self.target_EOS.to(where))


def grouped(english: list[str]) -> list[Batch]:
    """Words and their translations as tokens, a batch for each pair of lengths."""
    groups = defaultdict(list)
    for word in english:
        pair = tokens_of(word), [*tokens_of(translate(word)), EOS]
        groups[len(pair[0]), len(pair[1])].append(pair)
    return [
        Batch(*map(torch.tensor, zip(*pairs, strict=True))) for _, pairs in sorted(groups.items())
    ]


def followed_by(tokens: Tensor, end: int) -> Tensor:
    """Tokens (N, T) with one more at the end of each row: (N, T + 1)."""
    return F.pad(tokens, (0, 1), value=end)


# %% look
for size in ("small", "large"):
    print(size, {part: len(words(size, part)) for part in ("training", "validation")})
for word in words("small", "training")[:6]:
    print(f"{word:12} {translate(word):15} {tokens_of(word)}")

# %% [markdown]
# Before any training, two translators that learn nothing. Adding "ay" to every word is right only for words without
# a vowel, such as `hmm`; adding "way" is right for words with a vowel in front. The rule itself is always right.
# Whatever you train lies between these lines. Expect 0.0 %, 21.4 % and 100.0 %.


# %%
def share_right(translator: Callable[[str], str], english: list[str]) -> float:
    """The share of words whose translation is right."""
    return sum(translator(word) == translate(word) for word in english) / len(english)


# %% look
NAIVE = {
    'copy + "ay"': lambda word: word + "ay",
    'copy + "way"': lambda word: word + "way",
    "the rule": translate,
}
for name, translator in NAIVE.items():
    print(f"{name:14} {share_right(translator, words('small', 'validation')):.1%} of the words")

# %% [markdown]
# ### 1.1 `perplexity`
#
# 3 points · difficulty ●○○ · importance ●●● · 10 minutes · about 2 lines
#
# A language model is measured by the mean of $-\ln p(\text{right token})$ over all tokens, its **cross-entropy**
# $H$, or by the **perplexity** $e^H$: among how many equally likely tokens it hesitates. A model that knows nothing
# has perplexity $V$, one that is always right and sure has 1
# ([Jelinek et al., 1977](https://doi.org/10.1121/1.2016299)).
#
# A batch has its own mean, $H_i$, over its own number of tokens, $n_i$. The perplexity of all batches together is
#
# $$\exp\left(\frac{\sum_i n_i H_i}{\sum_i n_i}\right).$$
#
# Batches of long words have more tokens, and the last batch of an epoch has fewer words; so the mean of the
# means is something else.


# %% solution="perplexity"
def perplexity(losses: Tensor, tokens: Tensor) -> Tensor:
    """The perplexity (a number, shape ()) of batches with mean losses (b,) over so many tokens (b,)."""
    ### BEGIN SOLUTION
    mean = (losses * tokens).sum() / tokens.sum()
    return mean.exp()
    ### END SOLUTION


# %% check="perplexity" points=3
check("perplexity", perplexity)

# %% [markdown]
# <details><summary>The error is small, but not small enough</summary>
#
# The mean of the perplexities is not the perplexity of the mean, and short batches must not count as much as long
# ones.
# </details>
#
# What does one know about a letter without reading the word? Expect 30.0 where all tokens are equally likely, and
# 17.4 for one who knows how frequent each is in translations.


# %% look
def surprise(probabilities: Tensor, batch: Batch) -> tuple[float, int]:
    """The mean of −log p over the tokens of a batch, for one distribution (V,), and their number."""
    return -probabilities[batch.target_EOS].log().mean().item(), batch.target_EOS.numel()


every_token = torch.cat([b.target_EOS.flatten() for b in grouped(words("small", "training"))])
frequencies = (every_token.bincount(minlength=len(VOCABULARY)) + 1).float()
for name, often in (("equally likely", torch.ones(30)), ("frequencies", frequencies)):
    found = [surprise(often / often.sum(), b) for b in grouped(words("small", "validation"))]
    print(f"{name:15} perplexity {perplexity(*map(torch.tensor, zip(*found, strict=True))):.1f}")

# %% [markdown]
# ## 2 The parts
#
# Attention is given here, so that a mistake in another assignment costs nothing in this one. With `causal=True` the
# queries are the **last** `K` of the `S` positions, and none of them sees a later key. Where `K` and `S` are equal,
# this is the usual triangle; with fewer queries than keys it is what you need in part 6.
#
# Position encodings are 1000 rows, computed once; a sequence needs as many rows as it has positions. Attention and
# encodings are those of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), with one head.


# %%
def attend(
    query: Tensor, key: Tensor, value: Tensor, causal: bool = False
) -> tuple[Tensor, Tensor]:
    """Context (N, K, h) and weights (N, K, S) for query (N, K, h), key and value (N, S, h)."""
    scores = query @ key.mT / query.shape[-1] ** 0.5  # (N, K, S)
    if causal:
        K, S = scores.shape[1:]
        later = torch.ones(K, S, dtype=torch.bool, device=scores.device).triu(1 + S - K)
        scores = scores.masked_fill(later, -math.inf)
    weights = scores.softmax(dim=-1)
    return weights @ value, weights


class Attention(nn.Module):
    """One head: what comes in becomes queries, keys and values."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.Q = nn.Linear(hidden_size, hidden_size)
        self.K = nn.Linear(hidden_size, hidden_size)
        self.V = nn.Linear(hidden_size, hidden_size)

    def forward(
        self, queries: Tensor, keys: Tensor, values: Tensor, causal: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Queries (N, K, h), keys and values (N, S, h) → context (N, K, h) and weights (N, K, S)."""
        return attend(self.Q(queries), self.K(keys), self.V(values), causal)


def mlp(hidden_size: int) -> nn.Module:
    """A linear layer and a rectifier, for each position alone."""
    return nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.ReLU())


def layers_of(part: Callable[[int], nn.Module], hidden_size: int, num_layers: int) -> nn.ModuleList:
    return nn.ModuleList(part(hidden_size) for _ in range(num_layers))


def position_encodings(hidden_size: int, length: int = 1000) -> Tensor:
    """Sine in even columns and cosine in odd ones, from fast to slow: (length, h)."""
    column = torch.arange(hidden_size)
    angles = torch.arange(length)[:, None] / 10000 ** ((column - column % 2) / hidden_size)
    return torch.where(column % 2 == 0, angles.sin(), angles.cos())


# %% [markdown]
# ## 3 The encoder–decoder
#
# One network reads, another one writes ([Sutskever et al., 2014](https://arxiv.org/abs/1409.3215)), and looks at what
# was read while it writes ([Bahdanau et al., 2014](https://arxiv.org/abs/1409.0473)). Both are Transformers here.
#
# ### 3.1 `Encoder`
#
# 4 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 6 lines
#
# The encoder reads the source, `cat` and `EOS`, and makes a vector for each position, its **annotation**. First the
# embedded token plus the position encoding, $x = E + P$; then in each layer
#
# $$x \leftarrow x + \mathrm{Attention}(x, x, x), \qquad x \leftarrow x + \mathrm{MLP}(x) .$$
#
# Every position sees every other one. `__init__` is given; there is no normalisation and no dropout. Take as
# many rows of `self.positional_encodings` as there are positions.


# %% solution="encoder"
class Encoder(nn.Module):
    """Source tokens (N, s) to annotations (N, s, h)."""

    def __init__(self, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(VOCABULARY), hidden_size)
        self.self_attentions = layers_of(Attention, hidden_size, num_layers)
        self.attention_mlps = layers_of(mlp, hidden_size, num_layers)
        encodings = position_encodings(hidden_size)  # (1000, h)
        self.register_buffer("positional_encodings", encodings, persistent=False)

    def forward(self, source: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        x = self.embedding(source) + self.positional_encodings[: source.shape[1]]  # (N, s, h)
        for attention, own_mlp in zip(self.self_attentions, self.attention_mlps, strict=True):
            context, _ = attention(x, x, x)
            x = x + context
            x = x + own_mlp(x)
        return x
        ### END SOLUTION


# %% check="encoder" points=4
check("encoder", Encoder)

# %% [markdown]
# <details><summary>"The size of tensor a (5) must match the size of tensor b (1000)"</summary>
#
# There are 1000 encodings and 5 positions. Which rows belong to the 5?
# </details>
#
# ### 3.2 `Decoder`
#
# 6 points · difficulty ●●○ · importance ●●○ · 25 minutes · about 9 lines
#
# The decoder reads the translation so far, which begins with `SOS`, and scores the next letter at each position.
# In each layer it looks at itself, then at the annotations, then come the MLPs:
#
# $$y \leftarrow y + \mathrm{Attention}_{\text{self}}(y, y, y)\ \text{(causal)}, \quad
# y \leftarrow y + \mathrm{Attention}_{\text{encoder}}(y, a, a), \quad y \leftarrow y + \mathrm{MLP}(y) .$$
#
# Both attentions have their own layers. While training, the whole right translation goes in at once; the causal
# mask keeps a position from seeing the letters that it has to predict.
#
# Return the scores of `self.out`, and the weights of the attention to the encoder in each layer, stacked along a
# new first axis: `(L, N, t, s)`. The weights are for looking at: they need no gradients.


# %% solution="decoder"
class Decoder(nn.Module):
    """The translation so far (N, t) and annotations (N, s, h) to scores for the next tokens."""

    def __init__(self, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(VOCABULARY), hidden_size)
        self.self_attentions = layers_of(Attention, hidden_size, num_layers)
        self.encoder_attentions = layers_of(Attention, hidden_size, num_layers)
        self.attention_mlps = layers_of(mlp, hidden_size, num_layers)
        self.out = nn.Linear(hidden_size, len(VOCABULARY))
        encodings = position_encodings(hidden_size)  # (1000, h)
        self.register_buffer("positional_encodings", encodings, persistent=False)

    def forward(self, inputs: Tensor, annotations: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (N, t, V) and weights on the source (L, N, t, s)."""
        ### BEGIN SOLUTION
        y = self.embedding(inputs) + self.positional_encodings[: inputs.shape[1]]  # (N, t, h)
        layers = zip(
            self.self_attentions, self.encoder_attentions, self.attention_mlps, strict=True
        )
        on_source = []
        for self_attention, encoder_attention, own_mlp in layers:
            y = y + self_attention(y, y, y, causal=True)[0]
            context, weights = encoder_attention(y, annotations, annotations)  # weights (N, t, s)
            y = y + context
            y = y + own_mlp(y)
            on_source.append(weights)
        return self.out(y), torch.stack(on_source)
        ### END SOLUTION


# %% check="decoder" points=6
check("decoder", Decoder)

# %% [markdown]
# <details><summary>"wrong shape at output[1]"</summary>
#
# Which attention has `t` queries and `s` keys? And what does `torch.stack` do with a list of `L` tensors?
# </details>
#
# Encoder and decoder together are the first model. In training, the decoder's inputs are `SOS` and the target
# without its last token, so that at every position the target's token is the one to predict.


# %%
class EncoderDecoder(nn.Module):
    """Source (N, s) with EOS and the translation so far (N, t) to scores for the next tokens."""

    def __init__(self, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.encoder = Encoder(hidden_size, num_layers)
        self.decoder = Decoder(hidden_size, num_layers)

    def forward(self, source: Tensor, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (N, t, V) and weights on the source (L, N, t, s)."""
        return self.decoder(inputs, self.encoder(source))


# %% look
some = grouped(words("small", "validation"))[12]
model = EncoderDecoder(hidden_size=64, num_layers=3)
scores, weights = model(
    followed_by(some.source, EOS), F.pad(some.target_EOS[:, :-1], (1, 0), value=SOS)
)
print(f"{sum(p.numel() for p in model.parameters())} parameters")
print("scores", tuple(scores.shape), " weights", tuple(weights.shape))

# %% [markdown]
# Expect 143070 parameters.
#
# ## 4 The decoder-only model
#
# One stack of layers does both: it reads the source, then `EOP`, the end of the prompt, and goes on with the
# translation ([Liu et al., 2018](https://arxiv.org/abs/1801.10198), were the first with such a Transformer). It is
# trained as a language model on sequences
#
# `SOS c a t EOP a t c a y EOS`.
#
# ### 4.1 `generate_tensors_for_training_decoder_nmt`
#
# 5 points · difficulty ●○○ · importance ●●○ · 15 minutes · about 3 lines
#
# Make from a batch of sources that end with `EOP` and of targets that end with `EOS` what the model reads, and what it
# shall say at each position:
#
# | | | | | | | | | | |
# |---|---|---|---|---|---|---|---|---|---|
# | `SOS_src_EOP_tgt` | `SOS` | `c` | `a` | `t` | `EOP` | `a` | `t` | `c` | … |
# | `src_EOP_tgt_EOS` | `c` | `a` | `t` | `EOP` | `a` | `t` | `c` | `a` | … |
#
# Both are integers of shape `(N, s + t)`, and stand on the device where the batch stands.


# %% solution="generate_tensors_for_training_decoder_nmt"
def generate_tensors_for_training_decoder_nmt(
    src_EOP: Tensor, tgt_EOS: Tensor, start_token: int
) -> tuple[Tensor, Tensor]:
    """SOS_src_EOP_tgt and src_EOP_tgt_EOS, both (N, s + t), for src_EOP (N, s) and tgt_EOS (N, t)."""
    ### BEGIN SOLUTION
    src_EOP_tgt_EOS = torch.cat([src_EOP, tgt_EOS], dim=1)
    sos = torch.full_like(src_EOP[:, :1], start_token)
    SOS_src_EOP_tgt = torch.cat([sos, src_EOP, tgt_EOS[:, :-1]], dim=1)
    return SOS_src_EOP_tgt, src_EOP_tgt_EOS
    ### END SOLUTION


# %% check="generate_tensors_for_training_decoder_nmt" points=5
check("generate_tensors_for_training_decoder_nmt", generate_tensors_for_training_decoder_nmt)

# %% [markdown]
# <details><summary>"Tensor on device cpu is not on the expected device meta"</summary>
#
# On a GPU the batch stands there, and a new tensor stands on the CPU unless you say `device=…`. The check does it the
# other way round: the batch stands on the CPU, and new tensors go to "meta". What is made from the batch stands where
# the batch stands (`torch.full_like`, `new_full`, `F.pad`).
# </details>

# %% look
inputs, targets = generate_tensors_for_training_decoder_nmt(
    torch.tensor([[*tokens_of("cat"), EOP]]), torch.tensor([[*tokens_of("atcay"), EOS]]), SOS
)
for name, tokens in (("reads", inputs), ("says", targets)):
    print(f"{name:6}", *(f"{VOCABULARY[token]:>3}" for token in tokens[0]))

# %% [markdown]
# ### 4.2 `DecoderOnly`
#
# 7 points · difficulty ●●○ · importance ●●● · 20 minutes · about 8 lines
#
# The forward pass has the same layers as before, without an encoder to look at. Here too the attention is causal, and
# only as many position encodings are added as there are positions. Return scores, not probabilities, and the
# weights of all layers, stacked: `(L, N, T, T)`.


# %% solution="decoder_only"
class DecoderOnly(nn.Module):
    """Tokens (N, T) to scores for the next token at each position."""

    def __init__(self, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(VOCABULARY), hidden_size)
        self.self_attentions = layers_of(Attention, hidden_size, num_layers)
        self.attention_mlps = layers_of(mlp, hidden_size, num_layers)
        self.out = nn.Linear(hidden_size, len(VOCABULARY))
        encodings = position_encodings(hidden_size)  # (1000, h)
        self.register_buffer("positional_encodings", encodings, persistent=False)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (N, T, V) and weights (L, N, T, T)."""
        ### BEGIN SOLUTION
        x = self.embedding(inputs) + self.positional_encodings[: inputs.shape[1]]  # (N, T, h)
        all_weights = []
        for attention, own_mlp in zip(self.self_attentions, self.attention_mlps, strict=True):
            context, weights = attention(x, x, x, causal=True)
            x = x + context
            x = x + own_mlp(x)
            all_weights.append(weights)
        return self.out(x), torch.stack(all_weights)
        ### END SOLUTION


# %% check="decoder_only" points=7
check("decoder_only", DecoderOnly)

# %% [markdown]
# <details><summary><code>no_future</code> fails</summary>
#
# A later token changed an earlier score. What does `attention` do by default, and what must it do here?
# </details>
#
# How much can a position know? Change the token at position 4 of a sequence: scores before it must not move. Expect
# zeros at positions 0 to 3, and something else from there on.

# %% look
torch.manual_seed(0)
model = DecoderOnly(hidden_size=64, num_layers=3)
before = torch.tensor([[SOS, *tokens_of("street"), EOP]])
after = before.clone()
after[0, 4] = LETTERS.index("a")
moved = (model(before)[0] - model(after)[0]).abs().amax(-1)[0]
print("largest change at each position:", [round(change, 2) for change in moved.tolist()])

# %% [markdown]
# ## 5 Decoding, training and five runs
#
# ### 5.1 `greedy_decode`
#
# 6 points · difficulty ●●○ · importance ●●○ · 25 minutes · about 7 lines
#
# To translate, begin with `start` and append the token with the highest score, then the next one, and so on.
# `next_scores` takes all tokens so far, `(N, T)`, and returns scores whose **last** position is about the token that
# comes next. A batch is decoded together; a row that has said `EOS` says nothing but `EOS` afterwards, whatever
# the scores are.
#
# Return what was appended, `(N, longest)`, without `start`.


# %% solution="greedy_decode"
def greedy_decode(next_scores: Callable[[Tensor], Tensor], start: Tensor, longest: int) -> Tensor:
    """The `longest` tokens (N, longest) that follow start (N, T), the likeliest one each time.

    next_scores: tokens (N, T') → scores (N, …, V), of which the last position counts.
    """
    ### BEGIN SOLUTION
    tokens = start
    is_over = torch.zeros_like(start[:, 0], dtype=torch.bool)  # (N,)
    for _ in range(longest):
        best = next_scores(tokens)[:, -1].argmax(dim=-1).masked_fill(is_over, EOS)  # (N,)
        is_over = is_over | (best == EOS)
        tokens = torch.cat([tokens, best[:, None]], dim=1)
    return tokens[:, start.shape[1] :]
    ### END SOLUTION


# %% check="greedy_decode" points=6
check("greedy_decode", greedy_decode)

# %% [markdown]
# <details><summary>Rows are right up to their first EOS, and wrong behind it</summary>
#
# Remember for each row whether it is over, and keep that for all steps. A row of `start` may contain `EOS` without
# being over: only what is appended ends it.
# </details>
#
# Both models, ready for it. The encoder runs once for each word, the decoder once for each letter.


# %%
@torch.no_grad()
def translations(model: nn.Module, source: Tensor) -> Tensor:
    """What either model says to words of one length, (N, s − 1) → (N, LONGEST)."""
    if isinstance(model, DecoderOnly):
        start = followed_by(F.pad(source, (1, 0), value=SOS), EOP)
        return greedy_decode(lambda tokens: model(tokens)[0], start, LONGEST)
    annotations = model.encoder(followed_by(source, EOS))
    start = torch.full_like(source[:, :1], SOS)
    return greedy_decode(lambda tokens: model.decoder(tokens, annotations)[0], start, LONGEST)


# %% [markdown]
# ### 5.2 Training
#
# The loss is the mean cross-entropy of the letters of the translation, and of its `EOS`. The decoder-only model also
# predicts the letters of the source, but those are not counted: then the losses of both models are about the
# same thing.
#
# The loop is given: [AdamW](https://arxiv.org/abs/1711.05101), whose learning rate rises during the first twentieth of
# the steps and then falls to 0 along [half a cosine](https://arxiv.org/abs/1608.03983). It trains for a fixed number of
# **steps**, whatever the data. Nothing is stopped early, so that no run has more patience than another.


# %%
def target_scores(model: nn.Module, batch: Batch) -> Tensor:
    """Scores (N, t, V) of either model, which sees the right letters before each position."""
    source, target_EOS = batch
    if isinstance(model, DecoderOnly):
        src_EOP = followed_by(source, EOP)
        inputs, _ = generate_tensors_for_training_decoder_nmt(src_EOP, target_EOS, SOS)
        return model(inputs)[0][:, -target_EOS.shape[1] :]
    inputs = F.pad(target_EOS[:, :-1], (1, 0), value=SOS)
    return model(followed_by(source, EOS), inputs)[0]


def loss_of(model: nn.Module, batch: Batch) -> Tensor:
    """The mean cross-entropy of the letters of the translations, and of EOS."""
    return F.cross_entropy(target_scores(model, batch).flatten(0, 1), batch.target_EOS.flatten())


def cut(batches: list[Batch], size: int) -> Iterator[Batch]:
    """All words once, in random order, in batches of at most `size` words of equal lengths."""
    parts = [
        Batch(batch.source[drawn], batch.target_EOS[drawn])
        for batch in batches
        for drawn in torch.randperm(len(batch.source)).split(size)
    ]
    for i in torch.randperm(len(parts)).tolist():
        yield parts[i]


@torch.no_grad()
def evaluated(model: nn.Module, batches: list[Batch]) -> dict[str, float]:
    """The share of words that are right from the first letter to EOS, and the mean loss of a token."""
    exact, loss, tokens, count = 0, 0.0, 0, 0
    for batch in batches:
        scores = target_scores(model, batch)
        target = batch.target_EOS
        exact += int((scores.argmax(-1) == target).all(1).sum())
        loss += F.cross_entropy(scores.flatten(0, 1), target.flatten(), reduction="sum").item()
        tokens, count = tokens + target.numel(), count + len(target)
    return {"exact match": exact / count, "loss": loss / tokens}


def warm_up_and_cosine(done: float, warm_up: float = 0.05) -> float:
    """The factor of the learning rate when a share `done` of all steps is made."""
    return done / warm_up if done < warm_up else 0.5 + 0.5 * math.cos(math.pi * done)


def train(
    model: nn.Module,
    size: str,
    *,
    steps: int,
    learning_rate: float = 3e-3,
    weight_decay: float = 0.1,
    batch_size: int = 64,
    measurements: int = 20,
    label: str = "training",
) -> dict[str, list[float]]:
    """Train on the words of a size; the measures of the small validation words, over the training."""
    where = next(model.parameters()).device
    training, validation = (
        [batch.to(where) for batch in grouped(words(*part))]
        for part in ((size, "training"), ("small", "validation"))
    )
    optimiser = torch.optim.AdamW(
        model.parameters(), learning_rate, weight_decay=weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: warm_up_and_cosine((step + 1) / steps)
    )
    history = defaultdict(list)
    epochs = (batch for _ in range(steps) for batch in cut(training, batch_size))
    bar = tqdm(total=steps, desc=label, file=sys.stdout, mininterval=0.5, ncols=88)
    for step, batch in zip(range(1, steps + 1), epochs, strict=False):
        optimiser.zero_grad()
        loss_of(model, batch).backward()
        optimiser.step()
        schedule.step()
        bar.update()
        if step * measurements % steps < measurements:
            for name, value in {"step": step, **evaluated(model, validation)}.items():
                history[name].append(value)
            bar.set_postfix(loss=f"{history['loss'][-1]:.3f}", refresh=False)
    bar.close()
    return dict(history)


# %% [markdown]
# First a test of everything together: a model that cannot learn eight words by heart has a bug, and longer training
# will not help. Expect `1.000` twice, and each word with its translation.

# %% train
eight = grouped(["street", "school", "queen", "apple", "my", "well", "known", "yes"])
for kind in (EncoderDecoder, DecoderOnly):
    torch.manual_seed(0)
    model = kind(hidden_size=32, num_layers=2)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(150):
        optimiser.zero_grad()
        sum(loss_of(model, batch) for batch in eight).backward()
        optimiser.step()
    print(f"{kind.__name__}: exact match {evaluated(model, eight)['exact match']:.3f}")
    for batch in eight:
        for source, said in zip(batch.source, translations(model, batch.source), strict=True):
            print(f"   {text_of(source)} → {text_of(said)}", end="")
    print()

# %% [markdown]
# ### 5.3 Five runs
#
# The original assignment compares hidden sizes 32 and 64 on small and large data, and a decoder-only model. Its
# first four runs differ in **more** than they say: those on large data had batches of 512 words instead of 64, so
# eight times fewer steps an epoch; the first run had four layers and the others three; and patience was 10, 20 or
# 100 epochs. Each data set was also validated with its own words, and those of the large one are rarer and longer.
# Nobody can tell from such runs what the data did. ([Melis et al., 2017](https://arxiv.org/abs/1707.05589), found that
# famous differences between language models were differences in tuning.)
#
# Here all runs have 3 layers, batches of 64, 1500 steps, the same learning rate, and the same words for validation.
# The first four differ in hidden size and data alone; the fifth is the decoder-only model of hidden size 64 on
# small data. They need about 80 seconds of processor time together. Where the
# learning rate is high a curve may jump for a while; that heals as the rate falls.

# %%
RUNS = {
    "size 32, small data": ("encoder-decoder", 32, "small"),
    "size 32, large data": ("encoder-decoder", 32, "large"),
    "size 64, small data": ("encoder-decoder", 64, "small"),
    "size 64, large data": ("encoder-decoder", 64, "large"),
    "decoder-only, size 64, small data": ("decoder-only", 64, "small"),
}
HANDOUT = (0.963, 1.277, 0.417, 0.583, 0.428)  # its lowest validation losses; confounded, see above
STEPS = 1500


def build_model(configuration: dict) -> nn.Module:
    """The architecture that model files are read into."""
    sizes = configuration["hidden_size"], configuration["num_layers"]
    is_encoder_decoder = configuration["architecture"] == "encoder-decoder"
    return EncoderDecoder(*sizes) if is_encoder_decoder else DecoderOnly(*sizes)


def of_three_layers(name: str) -> nn.Module:
    """The untrained model of one of the five runs."""
    architecture, hidden_size, _ = RUNS[name]
    sizes = {"hidden_size": hidden_size, "num_layers": 3}
    return build_model({"architecture": architecture} | sizes)


def run(name: str, seed: int = 0, where: torch.device | None = None) -> tuple[nn.Module, dict]:
    """One of the five runs: the model, and its measures during the training."""
    torch.manual_seed(seed)
    model = of_three_layers(name).to(where)
    return model, train(model, RUNS[name][-1], steps=STEPS, label=name)


# %% train
where = device()
runs = {name: run(name, where=where) for name in RUNS}

# %% train
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8))
for name, (_, history) in runs.items():
    for one, what in zip(axes, ("loss", "exact match"), strict=True):
        one.plot(history["step"], history[what], label=name)
axes[0].set(xlabel="step", ylabel="loss of the validation words", yscale="log")
axes[1].set(xlabel="step", ylabel="exact match of the validation words", ylim=(0, 1))
naive = share_right(NAIVE['copy + "way"'], words("small", "validation"))
axes[1].axhline(naive, color="grey", linestyle="--", label='copy + "way"')
axes[1].legend(fontsize=8, loc="lower right")
figure.tight_layout()
plt.show()
print(f"{'':34} parameters   loss  perplexity  exact match   loss in the handout")
for (name, (model, history)), theirs in zip(runs.items(), HANDOUT, strict=True):
    loss, exact = history["loss"][-1], history["exact match"][-1]
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{name:34} {size:10} {loss:6.3f}  {math.exp(loss):10.3f}  {exact:11.3f}   {theirs:.3f}")

# %% [markdown]
# With seeds 0, 1 and 2 (`autograder reproduce nmt`):
#
# | | parameters | loss, three seeds | exact match |
# |---|---|---|---|
# | size 32, small data | 37 758 | [[size_32_small.loss:.3f]] | [[size_32_small.exact:.2f]] |
# | size 32, large data | 37 758 | [[size_32_large.loss:.3f]] | [[size_32_large.exact:.2f]] |
# | size 64, small data | 143 070 | [[size_64_small.loss:.3f]] | [[size_64_small.exact:.2f]] |
# | size 64, large data | 143 070 | [[size_64_large.loss:.3f]] | [[size_64_large.exact:.3f]] |
# | decoder-only, size 64, small data | 53 790 | [[decoder_only.loss:.3f]] | [[decoder_only.exact:.2f]] |
#
# The losses of the handout cannot be compared with these: other words, other settings and other validation.
#
# ### 5.4 Written: `four_runs`
#
# 4 points
#
# What do the curves of the four encoder–decoders show? Say what hidden size does and what data do, each with a
# number from your table, where the models still differ at the end, and how sure you are: look at the spread of the
# seeds above. Then explain how the handout could find **higher** losses with more data.

# %% [markdown] answer="four_runs" points=4
# Model answer (means of three seeds): a larger hidden size lowers the loss at equal data, on small data from
# [[size_32_small.loss.mean:.2f]] to [[size_64_small.loss.mean:.2f]] and on large data from
# [[size_32_large.loss.mean:.3f]] to [[size_64_large.loss.mean:.3f]], and so do more data at equal size, from
# [[size_32_small.loss.mean:.2f]] to [[size_32_large.loss.mean:.3f]] for size 32 and from
# [[size_64_small.loss.mean:.2f]] to [[size_64_large.loss.mean:.3f]] for size 64. The curves part within the first few
# hundred steps. At the end, exact match still tells the models apart ([[size_32_small.exact.mean:.2f]],
# [[size_32_large.exact.mean:.2f]], [[size_64_small.exact.mean:.2f]] and [[size_64_large.exact.mean:.2f]] of the words);
# size 32 with large data and size 64 with small data are within the spread of the seeds, [[size_32_large.exact:.2f]]
# and [[size_64_small.exact:.2f]], so that nothing can be said about which is better. The ranges of the others do
# not overlap. All runs made 1500 steps: 25 epochs of the small and 5 of the large data, so that the gain does not
# come from more training, but from more words. The handout's runs on large data had batches of 512, hence eight times
# fewer steps an epoch, and a smaller patience, and were validated with rarer words: its higher losses with more data
# show undertraining and harder words, not harm done by data.
#
# Marking: 1 point for the effect of the hidden size, read from the curves with a number; 1 for the effect of the data,
# with a number, at equal size; 1 for a statement about certainty that uses the spread of seeds (or says that one
# seed is not enough); 1 for a confounder of the handout: eight times fewer steps an epoch through batches of 512, other
# layers or patience, or other, rarer words for validation. "Layers" where hidden size is meant (32 and 64 are sizes;
# all runs have 3 layers) costs a point once. Numbers of the student's own runs count, whatever they are.

# %% [markdown]
# ### 5.5 Written: `two_architectures`
#
# 3 points
#
# Compare the encoder–decoder and the decoder-only model of the same hidden size: name an advantage and a disadvantage
# of each that follow from how they are built, and say what your two runs show. Are they a fair comparison? Look at
# the numbers of parameters.

# %% [markdown] answer="two_architectures" points=3
# Model answer: the decoder-only model is simpler. It has one stack with one kind of attention, 53 790 parameters
# instead of 143 070 here, and it can be trained on any text. Its disadvantage: it reads the source causally, so that
# the first letters are encoded without the later ones, and the same layers have to read and to write. The encoder sees
# the whole source in both directions, and attention to it is a part of its own; for that the encoder–decoder needs
# pairs, two stacks, and more parameters. In the runs the encoder–decoder reaches a loss of
# [[size_64_small.loss.mean:.2f]] and [[size_64_small.exact.mean:.2f]] of the words, the decoder-only model
# [[decoder_only.loss.mean:.3f]] and [[decoder_only.exact.mean:.2f]] (means of three seeds, whose ranges do not
# overlap). That is not a fair comparison of architectures: hidden size, layers and steps are equal, but the
# decoder-only model has 38 % of the parameters, and needs about two thirds of the time. With four layers and more
# steps it comes close: [[best_decoder_only.exact.mean:.3f]] against [[best_encoder_decoder.exact.mean:.3f]] of the
# validation words (part 7).
#
# Marking: 1 point for an advantage and 1 for a disadvantage of the decoder-only model with a reason in its structure
# (one stack, one kind of attention, simpler, fewer parameters; the source is read causally, so that early letters are
# encoded without the later ones, and one set of weights serves reading and writing); 1 for what the runs show with
# numbers **and** a remark on parameters or seeds. "Encoder-only" where decoder-only is meant (an
# encoder-only model writes no text) costs a point.

# %% [markdown]
# ### 5.6 Written: `teacher_forcing`
#
# 2 points
#
# `evaluated` never decodes: it shows the model the right letters before each position and counts a word if every letter
# is then the likeliest one. The cell below decodes and counts again, as the model meets its own errors only then
# ([Ranzato et al., 2015](https://arxiv.org/abs/1511.06732)). Why do both ways agree exactly, although
# the shares of right **letters** do not? (Expect about [[size_32_small.written.seeds[0]:.2f]] when the first of the two
# models writes and [[size_32_small.shown.seeds[0]:.2f]] when it is shown the right letters, and
# [[decoder_only.written.seeds[0]:.2f]] and [[decoder_only.shown.seeds[0]:.2f]] for the second.)


# %% train
def decoded(model: nn.Module, batches: list[Batch]) -> dict[str, float]:
    """The shares of right words and of right letters when the model writes by itself."""
    words_right, letters_right, count, tokens = 0, 0, 0, 0
    for source, target in batches:
        equal = translations(model, source)[:, : target.shape[1]] == target
        words_right, count = words_right + int(equal.all(1).sum()), count + len(target)
        letters_right, tokens = letters_right + int(equal.sum()), tokens + target.numel()
    return {"words": words_right / count, "letters": letters_right / tokens}


def shown_right_letters(model: nn.Module, batches: list[Batch]) -> dict[str, float]:
    """The same shares when the right letters are shown."""
    rights = [target_scores(model, batch).argmax(-1) == batch.target_EOS for batch in batches]
    letters = sum(int(right.sum()) for right in rights) / sum(right.numel() for right in rights)
    return {"words": evaluated(model, batches)["exact match"], "letters": letters}


validation = [batch.to(where) for batch in grouped(words("small", "validation"))]
for name in ("size 32, small data", "decoder-only, size 64, small data"):
    for how in (decoded, shown_right_letters):
        found = how(runs[name][0], validation)
        print(
            f"{name:34} {how.__name__:20}", {what: round(share, 4) for what, share in found.items()}
        )

# %% [markdown] answer="teacher_forcing" points=2
# Model answer: while everything was right so far, a model that writes by itself has exactly the letters before it that
# teacher forcing shows, so that it makes the same choice. By induction a word is right in both ways or in neither: its
# first error is at the same position. After this first error the ways part. A model that writes has its own wrong
# letter before it, and often the wrong length, so that letters behind it are compared with the wrong ones; with
# teacher forcing it is led back on the way. So the share of letters is lower when it writes (exposure bias).
#
# Marking: 1 point for the induction, or for the first error being the same; 1 for what happens to letters after it.

# %% [markdown]
# ### 5.7 Written: `without_positions`
#
# 3 points
#
# What are position encodings for? Attention itself knows no order: without them, `cat` and `act` are the same three
# vectors, in another order. Take the encodings away, and nothing else: from the encoder alone, from the decoder alone,
# and from the decoder-only model. Everything else is as in 5.3, so that two of the five runs are what to compare with.
#
# **Before you run the next cell**, write down for each of the three which exact match you expect, and why. It takes
# about [[encoder_without_positions.seconds.mean:.0f]], [[decoder_without_positions.seconds.mean:.0f]] and
# [[decoder_only_without_positions.seconds.mean:.0f]] seconds of processor time on one core. Then say what came out, and
# why: which of these models can still tell one position from another, and by what? Where you were wrong, say what you
# had not thought of. (Vaswani et al., 2017, [section 3.5](https://arxiv.org/abs/1706.03762), and [Haviv et al.,
# 2022](https://arxiv.org/abs/2203.16634), have more to read, afterwards.)

# %%
ABLATIONS = {  # which run is done again, and which part of its model loses its encodings
    "encoder without positions": ("size 64, small data", "encoder"),
    "decoder without positions": ("size 64, small data", "decoder"),
    "decoder-only without positions": ("decoder-only, size 64, small data", ""),
}


def ablated(name: str, seed: int = 0, where: torch.device | None = None) -> tuple[nn.Module, dict]:
    """One of the five runs again, in which the encodings of one part are zeros."""
    of, part = ABLATIONS[name]
    torch.manual_seed(seed)
    model = of_three_layers(of).to(where)
    model.get_submodule(part).positional_encodings.zero_()
    return model, train(model, RUNS[of][-1], steps=STEPS, label=name)


# %% train
ablations = {name: ablated(name, where=where) for name in ABLATIONS}
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
for name, (_, history) in ablations.items():
    of = ABLATIONS[name][0]
    one = axes[int("only" in of)]
    if not one.lines:
        one.plot(*(runs[of][1][what] for what in ("step", "exact match")), "--", label=of)
    one.plot(history["step"], history["exact match"], label=name)
for one, title in zip(axes, ("encoder–decoder", "decoder-only"), strict=True):
    one.set(xlabel="step", ylabel="exact match", title=title, ylim=(0, 1))
    one.legend(fontsize=8, loc="upper left")
figure.tight_layout()
plt.show()
for name, (_, history) in ablations.items():
    whole = runs[ABLATIONS[name][0]][1]["exact match"][-1]
    print(f"{name:32} {history['exact match'][-1]:.3f}, with all encodings {whole:.3f}")
print("\nwhat they say to words of the same letters:")
for word in ("stop", "spot", "post"):
    spelt = torch.tensor([tokens_of(word)], device=where)
    said = (text_of(translations(model, spelt)[0]) for model, _ in ablations.values())
    print(f"{word:6}", *(f"{text:12}" for text in said), f"right: {translate(word)}")

# %% [markdown] answer="without_positions" points=3
# Model answer. Expected, say: all three fall to about the share of "copy + way", 0.21. What came out, with three seeds:
# without the encoder's encodings [[encoder_without_positions.exact:.2f]] of the words are right instead of
# [[size_64_small.exact:.2f]]; without the decoder's [[decoder_without_positions.exact:.2f]], and the decoder-only model
# has [[decoder_only_without_positions.exact:.2f]] instead of [[decoder_only.exact:.2f]]. So one part needs them, and
# the others far less. Every position of the encoder sees every other one, so that an annotation depends on its own
# letter and on the bag of all letters: words of the same letters have the same translation (`stop`, `spot` and `post`
# are said alike), and what is right was guessed by what English words look like. In the decoder, and in the
# decoder-only model, attention is **causal**: position $i$ sees $i$ tokens, the first of them always `SOS`, so that an
# average over what is seen tells how many there are. The mask breaks the symmetry, and the layers learn to count. What
# I had not thought of is that a mask is information about order. Encodings still help: in the
# encoder–decoder by a little, in the decoder-only model by an amount that differs much from seed to seed.
#
# Marking: 1 point for a prediction for each model with a reason, compared with what came out (whether it was right does
# not matter); 1 for the encoder, which sees a bag of letters (the same words of the same letters, or the same
# argument); 1 for the causal mask, by which a decoder can tell positions apart. A prediction that is missing costs its
# point.

# %% [markdown]
# ## 6 Keeping keys and values
#
# ### 6.1 `forward_with_cache`
#
# 8 points · difficulty ●●● · importance ●●● · 40 minutes · about 11 lines
#
# `greedy_decode` sends the whole sequence through the model for every new token. But the attention is causal: a new
# token changes nothing before it. So the keys and values of earlier positions can be kept, and only the new tokens
# have to be computed. Everything that writes long texts does this.
#
# The cache is a list with a pair for each layer: the keys and the values of the positions so far, each `(N, S, h)`;
# at the beginning $S = 0$. Take `n` new tokens (the prompt first, then one at a time), and for each layer:
#
# - compute keys and values of the new positions and append them to those in the cache;
# - let the `n` queries attend to all of them (`attend`, which is causal for queries that are the last positions).
#
# Mind the position encodings: the first new token stands at position $S$. Return the scores of the new tokens and
# the longer cache; leave the old one as it is, for somebody may go on from it in another way.


# %%
def empty_cache(model: nn.Module, N: int) -> list[tuple[Tensor, Tensor]]:
    """No keys and no values, (N, 0, h) in each layer."""
    nothing = model.embedding.weight.new_empty(N, 0, model.embedding.embedding_dim)
    return [(nothing, nothing) for _ in model.self_attentions]


# %% solution="forward_with_cache"
def forward_with_cache(
    model: nn.Module, tokens: Tensor, cache: list[tuple[Tensor, Tensor]]
) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Scores (N, n, V) for new tokens (N, n) behind those in the cache, and the longer cache.

    The model has the parts of DecoderOnly: embedding, positional_encodings, self_attentions,
    attention_mlps and out.
    """
    ### BEGIN SOLUTION
    seen, n = cache[0][0].shape[1], tokens.shape[1]
    x = model.embedding(tokens) + model.positional_encodings[seen : seen + n]  # (N, n, h)
    longer = []
    for attention, own_mlp, kept in zip(
        model.self_attentions, model.attention_mlps, cache, strict=True
    ):
        keys = torch.cat([kept[0], attention.K(x)], dim=1)  # (N, seen + n, h)
        values = torch.cat([kept[1], attention.V(x)], dim=1)
        x = x + attend(attention.Q(x), keys, values, causal=True)[0]
        x = x + own_mlp(x)
        longer.append((keys, values))
    return model.out(x), longer
    ### END SOLUTION


# %% check="forward_with_cache" points=8
check("forward_with_cache", forward_with_cache)

# %% [markdown]
# <details><summary>The prompt is right, and what follows it is wrong</summary>
#
# At which position does the first new token stand, and which row of the encodings belongs to it? And do the
# queries see the keys of the prompt?
# </details>
#
# <details><summary>Only <code>two_ways_on</code> fails</summary>
#
# The old cache was changed: `append` and `+=` on what you were given. Make new lists and new tensors.
# </details>
#
# The same letters must come out, faster. The next cell counts different letters: expect 0. The one after it measures the
# time. With a cache every token costs about the same, so that the curve is nearly a straight line; without it the whole
# text is computed again for every token, and the curve bends upwards. The longer the text, the greater the
# difference: on one core we saw 2 to 3 times as fast for 25 tokens, 3 for 50, 5 to 6 for 100 and
# 11 to 13 for 200.


# %% look
def with_cache(model: nn.Module, N: int) -> Callable[[Tensor], Tensor]:
    """What `greedy_decode` asks for its scores: it hands new tokens alone to the model."""
    cache = empty_cache(model, N)

    def next_scores(tokens: Tensor) -> Tensor:
        nonlocal cache
        seen = cache[0][0].shape[1]
        scores, cache = forward_with_cache(model, tokens[:, seen:], cache)
        return scores

    return next_scores


torch.manual_seed(0)
untrained = DecoderOnly(hidden_size=64, num_layers=3)
prompt = torch.randint(26, (8, 10))
with torch.no_grad():
    plain = greedy_decode(lambda tokens: untrained(tokens)[0], prompt, 40)
    kept = greedy_decode(with_cache(untrained, 8), prompt, 40)
print("different letters:", int((plain != kept).sum()))


# %% train
@torch.no_grad()
def seconds(next_scores: Callable[[Tensor], Tensor], longest: int) -> float:
    start = time.perf_counter()
    greedy_decode(next_scores, prompt, longest)
    return time.perf_counter() - start


lengths = [25, 50, 100, 200]
again = [seconds(lambda tokens: untrained(tokens)[0], length) for length in lengths]
kept = [seconds(with_cache(untrained, 8), length) for length in lengths]
figure, axes = plt.subplots(figsize=(6, 3.4))
axes.plot(lengths, again, "o-", label="everything again")
axes.plot(lengths, kept, "o-", label="with cache")
axes.set(xlabel="tokens written", ylabel="seconds", title="eight sequences, decoder-only, h = 64")
axes.legend()
plt.show()
print("times as fast:", {n: round(a / b, 1) for n, a, b in zip(lengths, again, kept, strict=True)})

# %% [markdown]
# ### 6.2 `decoding_costs`
#
# 2 points · difficulty ●●○ · importance ●●● · 20 minutes · about 5 lines
#
# What is saved, and what is paid for it? A product of matrices $(a, b)$ and $(b, c)$ takes $abc$ multiplications and as
# many additions, $2abc$ **FLOPs**. Nearly all time goes into such products, so that they alone are counted: no biases,
# no softmax, no sums, and no looking up in an embedding. Scores that the mask hides are computed all the same: count
# them.
#
# Work out four whole numbers for a `DecoderOnly` model and **one** sequence, at the step whose newest token is the last
# of $S$ positions, with a formula, without building a model:
#
# | | |
# |---|---|
# | `parameters` | the numbers that the model learns, with the embedding, `out` and all biases |
# | `flops_again` | the FLOPs of a forward pass of all $S$ positions, which `greedy_decode` makes without a cache |
# | `flops_kept` | the FLOPs where the cache holds all positions but the newest one |
# | `numbers_kept` | how many numbers the cache holds behind this step |


# %% solution="decoding_costs"
def decoding_costs(h: int, L: int, V: int, S: int) -> dict[str, int]:
    """What one step costs: hidden size h, L layers, V tokens in the vocabulary, S positions."""
    ### BEGIN SOLUTION
    weights = 4 * h * h  # of Q, K, V and the MLP
    parameters = L * (weights + 4 * h) + V * h + V * h + V
    flops_kept = L * (2 * weights + 2 * S * h + 2 * S * h) + 2 * h * V
    flops_again = S * flops_kept  # every position costs what the newest one costs
    numbers_kept = 2 * L * S * h
    ### END SOLUTION
    return {
        "parameters": parameters,
        "flops_again": flops_again,
        "flops_kept": flops_kept,
        "numbers_kept": numbers_kept,
    }


# %% check="decoding_costs" points=2
check("decoding_costs", decoding_costs)

# %% [markdown]
# <details><summary>The difference stands at "flops_again" alone</summary>
#
# The scores are $(S, S)$ here, in each layer, and `out` scores every position, not only the newest one.
# </details>
#
# Does a profiler agree? It watches the products while they run. Expect a ratio of 1.000 in every row: 53,790
# parameters, 17,894,400 FLOPs at the 100th position where everything is computed again, and 178,944 with a cache.

# %% look
text = torch.randint(26, (1, 100))
mine = decoding_costs(h=64, L=3, V=30, S=100)
side_by_side(
    {"parameters": mine["parameters"], "flops": mine["flops_again"]}, counts(untrained, text)
)


# %% look
class NewestToken(nn.Module):
    """A model with the keys and values of some tokens (1, S), which takes the token behind them."""

    def __init__(self, model: nn.Module, tokens: Tensor) -> None:
        super().__init__()
        self.model = model
        _, self.cache = forward_with_cache(model, tokens, empty_cache(model, 1))

    def forward(self, token: Tensor) -> Tensor:
        return forward_with_cache(self.model, token, self.cache)[0]


counted = counts(NewestToken(untrained, text[:, :-1]), text[:, -1:])
side_by_side({"parameters": mine["parameters"], "flops": mine["flops_kept"]}, counted)

# %% [markdown]
# So a cache saves a factor of $S$, and is paid for with memory, for every text that is being written. A model that
# **learns** needs more: all that the backward pass will ask for stays in memory until then, the inputs of all layers and
# the weights of all attentions, which grow with $S^2$. Memory, not time, is what limits most trainings. On the left the
# FLOPs of one step; on the right the bytes, of 4 for each number. Expect the cache to outgrow the parameters beyond 140
# positions, and what is kept for a backward pass, which the profiler counts, before 50.


# %% look
def costs_of_texts(lengths: list[int]) -> None:
    """FLOPs of one step and bytes, for texts of these lengths."""
    mine = [decoding_costs(h=64, L=3, V=30, S=S) for S in lengths]
    backward = [counts(untrained, torch.zeros(1, S, dtype=torch.int64)) for S in lengths]
    figure, axes = plt.subplots(1, 2, figsize=(10.5, 3.6))
    for label, what in (("everything again", "flops_again"), ("with cache", "flops_kept")):
        axes[0].plot(lengths, [costs[what] for costs in mine], "o-", label=label)
    for label, what in (("parameters", "parameters"), ("keys and values", "numbers_kept")):
        axes[1].plot(lengths, [4 * costs[what] for costs in mine], "o-", label=label)
    axes[1].plot(
        lengths, [one.saved_bytes for one in backward], "s--", label="kept for a backward pass"
    )
    for one, unit in zip(axes, ("FLOPs of one step", "bytes"), strict=True):
        one.set(xscale="log", yscale="log", xlabel="positions", ylabel=unit)
        one.legend()
    figure.tight_layout()
    plt.show()


costs_of_texts([10, 20, 50, 100, 200, 500, 1000])
large = decoding_costs(h=4096, L=32, V=32000, S=4096)
print(
    f"h = 4096, 32 layers, 4096 positions: {2 * large['numbers_kept'] / 1e9:.2f} GB for each text"
)

# %% [markdown]
# The last line has the sizes of [Llama 2](https://arxiv.org/abs/2307.09288) with 7 billion parameters, at two bytes for
# each number: expect 2.15 GB for one text. That is why larger models share keys and values among heads
# ([Shazeer, 2019](https://arxiv.org/abs/1911.02150); [Ainslie et al., 2023](https://arxiv.org/abs/2305.13245)), and why
# a server that writes many texts at once is mostly busy with reading its memory
# ([Pope et al., 2022](https://arxiv.org/abs/2211.05102)).

# %% [markdown]
# ## 7 Your best model
#
# 10 points, for the exact match on held-out words
#
# Train a model of either architecture with at most hidden size 64 and 4 layers; the words, the number of steps, the
# learning rate, weight decay and batches are up to you. The architectures stay as they are, and no weights come
# from elsewhere. Choose by the validation words. Held-out words are for the check, and training on them counts as
# cheating. Some questions that help:
#
# - Do the curves of part 5 still fall at the end?
# - Is the loss of the training words far below that of the validation words? Then more words or a larger weight decay
#   help more than a larger model.
# - What does the fourth layer cost, and what does it bring?
#
# The settings below are a start. They reach [[start.held_out:.2f]] of the held-out words (seeds 0, 1 and 2). What other
# settings reach with the small data, hidden size 64 and four layers (`autograder reproduce nmt`):
#
# | three seeds | processor time, one core | loss | exact match, validation | exact match, held out |
# |---|---|---|---|---|
# | encoder–decoder | [[best_encoder_decoder.seconds.mean:.0f]] s | [[best_encoder_decoder.loss:.3f]] | [[best_encoder_decoder.exact:.2f]] | [[best_encoder_decoder.held_out:.2f]] |
# | decoder-only | [[best_decoder_only.seconds.mean:.0f]] s | [[best_decoder_only.loss:.3f]] | [[best_decoder_only.exact:.2f]] | [[best_decoder_only.held_out:.2f]] |
#
# With more words one can do better.
#
# | exact match, half up to two decimals | points |
# |---|---|
# | 0.97 and more | 10 |
# | 0.95 and 0.96 | 8 |
# | 0.90 to 0.94 | 6 |
# | 0.75 to 0.89 | 4 |
# | 0.50 to 0.74 | 2 |

# %%
STUDENT_ID = "00000000"
NAME = "name"
CONFIGURATION = {  # the model, saved with its weights
    "architecture": "encoder-decoder",  # or "decoder-only"
    "hidden_size": 48,
    "num_layers": 2,
}
TRAINING = {
    "size": "small",  # or "large"
    "steps": 1500,
    "learning_rate": 3e-3,
    "weight_decay": 0.1,
    "batch_size": 64,
}

# %% train
torch.manual_seed(0)
best = build_model(CONFIGURATION).to(device())
history = train(best, **TRAINING)
best = best.cpu().eval()
figure, axes = plt.subplots(1, 2, figsize=(10, 3.2))
for one, what in zip(axes, ("loss", "exact match"), strict=True):
    one.plot(history["step"], history[what])
    one.set(xlabel="step", ylabel=f"{what} of the validation words")
axes[0].set(yscale="log")
axes[1].set(ylim=(0, 1))
figure.tight_layout()
plt.show()
for name, english in (
    ("training", words("small", "training")),
    ("validation", words("small", "validation")),
    ("rarer words", words("large", "validation")[640:]),
):
    print(
        f"{name:12}",
        {what: round(value, 4) for what, value in evaluated(best, grouped(english)).items()},
    )

# %% [markdown]
# ### 7.1 Look at it
#
# Type what you like; hyphens and other signs stay where they are. Which words go wrong?

# %% train
SENTENCE = "the quick brown fox jumps over the lazy dog, said a well-known squirrel"


def translated(model: nn.Module, text: str) -> str:
    """A text with each of its words translated by the model."""

    def one(word: re.Match) -> str:
        return text_of(translations(model, torch.tensor([tokens_of(word[0])]))[0])

    return re.sub("[a-z]+", one, text.lower())


print("model", translated(best, SENTENCE))
print("rule ", translate(SENTENCE))
print("\nvalidation words that go wrong:")
for batch in grouped(words("small", "validation")):
    for source, target, said in zip(*batch, translations(best, batch.source), strict=True):
        if text_of(said) != text_of(target):
            print(f"   {text_of(source):14} {text_of(said):18} instead of {text_of(target)}")

# %% [markdown]
# Where does it look while it writes? One row for each letter that it writes, one column for each position that it
# sees; the attention to the encoder, or to everything before where the model has no encoder. Look for the layer in
# which the model walks along the word: first behind the consonants, then back to the front of it. Other layers do
# other things, and after a short training some do nothing that one can name.

# %% train
WORD = "street"


def what_it_saw(model: nn.Module, word: str) -> tuple[Tensor, str, list[str]]:
    """Weights (L, t, S), the letters that are written, and the tokens that are seen."""
    source = torch.tensor([tokens_of(word)])
    said = text_of(translations(model, source)[0])
    target = torch.tensor([tokens_of(said)])
    if isinstance(model, DecoderOnly):
        tokens = torch.cat([F.pad(source, (1, 1), value=SOS), target], dim=1)
        tokens[0, len(word) + 1] = EOP
        weights = model(tokens)[1][:, 0, len(word) + 1 :]
        seen = [VOCABULARY[token] for token in tokens[0]]
    else:
        weights = model(followed_by(source, EOS), F.pad(target, (1, 0), value=SOS))[1][:, 0]
        seen = [*word, "EOS"]
    return weights.detach(), said, seen


weights, said, seen = what_it_saw(best, WORD)
figure, axes = plt.subplots(1, len(weights), figsize=(4.2 * len(weights), 3.6), squeeze=False)
for layer, (one, seen_by_layer) in enumerate(zip(axes[0], weights, strict=True), start=1):
    labels = seen, [*said, "EOS"]
    heat_map(
        one,
        seen_by_layer,
        title=f"layer {layer}",
        x="sees",
        y="writes",
        labels=labels,
        vmin=0,
        vmax=1,
    )
    one.tick_params(axis="x", rotation=90)
figure.tight_layout()
plt.show()

# %% [markdown]
# ### 7.2 Written: `failures`
#
# 2 points
#
# Which words does your best model still get wrong? Find something that they have in common, and test it with words
# that you make up in the cell above: give two that you predicted to fail, or to succeed, and what happened. Compare
# with how often such words occur in the training data, if that explains it.

# %% [markdown] answer="failures" points=2
# Model answer: an encoder–decoder of 4 layers after 3000 steps on small data got 13 of the 640 words wrong, and a letter
# comes twice in every one of them: `stuff` → `ufftsay`, `smaller` → `allerssay`, `strategy` → `ategeystray`. Of 281
# words of at most nine letters without a repetition it got none wrong, of 296 with one 7, and of 62 longer ones
# with one 6. It finds the next letter by what it has written, and where that stands twice it may go on behind the
# wrong one. A test: `staffest` and `bililibe` should fail, and both were right, but `banana` became `ananab`; so
# repetition is needed for an error, and not enough. A second guess: rare clusters. `squint` and `squatch` were both
# wrong (`uintsay`, `uatchssay`), as predicted, because no word of the small training data begins with "squ", and
# 38 of the large ones do; `quill` was right.
#
# Marking: 1 point for a class of words that fits the list of errors, with examples from it; 1 for a test with at least
# two words that were not in the list, and an honest statement of what it showed, also where the guess was
# wrong. "Long words" counts where the errors show it.

# %% [markdown]
# ### 7.3 `trained_model`: save it, and see what it earns
#
# The model is saved as `<student id>_<name>_model.pth` with its configuration. The check reads the newest such file as
# grading will: into the architecture of its configuration, within the `limits` below, on 500 of the 775 held-out words.
# Grading draws other 500 of them, so that the last digit may differ.
#
# Grading builds the model from right parts, never from yours. A model that was trained with a wrong `Decoder` fits
# that one only: where 3.1 and 3.2 do not both show ✓, train a decoder-only model, and where 4.1 and 4.2 do not, an
# encoder–decoder.

# %%
TESTED = 500


def held_out(seed: int) -> list[Batch]:
    """500 of the words that are used neither for training nor for validation."""
    english = held_out_words()
    return grouped([english[i] for i in Rng(seed, "held out").permutation(len(english))[:TESTED]])


MODEL = Artefact(
    ending="model",
    build=build_model,
    limits={
        "architecture": {"encoder-decoder", "decoder-only"},
        "hidden_size": (8, 64),
        "num_layers": (1, 4),
    },
    held_out=held_out,
    measure=evaluated,
    tiers=((0.50, 2), (0.75, 4), (0.90, 6), (0.95, 8), (0.97, 10)),
)

# %% train
save_model(best, CONFIGURATION, student_id=STUDENT_ID, name=NAME, artefact=MODEL)

# %% artefact="trained_model" points=10
check("trained_model", MODEL)

# %% [markdown]
# {ai_tools}

# %%
summary()

# %% [markdown]
# ## 8 Handing in
#
# {handing_in}
#
# Id and name stand in the cell of part 7. Some students will be asked to show how their model was trained, so keep its
# settings there.

# %% train
submit(STUDENT_ID, NAME)
