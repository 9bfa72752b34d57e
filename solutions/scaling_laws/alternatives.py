# %% layer by layer alternative="parameter_count"
h, V = width, vocabulary


def linear(inputs, outputs):
    return inputs * outputs + outputs


norm = 2 * h
block = linear(h, 3 * h) + linear(h, h) + linear(h, 4 * h) + linear(4 * h, h) + 2 * norm
return V * h + layers * block + norm + linear(h, V)
# %% PyTorch's own layers, counted alternative="parameter_count"


def count(module):
    return sum(p.numel() for p in module.parameters())


attention = count(nn.Linear(width, 3 * width)) + count(nn.Linear(width, width))
network = count(nn.Linear(width, 4 * width)) + count(nn.Linear(4 * width, width))
norm = count(nn.LayerNorm(width))
ends = count(nn.Embedding(vocabulary, width)) + norm + count(nn.Linear(width, vocabulary))
return ends + sum(attention + network + 2 * norm for _ in range(layers))
# %% a float alternative="parameter_count"
block = 12 * width**2 * (1 + 13 / (12 * width))
return layers * block + vocabulary * (2 * width + 1) + 2.0 * width


# %% product by product alternative="layer_flops"
def product(a: int, b: int, c: int) -> int:
    return 2 * a * b * c


def layer_flops(width: int, length: int) -> int:
    s, h = length, width
    products = [(s, h, 3 * h), (s, h, s), (s, s, h), (s, h, h), (s, h, 4 * h), (s, 4 * h, h)]
    return sum(product(*sizes) for sizes in products)


# %% in short alternative="layer_flops"
return 4 * length * width * (6 * width + length)
# %% backward apart alternative="training_flops"
forward = sequences * (2 * length * width * vocabulary + layers * layer_flops(width, length))
backward = 2 * forward
return forward + backward
# %% step by step alternative="training_flops"
total = 0
for _ in range(sequences):
    for _ in range(layers):
        total += 3 * layer_flops(width=width, length=length)
    total += 6 * length * width * vocabulary
return total
# %% in short alternative="kept_numbers"
return length * (12 * width + length + 4)
# %% tensor by tensor alternative="kept_numbers"
token = [width, 2, width, 3 * width, length, width, width, 2, width, 4 * width]
return length * sum(token)
# %% by shapes alternative="kept_numbers"
h, s = width, length
norm = s * h + s + s
attention = s * h + s * 3 * h + s * s + s * h
return norm + attention + norm + math.prod((s, h)) + math.prod((s, 4 * h))
# %% normal equations alternative="find_optimal_params"
x = np.log10(params)
X = np.stack([x**2, x, np.ones_like(x)], axis=1)
p, *_ = np.linalg.lstsq(X, losses, rcond=None)
if not p[0] > 0:
    raise ValueError("no minimum")
return p, np.power(10.0, -0.5 * p[1] / p[0])
# %% Polynomial, natural logarithms inside alternative="find_optimal_params"
from numpy.polynomial import Polynomial

fitted = Polynomial.fit(np.log(params), losses, 2)
if fitted.deriv(2)(0) <= 0:
    raise ValueError(f"curvature {fitted.deriv(2)(0)}")
(best,) = fitted.deriv().roots()
ten = math.log(10)
p2, p1, p0 = fitted.convert().coef * [1, ten, ten**2]
return [p0, p1, p2], float(np.exp(best))
# %% tensors alternative="find_optimal_params"
x, y = torch.tensor(params).log10(), torch.tensor(losses)
p = torch.linalg.lstsq(torch.stack([x**2, x, torch.ones_like(x)], 1), y[:, None]).solution[:, 0]
if p[0] <= 0:
    raise ValueError
return p, 10 ** (-p[1] / 2 / p[0])
# %% covariance alternative="fit_linear_log"
u, v = np.log10(x), np.log10(y)
m = ((u - u.mean()) * (v - v.mean())).sum() / ((u - u.mean()) ** 2).sum()
return m, v.mean() - m * u.mean()
# %% natural logarithms, converted alternative="fit_linear_log"
m, c = np.polyfit(np.log(x), np.log(y), 1)
return float(m), float(c / np.log(10))
# %% as an array alternative="fit_linear_log"
return np.polyfit(np.log10(x), np.log10(y), deg=1)
# %% powers alternative="optimum_at"
(a, b), (d, e) = params_fit, tokens_fit
return budget**a * 10**b, budget**d * 10**e
# %% polyval, an array alternative="optimum_at"
return 10.0 ** np.array([np.polyval(fit, math.log10(budget)) for fit in (params_fit, tokens_fit)])
# %% exponentials and a case distinction alternative="huber_objective"
a, b, e, alpha, beta = theta
predicted = a.exp() / params**alpha + b.exp() / tokens**beta + e.exp()
r = predicted.log() - losses.log()
return torch.where(r.abs() <= delta, r**2 / 2, delta * (r.abs() - delta / 2)).sum()
# %% logaddexp alternative="huber_objective"
by_size = theta[0] - theta[3] * torch.log(params)
by_data = theta[1] - theta[4] * torch.log(tokens)
predicted = torch.logaddexp(torch.logaddexp(by_size, by_data), theta[2])
return nn.HuberLoss(reduction="none", delta=delta)(predicted, torch.log(losses)).sum()
# %% smooth L1 alternative="huber_objective"
exponents = torch.stack(
    [
        theta[0] - theta[3] * params.log(),
        theta[1] - theta[4] * tokens.log(),
        theta[2] + torch.zeros_like(params),
    ],
    dim=1,
)
return delta * F.smooth_l1_loss(exponents.logsumexp(1), losses.log(), reduction="sum", beta=delta)
# %% in logarithms alternative="parametric_optimum"
a, b, e, alpha, beta = theta
total = alpha + beta
log_G = (alpha.log() + a - beta.log() - b) / total
log_C = math.log(budget / 6)
return torch.exp(log_G + beta / total * log_C), torch.exp(alpha / total * log_C - log_G)
# %% tokens from the budget alternative="parametric_optimum"
A, B, alpha, beta = theta[0].exp(), theta[1].exp(), theta[3], theta[4]
params = (alpha * A / (beta * B) * (budget / 6) ** beta) ** (1 / (alpha + beta))
return params.item(), (budget / (6 * params)).item()
# %% with the best size alternative="verdict"
best = 10 ** params_fit[1] * budget ** params_fit[0]
if params > best * factor:
    return "too large"
elif params * factor < best:
    return "too small"
else:
    return "optimal"
# %% in logarithms alternative="verdict"
distance = math.log10(params) - np.polyval(params_fit, math.log10(budget))
if abs(distance) <= math.log10(factor):
    return "optimal"
return "too large" if distance > 0 else "too small"
