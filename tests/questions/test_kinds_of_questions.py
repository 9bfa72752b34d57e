"""What makes a question: options that differ, keys found again, results that one can say."""

import random

import numpy as np
import pytest
import torch

from autograder.checks.calls import call
from autograder.checks.evidence import Array, Evidence, normalise, to_bytes
from autograder.checks.probes import Probe
from autograder.questions.asks import Ask, Changed, Learned, call_of, from_text, kind_of, to_text
from autograder.questions.changes import NEAR, Change
from autograder.questions.describing import WordlessError, number, numbers
from autograder.questions.experiments import Outcome
from autograder.questions.kinds.reaching import Pair, is_reached
from autograder.questions.kinds.returned import text_of
from autograder.questions.kinds.same_results import Tried, _three, difference, keeps_all
from autograder.questions.kinds.shapes import other_shapes
from autograder.questions.making import _chosen, _proved
from autograder.questions.question import Draft, Option, Question
from autograder.questions.sights import Answer


def draw(rng, B=2, k=3, h=4):
    return call(rng.normal(B, k, h), rng.integers(B, k, high=9), 0.5, torch.ones(B, k).bool())


PROBE = Probe(draw)


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 2), (7,), (3, 1), (4, 3, 5, 6)])
def test_wrong_shapes_are_three_others(shape):
    for seed in range(20):
        found = [each.text for each in other_shapes(shape, [2, 3, 5, 7], random.Random(seed))]
        assert len({*found, str(shape)}) == 4, found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (-0.5, "-0.5"),
        (1 / 3, "1/3"),
        (0.1, "0.1"),
        (float("-inf"), "-inf"),
        (True, "True"),
    ],
)
def test_simple_numbers_are_written_as_one_writes_them(value, text):
    assert number(value) == text
    assert numbers(np.array([[value]])) == f"[[{text}]]"


@pytest.mark.parametrize("value", [0.7311, 1.700011, 1e9, 2**0.5])
def test_other_numbers_have_no_short_text(value):
    """1.700011 is e^(485/914), and 17/10 by chance only."""
    with pytest.raises(WordlessError):
        number(value)


@pytest.mark.parametrize("values", [[float("nan"), 1.0], [1000.0], [0.3] * 7, []])
def test_a_result_that_nobody_calculates_is_not_asked_for(values):
    assert text_of(Array("tensor", "float32", np.array(values, np.float32))) == ""


def test_asks_travel_as_text():
    asks = [Ask("draw", 3, {"B": 2}, 1, 5, Changed.LATER), Ask("draw", 4)]
    assert from_text(to_text(asks)) == asks


def test_other_numbers_leave_the_first_item_and_earlier_positions():
    ask = Ask("draw", 1, {"B": 3, "k": 5, "h": 2})
    before = call_of(PROBE, ask).arguments
    items = call_of(PROBE, ask.with_other(Changed.ITEMS)).arguments
    later = call_of(PROBE, ask.with_other(Changed.LATER)).arguments
    for at in (0, 1):
        assert torch.equal(before[at][0], items[at][0]) and not torch.equal(before[at], items[at])
        assert torch.equal(before[at][:, :2], later[at][:, :2])
        assert not torch.equal(before[at][:, 2:], later[at][:, 2:])
    assert before[2:3] == items[2:3] == later[2:3] and torch.equal(before[3], later[3])


def test_small_numbers_are_small_and_of_the_same_form():
    ask = Ask("draw", 1, {"B": 1, "k": 2, "h": 2}, 0, 7)
    x = call_of(PROBE, ask).arguments[0]
    assert x.shape == (1, 2, 2) and torch.equal(x, x.round()) and x.abs().max() <= 100


def test_what_a_module_has_learned_is_named_by_its_form():
    kinds = [kind_of(torch.randn(2, 3)), kind_of(torch.ones(4)), kind_of(torch.randn(4))]
    assert kinds == [Learned.MATRIX, Learned.CONSTANT, Learned.VECTOR]
    assert kind_of(torch.randn(2, 2, 2)) is Learned.OTHER


def outcome(*values, **tried):
    pairs = enumerate(values)
    return Outcome(
        {("p", i): to_bytes(Evidence(normalise(v), tried=normalise(tried))) for i, v in pairs}
    )


def test_results_are_the_same_with_all_that_is_tried():
    x = torch.tensor([1.0, 2.0])
    assert keeps_all(outcome(x, x), outcome(x, x * (1 + 1e-6)), 2)
    assert not keeps_all(outcome(x, x), outcome(x, x * 1.01), 2)
    assert keeps_all(outcome(x, x), outcome(x, x * 1.01), 1), "of one seed"
    assert not keeps_all(outcome(x, training="as before"), outcome(x, training="differs"), 1)
    assert not keeps_all(Outcome(), Outcome(), 1), "nothing was run"


def test_how_much_results_differ_is_the_largest_error():
    x = torch.tensor([1.0, 2.0])
    found = difference(outcome(x, x), outcome(x * 1.00002, x * 1.1), 2)
    assert found.said and found.error == pytest.approx(0.0476, abs=0.001)
    assert difference(outcome(x), outcome(x[None]), 1).error == np.inf


@pytest.mark.parametrize(("change", "reached"), [(0, False), (1, True)])
def test_what_reaches_the_first_item_is_seen(change, reached):
    x = torch.arange(12.0).view(3, 4)
    other = x.clone()
    other[1:] += 1
    other[0] += change
    answers = [Answer(normalise(each)) for each in (x, other)]
    assert is_reached(answers, Pair(Ask("p", 1), Changed.ITEMS), 0) is reached
    assert is_reached([answers[0]] * 2, Pair(Ask("p", 1), Changed.ITEMS), 0) is None
    assert is_reached([answers[0], Answer(error="e")], Pair(Ask("p", 1), Changed.ITEMS), 0) is None


def a_draft(kind, exercise, holds=True, rank=5.0):
    options = tuple(Option(f"{kind} {exercise} {n}", n == 0, "") for n in range(4))
    question = Question(kind, exercise, ((1, "x"),), (1,), kind, "", options, "")
    return Draft(question, ["a", "version"], lambda found: holds and len(found) == 2, rank)


class Fake:
    """A laboratory whose outcomes are what was to be run."""

    def run(self, versions):
        return list(versions)


def test_a_key_that_is_not_found_again_is_left_out():
    drafts = [a_draft("shape", "f"), a_draft("axis", "f", holds=False), a_draft("axis", "g")]
    assert _proved(Fake(), drafts) == [drafts[0].question, drafts[2].question]


def test_kinds_and_exercises_take_turns():
    drafts = [a_draft(kind, exercise) for kind in ("shape", "axis") for exercise in "fgh"]
    drafts.append(a_draft("returned", "f", rank=4.0))
    chosen = [each.question for each in _chosen(drafts, 3, random.Random(1))]
    assert {each.kind for each in chosen} == {"shape", "axis", "returned"}


def test_the_same_question_is_chosen_once():
    assert len(_chosen([a_draft("shape", "f")] * 3, 3, random.Random(1))) == 1


def test_wrong_lines_have_different_results_and_near_misses_come_first():
    x = torch.tensor([1.0, 2.0])

    def tried(after, kind, factor):
        return Tried(Change(1, "x", after, after, kind=kind), outcome(factor * x), after)

    others = [tried(f"m{n}", "axes", 5 + n) for n in range(3)]
    near = [tried("n1", NEAR, 2), tried("n1 in other words", NEAR, 2), tried("n2", NEAR, 3)]
    for seed in range(5):
        found = [each.change.after for each in _three([*others, *near], random.Random(seed))]
        assert found[0][:2] != found[1][:2] and {each[0] for each in found[:2]} == {"n"}
        assert found[2][0] == "m"
