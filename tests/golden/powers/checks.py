"""How the golden assignment of two exercises is judged: with probes of one name, and a helper."""

from powers import OFFSET

from autograder.checks.spec import Rng, call, probe


def far(rng: Rng):
    return 1 + rng.uniform(4)


@probe("square")
def rows(rng: Rng):
    return call(rng.normal(3))


@probe("cube")
def rows(rng: Rng):
    return call(far(rng) + OFFSET)
