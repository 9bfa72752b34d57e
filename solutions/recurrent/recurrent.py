# %% [markdown]
# # Recurrent networks
#
# You will follow a gradient through a recurrent network, first by hand: through a chain of single neurons, through a
# chain of matrices, and through a network with a loss at every step. Each derivation ends as a function whose numbers
# are checked. Then you build the recurrent unit and the LSTM, measure how far back their gradients reach, and see
# **your** LSTM recall a symbol across 40 steps, which **your** plain unit does not learn. At the end you review a
# paper.
#
# All data are random numbers and random symbols, drawn here. The notebook takes about a minute of processor time,
# trainings included; plan six hours for the exercises and the written answers, and a day for the paper. Every
# exercise stands on its own: a mistake in one costs no points in another.
#
# | letter | axis |
# |---|---|
# | `B` | sequences in a batch |
# | `T` | time steps in a sequence |
# | `I`, `H`, `O` | input size, hidden size, output size |
# | `n` | neurons in a chain (part 1) |
# | `d` | numbers in one state (part 1) |
#
# {points}

# %%
import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograder import check, submit, summary
from autograder.checks.rng import Rng
from autograder.tools import diagrams
from autograder.tools.accounting import counts, side_by_side
from autograder.tools.plots import curve, graph, heat_map
from autograder.tools.training import fit
from autograder.tools.words import word_counts

# %% [markdown]
# In the end you will have built this: one step of an LSTM, whose cell $c$ runs along the top.

# %% look
diagrams.lstm_cell()

# %% [markdown]
# ## 1 How large a gradient can be
#
# That gradients vanish or explode over many steps was seen early ([Bengio et al.,
# 1994](https://doi.org/10.1109/72.279181)); the bounds of this part are those of [Pascanu et al.,
# 2013](https://arxiv.org/abs/1211.5063).
#
# ### 1.1 A chain of single neurons
#
# 2 points · difficulty ●○○ · importance ●●○ · 15 minutes · about 5 lines
#
# The smallest recurrent network has one number as its state and no inputs but the first:
#
# $$z_0 = x, \qquad z_i = \mathrm{ReLU}(w_i z_{i-1}), \qquad f(x) = z_n .$$
#
# Return $\partial f / \partial x$. At 0 ReLU has no derivative; that it is 0 there is a convention, and the one that
# torch follows too.
#
# In parts 1 and 2 you derive, so that automatic differentiation is not an answer there.


# %% solution="relu_chain_gradient"
def relu_chain_gradient(weights: Tensor, x: float) -> float:
    """The derivative of f at `x`, for weights w_1, …, w_n (n,)."""
    ### BEGIN SOLUTION
    z, derivative = x, 1.0
    for w in weights.tolist():
        z = max(w * z, 0.0)
        derivative *= w if z > 0 else 0.0  # 0 for ever after the first ReLU that is not active
    return derivative
    ### END SOLUTION


# %% check="relu_chain_gradient" points=2
check("relu_chain_gradient", relu_chain_gradient)

# %% [markdown]
# <details><summary>"automatic differentiation is not an answer here"</summary>
#
# Your function asks autograd, or a relative of it. Multiply the factors yourself.
# </details>
#
# <details><summary>Only the case <code>weights -++++, x = -1.3</code> is wrong</summary>
#
# The signs are those of $w_1, \dots, w_5$.
#
# What counts is the sign of $w_i z_{i-1}$, what goes **into** the ReLU, and not the sign of $z_{i-1}$.
# </details>
#
# ### 1.2 Written: `chain_bounds`
#
# 3 points
#
# Between which two numbers does $|\partial f / \partial x|$ lie, whatever $x$ is? Write
# $\partial z_i / \partial z_{i-1}$ for both cases of the ReLU, then $\partial f / \partial x$ by the chain rule, and
# derive the bounds from it. What decides whether the gradient vanishes or explodes in a long chain?

# %% [markdown] answer="chain_bounds" points=3
# Model answer: $\partial z_i / \partial z_{i-1}$ is $w_i$ where $w_i z_{i-1} > 0$ and 0 elsewhere, at 0 itself by
# convention. By the chain rule $\partial f / \partial x = \prod_{i=1}^n \partial z_i / \partial z_{i-1}$. If
# $w_i z_{i-1} \le 0$ for one $i$, this factor is 0, and so is the product. Otherwise each factor is $w_i$, and the
# product has the absolute value $\prod |w_i|$. There is no third case, so that
# $0 \le |\partial f / \partial x| \le \prod_{i=1}^n |w_i|$. The number of neurons and the size of the weights decide:
# if all $|w_i| \le r < 1$, the gradient is at most $r^n$ and vanishes exponentially with $n$; if all
# $|w_i| \ge r > 1$, it is at least $r^n$ where every ReLU is active, and explodes, but it is 0 where one is not.
#
# Marking: 1 point for the factor in both cases; 1 for the product and the bounds, with the reason (one inactive ReLU
# makes it 0, otherwise all factors are weights); 1 for both the length **and** the size of the weights (such as
# $r^n$). The bounds alone, which 1.3 repeats, earn nothing.

# %% [markdown]
# ### 1.3 Where the bound is attained
#
# 2 points · difficulty ●●○ · importance ●○○ · 15 minutes · about 3 lines
#
# The bounds are
#
# $$0 \;\le\; \left|\frac{\partial f}{\partial x}\right| \;\le\; \prod_{i=1}^n |w_i| .$$
#
# The lower bound is attained for every chain, for instance at $x = 0$. The upper bound is not attained for
# every chain: a ReLU lets nothing negative through, so which signs must the weights have? Return an $x$ at which
# $|\partial f / \partial x| = \prod |w_i|$, or `None` where there is none. No weight is zero. Any such $x$ is right:
# the check takes the derivative there.


# %% solution="input_of_largest_gradient"
def input_of_largest_gradient(weights: Tensor) -> float | None:
    """An x where |∂f/∂x| is the product of all |w_i|, or None; weights (n,), none of them 0."""
    ### BEGIN SOLUTION
    if (weights[1:] < 0).any():  # z_1, z_2, … are never negative
        return None
    return 1.0 if weights[0] > 0 else -1.0
    ### END SOLUTION


# %% check="input_of_largest_gradient" points=2
check("input_of_largest_gradient", input_of_largest_gradient)

# %% [markdown]
# <details><summary>It gives a number where there is none, for two negative weights</summary>
#
# That the **product** of the weights is positive does not help: the signal has died at the first of the two.
# </details>
#
# How likely is it that a long chain conducts? For weights of random sign the upper bound is attained for one
# chain in $2^{n-1}$. The plot shows your answer for 2000 random chains of each length: expect dots on the line.

# %% look
lengths = torch.arange(1, 9)
generator = torch.Generator().manual_seed(0)
share = [
    sum(
        input_of_largest_gradient(weights) is not None
        for weights in torch.randn(2000, length, generator=generator)
    )
    / 2000
    for length in lengths.tolist()
]
figure, axes = plt.subplots(figsize=(5.6, 3))
axes.semilogy(lengths, 0.5 ** (lengths - 1), color="grey", label="$2^{-(n-1)}$")
axes.semilogy(lengths, share, "o", label="chains with an answer")
axes.set(xlabel="neurons n", ylabel="share of chains", title="weights of random sign")
axes.legend()
plt.show()

# %% [markdown]
# ### 1.4 The Jacobian of many steps
#
# 4 points · difficulty ●●○ · importance ●●○ · 25 minutes · about 4 lines
#
# Now the state is a vector $x_t \in \mathbb R^d$, and every step uses the same matrix:
#
# $$x_{t+1} = \sigma(W x_t), \qquad
# \frac{\partial x_{t+1}}{\partial x_t} = \mathrm{diag}\big(\sigma'(W x_t)\big)\, W .$$
#
# The diagonal holds $\sigma'$ of **each component** of $W x_t$. Return $\partial x_n / \partial x_0$ after $n$ steps. Entry
# $(j, k)$ is the derivative of component $j$ of $x_n$ with respect to component $k$ of $x_0$. Recall
# $\sigma'(a) = \sigma(a)\,(1 - \sigma(a))$.


# %% solution="sigmoid_jacobian"
def sigmoid_jacobian(W: Tensor, x: Tensor, steps: int) -> Tensor:
    """∂x_n/∂x_0 (d, d) for n = `steps` ≥ 1, from x_0 = `x` (d,) and W (d, d)."""
    ### BEGIN SOLUTION
    jacobian = torch.eye(len(x))
    for _ in range(steps):
        x = (W @ x).sigmoid()
        jacobian = (x * (1 - x))[:, None] * W @ jacobian  # diag(s) A scales the rows of A
    return jacobian
    ### END SOLUTION


# %% check="sigmoid_jacobian" points=4
check("sigmoid_jacobian", sigmoid_jacobian)

# %% [markdown]
# <details><summary>One step is right, several are not</summary>
#
# In which order do the factors stand? The last step is applied last, so its matrix stands on the **left**. And
# does every step have the derivative at its own $W x_t$?
# </details>
#
# ### 1.5 A bound for it
#
# 2 points · difficulty ●●○ · importance ●●○ · 15 minutes · about 1 line
#
# Let $\sigma_{\max}(A)$ be the largest singular value of $A$. Two facts suffice:
# $\sigma_{\max}(AB) \le \sigma_{\max}(A)\,\sigma_{\max}(B)$, and the largest singular value of a diagonal
# matrix is its largest entry in absolute value. How large can $\sigma'$ be? How many factors are there between
# $x_i$ and $x_n$? Return the smallest bound
#
# $$0 \le \sigma_{\max}\!\left(\frac{\partial x_n}{\partial x_i}\right) \le \text{your bound}$$
#
# that follows for **any** $W$, $i < n$ and **all** starting points. (Inputs and a bias inside $\sigma$ would
# change nothing.)


# %% solution="jacobian_bound"
def jacobian_bound(W: Tensor, i: int, n: int) -> float:
    """A bound for σ_max(∂x_n/∂x_i) that holds for all x_0; W (d, d), i < n."""
    ### BEGIN SOLUTION
    largest = torch.linalg.matrix_norm(W, ord=2).item()
    return (largest / 4) ** (n - i)
    ### END SOLUTION


# %% check="jacobian_bound" points=2
check("jacobian_bound", jacobian_bound)

# %% [markdown]
# <details><summary>For one step it is right, or nearly so; for several it is not</summary>
#
# Between $x_i$ and $x_n$ lie $n - i$ steps, and each brings a factor of its own for $\sigma'$ **and** for $W$.
# </details>
#
# Is the bound of any use? Left: random matrices with three values of $\sigma_{\max}(W)$, your Jacobian (solid) and
# your bound (dashed). For $\sigma_{\max} = 2$ the bound proves that the gradient vanishes; for 8 it allows an
# explosion, but the sigmoid saturates and the measured norm falls all the same. Right: a matrix for which the bound
# is **attained** at every step. It has $W \cdot (1, 1)^\top = 0$, so that from $x_0 = 0$ on every $W x_t$ is 0, where
# $\sigma' = \tfrac14$ exactly. Expect solid and dashed lines to coincide there.


# %%
def with_norm(matrix: Tensor, norm: float) -> Tensor:
    """The matrix, scaled to this largest singular value."""
    return matrix * norm / torch.linalg.matrix_norm(matrix, ord=2)


# %% look
generator = torch.Generator().manual_seed(3)
noise, start = torch.randn(16, 16, generator=generator), torch.randn(16, generator=generator)
cancelling = torch.tensor([[1.0, -1], [-1, 1]])
figure, panels = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
steps = range(1, 16)
for axes, matrix, x in ((panels[0], noise, start), (panels[1], cancelling, torch.zeros(2))):
    for norm, colour in ((2, "tab:blue"), (4, "tab:green"), (8, "tab:red")):
        W = with_norm(matrix, norm)
        norms = [torch.linalg.matrix_norm(sigmoid_jacobian(W, x, n), ord=2).item() for n in steps]
        label = f"$\\sigma_{{max}}(W)$ = {norm}"
        axes.semilogy(steps, norms, color=colour, linewidth=4, alpha=0.5, label=label)
        axes.semilogy(steps, [jacobian_bound(W, 0, n) for n in steps], "--", color=colour)
    axes.set(xlabel="steps n", ylim=(1e-12, 1e5))
panels[0].set(title="random W", ylabel="$\\sigma_{max}(\\partial x_n / \\partial x_0)$")
panels[1].set(title="W for which the bound is attained")
panels[0].legend(loc="lower left")
plt.show()

# %% [markdown]
# ### 1.6 Written: `jacobian_bound_derived`
#
# 3 points
#
# Derive your bound: write $\partial x_n / \partial x_i$ as a product, with the index and the number of its factors, bound
# the largest singular value of one factor (why that number for $\sigma'$?), and put them together. Below which
# $\sigma_{\max}(W)$ must the gradient vanish? What is the bound for $\sigma_{\max}(W) = \tfrac14$ and $i = 1$?

# %% [markdown] answer="jacobian_bound_derived" points=3
# Model answer: by the chain rule $\partial x_n / \partial x_i = J_{n-1} J_{n-2} \cdots J_i$ with
# $J_t = \partial x_{t+1} / \partial x_t = \mathrm{diag}(\sigma'(W x_t))\, W$: these are $n - i$ factors, the last step on
# the left. With $s = \sigma(a)$, $\sigma'(a) = s(1 - s) = \tfrac14 - (s - \tfrac12)^2 \le \tfrac14$, with equality at
# $a = 0$ alone. All entries of the diagonal matrix are positive and at most ¼, hence its largest singular value, too.
# Therefore $\sigma_{\max}(J_t) \le \tfrac14 \sigma_{\max}(W)$, and as $\sigma_{\max}(AB) \le \sigma_{\max}(A)\,
# \sigma_{\max}(B)$,
#
# $$0 \le \sigma_{\max}\!\left(\frac{\partial x_n}{\partial x_i}\right) \le \left(\frac{\sigma_{\max}(W)}{4}\right)^{n-i} ;$$
#
# a singular value is never negative, hence the 0. For $\sigma_{\max}(W) < 4$ the gradient vanishes exponentially with
# $n - i$. For $\sigma_{\max}(W) = \tfrac14$ and $i = 1$ the bound is $\left(\tfrac1{16}\right)^{n-1}$.
#
# Marking: 1 point for the product of $n - i$ factors, each with its own $\sigma'(W x_t)$; 1 for $\sigma' \le \tfrac14$ with a
# reason, as a bound and not as an equation, and for what follows for the diagonal matrix; 1 for putting them together,
# with the limit 4 and the special case. $\left(\tfrac1{16}\right)^{n-1}$ as the bound for every $W$ and $i$: not the last
# point.

# %% [markdown]
# ## 2 Back-propagation through time
#
# ([Werbos, 1990](https://doi.org/10.1109/5.58337).) A recurrent network with an output and a loss at every step
# $t = 1, \dots, T$:
#
# $$a_t = U x_t + W h_{t-1} + b, \quad h_t = \tanh(a_t), \quad o_t = V h_t + c, \quad
# \hat y_t = \mathrm{softmax}(o_t), \quad L_t = \mathrm{CE}(\hat y_t, y_t) .$$
#
# Two derivatives help. $\tanh'(a) = 1 - \tanh^2(a) = 1 - h^2$, and softmax and cross entropy together give
# $\partial L_t / \partial o_t = \hat y_t - y_t$ for a one-hot $y_t$. The forward pass is given.


# %%
class Weights(NamedTuple):
    """The parameters of the network, or something for each of them, such as its gradient."""

    U: Tensor  # (H, I)
    W: Tensor  # (H, H)
    b: Tensor  # (H,)
    V: Tensor  # (O, H)
    c: Tensor  # (O,)


def run(weights: Weights, x: Tensor, h_0: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs (T, I) → the states h_0, …, h_T (T + 1, H), and ŷ_1, …, ŷ_T (T, O)."""
    h = [h_0]
    for x_t in x:
        h.append(torch.tanh(weights.U @ x_t + weights.W @ h[-1] + weights.b))
    states = torch.stack(h)  # (T + 1, H)
    return states, (states[1:] @ weights.V.T + weights.c).softmax(dim=1)


def random_network(rng: Rng, I: int, H: int, O: int) -> Weights:
    """Random weights, for checks and demonstrations."""
    U, W, b = rng.normal(H, I), rng.normal(H, H), rng.normal(H)
    V, c = rng.normal(O, H), rng.normal(O)
    return Weights(0.5 * U, 0.7 * W, 0.5 * b, V, c)


def random_run(rng: Rng, weights: Weights, T: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Inputs x, states h, outputs p and one-hot labels y, each other than the one before."""
    (H, I), O = weights.U.shape, len(weights.c)
    x = rng.normal(T, I)
    h, p = run(weights, x, 0.5 * rng.normal(H))
    labels = (1 + rng.integers(T, high=O - 1)).cumsum(0) % O
    return x, h, p, F.one_hot(labels, O).float()


# %% [markdown]
# ### 2.1 The computation graph
#
# 3 points · difficulty ●○○ · importance ●●● · 15 minutes · about 6 lines
#
# Which way does the gradient of $L_2$ flow? Write down the graph for a sequence of length 4. The nodes of step
# $t$ are `x1`, `a1`, `h1`, `o1`, `y1`, `L1` (here for $t = 1$), the first state is `h0`, and the parameters are
# `U`, `W`, `b`, `V`, `c`. The softmax belongs to the node `L`, so it has no node of its own.
#
# Return a dictionary with an entry for each node that is **computed on the way to $L_2$**, and no other. The entry
# lists the nodes that stand in its equation, in one string and in any order: `{"h1": "a1", …}`.
# (That the sequence has length 4 is a distractor: nothing later than step 2 can influence $L_2$.)
#
# Your dictionary is read by these two functions.


# %%
def inputs_of(graph: dict) -> dict[str, list[str]]:
    """The nodes in each equation, however they are listed."""
    return {
        node: sorted(inputs.replace(",", " ").split() if isinstance(inputs, str) else inputs)
        for node, inputs in graph.items()
    }


def paths(inputs: dict[str, list[str]], start: str, end: str) -> int:
    """How many ways lead from a node back to another one."""
    if start == end:
        return 1
    return sum(paths(inputs, node, end) for node in inputs.get(start, []))


# %% solution="computation_graph"
def computation_graph() -> dict[str, str]:
    """For each node computed on the way to L2, the nodes in its equation, separated by spaces."""
    ### BEGIN SOLUTION
    return {
        "a1": "U x1 W h0 b",
        "h1": "a1",
        "a2": "U x2 W h1 b",
        "h2": "a2",
        "o2": "V h2 c",
        "L2": "o2 y2",
    }
    ### END SOLUTION


# %% check="computation_graph" points=3
check("computation_graph", computation_graph)

# %% [markdown]
# <details><summary>"expected 2, got 1" for the paths from <code>L2</code> to <code>b</code></summary>
#
# The parameters are shared by all steps: $b$ stands in the equation of $a_1$ and in that of $a_2$.
# </details>
#
# Your graph. The gradient of $L_2$ with respect to $b$ is a **sum over all paths** from $L_2$ back to $b$:
# expect two orange paths, which meet at $b$.

# %%
PLACES = {
    **{"h0": (0, 1), "x1": (1, 0), "a1": (1, 1), "h1": (2, 1), "x2": (3, 0), "a2": (3, 1)},
    **{"h2": (4, 1), "o2": (5, 1), "L2": (6, 1), "y2": (6, 0)},
    **{"U": (2, -0.2), "W": (1.5, 2), "b": (2.5, 2), "V": (4.5, 2), "c": (5.5, 2)},
    **{"o1": (2, -1), "L1": (3, -1), "y1": (4, -1)},
}


def edges_to(inputs: dict[str, list[str]], start: str, end: str) -> set[tuple[str, str]]:
    """All edges (from, to) on ways from a node back to another one."""
    return {
        (source, node)
        for node in inputs
        for source in inputs[node]
        if paths(inputs, start, node) and paths(inputs, source, end)
    }


# %% look
inputs = inputs_of(computation_graph())
edges = [(source, node) for node in inputs for source in inputs[node]]
figure, axes = plt.subplots(figsize=(10, 3.4))
graph(axes, edges, PLACES, highlighted=edges_to(inputs, "L2", "b"))
axes.set_title("the way to $L_2$; orange: all ways from $L_2$ back to $b$")
plt.show()
print("ways from L2 back to b:", paths(inputs, "L2", "b"))

# %% [markdown]
# ### 2.2 The gradient of one loss for the bias
#
# 3 points · difficulty ●●○ · importance ●●○ · 30 minutes · about 4 lines
#
# Derive $\partial L_2 / \partial b$ for the network above and a sequence of length 4, and return it. Let
# $\delta_t = \partial L_2 / \partial a_t$. Each path of your graph that ends at $b$ comes in through some
# $a_t$; so which $\delta_t$ are there, and how does $\delta_1$ follow from $\delta_2$? Write the closed form;
# you get the states and outputs of a forward pass.


# %% solution="bias_gradient"
def bias_gradient(weights: Weights, h: Tensor, p: Tensor, y: Tensor) -> Tensor:
    """∂L_2/∂b (H,). `h[t]` is h_t (5, H), `p[t - 1]` is ŷ_t (4, O), `y[t - 1]` is y_t (4, O), one-hot."""
    ### BEGIN SOLUTION
    error = p[1] - y[1]  # ∂L_2/∂o_2 (O,)
    delta_2 = (1 - h[2] ** 2) * (weights.V.T @ error)  # (H,)
    delta_1 = (1 - h[1] ** 2) * (weights.W.T @ delta_2)  # (H,)
    return delta_1 + delta_2
    ### END SOLUTION


# %% check="bias_gradient" points=3
check("bias_gradient", bias_gradient)

# %% [markdown]
# <details><summary>The shapes fit, but all numbers are off</summary>
#
# A gradient goes backwards through a matrix by its **transpose**:
# $\partial L / \partial h = V^\top\, \partial L / \partial o$.
# </details>
#
# <details><summary>It is nearly right</summary>
#
# Add up what comes through $a_2$ **and** through $a_1$. And is it `p[1]` that belongs to step 2?
# </details>
#
# Autograd as a witness. Expect a largest difference below $10^{-6}$.


# %%
def small_example(T: int) -> tuple[Weights, Tensor, Tensor, Tensor, Tensor]:
    """Random weights, x, h, p and y, for demonstrations."""
    rng = Rng(0, "demonstration")
    weights = random_network(rng, I=3, H=6, O=4)
    return weights, *random_run(rng, weights, T)


def autograd_says(weights: Weights, x: Tensor, h_0: Tensor, y: Tensor, steps: slice) -> Weights:
    """The gradient of the losses of some steps, added up."""
    leaves = Weights(*(tensor.clone().requires_grad_() for tensor in weights))
    _, p = run(leaves, x, h_0)
    loss = -(y * p.log())[steps].sum()
    return Weights(*torch.autograd.grad(loss, leaves))


# %% look
weights, x, h, p, y = small_example(T=4)
yours = bias_gradient(weights, h, p, y)
witness = autograd_says(weights, x, h[0], y, slice(1, 2)).b
print("your ∂L_2/∂b ", yours.numpy().round(4))
print("autograd     ", witness.numpy().round(4))
print(f"largest difference {(yours - witness).abs().max():.1e}")

# %% [markdown]
# ### 2.3 Written: `bias_gradient_derived`
#
# 4 points
#
# Show how you derived 2.2. Start from $L_2$, go back node by node along your graph, and write each derivative with its
# shape; say why steps 3 and 4 and $h_0$ play no part. Then the other reading of "$\partial L / \partial b_2$": let every
# step have a bias of its own, $b_2$ in step 2, and $L = L_1 + \dots + L_4$. What is $\partial L / \partial b_2$?

# %% [markdown] answer="bias_gradient_derived" points=4
# Model answer: let $e_t = \hat y_t - y_t$, of shape (O,). From $L_2$ back to $o_2$: $\partial L_2 / \partial o_2 = e_2$. From
# $o_2 = V h_2 + c$ to $h_2$: $\partial L_2 / \partial h_2 = V^\top e_2$, (H,). Through the tanh of step 2:
# $\delta_2 = (1 - h_2^2) \odot V^\top e_2$, (H,). From $a_2 = U x_2 + W h_1 + b$ to $h_1$:
# $\partial L_2 / \partial h_1 = W^\top \delta_2$, the only way from $L_2$ to $h_1$, and through the tanh of step 1:
# $\delta_1 = (1 - h_1^2) \odot W^\top \delta_2$. $b$ stands in the equations of $a_1$ and $a_2$, both times with the
# derivative $I$, so that two paths end there:
#
# $$\frac{\partial L_2}{\partial b} = \delta_2 + \delta_1
# = (1 - h_2^2) \odot V^\top e_2 + (1 - h_1^2) \odot W^\top \big((1 - h_2^2) \odot V^\top e_2\big) .$$
#
# Steps 3 and 4 come after $L_2$ and do not enter it; $h_0$ is given and does not depend on $b$.
#
# The other reading: $b_2$ enters $a_2$ alone, but $a_2$ influences $L_2$, $L_3$ and $L_4$. With
# $\delta_4 = (1 - h_4^2) \odot V^\top e_4$ and $\delta_3 = (1 - h_3^2) \odot (V^\top e_3 + W^\top \delta_4)$,
# $\partial L / \partial b_2 = (1 - h_2^2) \odot (V^\top e_2 + W^\top \delta_3)$.
#
# Marking: 1 point for $\delta_2$ with its two steps (through $V$, through the tanh); 1 for $\delta_1$ from $\delta_2$ through
# $W$ and the tanh of step 1; 1 for the sum of both with the reason (the steps share $b$) and for why nothing else enters;
# 1 for the other reading, with the errors of steps 2, 3 and 4 in it. Transposes that the shapes forbid cost half a point
# once. The formula without a derivation earns at most 1.

# %% [markdown]
# ### 2.4 The whole gradient
#
# 6 points · difficulty ●●● · importance ●●● · 45 minutes · about 9 lines
#
# Now the loss is $L = L_1 + \dots + L_T$, for any $T$. Return its gradient with respect to all five parameters.
# Going backwards in time, $a_t$ influences $L$ through its own output **and** through $a_{t+1}$:
#
# $$\delta_t = \frac{\partial L}{\partial a_t} = (1 - h_t^2) \odot
# \left(V^\top (\hat y_t - y_t) + W^\top \delta_{t+1}\right), \qquad \delta_{T+1} = 0 .$$
#
# The gradient for each parameter is then a sum over the steps, of $\delta_t$ or $\hat y_t - y_t$ times what the
# parameter was multiplied with. Think of the shapes: the gradient for $U$ has the shape of $U$. The check
# counts the output layer ($V$, $c$) and the recurrent layer ($U$, $W$, $b$) apart.


# %% solution="all_gradients"
def all_gradients(weights: Weights, x: Tensor, h: Tensor, p: Tensor, y: Tensor) -> Weights:
    """The gradient of L_1 + … + L_T; x (T, I), h (T + 1, H) with h[t] = h_t, p and y (T, O)."""
    ### BEGIN SOLUTION
    errors = p - y  # (T, O)
    later = torch.zeros_like(weights.b)  # W^T δ_{t+1}
    deltas = torch.zeros_like(h[1:])  # (T, H)
    for t in reversed(range(len(x))):
        deltas[t] = (1 - h[t + 1] ** 2) * (weights.V.T @ errors[t] + later)
        later = weights.W.T @ deltas[t]
    dU, dW, db = deltas.T @ x, deltas.T @ h[:-1], deltas.sum(dim=0)
    return Weights(dU, dW, db, V=errors.T @ h[1:], c=errors.sum(dim=0))
    ### END SOLUTION


# %% check="all_gradients" points=6
check("all_gradients", all_gradients)

# %% [markdown]
# <details><summary>U and b are right, W is not</summary>
#
# In $a_t$ the matrix $W$ is multiplied with the state **before**, $h_{t-1}$;
# the first of them is $h_0$, which is not zero.
# </details>
#
# Autograd again, for a sequence of 30 steps; expect differences below $10^{-4}$, beside norms of up to 39.

# %% look
weights, x, h, p, y = small_example(T=30)
yours, witness = all_gradients(weights, x, h, p, y), autograd_says(weights, x, h[0], y, slice(30))
for name, one, other in zip(Weights._fields, yours, witness, strict=True):
    print(f"{name}   largest difference {(one - other).abs().max():.1e}   norm {other.norm():.2f}")

# %% [markdown]
# ## 3 A recurrent unit and an LSTM
#
# ### 3.1 `VanillaRNN`
#
# 4 points · difficulty ●○○ · importance ●●○ · 20 minutes · about 4 lines
#
# Build one step of the network of part 2 as a module: from an input and a state to the logarithms of the output
# probabilities and the **new** state,
#
# $$h_t = \tanh(U x_t + W h_{t-1} + b), \qquad \log \hat y_t = \log \mathrm{softmax}(V h_t + c) .$$
#
# The output is computed from the new state, as in part 2 (an *Elman* network, [Elman,
# 1990](https://doi.org/10.1207/s15516709cog1402_1)). If it came from $x_t$ and $h_{t-1}$ by one linear layer, the
# hidden layer would have no part in the output of its own step; that is not meant here.
#
# Use `nn.Linear`. How many layers, and what they are called, is up to you: the check does not look at names,
# but finds out what your unit computes. One linear layer may read $x_t$ and $h_{t-1}$ side by side. torch's
# finished recurrent layers (`nn.RNNCell`, `nn.LSTM` and so on) are no answer, here and in 3.2.


# %% solution="vanilla_rnn"
class VanillaRNN(nn.Module):
    """One step of an Elman network, with a bias in each of its two equations."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.hidden = nn.Linear(input_size + hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, output_size)
        ### END SOLUTION

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs (B, I) and states (B, H) → log-probabilities (B, O) and new states (B, H)."""
        ### BEGIN SOLUTION
        new = torch.tanh(self.hidden(torch.cat([x, h], dim=1)))  # (B, H)
        return self.output(new).log_softmax(dim=1), new
        ### END SOLUTION


# %% check="vanilla_rnn" points=4
check("vanilla_rnn", VanillaRNN)

# %% [markdown]
# <details><summary>"the output is not log softmax of a linear map of the new state"</summary>
#
# Give the output layer the state that you have just computed, and not $x_t$ or $h_{t-1}$.
# </details>
#
# What does the unit remember? Two sequences differ in their first input only. The plot shows how far apart the
# states are after $t$ further steps, for five fresh units of hidden size 32. Expect straight lines downwards:
# the difference is halved in every step, and after 20 steps it is $10^{-5}$ or less. (Near $10^{-7}$ float32
# ends.)

# %% look
figure, axes = plt.subplots(figsize=(6, 3.2))
for seed in range(5):
    torch.manual_seed(seed)
    unit, x, h = VanillaRNN(9, 32, 8), torch.randn(40, 1, 9), torch.zeros(2, 32)
    apart = []
    for t in range(40):
        first = torch.cat([x[0], -x[0]]) if t == 0 else x[t].expand(2, 9)
        _, h = unit(first, h)
        apart.append((h[0] - h[1]).norm().item())
    axes.semilogy(apart)
axes.set(xlabel="steps since the inputs differed", ylabel="distance of the states")
axes.set(title="the plain unit forgets", ylim=(1e-9, 10))
plt.show()
print(f"seed 4: after 10 steps {apart[10]:.1e}, after 20 steps {apart[20]:.1e}")

# %% [markdown]
# ### 3.2 `LSTM`
#
# 8 points · difficulty ●●● · importance ●●● · 60 minutes · about 18 lines
#
# The LSTM ([Hochreiter and Schmidhuber, 1997](https://doi.org/10.1162/neco.1997.9.8.1735)) keeps a second state, the
# *cell* $c_t$, and decides with **gates** what to forget ([Gers et al.,
# 2000](https://doi.org/10.1162/089976600300015015)), what to write and what to show. With row vectors, as in a batch:
#
# $$\begin{aligned}
# i_t &= \sigma(x_t W_{ii} + b_{ii} + h_{t-1} W_{hi} + b_{hi}) & \text{input gate} \\
# f_t &= \sigma(x_t W_{if} + b_{if} + h_{t-1} W_{hf} + b_{hf}) & \text{forget gate} \\
# g_t &= \tanh(x_t W_{ig} + b_{ig} + h_{t-1} W_{hg} + b_{hg}) & \text{candidate} \\
# o_t &= \sigma(x_t W_{io} + b_{io} + h_{t-1} W_{ho} + b_{ho}) & \text{output gate} \\
# c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
# h_t &= o_t \odot \tanh(c_t)
# \end{aligned}$$
#
# (They are drawn in [Understanding LSTM Networks](https://colah.github.io/posts/2015-08-Understanding-LSTMs/).) The
# first two states are **zero**, in every call. Make the parameters with
# [`nn.Parameter`](https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html); `uniform` below draws their first values. Which parameters you
# have is up to you: the 16 of the equations, 12 with one bias for each gate, or matrices for all four gates at
# once and `chunk`. For that reason there is a method `gates`: it returns $i_t, f_t, g_t, o_t$ **in this
# order**. The check compares `gates` with the first four equations, and `forward` with the last two, given what
# *your* `gates` says. If you call the parameters as in the equations, it recognises more mistakes.


# %%
def uniform(*shape: int) -> nn.Parameter:
    """A parameter of shape (…, H) with values between ±1/√H, as torch's own LSTM has them."""
    return nn.Parameter(torch.empty(*shape).uniform_(-1, 1) / math.sqrt(shape[-1]))


# %%
def raise_forget_gate(lstm: nn.Module, by: float) -> nn.Module:
    """Add a number to the bias of the forget gate, found by its derivative."""
    _, f, _, _ = lstm.gates(torch.zeros(1, lstm.input_size), torch.zeros(1, lstm.hidden_size))
    own = list(lstm.parameters())
    found = torch.autograd.grad(torch.logit(f).sum(), own, allow_unused=True)
    biases = [(p, grad.round()) for p, grad in zip(own, found, strict=True) if grad is not None]
    count = sum(grad.square().sum() for _, grad in biases) / lstm.hidden_size  # one bias, or two
    with torch.no_grad():
        for parameter, grad in biases:
            parameter += by / count * grad
    return lstm


# %% solution="lstm"
class LSTM(nn.Module):
    """A layer of LSTM that reads sequences and returns its last states."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        ### BEGIN SOLUTION
        I, H = input_size, hidden_size
        for gate in "ifgo":
            self.register_parameter(f"W_i{gate}", uniform(I, H))
            self.register_parameter(f"W_h{gate}", uniform(H, H))
            self.register_parameter(f"b_i{gate}", uniform(H))
            self.register_parameter(f"b_h{gate}", uniform(H))
        ### END SOLUTION

    def gates(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Inputs (B, I) and states (B, H) of one step → i, f, g, o, each (B, H)."""
        ### BEGIN SOLUTION
        i = torch.sigmoid(x @ self.W_ii + self.b_ii + h @ self.W_hi + self.b_hi)
        f = torch.sigmoid(x @ self.W_if + self.b_if + h @ self.W_hf + self.b_hf)
        g = torch.tanh(x @ self.W_ig + self.b_ig + h @ self.W_hg + self.b_hg)
        o = torch.sigmoid(x @ self.W_io + self.b_io + h @ self.W_ho + self.b_ho)
        return i, f, g, o
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Sequences (B, T, I) → the last states h_T and c_T, each (B, H)."""
        ### BEGIN SOLUTION
        h = c = x.new_zeros(len(x), self.hidden_size)
        for t in range(x.shape[1]):
            i, f, g, o = self.gates(x[:, t], h)
            c = f * c + i * g
            h = o * torch.tanh(c)
        return h, c
        ### END SOLUTION


# %% check="lstm" points=8
check("lstm", LSTM)

# %% [markdown]
# <details><summary>"mat1 and mat2 shapes cannot be multiplied", in the first step</summary>
#
# The first states have one row for each **sequence**: `(B, H)`. And is
# the batch the first axis of $x$, time the second?
# </details>
#
# <details><summary>"c_1 is not f ⊙ c_0 + i ⊙ g", although the equations are right</summary>
#
# Are both states zero at the start of **every** call, and not only of the first?
# Do you compute all four gates with $h_{t-1}$,
# before you overwrite it?
# </details>
#
# The forgetting curve again, now with your LSTM. `raise_forget_gate` above adds a number to the bias of the forget
# gate, wherever you keep it: at $x = h = 0$ only biases have a derivative, and it shows which entries belong to
# $f$. With 0 the gate is near ½ and the LSTM forgets exponentially too, nearly as fast as the plain unit.
# With 5 it is at $\sigma(5) = 0.993$ and hardly anything is forgotten: the distance even grows, because different states
# open the other gates differently.

# %% look
figure, axes = plt.subplots(figsize=(6, 3.2))
for by, colour in ((0, "tab:blue"), (2, "tab:green"), (5, "tab:red")):
    for seed in range(3):
        torch.manual_seed(seed)
        lstm, x = raise_forget_gate(LSTM(9, 32), by), torch.randn(1, 40, 9).repeat(2, 1, 1)
        x[1, 0] *= -1  # the sequences differ in their first input
        ends = [lstm(x[:, :t])[1] for t in range(1, 41)]
        apart = [(c[0] - c[1]).norm().item() for c in ends]
        axes.semilogy(apart, color=colour, label=f"forget bias + {by}" if seed == 0 else None)
axes.set(xlabel="steps since the inputs differed", ylabel="distance of the cells")
axes.set(title="the LSTM forgets as fast as its gate says", ylim=(1e-9, 10))
axes.legend(loc="lower left")
plt.show()
print(f"forget bias + 5, seed 2: first {apart[0]:.1f}, after 40 steps {apart[-1]:.1f}")

# %% [markdown]
# ### 3.3 What a sequence costs
#
# 2 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 4 lines
#
# A product of matrices $(a, b)$ and $(b, c)$ takes $abc$ multiplications and as many additions, $2abc$ **FLOPs**; they
# alone are counted. Memory is the other cost: back-propagation through time needs what **every** step has computed, and
# all of it stays in memory until then. Return for `LSTM(I, H)`, with the 16 parameters of the equations, and a batch of
# `B` sequences of `T` steps, without building one,
#
# - `parameters`, how many numbers the layer learns;
# - `flops`, the FLOPs of the forward pass, all steps;
# - `kept`, how many numbers the forward pass keeps: the inputs of products with a matrix, both factors of each $\odot$,
#   and what comes out of each $\sigma$ and $\tanh$ ($\sigma' = \sigma (1 - \sigma)$ needs nothing else). What several
#   operations need is kept once; $h_0$ and $c_0$ count like other states.


# %% solution="lstm_costs"
def lstm_costs(I: int, H: int, B: int, T: int) -> dict[str, int]:
    """Parameters of LSTM(I, H), FLOPs of B sequences of T steps, and the numbers that they keep."""
    ### BEGIN SOLUTION
    weights = 4 * (I * H + H * H)
    parameters = weights + 4 * 2 * H
    flops = B * T * 2 * weights
    kept = B * T * (I + 7 * H)  # x and h before; i, f, g and o; c before; tanh of the new c
    ### END SOLUTION
    return {"parameters": parameters, "flops": flops, "kept": kept}


# %% check="lstm_costs" points=2
check("lstm_costs", lstm_costs)

# %% [markdown]
# A profiler watches the products while they run, and what autograd saves. (A float32 has four bytes.) Expect a ratio of
# 1.000 for the FLOPs, for the parameters if you have the 16 of the equations, and for the bytes about as much: autograd
# may keep one state of zeros for $h_0$ and $c_0$ together.

# %% look
mine = lstm_costs(I=9, H=32, B=64, T=30)
side_by_side(
    {"parameters": mine["parameters"], "flops": mine["flops"], "saved_bytes": 4 * mine["kept"]},
    counts(LSTM(9, 32), torch.randn(64, 30, 9)),
)

# %% look
for T in (100, 1000, 10_000):
    large = lstm_costs(I=1024, H=1024, B=64, T=T)
    print(
        f"{T:6} steps: parameters {4 * large['parameters'] / 1e9:.2f} GB   "
        f"forward {large['flops'] / 1e12:6.1f} TFLOP   kept {4 * large['kept'] / 1e9:6.2f} GB"
    )

# %% [markdown]
# Expect 0.03 GB of parameters throughout, and 0.21, 2.10 and 20.97 GB that are kept: what is kept grows with the
# length, and parameters do not. *Truncated* back-propagation keeps the last $k$ steps only, and gives up gradients from
# further back ([Williams and Peng, 1990](https://doi.org/10.1162/neco.1990.2.4.490)). A plain unit with as many hidden
# numbers has a quarter of the FLOPs.

# %% [markdown]
# ## 4 What it is good for
#
# ### Experiment: how far back a gradient reaches
#
# The same question for the gradient itself: how large is $\sigma_{\max}(\partial h_T / \partial x_t)$, by the
# distance $T - t$? For a plain network $\partial h_T / \partial x_t$ is a product of $T - t$ factors
# $\mathrm{diag}(\phi'(a))\, W$ and one $\mathrm{diag}(\phi'(a))\, U$. Both $\tanh'$ and $\mathrm{ReLU}'$ are at
# most 1, so that
#
# $$\sigma_{\max}\!\left(\frac{\partial h_T}{\partial x_t}\right)
# \le \sigma_{\max}(W)^{T - t}\, \sigma_{\max}(U) .$$
#
# This is drawn dashed, for three orthogonal matrices times a factor. Your LSTM has no such bound; dashed there
# is the largest entry of the product $f_{t+1} \odot \dots \odot f_T$ of its forget gates, the way through the
# cell alone.


# %%
def reach(last_state, x: Tensor) -> Tensor:
    """σ_max(∂h_T/∂x_t) for every t, of a function from inputs (T, I) to the last state (H,)."""
    jacobian = torch.autograd.functional.jacobian(last_state, x)  # (H, T, I)
    return torch.linalg.matrix_norm(jacobian.transpose(0, 1), ord=2)  # (T,)


def plain_state(W: Tensor, U: Tensor, activation, x: Tensor) -> Tensor:
    """The last state (H,) of a network h_t = activation(U x_t + W h_{t−1})."""
    h = torch.zeros(len(W))
    for x_t in x:
        h = activation(U @ x_t + W @ h)
    return h


def forget_products(lstm: nn.Module, x: Tensor) -> Tensor:
    """The largest entry of f_{t+1} ⊙ … ⊙ f_T for every t, for inputs (T, I)."""
    h, found = torch.zeros(1, lstm.hidden_size), []
    for t in range(len(x)):
        found.append(lstm.gates(x[t : t + 1], h)[1][0])
        h, _ = lstm(x[None, : t + 1])
    later = torch.stack([*found[1:], torch.ones(lstm.hidden_size)])  # (T, H)
    return later.flip(0).cumprod(0).flip(0).max(dim=1).values.detach()


# %% train
T, H, I = 60, 32, 4
torch.manual_seed(0)
x, U = torch.randn(T, I), 0.2 * torch.randn(H, I)
orthogonal = torch.linalg.qr(torch.randn(H, H)).Q
distance = torch.arange(T).flip(0)
colours = ("tab:blue", "tab:green", "tab:red")
figure, panels = plt.subplots(1, 3, figsize=(14, 3.8), sharey=True)
for axes, activation in zip(panels, (torch.tanh, torch.relu), strict=False):
    for factor, colour in zip((0.8, 1.0, 2.0), colours, strict=True):
        W = factor * orthogonal
        norms = reach(lambda x, W=W, a=activation: plain_state(W, U, a, x), x)
        bounds = factor**distance * torch.linalg.matrix_norm(U, ord=2)
        axes.semilogy(distance, norms, color=colour, label=f"$\\sigma_{{max}}(W)$ = {factor}")
        axes.semilogy(distance, bounds, "--", color=colour)
        name = activation.__name__
        print(f"{name:5}  σ_max(W) = {factor}   distance 0: {norms[-1]:.1e}   40: {norms[-41]:.1e}")
    axes.set(title=f"{activation.__name__}, dashed: the bound")
for by, colour in zip((0, 2, 5), colours, strict=True):
    lstm = raise_forget_gate(LSTM(I, H), by)
    norms = reach(lambda x, lstm=lstm: lstm(x[None])[0][0], x)
    panels[2].semilogy(distance, norms, color=colour, label=f"forget bias + {by}")
    panels[2].semilogy(distance, forget_products(lstm, x), "--", color=colour)
    print(f"LSTM   forget bias + {by}    distance 0: {norms[-1]:.1e}   40: {norms[-41]:.1e}")
panels[2].set(title="LSTM, dashed: product of forget gates")
panels[0].set(ylabel="$\\sigma_{max}(\\partial h_T / \\partial x_t)$", ylim=(1e-12, 1e12))
for axes in panels:
    axes.set(xlabel="distance T − t")
    axes.legend(loc="lower left", fontsize=8)
plt.show()

# %% [markdown]
# **What to expect**: solid lines of the plain networks never above their dashed ones. With 0.8 the gradient
# must vanish: at distance 40 it is near $10^{-7}$ for tanh and $10^{-11}$ for ReLU. With 1.0 it could stay, but
# vanishes all the same. With 2.0 the bound allows $10^{12}$; measured are $10^2$ and $10^4$, still an
# explosion, but a slower one. The LSTM's gradient shrinks to less than $10^{-8}$ with "+ 0", to some
# $10^{-2}$ with "+ 2", and with "+ 5" it stays about as large as at distance 0. Its solid lines roughly follow the
# dashed ones and may rise above them, since the cell is not the only way.
#
# ### 4.1 Written: `why_vanishing`
#
# 4 points
#
# When do gradients vanish in a plain recurrent network, and when do they explode? Explain both with the product
# of Jacobians and with the bound. Does $\sigma_{\max}(W) > 1$ imply that they explode? What does either do to
# training, and what helps against explosion?

# %% [markdown] answer="why_vanishing" points=4
# Model answer: $\partial h_T / \partial h_t = \prod \mathrm{diag}(\phi'(a_s))\, W$ is a product of $T - t$
# factors with the same $W$. Its largest singular value is at most $(\gamma\, \sigma_{\max}(W))^{T-t}$ with
# $\gamma = \max \phi'$ (1 for tanh and ReLU, ¼ for the sigmoid). If $\gamma\, \sigma_{\max}(W) < 1$ it vanishes
# exponentially with the distance, whatever the inputs are. $\gamma\, \sigma_{\max}(W) > 1$ is **necessary** for
# explosion but not sufficient: it is only an upper bound. Saturated units have $\phi' \approx 0$, inactive
# ReLUs 0, and $W$ need not stretch the same direction again and again; in the plot the gradients with
# $\sigma_{\max} = 2$ stay far below their bound, and those with 1 vanish. Vanishing: the gradient for the
# shared parameters is a sum over distances in which the near terms drown the far ones, so the network does not
# learn long dependencies, although it could represent them. Explosion: single updates are huge, the loss jumps
# or becomes NaN. Against explosion: clip the norm of the gradient, a smaller learning rate, truncated
# back-propagation, orthogonal initialisation; clipping does not help against vanishing, for which one changes
# the architecture (gates, skip connections, attention).
#
# Marking: 1 point for the product of Jacobians and exponential decay or growth; 1 for "below 1 suffices for
# vanishing, above 1 is necessary but not sufficient for explosion" with a reason; 1 for the effects on
# training; 1 for clipping, or another remedy that works. "Clipping" as a remedy for vanishing gradients costs
# the last point.

# %% [markdown]
# ### Experiment: recalling the first symbol
#
# The task: 40 random symbols out of 8 go by, and at the end the network must name the **first** one, which a
# ninth input marks. Guessing is right in 12.5 % of the cases, with a loss of $\ln 8 = 2.08$. To learn it, a
# gradient must come back over 40 steps. Three networks made of your parts are trained in the same way, with
# their gradients clipped to a norm of ½: your LSTM and your plain unit with 40 symbols, and once more the plain
# unit with 5 symbols, to see that it does learn where the gradient reaches. The LSTM starts with its forget
# gates raised by 4.

# %%
SYMBOLS = 8
HIDDEN = 32
LENGTH = 40  # symbols of a sequence


class PlainRecall(nn.Module):
    """The plain unit, step by step; the output of the last step counts."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = VanillaRNN(SYMBOLS + 1, HIDDEN, SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        """Sequences (B, T, 9) → log-probabilities of the first symbol (B, 8)."""
        h = torch.zeros(len(x), HIDDEN)
        for t in range(x.shape[1]):
            logs, h = self.unit(x[:, t], h)
        return logs


class GatedRecall(nn.Module):
    """The LSTM, its forget gate raised, and a linear layer that reads its last state."""

    def __init__(self, by: float = 4) -> None:
        super().__init__()
        self.lstm = raise_forget_gate(LSTM(SYMBOLS + 1, HIDDEN), by)
        self.out = nn.Linear(HIDDEN, SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        """Sequences (B, T, 9) → log-probabilities of the first symbol (B, 8)."""
        return self.out(self.lstm(x)[0]).log_softmax(dim=1)


def sequences(batch: int, length: int, again: float = 0.0) -> tuple[Tensor, Tensor]:
    """One-hot symbols with a ninth number that marks some (B, T, 9), and the last marked ones (B,).

    The first symbol is marked, and each later one with the probability `again`.
    """
    symbols = torch.randint(SYMBOLS, (batch, length))
    marked = torch.rand(batch, length) < again
    marked[:, 0] = True
    last = (marked * torch.arange(length)).argmax(dim=1)
    x = torch.cat([F.one_hot(symbols, SYMBOLS), marked[:, :, None]], dim=2).float()
    return x, symbols[torch.arange(batch), last]


def recall_loss(model: nn.Module, length: int, again: float) -> Tensor:
    """The loss on a fresh batch of 64 sequences."""
    x, wanted = sequences(64, length, again)
    return F.nll_loss(model(x), wanted)


@torch.no_grad()
def recalled(model: nn.Module, length: int, again: float = 0.0) -> float:
    """The share of 1000 sequences whose last marked symbol is named."""
    x, wanted = sequences(1000, length, again)
    return (model(x).argmax(1) == wanted).float().mean().item()


def trained(
    make: Callable[[], nn.Module],
    length: int,
    again: float = 0.0,
    *,
    seed: int = 0,
    steps: int = 400,
    label: str = "training",
) -> tuple[nn.Module, list[float], float]:
    """A trained model, its losses, and the share that it recalls."""
    torch.manual_seed(seed)
    model = make()
    draw = partial(recall_loss, model, length, again)
    losses = fit(model, draw, steps=steps, learning_rate=1e-2, clip=0.5, label=label)
    return model, losses, recalled(model, length, again)


# %% train
what_and_how_long = {
    "LSTM, 40 symbols": (GatedRecall, LENGTH),
    "plain unit, 40 symbols": (PlainRecall, LENGTH),
    "plain unit, 5 symbols": (PlainRecall, 5),
}
runs = {
    name: trained(make, length, label=name) for name, (make, length) in what_and_how_long.items()
}
figure, axes = plt.subplots(figsize=(7, 3.6))
for name, (_, losses, share) in runs.items():
    print(f"{name:24} recalled {share:.3f}   guessing {1 / SYMBOLS:.3f}")
    curve(axes, losses, label=name, window=10)
axes.axhline(math.log(SYMBOLS), color="grey", linestyle="--", label="guessing: ln 8")
axes.set(xlabel="step", ylabel="loss", ylim=0, title="learning to recall the first symbol")
axes.legend()
plt.show()

# %% [markdown]
# **What to expect** (three seeds): [[gated.recalled:.2f]] for the LSTM, whose loss is below 0.1 after
# [[gated.steps:.0f]] of 400 steps; [[plain.recalled:.2f]] for the plain unit, which is guessing;
# [[plain_5.recalled:.2f]] for the plain unit with 5 symbols, after [[plain_5.steps:.0f]] steps. (A vanishing gradient
# makes learning slow rather than impossible: with 30 symbols, six plain units recalled [[plain_30.recalled:.2f]].)
# The three trainings take [[gated.seconds.mean:.0f]] s, [[plain.seconds.mean:.0f]] s and less than a second of
# processor time. They stay on the CPU, because the steps of a recurrent network follow one another and are small
# here, so that a GPU would mostly wait.
#
# How does the LSTM do it? Its gates while it reads one sequence, a row for each of its units, sorted by how far
# their input gate is open later. In the last rows it is more open at the first symbol than afterwards, so that later
# symbols are written less. The printed line says by how much: the reference has 0.73 and 0.03, and with other seeds down
# to 0.33 and 0.15. Where the forget gate of such a unit is
# near 1, its cell keeps what it wrote; where it closes, the unit clears itself. In the rows above, cells add up
# what comes until their tanh is saturated.


# %%
@torch.no_grad()
def gates_over_time(lstm: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Input gates, forget gates and tanh of the cells (T, H) while a sequence (T, I) is read."""
    h, rows = torch.zeros(1, lstm.hidden_size), []
    for t in range(len(x)):
        i, f, _, _ = lstm.gates(x[t : t + 1], h)
        h, c = lstm(x[None, : t + 1])
        rows.append(torch.cat([i, f, c.tanh()]))
    names = ("input gate", "forget gate", "tanh of the cell")
    return dict(zip(names, torch.stack(rows, dim=1), strict=True))


# %% train
torch.manual_seed(1)
shown = gates_over_time(runs["LSTM, 40 symbols"][0].lstm, sequences(1, LENGTH)[0][0])
order = shown["input gate"][1:].mean(0).argsort(descending=True)
figure, panels = plt.subplots(1, 3, figsize=(14, 3.6))
for axes, (name, values) in zip(panels, shown.items(), strict=True):
    signed = {"vmin": -1, "cmap": "RdBu"} if name == "tanh of the cell" else {"vmin": 0}
    heat_map(axes, values.T[order], title=name, x="step t", y="unit, sorted", vmax=1, **signed)
plt.show()
first, later = (
    gates[order[-4:]].mean() for gates in (shown["input gate"][0], shown["input gate"][1:].mean(0))
)
print(f"input gate of the last four units: {first:.2f} at the first symbol, {later:.2f} later")

# %% [markdown]
# ### 4.2 Written: `why_gates`
#
# 4 points
#
# Explain what each of the three gates and the candidate is for. Why does the gradient along the cell not vanish
# as it does in a plain network? Give $\partial c_T / \partial c_t$ along the cell alone, say what the forget
# gate must do, and name one way in which an LSTM's gradient can still vanish or explode.

# %% [markdown] answer="why_gates" points=4
# Model answer: the candidate $g$ is what could be written, with values in $(-1, 1)$; the input gate decides for
# each unit how much of it is written, the forget gate how much of the old cell is kept, the output gate how
# much of the cell is shown to the next step and to the layer above. $c_t = f_t \odot c_{t-1} + i_t \odot g_t$
# is additive: along the cell alone
# $\partial c_T / \partial c_t = \mathrm{diag}(f_{t+1} \odot \dots \odot f_T)$, without a matrix $W$ and without
# the derivative of an activation. Where the forget gate is near 1 this product stays near 1 for many steps, and
# the network **learns** where that should be; a plain network has $W$ and $\tanh'$ in each factor, the same
# everywhere. Hence the forget gate's bias is raised at the start: with $f \approx ½$ the product over 40 steps
# is $2^{-40}$, as in the experiment with "+ 0". It can still vanish, where $f < 1$ for long, or where the input
# gate or the output gate is saturated at 0; and explode, because the gates also depend on $h_{t-1}$, so that
# there are further ways through the matrices $W_{h\cdot}$.
#
# Marking: 1 point for the roles (one gate confused with another: ½); 1 for the product of forget gates; 1 for
# "additive, no $W$ and no $\tanh'$ on this way" or an equal argument; 1 for a remaining weakness with its
# reason. "It has a memory" alone earns nothing.

# %% [markdown]
# ### 4.3 Written: `forget_gate`
#
# 3 points
#
# Is the forget gate worth its place? The first LSTM had none: its cell kept everything, as if $f$ were 1. Three LSTMs,
# which differ in the bias of their forget gate alone:
#
# | | |
# |---|---|
# | + 0 | as torch initialises it: near ½ at the start |
# | + 4 | as above: near 0.98 at the start |
# | + 20 | always open: $\sigma(20) = 1 - 2 \cdot 10^{-9}$, where the derivative of $\sigma$ is 0, so that it stays so |
#
# and two tasks of 40 symbols: to name the **first** one, as above, and to name the **last marked** one, where besides
# the first each later symbol is marked with a probability of 0.1.
#
# (To raise the bias is an old recommendation, by Gers et al. and by [Jozefowicz et al.,
# 2015](https://proceedings.mlr.press/v37/jozefowicz15.html).) **Before you run the cell, write down** which of the
# six you expect to learn their task, and why. Then run it (about half a minute of processor time), and write what
# came out, and why.

# %% train
tasks = {"first": 0.0, "last marked": 0.1}
trained_before = {"first, + 4": runs["LSTM, 40 symbols"]}
figure, panels = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
for axes, (task, again) in zip(panels, tasks.items(), strict=True):
    for by in (0, 4, 20):
        label = f"{task}, + {by}"
        _, losses, share = trained_before.get(label) or trained(
            partial(GatedRecall, by), LENGTH, again, label=label
        )
        print(f"{label:18} recalled {share:.3f}   guessing {1 / SYMBOLS:.3f}")
        curve(axes, losses, label=f"forget bias + {by}", window=10)
    axes.set(xlabel="step", title=f"recalling the {task} symbol")
    axes.legend()
panels[0].set(ylabel="loss", ylim=0)
plt.show()

# %% [markdown] answer="forget_gate" points=3
# Model answer: measured with three seeds, shares that are recalled:
#
# | | first | last marked |
# |---|---|---|
# | + 0 | [[first_0.recalled:.2f]] | [[last_0.recalled:.2f]] |
# | + 4 | [[gated.recalled:.2f]] | [[last_4.recalled:.2f]] |
# | + 20 | [[first_20.recalled:.2f]] | [[last_20.recalled:.2f]] |
#
# The first symbol needs a cell that forgets nothing over 40 steps. Near ½ the gradient along the cell is about
# $2^{-39}$ at the start, so that nothing says to the gate that it should open: + 0 guesses. + 20 learns it
# nearly as well as + 4, since there is nothing to forget. The last marked symbol is about nine steps ago in the mean,
# and often less, so that even + 0 gets a gradient; from short distances it learns to hold, and to clear: in the end its forget gate
# is [[last_0.at_marks:.2f]] in the mean at marks and [[last_0.elsewhere:.2f]] elsewhere. + 20 cannot clear anything:
# what several marks have written adds up, and the candidate must cancel or outvote it, which succeeds in part. + 4
# begins with too much memory and has to learn to forget, for which 400 steps do not always suffice. So the gate
# is not needed for remembering, a constant 1 does that, but for *forgetting*; and how it starts decides which of the two
# is learned soon.
#
# Marking: 1 point for a prediction for both tasks with a reason, compared with what came out (right or wrong does not
# matter); 1 for the first symbol (gradient along the cell is a product of $f$; + 0 vanishes, + 20 does not); 1 for
# the last marked one (something must be cleared, which an open gate cannot do; short distances give + 0 a gradient).

# %% [markdown]
# ## 5 Reviewing a paper
#
# Choose **one** of the two papers, read it, and write a review and the answers to its two questions. Each text
# may have at most 350 words. Write for a fellow student who knows this course and has not read the paper, in
# your own words; what you claim about the paper should name the section, figure or table where it stands.
#
# 1. **How do vision transformers see?** M. Raghu et al., *Do Vision Transformers See Like Convolutional Neural
#    Networks?* (2021), [arXiv:2108.08810](https://arxiv.org/abs/2108.08810). For a long time convolutional
#    networks were the state of the art in vision. Vision transformers reach or exceed their accuracy. Do they
#    solve the task in the same way?
# 2. **What does a language model learn besides language?** T. Brown et al., *Language Models are Few-Shot
#    Learners* (2020), [arXiv:2005.14165](https://arxiv.org/abs/2005.14165). A pre-trained language model
#    performs a new task from its description and a few examples, or none (*zero-shot*). How well, and where
#    does it fail?
#
# ### 5.1 `paper_review`
#
# Say which paper you chose. What is its main contribution, in a few sentences? What are its strengths and its
# weaknesses? What is your personal takeaway: what is new compared with other work you know, what should be
# tried next that the authors have not addressed, or what else struck you?

# %% [markdown] answer="paper_review" points=10 words=350
# What a good review of paper 1 says: **Contribution**: compares the inner representations of ViTs and ResNets
# layer by layer, mainly with centred kernel alignment (CKA). ViTs are far more uniform: lower and higher layers
# resemble each other, while a ResNet has clear stages. Attention heads in low layers look both near and far, so
# that global information is there from the start; local heads appear low only if there are enough training data
# (JFT-300M against ImageNet). Skip connections carry much more in ViTs, and cutting one breaks the similarity
# of the layers around it. Spatial position stays readable in the last layers. **Strengths**: many models and
# data sizes, one question from several sides (CKA, receptive fields, attention distances, probes).
# **Weaknesses**: similarity says little about what is computed, CKA has known blind spots, JFT-300M is not
# public, mostly classification, few architectures between the two families.
#
# What a good review of paper 2 says: **Contribution**: a language model of 175 billion parameters performs
# dozens of tasks from a prompt alone, without any update of its weights; the gain from examples in the prompt
# grows with size. **Strengths**: eight sizes with one recipe, zero-, one- and few-shot side by side, a study of
# contamination, an open section on limits, bias and energy. **Weaknesses**: weak where two texts must be
# compared (WiC, ANLI) and on some reading tasks; a bug in the filter left overlap with test sets; hardly
# reproducible in cost; it stays unclear whether tasks are learned or recognised; the role of the prompt is
# hardly studied.
#
# Marking: 4 points for the contribution (2 for what was done and how, 2 for the findings that matter, each
# where it stands in the paper); 2 for strengths and 2 for weaknesses, each with a reason (a list without
# reasons: half); 2 for a takeaway of one's own that follows from the paper and goes beyond its abstract. Over
# the limit: read the first 350 words only. A summary of the abstract alone earns at most 3.

# %% [markdown]
# ### 5.2 `paper_question_1`
#
# - **Paper 1**: compare and contrast the features that ViTs and convolutional networks learn. Explain the
#   differences by the architecture **and** by the training.
# - **Paper 2**: how might one approach the technical limitations named in sections 5 and 6 of the paper?
#   Consider changes of the architecture, other data or context, and other objectives.

# %% [markdown] answer="paper_question_1" points=4 words=350
# Paper 1, model answer: ViT features are similar across depth and hold global information from the first
# layers; features of a ResNet go from local to global in stages. Architecture: self-attention connects all
# patches in each layer, a convolution sees a small window, and its receptive field grows with depth; a ViT
# keeps its resolution and width throughout, a ResNet pools; skip connections in ViTs pass most of the
# representation on. Training: a ViT has no built-in locality and must learn it, so that with little data
# (ImageNet only) its low layers do not become local and its accuracy is lower; with JFT-300M they do. In
# common: low layers of a ViT with enough data resemble those of a ResNet, at fewer layers.
#
# Paper 2, model answer: limits such as losing the thread in long texts, weakness in comparing two texts (no
# bidirectional context), all tokens weighted alike, no grounding, poor sample efficiency, cost, uncertain
# calibration, bias from the data. Approaches: bidirectional or denoising objectives, or encoder-decoders;
# retrieval and longer context; weights for important tokens, goal-directed objectives, learning from human
# feedback; images and other modalities; distillation and sparsity; better filtering of data, documentation and
# measurement of bias, and mitigation after training.
#
# Marking: paper 1: 1 point for similarities or differences that the paper shows, with their place; 1 for the
# architecture, with the mechanism; 1 for the training, with the role of the amount of data; 1 for a comparison
# both ways, not two separate lists. Paper 2: 1 point for naming limits from sections 5 and 6; 3 for three
# approaches, each tied to a limit and with a reason why it should help. Over the limit: read the first 350
# words only.

# %% [markdown]
# ### 5.3 `paper_question_2`
#
# - **Paper 1**: what is meant by *spatial localisation*? Why might ViTs be considered for object detection
#   because of it?
# - **Paper 2**: what are the social implications of using such models, for instance to describe images, to
#   answer questions, or as chatbots?

# %% [markdown] answer="paper_question_2" points=4 words=350
# Paper 1, model answer: a representation localises if one can read from the token of a place what stood in the
# input **at that place**. The paper compares tokens of the last layers with input patches (CKA) and trains
# linear probes on single tokens: tokens of ViTs with a CLS token keep their place up to the last layer, while
# those of ResNets, and of ViTs that are trained with global average pooling, are similar to many places,
# because pooling asks every token to hold the class of the whole image. Detection needs *where* besides *what*:
# place kept to the end, at constant resolution, together with global context in every layer, is what a detector
# can use. Caveats: the cost of attention at high resolution, coarse patches, small objects; the paper does not
# train detectors.
#
# Paper 2, model answer: harms by misuse (disinformation, spam, phishing, essays by machines), as text can
# hardly be told from people's; bias of gender, race and religion that is learned and repeated, with
# consequences in hiring, moderation or image descriptions; false but fluent answers, and trust in them (health,
# law); privacy and copyright of training data; energy and the concentration of power in the few who can train
# them; work replaced or changed. Benefits: accessibility (describing images for the blind), tutoring, languages
# with few resources. Mitigation: disclosure, people in the loop, audits, filters, limits on use.
#
# Marking: paper 1: 2 points for what localisation means and how the paper measures it; 1 for the reason why
# ViTs keep it (CLS token against pooling); 1 for the link to detection, or a caveat. Paper 2: 3 points for
# three different implications, each with an example of use and who is affected; 1 for a measure against one of
# them, or a benefit weighed against it. Over the limit: read the first 350 words only.

# %% [markdown]
# How long are your texts? The count is that of the saved notebook, so **save it first**. Graders see the same
# count. A formula is one word.

# %% look
word_counts()

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
