# %% from the last neuron back alternative="relu_chain_gradient"
states = [torch.tensor(x, dtype=weights.dtype)]
for w in weights:
    states.append(torch.relu(w * states[-1]))
gradient = torch.ones(())
for w, z in zip(weights.flip(0), states[:0:-1], strict=True):
    gradient = gradient * w * torch.heaviside(z, torch.zeros_like(z))
return gradient
# %% product or nothing alternative="relu_chain_gradient"
if weights[0] * x > 0 and (weights[1:] > 0).all():
    return weights.prod()
return torch.tensor(0.0)
# %% a list of factors alternative="relu_chain_gradient"
factors, z = [], x
for w in weights:
    a = float(w) * z
    factors.append(float(w) * (a > 0))
    z = a if a > 0 else 0
return math.prod(factors)
# %% sign of the first weight alternative="input_of_largest_gradient"
if weights[1:].gt(0).all():
    return weights[0].sign().item()
# %% the first weight itself, as a tensor alternative="input_of_largest_gradient"
return None if any(w < 0 for w in weights.tolist()[1:]) else weights[0]
# %% far away alternative="input_of_largest_gradient"
first, *later = weights.tolist()
return math.copysign(1000, first) if min(later, default=1) > 0 else None
# %% diagonal matrices alternative="sigmoid_jacobian"
factors = []
for _ in range(steps):
    s = torch.sigmoid(W @ x)
    factors.insert(0, torch.diag(s * (1 - s)) @ W)
    x = s
return torch.linalg.multi_dot(factors) if steps > 1 else factors[0]
# %% back to front, row by row alternative="sigmoid_jacobian"
states = [x]
for _ in range(steps):
    states.append(torch.sigmoid(torch.mv(W, states[-1])))
rows = torch.eye(len(x))
for s in reversed(states[1:]):
    rows = (rows * (s - s**2)) @ W
return rows
# %% recursion and exponentials alternative="sigmoid_jacobian"
a = torch.einsum("jk,k->j", W, x)
slope = torch.exp(-a) / (1 + torch.exp(-a)) ** 2
first = torch.einsum("j,jk->jk", slope, W)
if steps == 1:
    return first
return sigmoid_jacobian(W, 1 / (1 + torch.exp(-a)), steps - 1) @ first
# %% singular values alternative="jacobian_bound"
return float((0.25 * torch.linalg.svdvals(W)[0]) ** (n - i))
# %% largest eigenvalue of the square alternative="jacobian_bound"
square = torch.linalg.eigvalsh(W.double().T @ W.double()).max()
return (square / 16) ** ((n - i) / 2)
# %% a product of factors alternative="jacobian_bound"
bound = 1.0
for _ in range(i, n):
    bound *= torch.linalg.norm(W, 2).item() / 4
return bound
# %% lists, other order alternative="computation_graph"
last = {"L2": ["y2", "o2"], "o2": ["c", "V", "h2"], "h2": ["a2"]}
a2, a1 = ["b", "W", "h1", "U", "x2"], ["b", "W", "h0", "U", "x1"]
return {**last, "a2": a2, "h1": ["a1"], "a1": a1}
# %% commas and sets alternative="computation_graph"
step = {f"a{t}": {"U", f"x{t}", "W", f"h{t - 1}", "b"} for t in (1, 2)}
return {**step, "h1": ("a1",), "h2": "a2", "o2": "V, h2, c", "L2": "o2,y2"}
# %% row vectors alternative="bias_gradient"
delta = (p[1] - y[1]) @ weights.V * (1 - h[2].square())
return delta + delta @ weights.W * (1 - h[1].square())
# %% one matrix for both ways alternative="bias_gradient"
D1, D2 = (torch.diag(1 - h[t] * h[t]) for t in (1, 2))
through_both_steps = torch.eye(len(weights.b)) + D1 @ weights.W.T
return through_both_steps @ D2 @ weights.V.T @ (p[1] - y[1])
# %% written with sums alternative="bias_gradient"
slope_1, slope_2 = 1 - h[1].pow(2), 1 - h[2].pow(2)
second = slope_2 * torch.einsum("o,oh->h", p[1] - y[1], weights.V)
first = slope_1 * torch.einsum("k,kh->h", second, weights.W)
return torch.stack([first, second]).sum(0)
# %% sums of outer products alternative="all_gradients"
U, W, b, V, c = (torch.zeros_like(tensor) for tensor in weights)
back = torch.zeros_like(h[0])
for t in range(len(x), 0, -1):
    error = p[t - 1] - y[t - 1]
    V += torch.outer(error, h[t])
    c += error
    delta = (1 - h[t] ** 2) * (error @ weights.V + back)
    U += torch.outer(delta, x[t - 1])
    W += torch.outer(delta, h[t - 1])
    b += delta
    back = delta @ weights.W
return weights._replace(U=U, W=W, b=b, V=V, c=c)
# %% a plain tuple alternative="all_gradients"
direct, slopes, deltas = (p - y) @ weights.V, 1 - h[1:] ** 2, []
for d, s in zip(direct.flip(0), slopes.flip(0), strict=True):
    deltas.append(s * (d + (weights.W.T @ deltas[-1] if deltas else 0)))
deltas = torch.stack(deltas[::-1])
dU = torch.einsum("th,ti->hi", deltas, x)
dW = torch.einsum("th,tk->hk", deltas, h[:-1])
return dU, dW, deltas.sum(0), (p - y).T @ h[1:], (p - y).sum(0)
# %% each loss by itself alternative="all_gradients"
U, W, b = (torch.zeros_like(weights[k]) for k in range(3))
for last in range(1, len(x) + 1):
    delta = (1 - h[last] ** 2) * (weights.V.T @ (p[last - 1] - y[last - 1]))
    for t in range(last, 0, -1):
        U, W, b = U + delta[:, None] * x[t - 1], W + delta[:, None] * h[t - 1], b + delta
        delta = (1 - h[t - 1] ** 2) * (weights.W.T @ delta)
return type(weights)(U, W, b, (p - y).T @ h[1:], (p - y).sum(0))


# %% a layer for each matrix alternative="vanilla_rnn"
class VanillaRNN(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.U = nn.Linear(input_size, hidden_size, bias=False)
        self.W, self.V = nn.Linear(hidden_size, hidden_size), nn.Linear(hidden_size, output_size)
        self.log_softmax = nn.LogSoftmax(dim=1)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        h = torch.tanh(self.U(x) + self.W(h))
        return self.log_softmax(self.V(h)), h


# %% two biases, state first in the row alternative="vanilla_rnn"
class VanillaRNN(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.i2h, self.h2h = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)

    def forward(self, input: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        hidden = (self.h2h(hidden) + self.i2h(input)).tanh()
        output = self.h2o(hidden)
        return output - output.logsumexp(dim=-1, keepdim=True), hidden


# %% state before input alternative="vanilla_rnn"
class VanillaRNN(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.hidden_layer = nn.Linear(hidden_size + input_size, hidden_size)
        self.output_layer = nn.Linear(hidden_size, output_size)
        self.activation, self.softmax = nn.Tanh(), nn.Softmax(dim=-1)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        new = self.activation(self.hidden_layer(torch.cat((h, x), 1)))
        return self.softmax(self.output_layer(new)).log(), new


# %% twelve parameters alternative="lstm"
class LSTM(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = I, H = input_size, hidden_size
        for gate in "ifgo":
            for name, shape in ("W_i", (I, H)), ("W_h", (H, H)), ("b_", (H,)):
                self.register_parameter(name + gate, nn.Parameter(torch.randn(shape) * 0.2))

    def gates(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        def linear(gate: str) -> Tensor:
            W_i, W_h, b = (getattr(self, name + gate) for name in ("W_i", "W_h", "b_"))
            return x @ W_i + h @ W_h + b

        i, f, o = (torch.sigmoid(linear(gate)) for gate in "ifo")
        return i, f, torch.tanh(linear("g")), o


# %% fused matrices and states given alternative="lstm"
class LSTM(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.W = nn.Parameter(torch.Tensor(input_size, 4 * hidden_size))
        self.U = nn.Parameter(torch.Tensor(hidden_size, 4 * hidden_size))
        self.bias = nn.Parameter(torch.Tensor(4 * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.3, 0.3)

    def gates(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        i, f, g, o = (x @ self.W + h @ self.U + self.bias).chunk(4, dim=1)
        return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()

    def forward(self, x: Tensor, init_states: tuple[Tensor, Tensor] | None = None):
        h = c = torch.zeros(x.shape[0], self.hidden_size, device=x.device)
        if init_states is not None:
            h, c = init_states
        for x_t in x.unbind(dim=1):
            i, f, g, o = self.gates(x_t, h)
            c = torch.addcmul(f * c, i, g)
            h = o * torch.tanh(c)
        return h, c


# %% torch's layout, one matrix for input and state alternative="lstm"
class LSTM(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight = nn.Parameter(torch.randn(4 * hidden_size, input_size + hidden_size) * 0.2)
        self.bias_ih = nn.Parameter(torch.zeros(4 * hidden_size))
        self.bias_hh = nn.Parameter(torch.zeros(4 * hidden_size))

    def gates(self, x: Tensor, h: Tensor) -> list[Tensor]:
        both = torch.cat([x, h], dim=1)
        linear = nn.functional.linear(both, self.weight, self.bias_ih + self.bias_hh)
        i, f, g, o = linear.split(self.hidden_size, dim=1)
        return [torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)]


# %% linear layers and a parameter as first state alternative="lstm"
class LSTM(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = I, H = input_size, hidden_size
        pairs = {
            gate: [nn.Linear(I, H), nn.Linear(H, H)] for gate in ("in", "forget", "cell", "out")
        }
        self.layers = nn.ModuleDict({gate: nn.ModuleList(pair) for gate, pair in pairs.items()})

    def gates(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        a = [of_x(x) + of_h(h) for of_x, of_h in self.layers.values()]
        return a[0].sigmoid(), a[1].sigmoid(), a[2].tanh(), a[3].sigmoid()

    def init_hidden(self, batch_size: int) -> tuple[nn.Parameter, nn.Parameter]:
        zeros = torch.zeros(batch_size, self.hidden_size)
        return nn.Parameter(zeros), nn.Parameter(zeros.clone())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h, c = self.init_hidden(x.size(0))
        for t in range(x.size(1)):
            i, f, g, o = self.gates(x[:, t], h)
            c = f * c + i * g
            h = o * torch.tanh(c)
        return h, c


# %% twelve parameters without names alternative="lstm"
class LSTM(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size

        def four(*shape: int) -> nn.ParameterList:
            return nn.ParameterList(nn.Parameter(0.3 * torch.randn(*shape)) for _ in range(4))

        self.of_input, self.of_state = four(input_size, hidden_size), four(hidden_size, hidden_size)
        self.biases = four(1, hidden_size)

    def gates(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        weights = zip(self.of_input, self.of_state, self.biases, strict=True)
        i, f, g, o = (torch.mm(x, W) + torch.mm(h, R) + b for W, R, b in weights)
        return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


# %% step by step alternative="lstm_costs"
def lstm_costs(I: int, H: int, B: int, T: int) -> dict[str, int]:
    parameters = flops = kept = 0
    for _ in "ifgo":
        parameters += I * H + H * H + H + H
        flops += T * (2 * B * I * H + 2 * B * H * H)
    for _ in range(T):
        inputs, gates, cell, shown = I + H, 4 * H, H, H
        kept += B * (inputs + gates + cell + shown)
    return {"kept": kept, "parameters": parameters, "flops": flops}


# %% in short alternative="lstm_costs"
return dict(
    parameters=4 * H * (I + H + 2), flops=8 * B * T * H * (I + H), kept=B * T * (I + H + H * 6)
)
# %% the parameters of torch's layer alternative="lstm_costs"
shapes = [(4 * H, I), (4 * H, H), (4 * H,), (4 * H,)]
sizes = [math.prod(shape) for shape in shapes]
kept = float(T * B) * (I + 7 * H)
return {"parameters": sum(sizes), "flops": 2 * B * T * sum(sizes[:2]), "kept": kept}
