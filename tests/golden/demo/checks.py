"""How each exercise of the golden assignment is judged: the whole format in one small file."""

from autograder.checks.spec import Rng, call, gradients, probe


@probe("softmax")
def rows(rng: Rng):
    return call(rng.normal(3, 5))


@probe("softmax", gradients, hidden=True)
def large(rng: Rng):
    return call(100 + rng.normal(2, 3, 7))
