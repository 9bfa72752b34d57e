# %% [markdown]
# # Scaling laws: how large a model, on how many tokens?
#
# You have so much computing time and not more. A large model learns more from each token, a small one sees more
# tokens for the same money: which one ends with the lower loss? You will count what a Transformer costs, read the
# best size off 24 real training runs, fit how it grows with the budget, say what to train for a budget a
# thousand times larger, and with what uncertainty, and judge whether somebody's run was a good use of its time. The
# question is that of [Kaplan et al. 2020](https://arxiv.org/abs/2001.08361) and of
# [Hoffmann et al. 2022](https://arxiv.org/abs/2203.15556), who gave different answers; you will see with your own runs
# what may have stood between them.
#
# The runs are decoder-only Transformers that translate English into pig Latin (`street` → `eetstray`), as in the
# assignment `nmt`, which need not be done before. They were trained for you, because they take 15 minutes of processor
# time; the table is in the package, and one of its runs you repeat. Plan three and a half hours. Nothing here takes
# much longer than twenty seconds on one CPU core, and all cells together take less than a minute. Every exercise stands on
# its own: a mistake in one costs no points in another.
#
# | letter | meaning |
# |---|---|
# | `N` | parameters of a model |
# | `D` | tokens that it was trained on, repeated ones counted again |
# | `C` | FLOPs, floating-point operations, of its training |
# | `L` | its loss on words that it has not seen |
# | `h` | width of the model: numbers at one position |
# | `s` | length of a sequence in tokens |
# | `V` | tokens of the vocabulary |
#
# {points}

# %%
import copy
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from autograder import check, submit, summary
from autograder.tools import diagrams
from autograder.tools.accounting import counts, side_by_side
from autograder.tools.device import device
from autograder.tools.pig_latin import translate, words
from autograder.tools.scaling_runs import scaling_runs
from autograder.tools.words import word_counts

# %% [markdown]
# This is the model. In the end you will have counted what each of its parts costs, and know how large it should be for
# a budget.

# %% look
diagrams.decoder_only()

# %% [markdown]
# ## 1 What a model costs
#
# The model is a [GPT](https://arxiv.org/abs/2005.14165) (Brown et al. 2020) in small. Tokens become vectors of width
# $h$, sines and cosines are added that tell the position, and each of the layers adds two things to them: causal
# self-attention with one head, and a network with $4h$ hidden units. Before each of the two the vectors are normalised.
# At the end one linear layer gives a score to each of the $V$ tokens that may come next. Read it; its cost is the first
# thing that you work out.


# %%
LETTERS = "abcdefghijklmnopqrstuvwxyz-"
SOS = 27  # start of sequence
EOS = 28  # end of sequence
EOP = 29  # end of prompt
VOCABULARY = 30
LAYERS = 2
LONGEST = 64  # positions
BATCH_TOKENS = 640
WARM_UP = 50  # steps
CPU = torch.device("cpu")


def position_encodings(length: int, width: int) -> Tensor:
    """Sines and cosines (length, width), for even widths; nothing in them is learned."""
    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class Block(nn.Module):
    """One layer: causal self-attention with one head, then a network of two layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.wider, self.narrower = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, later: Tensor) -> Tensor:
        """x (B, s, h), and the mask (s, s), −∞ at what comes later → (B, s, h)."""
        q, k, v = self.queries_keys_values(self.norm1(x)).chunk(3, dim=-1)  # (B, s, h) each
        scores = q @ k.mT / math.sqrt(x.shape[-1]) + later  # (B, s, s)
        x = x + self.out(scores.softmax(dim=-1) @ v)
        return x + self.narrower(self.wider(self.norm2(x)).relu())


class Decoder(nn.Module):
    """A decoder-only Transformer: tokens (B, s) → scores (B, s, V) of the token that follows."""

    def __init__(self, width: int, layers: int = LAYERS, vocabulary: int = VOCABULARY) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)
        later = torch.full((LONGEST, LONGEST), -math.inf).triu(diagonal=1)
        self.register_buffer("positions", position_encodings(LONGEST, width), persistent=False)
        self.register_buffer("later", later, persistent=False)
        nn.init.normal_(self.head.weight, std=0.5 / math.sqrt(width))
        for block in self.blocks:  # what is added to x starts small
            for linear in (block.out, block.narrower):
                nn.init.normal_(linear.weight, std=(2 * layers * linear.in_features) ** -0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        s = tokens.shape[1]
        x = self.embedding(tokens) + self.positions[:s]
        for block in self.blocks:
            x = block(x, self.later[:s, :s])
        return self.head(self.norm(x))


# %% [markdown]
# ### 1.1 `parameter_count`
#
# 3 points · difficulty ●○○ · importance ●●○ · 15 minutes · about 3 lines
#
# How many numbers does `Decoder(width, layers, vocabulary)` learn? Work out a formula from the code above: weights
# **and** biases of every `nn.Linear`, gain and offset of every `nn.LayerNorm`, and the embedding, which is a matrix of
# its own and not shared with `head`. Position encodings and mask are computed, not learned. Do not build a model.


# %% solution="parameter_count"
def parameter_count(width: int, layers: int, vocabulary: int) -> int:
    """How many parameters a Decoder has, all biases and norms included."""
    ### BEGIN SOLUTION
    block = 12 * width**2 + 13 * width  # 9 biases of width h, and 4 h for two norms
    ends = 2 * vocabulary * width + vocabulary + 2 * width  # embedding, head, last norm
    return layers * block + ends
    ### END SOLUTION


# %% check="parameter_count" points=3
check("parameter_count", parameter_count)

# %% [markdown]
# <details><summary>Off by a little, and always by multiples of the width</summary>
#
# A LayerNorm has $2h$ parameters, and there is one more after the last block. `queries_keys_values` has $3h$ biases,
# `wider` has $4h$, `out` and `narrower` have $h$ each.
# </details>
#
# The formula beside PyTorch's own count, for models of this notebook and for GPT-2's smallest (without its learned
# positions). Expect 7582 for width 16, and the same numbers in both columns.

# %% look
for sizes in ((16, 2, 30), (64, 2, 30), (96, 2, 30), (256, 6, 1000)):
    counted = sum(p.numel() for p in Decoder(*sizes).parameters())
    print(f"{sizes!s:15} formula {parameter_count(*sizes):9,}   counted {counted:9,}")
print(f"768 wide, 12 layers, 50257 tokens: {parameter_count(768, 12, 50257):,}")

# %% [markdown]
# ### 1.2 `layer_flops`
#
# 3 points · difficulty ●●○ · importance ●●● · 20 minutes · about 3 lines
#
# A matrix product of $(a, b)$ and $(b, c)$ takes $abc$ multiplications and as many additions: $2abc$
# **floating-point operations**, FLOPs. (Papers that count multiply-adds, "MACs", have half as many.) Nearly all of a
# Transformer's time goes into matrix products, so that these alone are counted: biases, norms, softmax, ReLU and
# residuals are left out, as `torch.utils.flop_counter` does it. (Appendix F of
# [Hoffmann et al. 2022](https://arxiv.org/abs/2203.15556), the paper on Chinchilla, counts softmax and embedding, too.)
#
# How many FLOPs does the **forward** pass of one `Block` take, for **one** sequence of `length` tokens? There are four
# linear layers, and two products in the attention, $QK^\top$ and that of the weights with $V$. The code computes all
# $s^2$ scores, also those that the mask hides: count them all.


# %% solution="layer_flops"
def layer_flops(width: int, length: int) -> int:
    """FLOPs of the forward pass of one Block, for one sequence."""
    ### BEGIN SOLUTION
    weights = 3 * width**2 + width**2 + 2 * 4 * width**2  # of the linear layers
    attention = 2 * (2 * length**2 * width)  # scores, and their product with V
    return 2 * length * weights + attention
    ### END SOLUTION


# %% check="layer_flops" points=3
check("layer_flops", layer_flops)

# %% [markdown]
# <details><summary>Exactly half, or double, of what is expected</summary>
#
# One multiplication and one addition for each product of two numbers: 2. Nothing of the backward pass belongs here.
# </details>
#
# ### 1.3 `training_flops`
#
# 4 points · difficulty ●●○ · importance ●●● · 20 minutes · about 3 lines
#
# Now the whole training on `sequences` sequences of `length` tokens each:
#
# - forward, all layers, and the product with the weights of `head`, which makes $V$ scores at **every** position.
#   (Finding a row of the embedding is no product and counts as 0.)
# - backward, **twice** as much as forward: for each product $Y = XW$ there are two, for the gradient of $X$ and for
#   that of $W$.
#
# Call `layer_flops`, your own of 1.2: the check puts another function in its place, so that a mistake there costs
# nothing here. What the optimiser does is left out; it does not grow with the number of tokens in a batch.


# %% solution="training_flops"
def training_flops(width: int, layers: int, vocabulary: int, length: int, sequences: int) -> int:
    """FLOPs of forward and backward pass of a Decoder, for all sequences together."""
    ### BEGIN SOLUTION
    head = 2 * length * width * vocabulary
    forward = layers * layer_flops(width, length) + head
    return 3 * forward * sequences
    ### END SOLUTION


# %% check="training_flops" points=4
check("training_flops", training_flops)

# %% [markdown]
# <details><summary>"Call layer_flops", although the numbers seem right</summary>
#
# A copy of the formula of 1.2 is not followed by the check, which gives this function another cost of a layer.
# </details>
#
# PyTorch counts operations while they run. Expect the same numbers in both columns, to the last digit. The third is
# the cost of one token divided by $6N$: the rule of thumb $C \approx 6ND$ says that it is 1 (each parameter is used
# in one multiply-add forward, 2 FLOPs, and in two backward, 4). Where does the rule fail, and which term is it that it
# forgets?


# %% look
def counted_flops(width: int, layers: int, length: int, sequences: int) -> int:
    """What PyTorch counts in one training step."""
    tokens = torch.zeros(sequences, length, dtype=torch.int64)
    model = Decoder(width, layers)
    with FlopCounterMode(display=False) as counter:
        model(tokens).sum().backward()
    return counter.get_total_flops()


for width, length in ((8, 20), (32, 20), (96, 20), (96, 60), (256, 20)):
    flops = training_flops(width, LAYERS, VOCABULARY, length, sequences=4)
    parameters = sum(p.numel() for p in Decoder(width).parameters())
    print(
        f"width {width:3}, length {length}: formula {flops:14,}  counted "
        f"{counted_flops(width, LAYERS, length, 4):14,}   "
        f"C / 6ND = {flops / (6 * parameters * 4 * length):.2f}"
    )

# %% [markdown]
# ### 1.4 `kept_numbers`
#
# 2 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 3 lines
#
# Time is not all that a training needs. The backward pass uses what the forward pass computed, so that all of it has to
# stay in **memory** until then: often more than the model itself, and what sets the largest batch that fits. What an
# operation keeps depends on its derivative:
#
# | operation | what it keeps for the backward pass |
# |---|---|
# | `nn.Linear` | its input |
# | product of two tensors, `q @ k.mT` | both |
# | `nn.LayerNorm` | its input, and for each token its mean and the inverse of its standard deviation |
# | softmax, ReLU | its output |
# | addition, division by a number | nothing |
#
# What two operations need is kept once: `q`, `k` and `v` are views of one tensor, and the output of the ReLU is the
# input of `narrower`. Parameters are not counted, as they are in memory anyway.
#
# How many numbers does the forward pass of one `Block` keep, for **one** sequence of `length` tokens? Count tensor by
# tensor, in the order of `Block.forward`, beginning with the block's own input.


# %% solution="kept_numbers"
def kept_numbers(width: int, length: int) -> int:
    """Numbers that one Block keeps for the backward pass, for one sequence."""
    ### BEGIN SOLUTION
    attention = 6 * length * width + length**2  # x, norm1(x), q, k, v, what `out` reads; softmax
    network = 6 * length * width  # x, norm2(x), and 4 h behind the ReLU
    return attention + network + 4 * length  # two numbers of each norm for a token
    ### END SOLUTION


# %% check="kept_numbers" points=2
check("kept_numbers", kept_numbers)

# %% [markdown]
# <details><summary>Too much by multiples of length · width</summary>
#
# Which of your tensors is the same one under two names? `scores` before the softmax is read by the softmax alone, and
# that keeps its output. The sums of the residuals are inputs of norms, and there are two in a block: `x` at the start
# and `x` between the two parts.
# </details>
#
# A profiler counts while the block runs. Expect ratios of 1.000 in all three rows: 30 650 parameters, 12 732 800 FLOPs,
# 478 400 bytes, four for each number.

# %% look
sizes, sequences, length = (50, 1, VOCABULARY), 4, 46
mine = {
    "parameters": parameter_count(*sizes) - parameter_count(50, 0, VOCABULARY),  # ends fall out
    "flops": sequences * layer_flops(50, length),
    "saved_bytes": 4 * sequences * kept_numbers(50, length),
}
later = torch.full((length, length), -math.inf).triu(diagonal=1)
side_by_side(mine, counts(Block(50), torch.randn(sequences, length, 50), later))

# %% [markdown]
# What fills the memory in a training? Weights, gradients and the two numbers that Adam keeps for each parameter are $16
# N$ bytes, whatever the batch. What is kept for the backward pass grows with the tokens of the batch, and within a
# sequence with the square of its length, because of the $s^2$ weights of the attention. Here are the blocks of the
# largest model of this notebook, and of a model as wide and deep as GPT-2's smallest, with one head as here instead of
# twelve: expect up to 6 MB besides 3.6 MB for the one, and up to 16 GB besides 1.4 GB for the other. (With twelve the
# quadratic term is twelve times as large. [FlashAttention](https://arxiv.org/abs/2205.14135), Dao et al. 2022, computes
# it again instead of keeping it; [Korthikanti et al. 2022](https://arxiv.org/abs/2205.05198) count the rest, and what
# else may be computed again.)

# %% look
for name, width, layers, length in (("width 96", 96, 2, 20), ("as GPT-2", 768, 12, 1024)):
    state = 16 * layers * (parameter_count(width, 1, 1) - parameter_count(width, 0, 1))
    print(f"{name}: weights, gradients and Adam {state / 1e6:8,.1f} MB")
    for tokens in (length, 32 * length):
        kept = 4 * layers * tokens // length * kept_numbers(width, length)
        print(f"   {tokens:6} tokens: {kept / 1e6:8,.1f} MB kept for the backward pass")

# %% [markdown]
# ## 2 Real runs
#
# 24 runs: eight widths from 8 to 96, two layers, three seeds each. All were trained on the same 17 922 English words
# and their translations, letter by letter, in the form `SOS street EOP eetstray EOS`, 357 000 tokens an epoch; the loss
# counts the translation alone, and is measured on 1120 words that are not among them. All have the same batches of 640
# tokens and [AdamW](https://arxiv.org/abs/1711.05101) (Loshchilov and Hutter 2019) with a learning rate of $0.2 / h$,
# as wider models need smaller ones ([Yang et al. 2022](https://arxiv.org/abs/2203.03466)); nothing else differs.
#
# The learning rate does not fall towards the end, and yet every row of the table is the end of a proper training: the
# loss is that of a running mean of the weights, which does for a constant rate what a falling rate would do
# ([Hägele et al. 2024](https://arxiv.org/abs/2405.18392)). In 3.4 you will take the mean away.
#
# Below is the code that made them, with your `training_flops`. `solutions/scaling_laws/run_ladder.py` of the course's
# repository ran it: 15 minutes of one core.


# %%
class Batch(NamedTuple):
    """Sequences of one length, so that nothing is padded."""

    tokens: Tensor  # (B, s + 1): SOS, word, EOP, translation, EOS
    prompts: Tensor  # (B,), how many tokens follow SOS up to EOP

    def to(self, where: torch.device) -> "Batch":
        return Batch(self.tokens.to(where), self.prompts.to(where))


def grouped(english: list[str]) -> list[Batch]:
    """All words with their translations, a batch for each length."""
    groups = defaultdict(list)
    for word in english:
        source, target = ([LETTERS.index(x) for x in text] for text in (word, translate(word)))
        tokens = [SOS, *source, EOP, *target, EOS]
        groups[len(tokens)].append((tokens, len(source) + 1))
    return [
        Batch(*map(torch.tensor, zip(*rows, strict=True))) for _, rows in sorted(groups.items())
    ]


def shuffled(groups: list[Batch], seed: int) -> Iterator[Batch]:
    """Batches of about 640 tokens for ever, epoch after epoch."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        batches = [
            Batch(group.tokens[rows], group.prompts[rows])
            for group in groups
            for rows in torch.randperm(len(group.tokens), generator=generator).split(
                BATCH_TOKENS // (group.tokens.shape[1] - 1)
            )
        ]
        for i in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[i]


def target_losses(model: nn.Module, batch: Batch) -> Tensor:
    """−ln p of each token of the translations, EOS included."""
    inputs, targets = batch.tokens[:, :-1], batch.tokens[:, 1:]  # (B, s)
    places = torch.arange(inputs.shape[1], device=inputs.device)
    translated = places >= batch.prompts[:, None]  # (B, s)
    return F.cross_entropy(model(inputs)[translated], targets[translated], reduction="none")


@torch.no_grad()
def validation_loss(model: nn.Module, groups: list[Batch]) -> float:
    return torch.cat([target_losses(model, group) for group in groups]).mean().item()


def steps_of(
    model: nn.Module, mean: nn.Module, batches: Iterator[Batch], rate: float, falls_over: float
) -> Iterator[Batch]:
    """Train, and keep in `mean` a running mean of the weights; each batch comes out once used."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), fused=True)
    for step, batch in enumerate(batches, start=1):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, step / WARM_UP) * max(0, 1 - step / falls_over)
        optimiser.zero_grad()
        target_losses(model, batch).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():  # the last ninth or so of all steps counts
            torch._foreach_lerp_([*mean.parameters()], [*model.parameters()], 9 / (step + 8))
        yield batch


class Row(NamedTuple):
    """A row of the table: a run, as far as it had come."""

    width: int
    seed: int
    parameters: int
    flops: int
    tokens: int
    loss: float
    seconds: float  # of processor time


def train(
    width: int,
    seed: int,
    budgets: list[float],
    *,
    most_tokens: float = math.inf,
    falls_over: float = math.inf,
    averaged: bool = True,
    where: torch.device = CPU,
) -> Iterator[Row]:
    """One run; a row whenever it has used up one of the budgets, in FLOPs, the smallest first.

    `falls_over` is the number of steps in which the learning rate falls to 0; not `averaged`, the
    loss is that of the weights as they are instead of that of their mean.
    """
    start = time.process_time()
    torch.manual_seed(seed)
    model = Decoder(width).to(where)
    mean, parameters = copy.deepcopy(model), sum(p.numel() for p in model.parameters())
    training, validation = (
        [group.to(where) for group in grouped(english)]
        for english in (words("large", "training"), words("large", "validation")[::4])
    )
    batches, rest, flops, tokens = shuffled(training, seed), list(budgets), 0, 0
    with progress(f"width {width}, seed {seed}", budgets[-1]) as bar:
        for batch in steps_of(model, mean, batches, 0.2 / width, falls_over):
            sequences, length = batch.tokens[:, 1:].shape
            cost = training_flops(width, LAYERS, VOCABULARY, length, sequences)
            flops, tokens = flops + cost, tokens + sequences * length
            bar.update(cost)
            while rest and flops >= rest[0]:
                del rest[0]
                loss = validation_loss(mean if averaged else model, validation)
                seconds = time.process_time() - start
                yield Row(width, seed, parameters, flops, tokens, loss, seconds)
            if not rest or tokens > most_tokens:
                return


def progress(label: str, total: float) -> tqdm:
    """A bar that counts FLOPs."""
    style = {"unit": "FLOP", "unit_scale": True, "ncols": 88, "mininterval": 1}
    return tqdm(desc=label, total=total, file=sys.stdout, **style)


# %% [markdown]
# The table has a row for each run and each budget $5 \cdot 10^9 \cdot 2^{k/2}$, as far as the run went. A budget is
# exceeded by less than one step; `flops` says what was really used. One run again, up to $4 \cdot 10^{10}$ FLOPs, a few
# seconds: expect a loss within 0.05 of that in the table. (On another processor, or with two threads, it is not the
# same to the last digit: they add in another order, and training magnifies what that changes.)

# %%
BUDGETS = 5e9 * 2 ** (np.arange(17) / 2)  # FLOPs

# %%
torch.set_num_threads(1)  # models and fits are too small for more
runs = scaling_runs()
print(f"{len(runs)} rows, columns {', '.join(runs.dtype.names)}")

# %% train
again = [row.loss for row in train(32, 0, [1e10, 2e10, 4e10], where=device())]
listed = runs[(runs["width"] == 32) & (runs["seed"] == 0)]
for loss, budget in zip(again, (1e10, 2e10, 4e10), strict=True):
    row = listed[listed["flops"] >= budget][0]
    print(f"{budget:.0e} FLOPs: loss {loss:.3f}, in the table {row['loss']:.3f}")

# %% [markdown]
# All runs: one colour for each width, from dark for the smallest to bright for the largest, the mean of three seeds,
# and between the smallest and the largest of them a band. The dashed line is what one reaches without looking at the
# word, with the letters as frequent as they are in translations.


# %%
def at(runs: np.ndarray, budget: float) -> np.ndarray:
    """The rows of all runs at the step where they had used up a budget."""
    return runs[(runs["flops"] >= budget) & (runs["flops"] < 1.2 * budget)]


def loss_by_frequency() -> float:
    """The entropy of the tokens of all translations, in nats."""
    text = "".join(translate(word) + "." for word in words("large", "training"))
    shares = np.array([text.count(letter) for letter in set(text)]) / len(text)
    return float(-(shares * np.log(shares)).sum())


def loss_curves(axes: Axes, runs: np.ndarray, column: str) -> None:
    widths = np.unique(runs["width"])
    for width, colour in zip(
        widths, plt.cm.viridis(np.linspace(0, 0.95, len(widths))), strict=True
    ):
        rows = runs[runs["width"] == width]
        of_seeds = [rows[rows["seed"] == seed] for seed in np.unique(rows["seed"])]
        x, losses = of_seeds[0][column], np.array([each["loss"] for each in of_seeds])
        label = f"h = {width}, N = {rows['parameters'][0]:,}"
        axes.plot(x, losses.mean(0), color=colour, label=label)
        axes.fill_between(x, losses.min(0), losses.max(0), color=colour, alpha=0.15, linewidth=0)
    axes.axhline(loss_by_frequency(), color="grey", linestyle="--", label="letters by frequency")
    axes.set(xscale="log", yscale="log")


figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
loss_curves(left, runs, "flops")
loss_curves(right, runs, "tokens")
left.set(xlabel="FLOPs", ylabel="validation loss")
right.set(xlabel="tokens")
right.legend(fontsize=7)
figure.tight_layout()
plt.show()

# %% [markdown]
# ### 2.1 Written: `loss_curves`
#
# 2 points · at most 200 words
#
# What do the curves show? Say which widths are best at $2 \cdot 10^{10}$ and at $6.4 \cdot 10^{11}$ FLOPs; whether a
# larger model has the lower loss at equal **tokens**, and at equal **FLOPs**, and why the two differ; and whether the
# largest model here has the lowest loss in the end. Give numbers from the figure or the table.

# %% [markdown] answer="loss_curves" points=2 words=200
# Model answer: at $2 \cdot 10^{10}$ FLOPs width 16 is best (0.76; width 8 has 1.34, width 96 has 2.41), at $6.4 \cdot
# 10^{11}$ width 32 (0.012; width 16 has 0.045, width 96 has 0.145). At equal **tokens** the larger model is better, up
# to width 48: after one million tokens widths 8, 16, 32 and 48 are at 1.4, 0.31, 0.08 and 0.06, and 64 at 0.07, as 96
# after 0.92 million. At equal **FLOPs** a token of a large model costs more, so that it has seen fewer: at $6.4 \cdot 10^{11}$ width 96 had
# 0.46 million, width 16 had 13 million. So the curves cross: small models fall first and flatten, because they cannot
# hold the rule (width 12 ends at 0.13 after 11 million tokens), larger ones start later and go deeper. The largest does
# not end lowest: width 96 ends at 0.07 and width 32 at 0.005; it would need more than the largest budget here. Seeds of
# one width differ by a factor of up to 5 where the curve is steep, and by more where the loss is small (width 32 at the
# end: 0.001 to 0.012).
#
# Marking: 1 point for both best widths and crossing curves, with numbers; 1 for equal tokens against equal FLOPs with
# the reason. "Larger models always win in the end" is not what these curves show: at most 1.

# %% [markdown]
# ## 3 The best size for a budget
#
# ### 3.1 `find_optimal_params`
#
# 5 points · difficulty ●●○ · importance ●●● · 25 minutes · about 5 lines
#
# Fix a budget $C$. Small models see many tokens for it and cannot use them; large models see too few. In between is the
# size with the lowest loss. Such a curve, loss against size at equal FLOPs, is an **IsoFLOP profile**. With
# $x = \log_{10} N$ it is nearly a parabola near its minimum,
#
# $$L \approx p_0 x^2 + p_1 x + p_2 .$$
#
# Fit it by least squares (`np.polyfit` does) to sizes `params` and losses `losses`, two arrays of equal length, in any
# order. Return the three coefficients in this order, and the number of parameters (not its logarithm) at which the
# parabola is lowest. That is the parabola's own minimum, also where it lies beyond the sizes that were trained, and not
# the best one of them.
#
# A parabola with $p_0 \le 0$ has no minimum: raise a `ValueError` then. (The usual formula gives the place of the
# **maximum** in this case, without a word.)


# %% solution="find_optimal_params"
def find_optimal_params(params: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients (p0, p1, p2) of the parabola in log10(params), and the size with the least loss.

    Raises ValueError where the parabola has no minimum.
    """
    ### BEGIN SOLUTION
    p = np.polyfit(np.log10(params), losses, 2)
    if p[0] <= 0:
        raise ValueError("the losses have no minimum")
    return p, 10 ** (-p[1] / (2 * p[0]))
    ### END SOLUTION


# %% check="find_optimal_params" points=5
check("find_optimal_params", find_optimal_params)

# %% [markdown]
# <details><summary>The coefficients are right and the size is wrong</summary>
#
# Where is the derivative $2 p_0 x + p_1$ zero? And $x$ is a logarithm to base 10: how does one come back from it?
# </details>
#
# Seven profiles, from $10^{10}$ to $6.4 \cdot 10^{11}$ FLOPs. The parabola is fitted to the best size and two on either
# side, since far from its minimum the profile is no parabola. Expect a star in each panel that moves to the right from
# panel to panel, from about 6000 parameters to about 24 000, and means of three seeds that lie near the parabola,
# nearly all nearer than the seeds lie to each other.


# %%
def profile(runs: np.ndarray, budget: float) -> dict[str, np.ndarray]:
    """Sizes, and for each its mean tokens and loss over the seeds, at a budget."""
    rows = at(runs, budget)
    sizes = np.unique(rows["parameters"])
    of_sizes = [rows[rows["parameters"] == size] for size in sizes]
    means = {name: np.array([r[name].mean() for r in of_sizes]) for name in ("tokens", "loss")}
    return {"parameters": sizes, **means}


def near_minimum(curve: dict[str, np.ndarray], sides: int = 2) -> dict[str, np.ndarray]:
    """The best size and some on either side, as a parabola describes no more than that."""
    best = int(curve["loss"].argmin())
    return {name: each[max(0, best - sides) : best + sides + 1] for name, each in curve.items()}


# %%
ISO = BUDGETS[2:16:2]  # 1e10 to 6.4e11, each twice the one before


def profile_panel(axes: Axes, runs: np.ndarray, budget: float) -> None:
    """Single runs, the parabola through the means of those near the best, and its minimum."""
    near, rows = near_minimum(profile(runs, budget)), at(runs, budget)
    p, best = find_optimal_params(near["parameters"], near["loss"])
    x = np.linspace(*np.log10(near["parameters"][[0, -1]]), 50)
    axes.plot(rows["parameters"], rows["loss"], ".", color="grey", label="runs")
    axes.plot(near["parameters"], near["loss"], "o", label="means")
    axes.plot(10**x, np.polyval(p, x), label="parabola")
    axes.plot(
        best, np.polyval(p, np.log10(best)), "*", color="tab:red", markersize=12, label="best"
    )
    top = 1.3 * near["loss"].max()
    axes.set(xscale="log", title=f"{budget:.1e} FLOPs: {best:,.0f}", ylim=(-0.1 * top, top))


# %% look
figure, panels = plt.subplots(2, 4, figsize=(13, 6), sharex=True)
for axes, budget in zip(panels.flat, ISO, strict=False):
    profile_panel(axes, runs, budget)
panels.flat[-1].set_axis_off()
panels.flat[-1].legend(*panels[0, 0].get_legend_handles_labels(), loc="center")
for axes in panels[:, 0]:
    axes.set(ylabel="validation loss")
for axes in (panels[0, 3], *panels[1, :3]):
    axes.set(xlabel="parameters")
    axes.tick_params(labelbottom=True)
figure.tight_layout()
plt.show()

# %% [markdown]
# ### 3.2 `fit_linear_log`
#
# 3 points · difficulty ●○○ · importance ●●● · 10 minutes · about 1 line
#
# If the best size grows as a power of the budget, $N_{\mathrm{opt}} = 10^c\, C^m$, then its logarithm is linear in
# that of $C$:
#
# $$\log_{10} y = m \log_{10} x + c .$$
#
# Fit that by least squares in the logarithms, and return slope and intercept, in this order. Base 10: an intercept in
# natural logarithms, used with `10 **`, was what went wrong in a solution of this exercise that one finds on the web.


# %% solution="fit_linear_log"
def fit_linear_log(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope m and intercept c of log10(y) = m log10(x) + c, by least squares."""
    ### BEGIN SOLUTION
    m, c = np.polyfit(np.log10(x), np.log10(y), 1)
    return m, c
    ### END SOLUTION


# %% check="fit_linear_log" points=3
check("fit_linear_log", fit_linear_log)

# %% [markdown]
# ### 3.3 `optimum_at`
#
# 3 points · difficulty ●○○ · importance ●●○ · 10 minutes · about 2 lines
#
# Two such fits, one for parameters and one for tokens, each a pair $(m, c)$ as 3.2 returns it, say what to train at any
# `budget` in FLOPs. Return the number of parameters and the number of tokens.


# %% solution="optimum_at"
def optimum_at(
    budget: float, params_fit: tuple[float, float], tokens_fit: tuple[float, float]
) -> tuple[float, float]:
    """Parameters and tokens of the best run for a budget in FLOPs, by two fits (m, c)."""
    ### BEGIN SOLUTION
    params, tokens = (10 ** (m * np.log10(budget) + c) for m, c in (params_fit, tokens_fit))
    return params, tokens
    ### END SOLUTION


# %% check="optimum_at" points=3
check("optimum_at", optimum_at)

# %% [markdown]
# The minima of the seven profiles, the laws through them, and what they say about $10^{15}$ FLOPs. That is 1560 times
# the largest budget of a profile, so that a number without an interval would be worth little. The **bootstrap**
# ([Efron 1979](https://doi.org/10.1214/aos/1176344552)) draws three of the three seeds of each width, with replacement,
# does everything again, and does that 200 times. Expect slopes of about [[profiles.slope:.2f]] and
# [[profiles.slope_tokens:.2f]], $[[profiles.parameters:.1f]] \cdot 10^5$ parameters ([[profiles.parameters_low:.1f]] to
# $[[profiles.parameters_high:.1f]] \cdot 10^5$) and $[[profiles.tokens:.1f]] \cdot 10^8$ tokens
# ([[profiles.tokens_low:.1f]] to $[[profiles.tokens_high:.1f]] \cdot 10^8$).
#
# The dashed line is the rule of 20 tokens a parameter that came out of the Chinchilla paper for text from the web.
# Expect the points to lie on another line, with [[choices.tokens_each_early:.0f]] tokens a parameter at the smallest
# budget and [[choices.tokens_each_late:.0f]] at the largest. Letters of pig Latin are not words of the web: the rule is
# a result of that data, not a law.


# %%
class Frontier(NamedTuple):
    """The best run at each budget that has a minimum between the sizes."""

    flops: np.ndarray
    parameters: np.ndarray
    tokens: np.ndarray


def frontier(runs: np.ndarray, budgets: np.ndarray, sides: int = 2) -> Frontier:
    """Minima of the profiles; tokens are interpolated between the sizes, in logarithms."""
    found = []
    for budget in budgets:
        curve = profile(runs, budget)
        near = near_minimum(curve, sides)
        try:
            _, best = find_optimal_params(near["parameters"], near["loss"])
        except ValueError:
            continue
        if curve["parameters"][0] < best < curve["parameters"][-1]:
            logs = np.log(curve["parameters"]), np.log(curve["tokens"])
            found.append((budget, best, np.exp(np.interp(np.log(best), *logs))))
    return Frontier(*np.array(found).T)


def fits(points: Frontier) -> tuple[tuple[float, float], tuple[float, float]]:
    """The two power laws, of parameters and of tokens."""
    return tuple(fit_linear_log(points.flops, y) for y in (points.parameters, points.tokens))


def resampled(runs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many runs of each width as there are, drawn with replacement."""
    parts = []
    for width in np.unique(runs["width"]):
        rows = runs[runs["width"] == width]
        seeds = np.unique(rows["seed"])
        parts += [rows[rows["seed"] == seed] for seed in rng.choice(seeds, len(seeds))]
    return np.concatenate(parts)


def bootstrap(answer: Callable[[np.ndarray], np.ndarray], runs: np.ndarray, times: int = 200):
    """Answers for resampled runs, one in each row."""
    rng = np.random.default_rng(0)
    return np.array([answer(resampled(runs, rng)) for _ in range(times)])


# %%
TARGET = 1e15  # FLOPs
NAMES = ["slope of parameters", "slope of tokens", "parameters", "tokens"]


def answers(runs: np.ndarray) -> np.ndarray:
    """Slopes of both laws, and the best parameters and tokens for the target."""
    of_params, of_tokens = fits(frontier(runs, ISO))
    return np.array([of_params[0], of_tokens[0], *optimum_at(TARGET, of_params, of_tokens)])


def print_with_intervals(found: np.ndarray, drawn: np.ndarray) -> None:
    """Each number, and between which two numbers 95 % of the draws lie."""
    ends = np.percentile(drawn, [2.5, 97.5], axis=0)
    for name, value, low, high in zip(NAMES, found, *ends, strict=True):
        print(f"{name:20} {value:9.3g}   95 % of {len(drawn)} draws: {low:.3g} to {high:.3g}")


def frontier_panel(
    axes: Axes, points: Frontier, what: str, fit: tuple[float, float], drawn: np.ndarray
) -> None:
    """The minima of the profiles, the line through them, and 20 tokens a parameter.

    The bar at the target is where 95 % of the draws lie.
    """
    C, (m, c) = np.geomspace(5e9, TARGET, 50), fit
    twenty = {"parameters": np.sqrt(C / 120), "tokens": 20 * np.sqrt(C / 120)}
    axes.plot(points.flops, getattr(points, what), "o", label="minima of the profiles")
    axes.plot(C, 10 ** (m * np.log10(C) + c), label=f"slope {m:.2f}")
    axes.plot(C, twenty[what], "--", color="grey", label="20 tokens a parameter")
    axes.plot([TARGET] * 2, np.percentile(drawn, [2.5, 97.5]), linewidth=4, label="95 % of draws")
    axes.set(xscale="log", yscale="log", xlabel="FLOPs", ylabel=f"best {what}")
    axes.legend()


# %% look
drawn = bootstrap(answers, runs)
print_with_intervals(answers(runs), drawn)
points = frontier(runs, ISO)
figure, panels = plt.subplots(1, 2, figsize=(11, 4))
for i, what in enumerate(("parameters", "tokens")):
    frontier_panel(panels[i], points, what, fits(points)[i], drawn[:, 2 + i])
figure.tight_layout()
plt.show()

# %% [markdown]
# The interval knows of the seeds and of nothing else. What you decided without noticing moves the answer as much: how
# many sizes on either side of the best one does a parabola describe?

# %% look
for sides in (1, 2, 7):
    laws = fits(frontier(runs, ISO, sides))
    best = optimum_at(TARGET, *laws)
    print(
        f"{sides} on either side: slope {laws[0][0]:.3f}, parameters {best[0]:.2g}, tokens {best[1]:.2g}"
    )

# %% [markdown]
# A law is worth what it predicts. Fitted to the first five budgets, what does it say about the last one, four times as
# large as the fifth? Expect [[choices.predicted:.0f]] 000 parameters where [[choices.measured:.0f]] 000 are measured,
# off by a factor of [[choices.factor:.1f]]: the points in the figure bend below the line, and a straight line through
# fewer of them is steeper. That is for a factor of 4 in the budget.

# %% look
early, late = ISO[:-2], ISO[-1]
predicted = optimum_at(late, *fits(frontier(runs, early)))
measured = frontier(runs, np.array([late]))
print(f"fitted to budgets up to {early[-1]:.1e} FLOPs, for {late:.1e}:")
print(f"  parameters predicted {predicted[0]:9,.0f}, measured {measured.parameters[0]:9,.0f}")
print(f"  tokens     predicted {predicted[1]:9,.0f}, measured {measured.tokens[0]:9,.0f}")

# %% [markdown]
# ### 3.4 Written: `kaplan`
#
# 4 points · at most 250 words
#
# [Kaplan et al. 2020](https://arxiv.org/abs/2001.08361) found $N_{\mathrm{opt}} \propto C^{0.73}$, Chinchilla
# $N_{\mathrm{opt}} \propto C^{0.50}$: for a budget a thousand times larger a model 155 times larger, or 32 times. What
# stood between them? Two of the suspects you can question here:
#
# - **Which parameters count.** Kaplan left embeddings out of $N$, and
#   [Pearce and Song 2024](https://arxiv.org/abs/2406.12907) explain most of the difference by that. Below, embedding and
#   head are left out of all sizes.
# - **What the learning rate is when the loss is read.** Kaplan's fell over the same number of steps in all runs, so
#   that losses of short ones were read before the fall was done: for Chinchilla that is the reason.
#   [Porian et al. 2024](https://arxiv.org/abs/2406.19146) disagree: once warm-up and optimiser are put right, the
#   fall matters little. Below, a run of width 16 is read at its end and half-way: at the full rate, without the mean;
#   with the mean, as in the table; and with a rate that falls to 0 at the end.
#
# **Before you run the cells**, write down what you expect. Is the slope of the parameters larger or smaller without
# embedding and head, and by how much? Which of the three losses is the lowest at the end, and which half-way? **Then**
# run them, compare, and explain what came out. What would the falling rate do to the best size of a small budget, if
# losses of all runs were read before the fall is done?
#
# First the slope. The interval is that of the **difference**, whose two sides have the same seeds in each draw.


# %%
def without_ends(runs: np.ndarray) -> np.ndarray:
    """The table, with sizes that leave out embedding and head."""
    changed = runs.copy()
    changed["parameters"] -= 2 * VOCABULARY * runs["width"] + VOCABULARY
    return changed


def slope(runs: np.ndarray) -> float:
    """That of the best size, over the budget."""
    return fits(frontier(runs, ISO))[0][0]


def difference(runs: np.ndarray) -> float:
    """What leaving out embedding and head adds to the slope."""
    return slope(without_ends(runs)) - slope(runs)


# %% look
low, high = np.percentile(bootstrap(difference, runs), [2.5, 97.5])
print(f"slope {slope(runs):.3f}, without embedding and head {slope(without_ends(runs)):.3f}")
print(f"95 % of 200 draws have a difference of {low:+.3f} to {high:+.3f}")

# %% [markdown]
# Then the run, twice, about ten seconds each on one core.

# %%
HALF_WAY = 4e10  # FLOPs
END = 8e10
FALLS_OVER = 2720  # steps of width 16 until the end

# %% train
settings = {"averaged": False, "where": device()}
full = [row.loss for row in train(16, 0, [HALF_WAY, END], **settings)]
falling = [row.loss for row in train(16, 0, [HALF_WAY, END], falls_over=FALLS_OVER, **settings)]
listed = runs[(runs["width"] == 16) & (runs["seed"] == 0)]
print(f"{'FLOPs':>8}{'full rate':>12}{'its mean':>12}{'falling':>12}")
for i, budget in enumerate((HALF_WAY, END)):
    print(f"{budget:8.0e}{full[i]:12.3f}{at(listed, budget)['loss'][0]:12.3f}{falling[i]:12.3f}")

# %% [markdown] answer="kaplan" points=4 words=250
# Model answer, without the prediction: the slope rises from [[profiles.slope:.3f]] to [[without_ends.slope:.3f]]; in
# 95 % of the draws the difference is [[without_ends.difference_low:.3f]] to [[without_ends.difference_high:.3f]].
# Embedding and head are 22 % of the parameters at width 8 and 3 % at width 96, so that small sizes shrink more, and the
# line gets steeper. That is Kaplan's direction, and a small part of $0.73 - 0.50$: 30 letters are a small vocabulary;
# with 50 000 words small models are nearly nothing but ends.
#
# At the end of the run the weights at the full rate have [[without_mean.full_end:.1f]] times the loss of their mean
# (three seeds): each step jumps about in a valley, whose middle the mean finds. The falling rate ends at
# [[without_mean.falling_end:.1f]] times that loss, as its jumps become small. Half-way its rate is still half, and its
# loss [[without_mean.falling_half_way:.1f]] times that of the mean, although it ends as well (and with two seeds of three
# even more than at the full rate: a single reading of weights that jump is noisy): a loss that is read before the fall
# is done is too high. With one fall for all runs this concerns those with few tokens, which at a small budget are the large sizes.
# So the best size of small budgets comes out too small, that of large ones does not, and the slope is too large:
# Kaplan's direction again.
#
# Marking: 1 point for predictions that are compared with what came out, right or wrong; 1 for the steeper slope and the
# share of the ends that falls with the width; 1 for the three losses at the end, with a reason why the mean or the fall
# is needed; 1 for the loss half-way, and that few tokens, large sizes at small budgets, then look worse than they are.

# %% [markdown]
# ## 4 One formula for all runs (beyond the handout)
#
# The paper on Chinchilla ([Hoffmann et al. 2022](https://arxiv.org/abs/2203.15556)) has a third way, which uses every
# row of the table and not the minima alone. It supposes that the loss is
#
# $$L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta} :$$
#
# $E$ is what no model can know, the second term is what a model of $N$ parameters cannot hold, and the third what it
# has not learned from $D$ tokens.
#
# ### 4.1 `huber_objective`
#
# 4 points · difficulty ●●● · importance ●●○ · 30 minutes · about 4 lines
#
# The five numbers are found by minimising the distance between the **logarithms** of what is predicted and of what was
# measured. With $a = \ln A$, $b = \ln B$, $e = \ln E$, which keeps $A$, $B$ and $E$ positive, and natural logarithms,
# the residual of run $i$ is
#
# $$r_i = \ln\!\left(e^{\,a - \alpha \ln N_i} + e^{\,b - \beta \ln D_i} + e^{\,e}\right) - \ln L_i$$
#
# ($e^{\,e}$ is $E$). The objective is the **sum** over the runs of the Huber loss, quadratic for small residuals and
# linear for large ones, so that a few bad runs do not decide the fit:
#
# $$H_\delta(r) = \begin{cases} \tfrac12 r^2 & |r| \le \delta \\ \delta\,(|r| - \tfrac12 \delta) & \text{otherwise.}\end{cases}$$
#
# `theta` holds $(a, b, e, \alpha, \beta)$, in this order. Gradients must reach it. All tensors are float64, the result
# included. `torch.logsumexp` and `F.huber_loss` may help.


# %% solution="huber_objective"
def huber_objective(
    theta: Tensor, params: Tensor, tokens: Tensor, losses: Tensor, delta: float = 1e-3
) -> Tensor:
    """The sum of Huber losses (a scalar) for theta (5,) and n runs: params, tokens, losses (n,)."""
    ### BEGIN SOLUTION
    a, b, e, alpha, beta = theta
    terms = [a - alpha * params.log(), b - beta * tokens.log(), e.expand_as(params)]
    predicted = torch.logsumexp(torch.stack(terms), dim=0)  # (n,), ln L
    return F.huber_loss(predicted, losses.log(), reduction="sum", delta=delta)
    ### END SOLUTION


# %% check="huber_objective" points=4
check("huber_objective", huber_objective)

# %% [markdown]
# <details><summary>Only <code>near_the_curve</code> fails, or only <code>far_from_the_curve</code></summary>
#
# The first has small residuals, in the quadratic part; the second large ones, in the linear part.
# </details>
#
# ### 4.2 `parametric_optimum`
#
# 4 points · difficulty ●●● · importance ●●○ · 30 minutes · about 5 lines
#
# With $C = 6ND$ the best split of a budget has a closed form. Put $D = C / (6N)$ into $L(N, D)$, set the derivative for
# $N$ to zero, and you find
#
# $$N_{\mathrm{opt}} = G \left(\frac{C}{6}\right)^{\frac{\beta}{\alpha + \beta}}, \qquad
# D_{\mathrm{opt}} = \frac1G \left(\frac{C}{6}\right)^{\frac{\alpha}{\alpha + \beta}}, \qquad
# G = \;?$$
#
# Work out $G$. `theta` is as in 4.1, with logarithms $a$ and $b$ in it.


# %% solution="parametric_optimum"
def parametric_optimum(theta: Tensor, budget: float) -> tuple[float, float]:
    """Parameters and tokens with the least L(N, D), where 6 N D is the budget."""
    ### BEGIN SOLUTION
    a, b, _, alpha, beta = theta.tolist()
    G = (alpha * math.exp(a) / (beta * math.exp(b))) ** (1 / (alpha + beta))
    params = G * (budget / 6) ** (beta / (alpha + beta))
    tokens = (budget / 6) ** (alpha / (alpha + beta)) / G
    return params, tokens
    ### END SOLUTION


# %% check="parametric_optimum" points=4
check("parametric_optimum", parametric_optimum)

# %% [markdown]
# <details><summary>How do I find G?</summary>
#
# At the minimum $\alpha A N^{-\alpha - 1} = \beta B\, (6/C)^{\beta} N^{\beta - 1}$. Bring all powers of $N$ to one
# side.
# </details>
#
# The fit, with L-BFGS from five starts, to all rows from $10^{10}$ FLOPs on, and 20 bootstrap draws, together about
# [[one_formula.seconds:.0f]] seconds. Expect exponents of about [[one_formula.alpha:.1f]] and
# [[one_formula.beta:.1f]], which is several times those of language models (0.34 and 0.28 in the paper;
# [Besiroglu et al. 2024](https://arxiv.org/abs/2404.10102) found 0.35 and 0.37, with runs read off its figure), and an $E$ of nearly 0: the task can be solved perfectly, so that there
# is nothing that no model can know. Predicted and measured losses differ by a factor of [[one_formula.error:.1f]] in
# the median and [[one_formula.large_error:.1f]] in nine rows of ten, which is not a good fit: the curves of part 2 have
# a bend, and no sum of two powers has one. Chinchilla's formula is not wrong here because of an error in your code; it
# describes other data. Which of its answers still agrees with 3.3?


# %%
def parametric_fit(runs: np.ndarray) -> Tensor:
    """θ with the least objective, from many starts, as there are many local minima."""
    columns = (torch.tensor(runs[name].astype(float)) for name in ("parameters", "tokens", "loss"))
    data, best = tuple(columns), (math.inf, torch.empty(0))
    for alpha, beta in ((0.3, 0.3), (0.6, 0.3), (0.3, 0.6), (0.8, 0.8), (1.0, 1.5)):
        start = [alpha * math.log(1e4), beta * math.log(1e6), -4.0, alpha, beta]
        best = min(best, descended(torch.tensor(start, dtype=torch.float64), data))
    return best[1]


def descended(theta: Tensor, data: tuple[Tensor, ...]) -> tuple[float, Tensor]:
    """The objective where L-BFGS ends, and the θ there."""
    theta = theta.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([theta], max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = huber_objective(theta, *data)
        value.backward()
        return value

    optimiser.step(closure)
    return closure().item(), theta.detach()


def residuals(theta: Tensor, runs: np.ndarray) -> np.ndarray:
    """ln(predicted loss) − ln(measured loss) for each row."""
    a, b, e, alpha, beta = theta.tolist()
    by_size, by_data = runs["parameters"] ** -alpha, runs["tokens"] ** -beta
    return np.log(math.exp(a) * by_size + math.exp(b) * by_data + math.exp(e)) - np.log(
        runs["loss"]
    )


def parametric_answers(runs: np.ndarray) -> np.ndarray:
    """Both exponents of the optimum, and the best parameters and tokens for the target."""
    theta = parametric_fit(runs)
    alpha, beta = theta[3:].tolist()
    share = beta / (alpha + beta)
    return np.array([share, 1 - share, *parametric_optimum(theta, TARGET)])


# %% look
used = runs[runs["flops"] >= ISO[0]]
theta = parametric_fit(used)
A, B, E = theta[:3].exp().tolist()
print(f"L = {E:.2g} + {A:.3g} / N^{theta[3]:.2f} + {B:.3g} / D^{theta[4]:.2f}")
off = np.exp(np.abs(residuals(theta, used)))
print(f"predicted and measured loss differ by a factor of {np.median(off):.2f} in the median,")
print(f"of {np.percentile(off, 90):.2f} in nine rows of ten")
print_with_intervals(parametric_answers(used), bootstrap(parametric_answers, used, times=20))

# %% [markdown]
# ## 5 Is this run compute-optimal?
#
# ### 5.1 `verdict`
#
# 3 points · difficulty ●●○ · importance ●●○ · 15 minutes · about 6 lines
#
# Somebody used `budget` FLOPs to train a model of `params` parameters. Compare it with the size that the fit of 3.2,
# `params_fit` $= (m, c)$, calls best for this budget, and return one of three strings:
#
# | | |
# |---|---|
# | `"too large"` | more than `factor` times the best size: a smaller model, trained on more tokens, would have been better |
# | `"too small"` | less than the best size divided by `factor`: a larger one on fewer tokens |
# | `"optimal"` | neither |


# %% solution="verdict"
def verdict(
    budget: float, params: float, params_fit: tuple[float, float], factor: float = 2.0
) -> str:
    """ "too large", "too small" or "optimal", for a run of `budget` FLOPs."""
    ### BEGIN SOLUTION
    m, c = params_fit
    ratio = params / 10 ** (m * np.log10(budget) + c)
    if ratio > factor:
        return "too large"
    return "too small" if ratio < 1 / factor else "optimal"
    ### END SOLUTION


# %% check="verdict" points=3
check("verdict", verdict)

# %% [markdown]
# [Hoffmann et al. 2022](https://arxiv.org/abs/2203.15556) came to "too large" for GPT-3 and Gopher. Your verdict on
# every width of the table at the seven budgets. Read a row from left to right: a width is too large for small budgets,
# then right, then too small. Expect "optimal" along a diagonal, and width 16 to be right from $10^{10}$ to $8 \cdot
# 10^{10}$ FLOPs.

# %% look
of_params, _ = fits(frontier(runs, ISO))
print(f"{'width':>5}  " + "".join(f"{budget:>12.1e}" for budget in ISO))
for width in np.unique(runs["width"]):
    parameters = runs["parameters"][runs["width"] == width][0]
    print(f"{width:5}  " + "".join(f"{verdict(C, parameters, of_params):>12}" for C in ISO))

# %% [markdown]
# ### 5.2 Written: `compute_optimal`
#
# 4 points · at most 250 words
#
# The handout that this assignment follows asks the question for a run of its own: width 128, four layers, 268 062
# parameters, $8.63 \cdot 10^{12}$ FLOPs, 5.00 million tokens. Fits to the runs of that notebook say that the best at
# this budget are $2.4 \cdot 10^5$ parameters and $5.6 \cdot 10^6$ tokens. (Its models have other layers, so that your
# fits do not hold for them.) A published answer reads: "The total number of FLOPs is 8.6 T, total number of tokens is
# 6.6 M. The model's training is not optimised; it would benefit from an increase in the size of the input data or a
# decrease in the size of the model."
#
# Judge the run, and the answer:
#
# - Which number of the answer cannot be that of the run? Compare FLOPs per token with $6N$.
# - Is the run compute-optimal? By what factors are parameters and tokens away from the best ones?
# - What would one change at the **same** budget, and about how much would be gained by it? Remember the shape of a
#   profile near its minimum.
# - Why is "more data" alone no advice for a fixed budget?

# %% [markdown] answer="compute_optimal" points=4 words=250
# Model answer: $8.63 \cdot 10^{12}$ FLOPs for 5.00 million tokens are 1.73 MFLOP a token, 1.07 times $6N = 1.61$ MFLOP,
# as it should be for a model in which attention and head cost a little besides. With 6.6 million tokens it would be
# 1.31 MFLOP, fewer than $6N$, which is impossible: 6.6 million is what a plot shows as best, not what the run used. The
# model has $2.7 / 2.4 = 1.1$ times the best number of parameters, and $5.0 / 5.6 = 0.9$ times the tokens: well within a
# factor of 2, so that it is as optimal as such a fit can tell. At the same budget one would take a model 10 % smaller
# on 12 % more tokens. The profile is flat at its minimum, and 12 % are 0.05 on the axis of $\log_{10} N$: the gain
# would be smaller than the difference between two seeds. More tokens for the same model are more FLOPs, a larger
# budget; at a fixed one they need a smaller model. (*Other* words instead of repeated ones cost nothing and may help:
# the run saw its 2558 words a hundred times.)
#
# Marking: 1 point for 5.0 against 6.6 million with FLOPs per token; 1 for "optimal" with both factors, or one and the
# reason why the other follows; 1 for a small change and the flat minimum; 1 for the fixed budget. "Too large" because
# the ratio is above 1, without a tolerance, earns at most 2.

# %% [markdown]
# ### 5.3 Written: `extrapolation`
#
# 2 points · at most 200 words
#
# For $10^{15}$ FLOPs you have now three answers by the profiles (one, two or seven sizes on either side), an interval,
# and one by Chinchilla's formula with an interval of its own. What does a bootstrap interval contain, and what not?
# Does the training data allow what the answer asks for (an epoch has 357 000 tokens)? What loss do you expect there,
# and would you spend $10^{15}$ FLOPs on this task? Name one measurement that would tell you more.

# %% [markdown] answer="extrapolation" points=2 words=200
# Model answer: the interval, [[profiles.parameters_low:.1f]] to $[[profiles.parameters_high:.1f]] \cdot 10^5$
# parameters, holds what other seeds would have given. It holds neither the choice of the window ([[choices.narrow:.1f]]
# and $[[choices.wide:.1f]] \cdot 10^5$ with one and with seven sizes on either side) nor that of the form (Chinchilla's
# says $[[one_formula.parameters:.1f]] \cdot 10^5$, [[one_formula.parameters_low:.1f]] to
# [[one_formula.parameters_high:.1f]]), nor whether a power law goes on for three decades more: the minima bend already,
# and the law of the first five budgets is off by [[choices.factor:.1f]] at four times the budget. Depth, batches and
# learning rates are one choice of many. $5 \cdot 10^8$ tokens are 1400 epochs of the same 18 000 words, where the
# longest run had 38; repeated tokens are worth less and less
# ([Muennighoff et al. 2023](https://arxiv.org/abs/2305.16264)). And the loss is 0.005 already at $1.28 \cdot 10^{12}$
# FLOPs (width 32): $10^{15}$ would buy nothing that one could notice on this task. A measurement: predict the profile
# at ten times the largest budget, then train it; or more seeds and widths between 16 and 48.
#
# Marking: 1 point for what the interval leaves out, with at least two of: window, form, range, data, set-up; 1 for
# repeated data or the loss that is nearly 0, with a number, and a sensible measurement.

# %% [markdown]
# {ai_tools}

# %%
summary()

# %% [markdown]
# ## 6 Handing in
#
# {handing_in}
#
# Texts that have a limit are counted in the notebook as it was saved; a formula is one word.

# %% train
STUDENT_ID = "00000000"
NAME = "name"
word_counts()
submit(STUDENT_ID, NAME)
