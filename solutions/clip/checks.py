"""How each exercise of the CLIP assignment is judged."""

import math

import torch
from clip import TARGETS, wrong_with
from torch import Tensor

from autograder.checks.rules import without
from autograder.checks.spec import Inputs, Rng, call, probe, rules, stand_ins


def vectors(rng: Rng, n: int, d: int) -> Tensor:
    """Of all lengths between a tenth or so and a few thousand."""
    return rng.normal(n, d) * 10 ** torch.linspace(-1, 3, n)[:, None]


def cosines(rng: Rng, n_text: int, n_image: int) -> Tensor:
    """From −0.9 to 0.9, no two of them near to each other."""
    every = torch.linspace(-0.9, 0.9, n_text * n_image)
    return every[rng.permutation(n_text * n_image)].view(n_text, n_image)


@probe("similarity")
def texts_and_pictures(rng: Rng, n_text=3, n_image=5, d=7):
    return call(vectors(rng, n_text, d), vectors(rng, n_image, d))


@probe("zero_shot", weight=2)
def some_classes(rng: Rng, n_class=3, n_image=5):
    return call(cosines(rng, n_class, n_image), 1.5 + rng.integer(1, 5))


@probe("zero_shot")
def large_scale(rng: Rng, n_class=7, n_image=2):
    found = cosines(rng, n_class, n_image)
    return [call(found, 3.0), call(found, 1000.0)]


@probe("find_pictures", weight=2)
def some_pictures(rng: Rng, n_text=3, n_image=5):
    return call(cosines(rng, n_text, n_image), 1.5 + rng.integer(1, 5))


@probe("find_pictures")
def sure_of_it(rng: Rng, n_text=2, n_image=7):
    found = cosines(rng, n_text, n_image)
    return [call(found, 3.0), call(found, 1000.0)]


def placed(rng: Rng, n: int, alike: int = 1) -> Tensor:
    """The rows of n texts, each higher than the last; three or more find their picture at once.

    So many pictures at a time are `alike`.
    """
    places = torch.cat([torch.tensor([1, 1, 1, 2, n]), 1 + rng.integers(n, high=n)])[:n]
    best_first = -(torch.arange(n) // alike) / n
    rows = enumerate(places[rng.permutation(n)].tolist())
    return torch.stack([(0.6 * i + best_first).roll(i + 1 - place) / n for i, place in rows])


def numbers(answers, _):
    """A tensor with one number is as good as the number."""
    return [torch.as_tensor(answer, dtype=torch.float64) for answer in answers]


@probe("recall_at_k", weight=2, read=numbers)
def every_k(rng: Rng, n=9):
    found = placed(rng, n)
    return [call(found, k) for k in range(1, n + 1)]


@probe("recall_at_k", read=numbers)
def ties(rng: Rng, n=11):
    """Three pictures at a time that are as similar as each other, and all pictures."""
    every = placed(rng, n, alike=3), torch.full((n, n), 0.5)
    return [call(found, k) for found in every for k in range(1, n + 1)]


@probe("recall_at_k", read=numbers)
def more_than_there_are(rng: Rng, n=5):
    found = placed(rng, n)
    return [call(found, k) for k in (1, n, n + 4)]


def tau(rng: Rng, low: float, high: float) -> Tensor:
    """τ, for a scale between two numbers."""
    return rng.uniform(low=math.log(low), high=math.log(high))


@probe("contrastive_loss", weight=3)
def some_pairs(rng: Rng, n=7):
    return call(cosines(rng, n, n), tau(rng, 5.0, 20.0))


@probe("contrastive_loss")
def scale_above_100(rng: Rng):
    """A model that knows nothing, and one that is wrong and sure."""
    unsure, wrong = cosines(rng, 4, 4) / 20, 0.2 - 1.15 * torch.eye(5) + cosines(rng, 5, 5) / 20
    return Inputs(found=[unsure, wrong], tau=tau(rng, 110.0, 900.0))


@scale_above_100.run
def _(contrastive_loss, inputs):
    """Losses and gradients; that of τ is 0, whether or not it is connected."""
    answers = []
    for found in inputs.found:
        given = [tensor.clone().requires_grad_() for tensor in (found, inputs.tau)]
        loss = contrastive_loss(*given)
        answers.append((loss, *torch.autograd.grad(loss, given, materialize_grads=True)))
    return answers


@probe("contrastive_loss")
def on_the_device_of_the_batch(rng: Rng):
    return Inputs(found=cosines(rng, 3, 3), tau=tau(rng, 5.0, 20.0))


@on_the_device_of_the_batch.run
def _(contrastive_loss, inputs):
    """The similarities stand on "meta", which holds no numbers; τ there too, or on the CPU."""
    found = inputs.found.to("meta")
    try:
        loss = contrastive_loss(found, inputs.tau)
    except RuntimeError:
        loss = contrastive_loss(found, inputs.tau.to("meta"))
    return loss.device.type, list(loss.shape)


def not_built(*sizes: int, **named: int):
    """Stands in for the block, whose costs are to be counted by hand."""
    raise TypeError("count by hand, without building a block")


stand_ins("residual_costs", Residual=not_built)
rules("residual_costs", without("FlopCounterMode", "flop_counter", "counts", "numel"))


@probe("residual_costs")
def even_and_odd_sides(rng: Rng):
    few, many = rng.integer(2, 5), rng.integer(11, 17)
    sizes = (1, 1, 1, 1), (few, many, 1, 7), (few, many, 2, 8), (many, few, 2, 2 * few + 1)
    return [call(*each) for each in (*sizes, (3, 5, 3, 3 * many + 1))]


@probe("captions")
def first_picture(rng: Rng):
    return Inputs(place=0)


@probe("captions")
def second_picture(rng: Rng):
    return Inputs(place=1)


@probe("captions")
def third_picture(rng: Rng):
    return Inputs(place=2)


@first_picture.run
@second_picture.run
@third_picture.run
def _(captions, inputs):
    return captions()[inputs.place]


@first_picture.law
@second_picture.law
@third_picture.law
def _(caption, inputs):
    return wrong_with(caption, TARGETS[inputs.place])
