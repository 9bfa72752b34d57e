"""What is always tried: answers that are right for a mere call and wrong in one habit each."""

import numpy as np
import pytest
import torch
from torch import nn

from autograder.checks.always import ALWAYS, Always
from autograder.checks.besides import judge_besides, unsteady
from autograder.checks.calls import built, call
from autograder.checks.comparison import compare
from autograder.checks.differences import OF_SLOPES
from autograder.checks.probes import Probe
from autograder.checks.running import observe, read

SEED = 5


def rows(rng, batch=2, length=3):
    return call(rng.normal(batch, length, 4))


def module_rows(rng, batch=2):
    return built(4)(rng.normal(batch, 4))


def outcome(right, wrong, tried=ALWAYS, *, draw=rows, reading=None):
    """What separates a wrong answer from a right one beside the answer itself, which is right."""
    probe = Probe(draw, read=reading)
    expected, actual = (
        read(probe, observe(probe, subject, SEED, tried=tried), SEED) for subject in (right, wrong)
    )
    assert compare(expected, actual).passed
    return judge_besides(expected.tried, actual.tried)


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, 2)

    def forward(self, x):
        return self.linear(x).tanh()


class DropsOut(Layer):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x), 0.5, self.training)


class Counts(Layer):
    """Its third call, the one that is made again, gives other numbers."""

    def forward(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return super().forward(x) * (2 if self.calls == 3 else 1)


class Detaches(Layer):
    def forward(self, x):
        weights = self.linear.weight.detach()
        return (x @ weights.T + self.linear.bias).tanh()


class SqueezesTheBatch(Layer):
    def forward(self, x):
        return super().forward(x).squeeze(0)


def tanh(x):
    return x.tanh()


def detached(x):
    return x.detach().tanh()


def in_numpy(x):
    return torch.from_numpy(x.detach().numpy()).tanh()


def squeezed(x):
    return x.tanh().squeeze()


def table_of_five(x):
    return (x + torch.zeros(5)[: x.shape[1], None]).tanh()


def clamped(x):
    return x.clamp(-3, 3).tanh()


def cubic(x):
    return torch.where(x.abs() < 0.01, x - x**3, x.tanh())


def half_gradient(x):
    return (0.5 * x + 0.5 * x.detach()).tanh()


def steep(x):
    return x.tanh() + (x - x).abs().sqrt()


MODULES = {  # what is wrong with it -> its sentence
    DropsOut: "gives other numbers in training mode",
    Counts: "gives other numbers when called again: it keeps something between calls",
    Detaches: "the outputs are right, but a parameter gets no gradient",
    SqueezesTheBatch: "right here, but wrong for batch = 1",
}
FUNCTIONS = {
    detached: "the outputs are right, but no gradient reaches argument 1",
    in_numpy: "the outputs are right, but no gradient reaches argument 1",
    half_gradient: "the outputs are right, but the gradient of argument 1 is not",
    steep: "the outputs are right, but the gradient of argument 1 has NaN, " + OF_SLOPES,
    squeezed: "right here, but wrong for batch = 1",
    table_of_five: "raises RuntimeError for batch = 5, length = 7",
    clamped: "right here, but wrong for inputs 4 times as large",
}


@pytest.mark.parametrize("wrong", MODULES, ids=lambda x: x.__name__)
def test_a_module_with_a_bad_habit_is_told_it(wrong):
    assert outcome(Layer, wrong, draw=module_rows).summary == MODULES[wrong]


@pytest.mark.parametrize("wrong", FUNCTIONS, ids=lambda x: x.__name__)
def test_a_function_with_a_bad_habit_is_told_it(wrong):
    assert outcome(tanh, wrong).summary == FUNCTIONS[wrong]


def test_right_answers_have_no_bad_habit():
    assert outcome(Layer, Layer, draw=module_rows).passed
    assert outcome(tanh, lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())).passed


def test_small_numbers_are_tried():
    near_zero = lambda x: torch.where(x.abs().max() < 1, 0 * x, x.tanh())  # noqa: E731
    assert outcome(tanh, near_zero).summary == "right here, but wrong for inputs 4 times as small"


def test_what_is_drawn_at_random_is_no_state():
    def noisy(x):
        noise = torch.rand(()) if len(seen) > 1 else 0
        seen.append(x)
        return x.tanh() + noise

    seen = []
    said = outcome(tanh, noisy, frozenset({Always.STATE})).summary
    assert said == "gives other numbers when called again: it draws random numbers"


def tried_by(subject):
    return observe(Probe(rows), subject, SEED).tried


def test_wrong_numbers_that_are_others_in_every_call_are_told():
    def grows(x):
        seen.append(x)
        return x.tanh() + len(seen)

    seen, right = [], tried_by(tanh)
    noisy = tried_by(lambda x: x.tanh() + torch.rand(()))
    assert unsteady([(right, noisy)] * 2).endswith("it draws random numbers.")
    assert unsteady([(right, tried_by(grows))]).endswith("it keeps something between calls.")
    assert unsteady([(right, noisy), (right, right)]) == unsteady([(noisy, noisy)]) == ""
    assert unsteady([(right, {})]) == ""


def test_what_the_call_before_leaves_behind_shows_in_the_answer():
    def first_seen(x):
        seen.append(x)
        return seen[0].tanh()

    seen = []
    probe = Probe(rows)
    found = [observe(probe, subject, SEED) for subject in (tanh, first_seen)]
    assert not compare(*found).passed


@pytest.mark.parametrize("kind", Always)
def test_each_can_be_left_out(kind):
    wrong = {
        Always.SIZES: squeezed,
        Always.GRADIENTS: detached,
        Always.LARGE: clamped,
        Always.SMALL: lambda x: torch.where(x.abs().max() < 1, 0 * x, x.tanh()),
    }
    if kind in wrong:
        assert not outcome(tanh, wrong[kind]).passed
        assert outcome(tanh, wrong[kind], ALWAYS - {kind}).passed
        return
    module = {Always.STATE: Counts, Always.TRAINING: DropsOut}[kind]
    assert not outcome(Layer, module, frozenset({kind}), draw=module_rows).passed
    assert outcome(Layer, module, frozenset(), draw=module_rows).passed


def test_answers_that_are_read_are_not_compared_for_gradients_and_sizes_of_numbers():
    free = lambda x: 2 * x.detach().tanh()  # noqa: E731
    reading = lambda answer, inputs: answer / answer.abs().max()  # noqa: E731
    assert outcome(tanh, free, reading=reading).passed
    said = outcome(tanh, squeezed, reading=lambda answer, inputs: answer.sum(-1)).summary
    assert said == "right here, but wrong for batch = 1"


def test_where_the_reference_has_no_gradient_none_is_wanted():
    assert outcome(detached, tanh).passed


def test_other_results_than_the_first_may_be_detached():
    two = lambda x: (x.sin(), x.cos())  # noqa: E731
    assert outcome(two, lambda x: (x.sin(), x.cos().detach())).passed
    assert not outcome(two, lambda x: (x.sin().detach(), x.cos())).passed


def test_sizes_are_those_that_are_drawn_with():
    assert Probe(rows).variants == {
        "batch = 1": {"batch": 1},
        "length = 1": {"length": 1},
        "batch = 5, length = 7": {"batch": 5, "length": 7},
    }
    assert Probe(lambda rng: call(rng.normal(2))).variants == {}


def test_arrays_of_numpy_are_scaled_too():
    def arrays(rng):
        return call(np.array([0.5, 2.0, -1.5]))

    assert outcome(np.tanh, np.tanh, draw=arrays).passed
    said = outcome(np.tanh, lambda x: np.tanh(x.clip(-2, 2)), draw=arrays).summary
    assert said == "right here, but wrong for inputs 4 times as large"


def test_a_timeout_while_something_is_tried_ends_the_case():
    def slow(x):
        seen.append(x)
        if len(seen) > 2:
            raise TimeoutError("took too long")
        return x.tanh()

    seen = []
    assert observe(Probe(rows), slow, SEED).error == "TimeoutError"


def test_nan_for_large_inputs_is_called_that():
    def normalised(x):
        weights = (15 * x).exp()
        return weights / weights.sum(-1, keepdim=True)

    found = outcome(lambda x: (15 * x).softmax(-1), normalised)
    assert found.summary == "right here, but NaN for inputs 4 times as large"
