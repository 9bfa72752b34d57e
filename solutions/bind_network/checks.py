"""How each exercise of `bind_network` is judged."""

import torch
from torch import nn

from autograder.checks.rules import by_hand
from autograder.checks.spec import Rng, built, call, input_gradients, probe, rules


def shifted(norm: nn.Module, rng: Rng) -> None:
    """Add numbers to gain and offset, whatever their names; how they started is still in them."""
    numbers = rng.normal(11)
    for parameter in norm.parameters():
        parameter.data += numbers[: parameter.numel()].view_as(parameter)


@probe("rms_norm", weight=2)
def gain_alone(rng: Rng):
    norm, shapes = built(11, filled=shifted), ((3, 11), (2, 5, 11))
    return {str(shape): norm(rng.normal(*shape)) for shape in shapes}


@probe("rms_norm")
def with_offset(rng: Rng):
    norm, shapes = built(7, bias=True, filled=shifted), ((7,), (3, 7))
    return {str(shape): norm(2 + rng.normal(*shape)) for shape in shapes}


@probe("rms_norm", weight=2)
def partial_norm(rng: Rng):
    x, parts = rng.normal(2, 3, 11), (0.3, 0.4, 0.7, 1.0, 1.5, -0.5)
    return {f"p = {p}": built(11, p=p, bias=p == 0.4, filled=shifted)(x) for p in parts}


@probe("rms_norm")
def vanishing_vectors(rng: Rng):
    x = torch.tensor([[0.0], [0.001]]) * rng.normal(2, 7)
    return {f"p = {p}": built(7, p=p, eps=0.1)(x) for p in (-1.0, 0.5)}


@vanishing_vectors.law
def eps_has_its_effect(answer, asked):
    small = all(y.abs().max() < 0.1 for y in answer.values())
    return None if small else "numbers far below eps come out above it: eps is to keep them small"


@probe("rms_norm")
def half_precision(rng: Rng):
    sizes = torch.tensor([1, 1, 1, 1, 1, 4, 4, 2, 1, 1, 1])  # RMS 2, that of the first five 1
    lengths = torch.tensor([[10_000.0], [14_000.0]])  # both rows longer than the largest float16
    return lengths * sizes * (-1) ** rng.integers(2, 11, high=2)


@half_precision.run
def in_quarters(RMSNorm, x):
    norms = {f"float16, p = {p}": RMSNorm(11, p=p).half() for p in (-1.0, 0.5)}
    return {name: (4 * norm(x.half()).float()).round() for name, norm in norms.items()}


@probe("rms_norm")
def gradients(rng: Rng):
    x = rng.normal(3, 7)
    return {f"bias={b}": built(7, p=0.5, bias=b, filled=shifted)(x) for b in (False, True)}


@probe("centred_layer")
def a_centred_layer(rng: Rng):
    return call(rng.uniform(7, 5, low=-1, high=2), rng.uniform(7, low=-1, high=3))


@a_centred_layer.read
def after_the_norm(layer, asked):
    (W, b), x = layer, asked.arguments[0]  # the rows that were given: any vectors will do
    return nn.functional.rms_norm(x @ W.mT + b, (7,), eps=1e-12)


rules("rms_norm_gradient", by_hand)


@probe("rms_norm_gradient", weight=3)
def many_vectors(rng: Rng):
    return call(2 * rng.normal(3, 5, 7), rng.normal(7), rng.normal(3, 5, 7))


@probe("rms_norm_gradient")
def one_vector(rng: Rng):
    """A small gradient, nearly in a direction that the norm forgets; there an eps would show."""
    x = rng.uniform(1, 11, low=-0.02, high=0.02)
    return call(x, torch.ones(11), 100 * x + 0.5 * rng.normal(1, 11))


def loaded(rng: Rng, d: int, hidden: int, w3: float = 1.0):
    """A block whose norm is a tanh, with matrices loaded; a bias, if there is one, becomes zero."""
    matrices = rng.normal(d, hidden), rng.normal(d, hidden), w3 * rng.normal(hidden, d)

    def load(block, rng: Rng) -> None:
        for parameter in block.parameters():
            nn.init.zeros_(parameter)
        block.load(*matrices)

    return built(d, hidden, nn.Tanh(), filled=load)


@probe("projection_block", weight=3)
def features(rng: Rng):
    block, shapes = loaded(rng, 5, 11), ((3, 5), (2, 7, 5), (1, 5))
    return {str(shape): block(rng.normal(*shape)) for shape in shapes}


@probe("projection_block")
def w3_of_zero(rng: Rng):
    return loaded(rng, 7, 5, w3=0.0)(rng.normal(3, 7))


@probe("projection_block", weight=2)
def gradients_of_a_block(rng: Rng):
    return loaded(rng, 5, 7)(rng.normal(3, 5))


def given_block(d: int) -> nn.Module:
    """Stands in for a block; its order matters."""
    return nn.Sequential(nn.Linear(d, d, bias=False), nn.Tanh())


def numbered(network: nn.Module, rng: Rng) -> None:
    """Fill the blocks (squares), then the projection, maybe transposed; a bias becomes zero."""
    for p in sorted(network.parameters(), key=lambda p: len(set(p.shape))):
        numbers = 0.5 * rng.normal(*sorted(p.shape)) if p.dim() != 1 else torch.zeros_like(p)
        p.data.copy_(numbers if numbers.shape == p.shape else numbers.T)


@probe("bind_network", weight=3)
def three_images(rng: Rng):
    return built(5, 7, given_block, filled=numbered)(rng.normal(3, 5))


@probe("bind_network")
def batches_of_one(rng: Rng):
    network, shapes = built(7, 3, given_block, filled=numbered), ((1, 7), (3, 1, 7), (1, 1, 7))
    return {str(shape): network(rng.normal(*shape)) for shape in shapes}


@probe("bind_network", weight=2)
def gradients_of_the_network(rng: Rng):
    return built(5, 3, given_block, filled=numbered)(rng.normal(2, 5))


@probe("parameter_count")
def three_sizes(rng: Rng):
    return [call(*(rng.integer(2, 40) for _ in range(3))) for _ in range(3)]


@probe("cosine_distance", weight=3)
def near_and_opposite(rng: Rng):
    target, deep = rng.normal(5, 7), call(rng.normal(2, 3, 7), rng.normal(2, 3, 7))
    near = 3 * (target + rng.normal(5, 7))
    two = {"near": call(near, target), "opposite": call(-near, target)}
    return {**two, "3-D": deep, "B = 1": call(near[:1], target[:1])}


@probe("cosine_distance", input_gradients)
def gradient_of_the_distance(rng: Rng):
    return call(rng.normal(3, 5), rng.normal(3, 5))


@gradient_of_the_distance.read
def for_the_predictions(answer, asked):
    return answer["gradients"]["argument 1"]
