"""Calls: what each word tries, with answers that are right and wrong in that and nothing else."""

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from autograder.checks.calls import Tried, built, call, tensors_in, weighted_sum
from autograder.checks.calls import answer as answered
from autograder.checks.comparison import compare
from autograder.checks.probes import Probe
from autograder.checks.rng import Rng
from autograder.checks.running import observe
from autograder.checks.spec import (
    Inputs,
    alone,
    gradients,
    input_gradients,
    parameters,
    size,
)

SEED = 5


def rows(rng):
    return call(rng.normal(3, 4))


def module_rows(rng):
    return built(4)(rng.normal(3, 4))


def outcome(right, wrong, *tried, draw):
    """What separates a wrong answer from a right one, where these things are tried."""
    probe = Probe(draw, frozenset(tried))
    return compare(observe(probe, right, SEED), observe(probe, wrong, SEED))


def answer(subject, *tried, draw=rows):
    rng = Rng(SEED, draw.__name__)
    return answered(subject, draw(rng), frozenset(tried), rng)[0]


class Layer(nn.Module):
    """A layer from 4 to 2 with dropout that is never on; wrong ones differ in one thing each."""

    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, 2)
        self.norm = nn.Parameter(torch.ones(2))

    def forward(self, x):
        return self.norm * self.linear(x).tanh()


class OtherNames(Layer):
    def __init__(self, width):
        super().__init__(width)
        self.more = nn.Parameter(torch.ones(1))


class DetachesParameter(Layer):
    def forward(self, x):
        return self.norm.detach() * self.linear(x).tanh()


class DetachesInput(Layer):
    def forward(self, x):
        return super().forward(x.detach())


class DropsOut(Layer):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x), 0.5, self.training)


class OneLess(Layer):
    """As the reference, but that it loses a batch of one."""

    def forward(self, x):
        return super().forward(x).squeeze(0)


WRONG = {  # word -> modules that are right in the eyes of a mere call, and wrong in its
    parameters: [OtherNames],
    size: [OtherNames],
    gradients: [DetachesParameter, DetachesInput],
    input_gradients: [DetachesParameter, DetachesInput],
    alone: [OneLess],
}
PAIRS = [(word, wrong) for word, wrongs in WRONG.items() for wrong in wrongs]


@pytest.mark.parametrize("word, wrong", PAIRS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_a_word_tells_a_wrong_module_that_a_mere_call_accepts(word, wrong):
    assert outcome(Layer, wrong, draw=module_rows).passed
    assert not outcome(Layer, wrong, word, draw=module_rows).passed


@pytest.mark.parametrize("word", Tried)
def test_every_word_accepts_the_module_itself(word):
    assert word in WRONG
    assert outcome(Layer, Layer, word, draw=module_rows).passed


def test_words_go_together():
    assert outcome(Layer, Layer, *Tried, draw=module_rows).passed
    for wrong in {wrong for wrongs in WRONG.values() for wrong in wrongs}:
        assert not outcome(Layer, wrong, *Tried, draw=module_rows).passed, wrong


def tanh(x):
    return x.tanh()


def detached(x):
    return x.detach().tanh()


def through_numpy(x):
    return torch.from_numpy(x.detach().numpy()).tanh()


def batch_of_one_fails(x):
    return tanh(x) if len(x) > 1 else tanh(x)[0]


FUNCTIONS = [
    (gradients, detached),
    (gradients, through_numpy),
    (input_gradients, detached),
    (alone, batch_of_one_fails),
]


@pytest.mark.parametrize("word, wrong", FUNCTIONS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_a_word_tells_a_wrong_function_that_a_mere_call_accepts(word, wrong):
    assert outcome(tanh, wrong, draw=rows).passed
    assert not outcome(tanh, wrong, word, draw=rows).passed


def test_functions_have_no_parameters_and_no_modes():
    assert torch.equal(answer(tanh, parameters), answer(tanh))


def test_gradients_are_those_of_a_weighted_sum():
    """Of an element each its own weight, so that a gradient of the mean is not enough."""
    found = answer(tanh, gradients)
    x = Rng(SEED, "rows").normal(3, 4).requires_grad_()
    (x.tanh() * Rng(0, "weights").normal(3, 4)).sum().backward()
    assert torch.equal(found["gradients"]["argument 1"], x.grad)
    assert torch.equal(found["output"].detach(), x.tanh().detach())


def test_gradients_name_arguments_and_parameters():
    found = answer(Layer, gradients, draw=module_rows)["gradients"]
    assert list(found) == ["argument 1", "norm", "linear.weight", "linear.bias"]
    found = answer(Layer, input_gradients, draw=module_rows)["gradients"]
    assert list(found) == ["argument 1", "every parameter"] and found["every parameter"] is True


def test_every_result_has_a_part_in_gradients():
    def two(x):
        return x.sin(), {"b": x.cos()}

    def half_detached(x):
        return x.sin(), {"b": x.cos().detach()}

    assert outcome(two, two, gradients, draw=rows).passed
    assert not outcome(two, half_detached, gradients, draw=rows).passed


def test_integers_get_no_gradient_and_detached_answers_none():
    def integers(rng):
        return call(rng.integers(3, high=5), rng.normal(3))

    found = answer(lambda n, x: n * x, gradients, draw=integers)["gradients"]
    assert list(found) == ["argument 1"]
    found = answer(lambda n, x: n, gradients, draw=integers)["gradients"]
    assert found == {"argument 1": None}


def test_gradients_leave_no_trace_on_what_was_drawn():
    kept = []

    def keeps(rng):
        kept.append(rng.normal(3))
        return call(kept[0])

    _, untouched, _ = Probe(keeps, frozenset({gradients})).answer(tanh, SEED)
    assert untouched and kept[0].grad is None and not kept[0].requires_grad


@pytest.mark.parametrize("word", [gradients, input_gradients])
def test_a_change_in_place_is_noticed_where_gradients_are_tried_too(word):
    def behind_autograds_back(x):
        answer = x.tanh()
        x.data.mul_(2)
        return answer

    _, untouched, _ = Probe(rows, frozenset({word})).answer(behind_autograds_back, SEED)
    assert not untouched


def test_a_batch_of_one_is_the_first_of_the_batch():
    found = answer(tanh, alone)
    assert torch.equal(found["a batch of one"], found["output"][:1])


def test_modules_are_called_in_eval_mode():
    class Mode(nn.Module):
        def forward(self, x):
            return torch.tensor(float(self.training))

    def nothing(rng):
        return built()(rng.normal(1))

    assert answer(Mode, draw=nothing) == 0


def test_one_call_is_its_output_alone():
    assert torch.equal(answer(tanh), Rng(SEED, "rows").normal(3, 4).tanh())


def test_calls_may_stand_in_dicts_and_lists_of_any_depth():
    def nested(rng):
        return {"a": [call(rng.normal(2)), call(rng.normal(3))], "b": {"c": (call(torch.ones(1)),)}}

    found = answer(lambda x: x.sum(), draw=nested)
    rng = Rng(SEED, "nested")
    assert found == {"a": [rng.normal(2).sum(), rng.normal(3).sum()], "b": {"c": [torch.ones(())]}}


def test_keywords_are_handed_on():
    def keywords(rng):
        return call(rng.normal(3, 4), dim=0, keepdim=True)

    assert answer(torch.sum, draw=keywords).shape == (1, 4)


def test_a_class_is_built_with_its_arguments_and_filled_by_name():
    def keywords(rng):
        return built(4, out_features=2, bias=False)(rng.normal(3, 4))

    rng = Rng(SEED, "keywords")
    x = rng.normal(3, 4)
    layer = rng.fill(nn.Linear(4, 2, bias=False))
    assert torch.equal(answer(nn.Linear, draw=keywords), layer(x))


def test_filled_puts_other_numbers_into_parameters_and_gets_the_rng():
    def fill(module, rng):
        module.linear.weight.data.fill_(0)
        module.linear.bias.data = rng.normal(2)

    def filled(rng):
        return built(4, filled=fill)(rng.normal(3, 4))

    rng = Rng(SEED, "filled")
    rng.normal(3, 4)
    found = answer(Layer, draw=filled)
    assert torch.allclose(found, rng.normal(2).tanh().expand(3, 2))


def test_a_filled_module_is_in_eval_mode_whatever_filling_did():
    def filled(rng):
        return built(4, filled=lambda module, rng: module.train())(rng.normal(3, 4))

    assert outcome(Layer, DropsOut, draw=filled).passed


@pytest.mark.parametrize("asked", [3, "text", None, torch.ones(2)], ids=str)
def test_what_is_no_call_needs_a_run(asked):
    def no_call(rng):
        return asked

    with pytest.raises(TypeError, match="a probe without a run of its own draws calls, not "):
        answer(tanh, draw=no_call)


def test_tensors_are_found_in_their_order_and_modules_hold_none():
    a, b, c, d = (torch.full((1,), float(n)) for n in range(4))
    held = Inputs(x=a, more=[call(b, key=c), {"n": 1, "layer": nn.Linear(1, 1)}], last=(d, "text"))
    assert [each is x for each, x in zip(tensors_in(held), (a, b, c, d), strict=True)] == [True] * 4


class Frozen(Layer):
    def __init__(self, width):
        super().__init__(width)
        self.norm.requires_grad_(False)


def test_a_parameter_that_cannot_learn_gets_no_gradient_and_is_no_error():
    found = answer(Frozen, gradients, draw=module_rows)["gradients"]
    assert found["norm"] is None and found["linear.weight"].any()


def test_every_parameter_must_get_a_gradient():
    found = answer(Frozen, input_gradients, draw=module_rows)["gradients"]
    assert found["every parameter"] is False


def test_the_weighted_sum_of_what_stands_on_a_gpu():
    with FakeTensorMode(allow_non_fake_inputs=True):
        total = weighted_sum([torch.empty(3, device="cuda"), torch.ones(2)])
    assert (total.device.type, total.shape) == ("cuda", ())
