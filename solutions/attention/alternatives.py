# %% larger factor alternative="copy_query"
return 1e6 * keys[j]
# %% just large enough alternative="copy_query"
return 10 * math.log(1e6 * len(keys)) * keys[j]
# %% orthogonal to the other keys alternative="copy_query"
others = keys.mean(0) * len(keys) - keys[j]
return 1000 * keys[j] - 10 * others
# %% single precision alternative="copy_query"
return (300 * keys[j]).float()
# %% smaller factor alternative="average_query"
return 20 * keys[a] + 20 * keys[b]
# %% sum over two rows alternative="average_query"
return 1000 * keys[[a, b]].sum(dim=0)
# %% all others pushed down alternative="average_query"
return -30 * (keys.sum(0) - keys[a] - keys[b])
# %% lower end of the safe range alternative="average_query_random"
return 20 * (means[a] + means[b])
# %% upper end of the safe range alternative="average_query_random"
return 1000 * (means[a] + means[b])
# %% other heads first alternative="two_queries"
return 60 * means[b], 60 * means[a]
# %% very large factor alternative="two_queries"
q1, q2 = 1e8 * means[[a, b]]
return q1, q2
# %% each head avoids the other item alternative="two_queries"
return [100 * means[a] - 50 * means[b], 100 * means[b] - 50 * means[a]]
# %% both queries in one tensor alternative="two_queries"
return 200 * torch.stack([means[a], means[b]])
# %% finite numbers instead of infinity alternative="convolution"
p = torch.full((2 * n - 1,), -1e9)
for offset, weight in zip((1, 0, -1), kernel, strict=True):
    if weight > 0:
        p[offset + n - 1] = torch.log(weight)
return torch.zeros(d, d), torch.zeros(d, d), torch.eye(d) * kernel.sum(), p
# %% any keys, and a constant added alternative="convolution"
p = torch.full((2 * n - 1,), -torch.inf)
p[n - 2 : n + 1] = torch.log(kernel.flip(0) / kernel.sum()) + 5
return torch.zeros(d, d), torch.arange(d * d).view(d, d).float(), kernel.sum() * torch.eye(d), p
# %% keys of zero, queries free alternative="convolution"
left, middle, right = kernel.double().tolist()
logarithm = [math.log(weight) if weight else -1e7 for weight in (right, middle, left)]
far = [-1e7] * (n - 2)
p = torch.tensor([*far, *logarithm, *far], dtype=torch.float64)
return torch.eye(d), torch.zeros(d, d), torch.diag(kernel.sum().expand(d)), p
# %% keys carry the large number alternative="max_pool"
W_Q = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
W_K = torch.tensor([[5e3, 0.0], [0.0, 0.0]])
W_V = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
p = torch.full((2 * n - 1,), -1e9)
p[n - 1 - window : n + window] = 0
return W_Q, W_K, W_V, p
# %% second component, and a constant added alternative="max_pool"
W_Q = torch.tensor([[0.0, 0.0], [0.0, 60.0]], dtype=torch.float64)
W_K = torch.tensor([[0.0, 0.0], [60.0, 7.0]], dtype=torch.float64)
p = torch.tensor([3.0 if abs(m) <= window else -1e8 for m in range(1 - n, n)])
return W_Q, W_K, torch.eye(2, dtype=torch.float64), p
# %% two components together alternative="max_pool"
W_Q = torch.tensor([[0.0, 2e3], [0.0, 2e3]])
W_K = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
m = torch.arange(2 * n - 1) - (n - 1)
p = torch.zeros(2 * n - 1).masked_fill(m.abs() > window, float("-inf"))
return W_Q, W_K, torch.eye(2), p
# %% as a list alternative="scaling_lines"
computed = 16
return [computed, 26]
# %% found in the listing alternative="scaling_lines"
lines, texts = LISTING.splitlines(), ("self.factor = ", "q * self.factor")
return tuple(next(i for i, line in enumerate(lines, start=1) if text in line) for text in texts)
# %% as a list alternative="fairseq_lines"
return [114, 602]


# %% scaled queries and einsum alternative="scaled_dot_attention"
class ScaledDotAttention(nn.Module):
    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.V = nn.Linear(hidden_size, hidden_size)
        self.K = nn.Linear(hidden_size, hidden_size)
        self.Q = nn.Linear(hidden_size, hidden_size)
        self.scale = torch.rsqrt(torch.tensor(float(hidden_size)))

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        if queries.ndim == 2:
            queries = queries[:, None]
        scores = torch.einsum("bkh,bsh->bks", self.Q(queries) * self.scale, self.K(keys))
        weights = F.softmax(scores, dim=2)
        return torch.einsum("bks,bsh->bkh", weights, self.V(values)), weights


# %% scaled keys and baddbmm alternative="scaled_dot_attention"
batch, s, h = keys.shape
q = self.Q(queries).view(batch, -1, h)
k = self.K(keys) * h**-0.25
zeros = torch.zeros(batch, q.shape[1], s)
weights = nn.Softmax(dim=2)(torch.baddbmm(zeros, q * h**-0.25, k.transpose(1, 2)))
return torch.bmm(weights, self.V(values)), weights
# %% library function for the context alternative="scaled_dot_attention"
queries = queries.unsqueeze(1) if queries.dim() < 3 else queries
q, k, v = self.Q(queries), self.K(keys), self.V(values)
context = F.scaled_dot_product_attention(q, k, v)
weights = torch.softmax(q @ k.mT / self.hidden_size**0.5, -1)
return context, weights
# %% double precision inside alternative="scaled_dot_attention"
if queries.dim() == 2:
    queries = queries.reshape(queries.shape[0], 1, queries.shape[1])
q, k, v = self.Q(queries).double(), self.K(keys).double(), self.V(values).double()
exponentials = torch.exp(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]))
weights = exponentials / exponentials.sum(dim=-1, keepdim=True)
return (weights @ v).float(), weights.float()


# %% number added, triu alternative="causal_scaled_dot_attention"
class CausalScaledDotAttention(nn.Module):
    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.neg_inf = torch.tensor(-1e7)
        self.Q = nn.Linear(hidden_size, hidden_size)
        self.K = nn.Linear(hidden_size, hidden_size)
        self.V = nn.Linear(hidden_size, hidden_size)
        self.softmax = nn.Softmax(dim=2)
        self.scaling_factor = torch.rsqrt(torch.tensor(self.hidden_size, dtype=torch.float))

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        if queries.dim() == 2:
            queries = queries.unsqueeze(1)
        q, k, v = self.Q(queries), self.K(keys), self.V(values)
        scores = torch.bmm(q, k.transpose(1, 2)) * self.scaling_factor
        mask = torch.triu(torch.ones_like(scores), diagonal=1)
        weights = self.softmax(scores + mask * self.neg_inf)
        return torch.bmm(weights, v), weights


# %% comparison of positions alternative="causal_scaled_dot_attention"
class CausalScaledDotAttention(nn.Module):
    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.scale = hidden_size**-0.5
        self.V = nn.Linear(hidden_size, hidden_size)
        self.Q = nn.Linear(hidden_size, hidden_size)
        self.K = nn.Linear(hidden_size, hidden_size)

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        queries = queries.unsqueeze(1) if queries.dim() == 2 else queries
        i, j = torch.arange(queries.shape[1])[:, None], torch.arange(keys.shape[1])
        scores = torch.einsum("bih,bjh->bij", self.Q(queries), self.K(keys)) * self.scale
        weights = torch.where(j <= i, scores, -1e9).softmax(2)
        return weights @ self.V(values), weights


# %% tril, weights normalised by hand alternative="causal_scaled_dot_attention"
if queries.dim() == 2:
    queries = queries[:, None, :]
scores = self.Q(queries) @ self.K(keys).transpose(1, 2) / self.hidden_size**0.5
seen = torch.tril(torch.ones(scores.shape[-2:])).expand_as(scores)
weights = scores.exp() * seen
weights = weights / weights.sum(dim=-1, keepdim=True)
return weights @ self.V(values), weights
# %% library function for the context alternative="causal_scaled_dot_attention"
if queries.dim() == 2:
    queries = queries.unsqueeze(1)
q, k, v = self.Q(queries), self.K(keys), self.V(values)
may_see = torch.ones(q.shape[1], k.shape[1]).tril().bool()
context = F.scaled_dot_product_attention(q, k, v, attn_mask=may_see)
scores = torch.bmm(q, k.mT) / q.shape[-1] ** 0.5
scores[:, ~may_see] = float("-inf")
return context, torch.softmax(scores, dim=-1)
# %% single precision and slices alternative="position_encoding"
encoding = torch.zeros(length, d)
position = torch.arange(length).unsqueeze(1)
rates = torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d))
encoding[:, 0::2] = torch.sin(position * rates)
encoding[:, 1::2] = torch.cos(position * rates)[:, : d // 2]
return encoding
# %% loops alternative="position_encoding"
rows = []
for p in range(length):
    angles = [p / 10000 ** (2 * (j // 2) / d) for j in range(d)]
    rows.append([math.cos(a) if j % 2 else math.sin(a) for j, a in enumerate(angles)])
return torch.tensor(rows)
# %% a list of products alternative="attention_costs"
products = [(k, h, h), (s, h, h), (s, h, h), (k, h, s), (k, s, h)]
inputs = [(k, h), (s, h), (s, h), (k, h), (s, h), (s, h), (k, s)]
return {
    "parameters": sum(rows * columns for rows, columns in 3 * [(h, h), (1, h)]),
    "flops": sum(2 * B * a * b * c for a, b, c in products),
    "saved_bytes": sum(4 * B * rows * columns for rows, columns in inputs),
}
# %% written out, by layer alternative="attention_costs"
weights, biases = 3 * h**2, 3 * h
before = B * k * h + 2 * B * s * h
flops = 2 * B * k * h**2 + 4 * B * s * h**2 + 4 * B * k * s * h
return dict(parameters=weights + biases, flops=flops, saved_bytes=8 * before + 4 * B * k * s)
# %% single precision powers alternative="position_encoding"
i, is_odd = torch.arange(d) // 2, torch.arange(d) % 2
angles = torch.arange(length)[:, None] / torch.pow(10000.0, 2 * i / d)
return torch.sin(angles) * (1 - is_odd) + torch.cos(angles) * is_odd
# %% cosine as a shifted sine alternative="position_encoding"
import numpy as np


def position_encoding(length: int, d: int) -> Tensor:
    j = np.arange(d)
    angles = np.outer(np.arange(length), 10000.0 ** (-2 * (j // 2) / d))
    return torch.from_numpy(np.sin(angles + np.pi / 2 * (j % 2)).astype(np.float32))


# %% pairs stacked and flattened alternative="position_encoding"
exponents = torch.arange(0, d, 2, dtype=torch.float32) / d
angles = torch.arange(length, dtype=torch.float32)[:, None] / 10000**exponents
return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :d]
# %% blocks on a diagonal alternative="shift_matrix"
blocks = []
for angle in (offset * frequencies).tolist():
    sine, cosine = math.sin(angle), math.cos(angle)
    blocks.append(torch.tensor([[cosine, sine], [-sine, cosine]]))
return torch.block_diag(*blocks)
# %% matrix exponential alternative="shift_matrix"
generator = torch.zeros(2 * len(frequencies), 2 * len(frequencies), dtype=torch.float64)
for i, frequency in enumerate(frequencies):
    generator[2 * i, 2 * i + 1] = frequency
    generator[2 * i + 1, 2 * i] = -frequency
return torch.linalg.matrix_exp(offset * generator)


# %% solved from encodings alternative="shift_matrix"
def shift_matrix(offset: int, frequencies: Tensor) -> Tensor:
    def encode(positions: Tensor) -> Tensor:
        angles = positions.double()[:, None] * frequencies.double()
        return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)  # (p, d)

    positions = torch.arange(100)
    return torch.linalg.lstsq(encode(positions), encode(positions + offset)).solution.T
