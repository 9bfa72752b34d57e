# %% loops alternative="baseline"
counts = {}
for _, place in training:
    counts[place] = counts.get(place, 0) + 1
best = max(counts, key=counts.get)
return best, sum(1 for _, place in questions if place == best) / len(questions)
# %% tensors alternative="baseline"
places = [place for _, place in training]
place = max(dict.fromkeys(places), key=places.count)
return place, torch.tensor([p == place for _, p in questions]).double().mean().item()
# %% torch's generator alternative="char_corruption"
document = self.data[idx]
n = torch.randint(4, int(self.block_size * 7 / 8) + 1, (1,)).item()
document = document[: min(n, len(document))]
n = len(document)
k = min(n, torch.randint(1, max(2, n // 2), (1,)).item())
i = torch.randint(0, n - k + 1, (1,)).item()
text = document[:i] + self.MASK_CHAR + document[i + k :] + self.MASK_CHAR
text = text + document[i : i + k] + self.MASK_CHAR
text = text + self.PAD_CHAR * (self.block_size - len(text))
x = torch.tensor([self.stoi[c] for c in text[:-1]], dtype=torch.long)
y = torch.tensor([self.stoi[c] for c in text[1:]], dtype=torch.long)
return x, y
# %% a binomial length alternative="char_corruption"
document = self.data[idx]
document = document[: random.choice(range(4, int(self.block_size * 7 / 8) + 1))]
k = sum(random.random() < 0.25 for _ in document)
i = random.randrange(len(document) - k + 1)
mask, pad = self.stoi[self.MASK_CHAR], self.stoi[self.PAD_CHAR]
numbers = [self.stoi[c] for c in document]
numbers = [*numbers[:i], mask, *numbers[i + k :], mask, *numbers[i : i + k], mask]
numbers += [pad] * (self.block_size - len(numbers))
numbers = torch.LongTensor(numbers)
return numbers[:-1].clone(), numbers[1:].clone()
# %% a normal length, NumPy alternative="char_corruption"
import numpy as np

document = self.data[idx]
document = document[: np.random.randint(4, self.block_size * 7 // 8 + 1)]
n = len(document)
k = int(np.clip(round(np.random.normal(n / 4, n / 16 + 0.5)), min(1, n), n))
i = np.random.randint(0, n - k + 1)
text = [document[:i], document[i + k :], document[i : i + k], ""]
text = self.MASK_CHAR.join(text).ljust(self.block_size, self.PAD_CHAR)
numbers = torch.as_tensor([self.stoi[c] for c in text], dtype=torch.int64)
return numbers[: self.block_size - 1], numbers[1:]
# %% arguments by position alternative="pretrain"
tokens = settings.decay_epochs * block_size * len(pretrain_dataset)
config = TrainerConfig(
    settings.pretrain_epochs, settings.pretrain_batch, pretrain_lr, True, 10240, tokens
)
trainer = Trainer(model, pretrain_dataset, config)
return trainer.config, trainer
# %% two configurations alternative="finetune"
final_tokens = settings.decay_epochs * len(pretrain_dataset) * block_size
common = dict(
    batch_size=settings.finetune_batch,
    learning_rate=finetune_lr,
    lr_decay=True,
    warmup_tokens=512 * 20,
    final_tokens=final_tokens,
)
if reading_params_path:
    parameters = torch.load(str(reading_params_path), map_location=torch.device("cpu"))
    model.load_state_dict(parameters)
    tconf = TrainerConfig(max_epochs=settings.epochs_after_pretraining, **common)
else:
    tconf = TrainerConfig(max_epochs=settings.epochs_from_scratch, **common)
with open(finetune_corpus_path, encoding="utf-8") as file:
    dataset = NameDataset(file.read(), pretrain_dataset)
trainer = Trainer(model, dataset, tconf)
return tconf, trainer
# %% through an open file alternative="train"
trainer_obj.train()
if writing_params_path:
    with open(writing_params_path, "wb") as file:
        torch.save({k: v.cpu() for k, v in model.state_dict().items()}, file)
return None
# %% a list of numbers alternative="answer"
numbers = [dataset.stoi[c] for c in question] + [dataset.stoi[dataset.MASK_CHAR]]
start = len(numbers)
where = next(model.parameters()).device
with torch.no_grad():
    while len(numbers) < dataset.block_size:
        scores, _ = model(torch.tensor(numbers, device=where)[None])
        numbers.append(int(scores[0, -1].argmax()))
        if numbers[-1] == dataset.stoi[dataset.MASK_CHAR]:
            return "".join(dataset.itos[n] for n in numbers[start:-1])
return "".join(dataset.itos[n] for n in numbers[start:])


# %% probabilities and recursion alternative="answer"
def further(text):
    idx = torch.tensor([[dataset.stoi[c] for c in text]], device=next(model.parameters()).device)
    if idx.size(1) >= dataset.block_size:
        return ""
    probabilities = torch.softmax(model(idx)[0][0, -1], dim=0)
    char = dataset.itos[int(torch.multinomial((probabilities == probabilities.max()).float(), 1))]
    return "" if char == dataset.MASK_CHAR else char + further(text + char)


with torch.no_grad():
    return further(question + dataset.MASK_CHAR)
# %% line by line alternative="write_predictions"
predictions = []
with (
    open(questions_path, encoding="utf-8") as questions,
    open(predictions_path, "w", encoding="utf-8") as file,
):
    for line in questions:
        if line.strip():
            predictions.append(answer(model, dataset, line.rstrip("\n").split("\t")[0]))
            file.write(predictions[-1] + "\n")
return predictions
# %% no line end behind the last alternative="write_predictions"
text = Path(questions_path).read_text(encoding="utf-8")
questions = [line.partition("\t")[0] for line in text.split("\n") if line]
found = list(map(lambda question: answer(model, dataset, question), questions))
Path(predictions_path).write_text("\n".join(found), encoding="utf-8")
return found
# %% torch's attention alternative="causal_cross_attention"
q, k, v = (
    heads_of(layer(x), self.n_head)
    for layer, x in ((self.query, x_q), (self.key, x_kv), (self.value, x_kv))
)
seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril()
y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
return self.proj(y.transpose(1, 2).reshape(x_q.shape))
# %% einsum alternative="causal_cross_attention"
(B, Tk, d), Tq = x_kv.shape, x_q.shape[1]
size = d // self.n_head
q = self.query(x_q).view(B, Tq, self.n_head, size)
k = self.key(x_kv).view(B, Tk, self.n_head, size)
v = self.value(x_kv).view(B, Tk, self.n_head, size)
scores = torch.einsum("bqhs,bkhs->bhqk", q, k) / size**0.5
mask = torch.tril(torch.ones(Tq, Tk, device=q.device))
weights = F.softmax(scores.masked_fill(mask == 0, -1e10), dim=-1)
return self.proj(torch.einsum("bhqk,bkhs->bqhs", weights, v).reshape(B, Tq, d))

# %% head by head alternative="causal_cross_attention"
q, k, v = self.query(x_q), self.key(x_kv), self.value(x_kv)
hidden = torch.arange(k.shape[1]) > torch.arange(q.shape[1])[:, None]
heads = []
for of_q, of_k, of_v in zip(*(each.chunk(self.n_head, dim=-1) for each in (q, k, v)), strict=True):
    scores = torch.bmm(of_q, of_k.transpose(1, 2)) * of_q.shape[-1] ** -0.5
    scores = torch.where(hidden, torch.finfo(scores.dtype).min, scores)
    heads.append(torch.softmax(scores, -1) @ of_v)
return self.proj(torch.cat(heads, -1))


# %% without a residual past the attention alternative="down_project_block"
class DownProjectBlock(nn.Module):
    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln_q, self.ln_kv, self.ln_mlp = (nn.LayerNorm(config.n_embd) for _ in range(3))
        self.attn = CausalCrossAttention(config)
        self.mlp = mlp(config.n_embd)
        self.C = nn.Parameter(torch.zeros(1, config.bottleneck_dim, config.n_embd))
        torch.nn.init.xavier_uniform_(self.C.data)

    def forward(self, x_input: Tensor) -> Tensor:
        C = self.ln_q(self.C).repeat(x_input.shape[0], 1, 1)
        y = self.attn(x_kv=self.ln_kv(x_input), x_q=C)
        return self.mlp(self.ln_mlp(y)) + y


# %% a matrix of Xavier's, text as it is alternative="down_project_block"
class DownProjectBlock(nn.Module):
    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln_q, self.ln_kv, self.ln_mlp = (nn.LayerNorm(config.n_embd) for _ in range(3))
        self.attn = CausalCrossAttention(config)
        self.mlp = mlp(config.n_embd)
        C = torch.empty(config.bottleneck_dim, config.n_embd)
        self.C = nn.Parameter(nn.init.xavier_uniform_(C)[None])

    def forward(self, x_input: Tensor) -> Tensor:
        C = self.C + torch.zeros_like(x_input[:, :1])
        y = self.attn(x_input, C) + C
        y = y + self.mlp(self.ln_mlp(y))
        return y


# %% without a residual past the attention alternative="up_project_block"
y = self.attn(x_kv=self.ln_kv(y), x_q=self.ln_q(x_input))
return torch.add(y, self.mlp(self.ln_mlp(y)))
# %% y as it is alternative="up_project_block"
x = torch.add(self.attn(y, x_input), x_input)
return self.mlp(self.ln_mlp(x)) + x
# %% all settings by name alternative="initialize_perceiver_model"
config = GPTConfig(
    vocab_size=mconf.vocab_size,
    block_size=mconf.block_size,
    n_layer=mconf.n_layer,
    n_head=mconf.n_head,
    n_embd=mconf.n_embd,
    rope=mconf.rope,
    perceiver=True,
    bottleneck_dim=bottleneck_dim,
)
model = GPT(config)
return model
# %% layer by layer alternative="block_costs"
layers = [(asking, d, d), (asked, d, d), (asked, d, d), (asking, d, d)]  # positions, from, to
layers += [(asking, d, 4 * d), (asking, 4 * d, d)]
parameters = 6 * d + sum(a * b + b for _, a, b in layers)
flops = sum(2 * n * a * b for n, a, b in layers)
for _ in range(n_head):
    flops += 2 * asking * (d // n_head) * asked + 2 * asking * asked * (d // n_head)
return parameters, flops, n_head * asking * asked * 32 // 8
# %% terms collected alternative="block_costs"
pairs = asking * asked
return 12 * d**2 + 15 * d, 20 * asking * d**2 + 4 * asked * d**2 + 4 * pairs * d, 4 * n_head * pairs
# %% a list alternative="block_costs"
counts = [3 * d * (4 * d + 5)]
counts.append(4 * d * (d * (5 * asking + asked) + asking * asked))
counts.append(asking * asked * n_head * 4)
return counts
# %% exponents in halves alternative="precompute_rotary_emb"
i = torch.arange(1, dim // 2 + 1).double()
theta = 10000.0 ** (-2 * (i - 1) / dim)
t = torch.arange(max_positions).double()
angles = torch.einsum("t,i->ti", t, theta)
return torch.stack((torch.cos(angles), torch.sin(angles)), dim=2).float()
# %% number by number alternative="precompute_rotary_emb"
found = torch.zeros(max_positions, dim // 2, 2)
for t in range(max_positions):
    for i in range(dim // 2):
        angle = t / 10000 ** (2 * i / dim)
        found[t, i] = torch.tensor([math.cos(angle), math.sin(angle)])
return found
# %% complex numbers alternative="precompute_rotary_emb"
exponents = torch.arange(dim // 2) * 2 / dim
angles = torch.outer(torch.arange(max_positions).float(), 1 / 10000**exponents)
return torch.view_as_real(torch.polar(torch.ones_like(angles), angles))
# %% complex numbers alternative="apply_rotary_emb"
turn = torch.view_as_complex(rope_cache[: x.shape[-2]].contiguous())  # (T, hs/2)
points = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
return torch.view_as_real(points * turn).flatten(-2)
# %% matrices alternative="apply_rotary_emb"
cos, sin = rope_cache[: x.size(2), :, 0], rope_cache[: x.size(2), :, 1]
turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
pairs = x.reshape(*x.shape[:-1], -1, 2)
return torch.einsum("tpij,bhtpj->bhtpi", turn, pairs).reshape(x.shape)
# %% neighbours exchanged alternative="apply_rotary_emb"
cos, sin = (each.repeat_interleave(2, -1) for each in rope_cache[: x.shape[2]].unbind(-1))
turned = torch.stack((-x[..., 1::2], x[..., 0::2]), -1).reshape(x.shape)  # by a right angle
return x * cos + turned * sin
