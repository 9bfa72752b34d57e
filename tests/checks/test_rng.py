import numpy as np
import pytest
import torch
from torch import nn

from autograder.checks.rng import Rng, shapes

FLOAT64 = torch.float64


def numbers(tensor):
    return pytest.approx(tensor.flatten().tolist(), rel=1e-12, abs=0)


def test_numbers_of_a_seed_are_frozen():
    rng = Rng(7, "a")
    normal = [1.2783889129025887, -1.1606142409887847, 0.5993404932442118]
    uniform = [0.3138921739480267, 0.6286892511583063]
    assert rng.normal(3, dtype=FLOAT64).tolist() == normal
    assert rng.uniform(2, dtype=FLOAT64).tolist() == uniform
    assert rng.integers(4, high=10).tolist() == [5, 0, 1, 1]
    assert rng.integer(0, 100) == 16
    assert rng.permutation(5).tolist() == [2, 3, 4, 1, 0]
    assert numbers(rng.orthonormal(1, 2)) == [-0.570830987059636, 0.8210675880903603]
    filled = rng.fill(nn.Linear(2, 1, dtype=FLOAT64))
    assert filled.weight.tolist() == [[pytest.approx(-0.0031339342), pytest.approx(0.4828967452)]]


def test_streams_and_seeds_differ():
    drawn = {tuple(Rng(*key).normal(3).tolist()) for key in [(7, "a"), (7, "b"), (8, "a")]}
    assert len(drawn) == 3


def test_shapes_and_dtypes_are_as_asked():
    rng = Rng(1)
    assert (rng.normal(2, 3).shape, rng.normal(2, 3).dtype) == ((2, 3), torch.float32)
    assert rng.normal().shape == ()
    assert (rng.uniform(4, 1).shape, rng.uniform(1).dtype) == ((4, 1), torch.float32)
    assert (rng.integers(5, high=2).shape, rng.integers(5, high=2).dtype) == ((5,), torch.int64)


def test_bounds_are_kept():
    rng = Rng(1)
    assert set(rng.integers(200, low=3, high=6).tolist()) == {3, 4, 5}
    assert {rng.integer(3, 6) for _ in range(200)} == {3, 4, 5}
    uniform = rng.uniform(200, low=-2, high=-1)
    assert -2 <= uniform.min() < -1.9 and -1.1 < uniform.max() < -1


def test_a_permutation_holds_every_integer_once():
    assert sorted(Rng(3).permutation(9).tolist()) == list(range(9))


@pytest.mark.parametrize("n, d", [(1, 2), (3, 5), (4, 4)])
def test_rows_are_orthonormal(n, d):
    rows = Rng(1).orthonormal(n, d)
    assert rows.shape == (n, d)
    assert torch.allclose(rows @ rows.T, torch.eye(n, dtype=FLOAT64), atol=1e-12)


class WeightFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Linear(3, 5)
        self.other = nn.Linear(3, 5)


class OtherFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.other = nn.Linear(3, 5)
        self.weight = nn.Linear(3, 5)


def test_fill_does_not_depend_on_the_order_of_creation():
    a, b = (Rng(1).fill(make()).state_dict() for make in (WeightFirst, OtherFirst))
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_fill_gives_every_entry_its_own_number_and_no_zeros():
    module = Rng(1).fill(WeightFirst())
    entries = torch.cat([p.flatten() for p in module.parameters()])
    assert len(set(entries.tolist())) == len(entries) and 0.0 not in entries.tolist()


def test_two_fills_of_one_rng_differ():
    rng = Rng(1)
    first, second = rng.fill(nn.Linear(2, 2)), rng.fill(nn.Linear(2, 2))
    assert not torch.equal(first.weight, second.weight)


def test_fill_switches_to_eval_mode_and_keeps_gradients_on():
    module = Rng(1).fill(nn.Sequential(nn.Linear(2, 2), nn.Dropout()))
    assert not module.training and not module[1].training
    assert all(p.requires_grad and p.grad_fn is None for p in module.parameters())


def test_fill_scales():
    small, large = (Rng(1).fill(nn.Linear(3, 3), scale).weight for scale in (1.0, 4.0))
    assert torch.allclose(4 * small, large)


CHANGES = {
    "one entry": lambda x: x[0].add_(1),
    "sign": lambda x: x.neg_(),
    "size": lambda x: x.resize_(7),
    "dtype": lambda x: setattr(x, "data", x.data.double()),
    "NaN": lambda x: x.fill_(torch.nan),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("draw", ["normal", "uniform"])
def test_a_change_in_place_is_noticed(change, draw):
    rng = Rng(1)
    given = getattr(rng, draw)(3)
    rng.normal(2)
    assert rng.untouched()
    change(given)
    assert not rng.untouched()


def test_a_change_of_integers_in_place_is_noticed():
    for draw in (lambda rng: rng.integers(3, high=9), lambda rng: rng.permutation(3)):
        rng = Rng(1)
        draw(rng).add_(1)
        assert not rng.untouched()


def test_gradients_are_no_change():
    rng = Rng(1)
    x = rng.normal(3).requires_grad_()
    x.sum().backward()
    assert rng.untouched()


def test_global_generators_stay_as_they_are():
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    rng = Rng(1)
    rng.normal(3), rng.uniform(3), rng.integers(3, high=2), rng.permutation(3)
    rng.orthonormal(2, 3), rng.fill(nn.Identity())
    assert torch.equal(torch_before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


def test_shapes_are_listed_by_sorted_name():
    assert list(shapes(nn.Linear(3, 5)).items()) == [("bias", "(5,)"), ("weight", "(5, 3)")]
