"""Probes: inputs are drawn by one function, and are the same for run, reading and law."""

import numpy as np
import pytest
import torch
from torch import nn

from autograder.checks.calls import built, call, tensors_in
from autograder.checks.evidence import normalise
from autograder.checks.probes import Inputs, Probe, as_plain
from autograder.checks.rng import Rng


@pytest.fixture
def probe():
    """A probe whose inputs are drawn and derived, and which notes everything it is given."""
    seen = []

    def pairs(rng):
        seen.append("drawn")
        keys = rng.normal(4, 3)
        return Inputs(keys=keys, doubled=2 * keys, n=rng.integer(2, 1000))

    found = Probe(pairs)

    @found.run
    def _(subject, given):
        seen.append(given)
        return subject(given.keys, given.doubled)

    @found.read
    def _(value, given):
        seen.append(given)
        return value + 1

    @found.law
    def _(value, given):
        seen.append(given)

    found.seen = seen
    return found


def test_a_probe_is_named_after_what_draws_and_counts_once():
    def rows(rng): ...

    found = Probe(rows)
    assert (found.name, found.weight, found.hidden) == ("rows", 1.0, False)
    assert (found.has_reading, found.has_law) == (False, False)


def test_run_reading_and_law_get_equal_inputs(probe):
    answer, _, _ = probe.answer(torch.add, 5)
    probe.reading(answer, 5)
    probe.problem(answer, 5)
    first, *others = [each for each in probe.seen if each != "drawn"]
    assert len(others) == 2
    for other in others:
        assert torch.equal(other.keys, first.keys) and torch.equal(other.doubled, first.doubled)
        assert other.n == first.n


def test_inputs_are_drawn_once_for_a_run_and_what_is_run_gets_these_very_ones(probe):
    given = []
    probe.answer(lambda keys, doubled: given.append(keys), 5)
    assert probe.seen.count("drawn") == 1
    assert given[0] is probe.seen[1].keys


def test_inputs_depend_on_the_seed(probe):
    assert not torch.equal(probe.inputs(5).keys, probe.inputs(6).keys)


def changes_what_was_drawn(keys, doubled):
    keys[0] = 0


def changes_what_was_derived(keys, doubled):
    doubled.mul_(2)


def changes_another_view(keys, doubled):
    doubled.view(-1)[:1].zero_()


def changes_the_numbers_kind(keys, doubled):
    doubled.data = doubled.data.double()


def changes_nothing(keys, doubled):
    keys.requires_grad_()
    return keys + doubled


CHANGES = [
    *(changes_what_was_drawn, changes_what_was_derived),
    *(changes_another_view, changes_the_numbers_kind),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_place_is_noticed(probe, change):
    _, untouched, _ = probe.answer(change, 5)
    assert not untouched


def test_without_one_nothing_is_noticed(probe):
    _, untouched, _ = probe.answer(changes_nothing, 5)
    assert untouched


def test_what_was_drawn_and_not_handed_on_is_watched_too():
    kept = []

    def sums(rng):
        kept.append(rng.normal(3))
        return call(kept[0].sum())

    _, untouched, _ = Probe(sums).answer(lambda total: kept[0].zero_(), 5)
    assert not untouched


class Changes(nn.Module):
    """Changes the first tensor that it finds in its arguments."""

    def forward(self, *arguments, **keywords):
        next(tensors_in([arguments, keywords])).zero_()
        return torch.zeros(1)


PLACES = {
    "argument": lambda x: call(x),
    "keyword": lambda x: call(y=x),
    "one of several": lambda x: [call(), call(x)],
    "nested": lambda x: {"a": {"b": call(x)}},
    "in an argument": lambda x: call([1, ({"a": x},)]),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_derived_tensors_are_watched_wherever_they_stand_in_calls(place):
    def draws(rng):
        return place(2 * rng.normal(3))

    def subject(*arguments, **keywords):
        return Changes()(*arguments, **keywords) if arguments or keywords else torch.zeros(1)

    _, untouched, _ = Probe(draws).answer(subject, 5)
    assert not untouched


def test_derived_tensors_of_a_built_modules_call_are_watched():
    def draws(rng):
        return built()(2 * rng.normal(3))

    _, untouched, _ = Probe(draws).answer(Changes, 5)
    assert not untouched


def test_a_run_may_take_the_rng_that_drew_the_inputs():
    def width(rng):
        return Inputs(n=rng.integer(2, 5))

    found = Probe(width)

    @found.run
    def _(layer, given, rng):
        return rng.fill(layer(given.n, 1)).weight

    answer, _, _ = found.answer(nn.Linear, 5)
    rng = Rng(5, "width")
    expected = rng.fill(nn.Linear(rng.integer(2, 5), 1)).weight
    assert torch.equal(as_plain(answer), expected)


def test_a_module_is_copied_and_stays_as_it_was():
    def rows(rng):
        return call(rng.normal(2, 3))

    found = Probe(rows)
    module = nn.Linear(3, 2).eval()

    @found.run
    def _(subject, given):
        subject.weight.data.zero_()
        subject.train()
        return subject(*given.arguments)

    found.answer(module, 5)
    assert not module.training and module.weight.abs().sum() > 0


def test_without_reading_and_law_an_answer_stays_and_nothing_is_wrong():
    def rows(rng): ...

    value = normalise(torch.ones(2))
    assert Probe(rows).reading(value, 1) is value
    assert Probe(rows).problem(value, 1) is None


def test_a_law_says_what_is_wrong():
    def rows(rng):
        return Inputs(total=rng.normal(1))

    found = Probe(rows)
    found.law(lambda value, given: None if value.sum() == given.total else f"not {given.total}")
    total = Rng(5, "rows").normal(1)
    assert found.problem(normalise(total), 5) is None
    assert found.problem(normalise(total + 1), 5) == f"not {total}"


PLAIN = [torch.ones(2), np.ones(2), 3.5, True, "x", None, [1.0, {"a": torch.zeros(1)}]]


@pytest.mark.parametrize("value", PLAIN, ids=str)
def test_normalised_answers_become_what_they_were(value):
    found = as_plain(normalise(value))
    assert str(found) == str(value) and type(found) is type(value)


def test_tensors_of_evidence_are_copies_that_readings_may_change():
    evidence = normalise(torch.ones(2))
    as_plain(evidence).zero_()
    assert evidence.values.tolist() == [1, 1]
