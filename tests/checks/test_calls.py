from torch import nn

from autograder.checks.calls import Tried, answer, built
from autograder.checks.rng import Rng


def frozen(d: int) -> nn.Module:
    layer = nn.Linear(d, d)
    layer.bias.requires_grad_(False)
    return layer


def asked(subject, tried: Tried):
    rng = Rng(0)
    return answer(subject, built(3)(rng.normal(2, 3)), frozenset({tried}), rng)["gradients"]


def test_a_parameter_that_cannot_learn_gets_no_gradient_and_is_no_error():
    found = asked(frozen, Tried.GRADIENTS)
    assert found["bias"] is None and found["weight"].any()


def test_every_parameter_must_get_one():
    assert not asked(frozen, Tried.INPUT_GRADIENTS)["every parameter"]
    assert asked(lambda d: nn.Linear(d, d), Tried.INPUT_GRADIENTS)["every parameter"]
