import numpy as np
import pytest
import torch

from autograder.checks.comparison import compare, relative_error, same
from autograder.checks.evidence import UNUSABLE, Evidence, normalise

INF, NAN = float("inf"), float("nan")


def evidence(value):
    return Evidence(normalise(value))


def outcome(expected, actual):
    return compare(evidence(expected), evidence(actual))


def said(expected, actual):
    found = outcome(expected, actual)
    return found.summary, found.detail


t = torch.tensor
ones = torch.ones


@pytest.mark.parametrize(
    "value",
    [ones(2, 3), t(2.0), torch.zeros(0, 3), torch.zeros(4), t([1, 2]), t([True]), np.arange(3)],
    ids=str,
)
def test_the_same_array_passes(value):
    found = outcome(value, value)
    assert found.passed and found.error == 0


@pytest.mark.parametrize("value", [3, True, "x", None, [], {}, {"a": [1, (2.0, "b")]}], ids=str)
def test_the_same_answer_passes(value):
    found = outcome(value, value)
    assert found.passed and found.error == 0


def test_the_error_is_the_handouts_formula():
    x, y = t([1.0, -4.0, 3.0]), t([1.5, 4.0, 3.25])
    assert relative_error(x.numpy(), y.numpy()) == pytest.approx(8.0 / 8.0)
    x, y = np.random.RandomState(0).normal(size=(2, 50))
    expected = np.abs(x - y).max() / (np.abs(x) + np.abs(y)).max()
    assert relative_error(x, y) == pytest.approx(expected, rel=1e-14)


def test_the_error_of_a_tree_is_that_of_its_worst_leaf():
    found = outcome([ones(1), {"a": ones(1)}], [ones(1), {"a": ones(1) * (1 + 1e-5)}])
    assert found.passed and found.error == pytest.approx(5e-6, rel=0.01)


def test_the_error_of_zeros_is_absolute():
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert not outcome(t([0.0]), t([1e-30])).passed


@pytest.mark.parametrize("error, passes", [(0.9e-5, True), (1.1e-5, False)])
@pytest.mark.parametrize("shape", [(), (3, 5)])
def test_the_threshold_is_1e_5(error, passes, shape):
    expected = ones(shape, dtype=torch.float64)
    found = outcome(expected, expected * (1 + 2 * error))
    assert found.passed is passes
    assert found.error == pytest.approx(error, rel=1e-3)


def test_one_bad_entry_in_a_thousand_fails():
    actual = ones(10, 100)
    actual[4, 7] = 1.01
    summary, detail = said(ones(10, 100), actual)
    assert summary == "error 0.005 ≥ 1e-05 at [4, 7]"
    assert detail == "expected 1, got 1.01"


A_TENSOR = "expected a torch.Tensor, got "
OFF = "error 0.33 ≥ 1e-05"
DIFFERENCES = {
    "type": (ones(2), "x", "wrong type", A_TENSOR + "a str"),
    "numpy for torch": (ones(2), np.ones(2), "wrong type", A_TENSOR + "a numpy.ndarray"),
    "number for tensor": (t(1.0), 1.0, "wrong type", A_TENSOR + "a number"),
    "truth for number": (1, True, "wrong type", "expected a number, got a bool"),
    "None": (1, None, "wrong type", "expected a number, got None"),
    "tuple for tensor": (ones(2), (1, 1), "wrong type", A_TENSOR + "a list or tuple"),
    "foreign": ({}, object(), "wrong type", "expected a dict, got a object"),
    "length": ([1, 2], [1], "wrong length", "expected 2, got 1"),
    "keys": ({"a": 1, "b": 2}, {"a": 1}, "wrong structure", "expected a, b, got a"),
    "text": ("yes", "no", "wrong value", "expected yes, got no"),
    "shape": (ones(2, 3), ones(3, 2), "wrong shape", "expected (2, 3), got (3, 2)"),
    "extra axis": (ones(3), ones(1, 3), "wrong shape", "expected (3,), got (1, 3)"),
    "broadcast": (ones(4, 3, 3), ones(3, 3), "wrong shape", "expected (4, 3, 3), got (3, 3)"),
    "0-d": (ones(1), t(1.0), "wrong shape", "expected (1,), got ()"),
    "empty": (ones(2), ones(0), "wrong shape", "expected (2,), got (0,)"),
    "dtype": (ones(2), ones(2).double(), "wrong dtype", "expected float32, got float64"),
    "half": (ones(2), ones(2).half(), "wrong dtype", "expected float32, got float16"),
    "int for float": (ones(2), t([1, 1]), "wrong dtype", "expected float32, got int64"),
    "NaN": (ones(2), t([1.0, NAN]), "NaN", ""),
    "infinite": (ones(2), t([1.0, INF]), "infinite values at [1]", "expected 1, got inf"),
    "finite": (t([1.0, -INF]), ones(2), "wrong value at [1]", "expected -inf, got 1"),
    "infinite twice": (t([0, -INF]), t([INF, -INF]), "wrong value at [0]", "expected 0, got inf"),
    "other infinity": (t([INF]), t([-INF]), "wrong value at [0]", "expected inf, got -inf"),
    "value": (t([1.0, 2.0]), t([1.0, 3.0]), "error 0.2 ≥ 1e-05 at [1]", "expected 2, got 3"),
    "0-d value": (t(2.0), t(3.0), "error 0.2 ≥ 1e-05", "expected 2, got 3"),
    "number": (2, 3, "error 0.2 ≥ 1e-05", "expected 2, got 3"),
    "integer": (t([1, 2]), t([1, 3]), "error 0.2 ≥ 1e-05 at [1]", "expected 2, got 3"),
    "truth": (t([True]), t([False]), "error 1 ≥ 1e-05 at [0]", "expected 1, got 0"),
    "in a list": ([1, ones(2)], [1, ones(3)], "wrong shape at [1]", "expected (2,), got (3,)"),
    "in a dict": ({"a": {"b": [1]}}, {"a": {"b": [2]}}, OFF + " at a.b[0]", "expected 1, got 2"),
    "element": ({"a": ones(2)}, {"a": t([1.0, 2.0])}, OFF + " at a[1]", "expected 1, got 2"),
    "NaN inside": ({"a": ones(2)}, {"a": ones(2) * NAN}, "NaN at a", ""),
}  # fmt: skip


@pytest.mark.parametrize("expected, actual, summary, detail", DIFFERENCES.values(), ids=DIFFERENCES)
def test_differences_are_told_in_these_words(expected, actual, summary, detail):
    assert said(expected, actual) == (summary, detail)


ORDER = {
    "type before structure": ({"a": 1}, [1, 2], "wrong type"),
    "structure before shape": ([ones(2), 1], [ones(3)], "wrong length"),
    "shape before dtype": (ones(2), ones(3).double(), "wrong shape"),
    "dtype before finite": (ones(2), ones(2).double() * NAN, "wrong dtype"),
    "NaN before values": (ones(2), t([5.0, NAN]), "NaN"),
    "infinite before values": (ones(2), t([5.0, INF]), "infinite values at [1]"),
}


@pytest.mark.parametrize("expected, actual, summary", ORDER.values(), ids=ORDER)
def test_the_first_kind_of_difference_is_told(expected, actual, summary):
    assert said(expected, actual)[0] == summary


def test_an_exception_comes_before_everything():
    raised = Evidence(normalise(1), error="ValueError", detail="no such axis", inputs_changed=True)
    found = compare(evidence(1), raised)
    assert (found.summary, found.detail) == ("raised ValueError", "no such axis")
    assert found.error == INF


@pytest.mark.parametrize(
    "error, summary",
    [
        ("NotImplementedError", "not written yet"),
        ("KeyError", "raised KeyError"),
        ("SystemExit", "raised SystemExit"),
        ("The answer is 42", "raised an exception"),
        ("print", "raised an exception"),
        (UNUSABLE, "its answer does not fit where it is used"),
    ],
)
def test_an_exception_shows_a_known_name_only(error, summary):
    assert compare(evidence(1), Evidence(error=error)).summary == summary


@pytest.mark.parametrize("shape", [(), (1,), (1, 3, 3), (3, 3), (4, 1, 3)])
def test_nothing_is_broadcast(shape):
    assert said(ones(4, 3, 3), ones(shape))[0] == "wrong shape"
    with pytest.raises(ValueError, match="differ"):
        relative_error(np.ones((4, 3, 3)), np.ones(shape))


@pytest.mark.parametrize("expected", [t([1.0, NAN]), t([1.0, 2.0]), t([NAN, NAN])])
def test_nan_never_passes(expected):
    assert not outcome(expected, t([1.0, NAN])).passed


def test_infinities_in_the_right_places_pass():
    expected = t([[0.0, -INF], [INF, 3.0]])
    found = outcome(expected, expected * (1 + 1e-7))
    assert found.passed and 0 <= found.error < 1e-6
    assert outcome(t([-INF]), t([-INF])).passed


def test_infinities_do_not_hide_a_wrong_number():
    assert said(t([1.0, -INF]), t([2.0, -INF]))[0] == "error 0.33 ≥ 1e-05 at [0]"


@pytest.mark.parametrize("large", [10**7, 2**53])
def test_integers_are_exact(large):
    summary, _ = said(t([large]), t([large + 1]))
    assert summary == "wrong value at [0]"


class AlwaysEqual:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = object.__hash__


class EqualText(AlwaysEqual, str):
    __hash__ = str.__hash__


class EqualTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.Tensor.__eq__, torch.equal, torch.allclose):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})


@pytest.mark.parametrize(
    "expected, actual",
    [
        (ones(2), AlwaysEqual()),
        ("x", AlwaysEqual()),
        (None, AlwaysEqual()),
        ({"a": 1}, {"a": AlwaysEqual()}),
        ("x", EqualText("y")),
        (ones(2), torch.zeros(2).as_subclass(EqualTensor)),
    ],
)
def test_objects_equal_to_everything_fail(expected, actual):
    assert not outcome(expected, actual).passed


def test_two_foreign_objects_never_pass():
    thing = object()
    assert not outcome(thing, thing).passed


def test_a_right_answer_that_changed_its_input_fails():
    changed = Evidence(normalise(1), inputs_changed=True)
    assert compare(evidence(1), changed).summary == "changes its input in place; work on a copy"
    wrong = Evidence(normalise(2), inputs_changed=True)
    assert compare(evidence(1), wrong).summary == "error 0.33 ≥ 1e-05"


def test_comparing_warns_of_nothing():
    with np.errstate(all="raise"):
        outcome(t([1.0, INF]), t([INF, -INF]))
    assert not outcome(t([1.0, INF]), t([INF, -INF])).passed


SAME = [(t([1.0, NAN]), t([1.0, NAN])), (t([NAN]), t([NAN])), (ones(2), ones(2) * (1 + 1e-7))]
SAME += [(t([INF, 1.0]), t([INF, 1.0])), ({"a": [1, "x"]}, {"a": [1, "x"]}), (None, None)]
SAME += [(object(), object())]
DIFFERENT = [(t([1.0, NAN]), t([NAN, 1.0])), (t([NAN]), t([1.0])), (ones(2), ones(2) * 1.001)]
DIFFERENT += [(ones(2), ones(2, 1)), (ones(2), ones(2).double()), (ones(2), np.ones(2))]
DIFFERENT += [([1], [1, 1]), ({"a": 1}, {"b": 1}), ("x", "y"), (None, "x"), (t(INF), t(-INF))]
DIFFERENT += [(t([INF, 1.0]), t([INF, 2.0])), (t([INF]), t([1.0])), (1, "x")]


@pytest.mark.parametrize("a, b", SAME)
def test_wrong_answers_that_cannot_be_told_apart(a, b):
    assert same(evidence(a), evidence(b)) and same(evidence(b), evidence(a))


@pytest.mark.parametrize("a, b", DIFFERENT)
def test_wrong_answers_that_can_be_told_apart(a, b):
    assert not same(evidence(a), evidence(b)) and not same(evidence(b), evidence(a))


def test_errors_are_the_same_by_their_type():
    a, b, c = Evidence(error="A", detail="x"), Evidence(error="A"), Evidence(error="B")
    assert same(a, b) and not same(a, c) and not same(a, evidence(None))


def test_a_changed_input_tells_answers_apart():
    assert not same(evidence(1), Evidence(normalise(1), inputs_changed=True))
