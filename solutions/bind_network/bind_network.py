# %% [markdown]
# # The bind network
#
# A language model cannot read an image, but it can read vectors. ImageBind-LLM ([Han et al.,
# 2023](https://arxiv.org/abs/2309.03905)) therefore trains a small **bind network** that maps the feature vector of
# an image into the space of the language model's word vectors. You will build it from its smallest part: RMSNorm and
# its gradient, one gated block, the whole network. At the end **your** network learns to undo an unknown non-linear
# map between two spaces, and finds the right one of 1000 captions for most images.
#
# All data are random numbers, drawn here. The notebook takes about a minute of processor time, trainings included,
# which use a GPU where there is one; plan four hours for the exercises and the written answers. Every exercise stands
# on its own: a mistake in one costs no points in another, because the checks bring stand-ins for the norm and for the
# blocks. **The names of your parameters and layers are free**; where a check has to find them, the text says how.
#
# | letter | meaning |
# |---|---|
# | `B` | images in a batch |
# | `d` | numbers in one vector |
# | $C_I$, $C$, $C_h$ | size of an image feature, of the model's vectors, of a block's hidden layer |
# | $F$, $\hat F$ | a feature vector, and the same after the norm |
#
# (Where the factor $1/\sqrt{d_k}$ of attention stands in Fairseq is a question of the notebook `attention`,
# exercises 3.2 and 3.3.)
#
# {points}

# %%
import math
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograder import check, submit, summary
from autograder.tools import diagrams
from autograder.tools.accounting import counts, side_by_side
from autograder.tools.device import device
from autograder.tools.plots import curve
from autograder.tools.training import fit

# %% [markdown]
# In the end you will have built this network: a projection and three gated blocks.

# %% look
diagrams.bind_network()

# %% [markdown]
# ## 1 Normalisation without a mean
#
# ### 1.1 `RMSNorm`
#
# 8 points · difficulty ●●○ · importance ●●● · 35 minutes · about 8 lines
#
# LayerNorm ([Ba et al., 2016](https://arxiv.org/abs/1607.06450)) subtracts the mean of a vector $x \in \mathbb R^d$
# and divides by its standard deviation. RMSNorm ([Zhang and Sennrich, 2019](https://arxiv.org/abs/1910.07467)) only
# divides, by the root mean square, and multiplies by a learnable **gain** $g$ that starts as ones:
#
# $$y_i = g_i \, \frac{x_i}{\mathrm{RMS}(x)}, \qquad \mathrm{RMS}(x) = \sqrt{\frac1d \sum_{j=1}^d x_j^2} .$$
#
# - `bias=True` adds a learnable **offset** $o_i$ that starts as zeros. Without it there is no offset at all.
# - `0 < p ≤ 1` is *partial* RMSNorm: the first $\lfloor d\,p \rfloor$ numbers stand for all. The mean is taken
#   over them alone; still **all** of $x$ is divided. Any other `p` switches this off. (The check has no `p`
#   with $\lfloor d\,p \rfloor = 0$.)
# - `eps` keeps the division finite. It may be added to the RMS or, as in LLaMA, to the mean under the root:
#   the check chooses inputs for which they agree.
# - `float16` input must not overflow. The square of 300 is above 65504, the largest such number, so compute in
#   float32 inside.
#
# The check adds numbers of its own to gain and offset, whatever you call them; so they have to start right.


# %% solution="rms_norm"
class RMSNorm(nn.Module):
    """Divides vectors by their root mean square; the only parameters are a gain and, with `bias`, an offset."""

    def __init__(self, d: int, p: float = -1.0, eps: float = 1e-8, bias: bool = False) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.size = int(d * p) if 0 < p <= 1 else d
        self.eps = eps
        self.gain = nn.Parameter(torch.ones(d))
        self.offset = nn.Parameter(torch.zeros(d)) if bias else None
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Vectors x (…, d), with any number of axes before the last → (…, d)."""
        ### BEGIN SOLUTION
        wide = x.float()
        mean_square = wide[..., : self.size].square().mean(dim=-1, keepdim=True)  # (…, 1)
        y = self.gain * (wide * torch.rsqrt(mean_square + self.eps)).to(x.dtype)
        return y if self.offset is None else y + self.offset
        ### END SOLUTION


# %% check="rms_norm" points=8
check("rms_norm", RMSNorm)

# %% [markdown]
# <details><summary>"The size of tensor a (11) must match the size of tensor b (3)"</summary>
#
# The statistic lost its last axis. Keep it with length 1, so that it broadcasts.
# </details>
#
# <details><summary>Only "float16" is wrong: "expected 8, got 0"</summary>
#
# The mean of squares is infinite, and dividing by infinity gives 0. Convert to float32 *before* squaring. (The
# check counts in quarters, since float16 has only three digits.)
# </details>
#
# What does the norm forget? The table of the RMSNorm paper says which changes leave $y = \mathrm{norm}(Wx)$ as
# it was. Here you see it measured: a change of 0.0 means that the norm does not notice. The last line is
# LayerNorm's privilege: adding the *same* vector to every row of $W$ adds one and the same number to all of
# $Wx$.

# %% look
generator = torch.Generator().manual_seed(0)
W, x = torch.randn(16, 4, generator=generator), torch.randn(8, 4, generator=generator)
first_row, shift = torch.eye(16)[:, :1], torch.arange(1.0, 5)  # (16, 1), (4,)
changes = {
    "all weights × 3": (3 * W, x),
    "all inputs × 3": (W, 3 * x),
    "each input × a number of its own": (W, x * torch.arange(1.0, 9)[:, None]),
    "one row of the weights × 3": (W * (1 + 2 * first_row), x),
    "all inputs + one vector": (W, x + shift),
    "all rows of the weights + one vector": (W + shift, x),
}
norms = {"LayerNorm": nn.LayerNorm(16), "RMSNorm": RMSNorm(16), "p = 0.25": RMSNorm(16, 0.25)}
print(f"{'relative change of norm(Wx)':38}", *(f"{name:>9}" for name in norms))
for change, (new_W, new_x) in changes.items():
    outputs = [(norm(x @ W.T), norm(new_x @ new_W.T)) for norm in norms.values()]
    print(f"{change:38}", *(f"{(new - old).norm() / old.norm():9.1f}" for old, new in outputs))

# %% [markdown]
# Expect zeros in the first three lines for all norms, in the last one for LayerNorm alone, and nowhere else.
#
# ### 1.2 The mean for free
#
# 3 points · difficulty ●●○ · importance ●○○ · 15 minutes · about 2 lines
#
# RMSNorm misses only the last line: it does not subtract the mean. If the norm follows a linear layer
# $a = Wx + b$, the layer can do that. Return weights $W'$ and biases $b'$ with
#
# $$\mathrm{RMSNorm}(W'x + b') = \mathrm{LayerNorm}(Wx + b) \qquad\text{for every } x$$
#
# (both without gain and offset). Start from $\mathrm{LayerNorm}(a) = \mathrm{RMSNorm}(a - \bar a)$ and write
# $\bar a$, the mean over the $d$ outputs, with the rows of $W$. Only the outputs are compared, so any positive
# factor is free.


# %% solution="centred_layer"
def centred_layer(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """W' (d, m) and b' (d,) that make RMSNorm after the layer equal LayerNorm after W (d, m), b (d,)."""
    ### BEGIN SOLUTION
    mean_row = W.mean(dim=0)  # (m,), gives the mean of Wx
    return W - mean_row, b - b.mean()
    ### END SOLUTION


# %% check="centred_layer" points=3
check("centred_layer", centred_layer)

# %% [markdown]
# <details><summary>Which mean?</summary>
#
# $\bar a = \frac1d \sum_i (w_i^\top x + b_i) = \big(\frac1d \sum_i w_i\big)^\top x + \bar b$, with the rows
# $w_i$ of $W$.
# </details>

# %% look
generator = torch.Generator().manual_seed(0)
W, b = torch.randn(16, 4, generator=generator), torch.randn(16, generator=generator)
x = torch.randn(100, 4, generator=generator)
layer_normed = F.layer_norm(x @ W.T + b, (16,))
for name, (weights, biases) in {"W, b": (W, b), "W', b'": centred_layer(W, b)}.items():
    rms_normed = F.rms_norm(x @ weights.T + biases, (16,))
    print(f"{name:6}  LayerNorm − RMSNorm: {(layer_normed - rms_normed).abs().max():.6f}")

# %% [markdown]
# Expect about 0.4 and then at most 0.00002. Large models trained with LayerNorm have been converted to RMSNorm
# this way.
#
# ### 1.3 The gradient of RMSNorm
#
# 4 points · difficulty ●●● · importance ●●○ · 30 minutes · about 5 lines
#
# Let $u = \partial L / \partial y$ arrive from above, for $y = g \odot \hat x$ with
# $\hat x = x / \mathrm{RMS}(x)$. Return $\partial L / \partial x$, of the shape of $x$, and
# $\partial L / \partial g$, of shape $(d,)$. Every $x_j$ acts twice: on its own $\hat x_j$, and through the RMS
# on all others. Leave out `eps`. The check switches autograd off: work with pencil and paper, then with
# tensors.


# %% solution="rms_norm_gradient"
def rms_norm_gradient(x: Tensor, gain: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
    """∂L/∂x (…, d) and ∂L/∂g (d,) for x (…, d), gain (d,) and upstream = ∂L/∂y (…, d)."""
    ### BEGIN SOLUTION
    rms = x.square().mean(dim=-1, keepdim=True).sqrt()  # (…, 1)
    x_hat = x / rms
    v = gain * upstream  # ∂L/∂x̂
    for_x = (v - x_hat * (v * x_hat).mean(dim=-1, keepdim=True)) / rms
    return for_x, (upstream * x_hat).reshape(-1, x.shape[-1]).sum(dim=0)
    ### END SOLUTION


# %% check="rms_norm_gradient" points=4
check("rms_norm_gradient", rms_norm_gradient)

# %% [markdown]
# <details><summary>The derivative of the RMS</summary>
#
# $\partial\, \mathrm{RMS} / \partial x_j = x_j / (d\, \mathrm{RMS}) = \hat x_j / d$. So
# $\partial \hat x_i / \partial x_j = \big(\delta_{ij} - \hat x_i \hat x_j / d\big) / \mathrm{RMS}$.
# </details>
#
# Two facts to see in your formula. The gradient is orthogonal to $x$ (with $g = 1$): there is nothing to gain
# in a direction that the norm forgets. And it is divided by the RMS: with weights three times as large, the
# gradient is three times **smaller**. Weights that have grown learn slowly and small ones fast, like a learning
# rate that adapts.

# %% look
generator = torch.Generator().manual_seed(1)
x, upstream = torch.randn(2, 100, 16, generator=generator)
for factor in (1, 3, 10):
    gradient, _ = rms_norm_gradient(factor * x, torch.ones(16), upstream)
    cosine = F.cosine_similarity(gradient, x, dim=-1).abs().max()
    print(f"{factor:2} · x: |gradient| = {gradient.norm():6.3f}   |cosine with x| ≤ {cosine:.0e}")

# %% [markdown]
# Expect norms in the ratio 1 : ⅓ : ⅒ and cosines below $10^{-6}$.
#
# ### 1.4 Written: `rms_norm_or_layer_norm`
#
# 4 points
#
# Read the abstract and section 4 of
# [*Root Mean Square Layer Normalization*](https://arxiv.org/abs/1910.07467). Describe how RMSNorm and LayerNorm are
# computed and what the difference is. What are the advantages of RMSNorm, with the running times that the abstract
# states, and what does it give up? Use the table you printed.

# %% [markdown] answer="rms_norm_or_layer_norm" points=4
# Model answer: LayerNorm computes the mean $\mu$ and the standard deviation $\sigma$ of the $d$ summed inputs
# and returns $g \odot (a - \mu)/\sigma + \beta$. RMSNorm returns $g \odot a / \mathrm{RMS}(a)$ with
# $\mathrm{RMS}(a) = \sqrt{\frac1d \sum a_i^2}$: one statistic instead of two, no subtraction, and usually no
# offset $\beta$; $g$ starts as ones. Where the mean is 0 both are the same. Advantages: less computation, with
# 7 % to 64 % less running time at comparable quality, according to the abstract. It keeps the invariance to
# re-scaling of all weights, of the data and of single cases. That is what stabilises the activations, and it
# makes the gradient for the weights inversely proportional to their size, an implicit adaptation of the
# learning rate. It gives up the invariance to re-centring (the last line of the table); the paper finds that
# re-scaling is what matters.
#
# Marking: 1 point for both formulas, or one formula and the difference (no mean, no offset); 1 for less
# computation with 7 % to 64 % (the figures 6.9 % to 40 % of second-hand summaries, or none: half a point); 1
# for invariance to re-scaling and what it is good for (stable activations, or the adapting learning rate); 1
# for naming what is lost, re-centring. "Regularises" instead of "normalises" costs nothing if the calculation
# is right.

# %% [markdown]
# ## 2 The network
#
# ### 2.1 One block
#
# 6 points · difficulty ●●○ · importance ●●● · 25 minutes · about 5 lines
#
# The block has the form of LLaMA's feed-forward layer ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971)),
# which is called SwiGLU ([Shazeer, 2020](https://arxiv.org/abs/2002.05202)). With $\hat F = \mathrm{norm}(F)$,
#
# $$F' = F + \big(\mathrm{SiLU}(\hat F w_1) \odot \hat F w_2\big)\, w_3, \qquad
# w_1, w_2 \in \mathbb R^{C \times C_h},\; w_3 \in \mathbb R^{C_h \times C}, \qquad
# \mathrm{SiLU}(a) = \frac{a}{1 + e^{-a}} .$$
#
# One half of the hidden layer is a **gate** for the other. The picture shows the candidates for its
# non-linearity, and what one hidden number becomes.

# %% look
a = torch.linspace(-4, 4, 81)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
for name, gate in (("SiLU", F.silu), ("ReLU", F.relu), ("sigmoid", torch.sigmoid)):
    left.plot(a, gate(a), "-" if name == "SiLU" else "--", label=name)
left.set(xlabel="a", ylabel="gate of a", title="gates")
left.legend()
hidden = F.silu(a) * a[:, None]  # (81, 81), rows: b
levels = range(-16, 17, 2)
figure.colorbar(right.contourf(a, a, hidden, levels, cmap="RdBu"), ax=right, label="SiLU(a) · b")
right.set(xlabel="a, one number of F̂ w₁", ylabel="b, of F̂ w₂", title="SiLU(a) · b")
plt.show()

# %% [markdown]
# The residual ([He et al., 2015](https://arxiv.org/abs/1512.03385)) is the **raw** $F$, so that the block is the
# identity for $w_3 = 0$; exercise 2.4 asks what it costs to add to the normalised $F$ instead. Give the layers names
# of their own: an `nn.Sequential` would chain them.
#
# The norm comes as an argument; the check passes a tanh in its place. Biases may be there or not: the paper has
# none, and the check sets them to zero. For the check to fill your weights, the block has a method `load`. It is
# right as it stands for linear layers called `w1`, `w2` and `w3`. If you prefer other names, or one layer for
# $w_1$ and $w_2$ together, adapt it.


# %% solution="projection_block"
class ProjectionBlock(nn.Module):
    """One block of the bind network, with a norm that is given to it."""

    def __init__(self, d: int, hidden: int, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        ### BEGIN SOLUTION
        self.w1 = nn.Linear(d, hidden, bias=False)
        self.w2 = nn.Linear(d, hidden, bias=False)
        self.w3 = nn.Linear(hidden, d, bias=False)
        ### END SOLUTION

    @torch.no_grad()
    def load(self, w1: Tensor, w2: Tensor, w3: Tensor) -> None:
        """Take over the matrices w1 and w2 (d, hidden) and w3 (hidden, d) of the formula."""
        self.w1.weight.copy_(w1.T)  # nn.Linear keeps the transpose
        self.w2.weight.copy_(w2.T)
        self.w3.weight.copy_(w3.T)

    def forward(self, x: Tensor) -> Tensor:
        """Features F (…, d) → F' (…, d)."""
        ### BEGIN SOLUTION
        normed = self.norm(x)
        return x + self.w3(F.silu(self.w1(normed)) * self.w2(normed))
        ### END SOLUTION


# %% check="projection_block" points=6
check("projection_block", ProjectionBlock)

# %% [markdown]
# <details><summary>"'ProjectionBlock' object has no attribute 'w1'"</summary>
#
# That is `load`: it looks for layers called `w1`, `w2` and `w3`. Name yours so, or adapt it.
# </details>
#
# <details><summary>Only <code>w3_of_zero</code> is right, or only that is wrong</summary>
#
# With $w_3 = 0$ everything but the residual is gone, so the input must come out unchanged. If it does not, look
# at what you add to. If only this case is right, the residual is fine and the mistake is in the gate.
# </details>
#
# ### 2.2 Written: `why_a_gate`
#
# 3 points
#
# A plain feed-forward layer is $\mathrm{SiLU}(\hat F w_1)\, w_3$. What does the factor $\hat F w_2$ add to what
# one layer can compute? What does SiLU have that makes it a better gate than ReLU or a sigmoid? And what does
# the third matrix cost, and how do models keep the cost the same?

# %% [markdown] answer="why_a_gate" points=3
# Model answer: two linear functions of the input are **multiplied**: one layer can compute interactions ("this
# feature, but only if that one is there") which a plain layer has to approximate by many units. The gate
# decides, for each hidden number and depending on the input, how much of the linear path $\hat F w_2$ passes.
# SiLU is smooth and does not saturate for large $a$, unlike a sigmoid; for negative $a$ it closes to nearly 0
# but keeps a gradient, so that units do not die as with ReLU. The third matrix makes $3 C C_h$ parameters out
# of $2 C C_h$, half as many again; LLaMA takes $C_h = \tfrac23 \cdot 4C$ to have the same number. (That it
# helps is in the end an empirical finding.)
#
# Marking: 1 point for the multiplicative interaction or an input-dependent switch; 1 for a property of SiLU
# with its consequence (smooth, non-zero gradient below 0, no saturation above); 1 for the cost of a third
# matrix and a smaller $C_h$ to make up for it. "More parameters, so better" earns nothing for the first part.

# %% [markdown]
# ### 2.3 `BindNetwork`
#
# 6 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 6 lines
#
# A linear projection $w_0 \in \mathbb R^{C_I \times C}$, then a cascade of **three** blocks:
#
# $$F^{(0)} = F_I\, w_0, \qquad F^{(i+1)} = \mathrm{block}_i\big(F^{(i)}\big), \quad i = 0, 1, 2, \qquad T_I = F^{(3)} .$$
#
# `make_block(model_dim)` returns a fresh block; the check passes a stand-in. Features come as `(B, C_I)` or
# `(B, 1, C_I)` and keep their axes. Nothing follows the last block. The projection may have a bias or not: the
# check finds it by its shape and sets a bias to zero.


# %% solution="bind_network"
class BindNetwork(nn.Module):
    """From image features to the space of a language model."""

    def __init__(
        self, image_dim: int, model_dim: int, make_block: Callable[[int], nn.Module]
    ) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.projection = nn.Linear(image_dim, model_dim, bias=False)
        self.blocks = nn.ModuleList([make_block(model_dim) for _ in range(3)])
        ### END SOLUTION

    def forward(self, image_feature: Tensor) -> Tensor:
        """Image features (…, C_I) → features for the language model (…, C)."""
        ### BEGIN SOLUTION
        feature = self.projection(image_feature)
        for block in self.blocks:
            feature = block(feature)
        return feature
        ### END SOLUTION


# %% check="bind_network" points=6
check("bind_network", BindNetwork)

# %% [markdown]
# <details><summary>Wrong numbers, though the projection and the loop look right</summary>
#
# Count the blocks that `network.modules()` finds. In a plain Python list they are not registered: neither the
# check, which fills them, nor an optimiser would ever see their parameters. And `[block] * 3` is one block,
# three times.
# </details>
#
# Now your parts together. `llama_block` is what the paper uses, with $C_h = 4C$.


# %%
def llama_block(d: int) -> nn.Module:
    """A fresh block of the paper's form: RMSNorm, hidden size 4 d."""
    return ProjectionBlock(d, 4 * d, RMSNorm(d))


# %% look
torch.manual_seed(0)
toy, image_feature = BindNetwork(64, 512, llama_block), torch.randn(1, 64)
output = toy(image_feature)
print(f"{tuple(output.shape)}, RMS of the output {output.square().mean().sqrt():.2f}")
for block in toy.modules():
    if isinstance(block, ProjectionBlock):  # w3 = 0
        block.load(torch.randn(512, 2048), torch.randn(512, 2048), torch.zeros(2048, 512))
ratio = toy(2 * image_feature).norm() / toy(image_feature).norm()
print(f"with w3 = 0 and 2 F_I for F_I the output is {ratio:.2f} times as long")

# %% [markdown]
# Expect an RMS between 0.5 and 0.65 and a factor of 2.00: with $w_3 = 0$ the network is its linear projection.
# (A bias in the projection makes it a little less.)
#
# ### 2.4 Written: `raw_residual`
#
# 2 points
#
# With blocks that add to the *normalised* feature, the last line above would print 1.00 and the RMS would be near
# 1. Explain both numbers. What do the three blocks lose, and what happens to the gradient on its way
# back through them?

# %% [markdown] answer="raw_residual" points=2
# Model answer: with $w_3 = 0$ each such block is $F \mapsto \mathrm{RMSNorm}(F)$, which forgets the length of
# its input: doubling $F_I$ changes nothing, hence the factor 1, and the result has RMS 1 (with small $w_3$:
# near 1). The identity path is gone: a block can no longer leave its input as it is, the length of the
# projected feature is lost at the first block, and every block re-scales what the blocks before it added. The
# gradient passes a Jacobian of the norm in each block instead of an identity: divided by the RMS and without
# its component along $F$, so that its size depends on the scale of the features. With the raw residual
# $\partial F' / \partial F = I + \dots$, however deep the network is.
#
# Marking: 1 point for "the norm forgets the length" with both numbers; 1 for the missing identity path, for
# features or for gradients.

# %% [markdown]
# ### 2.5 How large is it?
#
# 2 points · difficulty ●○○ · importance ●●○ · 10 minutes · about 2 lines
#
# Return the number of trainable parameters of a bind network of given sizes: no biases in its linear layers,
# RMSNorm with a gain and no offset, three blocks. **Predict first**: is the toy with 64 → 512 nearer to one,
# ten or a hundred million? And the network of the paper, 1024 → 4096? ($C_h = 4C$ in both.)


# %% solution="parameter_count"
def parameter_count(image_dim: int, model_dim: int, hidden_dim: int) -> int:
    """How many numbers the network learns."""
    ### BEGIN SOLUTION
    block = model_dim + 3 * model_dim * hidden_dim  # the gain; w1, w2 and w3
    return image_dim * model_dim + 3 * block
    ### END SOLUTION


# %% check="parameter_count" points=2
check("parameter_count", parameter_count)

# %% [markdown]
# The cell compares with the networks themselves. On the device `meta` tensors have a shape and no memory, so
# that even the large one can be built here.

# %% look
for image_dim, model_dim in ((64, 512), (1024, 4096)):
    with torch.device("meta"):
        network = BindNetwork(image_dim, model_dim, llama_block)
    actual = sum(parameter.numel() for parameter in network.parameters())
    counted = parameter_count(image_dim, model_dim, 4 * model_dim)
    print(f"{image_dim:4} → {model_dim}: {counted:,} counted, {actual:,} built")

# %% [markdown]
# Expect 9,471,488 and 608,186,368. Almost all of it is the three blocks: nearly a tenth of a model of 7 billion
# parameters, only to make one image readable. (Your network has more if you chose biases.)
#
# ### 2.6 What does a batch cost?
#
# 2 points · difficulty ●●○ · importance ●●● · 20 minutes · about 3 lines
#
# A product of matrices $(a, b)$ and $(b, c)$ takes $abc$ multiplications and as many additions, $2abc$ **FLOPs**.
# Nearly all time goes into such products, so that they alone are counted. Time is one limit of training, **memory** the
# other: what a gradient depends on stays in memory until the backward pass has used it. Return for a batch of images,
# without building a network,
#
# - `flops`, the FLOPs of the forward pass;
# - `kept`, how many numbers it keeps: the input of each product with a matrix (the gradient of the matrix needs it),
#   both factors of each $\odot$, and the input of each SiLU. What several operations need is kept once; norms are left
#   out.


# %% solution="batch_costs"
def batch_costs(batch: int, image_dim: int, model_dim: int, hidden_dim: int) -> dict[str, int]:
    """FLOPs of a forward pass of `batch` images, and the numbers that it keeps for the backward pass."""
    ### BEGIN SOLUTION
    flops = 2 * batch * (image_dim * model_dim + 3 * 3 * model_dim * hidden_dim)
    block = model_dim + 4 * hidden_dim  # F̂; F̂ w₁, its SiLU, F̂ w₂, and the input of w₃
    kept = batch * (image_dim + 3 * block)
    ### END SOLUTION
    return {"flops": flops, "kept": kept}


# %% check="batch_costs" points=2
check("batch_costs", batch_costs)

# %% [markdown]
# A profiler watches the products while they run, and what autograd saves. (A float32 has four bytes.) Expect ratios
# of 1.000 for parameters and FLOPs, if your layers have no biases. For memory expect about 0.9: what is missing is
# kept by your norms (the reference: 0.895).

# %% look
mine = batch_costs(32, 64, 512, 2048)
side_by_side(
    {
        "parameters": parameter_count(64, 512, 2048),
        "flops": mine["flops"],
        "saved_bytes": 4 * mine["kept"],
    },
    counts(BindNetwork(64, 512, llama_block), torch.randn(32, 64)),
)

# %% [markdown]
# What fills the memory of a GPU that trains the paper's network with Adam, which keeps four numbers for each
# parameter (the parameter, its gradient, two running means)? And how much would the same three blocks keep in a
# language model, where they see not one vector of an image but 2048 of a text?

# %% look
weights = 4 * 4 * parameter_count(1024, 4096, 16_384)
print(f"parameters, gradients, Adam      {weights / 1e9:6.2f} GB")
for what, vectors in (("64 images", 64), ("64 texts of 2048 tokens", 64 * 2048)):
    kept = 4 * batch_costs(vectors, 1024, 4096, 16_384)["kept"]
    print(f"kept, {what:26} {kept / 1e9:6.2f} GB")

# %% [markdown]
# Expect 9.73, 0.05 and 110.06 GB: with one vector for an image nothing but parameters counts, with texts nothing but
# what is kept. That is why large models throw most of it away and compute it again in the backward pass
# ([Chen et al., 2016](https://arxiv.org/abs/1604.06174)).
#
# ## 3 Aligning two spaces
#
# An "image encoder" and a "text encoder" see the same things in different ways. A thing is described by 8
# hidden numbers $z$. Its caption is the vector $t = zE \in \mathbb R^{96}$; its image feature is
# $\sin(zA + \varphi) \in \mathbb R^{64}$ plus a little noise. Neither $E$, $A$, $\varphi$ nor $z$ is known to
# the network. It sees 40 000 pairs and must learn to find the text vector of an image.
#
# ### 3.1 The loss
#
# 2 points · difficulty ●○○ · importance ●●○ · 5 minutes · about 1 line
#
# Only directions count, as in CLIP ([Radford et al., 2021](https://arxiv.org/abs/2103.00020)): the loss is one minus
# the mean cosine of the angle between prediction and target, over all vectors.
#
# $$L = 1 - \frac1B \sum_{i=1}^B \frac{p_i^\top t_i}{\|p_i\|\, \|t_i\|} .$$


# %% solution="cosine_distance"
def cosine_distance(predicted: Tensor, target: Tensor) -> Tensor:
    """One minus the mean cosine between vectors of the same place, both (…, d); a scalar."""
    ### BEGIN SOLUTION
    return 1 - F.cosine_similarity(predicted, target, dim=-1).mean()
    ### END SOLUTION


# %% check="cosine_distance" points=2
check("cosine_distance", cosine_distance)

# %% [markdown]
# ### 3.2 Training
#
# The baseline is linear: the matrix, with a constant, that maps images to texts with the least squared error.
# Your network has to beat it on 1000 pairs that neither has seen. Two scores: the mean cosine, and how often
# the nearest of the 1000 captions is the right one (by chance: 0.1 %).

# %%
IMAGE_DIM = 64
TEXT_DIM = 96


def draw_pairs(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Image features (count, 64) and text vectors (count, 96) of the same things."""
    world = torch.Generator().manual_seed(0)  # the same encoders whatever the seed
    E = torch.randn(8, TEXT_DIM, generator=world) / 8**0.5
    A = 2 * torch.randn(8, IMAGE_DIM, generator=world) / 8**0.5
    phase = 2 * math.pi * torch.rand(IMAGE_DIM, generator=world)
    things = torch.Generator().manual_seed(seed)
    z = torch.randn(count, 8, generator=things)
    noise = 0.05 * torch.randn(count, IMAGE_DIM, generator=things)
    return torch.sin(z @ A + phase) + noise, z @ E


def least_squares(images: Tensor, texts: Tensor, new_images: Tensor) -> Tensor:
    """The text vectors (count, 96) that the best matrix with a constant predicts for new images."""
    matrix = torch.linalg.lstsq(F.pad(images, (0, 1), value=1.0), texts).solution  # (65, 96)
    return F.pad(new_images, (0, 1), value=1.0) @ matrix


def scores(predicted: Tensor, texts: Tensor) -> tuple[Tensor, float]:
    """The cosine of every pair, and the share of images whose nearest caption is their own."""
    cosines = F.normalize(predicted, dim=-1) @ F.normalize(texts, dim=-1).T  # (B, B)
    right = cosines.argmax(dim=1) == torch.arange(len(texts))
    return cosines.diagonal(), right.float().mean().item()


def trained(
    images: Tensor,
    texts: Tensor,
    make_block: Callable[[int], nn.Module] = llama_block,
    seed: int = 0,
    label: str = "aligning",
) -> tuple[nn.Module, list[float]]:
    """A bind network trained on pairs, where these are, back on the CPU, and the loss of every step."""
    torch.manual_seed(seed)
    network = BindNetwork(IMAGE_DIM, TEXT_DIM, make_block).to(images.device)

    def next_loss() -> Tensor:
        batch = torch.randint(len(images), (128,)).to(images.device)
        return cosine_distance(network(images[batch]), texts[batch])

    losses = fit(network, next_loss, steps=1500, label=label)
    return network.cpu(), losses


# %% train
images, texts = draw_pairs(40_000, seed=1)
new_images, new_texts = draw_pairs(1000, seed=2)
where = device()
network, losses = trained(images.to(where), texts.to(where))
with torch.no_grad():
    predictions = {
        "untrained network": BindNetwork(IMAGE_DIM, TEXT_DIM, llama_block)(new_images),
        "least squares": least_squares(images, texts, new_images),
        "bind network": network(new_images),
    }
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6))
for name, predicted in predictions.items():
    cosines, found = scores(predicted, new_texts)
    print(f"{name:18} mean cosine {cosines.mean():6.3f}   right caption {found:6.1%}")
    right.hist(cosines.numpy(), bins=50, range=(-0.6, 1), alpha=0.6, label=name)
    if name == "least squares":
        left.axhline(1 - cosines.mean(), color="grey", linestyle="--", label="least squares, new")
curve(left, losses, label="bind network, training", window=20)
left.set(xlabel="step", ylabel="cosine distance", ylim=0, title="learning to align")
right.set(xlabel="cosine with the right caption", ylabel="images", title="1000 new images")
left.legend()
right.legend(loc="upper left")
plt.show()

# %% [markdown]
# **What to expect** (three seeds): least squares reaches a mean cosine of [[linear.cosine:.2f]] and finds
# [[linear.found:.2f]] of the captions; your network [[aligned.cosine:.3f]] and [[aligned.found:.2f]]. Untrained it is
# near 0 and at chance. After some 50 steps it passes the grey line; at the end the distance is near
# [[aligned.distance.mean:.3f]]. On new images it is [[aligned.new_distance.mean:.3f]]: a network with 338 000
# parameters learns some of the 40 000 pairs by heart. Training takes about [[aligned.seconds.mean:.0f]] s of
# processor time.
#
# ### 3.3 Written: `what_matters`
#
# 3 points
#
# Is every part of the block worth its place? To find out, take one away and train again, on the same pairs; this is
# called an **ablation**. Three changes, one at a time:
#
# | | |
# |---|---|
# | no gate | $F + \mathrm{SiLU}(\hat F w_1)\, w_3$, with $C_h = 6C$ instead of $4C$: as many parameters |
# | no norm | $\hat F = F$ |
# | normalised residual | $\hat F + \dots$ in the place of $F + \dots$, as in 2.4 |
#
# **Before you run the cell, write down** for each of them whether the network will find more captions than that of
# 3.2, fewer, or as many, and why. Then run it (about half a minute of processor time), and write what came out, and
# why. Three seeds of 3.2 differ by less than 0.01 in what they find: which differences mean something?


# %%
class PlainBlock(nn.Module):
    """A block without a gate: one layer less, and so a larger hidden size for as many parameters."""

    def __init__(self, d: int, hidden: int, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self.w1, self.w3 = nn.Linear(d, hidden, bias=False), nn.Linear(hidden, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.w3(F.silu(self.w1(self.norm(x))))


def without_gate(d: int) -> nn.Module:
    return PlainBlock(d, 6 * d, RMSNorm(d))


def without_norm(d: int) -> nn.Module:
    return ProjectionBlock(d, 4 * d, nn.Identity())


def normalised_residual(d: int) -> nn.Module:
    return nn.Sequential(RMSNorm(d), without_norm(d))  # what comes in is forgotten


# %% train
changes = {
    "no gate": without_gate,
    "no norm": without_norm,
    "normalised residual": normalised_residual,
}
results = {"3.2": (network, losses)}
for name, make_block in changes.items():
    results[name] = trained(images.to(where), texts.to(where), make_block, label=name)
figure, axes = plt.subplots(figsize=(7, 3.6))
for name, (changed, its_losses) in results.items():
    with torch.no_grad():
        cosines, found = scores(changed(new_images), new_texts)
    print(f"{name:20} mean cosine {cosines.mean():.3f}   right caption {found:.3f}")
    curve(axes, its_losses, label=name, window=50)
axes.set(xlabel="step", ylabel="cosine distance", yscale="log", title="one change at a time")
axes.legend()
plt.show()

# %% [markdown] answer="what_matters" points=3
# Model answer: measured with three seeds, on new images and, as cosine distance, at the end of training:
#
# | | mean cosine | captions found | distance in training |
# |---|---|---|---|
# | 3.2 | [[aligned.cosine:.3f]] | [[aligned.found:.2f]] | [[aligned.distance:.3f]] |
# | no gate | [[no_gate.cosine:.3f]] | [[no_gate.found:.2f]] | [[no_gate.distance:.3f]] |
# | no norm | [[no_norm.cosine:.3f]] | [[no_norm.found:.2f]] | [[no_norm.distance:.3f]] |
# | normalised residual | [[normalised_residual.cosine:.3f]] | [[normalised_residual.found:.2f]] | [[normalised_residual.distance:.3f]] |
#
# **No gate** matters most. The distance in training is more than twice as large, and on new images the network is worse
# by more than seeds differ, though not by much: captions are so far apart that most are found all the same. A likely reason:
# images are sines of sums of hidden numbers; to undo them means to multiply parts with each other, which a gate does
# directly and a plain layer only approximates. **No norm**: the distances are a little larger with every
# seed, and what is found hardly differs. There are three blocks only, features come with an RMS of about 0.4, and the
# rate is small; a norm keeps deep networks stable, which is not tried here. **Normalised residual**: an even smaller
# difference in the distances, and none in what is found. What it forgets is the length of the feature, and a cosine
# does not ask for it; three Jacobians of a norm do the gradient little harm. So 2.4 is right about what is lost, and
# here it costs next to nothing: an ablation says what a part is worth for **this**
# task, size and training, not what it is worth.
#
# Marking: 1 point for a prediction for all three with a reason, compared with what came out (right or wrong does not
# matter); 1 for the gate as the change that counts, beyond the spread of seeds, with a reason; 1 for why the other
# two cost little **here** (few blocks, or a loss that ignores lengths), or an equal limit of the experiment. "No norm
# and normalised residual find fewer" from differences of the size of the spread: not the last point; that their
# distances in training are a little larger is right.

# %% [markdown]
# {ai_tools}

# %%
summary()

# %% [markdown]
# ## 4 Handing in
#
# {handing_in}

# %% train
STUDENT_ID = "00000000"
NAME = "name"
submit(STUDENT_ID, NAME)
