# %% as in the handout, with a pair taken apart alternative="encoder"
class Encoder(nn.Module):
    def forward(self, source):
        embedded = self.dropout(self.embedding(source))
        if isinstance(self.recurrent, nn.LSTM):
            output, (hidden, cell) = self.recurrent(embedded)
            hidden = torch.tanh(self.linear2(F.relu(self.linear1(hidden))))
            return output, (hidden, self.cell_linear(cell))
        output, hidden = self.recurrent(embedded)
        return output, torch.tanh(self.linear2(F.relu(self.linear1(hidden))))


# %% a dictionary of classes, the layer made in any case, the last output alternative="encoder"
class Encoder(nn.Module):
    def __init__(
        self,
        input_size,
        emb_size,
        encoder_hidden_size,
        decoder_hidden_size,
        dropout=0.2,
        model_type="RNN",
    ):
        super().__init__()
        self.is_lstm = model_type == "LSTM"
        self.linear2 = nn.Linear(encoder_hidden_size, decoder_hidden_size)
        self.linear1 = nn.Linear(encoder_hidden_size, encoder_hidden_size)
        if self.is_lstm:
            self.cell_linear = nn.Linear(encoder_hidden_size, decoder_hidden_size)
        self.recurrent = {"RNN": nn.RNN, "LSTM": nn.LSTM}[model_type](
            input_size=emb_size, hidden_size=encoder_hidden_size, batch_first=True, num_layers=1
        )
        self.embedding = nn.Embedding(input_size, emb_size)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, source):
        outputs, state = self.recurrent(self.dropout(self.embedding(source)))
        last = outputs[:, -1].unsqueeze(0)
        hidden = self.linear2(torch.clamp(self.linear1(last), min=0)).tanh()
        return outputs, ((hidden, self.cell_linear(state[1])) if self.is_lstm else hidden)


# %% the recurrent layer word by word alternative="encoder"
embedded = F.dropout(self.embedding(source), self.dropout.p, self.training)
state, outputs = None, []
for word in embedded.split(1, dim=1):
    output, state = self.recurrent(word, state)
    outputs.append(output)
state = state if isinstance(state, tuple) else (state,)
hidden = self.linear2(self.linear1(state[0]).relu()).tanh()
cells = [self.cell_linear(cell) for cell in state[1:]]
return torch.cat(outputs, dim=1), (hidden, *cells) if cells else hidden


# %% a small number inside the root alternative="compute_attention"
query, squares = hidden[0], (encoder_outputs**2).sum(-1)
lengths = ((query**2).sum(-1, keepdim=True) * squares + 1e-16).sqrt()
return ((query[:, None] * encoder_outputs).sum(-1) / lengths).softmax(-1)[:, None]
# %% cosine_similarity of torch alternative="compute_attention"
cosines = F.cosine_similarity(hidden.permute(1, 0, 2), encoder_outputs, dim=2)
return torch.softmax(cosines, dim=1).unsqueeze(1)
# %% batched product, lengths with a small number added alternative="compute_attention"
query = hidden.permute(1, 2, 0)  # (N, D, 1)
products = torch.bmm(encoder_outputs, query)  # (N, T, 1)
lengths = encoder_outputs.norm(dim=2, keepdim=True) * query.norm(dim=1, keepdim=True)
return (products / (lengths + 1e-12)).softmax(1).transpose(1, 2)
# %% einsum and clamped lengths alternative="compute_attention"
query = hidden[0]
products = torch.einsum("nd,ntd->nt", query, encoder_outputs)
squares = (query**2).sum(1, keepdim=True) * (encoder_outputs**2).sum(2)
found = torch.exp(products / squares.clamp(min=1e-24).sqrt())
return (found / found.sum(1, keepdim=True))[:, None]


# %% as in the handout, with bmm alternative="decoder"
class Decoder(nn.Module):
    def forward(self, input, hidden, encoder_outputs=None):
        if self.attention:
            keys = self.keys(encoder_outputs)
            if isinstance(self.recurrent, nn.LSTM):
                query, cell = hidden
                weights = compute_attention(query, keys)
                hidden = (torch.bmm(weights, keys).permute(1, 0, 2).contiguous(), cell)
            else:
                weights = compute_attention(hidden, keys)
                hidden = torch.bmm(weights, keys).permute(1, 0, 2).contiguous()
        embedded = self.dropout(self.embedding(input))
        output, hidden = self.recurrent(embedded, hidden)
        return F.log_softmax(self.linear(output.squeeze(1)), dim=1), hidden


# %% a method for the context, and the state as the output alternative="decoder"
class Decoder(nn.Module):
    def context(self, query, encoder_outputs):
        keys = self.keys(encoder_outputs)
        weights = compute_attention(hidden=query, encoder_outputs=keys)
        return (weights.transpose(1, 2) * keys).sum(dim=1)[None]

    def forward(self, input, hidden, encoder_outputs=None):
        pair = isinstance(hidden, tuple)
        query = hidden[0] if pair else hidden
        if self.attention:
            query = self.context(query, encoder_outputs)
        _, hidden = self.recurrent(
            self.dropout(self.embedding(input)), (query, hidden[1]) if pair else query
        )
        scores = self.linear((hidden[0] if pair else hidden)[0])
        return scores - scores.logsumexp(1, keepdim=True), hidden


# %% a tensor that is filled alternative="seq2seq"
steps = out_seq_len if out_seq_len is not None else source.size(1)
encoder_outputs, hidden = self.encoder(source)
input, outputs = source[:, 0].unsqueeze(1), None
for t in range(steps):
    output, hidden = self.decoder(input, hidden, encoder_outputs)
    if outputs is None:
        outputs = output.new_zeros(source.size(0), steps, output.size(1))
    outputs[:, t, :] = output
    input = output.max(dim=1)[1].unsqueeze(1)
return outputs
# %% a list of slices, positions by topk alternative="seq2seq"
found, (outputs, state) = [], self.encoder(source)
read = source.narrow(1, 0, 1)
while len(found) < (source.shape[1] if out_seq_len is None else out_seq_len):
    logs, state = self.decoder(input=read, hidden=state, encoder_outputs=outputs)
    found.append(logs.unsqueeze(1))
    read = logs.detach().topk(1, dim=1).indices
return torch.cat(found, dim=1)


# %% a method that writes on alternative="seq2seq"
class Seq2Seq(nn.Module):
    def forward(self, source, out_seq_len=None):
        outputs, hidden = self.encoder(source)
        t = source.shape[1] if out_seq_len is None else out_seq_len
        return torch.stack(self.written(source[:, :1], hidden, outputs, t), 1)

    def written(self, word, hidden, outputs, t):
        if t == 0:
            return []
        logs, hidden = self.decoder(word, hidden, outputs)
        return [logs, *self.written(logs.argmax(1)[:, None], hidden, outputs, t - 1)]


# %% positions one after the other alternative="teacher_forced"
outputs, hidden = model.encoder(source)
word, found = source[:, 0:1], []
for i in range(target.size(1)):
    logs, hidden = model.decoder(word, hidden, outputs)
    found.append(logs[:, None])
    word = target[:, i].unsqueeze(1)
return torch.cat(found, 1)
# %% padding and rolling alternative="teacher_forced"
encoder_outputs, state = model.encoder(source)
read = target.roll(1, dims=1)
read[:, 0] = source[:, 0]
found = None
for column in read.T:
    logs, state = model.decoder(
        input=column[:, None], hidden=state, encoder_outputs=encoder_outputs
    )
    found = logs[:, None] if found is None else torch.cat([found, logs[:, None]], dim=1)
return found


# %% topk of a flat tensor alternative="beam_search"
def search(width):
    kept, ended = torch.tensor([[SOS]]), []
    scores = torch.zeros(1, dtype=torch.float64)
    for _ in range(longest):
        logs = next_logs(kept)
        flat = (scores[:, None] + logs.double()).flatten()
        values, places = flat.topk(min(width, len(flat)))
        found = [
            ([*kept[place // logs.shape[1]].tolist(), int(place % logs.shape[1])], value.item())
            for value, place in zip(values, places, strict=True)
        ]
        best = sorted(ended + found, key=lambda one: -one[1])[:width]
        ended = [one for one in best if one[0][-1] == EOS]
        going = [one for one in best if one[0][-1] != EOS]
        if not going:
            break
        kept = torch.tensor([words for words, _ in going])
        scores = torch.tensor([score for _, score in going], dtype=torch.float64)
    words, score = max(best, key=lambda one: one[1])
    return words[1:], score


return max(search(width), search(1), key=lambda one: one[1])


# %% a heap of negative scores, beginnings one at a time alternative="beam_search"
def search(width):
    beam = [(0.0, (SOS,))]
    for _ in range(longest):
        found = []
        for negative, words in beam:
            if words[-1] == EOS:
                found.append((negative, words))
                continue
            logs = next_logs(torch.tensor(words)[None])[0]
            found.extend((negative - logs[n].item(), (*words, n)) for n in range(len(logs)))
        beam = sorted(found)[:width]
    return beam[0]


negative, words = min(search(width), search(1))
return list(words[1:]), -negative


# %% layer by layer alternative="seq2seq_costs"
def linear(inputs: int, outputs: int, rows: int = 1) -> tuple[int, int]:
    """Parameters, and FLOPs of so many rows."""
    return inputs * outputs + outputs, 2 * rows * inputs * outputs


def recurrent(inputs: int, outputs: int, steps: int) -> tuple[int, int]:
    pairs = linear(inputs, outputs, steps), linear(outputs, outputs, steps)
    return tuple(map(sum, zip(*pairs, strict=True)))


def seq2seq_costs(V: int, O: int, e: int, E: int, D: int, T: int, t: int) -> dict[str, tuple]:
    encoder = zip(recurrent(e, E, T), linear(E, E), linear(E, D), strict=True)
    return {
        "softmax": (*linear(D, O, t), t * O),
        "decoder": (*recurrent(e, D, steps=t), t * D),
        "encoder": (*map(sum, encoder), T * E + D),
        "embeddings": (V * e + O * e, 0, T * e + t * e),
    }


# %% PyTorch's own layers, counted, in lists alternative="seq2seq_costs"
def count(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


layers = {
    "embeddings": [nn.Embedding(V, e), nn.Embedding(O, e)],
    "encoder": [nn.RNN(e, E), nn.Linear(E, E), nn.Linear(E, D)],
    "decoder": [nn.RNN(e, D)],
    "softmax": [nn.Linear(D, O)],
}
flops = 0, 2 * E * (T * (e + E) + E + D), 2 * D * t * (e + D), 2 * D * t * O
handed_on = e * (T + t), E * T + D, D * t, O * t
rows = zip(layers.items(), flops, handed_on, strict=True)
return {part: [count(*modules), cost, numbers] for (part, modules), cost, numbers in rows}
# %% the matrix, sliced alternative="embeddings"
return self.tokens(inputs) + self.positions.weight[: inputs.size(1)]
# %% positions for the whole batch alternative="embeddings"
N, T = inputs.shape
positions = torch.arange(T, device=inputs.device).unsqueeze(0).repeat(N, 1)
return torch.add(self.positions(positions), F.embedding(inputs, self.tokens.weight))


# %% head after head, with a helper alternative="multi_head_attention"
class MultiHeadAttention(nn.Module):
    def one(self, inputs, q, k):
        scores = torch.bmm(q(inputs), k(inputs).transpose(1, 2))
        return torch.softmax(scores / math.sqrt(k.out_features), dim=2)

    def weights(self, inputs):
        return torch.stack(
            (self.one(inputs, self.q1, self.k1), self.one(inputs, self.q2, self.k2)), 1
        )

    def forward(self, inputs):
        first = torch.bmm(self.one(inputs, self.q1, self.k1), self.v1(inputs))
        second = torch.bmm(self.one(inputs, self.q2, self.k2), self.v2(inputs))
        projected = self.attention_head_projection(torch.cat((first, second), dim=2))
        return self.norm_mh(projected + inputs)


# %% torch's own attention alternative="multi_head_attention"
class MultiHeadAttention(nn.Module):
    def weights(self, inputs):
        pairs = (self.q1(inputs), self.k1(inputs)), (self.q2(inputs), self.k2(inputs))
        found = [torch.einsum("nqd,nkd->nqk", q / q.shape[-1] ** 0.5, k) for q, k in pairs]
        return torch.stack([F.softmax(scores, -1) for scores in found], dim=1)

    def forward(self, inputs):
        heads = [
            F.scaled_dot_product_attention(q(inputs), k(inputs), v(inputs))
            for q, k, v in ((self.q1, self.k1, self.v1), (self.q2, self.k2, self.v2))
        ]
        return self.norm_mh(inputs + self.attention_head_projection(torch.cat(heads, -1)))


# %% functional alternative="feed_forward"
hidden = F.relu(self.linear1(inputs))
return self.norm_ff(self.linear2(hidden).add(inputs))


# %% a pipeline that shares the layers alternative="feed_forward"
class FeedForward(nn.Module):
    def __init__(self, hidden_dim, dim_feedforward=2048):
        super().__init__()
        self.norm_ff = nn.LayerNorm(hidden_dim)
        self.linear2 = nn.Linear(dim_feedforward, hidden_dim)
        self.linear1 = nn.Linear(hidden_dim, dim_feedforward)

    def forward(self, inputs):
        transformed = nn.Sequential(self.linear1, nn.ReLU(), self.linear2)(inputs)
        return self.norm_ff(torch.stack([inputs, transformed]).sum(0))


# %% by hand alternative="final_layer"
return inputs @ self.linear.weight.T + self.linear.bias
# %% functional alternative="final_layer"
return F.linear(inputs, self.linear.weight, self.linear.bias)


# %% sequential, and keywords alternative="transformer_translator"
class TransformerTranslator(nn.Module):
    def __init__(
        self,
        input_size,
        output_size,
        device,
        hidden_dim=128,
        num_heads=2,
        dim_feedforward=2048,
        dim_k=96,
        dim_v=96,
        dim_q=96,
        max_length=43,
    ):
        super().__init__()
        self.device = device
        self.final_layer = FinalLayer(hidden_dim=hidden_dim, output_size=output_size).to(device)
        self.feed_forward = FeedForward(hidden_dim, dim_feedforward=dim_feedforward).to(device)
        attention = MultiHeadAttention(hidden_dim, dim_k=dim_k, dim_v=dim_v, dim_q=dim_q)
        self.attention = attention.to(device)
        self.embeddings = Embeddings(input_size, hidden_dim=hidden_dim, max_length=max_length)
        self.embeddings.to(device=device)

    def forward(self, inputs):
        embedded = self.embeddings(inputs)
        outputs = self.attention(embedded)
        outputs = self.feed_forward(outputs)
        return self.final_layer(outputs)
