# %% [markdown]
# # Attention
#
# You will build attention from the query up: first single queries that copy or average values, then
# attention that computes a convolution and a maximum, then the scaled dot-product attention of the
# Transformer with its causal variant, and sinusoidal position encodings. At the end a one-layer model
# made of **your** parts learns to reverse a sequence and shows you the attention map it found.
#
# All data are random numbers and random symbols, drawn here. The notebook itself runs in about half a minute
# on a CPU, trainings included; plan four to five hours for the exercises
# and the written answers. Every exercise stands on its own: a mistake in one costs no points in another.
#
# | letter | axis |
# |---|---|
# | `B` | sequences in a batch |
# | `k` | queries |
# | `s` | keys and values |
# | `n` | keys (part 1), positions in a sequence (part 2) |
# | `d`, `h` | numbers in one vector, hidden size |
#
# {points}

# %%
import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograder import check, submit, summary
from autograder.tools import diagrams
from autograder.tools.accounting import counts, side_by_side
from autograder.tools.device import device
from autograder.tools.plots import curve, heat_map
from autograder.tools.training import fit

# %% [markdown]
# In the end you will have built what this picture shows, the layers Q, K and V included.

# %% look
diagrams.attention()

# %% [markdown]
# ## 1 What one query can do
#
# Attention compares a query $q$ with keys $k_1, \dots, k_n$ and averages the values $v_1, \dots, v_n$:
#
# $$\alpha_i = \frac{\exp(k_i^\top q)}{\sum_{j} \exp(k_j^\top q)}, \qquad c = \sum_i \alpha_i v_i .$$
#
# ([Bahdanau, Cho and Bengio, 2015](https://arxiv.org/abs/1409.0473), brought it into translation.) Part 1 has no factor $1/\sqrt d$ and no weight matrices; those come in part 3. The function below is
# given. It computes in float64, so that you may use large scores without rounding errors.


# %%
def attend(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """The attention output c for one query (d,), keys (n, d) and values (n, m); returns (m,)."""
    if query.shape != keys.shape[1:]:
        raise ValueError(
            f"the query must have shape {tuple(keys.shape[1:])}, not {tuple(query.shape)}"
        )
    scores = keys.double() @ query.double()  # (n,)
    return scores.softmax(dim=0) @ values.double()  # (m,)


# %% [markdown]
# ### 1.1 Written: `copying`
#
# 1 point
#
# When does attention **copy**? Describe in one sentence which properties of the query, of the keys and of the values
# make $c \approx v_j$ for one $j$.

# %% [markdown] answer="copying" points=1
# Model answer: $c \approx v_j$ if the score $k_j^\top q$ is larger than every other score by much more than $\ln n$, for
# instance because $q$ is long and points where $k_j$ points and no other key does; the values may be anything (of
# moderate size, as the others still get a little weight).
#
# Marking: 1 point for one score that is much larger than all others, as a property of the query and the keys, and no
# condition on the values. A query that is similar to $k_j$, without "much more than to the others", earns half of it.
# Other values that all equal $v_j$ are a right special case beside the general condition, not in its place.

# %% [markdown]
# ### 1.2 Copying
#
# 1 point · difficulty ●○○ · importance ●●○ · 10 minutes · about 2 lines
#
# Return a query for which the output is one chosen value: $c = v_j$, with a relative error below
# $10^{-5}$. The keys have unit norm, and no two of them have a cosine above 0.8. So for $q = \beta k_j$
# the score of $k_j$ is $\beta$ and every other score is at most $0.8\,\beta$: the softmax sees a gap of
# at least $0.2\,\beta$, and
#
# $$\alpha_j \ge \frac{1}{1 + (n-1)\, e^{-0.2 \beta}} .$$
#
# Any query with this effect is right; only the output is compared.


# %% solution="copy_query"
def copy_query(keys: Tensor, j: int) -> Tensor:
    """A query (d,) that copies value `j`, counted from 0; `keys` (n, d) have unit norm."""
    ### BEGIN SOLUTION
    beta = 200.0  # a gap of at least 0.2 · 200 = 40
    return beta * keys[j]
    ### END SOLUTION


# %% check="copy_query" points=1
check("copy_query", copy_query)

# %% [markdown]
# <details><summary>"error 0.02 ≥ 1e-05": the output is near the right value, but not there</summary>
#
# The other keys still get a little weight. Put your $\beta$ into the bound above: with $n = 7$, is what
# is left for the others below $10^{-5}$?
# </details>
#
# How large must $\beta$ be? The plot shows the error for the query $\beta k_j$ in the hardest case, where
# all cosines are 0.8. The error falls by a factor $e$ for every 5 units of $\beta$ and crosses
# $10^{-5}$ near $\beta = 67$.


# %%
def keys_with_cosine(cosine: float, n: int, d: int) -> Tensor:
    """`n` unit vectors (n, d) with one cosine between any two of them; n < d."""
    axes = torch.eye(d, dtype=torch.float64)
    return cosine**0.5 * axes[0] + (1 - cosine) ** 0.5 * axes[1 : n + 1]


def weight_elsewhere(query: Tensor, keys: Tensor, j: int) -> float:
    """How much weight the query gives to other values than `j`."""
    is_other = (torch.arange(len(keys)) != j).double()[:, None]  # (n, 1)
    return attend(query, keys, is_other).item()


# %% look
close = keys_with_cosine(0.8, n=7, d=11)
betas = torch.arange(1, 151)
elsewhere = [weight_elsewhere(beta * close[2], close, 2) for beta in betas]
figure, axes = plt.subplots(figsize=(6, 3.2))
axes.semilogy(betas, elsewhere)
axes.axhline(1e-5, color="grey", linestyle="--", label="tolerance of the check")
axes.set(xlabel="β", ylabel="weight on the other values", title="q = β k_j, all cosines 0.8")
axes.legend()
plt.show()
print(
    f"with your query: {weight_elsewhere(copy_query(close, 2), close, 2):.1e} on the other values"
)

# %% [markdown]
# ### 1.3 The average of two values
#
# 2 points · difficulty ●○○ · importance ●●○ · 10 minutes · about 2 lines
#
# Now the keys are **orthonormal**: $k_i^\top k_i = 1$ and $k_i^\top k_j = 0$ for $i \ne j$. Return a query
# for which $c = \tfrac12 (v_a + v_b)$. Which scores give $a$ and $b$ the same large weight and the other
# keys almost none?


# %% solution="average_query"
def average_query(keys: Tensor, a: int, b: int) -> Tensor:
    """A query (d,) whose output is the mean of values `a` ≠ `b`; `keys` (n, d) are orthonormal."""
    ### BEGIN SOLUTION
    beta = 50.0  # weights e^β / (2 e^β + n − 2) for a and b
    return beta * (keys[a] + keys[b])
    ### END SOLUTION


# %% check="average_query" points=2
check("average_query", average_query)

# %% [markdown]
# <details><summary>The output is nearer to the mean of all values than to that of two</summary>
#
# With scores 1, 1, 0, 0, … the softmax still gives $1/e$ as much weight to each of the others. Make the
# scores of $a$ and $b$ larger, both by the same factor.
# </details>

# %% look
axes_as_keys = torch.eye(5, dtype=torch.float64)
shown = attend(average_query(axes_as_keys, 1, 3), axes_as_keys, axes_as_keys)
print("weights for a = 1, b = 3 (expect ½ at positions 1 and 3):", shown.numpy().round(4))

# %% [markdown]
# ### 1.4 Random keys
#
# ½ point · difficulty ●○○ · importance ●○○ · 5 minutes · about 2 lines
#
# In practice keys are not known in advance. Let $k_i \sim \mathcal N(\mu_i, \alpha I)$ with known
# orthonormal means $\mu_i$ and a vanishing $\alpha$. Return a query, made of the means only, with
# $c \approx \tfrac12 (v_a + v_b)$.
#
# The check draws several sets of keys with standard deviation $\sqrt\alpha = 10^{-10}$. Now $\beta$ must not
# be too large either: the two scores differ by about $\beta \cdot 10^{-10}$, and the softmax turns a
# difference of $\delta$ into weights $\tfrac12 \pm \tfrac\delta4$. **Any $\beta$ from 20 to 1000 is safe here.**


# %% solution="average_query_random"
def average_query_random(means: Tensor, a: int, b: int) -> Tensor:
    """A query (d,) whose output is near the mean of values `a` ≠ `b`; `means` (n, d) orthonormal."""
    ### BEGIN SOLUTION
    beta = 100.0  # β ≫ ln n, and β √α ≪ 1
    return beta * (means[a] + means[b])
    ### END SOLUTION


# %% check="average_query_random" points=0.5
check("average_query_random", average_query_random)

# %% [markdown]
# ### 1.5 Written: `why_means_suffice`
#
# ½ point
#
# Why does your query work, although it does not know the keys? A brief argument will do.

# %% [markdown] answer="why_means_suffice" points=0.5
# Model answer: for a vanishing $\alpha$ every sampled key is nearly its mean, $k_i \approx \mu_i$. The means are orthonormal,
# so that $q = \beta(\mu_a + \mu_b)$ has the scores $k_a^\top q \approx k_b^\top q \approx \beta$ and $k_i^\top q \approx 0$
# for all others. With $\beta \gg \ln n$ the softmax gives $a$ and $b$ half of the weight each, as in 1.3.
#
# Marking: half a point for both: keys are nearly their means, and the scores, or weights, that follow.

# %% [markdown]
# ### Experiment: one key of uncertain length
#
# Small noise is harmless. Now let the key of item $a$ keep its direction but vary in **length**:
#
# $$\Sigma_a = \alpha I + \tfrac12 \mu_a \mu_a^\top, \qquad\text{that is}\qquad
# k_a \approx \gamma \mu_a \quad\text{with}\quad \gamma \sim \mathcal N(1, \tfrac12),$$
#
# while all other keys stay at their means. The cell below draws 2000 sets of four keys and applies your
# query of exercise 1.4. The four values are the corners of a square.

# %%
MEANS = torch.eye(4, dtype=torch.float64)
VALUES = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
A = 0  # v_a is the upper right corner
B = 1  # v_b is the lower right corner


def sample_keys(samples: int) -> Tensor:
    """Sets of keys (samples, 4, 4): noise 1e-10 everywhere, and key `A` of random length."""
    generator = torch.Generator().manual_seed(0)
    noise = 1e-10 * torch.randn(samples, 4, 4, generator=generator, dtype=torch.float64)
    lengths = 1 + 0.5**0.5 * torch.randn(samples, generator=generator, dtype=torch.float64)
    keys = MEANS + noise
    keys[:, A] = lengths[:, None] * MEANS[A] + noise[:, A]
    return keys


def outputs(query: Tensor, sets_of_keys: Tensor) -> Tensor:
    """The output (samples, 2) of one query for every set of keys."""
    return torch.stack([attend(query, keys, VALUES) for keys in sets_of_keys])


def show_outputs(axes: plt.Axes, c: Tensor, title: str) -> None:
    """Outputs as dots (moved a little, or they would hide each other), the values as crosses."""
    jitter = 0.06 * torch.randn(c.shape, generator=torch.Generator().manual_seed(1))
    axes.scatter(*(c + jitter).T, s=5, alpha=0.25, label="output c")
    axes.scatter(*VALUES.T, marker="x", color="black", s=60, label="values")
    for name, value in zip(["v_a", "v_b"], VALUES, strict=False):
        axes.annotate(name, value, xytext=(16, 0), textcoords="offset points", va="center")
    axes.scatter(*VALUES[:2].mean(0), marker="+", color="red", s=90, label="½(v_a + v_b)")
    axes.set(title=title, xlim=(-1.6, 1.6), ylim=(-1.5, 1.5), aspect="equal")


def variance(c: Tensor) -> float:
    """Mean squared distance from the mean output."""
    return (c - c.mean(0)).square().sum(1).mean().item()


# %% train
sets_of_keys = sample_keys(2000)
single = outputs(average_query_random(MEANS, A, B), sets_of_keys)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
weight_on_a = (single[:, 1] + 1) / 2  # the height of c: v_a is at 1, v_b at −1
left.hist(weight_on_a.numpy(), bins=40)
left.set(xlabel="weight on v_a", ylabel="sets of keys", title="single head: all or nothing")
show_outputs(right, single, "single head")
right.legend(loc="center left", fontsize=8)
plt.show()
print(f"variance of c: {variance(single):.3f}   (|v_a − v_b|²/4 = 1 for a fair coin)")

# %% [markdown]
# With $\beta = 100$ expect two bars of about the same height and a variance of 0.97.
#
# ### 1.6 Written: `single_head_variance`
#
# 2 points
#
# Describe what $c$ looks like for different samples of the keys, and derive it: write the two largest
# scores as functions of $\gamma$, and the weight on $v_a$. What do $\gamma > 1$ and $\gamma < 1$ give, and how
# often does each happen?

# %% [markdown] answer="single_head_variance" points=2
# Model answer: with $q = \beta(\mu_a + \mu_b)$ the scores are $k_a^\top q \approx \gamma\beta$ and
# $k_b^\top q \approx \beta$, the others are near 0. So
# $\alpha_a \approx e^{\gamma\beta} / (e^{\gamma\beta} + e^{\beta}) = \sigma(\beta(\gamma - 1))$. Because
# $\beta$ is large this is a switch: $c \approx v_a$ for $\gamma > 1$ and $c \approx v_b$ for $\gamma < 1$.
# Each happens half of the time, as $\gamma$ is symmetric about 1. Single outputs are almost never
# near $\tfrac12(v_a + v_b)$, although their mean is; the variance is about $\|v_a - v_b\|^2 / 4$.
#
# Marking: 1 point for the scores $\gamma\beta$ and $\beta$ (or an equal argument that the longer key wins);
# 1 point for the conclusion that $c$ jumps between $v_a$ and $v_b$ from sample to sample, with high
# variance. "c is noisy" without saying between what: no second point. "c leans towards v_a when
# $\gamma > 1$" with a small $\beta$ in mind is right too.

# %% [markdown]
# ### 1.7 Two heads
#
# 1 point · difficulty ●●○ · importance ●●○ · 10 minutes · about 2 lines
#
# Two queries $q_1, q_2$ give two outputs $c_1, c_2$, and the final output is $\tfrac12 (c_1 + c_2)$. Return
# two queries, made of the means only, for which the final output is $\tfrac12 (v_a + v_b)$ **whatever the
# length of $k_a$**: the check scales $k_a$ by factors $\gamma$ from 0.6 to 1.4. Choose $\beta$ large enough
# for the shortest key. The order of the two queries does not matter.


# %% solution="two_queries"
def two_queries(means: Tensor, a: int, b: int) -> tuple[Tensor, Tensor]:
    """Two queries (d,) whose outputs average to the mean of values `a` ≠ `b`, for k_a of any length."""
    ### BEGIN SOLUTION
    beta = 100.0  # 0.6 β ≫ ln n
    return beta * means[a], beta * means[b]
    ### END SOLUTION


# %% check="two_queries" points=1
check("two_queries", two_queries)

# %% [markdown]
# The same 2000 sets of keys as before, with both designs. One case remains: with
# probability $P(\gamma < 0) = \Phi(-\sqrt2) = 7.9\,\%$ the key $k_a$ points backwards, so that the head that
# looks for $\mu_a$ finds every other key better. Those are the dots away from the red cross.

# %% train
sets_of_keys = sample_keys(2000)
single = outputs(average_query_random(MEANS, A, B), sets_of_keys)
head_1, head_2 = (outputs(query, sets_of_keys) for query in two_queries(MEANS, A, B))
double = (head_1 + head_2) / 2
backwards = sets_of_keys[:, A, A] < 0
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
middle = VALUES[[A, B]].mean(0)  # ½(v_a + v_b)
for c, name in ((single, "single head"), (double, "two heads")):
    left.hist((c - middle).norm(dim=1).numpy(), bins=40, range=(0, 2), alpha=0.6, label=name)
left.set(xlabel="distance of c from ½(v_a + v_b)", ylabel="sets of keys", title="how far off")
left.legend()
show_outputs(right, double, f"two heads: variance {variance(double):.2f}")
right.legend(loc="center left", fontsize=8)
plt.show()
print(f"γ < 0 in {backwards.double().mean():.1%} of the sets")
print(f"variance of c   single head {variance(single):.4f}   two heads {variance(double):.4f}")
print(f"where γ > 0     two heads {variance(double[~backwards]):.1e}")

# %% [markdown]
# Expect 0.97 for the single head and 0.07 for two heads. Without the backward keys 0.001 is left, from the few
# keys so short that even $\gamma\beta$ is not large.
#
# ### 1.8 Written: `two_heads_variance`
#
# 2 points
#
# With the keys of the experiment, what do $c_1$, $c_2$ and their average look like for different samples?
# Give the scores that decide it. You may ignore $\gamma \le 0$. Why is the variance so much lower than with
# a single head?

# %% [markdown] answer="two_heads_variance" points=2
# Model answer: with $q_1 = \beta\mu_a$ the score of $k_a$ is $\gamma\beta$ and all others are near 0. For
# $\gamma > 0$ (and $\gamma\beta \gg \ln n$) head 1 gives $c_1 \approx v_a$, however long $k_a$ is. With
# $q_2 = \beta\mu_b$ the score of $k_b$ is $\beta$, and $k_a^\top q_2 \approx \gamma\beta\,\mu_a^\top\mu_b = 0$, so
# $c_2 \approx v_b$ always. Hence $\tfrac12(c_1 + c_2) \approx \tfrac12(v_a + v_b)$ for (almost) every sample. In
# a single head $k_a$ and $k_b$ compete in one softmax and the length of $k_a$ decides; in two heads each
# competes only with keys whose score is 0, and the mixing weights ½ and ½ are fixed outside the softmax.
#
# Marking: 1 point for $c_1 \approx v_a$ and $c_2 \approx v_b$ with the scores or an equal argument; 1 point
# for "no competition between a and b, so the variance of the average is low". Mentioning the case
# $\gamma < 0$ ($c_1$ is then the mean of the other values) is welcome but not needed.

# %% [markdown]
# ## 2 Attention that computes known functions
#
# Relative attention adds a number to each score that depends only on the distance between query and key.
# For tokens $x_1, \dots, x_n$ in $\mathbb R^d$ ([Shaw, Uszkoreit and Vaswani, 2018](https://arxiv.org/abs/1803.02155), and in the form
# of a number for each distance [Raffel et al., 2020](https://arxiv.org/abs/1910.10683); that such layers can express convolutions is in
# [Cordonnier, Loukas and Jaggi, 2020](https://arxiv.org/abs/1911.03584)):
#
# $$q_i = W_Q x_i, \quad k_j = W_K x_j, \quad v_j = W_V x_j, \quad
# y_i = \sum_j \mathrm{softmax}_j\!\left(\frac{q_i^\top k_j}{\sqrt d} + p_{i-j}\right) v_j .$$
#
# The $2n - 1$ numbers $p_m$ are stored in one tensor, with $p_m$ at index $m + n - 1$; so index $0$ holds
# $p_{-(n-1)}$, where the key is as far **right** of the query as possible. The function is given and
# computes in float64. $p_m = -\infty$ is allowed, and so is a large negative number such as $-10^9$.


# %%
def relative_attention(x: Tensor, W_Q: Tensor, W_K: Tensor, W_V: Tensor, p: Tensor) -> Tensor:
    """Outputs y (n, d) for tokens x (n, d), matrices (d, d) and relative positions p (2n − 1,)."""
    n, d = x.shape
    if p.shape != (2 * n - 1,):
        raise ValueError(f"p must have shape ({2 * n - 1},) for n = {n}, not {tuple(p.shape)}")
    x, W_Q, W_K, W_V, p = (tensor.double() for tensor in (x, W_Q, W_K, W_V, p))
    i = torch.arange(n)
    offsets = i[:, None] - i[None, :]  # (n, n), i − j
    scores = (x @ W_Q.T) @ (x @ W_K.T).T / d**0.5 + p[offsets + n - 1]  # (n, n)
    return scores.softmax(dim=-1) @ (x @ W_V.T)  # (n, d)


# %% [markdown]
# ### 2.1 A convolution
#
# 4 points · difficulty ●●○ · importance ●●○ · 25 minutes · about 6 lines
#
# A one-dimensional convolution with a kernel $w = (w_1, w_2, w_3)$ of non-negative numbers, not all zero:
#
# $$y_i = w_1 x_{i-1} + w_2 x_i + w_3 x_{i+1} .$$
#
# Return $W_Q, W_K, W_V$ and $p$ that make relative attention compute it. The content of the tokens must not
# influence the weights; what is left of the scores then? And since a softmax sums to one, where does
# $w_1 + w_2 + w_3$ go? Entries of the kernel may be zero, like the middle of $(2, 0, 1)$.
#
# **At the borders** a neighbour is missing, and the softmax renormalises what is left: for $(2, 0, 1)$
# the first output is $y_1 = 3 x_2$ and not $x_2$ as in a zero-padded convolution. That is expected here.
# To get the usual convolution, one pads the *sequence*: with a zero token at either end, rows $2$ to
# $n + 1$ of the output are exactly the convolution. The check tests both. (Adding one
# constant to all $p_m$ changes nothing, so there are many right answers; only the outputs are compared.)


# %% solution="convolution"
def convolution(kernel: Tensor, n: int, d: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """W_Q, W_K, W_V (d, d) and p (2n − 1,) for the convolution with `kernel` (3,), float32."""
    ### BEGIN SOLUTION
    p = torch.full((2 * n - 1,), -math.inf)
    p[[n, n - 1, n - 2]] = kernel.log()  # i − j = 1, 0, −1: the left neighbour has j = i − 1
    W_Q = W_K = torch.zeros(d, d)
    W_V = kernel.sum() * torch.eye(d)
    return W_Q, W_K, W_V, p
    ### END SOLUTION


# %% check="convolution" points=4
check("convolution", convolution)

# %% [markdown]
# <details><summary>The outputs look mirrored</summary>
#
# $p_m$ belongs to $m = i - j$. The left neighbour of position $i$ is $j = i - 1$.
# </details>
#
# <details><summary>Only the kernel with a zero fails</summary>
#
# A weight of exactly zero needs a score of $-\infty$. Which number has the exponential 0, and which has
# the exponential 1?
# </details>

# %% look
tokens = torch.tensor([1.0, 2, 4, 8, 16])[:, None]  # (5, 1)
padded = F.pad(tokens, (0, 0, 1, 1))  # (7, 1)
kernel = torch.tensor([2.0, 0, 1])
plain = relative_attention(tokens, *convolution(kernel, n=5, d=1)).flatten()
inner = relative_attention(padded, *convolution(kernel, n=7, d=1))[1:-1].flatten()
usual = F.conv1d(tokens.T[None], kernel[None, None], padding=1).flatten()
print("without padding ", plain.numpy().round(6), "  expect 6 and 24 at the borders")
print("padded sequence ", inner.numpy().round(6))
print("torch's conv1d  ", usual.numpy())

# %% [markdown]
# ### 2.2 Max pooling
#
# 4 points · difficulty ●●● · importance ●○○ · 30 minutes · about 7 lines
#
# Now the output is the largest number in a window:
#
# $$y_i = \max_{|i - j| \le \mathrm{window}} x_j ,$$
#
# for numbers $x_i$ of **any sign**. The tokens carry a constant feature, $\mathrm{token}_i = (x_i, 1)$, so
# $d = 2$. Return $W_Q, W_K, W_V$ of shape $(2, 2)$ and $p$; the first column of the output is compared, the
# second is free. Any two inputs differ by at least 0.1, and $|x_i| \le 4$.
#
# A large constant $C$ for $W_Q$ and $W_K$ would not do for plain tokens $x_i$: the score is then $C^2 x_i x_j$, largest
# for the **smallest** $x_j$ where $x_i < 0$, and the same for all keys where $x_i = 0$. The constant feature is there to
# do better.


# %% solution="max_pool"
def max_pool(window: int, n: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """W_Q, W_K, W_V (2, 2) and p (2n − 1,): the maximum over |i − j| ≤ window of tokens (x_i, 1)."""
    ### BEGIN SOLUTION
    beta = 1e4  # a gap of 0.1 becomes 700 in the scores
    W_Q = torch.zeros(2, 2)
    W_Q[0, 1] = beta  # q_i = (β, 0), the same for every token
    W_K, W_V = torch.eye(2), torch.eye(2)
    m = torch.arange(-(n - 1), n)
    p = torch.where(m.abs() <= window, 0.0, -math.inf)
    return W_Q, W_K, W_V, p
    ### END SOLUTION


# %% check="max_pool" points=4
check("max_pool", max_pool)

# %% [markdown]
# <details><summary>The maxima are right only where the input is positive</summary>
#
# Your query depends on $x_i$. Which column of $W_Q$ reads the constant feature?
# </details>
#
# <details><summary>"error 0.003 ≥ 1e-05"</summary>
#
# The softmax is not sharp enough for a gap of 0.1. Compute $e^{-\beta \cdot 0.1 / \sqrt2}$ for your $\beta$.
# </details>

# %% look
x = torch.tensor([-1.0, 3, 2, -4, -2, 5, 0, -3, -5, -2.5])
pooled = relative_attention(torch.stack([x, torch.ones(10)], dim=1), *max_pool(1, n=10))[:, 0]
figure, axes = plt.subplots(figsize=(7, 3))
axes.stem(x, label="input", basefmt="grey")
axes.step(range(10), pooled, where="mid", color="tab:orange", label="your output, window 1")
axes.plot(
    F.max_pool1d(x[None], 3, stride=1, padding=1)[0], "k_", markersize=14, label="F.max_pool1d"
)
axes.set(
    xlabel="position", ylabel="number", title="the orange steps must run through the black dashes"
)
axes.legend(fontsize=8, loc="lower left")
plt.show()

# %% [markdown]
# ## 3 Scaled dot-product attention
#
# The Transformer divides the scores by the square root of their length ([Vaswani et al.,
# 2017](https://arxiv.org/abs/1706.03762), section 3.2.1):
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V .$$
#
# Before you build it, see what the factor does. For random $q$ and $k$ with independent components of
# variance 1, the score $q^\top k$ has variance $d_k$.


# %%
def saturation(d: int, scaled: bool, keys: int = 20, samples: int = 400) -> tuple[float, float]:
    """Mean largest weight, and mean norm of its gradient with respect to the scores."""
    generator = torch.Generator().manual_seed(d)
    q = torch.randn(samples, d, 1, generator=generator)
    k = torch.randn(samples, keys, d, generator=generator)
    scores = (k @ q).squeeze(-1)  # (samples, keys)
    scores = (scores / d**0.5 if scaled else scores).requires_grad_()
    largest = scores.softmax(-1).max(-1).values  # (samples,)
    (gradient,) = torch.autograd.grad(largest.sum(), scores)
    return largest.mean().item(), gradient.norm(dim=-1).mean().item()


# %% train
sizes = [2**power for power in range(1, 12)]
figure, axes = plt.subplots(1, 2, figsize=(10, 3.4))
for scaled, label in ((False, "q·k"), (True, "q·k / √d")):
    largest, norms = zip(*(saturation(d, scaled) for d in sizes), strict=True)
    axes[0].plot(sizes, largest, "o-", label=label)
    axes[1].plot(sizes, norms, "o-", label=label)
axes[0].set(xscale="log", ylim=(0, 1.05), xlabel="d", ylabel="weight")
axes[0].set_title("largest of 20 attention weights")
axes[1].set(xscale="log", ylim=0, xlabel="d", ylabel="norm")
axes[1].set_title("its gradient with respect to the scores")
for one in axes:
    one.legend()
plt.show()
for d in (2, 64, 2048):
    plain, scaled = saturation(d, False), saturation(d, True)
    print(f"d = {d:4}   largest weight {plain[0]:.2f}, scaled {scaled[0]:.2f}", end="   ")
    print(f"gradient {plain[1]:.3f}, scaled {scaled[1]:.3f}")

# %% [markdown]
# Without the factor the largest weight grows from 0.28 at $d = 2$ to 0.97 at $d = 2048$, while its gradient falls
# from 0.22 at $d = 8$ to 0.03. With the factor they stay near 0.21 and 0.17, whatever $d$ is.
#
# ### 3.1 Written: `why_sqrt_dk`
#
# 5 points
#
# Why are the scores divided by $\sqrt{d_k}$, and not by $d_k$ or by nothing? Derive the variance of
# $q^\top k$, say which assumptions you make, and explain what large scores do to the softmax and to its
# gradient. Use the plots above.

# %% [markdown] answer="why_sqrt_dk" points=5
# Model answer: let the components of $q$ and $k$ be independent with mean 0 and variance 1. Then
# $q^\top k = \sum_{i=1}^{d_k} q_i k_i$ has mean 0, each product has variance
# $E[q_i^2] E[k_i^2] = 1$, and the sum of $d_k$ independent terms has variance $d_k$, so a standard deviation of
# $\sqrt{d_k}$. Scores of that size drive the softmax towards a one-hot vector. Its Jacobian is
# $\mathrm{diag}(\alpha) - \alpha\alpha^\top$, which tends to 0 as $\alpha$ becomes one-hot, so hardly any
# gradient flows back to queries and keys and learning stalls. Dividing by $\sqrt{d_k}$ brings the variance
# back to 1 for every $d_k$: the softmax starts in its sensitive range, and the temperature does not depend on
# the size of the head. Dividing by $d_k$ would give a variance of $1/d_k$: almost uniform weights for large
# heads, attention as a plain mean. It holds at initialisation; training may change the statistics.
#
# Marking: 1 point for the assumptions (independent, mean 0, variance 1); 1 for variance $d_k$ or standard
# deviation $\sqrt{d_k}$, derived; 1 for saturation (one-hot weights); 1 for the vanishing gradient with a
# reason (the Jacobian, or $\alpha_i(1 - \alpha_i)$); 1 for why exactly $\sqrt{d_k}$ (unit variance; neither
# nothing nor $d_k$). "To avoid overflow" alone earns nothing.

# %% [markdown]
# ### 3.2 Find the scaling
#
# 1 point · difficulty ●○○ · importance ●○○ · 5 minutes · about 1 line
#
# Here is a listing of a multi-head attention module. In which line is the coefficient
# $1/\sqrt{d_k}$ **computed**, and in which line is it **applied**? Return the two line numbers. Several other
# lines scale something too, so read what each factor multiplies.

# %%
LISTING = '''\
class MultiHeadAttention(nn.Module):
    """Embeds tokens (B, s) and lets them attend to each other; returns (B, s, e)."""

    def __init__(self, vocabulary, embed_dim, num_heads, dropout=0.1):
        super().__init__()
        if embed_dim % num_heads != 0:
            raise ValueError(f"{num_heads} heads do not divide {embed_dim}")
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.keep = 1 - dropout
        self.embedding = nn.Embedding(vocabulary, embed_dim)
        self.embed_factor = embed_dim**0.5
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        nn.init.xavier_uniform_(self.in_proj.weight, gain=2**-0.5)
        self.factor = self.head_dim**-0.5

    def split(self, x):
        batch, length, _ = x.shape
        return x.view(batch, length, self.num_heads, self.head_dim).transpose(1, 2)

    def forward(self, tokens, mask=None):
        x = self.embedding(tokens) * self.embed_factor
        q, k, v = self.in_proj(x).chunk(3, dim=-1)
        q, k, v = self.split(q), self.split(k), self.split(v)
        q = q * self.factor
        scores = q @ k.transpose(-2, -1)
        if mask is not None:
            scores = scores + mask
        weights = scores.softmax(dim=-1)
        if self.training:
            kept = torch.rand_like(weights) < self.keep
            weights = weights * kept / self.keep
        context = (weights @ v).transpose(1, 2).flatten(2)
        return self.out_proj(context)
'''

# %% look
for number, line in enumerate(LISTING.splitlines(), start=1):
    print(f"{number:3}  {line}")

# %% [markdown]
# The visible check looks at the **form** of your answer only: ✓ means two line numbers, not the right ones.


# %% solution="scaling_lines"
def scaling_lines() -> tuple[int, int]:
    """The line where the coefficient is computed, and the line where it is applied."""
    ### BEGIN SOLUTION
    return 16, 26
    ### END SOLUTION


# %% check="scaling_lines" points=1
check("scaling_lines", scaling_lines)

# %% look
lines = LISTING.splitlines()
for number in scaling_lines():
    print(f"{number:3}  {lines[number - 1].strip()}")

# %% [markdown]
# Read both lines once more: is the exponent negative? With `** 0.5` one would *multiply* by $\sqrt{d_k}$, which makes
# the saturation you plotted worse.
#
# ### 3.3 Find it in Fairseq
#
# 1 point · difficulty ●○○ · importance ●○○ · 10 minutes · about 1 line
#
# The same question for code that people translate with. Open
# [`multihead_attention.py`](https://github.com/facebookresearch/fairseq/blob/3d262bb25690e4eb2e7d3c1309b1e9c406ca4b99/fairseq/modules/multihead_attention.py)
# of Fairseq, commit `3d262bb`; the numbers of the lines stand beside them. In which line does the constructor
# **compute** the coefficient, and in which line does `forward` **apply** it? Return the two line numbers. (Some ways
# through `forward` leave before that and call finished functions, which scale for themselves.)
#
# Here too the visible check looks at the form alone.


# %% solution="fairseq_lines"
def fairseq_lines() -> tuple[int, int]:
    """The line of Fairseq's file where the coefficient is computed, and the line where it is applied."""
    ### BEGIN SOLUTION
    return 114, 602
    ### END SOLUTION


# %% check="fairseq_lines" points=1
check("fairseq_lines", fairseq_lines)

# %% [markdown]
# Both listings side by side: expect the same two steps, far apart in a module that also caches, prunes and pads.

# %% look
print(f"{'':9} {'listing above':>14} {'Fairseq':>8}")
for step, *numbers in zip(("computed", "applied"), scaling_lines(), fairseq_lines(), strict=True):
    print(f"{step:9} {numbers[0]:14} {numbers[1]:8}")

# %% [markdown]
# ### 3.4 `ScaledDotAttention`
#
# 6 points · difficulty ●●○ · importance ●●● · 30 minutes · about 9 lines
#
# Write the module. Queries, keys and values first pass through linear layers `Q`, `K` and `V`, each from
# $h$ to $h$ with a bias; then
#
# $$\text{weights} = \mathrm{softmax}\!\left(\frac{Q(\text{queries})\, K(\text{keys})^\top}{\sqrt h}\right),
# \qquad \text{context} = \text{weights} \cdot V(\text{values}),$$
#
# with the softmax over the keys. The queries may also come **without** their second axis, as `(B, h)`: then
# there is one query for each sequence, and the results have $k = 1$. (Batched products such as `torch.bmm` need three
# axes.) The weights have shape `(B, k, s)`. Do not change the inputs in place.
#
# The function below is given: a case of the check takes the projections out of your module with it, and so does the
# picture after it.


# %%
def without_projections(attention: nn.Module) -> nn.Module:
    """The same module with identity matrices and no biases."""
    for layer in (attention.Q, attention.K, attention.V):
        nn.init.eye_(layer.weight)
        nn.init.zeros_(layer.bias)
    return attention


# %% solution="scaled_dot_attention"
class ScaledDotAttention(nn.Module):
    """Attention with one head; the layers are named `Q`, `K` and `V`."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        ### BEGIN SOLUTION
        self.Q = nn.Linear(hidden_size, hidden_size)
        self.K = nn.Linear(hidden_size, hidden_size)
        self.V = nn.Linear(hidden_size, hidden_size)
        ### END SOLUTION

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Queries (B, k, h) or (B, h), keys and values (B, s, h) → context (B, k, h), weights (B, k, s)."""
        ### BEGIN SOLUTION
        if queries.dim() == 2:
            queries = queries.unsqueeze(1)  # (B, 1, h)
        q, k, v = self.Q(queries), self.K(keys), self.V(values)
        scores = q @ k.mT / math.sqrt(self.hidden_size)  # (B, k, s)
        weights = scores.softmax(dim=-1)  # (B, k, s)
        return weights @ v, weights
        ### END SOLUTION


# %% check="scaled_dot_attention" points=6
check("scaled_dot_attention", ScaledDotAttention)

# %% [markdown]
# <details><summary>"IndexError: Dimension out of range", or a shape error for one query only</summary>
#
# Give 2-D queries their missing axis of length 1 before anything else happens to them.
# </details>
#
# <details><summary>The context has the right shape but wrong numbers, and the weights do not sum to one</summary>
#
# Print `weights.sum(-1)`. If it is not all ones, the softmax ran over the wrong axis.
# </details>
#
# With identity matrices for $Q$ and $K$ and one-hot tokens, each letter looks for its own copies. Expect
# light cells where row and column show the same letter. Every row sums to one: the single C keeps 0.85 for
# itself, while the five copies of A get 0.20 each.

# %%
WORD = "ABRACADABRA"


def letters_as_vectors(word: str) -> Tensor:
    """One-hot tokens (1, s, h), one axis for each different letter, scaled to length 3."""
    alphabet = sorted(set(word))
    indices = torch.tensor([alphabet.index(letter) for letter in word])
    return 3 * torch.eye(len(alphabet))[None, indices]


# %% look
letters = letters_as_vectors(WORD)  # (1, 11, 5)
_, weights = without_projections(ScaledDotAttention(5))(letters, letters, letters)
figure, axes = plt.subplots(figsize=(5.2, 4.4))
heat_map(
    axes,
    weights[0],
    title="who looks at whom",
    x="key",
    y="query",
    labels=(WORD, WORD),
    vmin=0,
    vmax=1,
)
plt.show()
print("rows sum to", weights.sum(-1).detach().numpy().round(3)[0])

# %% [markdown]
# ### 3.5 Written: `why_multiple_heads`
#
# 3 points
#
# Why does a Transformer use several heads instead of one head of the same total size? Name what they can do
# that one head cannot, and say what they cost. ([Michel, Levy and Neubig, 2019](https://arxiv.org/abs/1905.10650), took heads away.)

# %% [markdown] answer="why_multiple_heads" points=3
# Model answer: one head has one softmax for each query, so it can look at one pattern at a time; wanting
# two things at once gives their competition (exercise 1.6: the longer key wins). Several heads with their own
# projections look into different subspaces and at different positions at the same time, for instance the
# previous token, the matching bracket and the subject of the verb, and the output projection mixes what they
# found. Averages become stable, because the mixing happens after the softmax (exercise 1.7). With
# $d_k = d / \text{heads}$ the number of parameters and of multiplications stays about that of one large head.
# The price: each head has fewer dimensions to compare with (rank of its score matrix at most $d_k$), and more
# score matrices must be kept.
#
# Marking: 1 point for different subspaces or kinds of relation in parallel; 1 for why one softmax cannot do it
# (one distribution for each query, averaging washes out, or instability as in part 1); 1 for the cost
# (about the same, as the head size shrinks) or for the limits of small heads. "It is like an ensemble" alone
# earns 1.

# %% [markdown]
# ### 3.6 Written: `complexity`
#
# 2 points
#
# How do the **time** and the **memory** of self-attention grow with the length $n$ of the sequence and the size
# $d$ of its vectors? Count the projections too. Which term dominates for long sequences? (3.8 counts to the last
# number. [Dao et al., 2022](https://arxiv.org/abs/2205.14135), save the memory, not the operations.)

# %% [markdown] answer="complexity" points=2
# Model answer: the projections cost $O(n d^2)$; the scores $QK^\top$ and the weighted sum cost $O(n^2 d)$ each, so
# the time is $O(n^2 d + n d^2)$, and $n^2 d$ dominates for $n > d$. Memory: $O(n^2)$ for the weights (for each
# head, so $h n^2$ with $h$ heads) plus $O(nd)$ for queries, keys, values and output and $O(d^2)$ for the
# parameters. Kernels that compute the softmax in blocks never store the $n \times n$ matrix and need only
# $O(nd)$ memory; the time stays quadratic.
#
# Marking: 1 point for time $O(n^2 d)$ (the term $nd^2$ may be missing if the answer says "without the
# projections"); 1 point for memory $O(n^2)$, or $O(n^2 + nd)$, or a correct statement about block-wise
# kernels. "$O(n^2)$" for the time without $d$ earns half a point.

# %% [markdown]
# ### 3.7 `CausalScaledDotAttention`
#
# 4 points · difficulty ●●○ · importance ●●● · 25 minutes · about 12 lines
#
# A model that writes a text from left to right must not look ahead: query $i$ may see keys $0, \dots, i$
# and no later one. Write the module again, with layers `Q`, `K`, `V` as before and this mask:
#
# $$\text{score}_{ij} \leftarrow -\infty \quad\text{for}\quad j > i .$$
#
# Both $k < s$ and $k > s$ occur, at any length, and queries of shape `(B, h)` mean $k = 1$ again; that one query is
# number 0 and sees key 0 only. A large negative number such as $-10^7$ will do for $-\infty$ in float32 (in float16
# it overflows to $-\infty$, which is harmless as long as no row is masked completely); $-100$ will not, as other
# scores may be as low. The weights are `(B, k, s)` again.
#
# Build the mask from the **positions**. A mask made from the scores, such as `torch.tril(scores) == 0`,
# works until some score happens to be exactly zero.


# %% solution="causal_scaled_dot_attention"
class CausalScaledDotAttention(nn.Module):
    """Attention with one head that never looks ahead; the layers are named `Q`, `K` and `V`."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        ### BEGIN SOLUTION
        self.Q = nn.Linear(hidden_size, hidden_size)
        self.K = nn.Linear(hidden_size, hidden_size)
        self.V = nn.Linear(hidden_size, hidden_size)
        ### END SOLUTION

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Queries (B, k, h) or (B, h), keys and values (B, s, h) → context (B, k, h), weights (B, k, s)."""
        ### BEGIN SOLUTION
        if queries.dim() == 2:
            queries = queries.unsqueeze(1)  # (B, 1, h)
        q, k, v = self.Q(queries), self.K(keys), self.V(values)
        scores = q @ k.mT / math.sqrt(self.hidden_size)  # (B, k, s)
        future = torch.ones_like(scores, dtype=torch.bool).triu(diagonal=1)  # (B, k, s)
        scores = scores.masked_fill(future, -math.inf)
        weights = scores.softmax(dim=-1)  # (B, k, s)
        return weights @ v, weights
        ### END SOLUTION


# %% check="causal_scaled_dot_attention" points=4
check("causal_scaled_dot_attention", CausalScaledDotAttention)

# %% [markdown]
# <details><summary>The difference stands at "zero scores"</summary>
#
# Somewhere a score of zero is mistaken for a masked one, or a masked score is *set* to zero: $e^0 = 1$, so a
# score of zero still gets weight.
# </details>
#
# <details><summary>Shapes do not fit when there are more queries than keys</summary>
#
# The mask has $k$ rows and $s$ columns; it is not square.
# </details>
#
# The same letters again. Expect nothing above the diagonal, and 1 in the first row: the first letter sees
# only itself.

# %% look
_, weights = without_projections(CausalScaledDotAttention(5))(letters, letters, letters)
figure, axes = plt.subplots(figsize=(5.2, 4.4))
heat_map(
    axes,
    weights[0],
    title="no looking ahead",
    x="key",
    y="query",
    labels=(WORD, WORD),
    vmin=0,
    vmax=1,
)
plt.show()

# %% [markdown]
# ### 3.8 What attention costs
#
# 2 points · difficulty ●●○ · importance ●●● · 15 minutes · about 6 lines
#
# Count what one call of `ScaledDotAttention(h)` costs, for `B` sequences of `k` queries and `s` keys, where queries, keys and values
# are three different tensors:
#
# - `"parameters"`: the numbers that it learns.
# - `"flops"`: the operations of its five matrix products, the three projections and two more. A product of $(a, b)$ and
#   $(b, c)$ takes $2abc$: a multiplication and an addition for each term. The rest is small beside them and does not count.
# - `"saved_bytes"`: the backward pass needs the inputs of all five products again, so they must be kept until then: that, more than
#   the parameters, is what fills the memory in training. Numbers in float32 take 4 bytes. Parameters do not count here; what
#   enters two products would count once.
#
# All three are whole numbers. Count by hand: the profiler comes after the check.


# %% solution="attention_costs"
def attention_costs(B: int, k: int, s: int, h: int) -> dict[str, int]:
    """Parameters, FLOPs and bytes kept for queries (B, k, h), keys and values (B, s, h)."""
    ### BEGIN SOLUTION
    projected = k + s + s  # rows of queries, keys and values
    return {
        "parameters": 3 * (h * h + h),
        "flops": 2 * B * (projected * h * h + 2 * k * s * h),
        "saved_bytes": 4 * B * (2 * projected * h + k * s),  # before, after; the weights
    }
    ### END SOLUTION


# %% check="attention_costs" points=2
check("attention_costs", attention_costs)

# %% [markdown]
# Your numbers beside a profiler's, which watches your module of 3.4: expect a ratio of 1.000 in all three lines, unless your module
# keeps more than it needs.

# %% look
sizes = {"B": 2, "k": 300, "s": 500, "h": 64}
given = [torch.randn(2, length, 64) for length in (300, 500, 500)]
side_by_side(attention_costs(**sizes), counts(ScaledDotAttention(64), *given))

# %% [markdown]
# How it grows with $n = k = s$: expect the products with $n^2$ to outweigh the projections from $n = \tfrac32 h = 96$ on, and the
# $n \times n$ weights everything else that is kept from $n = 6h = 384$ on. Then both curves meet their dashed lines.

# %% look
lengths = [2**power for power in range(4, 14)]
costs = [attention_costs(1, n, n, 64) for n in lengths]
figure, axes = plt.subplots(1, 2, figsize=(10, 3.4))
for one, name, part, square in (
    (axes[0], "flops", "two products, 4 n² h", 4 * 64),
    (axes[1], "saved_bytes", "weights, 4 n²", 4),
):
    one.loglog(lengths, [cost[name] for cost in costs], "o-", label="all that you count")
    one.loglog(lengths, [square * n**2 for n in lengths], "--", label=part)
    one.set(xlabel="n", ylabel=name.replace("_", " "), title="one sequence, h = 64")
    one.legend()
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 4 Positions
#
# ### 4.1 Sinusoidal position encoding
#
# 4 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 4 lines
#
# Attention does not know in which order its keys come. The Transformer ([Vaswani et al.,
# 2017](https://arxiv.org/abs/1706.03762), section 3.5) therefore *adds* to the token at
# position $p = 0, 1, \dots$ a vector of $d$ numbers, two for each frequency:
#
# $$PE_{p,\,j} = \begin{cases} \sin\!\left(p \,/\, 10000^{2i/d}\right) & j = 2i \text{ even} \\
# \cos\!\left(p \,/\, 10000^{2i/d}\right) & j = 2i + 1 \text{ odd} \end{cases}
# \qquad\text{with}\qquad i = \lfloor j / 2 \rfloor .$$
#
# Column $j$ and its partner share an exponent. Write it for every length and every $d$, also odd ones,
# where the last sine has no partner. The result is float32; whether you compute in float32 or in
# float64 makes no difference to the check.


# %% solution="position_encoding"
def position_encoding(length: int, d: int) -> Tensor:
    """Sinusoidal position encodings (length, d), float32; sine in even columns, cosine in odd ones."""
    ### BEGIN SOLUTION
    positions = torch.arange(length, dtype=torch.float64)[:, None]  # (length, 1)
    j = torch.arange(d, dtype=torch.float64)
    angles = positions / 10000 ** ((j - j % 2) / d)  # (length, d)
    return torch.where(j % 2 == 0, angles.sin(), angles.cos()).float()
    ### END SOLUTION


# %% check="position_encoding" points=4
check("position_encoding", position_encoding)

# %% [markdown]
# <details><summary>Even columns are right, odd ones differ a little</summary>
#
# Your cosine has the exponent $j/d$ of its own column instead of that of its partner, $(j-1)/d$.
# </details>
#
# <details><summary>"The size of tensor a must match…" for odd d</summary>
#
# There are $\lceil d/2 \rceil$ sines and $\lfloor d/2 \rfloor$ cosines.
# </details>
#
# Left: fast waves in the first columns, slow ones at the end. Right: the dot product of two encodings depends
# only on their distance, so that all curves coincide; it is largest, $d/2 = 32$, at distance 0.

# %% look
encoding = position_encoding(128, 64)  # (128, 64)
similarity = encoding @ encoding.T  # (128, 128)
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8))
heat_map(
    axes[0],
    encoding,
    title="position encoding, d = 64",
    x="column j",
    y="position p",
    cmap="RdBu",
    vmin=-1,
    vmax=1,
)
for position, style in ((32, "-"), (64, "--"), (96, ":")):
    distance = torch.arange(128) - position
    axes[1].plot(distance, similarity[position], style, label=f"p = {position}")
axes[1].set(xlabel="distance", ylabel="dot product", title="encodings of p and p + distance")
axes[1].legend()
plt.show()
print(
    f"dot product at distance 0: {similarity[64, 64]:.2f}, at distance 1: {similarity[64, 65]:.2f}"
)

# %% [markdown]
# ### 4.2 Shifting by a matrix
#
# 3 points · difficulty ●●● · importance ●●○ · 25 minutes · about 6 lines
#
# For every offset $k$ there is **one** matrix $R_k$ that moves all encodings at once:
#
# $$R_k \, PE_p = PE_{p + k} \qquad\text{for every position } p .$$
#
# A model can thus learn "three to the left" as a linear map, whatever the position. Return $R_k$ for even
# $d$, where $PE_p = \big(\sin \omega_0 p, \cos \omega_0 p, \sin \omega_1 p, \cos \omega_1 p, \dots\big)$. The
# frequencies $\omega_0, \omega_1, \dots$ are an argument: they may be any, so you do not need your answer to 4.1
# here. Start from $\sin(x + y)$ and $\cos(x + y)$. (Rotary encodings, [Su et al., 2021](https://arxiv.org/abs/2104.09864), turn
# queries and keys by the same matrices.)


# %% solution="shift_matrix"
def shift_matrix(offset: int, frequencies: Tensor) -> Tensor:
    """The matrix (d, d) that shifts encodings by `offset`, for d/2 given frequencies (d/2,)."""
    ### BEGIN SOLUTION
    d = 2 * len(frequencies)
    angles = offset * frequencies
    even, odd = torch.arange(0, d, 2), torch.arange(1, d, 2)
    R = torch.zeros(d, d)
    R[even, even] = R[odd, odd] = angles.cos()
    R[even, odd] = angles.sin()  # sin(x + y) = sin x cos y + cos x sin y
    R[odd, even] = -angles.sin()  # cos(x + y) = cos x cos y − sin x sin y
    return R
    ### END SOLUTION


# %% check="shift_matrix" points=3
check("shift_matrix", shift_matrix)

# %% [markdown]
# <details><summary>It shifts in the wrong direction</summary>
#
# Write the two addition theorems below each other as a 2 × 2 matrix that acts on $(\sin \omega p, \cos \omega p)$,
# sine first. The minus sign stands in the row of the cosine.
# </details>
#
# Does it hold for your own encodings? Expect a largest difference below $10^{-5}$.

# %% look
R = shift_matrix(5, 10000 ** (-torch.arange(0, 64, 2) / 64))  # (64, 64)
encoding = position_encoding(128, 64)
moved = encoding[:100] @ R.T  # row p is R PE(p)
print(
    f"largest difference between R PE(p) and PE(p + 5): {(moved - encoding[5:105]).abs().max():.1e}"
)
figure, axes = plt.subplots(figsize=(4.8, 4))
heat_map(
    axes,
    R[:16, :16],
    title="the first 16 rows and columns of $R_5$",
    x="column",
    y="row",
    cmap="RdBu",
    vmin=-1,
    vmax=1,
)
axes.set(xticks=range(0, 16, 2), yticks=range(0, 16, 2))
plt.show()

# %% [markdown]
# ### 4.3 Written: `why_positions`
#
# 3 points
#
# Why does a Transformer need position encodings at all? And why sinusoids, rather than the number $p$ itself or
# a one-hot vector for each position?

# %% [markdown] answer="why_positions" points=3
# Model answer: without positions self-attention is permutation-equivariant: if the tokens are permuted, the
# outputs are the same vectors, permuted; a query sees a set, so "dog bites man" and "man bites dog" give
# each word the same output. Sinusoids are bounded and of the same size as the embeddings (the raw number $p$
# grows without limit and would drown them). Unlike a one-hot vector, or a learned table, they are defined for
# every length, also beyond what was seen in training, and they need no parameters. And they
# carry distance: $PE_{p+k} = R_k PE_p$ with a matrix that does not depend on $p$, so relative offsets are linear
# maps, and $PE_p \cdot PE_{p+k}$ depends on $k$ only, whereas any two different one-hot vectors are orthogonal. The
# range of frequencies tells both near and far positions apart.
#
# Marking: 1 point for permutation equivariance (order is invisible otherwise); 1 for extrapolation or
# boundedness; 1 for relative offsets as linear maps, or similarity that falls with distance. A correct caveat,
# such as that models extrapolate poorly in practice although the encoding is defined, is welcome.

# %% [markdown]
# ## 5 Everything together: reversing a sequence
#
# The task: given 16 random symbols out of 10, write them in reverse order. The model is one layer of your
# attention over embeddings plus your position encodings, and a linear layer that reads off a symbol. Guessing
# is right in 10 % of the cases, with a loss of $\ln 10 = 2.30$. To output the first symbol the model must look
# at the last position, and so on: the attention map must become an **anti-diagonal**.
#
# A second model without position encodings shows what they are worth. It knows which symbols occur in the
# sequence, but not where.

# %%
SYMBOLS = 10
LENGTH = 16
HIDDEN = 32


class Reverser(nn.Module):
    """Embedding, one layer of attention, and a linear layer that names a symbol."""

    def __init__(self, *, with_positions: bool = True, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, hidden)
        self.attention = ScaledDotAttention(hidden)
        self.out = nn.Linear(hidden, SYMBOLS)
        positions = position_encoding(LENGTH, hidden) * with_positions  # (s, h)
        self.register_buffer("positions", positions, persistent=False)

    def forward(self, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """Symbols (B, s) → scores of symbols (B, s, 10) and attention weights (B, s, s)."""
        x = self.embedding(symbols) + self.positions  # (B, s, h)
        context, weights = self.attention(x, x, x)
        return self.out(context), weights


def random_symbols(model: Reverser, sequences: int) -> Tensor:
    """Fresh symbols (sequences, s), where the model is."""
    return torch.randint(SYMBOLS, (sequences, LENGTH), device=model.positions.device)


def reversing_loss(model: Reverser) -> Tensor:
    """The loss on a fresh batch of 64 random sequences."""
    symbols = random_symbols(model, 64)
    scores, _ = model(symbols)
    return F.cross_entropy(scores.flatten(0, 1), symbols.flip(1).flatten())


@torch.no_grad()
def accuracy(model: Reverser) -> float:
    """The share of right symbols in 500 sequences."""
    symbols = random_symbols(model, 500)
    return (model(symbols)[0].argmax(-1) == symbols.flip(1)).float().mean().item()


def train(
    model: Reverser, *, label: str = "training", steps: int = 300, learning_rate: float = 3e-3
) -> list[float]:
    """Train a model; all its losses."""
    return fit(
        model, lambda: reversing_loss(model), steps=steps, learning_rate=learning_rate, label=label
    )


# %% train
where = device()
figure, axes = plt.subplots(1, 3, figsize=(14, 3.8), width_ratios=[1.1, 1, 1])
symbols = torch.randint(SYMBOLS, (1, LENGTH), generator=torch.Generator().manual_seed(0))
for one, with_positions in ((axes[1], True), (axes[2], False)):
    torch.manual_seed(0)
    name = f"{'with' if with_positions else 'without'} positions"
    model = Reverser(with_positions=with_positions).to(where)
    curve(axes[0], train(model, label=name), label=name, window=10)
    print(f"accuracy {name}: {accuracy(model):.3f}   guessing: {1 / SYMBOLS:.3f}")
    _, weights = model(symbols.to(where))
    heat_map(one, weights[0], title=f"attention {name}", x="key", y="query", vmin=0, vmax=1)
axes[0].axhline(math.log(SYMBOLS), color="grey", linestyle="--", label="guessing: ln 10")
axes[0].set(xlabel="step", ylabel="loss", ylim=0, title="learning to reverse")
axes[0].legend()
plt.show()

# %% [markdown]
# **What to expect** (three seeds): accuracy [[reversing.ordered:.3f]] with positions, and a clear anti-diagonal; without positions
# [[reversing.orderless:.2f]]. That is about the share of the symbol that occurs most often among the other 15, 0.24 in the mean:
# the best that one can say without knowing where anything stands. Its attention map is almost uniform.
#
# ### 5.1 Written: `without_scale`
#
# 3 points
#
# What is the factor $1/\sqrt h$ worth in training? The cells below train the reverser with three kinds of scores, $q^\top k/\sqrt h$ as
# you wrote them, $q^\top k$, and $q^\top k/h$, once with $h = 32$ and once with $h = 256$. They multiply the queries of your module
# by $\sqrt h$ or $1/\sqrt h$.
#
# **Before you run the second cell**, write into your answer what you expect: which of the six reach an accuracy of 1.00 within 300
# steps? Then run it (about 20 seconds) and add what came out, and why. The printed line says how large the largest of the 16
# weights of a query is before training, where all equal would be 0.06; part 3 explains it.


# %%
class Multiplied(nn.Module):
    """A layer whose output is multiplied by a number."""

    def __init__(self, layer: nn.Module, factor: float) -> None:
        super().__init__()
        self.layer, self.factor = layer, factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * self.layer(x)


POWERS = {"q·k / √h": 0, "q·k": 0.5, "q·k / h": -0.5}  # of h, by which queries are multiplied


def rescaled(hidden: int, power: float) -> Reverser:
    """A fresh reverser with other scores."""
    model = Reverser(hidden=hidden)
    model.attention.Q = Multiplied(model.attention.Q, hidden**power)
    return model


@torch.no_grad()
def largest_weight(model: Reverser) -> float:
    """The mean over queries of their largest weight."""
    return model(random_symbols(model, 64))[1].amax(dim=-1).mean().item()


# %% train
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
for one, hidden in zip(axes, (32, 256), strict=True):
    for name, power in POWERS.items():
        torch.manual_seed(0)
        model = rescaled(hidden, power).to(where)
        at_the_start = largest_weight(model)
        curve(one, train(model), label=name, window=10)
        print(f"h = {hidden:3}, {name:8} accuracy {accuracy(model):.3f}", end="   ")
        print(f"largest weight at the start {at_the_start:.2f}")
    one.axhline(math.log(SYMBOLS), color="grey", linestyle="--", label="guessing: ln 10")
    one.set(xlabel="step", title=f"h = {hidden}", ylim=(0, 2.7))
axes[0].set(ylabel="loss")
axes[1].legend()
plt.show()

# %% [markdown] answer="without_scale" points=3
# Model answer: all reach 1.00 but two. With $h = 32$ the three kinds get [[scales.narrow_root:.2f]] with the factor,
# [[scales.narrow_none:.2f]] without it and [[scales.narrow_whole:.2f]] with $1/h$; with $h = 256$ it is [[scales.wide_root:.2f]],
# [[scales.wide_none:.2f]] and [[scales.wide_whole:.2f]].
#
# Scores $q^\top k$ have a standard deviation that grows like $\sqrt h$. With $h = 32$ the largest weight is
# [[scales.narrow_start:.2f]] at the start, which is sharp and not yet saturated, and the task needs sharp weights anyway: it is learned
# even a little sooner. With $h = 256$ it is [[scales.wide_start:.2f]], and most other weights are practically 0, and so are the gradients
# of their scores (their median is [[fresh.none:.0e]], with the factor [[fresh.root:.0e]]): what was drawn at the start stays, and each step
# of the optimiser moves these scores 16 times as far as with the factor. With $1/\sqrt h$ the largest weight starts at 0.11 to 0.13
# whatever $h$ is, so that one learning rate suits both sizes. (With a tenth of the learning rate and 600 steps the
# model without the factor reaches [[scales.slower:.2f]]: it is not lost, but needs settings of its own.) With
# $1/h$ all weights start nearly equal, and the scores must grow first, which takes longer with few components; the gradient is fine.
#
# Marking: 1 point for a prediction for all six (right or wrong does not matter) that is compared with the outcome; 1 for scores
# that grow with $h$ and saturate the softmax at $h = 256$, not yet at $h = 32$; 1 for what follows: no gradient where weights
# are 0 (or steps that are too large), and the same start for every $h$ with the factor.

# %% [markdown]
# {ai_tools}

# %%
summary()

# %% [markdown]
# ## 6 Handing in
#
# {handing_in}

# %% train
STUDENT_ID = "00000000"
NAME = "name"
submit(STUDENT_ID, NAME)
