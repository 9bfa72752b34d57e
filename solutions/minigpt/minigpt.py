# %% [markdown]
# # MiniGPT: what a small language model knows, and how to ask for it
#
# INTRO
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
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from autograder import Artefact, Predictions, check, summary
from autograder.checks.rng import Rng
from autograder.tools.birth_places import data_file
from autograder.tools.device import device
from autograder.tools.plots import heat_map
from autograder.tools.saving import save_model

# %% [markdown]
# ## 1 People and places
#
# DATA

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
# 3 points · ●○○ · 10 minutes · about 3 lines


# %% solution="baseline"
def baseline(training: list[tuple[str, str]], questions: list[tuple[str, str]]) -> tuple[str, float]:
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
print("most frequent place: %s, right for %.1f %% of the dev questions" % (
    lambda place, share: (place, 100 * share))(*baseline(pairs_in(data_file("train")), pairs_in(data_file("dev")))))

# %% [markdown]
# ## 2 The model
#
# ### Given: attention, blocks, and the GPT


# %%
@dataclass(frozen=True)
class GPTConfig:
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
        positions = None if config.rope else torch.zeros(1, config.block_size, config.n_embd)
        self.pos_emb = None if positions is None else nn.Parameter(positions)
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
    behind = replace(config, block_size=config.bottleneck_dim)
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

# %% look
some = CharCorruptionDataset(data_file("wiki").read_text(encoding="utf-8"), block_size=64)
for _ in range(6):
    x, y = some[0]
    print("".join(some.itos[i] for i in x.tolist()))

# %% [markdown]
# ## 4 Asking: fine-tuning


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


@dataclass(frozen=True)
class TrainerConfig:
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


@dataclass(frozen=True)
class Settings:
    """What the trainings share."""

    pretrain_epochs: int
    pretrain_batch: int
    finetune_batch: int
    decay_epochs: int  # of pre-training, until the learning rate is a tenth
    epochs_from_scratch: int = 75
    epochs_after_pretraining: int = 10


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


# %% solution="down_project_block"
class DownProjectBlock(nn.Module):
    """T positions to m: learned vectors look at the text."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(config.n_embd), nn.LayerNorm(config.n_embd)
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
        y = C + self.attn(self.ln1(x_input), C)
        return y + self.mlp(self.ln2(y))
        ### END SOLUTION


# %% check="down_project_block" points=5
check("down_project_block", DownProjectBlock)


# %% solution="up_project_block"
class UpProjectBlock(nn.Module):
    """m positions back to T: the text looks at what came through the bottleneck."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(config.n_embd), nn.LayerNorm(config.n_embd)
        self.attn = CausalCrossAttention(config)
        self.mlp = mlp(config.n_embd)

    def forward(self, y: Tensor, x_input: Tensor) -> Tensor:
        """y (B, m, d) and x_input (B, T, d) → (B, T, d)."""
        ### BEGIN SOLUTION
        x = x_input + self.attn(self.ln1(y), x_input)
        return x + self.mlp(self.ln2(x))
        ### END SOLUTION


# %% check="up_project_block" points=4
check("up_project_block", UpProjectBlock)


# %% solution="initialize_perceiver_model"
def initialize_perceiver_model(mconf: GPTConfig, bottleneck_dim: int = 32) -> GPT:
    """A GPT of this configuration, but with a bottleneck of so many positions."""
    ### BEGIN SOLUTION
    return GPT(replace(mconf, perceiver=True, bottleneck_dim=bottleneck_dim))
    ### END SOLUTION


# %% check="initialize_perceiver_model" points=3
check("initialize_perceiver_model", initialize_perceiver_model)

# %% [markdown]
# ## 6 Rotary positions


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
# ## 7 Three runs
#
# RUNS

# %%
SMALL = Settings(pretrain_epochs=60, pretrain_batch=64, finetune_batch=32, decay_epochs=60)
ORIGINAL = Settings(pretrain_epochs=650, pretrain_batch=128, finetune_batch=256, decay_epochs=200)
SETTINGS = SMALL
BLOCK_SIZE = 64
SIZES = {"n_layer": 3, "n_head": 4, "n_embd": 128}
BOTTLENECK = 32
FOLDER = Path("minigpt_parameters")


def reading(folder: str | None = "data") -> "CharCorruptionDataset":
    """The texts to read, your own ones from a folder or the kit's."""
    text = data_file("wiki", folder).read_text(encoding="utf-8")
    return CharCorruptionDataset(text, BLOCK_SIZE)


def configuration(texts: "CharCorruptionDataset", **more: bool) -> GPTConfig:
    return GPTConfig(texts.vocab_size, BLOCK_SIZE, **SIZES, **more)


@torch.no_grad()
def known(model: nn.Module, pairs: Dataset) -> dict[str, float]:
    """The share of places that the model writes rightly, and the mean probability it gives them."""
    where = next(model.parameters()).device
    x, y = (torch.stack(tensors).to(where) for tensors in zip(*pairs, strict=True))
    log_p = model(x)[0].log_softmax(dim=-1)  # (N, T, V)
    counts, right = y != PAD, log_p.argmax(dim=-1) == y
    of_place = log_p.gather(2, y[..., None])[..., 0].where(counts, 0.0).sum(dim=1)  # (N,)
    return {
        "accuracy": (right | ~counts).all(dim=1).float().mean().item(),
        "probability": of_place.exp().mean().item(),
    }


def questions(
    part: str, texts: "CharCorruptionDataset", folder: str | None = "data"
) -> NameDataset:
    """The questions and places of a part."""
    return NameDataset(data_file(part, folder).read_text(encoding="utf-8"), texts)


# %%
STUDENT_ID = "00000000"
NAME = "name"


def build_model(configuration: dict) -> nn.Module:
    """The architecture that model files are read into."""
    return GPT(GPTConfig(reading(None).vocab_size, BLOCK_SIZE, **configuration))


def held_out(seed: int) -> NameDataset:
    """The dev questions of the kit, whatever the seed is."""
    return questions("dev", reading(None), None)


MODEL = Artefact(
    ending="model",
    build=build_model,
    limits={
        "n_layer": (1, 6),
        "n_head": (1, 8),
        "n_embd": (8, 256),
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

# %% artefact="trained_model" points=6
check("trained_model", MODEL)

# %% artefact="predictions" points=8
check("predictions", PREDICTIONS)

# %% [markdown]
# {ai_tools}

# %%
summary()
