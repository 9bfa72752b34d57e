# %% matrix product and a large number alternative="scaled_dot_product_no_loop_batch"
M = query.shape[2]
scores = query @ key.transpose(-2, -1)
if mask is not None:
    scores = scores.masked_fill(mask, -1e9)
weights_softmax = F.softmax(scores / M**0.5, dim=2)
return weights_softmax @ value, weights_softmax
# %% einsum, number added alternative="scaled_dot_product_no_loop_batch"
scores = torch.einsum("nkm,nsm->nks", query, key) * query.shape[-1] ** -0.5
scores = scores + (0 if mask is None else -1e9 * mask)
weights = torch.softmax(scores, -1)
return torch.einsum("nks,nsv->nkv", weights, value), weights
# %% normalised by hand, torch.where alternative="scaled_dot_product_no_loop_batch"
exponentials = torch.exp(torch.bmm(query / math.sqrt(query.size(2)), key.mT))
if mask is not None:
    exponentials = torch.where(mask, torch.zeros(()), exponentials)
weights = exponentials / exponentials.sum(dim=2, keepdim=True)
return torch.bmm(weights, value), weights
# %% assignment to masked scores alternative="scaled_dot_product_no_loop_batch"
scores = torch.matmul(query, key.permute(0, 2, 1)) / torch.tensor(query.shape[-1]).sqrt()
if mask is not None:
    scores[mask] = float("-inf")
weights = nn.Softmax(dim=-1)(scores)
return torch.matmul(weights, value), weights


# %% vmap over the batch alternative="scaled_dot_product_no_loop_batch"
def one_sequence(query: Tensor, key: Tensor, value: Tensor, hidden: Tensor):
    weights = torch.softmax(query @ key.T / query.shape[-1] ** 0.5 - 1e9 * hidden, dim=-1)
    return weights @ value, weights


def scaled_dot_product_no_loop_batch(query, key, value, mask=None):
    N, K, _ = query.shape
    hidden = torch.zeros(N, K, key.shape[1]) if mask is None else mask
    return torch.vmap(one_sequence)(query, key, value, hidden.float())


# %% library function for the output alternative="scaled_dot_product_no_loop_batch"
seen = None if mask is None else mask.logical_not()
output = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
scores = torch.baddbmm(torch.zeros(()), query, key.mT, alpha=query.shape[-1] ** -0.5)
if mask is not None:
    scores.masked_fill_(mask, -1e9)
return output, scores.softmax(-1)


# %% one after the other alternative="self_attention"
class SelfAttention(nn.Module):
    def __init__(self, dim_in: int, dim_q: int, dim_v: int) -> None:
        super().__init__()
        self.q, self.k = nn.Linear(dim_in, dim_q), nn.Linear(dim_in, dim_q)
        self.v = nn.Linear(dim_in, dim_v)
        for layer in (self.q, self.k, self.v):
            nn.init.xavier_uniform_(layer.weight)
        self.weights_softmax = None

    def forward(self, query, key, value, mask=None):
        q = self.q(query)
        k = self.k(key)
        v = self.v(value)
        y, self.weights_softmax = scaled_dot_product_no_loop_batch(q, k, v, mask=mask)
        return y


# %% attention written out again, weights detached alternative="self_attention"
class SelfAttention(nn.Module):
    def __init__(self, dim_in: int, dim_q: int, dim_v: int) -> None:
        super().__init__()
        self.v, self.k = nn.Linear(dim_in, dim_v), nn.Linear(dim_in, dim_q)
        self.q = nn.Linear(dim_in, dim_q)

    def forward(self, query, key, value, mask=None):
        scores = self.q(query) @ self.k(key).transpose(1, 2) / self.q.out_features**0.5
        if mask is not None:
            scores = scores.masked_fill(mask, -1e9)
        weights = scores.softmax(-1)
        self.weights_softmax = weights.detach()
        return weights @ self.v(value)


# %% library function alternative="self_attention"
projected = self.q(query), self.k(key), self.v(value)
_, self.weights_softmax = scaled_dot_product_no_loop_batch(*projected, mask)
seen = None if mask is None else ~mask
return F.scaled_dot_product_attention(*projected, attn_mask=seen)


# %% appended one by one alternative="multi_head_attention"
class MultiHeadAttention(nn.Module):
    def __init__(self, num_heads: int, dim_in: int, dim_out: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList()
        for _ in range(num_heads):
            self.heads.append(SelfAttention(dim_in, dim_out, dim_out))
        self.linear = nn.Linear(dim_out * num_heads, dim_in)
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, query, key, value, mask=None):
        outputs = []
        for head in self.heads:
            outputs.append(head(query, key, value, mask=mask))
        return self.linear(torch.cat(outputs, dim=2))


# %% columns of the output layer head by head alternative="multi_head_attention"
columns = self.linear.weight.chunk(len(self.heads), dim=1)
y = self.linear.bias
for head, weight in zip(self.heads, columns, strict=True):
    y = y + head(query, key, value, mask) @ weight.T
return y
# %% stacked, axes moved alternative="multi_head_attention"
y = torch.stack([head(query, key, value, mask) for head in self.heads], dim=2)
return self.linear(y.view(*query.shape[:2], -1))


# %% variance of the library, epsilon as large as PyTorch's alternative="layer_normalization"
class LayerNormalization(nn.Module):
    def __init__(self, emb_dim: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(emb_dim))
        self.beta = nn.Parameter(torch.zeros(emb_dim))
        self.epsilon = epsilon

    def forward(self, x):
        mean = torch.mean(x, dim=-1, keepdim=True)
        var = torch.var(x, dim=-1, keepdim=True, unbiased=False)
        std = torch.sqrt(var + self.epsilon)
        y = (x - mean) / std
        return self.gamma * y + self.beta


# %% epsilon outside the root, root kept from zero alternative="layer_normalization"
mean = x.mean(-1, keepdim=True)
var = ((x - mean) ** 2).sum(-1, keepdim=True) / x.shape[-1]
std = torch.sqrt(var.clamp(min=1e-12)) + self.epsilon
return (x - mean) / std * self.gamma + self.beta


# %% epsilon outside the root, constant rows by where alternative="layer_normalization"
class LayerNormalization(nn.Module):
    def __init__(self, emb_dim: int, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.zeros(emb_dim))
        self.gamma = nn.Parameter(torch.ones(emb_dim))
        self.epsilon = epsilon

    def forward(self, x):
        centred = x - torch.sum(x, dim=-1, keepdim=True) / x.size(-1)
        var = centred.pow(2).mean(-1, keepdim=True)
        safe = torch.where(var > 0, var, torch.ones_like(var))
        return torch.addcmul(self.beta, self.gamma, centred / (safe.sqrt() + self.epsilon))


# %% moments, reciprocal root alternative="layer_normalization"
class LayerNormalization(nn.Module):
    def __init__(self, emb_dim: int, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(emb_dim))
        self.beta = nn.Parameter(torch.zeros(emb_dim))
        self.epsilon = epsilon

    def forward(self, x):
        var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        return (x - mean) * torch.rsqrt(var + self.epsilon) * self.gamma + self.beta


# %% sums written the other way round alternative="encoder_block"
x = self.dropout(self.norm1(x + self.attention(query=x, key=x, value=x)))
return self.dropout(self.norm2(x + self.feed_forward(x)))
# %% no mask passed explicitly, functional dropout alternative="encoder_block"
p, training = self.dropout.p, self.training
y = F.dropout(self.norm1(self.attention(x, x, x, None) + x), p, training)
return F.dropout(self.norm2(self.feed_forward(y) + y), p, training)


# %% two dropouts alternative="encoder_block"
class EncoderBlock(nn.Module):
    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, dropout: float) -> None:
        super().__init__()
        if emb_dim % num_heads != 0:
            raise ValueError(f"{emb_dim} % {num_heads}")
        self.attention = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
        self.norm1, self.norm2 = LayerNormalization(emb_dim), LayerNormalization(emb_dim)
        self.feed_forward = nn.Sequential(
            nn.Linear(emb_dim, feedforward_dim), nn.ReLU(), nn.Linear(feedforward_dim, emb_dim)
        )
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)

    def forward(self, x):
        for sublayer, norm, dropout in (
            (lambda y: self.attention(y, y, y), self.norm1, self.dropout1),
            (self.feed_forward, self.norm2, self.dropout2),
        ):
            x = dropout(norm(sublayer(x).add(x)))
        return x


# %% means instead of sums before the norms alternative="encoder_block"
x = self.dropout(self.norm1((x + self.attention(x, x, x)) / 2))
return self.dropout(self.norm2((x + self.feed_forward(x)) * 0.5))
