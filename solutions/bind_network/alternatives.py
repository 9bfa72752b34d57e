# %% length and eps outside the root alternative="rms_norm"
class RMSNorm(nn.Module):
    def __init__(self, d: int, p: float = -1.0, eps: float = 1e-8, bias: bool = False) -> None:
        super().__init__()
        self.d, self.p, self.eps, self.bias = d, p, eps, bias
        self.scale = nn.Parameter(torch.ones(d))
        if bias:
            self.offset = nn.Parameter(torch.zeros(d))

    def forward(self, x: Tensor) -> Tensor:
        dtype, x = x.dtype, x.float()
        if self.p < 0 or self.p > 1:
            length, count = x.norm(2, dim=-1, keepdim=True), self.d
        else:
            count = int(self.d * self.p)
            part, _ = torch.split(x, [count, self.d - count], dim=-1)
            length = part.norm(2, dim=-1, keepdim=True)
        y = self.scale * (x / (length * count**-0.5 + self.eps)).to(dtype)
        return y + self.offset if self.bias else y


# %% weight and bias, float32 result alternative="rms_norm"
class RMSNorm(nn.Module):
    def __init__(self, d: int, p: float = -1.0, eps: float = 1e-8, bias: bool = False) -> None:
        super().__init__()
        self.part, self.eps = math.floor(p * d) if 0 <= p <= 1 else d, eps
        self.register_parameter("bias", nn.Parameter(torch.zeros(d)) if bias else None)
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x: Tensor) -> Tensor:
        x = x.to(torch.float32)
        mean = torch.pow(x.narrow(-1, 0, self.part), 2).mean(-1, keepdim=True)
        y = x * torch.rsqrt(mean + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# %% library function alternative="rms_norm"
class RMSNorm(nn.Module):
    def __init__(self, d: int, p: float = -1.0, eps: float = 1e-8, bias: bool = False) -> None:
        super().__init__()
        self.d, self.p, self.eps = d, p, eps
        self.g = nn.Parameter(torch.ones(d))
        self.b = nn.Parameter(torch.zeros(d)) if bias else 0.0

    def forward(self, x: Tensor) -> Tensor:
        if 0 < self.p < 1:
            part = x[..., : int(self.d * self.p)].float()
            y = x / torch.sqrt(part.square().mean(dim=-1, keepdim=True) + self.eps) * self.g
        else:
            y = F.rms_norm(x, (self.d,), self.g, self.eps)
        return y + self.b


# %% unit length, eps as a lower bound alternative="rms_norm"
class RMSNorm(nn.Module):
    def __init__(self, d: int, p: float = -1.0, eps: float = 1e-8, bias: bool = False) -> None:
        super().__init__()
        self.count, self.eps = int(d * p) if 0 < p <= 1 else d, eps
        self.affine = nn.ParameterList([torch.ones(d)] + [torch.zeros(d)] * bias)

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x[..., : self.count].double(), dim=-1)
        rms = (length / math.sqrt(self.count)).clamp(min=self.eps)[..., None]
        y = (x / rms).to(x.dtype) * self.affine[0]
        return y + sum(self.affine[1:], torch.zeros(()))


# %% centring matrix alternative="centred_layer"
d = len(b)
centring = torch.eye(d) - torch.ones(d, d) / d
return centring @ W, centring @ b
# %% another scale alternative="centred_layer"
d = W.shape[0]
return [d * W - W.sum(0, keepdim=True), d * b - b.sum()]
# %% one matrix in float64 alternative="centred_layer"
both = torch.cat([W, b[:, None]], dim=1).double()
both -= both.mean(dim=0)
return both[:, :-1], both[:, -1]
# %% sums and einsum alternative="rms_norm_gradient"
d, gu = x.shape[-1], gain * upstream
inverse = torch.rsqrt((x**2).sum(-1, keepdim=True) / d)
for_x = gu * inverse - x * inverse**3 * (gu * x).sum(-1, keepdim=True) / d
return for_x, torch.einsum("...d,...d->d", upstream, x * inverse)
# %% Jacobian matrices alternative="rms_norm_gradient"
d = x.shape[-1]
rms = x.norm(dim=-1, keepdim=True) / math.sqrt(d)
hat = x / rms
jacobian = (torch.eye(d) - hat[..., :, None] * hat[..., None, :] / d) / rms[..., None]
for_x = ((gain * upstream)[..., None, :] @ jacobian)[..., 0, :]
return for_x, (upstream * hat).sum(dim=tuple(range(x.dim() - 1)))


# %% biases and the module SiLU alternative="projection_block"
class ProjectionBlock(nn.Module):
    def __init__(self, d: int, hidden: int, norm: nn.Module) -> None:
        super().__init__()
        self.w3 = nn.Linear(hidden, d)
        self.w2, self.w1 = nn.Linear(d, hidden), nn.Linear(d, hidden)
        self.activation, self.norm = nn.SiLU(), norm

    def forward(self, x: Tensor) -> Tensor:
        shortcut, x = x, self.norm(x)
        return self.w3(self.w2(x) * self.activation(self.w1(x))) + shortcut


# %% one layer for w1 and w2 alternative="projection_block"
class ProjectionBlock(nn.Module):
    def __init__(self, d: int, hidden: int, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self.inwards = nn.Linear(d, 2 * hidden, bias=False)
        self.outwards = nn.Linear(hidden, d, bias=False)

    @torch.no_grad()
    def load(self, w1: Tensor, w2: Tensor, w3: Tensor) -> None:
        self.inwards.weight.copy_(torch.cat([w1, w2], dim=1).T)
        self.outwards.weight.copy_(w3.T)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.inwards(self.norm(x)).chunk(2, dim=-1)
        return x + self.outwards(gate * torch.sigmoid(gate) * value)


# %% matrices as in the paper alternative="projection_block"
class ProjectionBlock(nn.Module):
    def __init__(self, d: int, hidden: int, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        shapes = (d, hidden), (d, hidden), (hidden, d)
        self.matrices = nn.ParameterList(torch.randn(shape) / shape[0] ** 0.5 for shape in shapes)

    @torch.no_grad()
    def load(self, w1: Tensor, w2: Tensor, w3: Tensor) -> None:
        for own, given in zip(self.matrices, (w1, w2, w3), strict=True):
            own.copy_(given)

    def forward(self, x: Tensor) -> Tensor:
        w1, w2, w3 = self.matrices
        normed = self.norm(x)
        a = normed @ w1
        return torch.add(x, (a / (1 + torch.exp(-a)) * (normed @ w2)) @ w3)


# %% layers in a dictionary alternative="projection_block"
class ProjectionBlock(nn.Module):
    def __init__(self, d: int, hidden: int, norm: nn.Module) -> None:
        super().__init__()
        gate = nn.Sequential(nn.Linear(d, hidden), nn.SiLU(inplace=True))
        up, down = nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.layers = nn.ModuleDict({"norm": norm, "gate": gate, "up": up, "down": down})

    @torch.no_grad()
    def load(self, w1: Tensor, w2: Tensor, w3: Tensor) -> None:
        self.layers["gate"][0].weight.copy_(w1.T)
        self.layers["up"].weight.copy_(w2.T)
        self.layers["down"].weight.copy_(w3.T)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.layers["norm"](x)
        return x + self.layers["down"](self.layers["gate"](normed) * self.layers["up"](normed))


# %% bias and a sequence of blocks alternative="bind_network"
class BindNetwork(nn.Module):
    def __init__(self, image_dim, model_dim, make_block):
        super().__init__()
        self.blocks = nn.Sequential(*(make_block(model_dim) for _ in range(3)))
        self.linear0 = nn.Linear(image_dim, model_dim)

    def forward(self, image_feature: Tensor) -> Tensor:
        return self.blocks(self.linear0(image_feature))


# %% everything in one sequence alternative="bind_network"
class BindNetwork(nn.Sequential):
    def __init__(self, image_dim, model_dim, make_block):
        projection = nn.Linear(image_dim, model_dim, bias=False)
        super().__init__(projection, *[make_block(model_dim) for _ in range(3)])


# %% matrix as in the paper, three names alternative="bind_network"
class BindNetwork(nn.Module):
    def __init__(self, image_dim, model_dim, make_block):
        super().__init__()
        self.w0 = nn.Parameter(torch.randn(image_dim, model_dim) / image_dim**0.5)
        self.first, self.second = make_block(model_dim), make_block(model_dim)
        self.third = make_block(model_dim)

    def forward(self, image_feature: Tensor) -> Tensor:
        return self.third(self.second(self.first(image_feature @ self.w0)))


# %% copies of one block alternative="bind_network"
import copy


class BindNetwork(nn.Module):
    def __init__(self, image_dim, model_dim, make_block):
        super().__init__()
        self.projection = nn.Linear(image_dim, model_dim, bias=False)
        block = make_block(model_dim)
        self.blocks = nn.ModuleList([copy.deepcopy(block) for _ in range(3)])

    def forward(self, image_feature: Tensor) -> Tensor:
        hidden = F.linear(image_feature, self.projection.weight)
        for i in range(len(self.blocks)):
            hidden = self.blocks[i](hidden)
        return hidden


# %% one sum alternative="parameter_count"
return model_dim * (image_dim + 3 + 9 * hidden_dim)
# %% counted from a network on the device meta alternative="parameter_count"
inwards, outwards = (model_dim, hidden_dim), (hidden_dim, model_dim)
shapes = [(image_dim, model_dim), *3 * [inwards, inwards, outwards]]
layers = [nn.Linear(*shape, bias=False, device="meta") for shape in shapes]
norms = [nn.RMSNorm(model_dim, device="meta") for _ in range(3)]
return sum(parameter.numel() for parameter in nn.ModuleList(layers + norms).parameters())


# %% product by product alternative="batch_costs"
def products(*shapes: tuple[int, int, int]) -> int:
    return sum(2 * a * b * c for a, b, c in shapes)


def batch_costs(batch: int, image_dim: int, model_dim: int, hidden_dim: int) -> dict[str, int]:
    up, down = (batch, model_dim, hidden_dim), (batch, hidden_dim, model_dim)
    kept = batch * image_dim
    for _ in range(3):
        kept += batch * (model_dim + hidden_dim)  # inputs of w1 and w2, and of w3
        kept += 3 * batch * hidden_dim  # what goes into SiLU and into the product
    flops = products((batch, image_dim, model_dim), *3 * [up, up, down])
    return {"kept": kept, "flops": flops}


# %% in short alternative="batch_costs"
flops = 2 * batch * model_dim * (image_dim + 9 * hidden_dim)
return dict(flops=flops, kept=batch * (image_dim + 3 * model_dim + 12 * hidden_dim))
# %% from the parameters alternative="batch_costs"
weights = parameter_count(image_dim, model_dim, hidden_dim) - 3 * model_dim
kept = sum([image_dim, *3 * [model_dim, *4 * [hidden_dim]]]) * batch
return {"flops": 2.0 * batch * weights, "kept": float(kept)}
# %% unit vectors alternative="cosine_distance"
p, t = F.normalize(predicted, dim=-1), F.normalize(target, dim=-1)
return (1 - (p * t).sum(dim=-1)).mean()
# %% by hand alternative="cosine_distance"
dots = torch.einsum("...d,...d->...", predicted, target)
lengths = predicted.norm(dim=-1) * target.norm(dim=-1) + 1e-12
return 1 - torch.mean(dots / lengths)
# %% half the squared distance of unit vectors alternative="cosine_distance"
p = predicted / predicted.norm(dim=-1, keepdim=True)
t = target / target.norm(dim=-1, keepdim=True)
return (p - t).square().sum(-1).mean() / 2
