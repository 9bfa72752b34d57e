# %% [markdown]
# # CLIP: pictures and texts in one space
#
# A model looks at a picture and makes a vector of it. Another one reads a text and makes a vector, too. If both learn
# to make vectors that point in the same direction where a text tells what a picture shows, then any text finds its
# picture, and any picture its text: also such as nobody has seen before. This is
# [CLIP](https://arxiv.org/abs/2103.00020), on which image search, text-to-image models and most models that see rest.
#
# You will write what makes it work: similarity, the contrastive loss, classification without training ("zero-shot"),
# search, and the measure of how well it finds. Then you train a small CLIP on 1258 emoji in half a minute,
# search emoji by your own words, find out why it wants large batches, write captions that find a picture, and see what
# the original does with photographs.
#
# Everything is here: pictures, texts and training need no download (the original CLIP does, on Colab and Kaggle).
# Plan three hours. Training uses a GPU where there is one; on a CPU all cells together take about two and a half
# minutes of processor time, a minute and a half on two cores, and settings that earn all points take two minutes
# more. Every exercise stands on its own: a mistake in one costs no points in another.
#
# | letter | meaning |
# |---|---|
# | `d` | numbers of a vector, of a text or of a picture |
# | `n_text`, `n_image` | how many texts and pictures there are |
# | `N` | pairs in a batch |
# | $s_{ij}$ | similarity of text $i$ and picture $j$ |
#
# In this notebook **texts are the rows and pictures the columns** of every table of similarities. Tensors are float32,
# what your functions return included.
#
# {points}

# %%
import math
import os
import random
import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from zlib import crc32

import matplotlib.pyplot as plt
import torch
from IPython.display import display
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from autograder import Artefact, check, submit, summary
from autograder.checks.rng import Rng
from autograder.tools import diagrams
from autograder.tools.accounting import counts, side_by_side
from autograder.tools.device import device
from autograder.tools.emoji import Emoji, emoji, pictures
from autograder.tools.photographs import photograph, square
from autograder.tools.plots import heat_map, picture_row
from autograder.tools.saving import save_model

# %% [markdown]
# In the end you will have built this: a tower for pictures, one for texts, and the table of similarities that both
# learn from.

# %% look
diagrams.clip()

# %% [markdown]
# ## 1 Emoji
#
# 1636 emoji, 32 × 32 pixels, each with a name, a kind such as `animal-mammal`, and about ten tags. (CLIP had 400
# million pictures from the web.) They are drawn in two styles: **Noto**, in which the model learns, and **Twemoji**,
# which it never sees while it learns. The words are those of emojibase and emojilib; the licences lie beside the
# pictures in the package.
#
# | part | emoji | |
# |---|---|---|
# | `training` | 1258 | |
# | `validation` | 160 | to choose by; you may train with them in the end |
# | `held_out` | 160 | for the last measurement; nobody trains with these |
# | `variants` | 58 | of the 320 above: in no part |
#
# Many emoji are variants of each other: a farmer, a man who is a farmer and a woman who is one; a hand that points
# left or right; 24 clocks. If some variants were for training and others held out, a model would find what it has
# seen. So the 1636 were sorted into 1366 families, whatever gender or direction they have, and a family is in one
# part: of the families that are held back the first member stands for all. (Data sets that are used everywhere have
# such near-duplicates between their parts: [Barz and Denzler, 2019](https://arxiv.org/abs/1902.00423).)


# %% look
print({part: len(emoji(part)) for part in ("training", "validation", "held_out", "variants")})
some = emoji("training")[::170]
names = [each.name for each in some]
picture_row(pictures(some), names)
picture_row(pictures(some, "twemoji"), names)
for each in some[:4]:
    print(f"{each.name} ({each.kind}): {', '.join(each.tags)}")

# %% [markdown]
# ## 2 Similarity, and what to do with it
#
# ### 2.1 `similarity`
#
# 3 points · difficulty ●○○ · importance ●●● · 10 minutes · about 3 lines
#
# How much a text $t$ and a picture $p$ have in common is the cosine of the angle between their vectors,
#
# $$s_{ij} = \frac{t_i \cdot p_j}{\lVert t_i\rVert\,\lVert p_j\rVert},\qquad \lVert x\rVert = \sqrt{\textstyle\sum_k x_k^2}.$$
#
# Lengths do not count: a vector that is seven times as long says the same. Each vector is divided by its own length,
# and then a matrix product gives all cosines at once. Texts are rows, pictures are columns.


# %% solution="similarity"
def similarity(texts: Tensor, images: Tensor) -> Tensor:
    """Cosines (n_text, n_image) of the vectors of texts (n_text, d) and of pictures (n_image, d)."""
    ### BEGIN SOLUTION
    texts = texts / texts.norm(dim=1, keepdim=True)
    images = images / images.norm(dim=1, keepdim=True)
    return texts @ images.T
    ### END SOLUTION


# %% check="similarity" points=3
check("similarity", similarity)

# %% [markdown]
# <details><summary>The shape is right, and the numbers are larger than 1</summary>
#
# Over which axis do you sum the squares? A vector is a row. And `keepdim=True` keeps the axis, so that rows are
# divided by rows.
# </details>
#
# Three texts and four pictures in two dimensions, where you can see the angles. Expect 1 where the directions are the
# same, 0 at a right angle and −1 for the opposite, whatever the lengths.

# %% look
directions = torch.tensor([[0.0, 1.0], [3.0, 0.0], [-2.0, 2.0]])
print(similarity(directions, torch.tensor([[0.0, 5.0], [1.0, 1.0], [-9.0, 0.0], [0.1, 0.0]])))

# %% [markdown]
# ### 2.2 `zero_shot`
#
# 4 points · difficulty ●○○ · importance ●●● · 10 minutes · about 2 lines
#
# A classifier without training: write a text for each class ("a photo of a cat", "a photo of a dog"), and ask of each
# picture which of the texts it is most similar to. The probabilities are the softmax over the **classes**,
#
# $$p(\text{class } i \mid \text{picture } j) = \frac{e^{\alpha s_{ij}}}{\sum_{i'} e^{\alpha s_{i'j}}} .$$
#
# Cosines lie between −1 and 1, so that their softmax is nearly flat; the scale $\alpha$ sharpens it. In CLIP it is
# learned, and ends at 100. Return a row for each picture. The check goes up to $\alpha = 1000$, where exponentials of
# the logits are infinite, and probabilities are not.


# %% solution="zero_shot"
def zero_shot(similarities: Tensor, scale: float) -> Tensor:
    """Probabilities (n_image, n_class) from similarities (n_class, n_image) of class texts and pictures."""
    ### BEGIN SOLUTION
    logits = scale * similarities.T  # (n_image, n_class)
    return logits.softmax(dim=1)
    ### END SOLUTION


# %% check="zero_shot" points=4
check("zero_shot", zero_shot)

# %% [markdown]
# <details><summary>The shape is right and the rows do not sum to 1</summary>
#
# The sum over the classes is 1, for each picture. Which axis is that, before and after you transpose?
# </details>
#
# ### 2.3 `find_pictures`
#
# 4 points · difficulty ●○○ · importance ●●○ · 10 minutes · about 3 lines
#
# The same similarities, asked the other way round: which picture does a text mean? Now the pictures compete, and the
# softmax is over the **pictures**. Return the probabilities, a row for each text, and the index of the best picture for each. Scales go up to 1000 here, too.


# %% solution="find_pictures"
def find_pictures(similarities: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Probabilities (n_text, n_image) of the pictures for each text, and the best ones' indices (n_text,)."""
    ### BEGIN SOLUTION
    probabilities = (scale * similarities).softmax(dim=1)
    return probabilities, probabilities.argmax(dim=1)
    ### END SOLUTION


# %% check="find_pictures" points=4
check("find_pictures", find_pictures)

# %% [markdown]
# What does the scale do? Five similarities of one text, as they are in a trained CLIP. Expect nearly equal bars for
# scale 1, and nearly everything on one picture for 100. Which picture is best does not depend on it.

# %% look
five = torch.tensor([[0.31, 0.27, 0.22, 0.18, 0.25]])
figure, axes = plt.subplots(1, 3, figsize=(9, 2.4), sharey=True)
for one, scale in zip(axes, (1, 10, 100), strict=True):
    probabilities, best = find_pictures(five, scale)
    one.bar(range(5), probabilities[0])
    one.set(title=f"scale {scale}, best: {best.item()}", xlabel="picture", ylim=(0, 1))
axes[0].set_ylabel("probability")
plt.show()

# %% [markdown]
# ### 2.4 `recall_at_k`
#
# 6 points · difficulty ●●○ · importance ●●● · 20 minutes · about 3 lines
#
# How well does a model find? Text $i$ belongs to picture $i$. Sort the pictures by their similarity to text $i$; the
# **recall at $k$** is the share of texts whose own picture is among the first $k$. By chance it is $k/n$. (Pictures and
# texts have been measured so since [Karpathy and Fei-Fei, 2014](https://arxiv.org/abs/1412.2306).)
#
# What of ties? A model that gives every text and every picture the same vector has learned nothing, and yet every
# picture is "a best one" there. So a tie counts **against** the model: the place of the own picture is the number of
# pictures that are **at least** as similar to the text as it is, itself included. If $k$ is larger than $n$, all are
# found.


# %% solution="recall_at_k"
def recall_at_k(similarities: Tensor, k: int) -> float:
    """The share of texts whose own picture is among the k most similar ones; similarities (n, n)."""
    ### BEGIN SOLUTION
    own = similarities.diagonal()[:, None]  # (n, 1)
    place = (similarities >= own).sum(dim=1)  # 1 is the first
    return (place <= k).float().mean().item()
    ### END SOLUTION


# %% check="recall_at_k" points=6
check("recall_at_k", recall_at_k)

# %% [markdown]
# <details><summary>Only <code>ties</code> fails</summary>
#
# `topk` and `argsort` put equal numbers in some order. Count instead: how many pictures of the row are at least as
# similar?
# </details>
#
# <details><summary>"selected index k out of range"</summary>
#
# There are fewer pictures than k. Whoever counts places needs no case of its own for this.
# </details>
#
# What knows nothing: random vectors for 160 texts and 160 pictures, a hundred times. Expect about 0.006, 0.03 and
# 0.06, as $k/160$ says, and 0 for a model that says the same of all.

# %% look
torch.manual_seed(0)
nothing = [similarity(torch.randn(160, 64), torch.randn(160, 64)) for _ in range(100)]
for k in (1, 5, 10):
    mean = sum(float(recall_at_k(each, k)) for each in nothing) / 100
    same = float(recall_at_k(torch.ones(160, 160), k))
    print(f"recall@{k:<2} random {mean:.3f}  by chance {k / 160:.3f}  all the same {same:.3f}")

# %% [markdown]
# ## 3 Learning
#
# ### 3.1 `contrastive_loss`
#
# 8 points · difficulty ●●○ · importance ●●● · 25 minutes · about 3 lines
#
# Take $N$ pairs. For every text there is one right picture in the batch and $N - 1$ wrong ones, and for every picture
# one right text and $N - 1$ wrong ones. So learn to classify, in both directions: with $\alpha = e^{\tau}$, where
# $\tau$ is a parameter that is learned with the rest,
#
# $$L = \frac{1}{2N}\sum_{i=1}^{N}\Bigl(
# -\ln\frac{e^{\alpha s_{ii}}}{\sum_j e^{\alpha s_{ij}}} - \ln\frac{e^{\alpha s_{ii}}}{\sum_j e^{\alpha s_{ji}}}\Bigr).$$
#
# A large $\alpha$ makes training unstable, so that CLIP lets it grow up to **100** and no further: beyond that
# $\alpha = 100$, and no gradient reaches $\tau$. A model that knows nothing has $L = \ln N$. (One direction alone is
# InfoNCE, [van den Oord et al., 2018](https://arxiv.org/abs/1807.03748); both, for pictures and texts, come from
# [Zhang et al., 2020](https://arxiv.org/abs/2010.00747).)
#
# New tensors must stand where the similarities stand (a GPU, for example).


# %% solution="contrastive_loss"
def contrastive_loss(similarities: Tensor, log_scale: Tensor) -> Tensor:
    """The symmetric loss (a number, shape ()) of similarities (N, N), of which text i and picture i are a pair.

    log_scale: τ, shape ().
    """
    ### BEGIN SOLUTION
    logits = log_scale.exp().clamp(max=100) * similarities
    own = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
    ### END SOLUTION


# %% check="contrastive_loss" points=8
check("contrastive_loss", contrastive_loss)

# %% [markdown]
# <details><summary>Infinite or not a number where the scale is large</summary>
#
# $e^{100}$ is more than a 32-bit number holds. `log_softmax` and `cross_entropy` subtract the largest number first; the
# logarithm of a softmax does not.
# </details>
#
# <details><summary>"Tensor on device cpu is not on the expected device meta"</summary>
#
# On a GPU the similarities stand there, and a new tensor stands on the CPU unless you say `device=…`. The check plays
# a GPU: it puts the similarities on "meta", a device that holds shapes and no numbers.
# </details>
#
# Expect ln 64 = 4.159 for similarities that are all equal, nearly 0 for a model that is right and sure, and much more
# than ln 64 for one that is wrong and sure.

# %% look
log_scale = torch.tensor(math.log(30))
for name, made in (
    ("equal", torch.zeros(64, 64)),
    ("right", torch.eye(64)),
    ("wrong", -torch.eye(64)),
):
    print(f"{name:6} {contrastive_loss(made, log_scale):.4f}")

# %% [markdown]
# ### 3.2 Written: `scale`
#
# 3 points
#
# Take one text $i$ with its similarities $s_{i1}, \dots, s_{iN}$, and let $p_{ij}$ be the softmax of $\alpha s_{ij}$
# over $j$.
#
# 1. Show that the derivative of its part of the loss, $-\ln p_{ii}$, by $\alpha$ is $\sum_j p_{ij} s_{ij} - s_{ii}$.
# 2. What happens to $\alpha$ in training if the own picture is the most similar one for every text and every picture?
#    And if some are found and others not?
# 3. Why can a loss of 0 not be reached if $\alpha$ is at most 100, and why is it no harm? Take $N = 128$ and
#    similarities of 1 and 0.

# %% [markdown] answer="scale" points=3
# Model answer:
#
# 1. $-\ln p_{ii} = \ln\sum_j e^{\alpha s_{ij}} - \alpha s_{ii}$, and the derivative of the first term is $\sum_j
#    s_{ij} e^{\alpha s_{ij}} / \sum_j e^{\alpha s_{ij}} = \sum_j p_{ij} s_{ij}$.
# 2. If the own picture is always the most similar one, the mean $\sum_j p_{ij} s_{ij}$ is below $s_{ii}$: the
#    derivative is negative for any $\alpha$, so that $\alpha$ grows without end, and the loss falls without anything
#    being learned. If some are not found, their derivative is positive (for large $\alpha$ nearly $\max_j s_{ij} -
#    s_{ii}$), and the others' vanishes; $\alpha$ stays where the two balance: the model is as sure as it is right.
# 3. With $\alpha = 100$ the loss is $\ln(1 + 127 e^{-100})$, about $5 \cdot 10^{-42}$: not 0, and nothing that
#    matters; gradients vanish long before. Even similarities of 0.3 and 0 leave $\ln(1 + 127 e^{-30}) \approx
#    10^{-11}$.
#
# Marking: 1 point for the derivative; 1 for both cases of 2; 1 for the number, or its order of magnitude, and that it
# does no harm.

# %% [markdown]
# ### 3.3 Two towers
#
# **Pictures** go through a small residual network ([He et al., 2015](https://arxiv.org/abs/1512.03385)): four stages,
# from 16 × 16 places down to 4 × 4, then the mean over each quarter of the picture, and a linear layer.
#
# **Texts** are bags of words, in which order does not count, and words are bags of their parts ([Bojanowski et al.,
# 2016](https://arxiv.org/abs/1607.04606)). A word is the word itself and all its runs of three and
# four letters: `fox` is `<fox>`, `<fo`, `fox`, `ox>` and `<fox`, `fox>`. Each of these pieces has a vector (a row of
# a table, found by a hash), so that a word that nobody has seen still has parts that somebody has: `blueberry` knows
# of `blue`. The mean of the pieces is the word, the mean of the words is the text, and a small network makes a vector
# of length `dim` of it. Words that say nothing, such as `a` and `of`, are left out; rows that are never learned stay
# small, so that strange words do little harm.


# %%
BUCKETS = 4096  # rows of the table of pieces
SAY_NOTHING = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "has",
        "in",
        "is",
        "it",
        "its",
        "of",
        "that",
        "the",
        "this",
        "to",
        "with",
    ]
)


def words_of(text: str) -> list[str]:
    """The words in small letters, without accents and without those that say nothing."""
    letters = unicodedata.normalize("NFKD", text.lower())
    words = re.findall(r"[^\W_]+", "".join(x for x in letters if not unicodedata.combining(x)))
    return [word for word in words if word not in SAY_NOTHING]


@cache
def pieces(word: str, buckets: int) -> tuple[int, ...]:
    """The rows of a word and of its runs of three and four letters."""
    marked = f"<{word}>"
    runs = [marked[i : i + n] for n in (3, 4) for i in range(len(marked) - n + 1)]
    return tuple(crc32(run.encode()) % buckets for run in [word, *runs])


class TextTower(nn.Module):
    """Texts → vectors (n, dim)."""

    def __init__(self, words: int, dim: int, buckets: int = BUCKETS) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(buckets, words, mode="sum")
        self.network = nn.Sequential(
            *(nn.LayerNorm(words), nn.Linear(words, 2 * words), nn.GELU(), nn.Dropout(0.1)),
            nn.Linear(2 * words, dim),
        )
        nn.init.normal_(self.table.weight, std=0.05)  # what is never learned stays small

    def forward(self, texts: Sequence[str]) -> Tensor:
        rows, shares, starts = [], [], []
        for text in texts:
            starts.append(len(rows))
            words = words_of(text)
            for word in words:
                found = pieces(word, self.table.num_embeddings)
                rows += found
                shares += [1 / (len(found) * len(words))] * len(found)
        where = self.table.weight.device
        bags = self.table(
            torch.tensor(rows, dtype=torch.int64, device=where),
            torch.tensor(starts, device=where),
            per_sample_weights=torch.tensor(shares, dtype=torch.float32, device=where),
        )
        return self.network(bags)


def convolution(channels: int, out: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(channels, out, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(out))


class Residual(nn.Module):
    """Two convolutions, whose result is added to what came in."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(channels, out, stride=stride)
        self.second = convolution(out, out)
        self.shortcut = convolution(channels, out, size=1, stride=stride)
        nn.init.zeros_(self.second[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return (self.shortcut(x) + self.second(self.first(x).relu())).relu()


class ImageTower(nn.Module):
    """Pictures (n, 3, 32, 32) → vectors (n, dim)."""

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.network = nn.Sequential(
            *(convolution(3, width, size=5, stride=2), nn.ReLU()),  # (n, width, 16, 16)
            Residual(width, 2 * width, stride=1),
            Residual(2 * width, 4 * width, stride=2),
            Residual(4 * width, 8 * width, stride=2),  # (n, 8 width, 4, 4)
            *(nn.AdaptiveAvgPool2d(2), nn.Flatten()),  # (n, 32 width), the mean of each quarter
        )
        self.out = nn.Sequential(nn.Dropout(0.1), nn.Linear(32 * width, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = ((x - 0.7) / 0.3).contiguous(memory_format=torch.channels_last)  # faster on a CPU
        return self.out(self.network(x))


class Clip(nn.Module):
    """A tower for pictures, one for texts, and τ, the logarithm of the scale."""

    def __init__(self, width: int, words: int, dim: int) -> None:
        super().__init__()
        self.images = ImageTower(width, dim)
        self.texts = TextTower(words, dim)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))


# %% [markdown]
# ### 3.4 Training
#
# 1418 emoji are few: a network of a million numbers can learn them by heart. Three things make more of them. Each
# **picture** is turned, shifted, scaled, mirrored (but for symbols, in which letters stand) and recoloured a little,
# another way every time. Each **text** is a part of the words, between a fifth and all of them, so that short texts
# work, too. And what is kept in the end is a running mean of the weights, not the weights of the last step ([Izmailov
# et al., 2018](https://arxiv.org/abs/1803.05407), say why).


# %%
def described(each: Emoji) -> str:
    """Its name, its tags and its kind: the text by which it is looked for."""
    return " ".join([each.name, *each.tags, each.kind])


def some_words(each: Emoji) -> str:
    """Few or many of the words of its name, of its tags and of its kind."""
    share = random.uniform(0.2, 1)
    everything = [*words_of(each.name), *each.tags, each.kind]
    return " ".join(word for word in everything if random.random() < share) or each.name


def between(n: int, low: float, high: float, where: torch.device) -> Tensor:
    return low + (high - low) * torch.rand(n, device=where)


def moved(x: Tensor, may_flip: Tensor) -> Tensor:
    """Pictures (n, 3, 32, 32), each turned, shifted, scaled and perhaps mirrored; outside is white."""
    n, where = len(x), x.device
    angle = between(n, -0.2, 0.2, where)
    across, down = (between(n, -0.2, 0.2, where).exp() for _ in range(2))
    across = across * torch.where(may_flip & (torch.rand(n, device=where) < 0.5), -1, 1)
    rows = [
        torch.stack(
            [angle.cos() * across, -angle.sin() * down, between(n, -0.2, 0.2, where)], dim=1
        ),
        torch.stack(
            [angle.sin() * across, angle.cos() * down, between(n, -0.2, 0.2, where)], dim=1
        ),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), x.shape, align_corners=False)
    return 1 - F.grid_sample(1 - x, grid, align_corners=False)


def recoloured(x: Tensor) -> Tensor:
    """Pictures with other contrast, brightness and colours, softer or sharper."""
    n, where = len(x), x.device
    mixing = torch.eye(3, device=where) + 0.1 * (2 * torch.rand(n, 3, 3, device=where) - 1)
    x = torch.einsum("nij,njhw->nihw", mixing / mixing.sum(dim=2, keepdim=True), x)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    contrast, brightness = (between(n, -0.3, 0.3, where)[:, None, None, None] for _ in range(2))
    x = mean + (1 + contrast) * (x - mean) + 0.3 * brightness
    soft = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    return x + between(n, -0.35, 0.65, where)[:, None, None, None] * (soft - x)


# %% [markdown]
# The loop is given. Read where your functions stand in it. With `group` the batch is cut into groups of so many
# pairs, and a text competes with the pictures of its group alone; we need that in part 4.


# %%
def loss_of(model: Clip, texts: Sequence[str], images: Tensor, group: int) -> Tensor:
    """The mean loss of the groups of a batch."""
    pairs = zip(model.texts(texts).split(group), model.images(images).split(group), strict=True)
    losses = [contrastive_loss(similarity(t, p), model.log_scale) for t, p in pairs]
    return torch.stack(losses).mean()


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Matrices shrink; biases, norms and τ do not."""
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def train(
    model: Clip,
    entries: Sequence[Emoji],
    *,
    epochs: int,
    batch_size: int = 128,
    group: int | None = None,
    learning_rate: float = 2e-3,
    weight_decay: float = 0.05,
) -> dict[str, list[float]]:
    """Train on emoji in the style Noto; the mean loss of each epoch, and the scale at its end."""
    where = next(model.parameters()).device
    drawn = pictures(entries).to(where)
    may_flip = torch.tensor([each.group != "symbols" for each in entries], device=where)
    steps = epochs * (len(entries) // batch_size)
    optimiser = torch.optim.AdamW(
        parameter_groups(model, weight_decay), lr=learning_rate, betas=(0.9, 0.98), fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=steps, pct_start=0.1, cycle_momentum=False
    )
    mean = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    history = {"loss": [], "scale": []}
    model.train()
    for _ in tqdm(range(epochs), desc="training", file=sys.stdout, mininterval=0.5, ncols=88):
        losses = []
        batches = torch.randperm(len(entries)).split(batch_size)
        for rows in batches[: len(entries) // batch_size]:  # whole ones
            texts = [some_words(entries[i]) for i in rows]
            images = recoloured(moved(drawn[rows], may_flip[rows]))
            loss = loss_of(model, texts, images, group or batch_size)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            mean.update_parameters(model)
            losses.append(loss.item())
        history["loss"].append(sum(losses) / len(losses))
        history["scale"].append(model.log_scale.exp().item())
    model.load_state_dict(mean.module.state_dict())
    model.eval()
    return history


# %% [markdown]
# How well does it find? `evaluated` looks for each of some emoji by its name and tags among the pictures of the same
# emoji.


# %%
@torch.no_grad()
def similarities_of(model: Clip, texts: Sequence[str], images: Tensor) -> Tensor:
    """Similarities (n_text, n_image), on the CPU."""
    where = next(model.parameters()).device
    return similarity(model.texts(texts), model.images(images.to(where))).cpu()


def evaluated(model: Clip, entries: Sequence[Emoji], style: str = "noto") -> dict[str, float]:
    """The recall at 10 and at 1."""
    texts = [described(each) for each in entries]
    found = similarities_of(model, texts, pictures(entries, style))
    return {f"recall@{k}": recall_at_k(found, k) for k in (10, 1)}


# %%
FIRST = {"width": 16, "words": 128, "dim": 128}
FIRST_EPOCHS = 40

# %% train
torch.manual_seed(0)
random.seed(0)
model = Clip(**FIRST).to(device())
print(f"{sum(p.numel() for p in model.parameters())} parameters")
history = train(model, emoji("training"), epochs=FIRST_EPOCHS)
figure, axes = plt.subplots(1, 2, figsize=(9, 2.8))
axes[0].plot(history["loss"])
axes[0].axhline(math.log(128), color="grey", linestyle=":", label="knows nothing, ln 128")
axes[0].set(xlabel="epoch", ylabel="loss", ylim=0)
axes[0].legend()
axes[1].plot(history["scale"])
axes[1].set(xlabel="epoch", ylabel="scale α")
figure.tight_layout()
plt.show()

# %% [markdown]
# ### 3.5 What it finds
#
# The numbers, beside what one gets by chance ($k/n$): of the emoji it was trained with, of emoji that it has never
# seen, and of both in a style that it has never seen. Expect recalls at 10 of about
# [[first.known_10.mean:.2f]] (training, Noto), [[first.unseen_10.mean:.2f]] (validation, Noto), [[first.known_other_10.mean:.2f]]
# (training, Twemoji) and [[first.unseen_other_10.mean:.2f]] (validation, Twemoji).


# %% train
def row_of_recalls(model: Clip, *parts: str, style: str = "noto") -> None:
    entries = emoji(*parts)
    found = evaluated(model, entries, style)
    said = "  ".join(
        f"{name} {value:.2f} (chance {min(1, int(name[7:]) / len(entries)):.3f})"
        for name, value in found.items()
    )
    print(f"{'+'.join(parts):20} {style:8} {len(entries):4} emoji  {said}")


for style in ("noto", "twemoji"):
    for part in ("training", "validation"):
        row_of_recalls(model, part, style=style)

# %% [markdown]
# The similarities of sixteen emoji that it has never seen. Expect the largest number of a row on the diagonal in
# about half of the rows. Where they are not: what do the two emoji have in common?

# %% train
sixteen = emoji("validation")[::10]
found = similarities_of(model, [described(each) for each in sixteen], pictures(sixteen))
figure, axes = plt.subplots(figsize=(8, 6.2))
names = [each.name for each in sixteen]
heat_map(axes, found, title="cosines", x="picture of", y="text", labels=(names, names))
axes.tick_params(axis="x", rotation=90)
plt.show()


# %% [markdown]
# **Search** all 1636 emoji by your own words. Change the texts; try words that are in no name or tag.


# %% train
def searched(model: Clip, texts: Sequence[str], style: str = "noto") -> None:
    """The seven best pictures for each text, with their probabilities."""
    everything = emoji()
    drawn = pictures(everything, style)
    scale = model.log_scale.exp().item()
    probabilities, _ = find_pictures(similarities_of(model, texts, drawn), scale)
    for text, row in zip(texts, probabilities, strict=True):
        best = row.topk(7).indices.tolist()
        print(text)
        titles = [f"{everything[i].name} {row[i]:.0%}" for i in best]
        picture_row(drawn[best], titles)


searched(model, ["a red fruit", "fruit", "a sad face", "someone is angry"])

# %% [markdown]
# **Zero-shot**: what is on these pictures? The classes are the names of all emoji of the group of animals and of food,
# 290 of them; of the pictures below the model has seen none. The three most probable names stand below each.

# %% train
classes = [each for each in emoji() if each.group in ("animals-nature", "food-drink")]
unseen = [each for each in classes if each.part == "validation"][::3]
found = similarities_of(model, [each.name for each in classes], pictures(unseen))
probabilities = zero_shot(found, model.log_scale.exp().item())
titles = []
for row in probabilities:
    best = row.topk(3)
    named = zip(best.indices, best.values, strict=True)
    titles.append("\n".join(f"{classes[i].name[:16]} {p:.0%}" for i, p in named))
picture_row(pictures(unseen), titles)

# %% [markdown]
# **Failures**: the unseen emoji whose text prefers another picture by the widest margin, and that picture below.

# %% train
unseen = emoji("validation")
drawn = pictures(unseen)
found = similarities_of(model, [described(each) for each in unseen], drawn)
lead = found.amax(dim=1) - found.diagonal()  # of the picture that it takes over the own one
worst = lead.topk(8).indices.tolist()
taken = found[worst].argmax(dim=1).tolist()
picture_row(drawn[worst], [unseen[i].name for i in worst])
picture_row(drawn[taken], [f"instead: {unseen[j].name}" for j in taken])

# %% [markdown]
# ### 3.6 Written: `failures`
#
# 3 points
#
# Look at what your model finds and what not, in all of the above. Describe **two** kinds of failure, each with two
# examples, and say for each which tower is to blame, and how you tell. One experiment is enough for that: another
# text for the same picture or another picture (the other style) for the same text. (Which features of a picture a
# network relies on can be found out so: [Geirhos et al., 2018](https://arxiv.org/abs/1811.12231).)

# %% [markdown] answer="failures" points=3
# Model answer (a model of 40 epochs, seed 0):
#
# 1. Colour instead of shape: the worm is taken for a cherry blossom (65 %), the crocodile for a green apple (21 %)
#    and a beetle (21 %). The picture tower is to blame. The other style shows it: the worm of Twemoji has another
#    shape and nearly the same pink, and is a cherry blossom again (50 %).
# 2. Words that are not put together: `a red fruit` finds a heart, a scarf and an envelope, all of them red and none a
#    fruit, and `someone is angry` finds soap and a worm. The text tower is to blame: for the same pictures `fruit`
#    alone finds lime, olive and melon, and `red` alone finds a balloon and a heart, so that the pictures are known.
#    The mean of two words is not "both of them"; and `someone` stands in few training texts.
#
# Marking: 1 point for two kinds with two examples each; 1 for an experiment that changes only the picture or only the
# text; 1 for the tower that follows from it.

# %% [markdown]
# ## 4 Why large batches?
#
# CLIP was trained with batches of 32 768 pairs. A large batch does two things at once: gradients are less noisy, and
# every text has more wrong pictures to be told from. Which of them matters here? ([Chen et al.,
# 2020](https://arxiv.org/abs/2002.05709), found that batches of thousands help; [Zhai et al.,
# 2023](https://arxiv.org/abs/2303.15343), that more than 32 768 hardly do.)
#
# All four runs below have the same batches of 128, the same pictures in the same order, the same number of steps and
# the same learning rate. Only what a text competes with differs: with groups of 2 it is told from one wrong picture,
# with groups of 128 from 127. **Predict** before you run the cell, and write it into 4.1: the recall at 10 of the four
# runs, among 1258 known emoji in the other style and among 160 unseen ones. Which of the two tasks needs large groups?
# How far will the loss fall below $\ln 2$ with groups of 2, and below $\ln 128$ with groups of 128?

# %%
GROUPS = (2, 8, 32, 128)
GROUP_EPOCHS = 30
SMALL = {"width": 12, "words": 64, "dim": 64}

# %% train
TASKS = {
    "1258 known ones, other style": ("training", "twemoji"),
    "160 unseen ones": ("validation", "noto"),
}
recalls = {task: [] for task in TASKS}
for group in GROUPS:
    torch.manual_seed(0)
    random.seed(0)
    small = Clip(**SMALL).to(device())
    loss = train(small, emoji("training"), epochs=GROUP_EPOCHS, group=group)["loss"][-1]
    for task, (part, style) in TASKS.items():
        recalls[task].append(evaluated(small, emoji(part), style)["recall@10"])
    said = ", ".join(f"{found[-1]:.2f} of {task}" for task, found in recalls.items())
    print(f"groups of {group:3}: loss {loss:.2f} of ln {group} = {math.log(group):.2f}; {said}")
figure, axes = plt.subplots(figsize=(5.5, 3.2))
for task, found in recalls.items():
    (line,) = axes.plot(GROUPS, found, "o-", label=task)
    axes.axhline(10 / int(task.split()[0]), color=line.get_color(), linestyle=":")
axes.set(xlabel="pairs that compete", xscale="log", ylabel="recall at 10")
axes.set(title="dotted: by chance", ylim=(-0.02, 0.7))  # below 0, so that chance is seen
axes.set_xticks(GROUPS, GROUPS)
axes.minorticks_off()
axes.legend()
plt.show()

# %% [markdown]
# <details><summary>What came out here, with three seeds</summary>
#
# | groups of | loss | known ones, other style | unseen ones |
# |---|---|---|---|
# | 2 | [[groups.loss_2:.2f]] | [[groups.known_2:.2f]] | [[groups.unseen_2:.2f]] |
# | 8 | [[groups.loss_8:.2f]] | [[groups.known_8:.2f]] | [[groups.unseen_8:.2f]] |
# | 32 | [[groups.loss_32:.2f]] | [[groups.known_32:.2f]] | [[groups.unseen_32:.2f]] |
# | 128 | [[groups.loss_128:.2f]] | [[groups.known_128:.2f]] | [[groups.unseen_128:.2f]] |
# </details>
#
# ### 4.1 Written: `large_batches`
#
# 4 points
#
# 1. What did you predict, **before** you ran the cell, and what came out?
# 2. Why does contrastive learning want many wrong pictures for each text? Use the loss: what is the largest value
#    that it has to fall from, and what does a text have to be told from when the loss is small?
# 3. What do your four runs show, and what do they not show? Compare the losses, and say why they cannot be compared
#    directly.
# 4. Does more always help? Name a case in which a wrong picture in the batch is not wrong.

# %% [markdown] answer="large_batches" points=4 words=400
# Model answer:
#
# 1. Predicted: twice the recall with groups of 128 on both tasks, and losses that are the same share of $\ln N$. The
#    recall doubled on the hard task alone; and the loss fell to a quarter of $\ln 2$, but only to two fifths of $\ln 128$.
# 2. A model that knows nothing has the loss $\ln N$, so that this is all that can be learned from a batch of $N$
#    pairs: with two it is ln 2, one bit for each text. A text that competes with one other picture, drawn by chance,
#    is told from it by what is coarse, a face from a car by its colour; then its loss is nearly 0, no gradient is
#    left, and nothing says how a fox differs from a raccoon. Among 127 wrong pictures there are nearly always some
#    that show something similar, and these carry the gradient. (In terms of information: the loss certifies at most
#    $\ln N - L$ nats that text and picture share.)
# 3. On the hard task the recall at 10 doubles, from [[groups.known_2.mean:.2f]] with groups of 2 to
#    [[groups.known_128.mean:.2f]] with 128 (means of three seeds), and more than half of the gain is there at 8
#    ([[groups.known_8.mean:.2f]]). On the easy task it grows by a quarter, from [[groups.unseen_2.mean:.2f]] to
#    [[groups.unseen_128.mean:.2f]], nearly all of it at 8 ([[groups.unseen_8.mean:.2f]]): to be among the ten best of 160
#    one needs to know roughly what is meant, which a few wrong pictures teach, too. The losses,
#    [[groups.loss_2.mean:.1f]] and [[groups.loss_128.mean:.1f]], cannot be compared: one is among 2, the other among 128
#    pictures, and the larger one belongs to the better model. The runs do not show what less noisy gradients are worth,
#    as all have the same batches, nor whether more steps would make up for small groups.
# 4. No: a wrong picture may fit the text as well. `farmer` and `woman farmer` may stand in one batch, or twenty
#    smiling faces; the loss pushes apart what belongs together. The more pairs there are in a batch, the more of
#    these there are, most of all if the data are few or uniform. (Besides: memory grows with $N^2$ and the number of
#    steps falls.)
#
# Marking: 1 point for $\ln N$ and what it means; 1 for similar wrong pictures as the source of the gradient; 1 for a
# prediction, right or wrong, that is compared with results that are the student's own, with the reason why losses
# cannot be compared; 1 for a case of false negatives.

# %% [markdown]
# ### 4.2 `residual_costs`
#
# 2 points · difficulty ●●○ · importance ●●○ · 15 minutes · about 6 lines
#
# What does a pair of a batch cost? Nearly all of it goes into the picture tower. Count by hand what one of its blocks,
# `Residual(channels, out, stride)`, needs for **one** picture of `side` × `side` places. It has three convolutions
# without biases: `first`, 3 × 3 with that stride; `second`, 3 × 3; `shortcut`, 1 × 1 with that stride; each is followed
# by a norm. A stride of 2 halves the side, and rounds up.
#
# - **Parameters**: all weights of the convolutions, and two numbers for each channel of each norm.
# - **FLOPs** of the forward pass: at each place of its output, a convolution multiplies each of its weights once. A
#   multiplication and an addition are two operations; the rest is left out.
# - **Bytes** that are kept for the backward pass, in float32: what comes into the block, and five maps of the size of
#   its output: what each convolution gives, for its norm, and what both ReLUs give. They are kept for each picture of a
#   batch at once, which is why memory, and not time, limits how large a batch may be.


# %% solution="residual_costs"
def residual_costs(channels: int, out: int, stride: int, side: int) -> tuple[int, int, int]:
    """Parameters, FLOPs and bytes kept of Residual(channels, out, stride), for one picture."""
    ### BEGIN SOLUTION
    weights = 9 * channels * out + 9 * out * out + channels * out
    places = math.ceil(side / stride) ** 2  # of the output
    kept = channels * side**2 + 5 * out * places  # numbers
    return weights + 3 * 2 * out, 2 * weights * places, 4 * kept
    ### END SOLUTION


# %% check="residual_costs" points=2
check("residual_costs", residual_costs)

# %% [markdown]
# <details><summary>FLOPs are four times too many</summary>
#
# With a stride of 2 there are half as many places in each direction, for all three convolutions.
# </details>
#
# The blocks of the tower of part 3 beside the profiler. Expect the same parameters and FLOPs, and ratios of 0.99, 0.97
# and 0.90 for the bytes: norms keep some numbers for each channel besides, which count little in a batch. Where the
# side is halved, channels double. Which of the three numbers stays the same then, and which one is four times as large?

# %% look
for sizes in ((16, 32, 1, 16), (32, 64, 2, 16), (64, 128, 2, 8)):
    counted = counts(Residual(*sizes[:3]), torch.rand(1, sizes[0], sizes[3], sizes[3]))
    mine = zip(("parameters", "flops", "saved_bytes"), residual_costs(*sizes), strict=True)
    print(f"Residual{sizes[:3]}, side {sizes[3]}")
    display(side_by_side(dict(mine), counted))

# %% [markdown]
# And the whole batch? What the towers keep grows with $N$, what the loss keeps with $N^2$: similarities, logits and
# their softmax are tables of all pairs. Expect about 340 kB for a picture, 7 kB for a text, and 14 bytes for each entry
# of the table, three to four tables. At which $N$ is the loss as large as the towers? CLIP had 32 768; there each GPU
# computed only the rows of its own pairs.


# %% look
class Competition(nn.Module):
    """The loss of N pairs of vectors, for the profiler."""

    def forward(self, texts: Tensor, images: Tensor) -> Tensor:
        return contrastive_loss(similarity(texts, images), torch.zeros((), requires_grad=True))


towers, some = Clip(**FIRST), emoji("training")[:128]
of_images = counts(towers.images, pictures(some)).saved_bytes / 128
of_texts = counts(towers.texts, [described(each) for each in some]).saved_bytes / 128
both = [torch.rand(1024, 128, requires_grad=True) for _ in range(2)]
of_pairs = counts(Competition(), *both).saved_bytes / 1024**2
print(
    f"kept for a picture {of_images:,.0f}, for a text {of_texts:,.0f}, for a pair {of_pairs:.1f} bytes"
)
for N in (128, 1024, 8192, 32768):
    of_towers, of_loss = N * (of_images + of_texts), N**2 * of_pairs
    print(f"N = {N:6,}: towers {of_towers / 1e9:6.2f} GB, loss {of_loss / 1e9:6.2f} GB")

# %% [markdown]
# ## 5 Write a caption that finds a picture
#
# ### 5.1 `captions`
#
# 3 points · difficulty ●●○ · importance ●○○ · 15 minutes
#
# Here are three emoji; find them among all 1636 with words. The model is the same for everybody: a small text tower, and the vectors of all
# pictures, from a CLIP that was trained as above with the 1258 emoji of `training`, so that it has never seen the
# three. Their names, by the way, are not enough.
#
# - At most 12 words.
# - Words, not signs: the emoji itself and names of files do not count.
# - The picture must be the **first** of all 1636.
#
# `best_pictures` shows what a caption finds. Be short and say what is to be seen.


# %%
TARGETS = (123, 702, 973)  # their numbers
CAPTION_WORDS = 12


@cache
def given_search() -> tuple[TextTower, Tensor]:
    """The text tower for captions, and the vectors of all pictures (1636, 64)."""
    packed = (files("autograder.tools") / "emoji_search.safetensors").read_bytes()
    weights = {name: tensor.float() for name, tensor in load(packed).items()}
    vectors = weights.pop("pictures")
    tower = TextTower(words=64, dim=64, buckets=2048)
    tower.load_state_dict(weights)
    return tower.eval().requires_grad_(False), vectors


def order_of(caption: str) -> Tensor:
    """The numbers (1636,) of all pictures, those first that a caption fits best."""
    tower, vectors = given_search()
    return F.cosine_similarity(tower([caption]), vectors).argsort(descending=True)


def best_pictures(caption: str) -> None:
    """Show the seven pictures that a caption fits best."""
    best = [emoji()[i] for i in order_of(caption)[:7]]
    picture_row(pictures(best), [each.name for each in best])


def wrong_with(caption: str, number: int) -> str | None:
    """What keeps a caption from being right for the emoji of that number, or None."""
    words = caption.split()
    if not words_of(caption[:500]):
        return "there are no words in it"
    if len(words) > CAPTION_WORDS or len(caption) > 200:
        return f"it has {len(words)} words and {len(caption)} characters; at most {CAPTION_WORDS} and 200"
    if re.search(r"\.(png|jpe?g|svg|gif)\b|[/\\_]", caption.lower()):
        return "it has the name of a file; say what is to be seen"
    order = order_of(caption).tolist()
    place = order.index(number) + 1
    if place > 1:
        first = emoji()[order[0]].name
        return f"it finds {first!r} first; your picture comes at place {place} of {len(order)}"
    return None


# %%
targets = [emoji()[number] for number in TARGETS]
picture_row(pictures(targets), ["first", "second", "third"])
best_pictures("a big city in the night")


# %% solution="captions"
def captions() -> list[str]:
    """A caption for each of the three pictures, from left to right."""
    ### BEGIN SOLUTION
    return ["a cat with closed eyes", "a green plant", "arrivals at the airport"]
    ### END SOLUTION


# %% check="captions" points=3
check("captions", captions)

# %% [markdown]
# ### 5.2 Written: `caption`
#
# 2 points
#
# What made a caption work, and what did not? Give for one of the pictures two captions that failed and the one that
# found it, with what each of them found first, and explain by what the text tower does with words. (Large models are
# not so far from it: [Yuksekgonul et al., 2022](https://arxiv.org/abs/2210.01936).)

# %% [markdown] answer="caption" points=2
# Model answer: for the second picture, `cactus` put it at place 552, behind martial arts uniform as the first, and `a
# plant of the desert` at 148, behind desert; `a green plant` found it. No training text has the word "cactus", so
# that nothing was learned for it, and its pieces are rows that other words share. "Desert" leads to pictures of the
# desert. "Green" and "plant" stand in many texts whose pictures look like this one.
#
# The tower takes the mean of the words, whatever their order, and each word counts as much as every other. So a word
# that is in many training texts with pictures of this kind (its kind, its colour, where it lives) leads there, a
# strange word or a second thing in the sentence leads away, and grammar does nothing: `a man bites a dog` is `a dog
# bites a man`. Short texts of words that name what is seen win.
#
# Marking: 1 point for two captions that failed and one that worked, with what they found; 1 for an explanation by the
# mean of the words, or by which words the training texts have.

# %% [markdown]
# ## 6 The original, and photographs
#
# The same with OpenAI's model, [ViT-B/32](https://huggingface.co/openai/clip-vit-base-patch32), and eight photographs
# of scikit-image: similarity, zero-shot classes, and a search with a caption of yours. Its towers are Transformers
# (for pictures, too: [Dosovitskiy et al., 2020](https://arxiv.org/abs/2010.11929)) with 151 million parameters, trained
# on 400 million pairs. On Colab and Kaggle the cell below loads 605 MB; on another machine with internet set
# `DOWNLOAD = True`. Without it the photographs go through your own CLIP, and you see how far 1258 emoji carry: we found
# one of the eight, which is chance.

# %%
ORIGINAL = "openai/clip-vit-base-patch32"
REVISION = "c237dc49a33fc61debc9276459120b7eac67e7ef"  # with safetensors
DOWNLOAD = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
PHOTOGRAPHS = {
    "page": "a page of printed text",
    "chelsea": "the face of a striped cat",
    "astronaut": "an astronaut in front of a flag",
    "rocket": "a rocket on its launch pad",
    "motorcycle_right": "a red motorcycle in a garage",
    "camera": "a man behind a camera with three legs",
    "horse": "the black silhouette of a horse",
    "coffee": "a cup of coffee with a spoon",
}


class OriginalClip:
    """ViT-B/32 with the two methods that we need."""

    scale = 100.0

    def __init__(self, download: bool) -> None:
        from transformers import CLIPModel, CLIPTokenizer

        where = {"revision": REVISION, "local_files_only": not download}
        self.tokenizer = CLIPTokenizer.from_pretrained(ORIGINAL, **where)
        self.model = CLIPModel.from_pretrained(ORIGINAL, use_safetensors=True, **where).eval()

    @torch.no_grad()
    def similarities(self, texts: Sequence[str], images: Sequence[Tensor]) -> Tensor:
        tokens = self.tokenizer(list(texts), padding=True, return_tensors="pt")
        mean = torch.tensor([0.481, 0.458, 0.408])[:, None, None]
        deviation = torch.tensor([0.269, 0.261, 0.276])[:, None, None]
        pixels = torch.stack([(square(image, 224) - mean) / deviation for image in images])
        found = self.model(pixel_values=pixels, **tokens)
        return similarity(found.text_embeds, found.image_embeds)


class OwnClip:
    """The model of part 3, in its place."""

    def __init__(self, model: Clip) -> None:
        self.model = model
        self.scale = model.log_scale.exp().item()

    def similarities(self, texts: Sequence[str], images: Sequence[Tensor]) -> Tensor:
        return similarities_of(self.model, texts, torch.stack([square(x, 32) for x in images]))


def original_or_own(model: Clip) -> OriginalClip | OwnClip:
    """The original where it can be had; else says in one sentence what is missing."""
    try:
        return OriginalClip(DOWNLOAD)
    except ImportError:
        print("For the original: pip install transformers, and run this cell again.", end=" ")
    except OSError:
        print(
            "The original is not on this machine: set DOWNLOAD = True where there is internet.",
            end=" ",
        )
    print("Your own CLIP takes its place.")
    return OwnClip(model)


def photographs_or_emoji() -> dict[str, Tensor]:
    """Texts and what they tell: eight photographs, or as many emoji where scikit-image is missing."""
    try:
        return {text: photograph(name) for name, text in PHOTOGRAPHS.items()}
    except ImportError as error:
        print(f"{error}. Eight emoji take their place.")
    eight = emoji("validation")[5::20]
    return dict(zip([each.name for each in eight], pictures(eight), strict=True))


# %% train
original = original_or_own(model)
photos = photographs_or_emoji()
texts, shown = list(photos), list(photos.values())
found = original.similarities(texts, shown)
picture_row(torch.stack([square(photo, 96) for photo in shown]), texts)
figure, axes = plt.subplots(figsize=(6.4, 3.6))
heat_map(axes, found, title="cosines", x="picture", y="text", labels=(range(1, 9), texts))
plt.show()
print(f"recall@1 {recall_at_k(found, 1):.2f}  (chance {1 / len(texts):.2f})")

# %% train
KINDS = ("a cat", "a horse", "a person", "a vehicle", "a drink", "a text", "a machine that flies")
CAPTION = "something to drink"

classes = original.similarities([f"a picture of {kind}" for kind in KINDS], shown)
for text, row in zip(texts, zero_shot(classes, original.scale), strict=True):
    print(f"{text:40} {KINDS[row.argmax()]:22} {row.max():.0%}")
probabilities, best = find_pictures(original.similarities([CAPTION], shown), original.scale)
print(f"\n{CAPTION!r} finds {texts[best]!r} ({probabilities.max():.0%})")

# %% [markdown]
# ## 7 Your best model
#
# 10 points, for the recall at 10 on held-out emoji
#
# Train a CLIP of the given architecture with at most width 32 and 256 numbers for words and vectors; epochs, batches,
# learning rate and weight decay are up to you, and so is what you do to pictures and texts while training. The
# pictures to learn from are those of the parts `training` and `validation` in the style Noto, and no weights come
# from elsewhere. Training with held-out emoji, or with the style Twemoji, counts as cheating. Some questions that
# help:
#
# - Is the recall of the training emoji in the other style far below that in their own? Then pictures are learned by
#   heart. ([Hendrycks et al., 2020](https://arxiv.org/abs/2006.16241), try what helps against that.)
# - Is the recall of unseen emoji far below that of known ones in the other style? Then words are.
# - Choose with `training` alone, by the emoji for validation; then train once more with both parts.
#
# The settings below are a start: with them [[start.unseen_10:.2f]] of the emoji for validation are among ten. What other
# settings reach with 1418 emoji (`autograder reproduce clip`); the columns are recall at 1 and at 10,
# by chance 0.006 and 0.06 of 160, and 0.001 and 0.007 of 1418:
#
# | seed | loss | unseen emoji | known emoji, other style | unseen emoji, other style |
# |---|---|---|---|---|
# | 0 | [[best.loss.seeds[0]:.2f]] | [[best.unseen_1.seeds[0]:.2f]], **[[best.unseen_10.seeds[0]:.2f]]** | [[best.known_other_1.seeds[0]:.2f]], [[best.known_other_10.seeds[0]:.2f]] | [[best.unseen_other_1.seeds[0]:.2f]], [[best.unseen_other_10.seeds[0]:.2f]] |
# | 1 | [[best.loss.seeds[1]:.2f]] | [[best.unseen_1.seeds[1]:.2f]], **[[best.unseen_10.seeds[1]:.2f]]** | [[best.known_other_1.seeds[1]:.2f]], [[best.known_other_10.seeds[1]:.2f]] | [[best.unseen_other_1.seeds[1]:.2f]], [[best.unseen_other_10.seeds[1]:.2f]] |
# | 2 | [[best.loss.seeds[2]:.2f]] | [[best.unseen_1.seeds[2]:.2f]], **[[best.unseen_10.seeds[2]:.2f]]** | [[best.known_other_1.seeds[2]:.2f]], [[best.known_other_10.seeds[2]:.2f]] | [[best.unseen_other_1.seeds[2]:.2f]], [[best.unseen_other_10.seeds[2]:.2f]] |
#
# Each took about [[best.seconds.mean:.0f]] s of processor time.
#
# How much variants would flatter: with 160 emoji held out by chance, so that a farmer may be held out while a woman
# who is a farmer is known, the same settings find [[variants.unseen_1:.2f]] of the unseen ones at the first place and
# [[variants.unseen_10:.2f]] among ten.
#
# | recall at 10, half up to two decimals | points |
# |---|---|
# | 0.50 and more | 10 |
# | 0.45 to 0.49 | 8 |
# | 0.40 to 0.44 | 6 |
# | 0.30 to 0.39 | 4 |
# | 0.20 to 0.29 | 2 |

# %%
STUDENT_ID = "00000000"
NAME = "name"
CONFIGURATION = {"width": 12, "words": 64, "dim": 64}  # the model, saved with its weights
TRAINING = {"epochs": 20, "batch_size": 128, "learning_rate": 2e-3, "weight_decay": 0.05}
PARTS = ("training",)  # in the end: ("training", "validation")

# %% train
torch.manual_seed(0)
random.seed(0)
best = Clip(**CONFIGURATION).to(device())
train(best, emoji(*PARTS), **TRAINING)
best = best.cpu().eval()
for style in ("noto", "twemoji"):
    row_of_recalls(best, "validation", style=style)

# %%
TESTED = 128


def held_out(seed: int) -> list[Emoji]:
    """128 of the 160 emoji that nobody trains with."""
    entries = emoji("held_out")
    return [entries[i] for i in Rng(seed, "held out").permutation(len(entries))[:TESTED]]


MODEL = Artefact(
    ending="model",
    build=lambda configuration: Clip(**configuration),
    limits={"width": (4, 32), "words": (16, 256), "dim": (16, 256)},
    held_out=held_out,
    measure=evaluated,
    tiers=((0.20, 2), (0.30, 4), (0.40, 6), (0.45, 8), (0.50, 10)),
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
