"""Parts of a Transformer out of torch's own functions, for notebooks whose students write them.

Names, parameters and numbers are those of the exercises, so that a model trained with one kind of
part loads into the other.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention: output (…, K, V) and weights (…, K, S); True in `mask` hides.

    The weights are what comes out where the values are the rows of the identity matrix.
    """
    one_hot = torch.eye(key.shape[-2]).expand(*key.shape[:-1], -1)  # (…, S, S)
    visible = None if mask is None else ~mask
    weights = F.scaled_dot_product_attention(query, key, one_hot, visible)
    return weights @ value, weights


class SelfAttention(nn.Module):
    """One head: (N, K, dim_in) to (N, K, dim_v)."""

    def __init__(self, dim_in: int, dim_q: int, dim_v: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(dim_in, size) for size in (dim_q, dim_q, dim_v))
        self.weights_softmax: Tensor | None = None

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        projected = self.q(query), self.k(key), self.v(value)
        output, self.weights_softmax = attend(*projected, mask)
        return output


class MultiHeadAttention(nn.Module):
    """All heads in one go: (N, K, dim_in) to (N, K, dim_in)."""

    def __init__(self, num_heads: int, dim_in: int, dim_out: int) -> None:
        super().__init__()
        heads = [SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads)]
        self.heads, self.linear = nn.ModuleList(heads), nn.Linear(num_heads * dim_out, dim_in)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        pairs = (("q", query), ("k", key), ("v", value))
        projected = [self._project(name, x) for name, x in pairs]
        output, weights = attend(*projected, mask if mask is None else mask[:, None])
        for head, own in zip(self.heads, weights.unbind(1), strict=True):
            head.weights_softmax = own  # (N, K, S)
        return self.linear(output.transpose(1, 2).flatten(2))

    def _project(self, name: str, x: Tensor) -> Tensor:
        """(N, K, dim_in) through a layer of every head: (N, heads, K, dim_out)."""
        layers = [getattr(head, name) for head in self.heads]
        weight, bias = (torch.cat([getattr(layer, of) for layer in layers]) for of in WEIGHTS)
        return F.linear(x, weight, bias).unflatten(-1, (len(layers), -1)).transpose(1, 2)


WEIGHTS = ("weight", "bias")


class LayerNormalization(nn.Module):
    """Each position (…, emb_dim) shifted and scaled to mean 0 and variance 1, then learned ones."""

    def __init__(self, emb_dim: int, epsilon: float = 1e-10) -> None:
        super().__init__()
        self.gamma, self.beta = (
            nn.Parameter(torch.ones(emb_dim)),
            nn.Parameter(torch.zeros(emb_dim)),
        )
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.gamma.shape, self.gamma, self.beta, self.epsilon)


class EncoderBlock(nn.Module):
    """Attention and a feed-forward network, each with residual, norm and dropout; keeps shapes."""

    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, dropout: float) -> None:
        super().__init__()
        if emb_dim % num_heads != 0:
            raise ValueError(f"{num_heads} heads do not divide emb_dim = {emb_dim}")
        self.attention = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
        self.norm1, self.norm2 = LayerNormalization(emb_dim), LayerNormalization(emb_dim)
        self.feed_forward = nn.Sequential(
            nn.Linear(emb_dim, feedforward_dim), nn.ReLU(), nn.Linear(feedforward_dim, emb_dim)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        sublayers = (lambda x: self.attention(x, x, x), self.norm1), (self.feed_forward, self.norm2)
        for layer, norm in sublayers:
            x = self.dropout(norm(layer(x) + x))
        return x
