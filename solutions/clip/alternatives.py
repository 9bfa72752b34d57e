# %% F.normalize alternative="similarity"
return F.normalize(texts, dim=1) @ F.normalize(images, dim=1).T
# %% cosine_similarity of all pairs alternative="similarity"
return F.cosine_similarity(texts[:, None], images[None], dim=-1)
# %% einsum, then divided by both lengths alternative="similarity"
dots = torch.einsum("td,pd->tp", texts, images)
return dots / torch.outer(torch.linalg.vector_norm(texts, dim=1), images.norm(dim=1))
# %% roots of sums of squares alternative="similarity"
unit_texts = texts * texts.square().sum(1, keepdim=True).rsqrt()
unit_images = images * images.square().sum(1, keepdim=True).rsqrt()
return torch.matmul(unit_texts, unit_images.transpose(0, 1))
# %% softmax over the first axis, then transposed alternative="zero_shot"
return torch.softmax(similarities * scale, dim=0).transpose(0, 1)
# %% exponentials without the largest alternative="zero_shot"
logits = similarities.mT * scale
powers = torch.exp(logits - logits.max(dim=1, keepdim=True).values)
return powers / powers.sum(dim=1, keepdim=True)
# %% logsumexp alternative="zero_shot"
logits = scale * similarities
return (logits - logits.logsumexp(0)).exp().T
# %% best by similarity alternative="find_pictures"
return F.softmax(similarities * scale, dim=-1), similarities.argmax(-1)
# %% max alternative="find_pictures"
logits = torch.mul(similarities, scale)
_, best = logits.max(dim=1)
return logits.log_softmax(dim=1).exp(), best
# %% pictures as rows, as in the handout alternative="find_pictures"
by_picture = (scale * similarities.T).softmax(dim=0)
return by_picture.T, torch.topk(by_picture, 1, dim=0).indices[0]
# %% one text after the other alternative="recall_at_k"
found = 0
for i, row in enumerate(similarities):
    found += int((row >= row[i]).sum() <= k)
return found / len(similarities)
# %% better ones, and other ties alternative="recall_at_k"
own = similarities.diag().unsqueeze(1)
others = ~torch.eye(len(similarities), dtype=torch.bool)
return ((others & (similarities >= own)).sum(1) < k).double().mean()
# %% the (k + 1)-th number is smaller alternative="recall_at_k"
n = len(similarities)
if k >= n:
    return 1.0
own = torch.diagonal(similarities)
return (similarities.sort(dim=1, descending=True).values[:, k] < own).float().mean().item()
# %% log_softmax of both axes alternative="contrastive_loss"
logits = similarities * log_scale.clamp(max=math.log(100)).exp()
return -(logits.log_softmax(0) + logits.log_softmax(1)).diagonal().mean() / 2
# %% logsumexp alternative="contrastive_loss"
logits = torch.clamp(torch.exp(log_scale), max=100.0) * similarities
own = logits.diagonal()
return 0.5 * ((logits.logsumexp(dim=1) - own).mean() + (logits.logsumexp(dim=0) - own).mean())
# %% one-hot targets, and Python's min alternative="contrastive_loss"
logits = min(log_scale.exp(), 100) * similarities
targets = torch.eye(len(logits), dtype=logits.dtype, device=logits.device)
losses = F.cross_entropy(logits, targets), F.cross_entropy(logits.T, targets)
return sum(losses) / 2
# %% layer by layer alternative="residual_costs"
small = (side + stride - 1) // stride
layers = [(3, channels, out), (3, out, out), (1, channels, out)]
parameters, flops, kept = 0, 0, channels * side * side
for size, a, b in layers:
    parameters += size * size * a * b + 2 * b
    flops += 2 * size * size * a * b * small * small
    kept += b * small * small
return parameters, flops, 4 * (kept + 2 * out * small**2)
# %% terms collected alternative="residual_costs"
counts = out * (10 * channels + 9 * out)
there = (1 + (side - 1) // stride) ** 2
return [counts + 6 * out, 2 * there * counts, 4 * channels * side * side + 20 * out * there]
# %% other captions alternative="captions"
return ["face of a yellow cat", "a green plant with thorns", "airport arrivals"]
# %% short ones, by a dictionary alternative="captions"
found = {"first": "A cat in love.", "second": "Green plant!", "third": "ARRIVALS, AIRPORT"}
return list(found.values())
