"""How each exercise of `bind_network` is judged."""

import torch
from torch import nn

from autograder.checks.rules import by_hand, without
from autograder.checks.spec import (
    Rng,
    built,
    call,
    entry,
    input_gradients,
    probe,
    rules,
    stand_ins,
    untried,
)


def shifted(norm: nn.Module, rng: Rng) -> None:
    """Add numbers to gain and offset, whatever their names; how they started is still in them."""
    numbers = rng.normal(11 * 11)  # for matrices, too, which do not belong here
    for parameter in norm.parameters():
        parameter.data += numbers[: parameter.numel()].view_as(parameter)


def far_from_zero(rng: Rng, *shape: int) -> torch.Tensor:
    """Vectors in which no eps shows, wherever it is added."""
    x = rng.normal(*shape)
    return x + x.sign()


@probe("rms_norm", weight=3)
def gain_alone(rng: Rng, batch=2, n=5):
    norm = built(11, filled=shifted)
    shapes = (n, 11), (batch, n, 11)
    return {str(shape): norm(far_from_zero(rng, *shape)) for shape in shapes}


@probe("rms_norm")
def with_offset(rng: Rng, n=3):
    norm = built(7, bias=True, filled=shifted)
    return {str(shape): norm(2 + far_from_zero(rng, *shape)) for shape in ((n, 7), (7,))}


@probe("rms_norm", weight=2)
def partial_norm(rng: Rng, batch=2, n=3):
    x, parts = far_from_zero(rng, batch, n, 11), (0.3, 0.4, 0.7, 1.0, 1.5, -0.5)
    return {f"p = {p}": built(11, p=p, bias=p == 0.4, filled=shifted)(x) for p in parts}


def without_small_ones(answer, _):
    """Nothing is left where eps has its effect; else tiny numbers come out as large as others."""
    return {name: y.masked_fill(y.abs() < 0.1, 0.0) for name, y in answer.items()}


@probe("rms_norm", read=without_small_ones)
def vanishing_vectors(rng: Rng):
    x = torch.tensor([[0.0], [1e-4]]) * far_from_zero(rng, 2, 7)
    return {f"p = {p}, eps = 0.1": built(7, p=p, eps=0.1, filled=shifted)(x) for p in (-1.0, 0.5)}


@probe("rms_norm")
def half_precision(rng: Rng):
    sizes = torch.tensor([1, 1, 1, 1, 1, 4, 4, 2, 1, 1, 1])  # RMS 2, that of the first five 1
    sizes[6:] = sizes[6:][rng.permutation(5)]
    lengths = torch.tensor([[10_000.0], [14_000.0]])  # both rows longer than the largest float16
    return lengths * sizes * (-1) ** rng.integers(2, 1, high=2)


@half_precision.run
def in_quarters(RMSNorm, x):
    norms = {f"float16, p = {p}": RMSNorm(11, p=p).half() for p in (-1.0, 0.5)}
    return {name: (4 * norm(x.half()).float()).round() for name, norm in norms.items()}


@probe("centred_layer")
def a_centred_layer(rng: Rng, inputs=5):
    return call(rng.uniform(7, inputs, low=-1, high=2), rng.uniform(7, low=-1, high=3))


@a_centred_layer.read
def after_the_norm(layer, asked):
    """What comes out for the rows that were given, as any vectors will do."""
    (W, b), x = layer, asked.arguments[0]
    normed = nn.functional.rms_norm(x @ W.float().mT + b.float(), (7,), eps=1e-12)
    return {"shapes": [str(tuple(each.shape)) for each in (W, b)], "after RMSNorm": normed}


rules("rms_norm_gradient", by_hand)


@probe("rms_norm_gradient", weight=3)
def many_vectors(rng: Rng, batch=3, n=5):
    return call(8 * rng.normal(batch, n, 7), rng.normal(7), rng.normal(batch, n, 7))


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
def features(rng: Rng, batch=3, n=2, d=5, hidden=11):
    block = loaded(rng, d, hidden)
    return {str(shape): block(rng.normal(*shape)) for shape in ((batch, d), (batch, n, d))}


@probe("projection_block")
def w3_of_zero(rng: Rng):
    return loaded(rng, 7, 5, w3=0.0)(rng.normal(3, 7))


def given_block(d: int) -> nn.Module:
    """Stands in for a block; its order matters."""
    return nn.Sequential(nn.Linear(d, d, bias=False), nn.Tanh())


def numbered(network: nn.Module, rng: Rng) -> None:
    """Fill the blocks (squares), then the projection, maybe transposed; a bias becomes zero."""
    for p in sorted(network.parameters(), key=lambda p: len(set(p.shape))):
        numbers = 0.5 * rng.normal(*sorted(p.shape)) if p.dim() != 1 else torch.zeros_like(p)
        p.data.copy_(numbers if numbers.shape == p.shape else numbers.T)


@probe("bind_network", weight=3)
def some_images(rng: Rng, batch=3, image_dim=5, model_dim=7):
    network = built(image_dim, model_dim, given_block, filled=numbered)
    return network(rng.normal(batch, image_dim))


@probe("bind_network")
def features_in_a_row(rng: Rng, batch=3):
    return built(7, 3, given_block, filled=numbered)(rng.normal(batch, 1, 7))


@probe("parameter_count")
def three_sizes(rng: Rng):
    return [call(*(rng.integer(2, 40) for _ in range(3))) for _ in range(3)]


def not_built(*arguments):
    """Stands in for networks, whose costs are to be worked out, not counted."""
    raise TypeError("work out a formula, without a network")


stand_ins("batch_costs", BindNetwork=not_built, ProjectionBlock=not_built, RMSNorm=not_built)
rules("batch_costs", without("counts", "FlopCounterMode", "flop_counter"))


def calls_of_several_sizes(rng: Rng):
    """Sizes that all differ, so that one in the place of another shows; one image, too.

    They are small, as one FLOP more must not be a rounding error.
    """
    sizes = [(rng.permutation(9)[:4] + 2).tolist() for _ in range(5)]
    sizes[0][0] = 1
    return [call(*four) for four in sizes]


@probe("batch_costs", read=entry("flops"))
def what_it_computes(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("batch_costs", read=entry("kept"))
def what_it_keeps(rng: Rng):
    return calls_of_several_sizes(rng)


untried("cosine_distance", gradients="the target is data: only the gradient of predictions counts")


@probe("cosine_distance", weight=3)
def near_and_opposite(rng: Rng, batch=5, n=3, d=7):
    target, deep = rng.normal(batch, d), rng.normal(2, batch, n, d)
    near = 3 * (target + rng.normal(batch, d))
    return {"near": call(near, target), "opposite": call(-near, target), "3-D": call(*deep)}


@probe("cosine_distance", input_gradients)
def gradient_of_the_distance(rng: Rng):
    """Of predictions on both sides of their targets."""
    target, sides = rng.normal(3, 5), torch.tensor([[1.0], [-1.0], [2.0]])
    return call(sides * target + 0.5 * rng.normal(3, 5), target)


@gradient_of_the_distance.read
def for_the_predictions(answer, asked):
    return answer["gradients"]["argument 1"]
