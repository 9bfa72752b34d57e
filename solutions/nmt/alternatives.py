# %% log-sum by weights that sum to one alternative="perplexity"
shares = tokens.double() / tokens.sum()
return torch.exp((shares * losses.double()).sum()).float()
# %% scalar product and math.exp alternative="perplexity"
return math.exp((losses @ tokens.float()).item() / tokens.sum().item())
# %% one entry for each token alternative="perplexity"
return losses.double().repeat_interleave(tokens).mean().exp()
# %% weighted product alternative="perplexity"
return (losses.exp().double() ** (tokens / tokens.sum())).prod()
# %% index and in-place sums of new tensors alternative="encoder"
N, s = source.shape
x = self.embedding(source)
x = x + self.positional_encodings[:s, :].unsqueeze(0).expand(N, -1, -1).to(x.device)
for i in range(len(self.self_attentions)):
    new_annotations, _ = self.self_attentions[i](x, x, x)
    residual = x + new_annotations
    x = self.attention_mlps[i](residual.reshape(-1, residual.shape[-1])).view(x.shape) + residual
return x
# %% positions looked up alternative="encoder"
positions = torch.arange(source.size(1), device=source.device)
x = self.embedding.weight[source] + F.embedding(positions, self.positional_encodings)
for attention, feed_forward in zip(self.self_attentions, self.attention_mlps, strict=True):
    x = torch.add(x, attention(queries=x, keys=x, values=x)[0])
    x = feed_forward(x).add(x)
return x


# %% recursion over layers alternative="encoder"
class Encoder(nn.Module):
    def forward(self, source: Tensor) -> Tensor:
        x = self.embedding(source) + self.positional_encodings.narrow(0, 0, source.shape[1])
        return self.layer(x, 0)

    def layer(self, x: Tensor, i: int) -> Tensor:
        if i == len(self.attention_mlps):
            return x
        x = x + self.self_attentions[i](x, x, x)[0]
        return self.layer(x + self.attention_mlps[i](x), i + 1)


# %% as in the handout, with indices alternative="decoder"
contexts = self.embedding(inputs) + self.positional_encodings[None, : inputs.size(1)]
encoder_weights, self_weights = [], []
for i in range(len(self.attention_mlps)):
    new_contexts, weights = self.self_attentions[i](contexts, contexts, contexts, True)
    residual = contexts + new_contexts
    self_weights.append(weights)
    new_contexts, weights = self.encoder_attentions[i](residual, annotations, annotations)
    encoder_weights.append(weights)
    residual = residual + new_contexts
    contexts = residual + self.attention_mlps[i](residual)
return self.out(contexts), torch.stack(encoder_weights)
# %% weights concatenated and detached alternative="decoder"
y, kept = self.embedding(inputs), []
y = y + self.positional_encodings[torch.arange(inputs.shape[1])]
for own, other, feed_forward in zip(
    self.self_attentions, self.encoder_attentions, self.attention_mlps, strict=True
):
    y = own(y, y, y, causal=True)[0] + y
    found, weights = other(queries=y, keys=annotations, values=annotations)
    y = found + y
    y = feed_forward(y) + y
    kept.append(weights.detach()[None])
return self.out(y), torch.cat(kept)
# %% the attention by hand alternative="decoder"
y = self.embedding(inputs) + self.positional_encodings[: inputs.shape[1]]
on_source = torch.zeros(len(self.attention_mlps), *inputs.shape, annotations.shape[1])
for i, (own, other) in enumerate(zip(self.self_attentions, self.encoder_attentions, strict=True)):
    y = y + F.scaled_dot_product_attention(own.Q(y), own.K(y), own.V(y), is_causal=True)
    context, on_source[i] = attend(other.Q(y), other.K(annotations), other.V(annotations))
    y = y + context
    y = y + self.attention_mlps[i](y)
return self.out(y), on_source
# %% torch.full on the batch's device alternative="generate_tensors_for_training_decoder_nmt"
batch_size = src_EOP.size(0)
sos = torch.full((batch_size, 1), start_token, dtype=src_EOP.dtype, device=src_EOP.device)
return torch.cat([sos, src_EOP, tgt_EOS[:, :-1]], dim=1), torch.cat([src_EOP, tgt_EOS], dim=1)
# %% padding alternative="generate_tensors_for_training_decoder_nmt"
src_EOP_tgt_EOS = torch.cat((src_EOP, tgt_EOS), 1)
return F.pad(src_EOP_tgt_EOS[:, :-1], (1, 0), value=start_token), src_EOP_tgt_EOS
# %% new_full and hstack alternative="generate_tensors_for_training_decoder_nmt"
everything = torch.hstack([src_EOP.new_full((len(src_EOP), 1), start_token), src_EOP, tgt_EOS])
return everything[:, :-1], everything[:, 1:]
# %% roll, then the start alternative="generate_tensors_for_training_decoder_nmt"
targets = torch.cat([src_EOP, tgt_EOS], dim=-1)
inputs = targets.roll(1, dims=1)
inputs[:, 0] = start_token
return inputs, targets
# %% ones times the token alternative="generate_tensors_for_training_decoder_nmt"
sos = torch.ones_like(src_EOP[:, 0]).unsqueeze(1) * start_token
inputs = torch.cat([sos, src_EOP, tgt_EOS], dim=1)
return inputs[:, : inputs.shape[1] - 1], torch.cat([src_EOP, tgt_EOS], dim=1)
# %% as in the handout, with rows and a stack alternative="decoder_only"
x = self.embedding(inputs)
x = x + self.positional_encodings[: inputs.size(1), :].unsqueeze(0).to(x.device)
self_attention_weights = []
for i in range(len(self.self_attentions)):
    context, self_attention_weights_i = self.self_attentions[i](x, x, x, causal=True)
    self_attention_weights.append(self_attention_weights_i)
    x = x + context
    x = x + self.attention_mlps[i](x)
return self.out(x), torch.stack(self_attention_weights, dim=0)
# %% keys and values by hand, weights detached alternative="decoder_only"
x = self.embedding(inputs) + self.positional_encodings[: inputs.shape[1]]
kept = []
for attention, feed_forward in zip(self.self_attentions, self.attention_mlps, strict=True):
    context, weights = attend(attention.Q(x), attention.K(x), attention.V(x), True)
    kept.append(weights.detach())
    residual = context.add(x)
    x = feed_forward(residual).add(residual)
return self.out(x), torch.stack(kept)


# %% a mask of large negative numbers alternative="decoder_only"
x = self.embedding(inputs) + self.positional_encodings[: inputs.shape[1]]
later = torch.full((inputs.shape[1], inputs.shape[1]), -1e9).triu(1)
kept = []
for attention, feed_forward in zip(self.self_attentions, self.attention_mlps, strict=True):
    scores = attention.Q(x) @ attention.K(x).mT / x.shape[-1] ** 0.5
    kept.append((scores + later).softmax(-1))
    x = x + kept[-1] @ attention.V(x)
    x = x + feed_forward(x)
return self.out(x), torch.stack(kept)


# %% a method for each layer alternative="decoder_only"
class DecoderOnly(nn.Module):
    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        weights = []
        x = self.embedding(inputs) + self.positional_encodings[: inputs.shape[1]]
        for i in range(len(self.attention_mlps)):
            x = self.layer(i, x, weights)
        return self.out(x), torch.stack(weights)

    def layer(self, i: int, x: Tensor, weights: list[Tensor]) -> Tensor:
        context, found = self.self_attentions[i](x, x, x, causal=True)
        weights.append(found)
        return x + context + self.attention_mlps[i](x + context)


# %% stops when all rows are over alternative="greedy_decode"
found = torch.full((len(start), longest), EOS, device=start.device)
alive = torch.ones(len(start), dtype=torch.bool, device=start.device)
tokens = start
for i in range(longest):
    scores = next_scores(tokens)[:, -1]
    found[alive, i] = scores.max(dim=-1).indices[alive]
    alive &= found[:, i] != EOS
    tokens = torch.cat([tokens, found[:, i : i + 1]], dim=1)
    if not alive.any():
        break
return found
# %% EOS behind the first EOS, at the end alternative="greedy_decode"
tokens = start.clone()
for _ in range(longest):
    tokens = torch.cat([tokens, next_scores(tokens)[:, -1:].argmax(-1)], dim=1)
found = tokens[:, start.shape[1] :].clone()
ended = (found == EOS).cumsum(dim=1) > 0
found[ended] = EOS
return found
# %% one row after the other alternative="greedy_decode"
rows = []
for row in start:
    said = []
    while len(said) < longest:
        if EOS in said:
            said.append(EOS)
            continue
        so_far = torch.cat([row, torch.tensor(said, dtype=row.dtype)])
        said.append(int(next_scores(so_far[None])[0, -1].argmax()))
    rows.append(said)
return torch.tensor(rows)
# %% torch.where and probabilities alternative="greedy_decode"
tokens, n = start, start.size(1)
for _ in range(longest):
    probabilities = torch.softmax(next_scores(tokens)[:, -1, :], dim=1)
    _, best = torch.topk(probabilities, 1, dim=1)
    over = (tokens[:, n:] == EOS).any(dim=1, keepdim=True)
    tokens = torch.hstack([tokens, torch.where(over, torch.full_like(best, EOS), best)])
return tokens[:, n:]
# %% rows that are over are left out alternative="greedy_decode"
found = torch.full((len(start), longest), EOS)
alive, tokens = torch.arange(len(start)), start
for i in range(longest):
    if not len(alive):
        break
    best = next_scores(tokens)[:, -1].argmax(-1)
    found[alive, i] = best
    tokens = torch.cat([tokens, best[:, None]], dim=1)[best != EOS]
    alive = alive[best != EOS]
return found
# %% indices and new lists alternative="forward_with_cache"
old = cache[0][0].size(1)
positions = torch.arange(old, old + tokens.size(1), device=tokens.device)
x, new = model.embedding(tokens) + model.positional_encodings[positions], []
for i in range(len(cache)):
    layer = model.self_attentions[i]
    k = torch.cat((cache[i][0], layer.K(x)), 1)
    v = torch.cat((cache[i][1], layer.V(x)), 1)
    new = [*new, (k, v)]
    context, _ = attend(layer.Q(x), k, v, True)
    x = context + x
    x = model.attention_mlps[i](x) + x
return model.out(x), new
# %% one token after the other alternative="forward_with_cache"
scores = []
for token in tokens.T:
    x = model.embedding(token)[:, None] + model.positional_encodings[cache[0][0].shape[1]]
    cache = list(cache)
    for i, (layer, own_mlp) in enumerate(
        zip(model.self_attentions, model.attention_mlps, strict=True)
    ):
        added = layer.K(x), layer.V(x)
        cache[i] = tuple(torch.cat(pair, dim=1) for pair in zip(cache[i], added, strict=True))
        x = x + attend(layer.Q(x), *cache[i])[0]
        x = x + own_mlp(x)
    scores.append(model.out(x))
return torch.cat(scores, dim=1), cache
# %% a mask of its own alternative="forward_with_cache"
S, n = cache[0][0].shape[1], tokens.shape[1]
seen = torch.arange(S + n)[None] <= torch.arange(S, S + n)[:, None]  # (n, S + n)
x, grown = model.embedding(tokens) + model.positional_encodings[S : S + n], []
for layer, own_mlp, (k, v) in zip(model.self_attentions, model.attention_mlps, cache, strict=True):
    k, v = torch.cat([k, layer.K(x)], 1), torch.cat([v, layer.V(x)], 1)
    grown.append((k, v))
    x = x + F.scaled_dot_product_attention(layer.Q(x), k, v, attn_mask=seen)
    x = x + own_mlp(x)
return model.out(x), grown


# %% product by product alternative="decoding_costs"
def products(*shapes: tuple[int, int, int]) -> int:
    return sum(2 * a * b * c for a, b, c in shapes)


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def decoding_costs(h: int, L: int, V: int, S: int) -> dict[str, int]:
    def flops(n: int) -> int:
        """Of n new tokens, the last of S positions."""
        layer = [(n, h, h)] * 4 + [(n, h, S), (n, S, h)]
        return products(*layer * L, (n, h, V))

    return {
        "parameters": V * h + 4 * L * linear(h, h) + linear(h, V),
        "flops_again": flops(S),
        "flops_kept": flops(1),
        "numbers_kept": sum(S * h for _ in range(L) for _ in ("keys", "values")),
    }


# %% in short, the dictionary in another order alternative="decoding_costs"
step = 4 * L * h * (2 * h + S) + 2 * h * V
kept = dict(numbers_kept=2 * L * S * h, flops_kept=step, flops_again=step * S)
return kept | {"parameters": 4 * L * h * (h + 1) + V * (2 * h + 1)}
# %% PyTorch's own layers, counted alternative="decoding_costs"
parts = nn.ModuleList([nn.Embedding(V, h), nn.Linear(h, V)])
parts.extend(nn.Linear(h, h) for _ in range(4 * L))
parameters = sum(p.numel() for p in parts.parameters())
flops_kept = 2 * sum(p.numel() for p in parts[1:].parameters() if p.dim() == 2) + 4 * L * S * h
flops_again, numbers_kept = flops_kept * S, 2 * L * S * h
return {
    "parameters": parameters,
    "flops_again": flops_again,
    "flops_kept": flops_kept,
    "numbers_kept": numbers_kept,
}
# %% wholes as floats alternative="decoding_costs"
flops_kept = 8.0 * L * h**2 + 4.0 * L * S * h + 2.0 * h * V
flops_again, numbers_kept = S * flops_kept, 2.0 * L * S * h
parameters = L * 4 * h * (1 + h) + 2.0 * V * (h + 0.5)
return {
    "parameters": parameters,
    "flops_again": flops_again,
    "flops_kept": flops_kept,
    "numbers_kept": numbers_kept,
}
