# %% lists of answers alternative="accuracy"
right = []
model.eval()
for ids, mask, labels in batches:
    with torch.inference_mode():
        predicted = model(input_ids=ids, attention_mask=mask)[0].softmax(-1).max(dim=-1).indices
    right.append(predicted.eq(labels).float())
return torch.cat(right).mean().item()


# %% a decorator, and batches weighted by their sizes alternative="accuracy"
@torch.no_grad()
def accuracy(model: nn.Module, batches: Iterable[Batch]) -> float:
    model.train(False)
    shares, sizes = [], []
    for batch in batches:
        logits, *_ = model(batch.input_ids, batch.attention_mask)
        shares.append((logits.topk(1).indices[:, 0] == batch.labels).double().mean())
        sizes.append(len(batch.labels))
    return float(sum(a * n for a, n in zip(shares, sizes, strict=True)) / sum(sizes))


# %% as in the handout alternative="bert_for_sentence_classification"
class BertForSentenceClassification(BertModel):
    def __init__(self, config):
        super().__init__(config)
        self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.loss = torch.nn.CrossEntropyLoss()

    def forward(self, labels=None, **kwargs):
        outputs = super().forward(**kwargs)
        cls_token_repr = outputs.pooler_output
        logits = self.classifier(cls_token_repr)
        if labels is not None:
            return (logits, self.loss(logits, labels))
        return (logits,)


# %% the pooled [CLS] by its place, the loss by its function alternative="bert_for_sentence_classification"
pooled = outputs[1]
logits = F.linear(pooled, self.classifier.weight, self.classifier.bias)
if labels is None:
    return (logits,)
return logits, F.cross_entropy(logits, labels.view(-1))
# %% the smaller of two lines alternative="warmup_linear"
rising = step / warmup if warmup else 1.0
return max(min(rising, (total - step) / (total - warmup)), 0)
# %% cases alternative="warmup_linear"
if step >= total:
    return 0
if step >= warmup:
    return 1 - (step - warmup) / (total - warmup)
return float(step) / float(max(1, warmup))
# %% tensors alternative="warmup_linear"
t = torch.tensor(step, dtype=torch.float64)
falling = ((total - t) / (total - warmup)).clamp(min=0)
return torch.where(t < warmup, t / max(warmup, 1), falling)
# %% as in the handout, with the groups used alternative="make_optimiser"
no_decay = ["bias", "LayerNorm.weight"]
optimizer_grouped_parameters = [
    {
        "params": [
            p
            for n, p in model.named_parameters()
            if p.requires_grad and not any(nd in n for nd in no_decay)
        ],
        "weight_decay": weight_decay,
    },
    {
        "params": [
            p
            for n, p in model.named_parameters()
            if p.requires_grad and any(nd in n for nd in no_decay)
        ],
        "weight_decay": 0.0,
    },
]
return torch.optim.AdamW(optimizer_grouped_parameters, lr=learning_rate)
# %% by the number of axes, a group each alternative="make_optimiser"
return torch.optim.AdamW(
    [
        {"params": [p], "weight_decay": weight_decay if p.ndim > 1 else 0}
        for p in model.parameters()
        if p.requires_grad
    ],
    learning_rate,
)
# %% by modules alternative="make_optimiser"
optimiser = torch.optim.AdamW(
    [p for n, p in model.named_parameters() if p.requires_grad and p.dim() == 2],
    lr=learning_rate,
    weight_decay=weight_decay,
)
rest = [p for p in model.parameters() if p.requires_grad and p.dim() == 1]
optimiser.add_param_group({"params": rest, "weight_decay": 0.0})
return optimiser


# %% as in the handout, by names alternative="freeze"
def freeze(model: BertModel, train_pooler: bool) -> None:
    for name, param in model.named_parameters():
        param.requires_grad = "classifier" in name or (train_pooler and "pooler" in name)


# %% children alternative="freeze"
def freeze(model: BertModel, train_pooler: bool) -> None:
    for name, child in model.named_children():
        learns = name == "classifier" or (name == "pooler" and train_pooler)
        for parameter in child.parameters():
            parameter.requires_grad_(learns)


# %% all of it, then some of it alternative="training_mode"
def training_mode(model: nn.Module) -> None:
    model.eval()
    for child in model.children():
        for parameter in child.parameters():
            if parameter.requires_grad:
                child.train()


# %% by names alternative="training_mode"
def training_mode(model: nn.Module) -> None:
    model.train()
    learning = {name.split(".")[0] for name, p in model.named_parameters() if p.requires_grad}
    for name, child in model.named_children():
        if name not in learning:
            child.eval()


# %% functions of torch alternative="lora_linear"
class LoRALinear(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear, self.r, self.alpha = linear, rank, alpha
        for parameter in self.linear.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.empty(rank, linear.in_features))
        self.B = nn.Parameter(torch.empty(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        nn.init.zeros_(self.B)

    def forward(self, x):
        return self.linear(x) + F.linear(F.linear(x, self.A), self.B) * self.alpha / self.r

    def merged(self):
        has_bias = self.linear.bias is not None
        linear = nn.Linear(self.linear.in_features, self.linear.out_features, bias=has_bias)
        with torch.no_grad():
            linear.weight.copy_(self.linear.weight + self.alpha / self.r * self.B @ self.A)
            if has_bias:
                linear.bias.copy_(self.linear.bias)
        return linear


# %% one matrix, made anew in each call alternative="lora_linear"
class LoRALinear(nn.Module):
    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.scale = alpha / rank
        self.A = nn.Parameter(0.02 * torch.randn(rank, linear.in_features))
        self.B = nn.Parameter(linear.weight.new_zeros(linear.out_features, rank))

    def weight(self) -> Tensor:
        return self.linear.weight + self.scale * torch.einsum("or,ri->oi", self.B, self.A)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight(), self.linear.bias)

    def merged(self) -> nn.Linear:
        new = copy.deepcopy(self.linear)
        new.weight = nn.Parameter(self.weight().detach())
        return new


# %% names, after the wrapping alternative="add_lora"
def add_lora(model: BertModel, rank: int, alpha: float) -> None:
    for layer in model.encoder.layer:
        for name in ("query", "value"):
            old = getattr(layer.attention.self, name)
            setattr(layer.attention.self, name, LoRALinear(old, rank, alpha))
    for name, parameter in model.named_parameters():
        last = name.split(".")[-1]
        parameter.requires_grad = last in ("A", "B") or name.startswith("classifier.")


# %% all linear layers that have such a name alternative="add_lora"
def add_lora(model: BertModel, rank: int, alpha: float) -> None:
    for parameter in model.parameters():
        parameter.requires_grad = False
    for parameter in model.classifier.parameters():
        parameter.requires_grad = True
    for module in [m for m in model.modules() if hasattr(m, "query") and hasattr(m, "value")]:
        module.query = LoRALinear(linear=module.query, rank=rank, alpha=alpha)
        module.value = LoRALinear(linear=module.value, rank=rank, alpha=alpha)


# %% tensor by tensor alternative="lora_memory"
A, B = rank * hidden, hidden * rank
learned = sum([A, B, A, B] * layers) + classes * (hidden + 1)
frozen = numbers - classes * (hidden + 1)
return [learned, 16 * learned + 4 * frozen]
# %% in short alternative="lora_memory"
learned = hidden * (4 * layers * rank + classes) + classes
return learned, 4 * (numbers + 4 * layers * rank * hidden + 3 * learned)


# %% weights, gradients and means apart alternative="lora_memory"
def lora_memory(numbers: int, layers: int, hidden: int, rank: int, classes: int):
    adapters = 2 * layers * rank * (hidden + hidden)
    weights, gradients = numbers + adapters, adapters + hidden * classes + classes
    means = 2 * gradients
    return gradients, (weights + gradients + means) * torch.float32.itemsize
