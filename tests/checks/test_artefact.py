"""Rounding, tiers and limits: what a measured model earns."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from autograder.checks.artefact import Artefact, rounded
from autograder.checks.measuring import build, difference, layout, measure
from autograder.checks.model_file import Model, ModelError

TIERS = ((0.50, 12), (0.63, 14), (0.70, 16), (0.74, 20), (0.80, 25))
TIES = {
    0.494: "0.49",
    0.4949: "0.49",
    0.495: "0.50",
    0.615: "0.62",
    0.625: "0.63",
    0.705: "0.71",
    0.795: "0.80",
    0.995: "1.00",
    1.0: "1.00",
    0.0: "0.00",
    -0.125: "-0.13",
}


@pytest.mark.parametrize("value, text", TIES.items())
def test_a_score_is_rounded_half_up(value, text):
    assert str(rounded(value)) == text


def test_every_tie_among_fractions_is_rounded_up():
    """As counts of right answers, of totals that a held-out set may have."""
    for total in (200, 1000, 2000, 4096, 5000, 9999, 99_800):
        for hundredth in range(100):
            tie = Fraction(2 * hundredth + 1, 200)
            right = -(-tie.numerator * total // tie.denominator)  # the first at the tie or above
            up, down = (hundredth + 1) / 100, hundredth / 100
            assert float(rounded(right / total)) == up
            assert float(rounded((right - 1) / total)) == down


def test_single_precision_does_not_lose_a_tie():
    for tie in range(1, 200, 2):
        value = tie / 200
        for single in (np.float32(value), torch.tensor(value).item(), float(np.float32(value))):
            assert rounded(single) == rounded(value)


@pytest.mark.parametrize("value", [1e300, -1e300, 1e-300, 123456789.125])
def test_any_finite_number_is_rounded(value):
    assert float(rounded(value)) == pytest.approx(value, abs=0.01)


class Scale(nn.Module):
    """A number and a mean that training would keep."""

    def __init__(self, width, deep):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.norm = nn.BatchNorm1d(width)
        self.register_buffer("mask", torch.ones(width), persistent=False)


def build_scale(configuration):
    if configuration["width"] % 2:
        raise ValueError("the width must be even")
    return Scale(configuration["width"], configuration["deep"])


ARTEFACT = Artefact(
    ending="model",
    build=build_scale,
    limits={"width": (2, 8), "dropout": (0.0, 0.9), "deep": {True, False}, "kind": {"a", "b"}},
    held_out=lambda seed: torch.tensor(float(seed)),
    measure=lambda module, data: {"accuracy": float(module.weight.mean()), "seed": data},
    tiers=TIERS,
)
GOOD = {"width": 2, "dropout": 0.1, "deep": True, "kind": "a"}


def model(accuracy=0.7, **changes):
    configuration = {**GOOD, **changes}
    tensors = dict(Scale(2, True).state_dict())
    tensors["weight"] = torch.full((2,), accuracy)
    return Model(configuration, tensors)


@pytest.mark.parametrize(
    "value, points",
    [
        (0.0, 0),
        (0.494, 0),
        (0.495, 12),
        (0.5, 12),
        (0.624, 12),
        (0.625, 14),
        (0.63, 14),
        (0.695, 16),
        (0.794, 20),
        (0.795, 25),
        (0.995, 25),
        (1.0, 25),
    ],
)
def test_tiers_begin_at_their_value(value, points):
    verdict = ARTEFACT.judge("trained_model", 25, {"accuracy": value})
    assert (verdict.score, verdict.max_score, verdict.passed) == (points, 25, points > 0)


def test_the_line_tells_measures_tier_points_and_what_comes_next():
    line = ARTEFACT.judge("trained_model", 25, {"accuracy": 0.6951, "loss": 12.345}).line
    expected = "accuracy 0.70, loss 12.35: reaches 0.70, 16 of 25 points; 20 from 0.74 on"
    assert line == f"✓ trained_model  {expected}"
    line = ARTEFACT.judge("trained_model", 25, {"accuracy": 0.3, "perplexity": 1e30}).line
    expected = "accuracy 0.30, perplexity 1e+30: below 0.50, 0 of 25 points"
    assert line == f"✗ trained_model  {expected}"


@pytest.mark.parametrize(
    "value, points, said",
    [
        (9.0, 0, "above 4.00, 0 of 8 points"),
        (4.005, 0, "above 4.00, 0 of 8 points"),
        (4.004, 2, "reaches 4.00, 2 of 8 points; 8 from 2.50 down"),
        (2.5, 8, "reaches 2.50, 8 of 8 points"),
        (1.0, 8, "reaches 2.50, 8 of 8 points"),
    ],
)
def test_where_tiers_fall_lower_is_better(value, points, said):
    falling = Artefact(**{**vars(ARTEFACT), "tiers": ((4.0, 2), (2.5, 8))})
    verdict = falling.judge("trained_model", 8, {"perplexity": value})
    assert (verdict.score, verdict.passed) == (points, points > 0)
    assert verdict.line.endswith(said)


def test_a_model_is_measured_in_eval_mode_on_the_data_of_the_seed():
    assert measure(ARTEFACT, model(0.7), 5) == {"accuracy": pytest.approx(0.7), "seed": 5.0}


def test_measuring_leaves_no_trace_and_is_the_same_every_time():
    noisy = Artefact(
        **{**vars(ARTEFACT), "measure": lambda module, data: {"noise": torch.rand(())}}
    )
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    assert measure(noisy, model(), 5) == measure(noisy, model(), 5) != measure(noisy, model(), 6)
    assert torch.equal(torch.rand(2), expected)
    assert torch.is_grad_enabled()


ALLOWED = [{"dropout": 0}, {"dropout": 0.9}, {"deep": False}, {"kind": "b"}]


@pytest.mark.parametrize("changes", ALLOWED)
def test_bounds_belong_to_the_limits(changes):
    assert measure(ARTEFACT, model(**changes), 5)


FORBIDDEN = {
    "has width = 3.0, which must be a whole number from 2 to 8": {"width": 3.0},
    "has width = 1, which must be a whole number from 2 to 8": {"width": 1},
    "has dropout = nan, which must be a number from 0.0 to 0.9": {"dropout": float("nan")},
    "has dropout = True, which must be a number from 0.0 to 0.9": {"dropout": True},
    "has deep = 1, which must be False or True": {"deep": 1},
    "has kind = 'c', which must be 'a' or 'b'": {"kind": "c"},
    "has a configuration that makes no model (ValueError: the width must be even)": {"width": 3},
    "is not of the given architecture with its configuration: 'weight' is 2, not 4": {"width": 4},
}


@pytest.mark.parametrize("problem, changes", FORBIDDEN.items(), ids=FORBIDDEN)
def test_all_else_is_refused(problem, changes):
    with pytest.raises(ModelError) as raised:
        measure(ARTEFACT, model(**changes), 5)
    assert str(raised.value) == problem


def test_a_measure_that_is_no_number_or_fails_is_refused_and_tells_no_data():
    with pytest.raises(ModelError, match="cannot be scored: its accuracy is nan"):
        measure(
            Artefact(**{**vars(ARTEFACT), "measure": lambda m, d: {"accuracy": 0 * float("inf")}}),
            model(),
            5,
        )

    def fails(module, data):
        raise IndexError(f"index of {data}")

    with pytest.raises(ModelError) as raised:
        measure(Artefact(**{**vars(ARTEFACT), "measure": fails}), model(), 5)
    assert str(raised.value) == "cannot be measured (IndexError)"
    assert raised.value.detail == "index of 5.0"


def test_layouts_hold_what_files_hold():
    found = layout(build(ARTEFACT, ARTEFACT.kinds[0]))
    assert found["weight"] == "2" and found["norm.num_batches_tracked"] == "a number"
    assert "mask" not in found
    assert difference(found, found) == ""


def test_the_kinds_are_the_same_everywhere():
    lowest = {"width": 2, "dropout": 0.0}
    choices = [(False, "a"), (False, "b"), (True, "a"), (True, "b")]
    assert ARTEFACT.kinds == [lowest | {"deep": deep, "kind": kind} for deep, kind in choices]


def test_a_configuration_is_of_the_kind_whose_choices_it_has():
    assert [ARTEFACT.kind_of({"width": 4, **kind}) for kind in ARTEFACT.kinds] == [0, 1, 2, 3]
    assert ARTEFACT.kind_of({"deep": True, "kind": "c"}) == 0
