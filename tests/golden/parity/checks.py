"""How the golden assignment with a model file is judged."""

from autograder.checks.spec import Rng, built, probe


@probe("network")
def scores(rng: Rng):
    return built(5)(rng.normal(4, 3))
