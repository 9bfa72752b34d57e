"""How each exercise of the CLIP assignment is judged."""

import math

import torch
from clip import TARGETS, wrong_with
from torch import Tensor

from autograder.checks.spec import Inputs, Rng, call, gradients, probe


def vectors(rng: Rng, *shape: int) -> Tensor:
    """Of lengths between about a tenth and a few thousand."""
    return rng.normal(*shape) * 10 ** rng.uniform(*shape[:-1], 1, low=-1.0, high=3.0)


def cosines(rng: Rng, n_text: int, n_image: int) -> Tensor:
    return rng.uniform(n_text, n_image, low=-0.9, high=0.9)


@probe("similarity", weight=2)
def more_pictures_than_texts(rng: Rng):
    return call(vectors(rng, 3, 7), vectors(rng, 5, 7))


@probe("similarity")
def one_text(rng: Rng):
    return [
        call(vectors(rng, 1, 4), vectors(rng, 3, 4)),
        call(vectors(rng, 4, 1), rng.normal(3, 1)),
    ]


@probe("similarity", gradients, hidden=True)
def gradients_to_both(rng: Rng):
    return call(rng.normal(11, 17), rng.normal(6, 17))


@probe("zero_shot", weight=2)
def three_classes(rng: Rng):
    return call(cosines(rng, 3, 5), rng.integer(5, 40))


@probe("zero_shot")
def large_scale(rng: Rng):
    return [
        call(rng.normal(7, 2, dtype=torch.float64), 1000.0),
        call(cosines(rng, 1, 4), 3.0),
        call(cosines(rng, 4, 1), 3.0),
    ]


@probe("zero_shot", hidden=True)
def scale_as_a_tensor(rng: Rng):
    return call(cosines(rng, 13, 11), torch.tensor(2.5 + rng.integer(1, 9)))


@probe("zero_shot", gradients, hidden=True)
def gradients_to_similarities(rng: Rng):
    return call(cosines(rng, 5, 8), 1.5 + rng.integer(1, 9))


@probe("find_pictures", weight=2)
def five_pictures(rng: Rng):
    return call(cosines(rng, 3, 5), rng.integer(5, 40))


@probe("find_pictures")
def sure_of_it(rng: Rng):
    return [
        call(rng.normal(2, 7, dtype=torch.float64), 1000.0),
        call(cosines(rng, 1, 4), 3.0),
        call(cosines(rng, 4, 1), 3.0),
    ]


@probe("find_pictures", hidden=True)
def many_pictures(rng: Rng):
    return call(cosines(rng, 11, 41), torch.tensor(2.5 + rng.integer(1, 9)))


@probe("find_pictures", gradients, hidden=True)
def gradients_to_similarities_of_pictures(rng: Rng):
    return call(cosines(rng, 8, 5), 1.5 + rng.integer(1, 9)).through(0)


def number(answer, _):
    """A tensor with one number is as good as the number."""
    return float(answer)


@probe("recall_at_k", weight=2, read=lambda answer, _: [float(each) for each in answer])
def several_k(rng: Rng):
    found = cosines(rng, 9, 9) + 0.5 * torch.eye(9)
    return [call(found, 1), call(found, 2), call(found, 5)]


@probe("recall_at_k", read=number)
def ties(rng: Rng):
    return call(rng.integers(23, 23, high=4).float(), 6)


@probe("recall_at_k", read=lambda answer, _: [float(each) for each in answer])
def more_than_there_are(rng: Rng):
    return [call(cosines(rng, 5, 5), 5), call(cosines(rng, 3, 3), 10), call(cosines(rng, 1, 1), 1)]


@probe("recall_at_k", hidden=True, read=number)
def all_the_same(rng: Rng):
    return call(torch.full((7, 7), rng.integer(1, 5) / 8), 6)


@probe("recall_at_k", hidden=True, read=number)
def many(rng: Rng):
    return call(cosines(rng, 101, 101) + 0.8 * torch.eye(101), 3)


def tau(rng: Rng, low: float, high: float) -> Tensor:
    """τ, for a scale between two numbers."""
    return rng.uniform(low=math.log(low), high=math.log(high))


@probe("contrastive_loss", weight=2)
def seven_pairs(rng: Rng):
    return call(cosines(rng, 7, 7), tau(rng, 5.0, 20.0))


@probe("contrastive_loss", gradients)
def what_is_learned(rng: Rng):
    return call(cosines(rng, 5, 5), tau(rng, 2.0, 9.0))


@probe("contrastive_loss")
def scale_above_100(rng: Rng):
    return Inputs(found=[cosines(rng, 4, 4) / 20, cosines(rng, 5, 5)], tau=tau(rng, 110.0, 900.0))


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


@probe("contrastive_loss", hidden=True)
def one_pair_and_many(rng: Rng):
    return [call(cosines(rng, n, n), tau(rng, 2.0, 6.0)) for n in (1, 2, 37)]


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
