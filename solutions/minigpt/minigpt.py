# %% [markdown]
# # MiniGPT: what a small language model knows, and how to ask for it
#
# What a language model has read, it knows. But can it be *asked*? You will write the reading (pre-training with span
# corruption), the asking (fine-tuning on questions about other people), a **Perceiver**, which reads through a
# bottleneck, and rotary positions; you will train models that read about 300 people and must say where they were born;
# and you will find out what decides whether knowledge that is there also comes out.
#
# Everything is here: texts, questions and trainings need no download. Plan five hours for the exercises and written answers.
# The trainings use a GPU where there is one. On a CPU those of part 7 take about 1300 seconds of processor time and those of
# parts 8 and 9 about 650, together about twenty minutes on two cores.
# Every exercise stands on its own: a mistake in one costs no points in another.
#
#
# | letter | axis |
# |---|---|
# | `B` | texts in a batch |
# | `T` | positions of a text |
# | `d` | numbers at one position, `n_embd` |
# | `nh`, `hs` | heads, and numbers of one head: `nh` · `hs` = `d` |
# | `m` | positions behind the bottleneck of the Perceiver |
# | `V` | characters of the vocabulary |
#
# {points}

# %%
import math
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from IPython.display import display
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from autograder import Artefact, Predictions, check, submit, summary
from autograder.tools import diagrams
from autograder.tools.accounting import counts, side_by_side
from autograder.tools.birth_places import data_file
from autograder.tools.device import device
from autograder.tools.plots import heat_map
from autograder.tools.saving import save_model

# %% [markdown]
# In the end you will have built this, too: a Perceiver, which reads through a bottleneck. Without it, all blocks are as
# wide as the text.

# %% look
diagrams.perceiver()

# %% [markdown]
# ## 1 People and places
#
# The original assignment takes sentences of Wikipedia about 2937 people. Here nobody ever lived, and of the places London
# alone exists: names, places, professions and years are drawn at random, so that nothing can be known about anybody but
# what was read (as in [Allen-Zhu and Li, 2023](https://arxiv.org/abs/2309.14316)). The format is the original's:
#
# - `wiki.txt`, a text on each line, which begins with a person's name and a full stop. There are 300 people and four
#   texts about each, in different words;
# - `birth_places_train.tsv` and `birth_dev.tsv`, a question, a tab and a place on each line, for 100 people each;
# - `birth_test_inputs.tsv`, questions about the last 100 people; your course has the places.
#
# Texts about **all** people may be read. Questions about the people of `train` are for fine-tuning, those of `dev` for
# measuring. So a model can only answer a question of `dev` if it has *read* the place, and has learned from *other* people
# what the question means. (Where a folder `data/` lies beside the notebook, its files of these names are taken
# instead, so that the original's can be used where you have them.)

# %%
PAD = 0  # the number of the character behind a text


def pairs_in(path: Path | str) -> list[tuple[str, str]]:
    """The questions and places of a file, a pair on each line."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [(question, place) for question, place in (line.split("\t") for line in lines)]


# %% look
print(data_file("wiki").read_text(encoding="utf-8")[:600])
for question, place in pairs_in(data_file("train"))[:3]:
    print(question, "→", place)

# %% [markdown]
# ### 1.1 `baseline`
#
# 3 points · difficulty ●○○ · importance ●●○ · 10 minutes · about 3 lines
#
# How many questions does one answer who knows nothing about people, and only which place is the most frequent? In the
# original it is London, for 5.0 % of the dev questions. An accuracy below this is no knowledge, and a model without
# pre-training usually stays below it: it guesses a different place for everybody.


# %% solution="baseline"
def baseline(
    training: list[tuple[str, str]], questions: list[tuple[str, str]]
) -> tuple[str, float]:
    """The most frequent place of the training pairs, and the share of questions that it answers.

    Of places that are equally frequent, the one that comes first in `training`.
    """
    ### BEGIN SOLUTION
    counts = Counter(place for _, place in training)
    (place, _), *_ = counts.most_common()
    right = sum(answer == place for _, answer in questions)
    return place, right / len(questions)
    ### END SOLUTION


# %% check="baseline" points=3
check("baseline", baseline)

# %% look
place, share = baseline(pairs_in(data_file("train")), pairs_in(data_file("dev")))
print(f"always {place}: right for {share:.1%} of the dev questions")

# %% [markdown]
# ## 2 The model
#
# Given: a GPT as in the original (the decoder of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), with its
# norms in front of each part, as in [GPT-2](https://openai.com/index/better-language-models/)). A text becomes a vector
# for each character; each block adds what **causal self-attention** finds at the same and at earlier positions, and
# what two layers make of each position alone; the last layer scores the next character. There is no dropout. Learned
# position vectors say where a character stands, or, with `rope=True`, rotations that you write in part 6.
#
# `blocks_of` replaces the first block and the last one where a configuration says `perceiver=True`; you write those in
# part 5.


# %%
class GPTConfig(NamedTuple):
    """What a model is made of."""

    vocab_size: int
    block_size: int
    n_layer: int = 3
    n_head: int = 4
    n_embd: int = 128
    rope: bool = False  # rotary positions instead of learned ones, part 6
    perceiver: bool = False  # a bottleneck between the first block and the last one, part 5
    bottleneck_dim: int = 32  # positions behind the bottleneck


def heads_of(x: Tensor, n_head: int) -> Tensor:
    """(B, T, d) → (B, nh, T, hs)."""
    return x.unflatten(-1, (n_head, -1)).transpose(1, 2)


class CausalSelfAttention(nn.Module):
    """Each position looks at itself and at those before it."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.query, self.key, self.value, self.proj = (
            nn.Linear(config.n_embd, config.n_embd) for _ in range(4)
        )
        self.n_head = config.n_head
        angles = None
        if config.rope:
            angles = precompute_rotary_emb(config.n_embd // config.n_head, config.block_size)
        self.register_buffer("rotary_emb", angles, persistent=False)

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Both (B, nh, T, hs), turned by their positions where the model has rotary ones."""
        q, k = (heads_of(layer(x), self.n_head) for layer in (self.query, self.key))
        if self.rotary_emb is not None:
            q, k = (apply_rotary_emb(each, self.rotary_emb) for each in (q, k))
        return q, k

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, d) → (B, T, d)."""
        q, k = self.queries_and_keys(x)
        v = heads_of(self.value(x), self.n_head)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (B, nh, T, hs)
        return self.proj(y.transpose(1, 2).flatten(2))


def mlp(n_embd: int) -> nn.Module:
    """Two layers, for each position alone."""
    return nn.Sequential(nn.Linear(n_embd, 4 * n_embd), nn.GELU(), nn.Linear(4 * n_embd, n_embd))


class Block(nn.Module):
    """Attention and two layers, each added to what goes past it."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(config.n_embd), nn.LayerNorm(config.n_embd)
        self.attn = CausalSelfAttention(config)
        self.mlp = mlp(config.n_embd)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, d) → (B, T, d)."""
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """Characters (B, T) to scores for the next character at each position."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.tok_emb = nn.Embedding(config.vocab_size, config.n_embd)
        positions = 0.02 * torch.randn(1, config.block_size, config.n_embd)
        self.pos_emb = None if config.rope else nn.Parameter(positions)
        self.blocks = blocks_of(config)
        self.ln_f = nn.LayerNorm(config.n_embd)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.apply(initialise)

    def forward(self, idx: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Scores (B, T, V), and the mean cross-entropy of targets (B, T) that are no PAD."""
        x = self.tok_emb(idx)
        if self.pos_emb is not None:
            x = x + self.pos_emb[:, : idx.shape[1]]
        scores = self.head(self.ln_f(self.through_blocks(x)))
        if targets is None:
            return scores, None
        return scores, F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=PAD)

    def through_blocks(self, x: Tensor) -> Tensor:
        """(B, T, d) → (B, T, d)."""
        if not self.config.perceiver:
            for block in self.blocks:
                x = block(x)
            return x
        down, *middle, up = self.blocks
        y = down(x)  # (B, m, d)
        for block in middle:
            y = block(y)
        return up(y, x)


def blocks_of(config: GPTConfig) -> nn.ModuleList:
    """All blocks of a model, in order."""
    if not config.perceiver:
        return nn.ModuleList(Block(config) for _ in range(config.n_layer))
    behind = config._replace(block_size=config.bottleneck_dim)
    middle = (Block(behind) for _ in range(config.n_layer - 2))
    return nn.ModuleList([DownProjectBlock(config), *middle, UpProjectBlock(config)])


def initialise(module: nn.Module) -> None:
    """Small normal weights, and no biases, as in GPT-2."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


# %% [markdown]
# ## 3 Reading: pre-training with span corruption
#
# ### 3.1 `CharCorruptionDataset`
#
# 12 points · difficulty ●●○ · importance ●●○ · 40 minutes · about 10 lines
#
# What does one train on texts alone? Take out a part of a text, put it behind the rest, and let the model write it. Each time
# that a text is taken, it is corrupted anew:
#
# 1. **Cut** it: draw a length, each from 4 to ⌊7/8 · `block_size`⌋ equally likely, both ends included, and keep so many
#    characters from the beginning, or all if there are not so many.
# 2. Draw the **length** of the masked part. It is random, and in the mean a quarter of the *cut* text (the check takes
#    everything from 0.22 to 0.28; any law will do). It is seldom empty, about one time in eight at most. Draw **where** it begins:
#    at the beginning, at the end, or anywhere between.
# 3. Rearrange: `[prefix] MASK [suffix] MASK [masked part] MASK [pads]`, with as many PADs as are needed for
#    `block_size` characters.
# 4. `x` are the numbers of all characters but the last, `y` those of all but the first: both have **`block_size − 1`**
#    numbers, in `torch.long`.
#
# With MASK as ⁇ and PAD as □: from "Ada Vell was born in Ost." may come
#
# `Ada Vell was⁇in Ost.⁇ born ⁇□□□□□□□□□`
#
# Take a quarter in the mean by drawing evenly from 1 to one less than half of the length, or in another way. Every
# text must work, the empty one too. A character that has no number is an error (`KeyError`), not a PAD. Nothing is
# printed. (The idea is that of T5's span corruption: [Raffel et al., 2020](https://arxiv.org/abs/1910.10683).)


# %% solution="char_corruption"
class CharCorruptionDataset(Dataset):
    """Texts with a span taken out and put behind them."""

    MASK_CHAR, PAD_CHAR = "\u2047", "\u25a1"

    def __init__(self, data: str, block_size: int) -> None:
        chars = [self.PAD_CHAR, self.MASK_CHAR, *sorted(set(data))]
        self.stoi = {char: i for i, char in enumerate(chars)}
        self.itos = dict(enumerate(chars))
        self.vocab_size, self.block_size = len(chars), block_size
        self.data = data.split("\n")

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, idx: int) -> tuple[Tensor, Tensor]:
        """x and y, both (block_size − 1) and of integers: y is x, one position on."""
        ### BEGIN SOLUTION
        document = self.data[idx][: random.randint(4, self.block_size * 7 // 8)]
        length = random.randint(1, max(1, len(document) // 2 - 1))  # a quarter, in the mean
        length = min(length, len(document))
        start = random.randint(0, len(document) - length)
        prefix, content = document[:start], document[start : start + length]
        suffix = document[start + length :]
        text = self.MASK_CHAR.join([prefix, suffix, content, ""])
        text += self.PAD_CHAR * (self.block_size - len(text))
        tokens = torch.tensor([self.stoi[char] for char in text])  # (block_size,)
        return tokens[:-1], tokens[1:]
        ### END SOLUTION


# %% check="char_corruption" points=12
check("char_corruption", CharCorruptionDataset)

# %% [markdown]
# <details><summary>Some lengths never occur</summary>
#
# `random.randint(a, b)` includes b; `torch.randint`, `np.random.randint` and `range` do not. The masked part and where
# it begins have ends, too: a part of length k of n characters can begin at 0 to n − k.
# </details>
#
# <details><summary>"empty range" for a short text</summary>
#
# A text of 0 to 3 characters cannot be cut to 4. Let the length of the masked part be at most that of the text.
# </details>
#
# One text, six times. Can you tell where the masked part was?

# %% look
some = CharCorruptionDataset(data_file("wiki").read_text(encoding="utf-8"), block_size=64)
for _ in range(6):
    x, y = some[0]
    print("".join(some.itos[i] for i in x.tolist()))

# %% [markdown]
# ## 4 Asking: fine-tuning
#
# How much a model can answer from its weights alone was measured by [Roberts et al.,
# 2020](https://arxiv.org/abs/2002.08910), with the same two steps. Given: a question and its place as a text in the
# same form, `Where was Ada Vell born?⁇Ost⁇`, with PAD as the target everywhere but for the place and its MASK, so that
# only the answer is learned; and a trainer. The learning rate rises evenly during the first `warmup_tokens`, then falls
# to a tenth along half a cosine until `final_tokens`, and stays there.


# %%
class NameDataset(Dataset):
    """Questions and places, `Where was … born?⁇place⁇`, of which the place alone is to be learned."""

    def __init__(self, data: str, pretraining_dataset: "CharCorruptionDataset") -> None:
        self.pretraining_dataset = pretraining_dataset
        self.block_size = pretraining_dataset.block_size
        self.data = [line.split("\t") for line in data.splitlines()]

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, idx: int) -> tuple[Tensor, Tensor]:
        """x and y, both (block_size − 1); y is PAD before the second half of the text."""
        known = self.pretraining_dataset
        question, place = self.data[idx]
        text = question + known.MASK_CHAR + place + known.MASK_CHAR
        tokens = torch.tensor([known.stoi[char] for char in text])
        tokens = F.pad(tokens, (0, self.block_size - len(tokens)), value=PAD)
        targets = tokens[1:].clone()
        targets[: len(question) - 1] = PAD
        return tokens[:-1], targets


class TrainerConfig(NamedTuple):
    """How a model is trained."""

    max_epochs: int
    batch_size: int
    learning_rate: float
    lr_decay: bool = False
    warmup_tokens: int = 0
    final_tokens: int = 0
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    grad_norm_clip: float = 1.0


class Trainer:
    """Trains a model on a dataset with AdamW."""

    def __init__(self, model: nn.Module, train_dataset: Dataset, config: TrainerConfig) -> None:
        self.model, self.train_dataset, self.config = model, train_dataset, config
        self.losses: list[float] = []
        self.after_epoch: Callable[[int], None] | None = None  # called with the number of the epoch

    def train(self) -> None:
        """Train for all epochs, and show the loss of each."""
        config = self.config
        where = next(self.model.parameters()).device
        batches = DataLoader(self.train_dataset, config.batch_size, shuffle=True)
        optimiser = self.optimiser()
        tokens = 0
        with tqdm(total=config.max_epochs, file=sys.stdout, mininterval=0.5, ncols=88) as bar:
            for epoch in range(1, config.max_epochs + 1):
                for x, y in batches:
                    tokens += y.numel()
                    self.step(optimiser, x.to(where), y.to(where), self.learning_rate(tokens))
                bar.set_postfix(loss=f"{self.losses[-1]:.3f}", refresh=False)
                bar.update()
                if self.after_epoch:
                    self.after_epoch(epoch)

    def optimiser(self) -> torch.optim.AdamW:
        """AdamW that shrinks matrices alone."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.dim() >= 2]},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
        ]
        c = self.config
        return torch.optim.AdamW(
            groups, c.learning_rate, betas=c.betas, weight_decay=c.weight_decay, fused=True
        )

    def learning_rate(self, tokens: int) -> float:
        """It rises over the first tokens, then falls to a tenth along half a cosine."""
        c = self.config
        if not c.lr_decay:
            return c.learning_rate
        if tokens < c.warmup_tokens:
            return c.learning_rate * tokens / c.warmup_tokens
        done = min(1.0, (tokens - c.warmup_tokens) / max(1, c.final_tokens - c.warmup_tokens))
        return c.learning_rate * max(0.1, 0.5 + 0.5 * math.cos(math.pi * done))

    def step(self, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, rate: float) -> None:
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = self.model(x, y)[1]
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_norm_clip)
        optimiser.step()
        self.losses.append(loss.item())


class Settings(NamedTuple):
    """How large models are, and how long they are trained."""

    n_layer: int
    n_head: int
    n_embd: int
    block_size: int
    bottleneck_dim: int
    pretrain_epochs: int
    pretrain_batch: int
    decay_epochs: int  # of pre-training, until the learning rate is a tenth
    epochs_from_scratch: int  # of fine-tuning, without pre-training
    epochs_after_pretraining: int
    finetune_batch: int


# %% [markdown]
# ### 4.1 `pretrain`
#
# 4 points · difficulty ●○○ · importance ●○○ · 15 minutes · about 9 lines
#
# Make the configuration and the trainer of pre-training, and return both. **Nothing is trained yet**; `train` does that.
#
# | | |
# |---|---|
# | `max_epochs`, `batch_size` | `settings.pretrain_epochs`, `settings.pretrain_batch` |
# | `learning_rate` | the argument |
# | `lr_decay` | `True` |
# | `warmup_tokens` | 512 · 20 |
# | `final_tokens` | `settings.decay_epochs` · number of texts · the argument `block_size` |


# %% solution="pretrain"
def pretrain(
    pretrain_dataset: CharCorruptionDataset,
    block_size: int,
    model: nn.Module,
    pretrain_lr: float = 6e-3,
    *,
    settings: Settings,
) -> tuple[TrainerConfig, Trainer]:
    """The configuration and the trainer of pre-training; nothing is trained yet."""
    ### BEGIN SOLUTION
    tconf = TrainerConfig(
        max_epochs=settings.pretrain_epochs,
        batch_size=settings.pretrain_batch,
        learning_rate=pretrain_lr,
        lr_decay=True,
        warmup_tokens=512 * 20,
        final_tokens=settings.decay_epochs * len(pretrain_dataset) * block_size,
    )
    return tconf, Trainer(model, pretrain_dataset, tconf)
    ### END SOLUTION


# %% check="pretrain" points=4
check("pretrain", pretrain)


# %% [markdown]
# ### 4.2 `finetune`
#
# 7 points · difficulty ●●○ · importance ●●○ · 25 minutes · about 14 lines
#
# Two cases:
#
# - `reading_params_path` is the path of a pre-trained model's parameters: load them into `model`, and train for
#   `settings.epochs_after_pretraining` epochs. Parameters whose names are not the model's must be an error, and a file that
#   was written on a GPU must be readable where there is none.
# - it is `None`: train for `settings.epochs_from_scratch` epochs.
#
# The dataset is a `NameDataset` of what stands in `finetune_corpus_path`; batches have `settings.finetune_batch`
# questions, and all else is as in `pretrain`: `final_tokens`, too, is counted with the texts of **pre-training**, as in the
# original. So the rate stays nearly the same during fine-tuning. Again nothing is trained.


# %% solution="finetune"
def finetune(
    reading_params_path: Path | str | None,
    finetune_corpus_path: Path | str,
    pretrain_dataset: CharCorruptionDataset,
    block_size: int,
    model: nn.Module,
    finetune_lr: float = 6e-4,
    *,
    settings: Settings,
) -> tuple[TrainerConfig, Trainer]:
    """The configuration and the trainer of fine-tuning; nothing is trained yet."""
    ### BEGIN SOLUTION
    epochs = settings.epochs_from_scratch
    if reading_params_path is not None:
        model.load_state_dict(torch.load(reading_params_path, map_location="cpu"))
        epochs = settings.epochs_after_pretraining
    tconf = TrainerConfig(
        max_epochs=epochs,
        batch_size=settings.finetune_batch,
        learning_rate=finetune_lr,
        lr_decay=True,
        warmup_tokens=512 * 20,
        final_tokens=settings.decay_epochs * len(pretrain_dataset) * block_size,
    )
    corpus = Path(finetune_corpus_path).read_text(encoding="utf-8")
    return tconf, Trainer(model, NameDataset(corpus, pretrain_dataset), tconf)
    ### END SOLUTION


# %% check="finetune" points=7
check("finetune", finetune)


# %% [markdown]
# ### 4.3 `train`
#
# 3 points · difficulty ●○○ · importance ●○○ · 5 minutes · about 3 lines
#
# Train, and then save the parameters of `model` (`state_dict`), if there is a path. Save those of `model`, not of
# `trainer_obj.model`: some trainers wrap it to use several GPUs, and the names get a prefix.


# %% solution="train"
def train(model: nn.Module, writing_params_path: Path | str | None, trainer_obj: Trainer) -> None:
    """Train, then save the model's parameters, where a path is given."""
    ### BEGIN SOLUTION
    trainer_obj.train()
    if writing_params_path is not None:
        torch.save(model.state_dict(), writing_params_path)
    ### END SOLUTION


# %% check="train" points=3
check("train", train)


# %% [markdown]
# ### 4.4 `answer`
#
# 5 points · difficulty ●●○ · importance ●●● · 20 minutes · about 10 lines
#
# Let the model read the question and MASK. Append the likeliest character, let it read all again, and so on, until it says
# MASK or until the text has `block_size` characters. Return what it wrote, without MASK.


# %% solution="answer"
def answer(model: nn.Module, dataset: CharCorruptionDataset, question: str) -> str:
    """What the model writes behind the question and MASK, up to the next MASK."""
    ### BEGIN SOLUTION
    tokens = torch.tensor([[dataset.stoi[char] for char in question + dataset.MASK_CHAR]])
    tokens = tokens.to(next(model.parameters()).device)
    written = ""
    while tokens.shape[1] < dataset.block_size:
        best = model(tokens)[0][:, -1:].argmax(dim=-1)  # (1, 1)
        char = dataset.itos[best.item()]
        if char == dataset.MASK_CHAR:
            break
        written += char
        tokens = torch.cat([tokens, best], dim=1)
    return written
    ### END SOLUTION


# %% check="answer" points=5
check("answer", answer)


# %% [markdown]
# ### 4.5 `write_predictions`
#
# 3 points · difficulty ●○○ · importance ●○○ · 10 minutes · about 5 lines
#
# Answer every question of a file, write the answers into another, one on each line, and return them as a list. The lines of
# the first may have a tab and a place behind the question, which must not be read to the model. Both files are UTF-8, and
# what stands in the second from earlier is replaced.
# A file may end with an end of line or without: neither may cost a question or add one.


# %% solution="write_predictions"
def write_predictions(
    model: nn.Module,
    dataset: CharCorruptionDataset,
    questions_path: Path | str,
    predictions_path: Path | str,
) -> list[str]:
    """Answer every question of a file, write one answer on each line of another, and return them."""
    ### BEGIN SOLUTION
    lines = Path(questions_path).read_text(encoding="utf-8").splitlines()
    questions = [line.split("\t")[0] for line in lines]
    predictions = [answer(model, dataset, question) for question in questions]
    text = "".join(f"{prediction}\n" for prediction in predictions)
    Path(predictions_path).write_text(text, encoding="utf-8")
    return predictions
    ### END SOLUTION


# %% check="write_predictions" points=3
check("write_predictions", write_predictions)

# %% [markdown]
# ## 5 The Perceiver
#
# Attention compares every position with every other: $T^2$ products. A **Perceiver** ([Jaegle et al.,
# 2021](https://arxiv.org/abs/2103.03206)) lets the first block shrink the text from $T$ to $m$ positions, works on
# those, and lets the last block go back to $T$. Both do it with attention whose queries and keys come from different places.
#
# ### 5.1 `CausalCrossAttention`
#
# 6 points · difficulty ●●○ · importance ●●● · 20 minutes · about 6 lines
#
# As in self-attention, with queries from `x_q` (B, Tq, d) and keys and values from `x_kv` (B, Tk, d):
#
# $$\mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{hs}} + M\right) V, \qquad
# M_{ij} = 0 \text{ for } j \le i, \; -\infty \text{ for } j > i,$$
#
# for each of the `n_head` heads; then the heads side by side, and `proj`. Query $i$ sees keys 0 to $i$, whichever of the
# two is longer: the lower triangle is aligned at the beginning. `heads_of` splits a vector into heads. Texts may be of any
# length and scores of any size, far below −100, too: what is hidden must stay hidden, and no exponential may overflow.


# %% solution="causal_cross_attention"
class CausalCrossAttention(nn.Module):
    """Position i of the queries looks at positions 0 to i of other vectors."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.query, self.key, self.value, self.proj = (
            nn.Linear(config.n_embd, config.n_embd) for _ in range(4)
        )
        self.n_head = config.n_head

    def forward(self, x_kv: Tensor, x_q: Tensor) -> Tensor:
        """Keys and values from x_kv (B, Tk, d), queries from x_q (B, Tq, d) → (B, Tq, d)."""
        ### BEGIN SOLUTION
        q = heads_of(self.query(x_q), self.n_head)  # (B, nh, Tq, hs)
        k, v = heads_of(self.key(x_kv), self.n_head), heads_of(self.value(x_kv), self.n_head)
        scores = q @ k.mT / math.sqrt(q.shape[-1])  # (B, nh, Tq, Tk)
        later = torch.ones_like(scores, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(later, -math.inf).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).flatten(2))
        ### END SOLUTION


# %% check="causal_cross_attention" points=6
check("causal_cross_attention", CausalCrossAttention)

# %% [markdown]
# ### 5.2 `DownProjectBlock`
#
# 5 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 5 lines
#
# The queries do not come from the text. They are learned: a parameter $C$ of shape `(1, m, d)` with $m$ =
# `config.bottleneck_dim`, the same for every text, which begins with the numbers of `nn.init.xavier_uniform_`.
#
# $$Y = C + \mathrm{attn}(\mathrm{ln_{kv}}(X), \mathrm{ln_q}(C)), \qquad Y \leftarrow Y + \mathrm{mlp}(\mathrm{ln_{mlp}}(Y)),$$
#
# where attn takes what has keys and values first, then what asks. What asks is normalised, too: $C$ and the embedded text
# begin with very small numbers, and queries made of them would score all keys alike for a long time. (The
# check also takes blocks without $\mathrm{ln_q}$ or $\mathrm{ln_{kv}}$, and a $Y$ without $C$ in front of the
# attention.)


# %% solution="down_project_block"
class DownProjectBlock(nn.Module):
    """T positions to m: learned vectors look at the text."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln_q, self.ln_kv, self.ln_mlp = (nn.LayerNorm(config.n_embd) for _ in range(3))
        self.attn = CausalCrossAttention(config)
        self.mlp = mlp(config.n_embd)
        ### BEGIN SOLUTION
        self.C = nn.Parameter(torch.empty(1, config.bottleneck_dim, config.n_embd))
        nn.init.xavier_uniform_(self.C)
        ### END SOLUTION

    def forward(self, x_input: Tensor) -> Tensor:
        """(B, T, d) → (B, m, d)."""
        ### BEGIN SOLUTION
        C = self.C.expand(len(x_input), -1, -1)  # (B, m, d)
        y = C + self.attn(self.ln_kv(x_input), self.ln_q(C))
        return y + self.mlp(self.ln_mlp(y))
        ### END SOLUTION


# %% check="down_project_block" points=5
check("down_project_block", DownProjectBlock)

# %% [markdown]
# <details><summary>"The size of tensor a … must match the size of tensor b …"</summary>
#
# The output has `m` positions and the text `T`: what is added past the attention is `C`, not the text. And `C` has one
# text in its first axis; `expand` makes it as many as there are.
# </details>
#
# ### 5.3 `UpProjectBlock`
#
# 4 points · difficulty ●●○ · importance ●●○ · 15 minutes · about 2 lines
#
# Now the text asks, and what came through the bottleneck has keys and values:
#
# $$X' = X + \mathrm{attn}(\mathrm{ln_{kv}}(Y), \mathrm{ln_q}(X)), \qquad X' \leftarrow X' + \mathrm{mlp}(\mathrm{ln_{mlp}}(X')).$$
#
# (The check takes the other forms that 5.2 speaks of here, too: without one of the norms, or without $X$ in front.)


# %% solution="up_project_block"
class UpProjectBlock(nn.Module):
    """m positions back to T: the text looks at what came through the bottleneck."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln_q, self.ln_kv, self.ln_mlp = (nn.LayerNorm(config.n_embd) for _ in range(3))
        self.attn = CausalCrossAttention(config)
        self.mlp = mlp(config.n_embd)

    def forward(self, y: Tensor, x_input: Tensor) -> Tensor:
        """y (B, m, d) and x_input (B, T, d) → (B, T, d)."""
        ### BEGIN SOLUTION
        x = x_input + self.attn(self.ln_kv(y), self.ln_q(x_input))
        return x + self.mlp(self.ln_mlp(x))
        ### END SOLUTION


# %% check="up_project_block" points=4
check("up_project_block", UpProjectBlock)

# %% [markdown]
# ### 5.4 `initialize_perceiver_model`
#
# 3 points · difficulty ●○○ · importance ●○○ · 5 minutes · about 1 line
#
# A `GPT` of the same configuration, but with a bottleneck: without the flag one would train the plain model again, and
# not notice. A `NamedTuple` has `_replace`.


# %% solution="initialize_perceiver_model"
def initialize_perceiver_model(mconf: GPTConfig, bottleneck_dim: int = 32) -> GPT:
    """A GPT of this configuration, but with a bottleneck of so many positions."""
    ### BEGIN SOLUTION
    return GPT(mconf._replace(perceiver=True, bottleneck_dim=bottleneck_dim))
    ### END SOLUTION


# %% check="initialize_perceiver_model" points=3
check("initialize_perceiver_model", initialize_perceiver_model)

# %% [markdown]
# Who sees whom? Change one character after the other, and look which scores move. Row: the character that changes. Column:
# the position whose scores move. Without a bottleneck the triangle is full. With $m = 8$ positions, the scores at
# position $t$ hear of characters 0 to 7, and of their own one.


# %% look
@torch.no_grad()
def who_sees_whom(model: nn.Module, length: int) -> Tensor:
    """(T, T): whether the scores at a position (column) depend on a character (row)."""
    idx = torch.arange(length)[None] % 7
    before = model(idx)[0][0]
    rows = []
    for position in range(length):
        changed = idx.clone()
        changed[0, position] += 2
        rows.append((model(changed)[0][0] - before).abs().amax(-1) > 1e-7)
    return torch.stack(rows)


torch.manual_seed(0)
tiny = GPTConfig(vocab_size=9, block_size=24, n_layer=3, n_head=2, n_embd=16)
figure, axes = plt.subplots(1, 2, figsize=(9, 4))
for one, title, model in zip(
    axes,
    ("no bottleneck", "bottleneck of 8"),
    (GPT(tiny), initialize_perceiver_model(tiny, 8)),
    strict=True,
):
    seen = who_sees_whom(model, 24).float()
    heat_map(one, seen, title=title, x="position of the scores", y="character")
figure.tight_layout()
plt.show()

# %% [markdown]
# ### 5.5 Written: `bottleneck`
#
# 4 points
#
# What does the Perceiver lose at its bottleneck? Use the mask: which characters does position $i$ behind the bottleneck see, and
# what follows for a text with more than $m$ characters? In the original $m = 32$ and blocks have 128 characters; a
# question has 31 in the mean, and 24 % have more than 32. Which questions can such a model not answer, and why do our
# own lose less? Then say what is gained: count the products of queries and keys in a middle block.

# %% [markdown] answer="bottleneck" points=4
# Model answer: the mask is the lower triangle aligned at the beginning, so that position i behind the bottleneck sees
# characters 0 to i, and the last one, m − 1, sees characters 0 to m − 1. No position sees a later character. What stands
# behind the first m characters does not pass the bottleneck at all; at its own position it still acts, through the
# residual and as a query of the last block, but no other position hears of it, not even the next one. So in the original a
# question of more than 32 characters has lost its end, and with long first names part of the name; what is worse, the
# characters of the answer behind position 32 do not hear of each other: the model does not know what it has written but
# for the last character. Also, m vectors must hold what T vectors held. Our questions have at most 32 characters for most
# people, so that the name passes the bottleneck.
#
# A middle block compares m² pairs (a half of them behind the mask) instead of T²: with m = 32 and T = 128 a sixteenth. The
# first and last block compare m · T each, and mlp of the middle blocks costs m / T.
#
# Marking: 1 point for latent i seeing 0 to i, 1 for what lies behind m passing nowhere but at its own position, 1 for which
# questions or which part of answers suffer, 1 for m² instead of T² (or m · T for the outer blocks).

# %% [markdown]
# ### 5.6 `block_costs`
#
# 2 points · difficulty ●●○ · importance ●●● · 15 minutes · about 5 lines
#
# What does a block cost, and what does a bottleneck save? Count by hand, for **one** text, what `UpProjectBlock` needs
# when `asking` positions look at `asked` others:
#
# - **parameters**: all weights and biases of its linear layers, and two numbers for each of the $d$ in each of its
#   three norms;
# - **FLOPs** of the forward pass: a product of $(a, b)$ and $(b, c)$ takes $abc$ multiplications and as many additions,
#   $2abc$ together. Matrix products alone are counted, those of the linear layers and the two of the attention, with
#   the scores that the mask hides;
# - **bytes** of the attention weights, in float32. Why they matter: the backward pass needs them, so that they are
#   kept, for every layer and every text of a batch, until it comes. In a plain block of 1024 positions they are two
#   thirds of all that is kept.


# %% solution="block_costs"
def block_costs(asking: int, asked: int, d: int, n_head: int) -> tuple[int, int, int]:
    """Parameters, FLOPs, and bytes of attention weights of an UpProjectBlock for one text.

    `asking` positions look at `asked` ones; vectors have d numbers, in n_head heads.
    """
    ### BEGIN SOLUTION
    parameters = 4 * (d * d + d) + (8 * d * d + 5 * d) + 3 * 2 * d
    linear = 2 * d * d * (2 * asking + 2 * asked + 8 * asking)  # query and proj, key and value, mlp
    attention = 2 * 2 * asking * asked * d  # scores, and their product with the values
    return parameters, linear + attention, 4 * n_head * asking * asked
    ### END SOLUTION


# %% check="block_costs" points=2
check("block_costs", block_costs)

# %% [markdown]
# <details><summary>The number of FLOPs grows with the number of heads</summary>
#
# Each head has vectors of $d / nh$ numbers: $nh$ heads together take what one head of $d$ numbers takes. Their weights,
# though, are a table for each head.
# </details>
#
# The profiler counts a block of the original's size as it runs, with 128 positions that look at 32. Expect the same
# parameters and FLOPs, to the last digit, and a ratio in the last row: the share of all bytes kept for the backward
# pass that the attention weights take.

# %% look
original = GPTConfig(vocab_size=64, block_size=128, n_head=8, n_embd=256, bottleneck_dim=32)
counted = counts(UpProjectBlock(original), torch.randn(1, 32, 256), torch.randn(1, 128, 256))
mine = zip(("parameters", "flops", "saved_bytes"), block_costs(128, 32, 256, 8), strict=True)
display(side_by_side(dict(mine), counted))

# %% [markdown]
# And what does a bottleneck save? For blocks without one (all positions look at all), and for those of a Perceiver with
# a quarter of the positions: FLOPs, the share that the two products of the attention have in them, and bytes of the
# weights. **Predict** before you run the cell: what is this share in a plain block of 128 positions?

# %% look
for T in (128, 1024, 8192):
    for name, sizes in {"plain": (T, T), "down": (T // 4, T), "middle": (T // 4, T // 4)}.items():
        _, flops, size = block_costs(*sizes, 256, 8)
        share = 4 * math.prod(sizes) * 256 / flops
        print(
            f"T = {T:4} {name:6} {flops / 1e6:9,.0f} MFLOP, {share:3.0%} of them attention; "
            f"weights {size / 1e6:8,.1f} MB"
        )

# %% [markdown]
# At 128 positions the linear layers take 92 % of a block's FLOPs, so that a middle block of a quarter of the positions
# costs 0.24 of a plain one, and not the sixteenth that the count of pairs promises. With $24 T d^2$ and $4 T^2 d$
# FLOPs, attention takes as much as all else from $T = 6d$ on. In memory the square is felt earlier.
# (`F.scaled_dot_product_attention` need not keep the weights where it is fused; it computes them again in the backward
# pass: [Dao et al., 2022](https://arxiv.org/abs/2205.14135).)
#
# ## 6 Rotary positions
#
# ### 6.1 `precompute_rotary_emb`
#
# 3 points · difficulty ●○○ · importance ●●● · 15 minutes · about 3 lines
#
# Instead of adding a vector for each position, one can **turn** queries and keys by angles that grow with the position; their
# products then depend on differences of positions alone ([Su et al., 2021](https://arxiv.org/abs/2104.09864)). Numbers
# $2i$ and $2i + 1$ of a vector of size `dim` are a point in the plane, which turns at position $t = 0, 1, \dots$ by
#
# $$\theta_{t,i} = t \cdot 10000^{-2i/\mathrm{dim}}, \qquad i = 0, \dots, \mathrm{dim}/2 - 1 .$$
#
# (Pairs are counted from 0 here; counted from 1, the exponent is $-2(i-1)/\mathrm{dim}$.) Return cosine and sine of all angles, in this order
# on the last axis: `(max_positions, dim/2, 2)`, in float32.


# %% solution="precompute_rotary_emb"
def precompute_rotary_emb(dim: int, max_positions: int) -> Tensor:
    """Cosine and sine of each position's angles: (max_positions, dim/2, 2)."""
    ### BEGIN SOLUTION
    speeds = 10000 ** (-torch.arange(0, dim, 2) / dim)  # (dim/2,)
    angles = torch.arange(max_positions)[:, None] * speeds
    return torch.stack([angles.cos(), angles.sin()], dim=-1)
    ### END SOLUTION


# %% check="precompute_rotary_emb" points=3
check("precompute_rotary_emb", precompute_rotary_emb)

# %% [markdown]
# ### 6.2 `apply_rotary_emb`
#
# 4 points · difficulty ●●○ · importance ●●● · 20 minutes · about 3 lines
#
# Turn each pair of neighbours, $(x_{2i}, x_{2i+1})$, by its angle:
#
# $$(x_{2i} \cos\theta - x_{2i+1} \sin\theta,\; x_{2i} \sin\theta + x_{2i+1} \cos\theta).$$
#
# The cache may have more positions than `x`; take the first $T$. (Some models pair number $i$ with number $i + hs/2$
# instead. Here pairs are neighbours.)


# %% solution="apply_rotary_emb"
def apply_rotary_emb(x: Tensor, rope_cache: Tensor) -> Tensor:
    """x (B, nh, T, hs), each pair of numbers turned by its angle in rope_cache (≥ T, hs/2, 2)."""
    ### BEGIN SOLUTION
    cos, sin = rope_cache[: x.shape[2]].unbind(-1)  # (T, hs/2)
    even, odd = x[..., 0::2], x[..., 1::2]  # (B, nh, T, hs/2)
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
    ### END SOLUTION


# %% check="apply_rotary_emb" points=4
check("apply_rotary_emb", apply_rotary_emb)

# %% [markdown]
# Two vectors, the same at all positions: their products after turning are the same along every diagonal.

# %% look
torch.manual_seed(0)
q, k = (torch.randn(1, 1, 1, 16).expand(-1, -1, 24, -1) for _ in range(2))
cache = precompute_rotary_emb(16, 64)
products = apply_rotary_emb(q, cache) @ apply_rotary_emb(k, cache).mT
figure, axes = plt.subplots(figsize=(4.6, 4))
heat_map(
    axes, products[0, 0], title="products of turned vectors", x="position of k", y="position of q"
)
plt.show()

# %% [markdown]
# ## 7 Three runs
#
# ### 7.1 Settings
#
# The original's model (4 layers, 8 heads, 256 numbers at a position, blocks of 128 characters, 3.3 million parameters) reads
# for 650 epochs on a GPU. On a CPU everything is smaller: fewer people, shorter texts, a smaller model. `SMALL` is what runs
# everywhere. With a GPU, the same cells run the original's sizes when you set `SETTINGS = ORIGINAL` and `PEOPLE = "large"`:
# 2937 people, 500 places, four texts about each. Then the runs of 7.2 take tens of minutes, too.

# %%
SMALL = Settings(
    n_layer=3,
    n_head=4,
    n_embd=128,
    block_size=64,
    bottleneck_dim=32,
    pretrain_epochs=134,
    pretrain_batch=64,
    decay_epochs=134,
    epochs_from_scratch=75,
    epochs_after_pretraining=20,
    finetune_batch=32,
)
ORIGINAL = Settings(
    n_layer=4,
    n_head=8,
    n_embd=256,
    block_size=128,
    bottleneck_dim=32,
    pretrain_epochs=162,  # of four texts about everybody, as many as 650 of one
    pretrain_batch=128,
    decay_epochs=162,
    epochs_from_scratch=75,
    epochs_after_pretraining=10,
    finetune_batch=256,
)
SETTINGS = SMALL
PEOPLE = "small"
READING_RATE = 2e-3
GENTLE_RATE = 5e-5  # of fine-tuning after pre-training
SCRATCH_RATE = 6e-4  # of fine-tuning without
PARAMETERS = Path("minigpt_parameters")


def reading() -> "CharCorruptionDataset":
    """The texts to read."""
    text = data_file("wiki", people=PEOPLE).read_text(encoding="utf-8")
    return CharCorruptionDataset(text.rstrip("\n"), SETTINGS.block_size)


def questions(part: str, texts: "CharCorruptionDataset") -> NameDataset:
    """The questions and places of a part."""
    return NameDataset(data_file(part, people=PEOPLE).read_text(encoding="utf-8"), texts)


def configuration(texts: "CharCorruptionDataset", rope: bool = False) -> GPTConfig:
    s = SETTINGS
    return GPTConfig(texts.vocab_size, s.block_size, s.n_layer, s.n_head, s.n_embd, rope)


@torch.no_grad()
def known(model: nn.Module, pairs: Dataset) -> dict[str, float]:
    """The share of places that the model writes rightly, and the mean probability of the right ones.

    The model sees the right letters before each; it writes the whole place rightly by itself if it
    is right about each letter then, and about the MASK.
    """
    where = next(model.parameters()).device
    x, y = (torch.stack(tensors).to(where) for tensors in zip(*pairs, strict=True))
    log_p = model(x)[0].log_softmax(dim=-1)  # (N, T, V)
    asked, right = y != PAD, log_p.argmax(dim=-1) == y
    of_place = log_p.gather(2, y[..., None])[..., 0].where(asked, 0.0).sum(dim=1)  # (N,)
    return {
        "accuracy": (right | ~asked).all(dim=1).float().mean().item(),
        "probability": of_place.exp().mean().item(),
    }


# %% [markdown]
# ### 7.2 No pre-training, pre-training, Perceiver
#
# Predict first: which of the three stays below the baseline, and why? (Language models as a store of facts: [Petroni et
# al., 2019](https://arxiv.org/abs/1909.01066).)
#
# While a model reads, it is asked about the people of `dev` in two ways. **In the words of a text**: it gets
# `Ada Vell. Ada Vell was born in ` and must go on. **By a question**: it gets `Where was Ada Vell born?⁇`, of which it has
# seen none before fine-tuning. The probability of the right place shows what it knows, and what can be asked for.


# %%
class Recall(Dataset):
    """`Ada Vell. Ada Vell was born in Ost.`: the place asked for in the words of a text, not by a question."""

    def __init__(self, part: str, texts: "CharCorruptionDataset") -> None:
        self.texts = texts
        self.pairs = pairs_in(data_file(part, people=PEOPLE))

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, idx: int) -> tuple[Tensor, Tensor]:
        """x and y, both (block_size − 1); y is PAD but for the place and its full stop."""
        question, place = self.pairs[idx]
        name = question.removeprefix("Where was ").removesuffix(" born?")
        before = f"{name}. {name} was born in "
        tokens = torch.tensor([self.texts.stoi[char] for char in f"{before}{place}."])
        tokens = F.pad(tokens, (0, self.texts.block_size - len(tokens)), value=PAD)
        targets = tokens[1:].clone()
        targets[: len(before) - 1] = PAD
        return tokens[:-1], targets


def new_model(kind: str, texts: "CharCorruptionDataset") -> GPT:
    """A model before any training."""
    if kind == "Perceiver":  # its middle blocks are cheap, so that it gets one more
        mconf = configuration(texts)._replace(n_layer=SETTINGS.n_layer + 1)
        return initialize_perceiver_model(mconf, SETTINGS.bottleneck_dim)
    return GPT(configuration(texts, rope=kind == "rotary"))


def watching(model: nn.Module, sets: dict[str, Dataset], history: dict[str, list], every: int):
    """What a trainer calls after each epoch: it notes what is known of each set."""

    def note(epoch: int) -> None:
        if epoch % every == 0:
            history["epoch"].append(epoch)
            for name, pairs in sets.items():
                for what, value in known(model, pairs).items():
                    history[f"{what}, {name}"].append(value)

    return note


def read_texts(kind: str, seed: int, where: torch.device) -> tuple[Path, dict[str, list]]:
    """Pre-train a model; the file of its parameters, and what it knew meanwhile."""
    torch.manual_seed(seed)
    random.seed(seed)
    texts, history = reading(), defaultdict(list)
    model = new_model(kind, texts).to(where)
    tconf, trainer = pretrain(texts, SETTINGS.block_size, model, READING_RATE, settings=SETTINGS)
    sets = {
        "in the words of a text": Recall("dev", texts),
        "by a question": questions("dev", texts),
    }
    trainer.after_epoch = watching(model, sets, history, every=max(1, tconf.max_epochs // 12))
    path = PARAMETERS / f"{kind} {seed}.params"
    path.parent.mkdir(exist_ok=True)
    train(model, path, trainer)
    return path, history


def ask(
    kind: str, path: Path | None, seed: int, where: torch.device, rate: float = GENTLE_RATE
) -> tuple[nn.Module, dict[str, list]]:
    """Fine-tune a model on the questions of `train`; what it knew meanwhile of both parts."""
    torch.manual_seed(seed)
    texts, history = reading(), defaultdict(list)
    model = new_model(kind, texts)
    tconf, trainer = finetune(
        path,
        data_file("train", people=PEOPLE),
        texts,
        SETTINGS.block_size,
        model,
        rate,
        settings=SETTINGS,
    )
    model.to(where)
    sets = {part: questions(part, texts) for part in ("train", "dev")}
    trainer.after_epoch = watching(model, sets, history, every=max(1, tconf.max_epochs // 20))
    train(model, None, trainer)
    return model.eval(), history


# %% train
where = device()
place, share = baseline(pairs_in(data_file("train")), pairs_in(data_file("dev")))
models, read, asked = {}, {}, {}
print("without pre-training")
models["no pre-training"], asked["no pre-training"] = ask("plain", None, 0, where, SCRATCH_RATE)
for name, kind in {"pre-trained": "plain", "Perceiver": "Perceiver"}.items():
    start = time.perf_counter()
    path, read[name] = read_texts(kind, 0, where)
    models[name], asked[name] = ask(kind, path, 0, where)
    print(f"{name}: {time.perf_counter() - start:.0f} s")
for name, history in asked.items():
    print(f"{name:16} dev accuracy {history['accuracy, dev'][-1]:.2f}", end="   ")
    print(f"probability of the right place {history['probability, dev'][-1]:.3f}")
print(f"{'always ' + place:16} dev accuracy {share:.2f}")

# %% train
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6))
colours = dict(zip(models, ("tab:blue", "tab:orange", "tab:green"), strict=True))
for name, history in read.items():
    for how, style in (("in the words of a text", "-"), ("by a question", ":")):
        known_then = history[f"probability, {how}"]
        label = f"{name}, {how}"
        axes[0].plot(history["epoch"], known_then, style, color=colours[name], label=label)
for name, history in asked.items():
    for part, style in (("train", ":"), ("dev", "-")):
        right = history[f"accuracy, {part}"]
        label = f"{name}, {part}"
        axes[1].plot(history["epoch"], right, style, color=colours[name], label=label)
axes[1].axhline(share, color="grey", linestyle="--", label=f"always {place}")
axes[0].set(title="reading", xlabel="epoch", ylabel="probability of the right place")
axes[1].set(title="fine-tuning", xlabel="epoch", ylabel="accuracy", xscale="log")
axes[1].set_xticks((1, 5, 20, 75), (1, 5, 20, 75))
for one in axes:
    one.set_ylim(-0.03, 1.03)  # so that lines at 0 and 1 are seen
    one.legend(fontsize=8)
figure.tight_layout()
plt.show()

# %% [markdown]
# Accuracies in the last epoch (`autograder reproduce minigpt`; on one core a model with rotary positions took about
# [[rotary.minutes.mean:.0f]] minutes of processor time, the Perceiver [[perceiver.minutes.mean:.0f]]):
#
# | | seeds | right in the words of a text | dev | test |
# |---|---|---|---|---|
# | always London | | | 0.05 | 0.05 |
# | no pre-training | 0, 1, 2 | | [[from_scratch.dev:.2f]] | [[from_scratch.test:.2f]] |
# | Perceiver | 0, 1, 2 | [[perceiver.recall:.2f]] | [[perceiver.dev:.2f]] | [[perceiver.test:.2f]] |
# | pre-trained | 0, 1, 2 | [[pretrained.recall:.2f]] | [[pretrained.dev:.2f]] | [[pretrained.test:.2f]] |
# | pre-trained, rotary positions (part 9) | 0, 1, 2 | [[rotary.recall:.2f]] | [[rotary.dev:.2f]] | [[rotary.test:.2f]] |
#
# So the pre-trained models know more than eight of ten places, and a third of them can be asked for, more with rotary positions.
# The Perceiver is the hardest of them to train: with four layers, and queries that are normalised, it has learned nothing about
# places after as many steps, so that it does not reach the baseline. In trials with one seed each neither a wider bottleneck and
# larger rates nor the usual form of its blocks helped. Its learned queries must first find out which character stands where,
# which every other model is told. Where does yours lie?
#
# ### 7.3 Where does it look?
#
# One question, and how much the position of the first MASK, from which the place is written, looks back at each character, for
# each head of each layer. Is it the name?


# %%
@torch.no_grad()
def attention_weights(model: GPT, idx: Tensor) -> Tensor:
    """Weights (L, nh, T, T) of a model without a bottleneck on one text (T)."""
    kept = []

    def keep(attention: nn.Module, inputs: tuple[Tensor], _: Tensor) -> None:
        q, k = attention.queries_and_keys(*inputs)
        each = torch.eye(len(idx), device=idx.device)  # each position is its own value
        kept.append(F.scaled_dot_product_attention(q, k, each, is_causal=True)[0])

    hooks = [block.attn.register_forward_hook(keep) for block in model.blocks]
    model(idx[None])
    for hook in hooks:
        hook.remove()
    return torch.stack(kept)


# %% train
texts = reading()
question, right_place = pairs_in(data_file("dev"))[0]
idx = torch.tensor([texts.stoi[char] for char in question + texts.MASK_CHAR], device=where)
weights = attention_weights(models["pre-trained"], idx)[:, :, -1].flatten(0, 1)  # (L · nh, T)
heads = [f"layer {i // SETTINGS.n_head}, head {i % SETTINGS.n_head}" for i in range(len(weights))]
figure, axes = plt.subplots(figsize=(10, 3.6))
labels = [*question, "⁇"], heads
heat_map(
    axes, weights, title="weights from ⁇ back", x="character", y="", labels=labels, vmin=0, vmax=1
)
figure.tight_layout()
plt.show()
print(question, "→", answer(models["pre-trained"], texts, question), f"(right: {right_place})")

# %% [markdown]
# ### 7.4 Written: `why_pretraining`
#
# 3 points
#
# The three models are fine-tuned on the same questions about the same 100 people, and are asked about 100 others. Why does
# pre-training help, although no question about those 100 was ever read? Say what fine-tuning adds, and what the curves of
# 7.2 show about knowing and being able to say. Why does the model without pre-training stay at or below the baseline,
# although it answers every question of `train`?

# %% [markdown] answer="why_pretraining" points=3
# Model answer: the places of the people of dev stand in the texts, so that pre-training stores them in the weights: asked in
# the words of a text, the model is right about nearly everybody, and by a question about nobody, because it has never seen
# one. Fine-tuning does not teach places of dev people. It teaches what a question is: that behind `born?⁇` comes the place
# that belongs to the name. The 100 pairs of train suffice for that, since these people's places are stored already and need
# only be called up in a new way, which then works for others, too.
#
# Without pre-training nothing is stored about dev people, and a place does not follow from a name. The model learns the 100
# pairs of train by heart ([[from_scratch.train:.2f]] of them), and for other names it gives the place of a name that looks similar, in effect a
# random one: right with about the sum of the squares of the places' frequencies, 3 %, which is less than London's 5 %.
#
# Marking: 1 point for storing by reading and calling up by fine-tuning being two things, with a number from the curves; 1 for
# what fine-tuning transfers from train to dev; 1 for learning by heart without pre-training, and why a guess of
# another place for everybody is worse than always London.

# %% [markdown]
# ### 7.5 Written: `made_up`
#
# 2 points
#
# Ask the pre-trained model in the cell below about three people who do not exist (with letters that occur in the
# texts): one with a name made of parts of names that it knows, one with a name that looks like none, and one of your
# own. What does it answer, with which probability, and how could a user know that it is made up? The last one below
# does exist. (A model whose probabilities are right must make up some facts, about as often as its texts state a fact
# only once: [Kalai and Vempala, 2023](https://arxiv.org/abs/2311.14648).)


# %% train
@torch.no_grad()
def sure(model: nn.Module, texts: "CharCorruptionDataset", question: str) -> tuple[str, float]:
    """What a model answers, and the probability that it gives to its answer."""
    said = answer(model, texts, question)
    pair = NameDataset(f"{question}\t{said}", texts)
    return said, known(model, pair)["probability"]


for name in ("Drirval Krentrea", "Www Zzz", "Meal Ligem"):
    said, p = sure(models["pre-trained"], texts, f"Where was {name} born?")
    print(f"{name:24} {said:16} {p:.2f}")

# %% [markdown] answer="made_up" points=2
# Model answer: it answers all of them with places of its texts, and mostly that of somebody with a similar name; it may
# be sure of it. It has never been trained to say that it does not know: behind `?⁇` there
# was always a place. The probability is somewhat lower in the mean than for real people, but there are sure errors and unsure
# right answers, so that a user cannot tell from one answer. What helps is outside of the model: texts to look it up in.
#
# Marking: 1 point for answers and probabilities of three names, honestly reported; 1 for why it cannot say that it does not
# know, or why the probability is no safe sign.

# %% [markdown]
# ### 7.6 Written: `which_part`
#
# 4 points
#
# Attention, a feed-forward layer (`mlp`), norms, a residual past each of the two, positions: which of them does a GPT
# need? Take away one at a time (an **ablation**), and let each of these models read for 152 steps: three blocks, 64
# numbers at a position, the same seed and learning rate. A last model gets something instead: a feed-forward layer with
# a gate, as most models since 2022 have it (**SwiGLU**, [Shazeer, 2020](https://arxiv.org/abs/2002.05202)),
# $W_3(\mathrm{SiLU}(W_1 x) \odot W_2 x)$, with $\frac{8}{3} d$ instead of $4 d$ numbers inside, so that it has as many
# parameters.
#
# 1. **Before you run the cells**, write down what you expect: which one hurts most, which one hardly or not at all, and
#    whether the gate helps.
# 2. Then run them (about 80 seconds of processor time), and write down what came out, and where you were wrong.
# 3. Explain: why is the worst one so bad? (The cell also prints how far the vectors in front of `head` differ between
#    the positions of a text, before any training.) What may tell a model without positions where a character stands?
#    And what can these runs **not** show?


# %%
SHORT = SMALL._replace(n_embd=64, pretrain_epochs=8, decay_epochs=8)
WITHOUT = ("nothing", "residual", "attention", "mlp", "norms", "positions")
CHANGES = (*WITHOUT, "SwiGLU")


class Nothing(nn.Module):
    """In the place of a part whose result is added: adds nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class NoResidual(Block):
    """A block in which nothing goes past attention and mlp."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, d) → (B, T, d)."""
        return self.mlp(self.ln2(self.attn(self.ln1(x))))


class SwiGLU(nn.Module):
    """Two layers for each position alone, the first one with a gate; as many parameters as `mlp`."""

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        inside = 8 * n_embd // 3
        self.gate, self.up = (nn.Linear(n_embd, inside) for _ in range(2))
        self.down = nn.Linear(inside, n_embd)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


def ablated(change: str, config: GPTConfig) -> GPT:
    """A model without one of its parts, or with another one, before any training."""
    model = GPT(config)
    if change == "residual":
        model.blocks = nn.ModuleList(NoResidual(config) for _ in model.blocks)
    if change == "positions":
        model.pos_emb = None
    for block in model.blocks:
        if change == "norms":
            block.ln1 = block.ln2 = nn.Identity()
        if change == "attention":
            block.attn = Nothing()
        if change in ("mlp", "SwiGLU"):
            block.mlp = Nothing() if change == "mlp" else SwiGLU(config.n_embd)
    return model.apply(initialise)


def short_reading(change: str, seed: int, where: torch.device) -> list[float]:
    """The loss of each step of a short pre-training."""
    torch.manual_seed(seed)
    random.seed(seed)
    texts = reading()
    config = GPTConfig(texts.vocab_size, texts.block_size, n_embd=SHORT.n_embd)
    model = ablated(change, config).to(where)
    _, trainer = pretrain(texts, texts.block_size, model, READING_RATE, settings=SHORT)
    trainer.train()
    return trainer.losses


@torch.no_grad()
def differing(change: str, seed: int) -> float:
    """How far, before any training, the vectors before `head` differ between positions of a text.

    It is the length of what is left of them when their mean is taken away, as a share of their own.
    """
    torch.manual_seed(seed)
    random.seed(seed)
    texts, vectors = reading(), []
    model = ablated(change, GPTConfig(texts.vocab_size, texts.block_size, n_embd=SHORT.n_embd))
    model.head.register_forward_pre_hook(lambda _, inputs: vectors.append(inputs[0][0]))
    model(texts[0][0][None])
    return ((vectors[0] - vectors[0].mean(0)).norm() / vectors[0].norm()).item()


def loss_by_frequencies(texts: "CharCorruptionDataset") -> float:
    """The loss of one who knows how frequent each character is, and nothing else."""
    targets = torch.cat([texts[i][1] for i in range(len(texts))])
    shares = torch.bincount(targets[targets != PAD]) / (targets != PAD).sum()
    return torch.special.entr(shares).sum().item()


# %% train
losses = {change: torch.tensor(short_reading(change, 0, where)) for change in CHANGES}
named = {"nothing": "the whole model", "SwiGLU": "with SwiGLU"}
figure, axes = plt.subplots(figsize=(8, 4))
for change, each in losses.items():
    label = named.get(change, f"without {change}")
    smooth, style = each.unfold(0, 10, 1).mean(1), "--" if change in named else "-"
    axes.plot(range(10, len(each) + 1), smooth, style, label=label)
    print(f"{label:18} loss of the last 20 steps {each[-20:].mean():.2f}", end="   ")
    print(f"before training positions differed by {differing(change, 0):.0%}")
frequencies = loss_by_frequencies(reading())
axes.axhline(frequencies, color="grey", linestyle=":", label="frequencies of characters")
axes.set(title="pre-training, mean of 10 steps", xlabel="step", ylabel="loss", ylim=(1.8, 4))
axes.legend(fontsize=8, ncols=2)
plt.show()

# %% [markdown] answer="which_part" points=4
# Model answer: expected that attention and positions matter most, and the gate hardly. With seeds 0 to 2 the losses of
# the last 20 steps were:
#
# | without | nothing | positions | mlp | norms | attention | residual | with SwiGLU |
# |---|---|---|---|---|---|---|---|
# | | [[short.nothing:.2f]] | [[short.positions:.2f]] | [[short.mlp:.2f]] | [[short.norms:.2f]] | [[short.attention:.2f]] | [[short.residual:.2f]] | [[short.SwiGLU:.2f]] |
#
# Without residuals nothing is learned but how frequent each character is: that alone gives [[short.frequencies:.2f]].
# In the beginning the weights of attention are nearly equal, so that each of the three layers makes a mean of all
# characters so far, and nothing goes past it: the vectors in front of `head` differ between positions by
# [[untrained.residual:.0%]] of their length, instead of [[untrained.nothing:.0%]], and the last character is one of
# many in them. (Gradients do not vanish here, as norms keep numbers large.) With a residual each position keeps its own
# character, and layers only add to it ([He et al., 2015](https://arxiv.org/abs/1512.03385)). Even without attention,
# where the last character is all that is known, the loss is [[short.attention:.2f]].
#
# Without positions it is no worse. The causal mask tells them: position t takes the mean of t + 1 values, so that what
# the first character or any other has in it gets smaller with t ([Haviv et al.,
# 2022](https://arxiv.org/abs/2203.16634)); a model without a mask could not tell any order. The gate helps, with as
# many parameters; the paper that proposes it gives no reason.
#
# What they do not show: 152 steps are the beginning of a training, and the loss of the next character is not yet the
# places of people. A part that seems useless now may be needed later, a rate that suits one model need not suit another
# (without norms numbers and gradients are small), and differences of 0.01 to 0.04 are no larger than between seeds.
#
# Marking: 1 point for a prediction, right or wrong, that is compared with the outcome; 1 for why the model without
# residuals fails; 1 for the mask that tells positions; 1 for a limit of these runs.

# %% [markdown]
# ## 8 What makes knowledge askable?
#
# In 7.2 the model learns every question of `train`, but not every question of `dev`, although it knows the places: what
# it has read is in its weights, and fine-tuning must find the way to it *without treading on it*. Allen-Zhu and Li
# ([2023](https://arxiv.org/abs/2309.14316)) trained hundreds of models on invented biographies and found that knowledge which was
# read in one wording only is stored, and can hardly be asked for; with several wordings, or when questions are mixed into
# the reading, it can. We found the same on this small scale. Trials with one seed each, on other texts of the same kind, so
# that they show directions and not sizes (best accuracy on dev, 0.04 is always London):
#
# | | dev |
# |---|---|
# | ten wordings, a text each in one of them; four texts each; eight texts each | 0.13; 0.30; 0.16 |
# | the name comes before the place in all wordings; the place before the name | 0.31; 0.06 |
# | the text begins with the name, as here; it does not | 0.36; 0.16 |
# | a question is one of five wordings for everybody | 0.53 |
# | two layers; three; four | 0.08; 0.16; 0.33 |
# | rotary positions; learned ones | 0.38; 0.16 |
#
# So a text here begins with the name, there are four wordings, and everybody has all of them. A model writes from left to
# right: where the name always comes last, nothing ever had to go from a name to a place ([Berglund et al.,
# 2023](https://arxiv.org/abs/2309.12288), call it the reversal curse).
#
# Now fine-tuning itself. **Predict**: what happens to the accuracy on `dev` with a smaller and with a larger learning rate,
# and with more epochs? Then run the cell, a minute on two cores.

# %% train
rates = (5e-5, 1e-4, 2e-4, 6e-4, 1.2e-3)
path = PARAMETERS / "plain 0.params"
gentle = {rate: ask("plain", path, 0, where, rate)[1] for rate in rates}
figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
for rate, history in gentle.items():
    axes.plot(history["epoch"], history["accuracy, dev"], label=f"learning rate {rate:g}")
axes.axhline(share, color="grey", linestyle="--", label=f"always {place}")
axes.set(title="questions of dev", xlabel="epoch of fine-tuning", ylabel="accuracy", ylim=0)
axes.set_xticks(range(0, 21, 5))
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))  # beside the curves
plt.show()

# %% [markdown]
# ### 8.1 Written: `askable`
#
# 3 points
#
# Write down your prediction, even if it was wrong, and what the curves show. Every rate, but perhaps the smallest, reaches an accuracy near 1 on `train`.
# Why is the one on `dev` not the same? What would you do to find the best rate without looking at the test
# questions, and how sure is the difference of two rates with 100 questions?

# %% [markdown] answer="askable" points=3
# Model answer: after 20 epochs at 5·10⁻⁵, 10⁻⁴, 2·10⁻⁴, 6·10⁻⁴ and 1.2·10⁻³ pre-trained models (seeds differ) were right about
# [[pretrained.dev:.2f]], [[pretrained.dev_1e4:.2f]], [[pretrained.dev_2e4:.2f]], [[pretrained.dev_6e4:.2f]] and
# [[pretrained.dev_12e4:.2f]] of dev. The smallest rate still rose at the end, in one run by way of 0.01, 0.21, 0.24 and 0.32
# after 5, 10, 15 and 20 epochs, and had [[pretrained.train:.2f]] of train. With a large rate the model reaches 1.0 on train soon,
# and does it the cheap way: it learns the hundred pairs by heart, and moves the weights in which the other places are stored.
# With a small one it changes little, and what changes is what all questions have in common. Too small a rate does not get there
# in 20 epochs. More epochs at a large rate make it worse.
#
# One chooses by dev, once for several seeds, and reports the test. With 100 questions and an accuracy of 0.4 the standard
# error is √(0.4 · 0.6 / 100) = 0.05, and that of a difference somewhat smaller than 0.07, as the questions are the same; so
# only differences from about 0.1 on mean something, and seeds differ besides.
#
# Marking: 1 point for a prediction that is compared with the curves, 1 for learning by heart or forgetting against calling
# up, 1 for choosing by dev and an estimate of the chance error.

# %% [markdown]
# ## 9 Your best model
#
# 14 points, for the share of right answers: 6 for a model file, measured on `dev`, and 8 for answers to the test questions
#
# Train a model without a bottleneck, on the kit's 300 people. Its size, the number of epochs, rates and batches are up to you.
# The texts may be read in any order, as often as you like, and you may add texts made of the **training** questions. Neither
# the places of `dev` questions nor anything that you look up in the texts yourself may be learned or handed in: some students
# will be asked to show how their model was trained. Questions that help:
#
# - Is a place that is asked for wrongly known in the words of a text? Then fine-tuning is at fault, else reading.
# - Do the curves of 7.2 still rise at the end?
# - What did the trials of part 8 show about layers and positions?
#
# The settings below are a start, with rotary positions, which reached [[rotary.dev:.2f]] on dev and [[rotary.test:.2f]] on test. Grading builds the model from right parts, never from
# yours: where 6.1 and 6.2 do not both show ✓, train with `"rope": False`.
#
# | accuracy on dev, half up to two decimals | points | | accuracy of predictions | points |
# |---|---|---|---|---|
# | 0.30 and more | 6 | | 0.30 and more | 8 |
# | 0.20 to 0.29 | 4 | | 0.20 to 0.29 | 6 |
# | 0.10 to 0.19 | 2 | | 0.09 to 0.19 | 3 |

# %%
STUDENT_ID = "00000000"
NAME = "name"
CONFIGURATION = {"n_layer": 3, "n_head": 4, "n_embd": 128, "rope": True}
BEST = SMALL  # or SMALL._replace(pretrain_epochs=200, decay_epochs=200)


def of_the_kit() -> "CharCorruptionDataset":
    """The kit's texts about 300 people, whatever other files or settings there are."""
    text = data_file("wiki", None).read_text(encoding="utf-8")
    return CharCorruptionDataset(text.rstrip("\n"), SMALL.block_size)


def build_model(configuration: dict) -> nn.Module:
    """The architecture that model files are read into."""
    texts = of_the_kit()
    return GPT(GPTConfig(texts.vocab_size, texts.block_size, **configuration))


def held_out(seed: int) -> NameDataset:
    """The kit's dev questions, whatever the seed is."""
    return NameDataset(data_file("dev", None).read_text(encoding="utf-8"), of_the_kit())


MODEL = Artefact(
    ending="model",
    build=build_model,
    limits={
        "n_layer": (1, 6),
        "n_head": (1, 8),
        "n_embd": (8, 256),
        "rope": {True, False},
    },
    held_out=held_out,
    measure=known,
    tiers=((0.10, 2), (0.20, 4), (0.30, 6)),
)
PREDICTIONS = Predictions(
    ending="predictions",
    count=100,
    answers="test_places.txt",
    tiers=((0.09, 3), (0.20, 6), (0.30, 8)),
)

# %% train
torch.manual_seed(0)
random.seed(0)
texts, reads = of_the_kit(), PARAMETERS / "best.params"
best = build_model(CONFIGURATION).to(where)
train(best, reads, pretrain(texts, texts.block_size, best, READING_RATE, settings=BEST)[1])
_, trainer = finetune(
    reads,
    data_file("train", None),
    texts,
    texts.block_size,
    best,
    GENTLE_RATE,
    settings=BEST,
)
train(best, None, trainer)
best = best.cpu().eval()
print("dev:", {what: round(value, 3) for what, value in known(best, held_out(0)).items()})

# %% [markdown]
# ### 9.1 `trained_model` and `predictions`: save them, and see what they earn
#
# The model is saved as `<student id>_<name>_model.pth` with its configuration; the answers to the test questions as
# `<student id>_<name>_predictions.txt`, one on each line. The first check reads the model as grading will. The second one
# can only say whether there are as many answers as questions: the right ones are with your course.

# %% train
if save_model(best, CONFIGURATION, student_id=STUDENT_ID, name=NAME, artefact=MODEL):
    answers = write_predictions(
        best, texts, data_file("test", None), f"{STUDENT_ID}_{NAME}_predictions.txt"
    )
    print(Counter(answers).most_common(5))

# %% artefact="trained_model" points=6
check("trained_model", MODEL)

# %% artefact="predictions" points=8
check("predictions", PREDICTIONS)

# %% [markdown]
# {ai_tools}

# %%
summary()

# %% [markdown]
# ## 10 Handing in
#
# {handing_in}
#
# Id and name stand in the cell of part 9.

# %% train
submit(STUDENT_ID, NAME)
