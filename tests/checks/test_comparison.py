import numpy as np
import pytest
import torch

from autograder.checks.comparison import compare, relative_error, same
from autograder.checks.differences import NO_RETURN, nothing
from autograder.checks.evidence import NOTHING, UNUSABLE, Evidence, normalise

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


OFF = "error 0.33 ≥ 1e-05"
BELONGS = "where a torch.Tensor belongs"


def generator():
    yield ones(2)


class Layer(torch.nn.Module):
    def method(self):
        return None


TYPES = {
    "a str": (ones(2), "x", f"a str {BELONGS}"),
    "numpy for torch": (ones(2), np.ones(2), f"a numpy.ndarray {BELONGS}"),
    "number for tensor": (t(1.0), 1.0, f"a Python number {BELONGS}"),
    "tensor for number": (
        1,
        t([1.0]),
        "a torch.Tensor where a Python number belongs: `.item()` gives it",
    ),
    "tensors for number": (1, ones(2), "a torch.Tensor where a Python number belongs"),
    "truth for number": (1, True, "a truth value where a Python number belongs"),
    "tensor for several": ([ones(2), 1], ones(2), "a torch.Tensor where a list or tuple belongs"),
    "numbers for tensor": (ones(2), (1, 1), f"a list or tuple of Python numbers {BELONGS}"),
    "tensors for tensor": (ones(2), [ones(2)] * 3, f"a list or tuple of torch.Tensors {BELONGS}"),
    "several for one": (ones(2), (ones(2), 1), f"a list or tuple {BELONGS}"),
    "a comma": (
        ones(2),
        (ones(2),),
        f"a list or tuple of one torch.Tensor {BELONGS}: is there a comma too many?",
    ),
    "a generator": (ones(2), generator(), f"a generator, which has not run yet, {BELONGS}"),
    "a map": (ones(2), map(abs, [1]), f"a map, which has not run yet, {BELONGS}"),
    "a function": (ones(2), generator, f"a function that is not called {BELONGS}"),
    "a method": (ones(2), Layer().method, f"a method that is not called {BELONGS}"),
    "torch's method": (ones(2), ones(2).sum, f"a method that is not called {BELONGS}"),
    "a class": (ones(2), Layer, f"a class that is not called {BELONGS}"),
    "a module": (ones(2), Layer(), f"a module that is not called {BELONGS}"),
    "another object": (ones(2), object(), f"an object {BELONGS}"),
    "a part": ({"a": [1, ones(2)]}, {"a": [1, None]}, f"None at a[1] {BELONGS}"),
    "None": (ones(2), None, f"None {BELONGS}"),
    "no gradient": (
        {"gradients": {"argument 1": ones(2)}},
        {"gradients": {"argument 1": None}},
        "no gradient reaches argument 1",
    ),
    "no gradient of one call": (
        {"odd": {"gradients": {"W.weight": ones(2)}}},
        {"odd": {"gradients": {"W.weight": None}}},
        "no gradient reaches W.weight at odd",
    ),
    "a gradient": (
        {"gradients": {"argument 1": None}},
        {"gradients": {"argument 1": ones(2)}},
        "a gradient reaches argument 1 where None belongs",
    ),
    "some parameters": (
        {"gradients": {"every parameter": True}},
        {"gradients": {"every parameter": False}},
        "no gradient reaches some of the parameters",
    ),
}  # fmt: skip


@pytest.mark.parametrize("expected, actual, summary", TYPES.values(), ids=TYPES)
def test_what_came_is_told_beside_what_belongs_there(expected, actual, summary):
    assert said(expected, actual) == (summary, "")


@pytest.mark.parametrize(
    "answer, is_nothing",
    [
        (None, True),
        ([None, None], True),
        ({"a": None, "b": [None]}, True),
        ({"parameters": {"W": "(2,)"}, "output": None}, True),
        ([], False),
        ({}, False),
        ([1, None], False),
        ({"output": 1, "gradients": {"argument 1": None}}, False),
    ],
)
def test_an_answer_is_nothing_where_every_call_gave_none(answer, is_nothing):
    assert nothing(normalise(answer)) == is_nothing


@pytest.mark.parametrize("value", [None, [], {}, [None]], ids=str)
def test_nothing_where_nothing_belongs_is_right(value):
    assert outcome(value, value).passed


SHAPES = {
    "other": ((2, 3), (2, 4), ""),
    "exchanged": ((2, 3), (3, 2), " (axes 0 and 1 are exchanged)"),
    "of three": ((2, 3, 5), (5, 3, 2), " (axes 0 and 2 are exchanged)"),
    "to the end": ((1, 3), (3, 1), " (axes 0 and 1 are exchanged)"),
    "turned around": ((2, 3, 5), (3, 5, 2), " (the axes stand in another order)"),
    "extra axis": ((3,), (1, 3), " (axis 0, of length 1, is too many)"),
    "kept axis": ((2, 5), (2, 1, 5), " (axis 1, of length 1, is too many)"),
    "squeezed": ((2, 1, 5), (2, 5), " (axis 1, of length 1, is missing)"),
    "of two": ((1, 1, 5), (1, 5), " (an axis of length 1 is missing)"),
    "0-d": ((1,), (), " (axis 0, of length 1, is missing)"),
    "summed": ((2, 3, 5), (2, 5), " (axis 1 is missing)"),
    "one of two": ((4, 3, 3), (4, 3), " (an axis is missing)"),
    "broadcast": ((3, 3), (4, 3, 3), " (axis 0 is too many)"),
    "two axes": ((4, 3, 3), (3,), ""),
    "empty": ((2,), (0,), ""),
}


@pytest.mark.parametrize("expected, actual, how", SHAPES.values(), ids=SHAPES)
def test_a_shape_is_told_by_the_step_that_is_missing(expected, actual, how):
    expects = f"expected {expected}, got {actual}"
    assert said(ones(expected), ones(actual)) == (f"wrong shape{how}", expects)


A_64 = torch.arange(3, dtype=torch.int64)
LINES = "a\n"
LONG = "x" * 200
DIFFERENCES = {
    "length": ([1, 2], [1], "wrong length", "expected 2, got 1"),
    "words": (
        ["a", "b"],
        ["b", "c", "d"],
        "wrong length",
        "expected 2, got 3; missing a; unknown c, d",
    ),
    "keys": ({"a": 1, "b": 2}, {"a": 1}, "wrong structure", "missing b"),
    "other keys": (dict.fromkeys("abcdefg", 1), {"z": 1}, "wrong structure",
                   "missing a, b, c, d and 3 more; unknown z"),
    "parameters": ({"x": {"parameters": {"W": "(2,)"}}}, {"x": {"parameters": {"V": "(2,)"}}},
                   "the parameters have other names at x", "missing W; unknown V"),
    "fewer parameters": (
        {"parameters": {"W": "(2,)", "V": "(2,)"}},
        {"parameters": {"V": "(2,)"}},
        "there are parameters missing",
        "missing W",
    ),
    "more parameters": (
        {"parameters": {"W": "(2,)"}},
        {"parameters": {"W": "(2,)", "V": "(2,)"}},
        "there are parameters too many",
        "unknown V",
    ),
    "parameter": ({"parameters": {"W.weight": "(2, 3)"}}, {"parameters": {"W.weight": "(3, 2)"}},
                  "wrong shape of the parameter W.weight", "expected (2, 3), got (3, 2)"),
    "text": ("yes", "no", "wrong value", "expected yes, got no"),
    "spaces": ("yes", "yes ", "wrong value", "expected yes, got 'yes '"),
    "no text": ("yes", "", "wrong value", "expected yes, got ''"),
    "long texts": (LONG, LONG + "y", "wrong value",
                   f"expected …{40 * 'x'}, got …{40 * 'x'}y"),
    "dtype": (ones(2), ones(2).double(),
              "float64 where float32 belongs, as numpy's numbers are", ""),
    "half": (ones(2), ones(2).half(), "float16 where float32 belongs", ""),
    "int for float": ([ones(2)], [t([1, 1])], "int64 at [0] where float32 belongs", ""),
    "NaN": (ones(2), t([1.0, NAN]), "NaN at [1]", "1 of 2 numbers"),
    "infinite": (ones(2), t([1.0, INF]), "infinite values at [1]", "expected 1, got inf"),
    "finite": (t([1.0, -INF]), ones(2), "wrong value at [1]", "expected -inf, got 1"),
    "infinite twice": (t([0, -INF]), t([INF, -INF]), "wrong value at [0]", "expected 0, got inf"),
    "other infinity": (t([INF]), t([-INF]), "wrong value at [0]", "expected inf, got -inf"),
    "value": (t([1.0, 2.0]), t([1.0, 3.0]), "error 0.2 ≥ 1e-05 at [1]", "expected 2, got 3"),
    "0-d value": (t(2.0), t(3.0), "error 0.2 ≥ 1e-05", "expected 2, got 3"),
    "number": (2, 3, "error 0.2 ≥ 1e-05", "expected 2, got 3"),
    "large number": (1234567, 1334567, "error 0.039 ≥ 1e-05", "expected 1234567, got 1334567"),
    "integer": (t([1, 2]), t([1, 3]), "wrong value at [1]", "expected 2, got 3"),
    "large integers": (A_64 + 10**12, A_64 + 10**12 + 1, "wrong value at [0]",
                       "expected 1000000000000, got 1000000000001"),
    "nearly": (t(1.0).double(), t(1.000021).double(), "error 1e-05 ≥ 1e-05",
               "expected 1, got 1.00002"),
    "more digits": (1e9, 1e9 + 30000.5, "error 1.5e-05 ≥ 1e-05",
                    "expected 1000000000, got 1.00003e+09"),
    "truth": (t([True]), t([False]), "wrong value at [0]", "expected true, got false"),
    "one truth": (True, False, "wrong value", "expected true, got false"),
    "in a list": ([1, ones(2)], [1, ones(3)], "wrong shape at [1]", "expected (2,), got (3,)"),
    "in a dict": ({"a": {"b": [1]}}, {"a": {"b": [2]}}, OFF + " at a.b[0]", "expected 1, got 2"),
    "element": ({"a": ones(2)}, {"a": t([1.0, 2.0])}, OFF + " at a[1]", "expected 1, got 2"),
}  # fmt: skip


@pytest.mark.parametrize("expected, actual, summary, detail", DIFFERENCES.values(), ids=DIFFERENCES)
def test_differences_are_told_in_these_words(expected, actual, summary, detail):
    assert said(expected, actual) == (summary, detail)


ORDER = {
    "type before structure": ({"a": 1}, [1, 2], "a list or tuple where a dict belongs"),
    "structure before shape": ([ones(2), 1], [ones(3)], "wrong length"),
    "shape before dtype": (ones(2), ones(3).double(), "wrong shape"),
    "dtype before finite": (ones(2), ones(2).half() * NAN, "float16 where float32 belongs"),
    "NaN before values": (ones(2), t([5.0, NAN]), "NaN at [1]"),
    "infinite before values": (ones(2), t([5.0, INF]), "infinite values at [1]"),
}


def holding(value, *places):
    """Numbers (3, 2, 4), one of them where each place begins."""
    array = torch.rand(3, 2, 4)
    for place in places:
        array[place] = value
    return array


ROWS = ", as from 0/0 or a softmax over −inf alone"
NANS = {
    "all": ((...,), "only NaN at x", "24 of 24 numbers"),
    "one": ((1, 0, 3), "NaN at x[1, 0, 3]", "1 of 24 numbers"),
    "a batch item": ((1,), "NaN throughout index 1 of axis 0 at x" + ROWS, "8 of 24 numbers"),
    "a column": ((..., 3), "NaN throughout index 3 of axis 2 at x", "6 of 24 numbers"),
    "a row": ((2, 1), "NaN in whole rows at x" + ROWS, "4 of 24 numbers"),
}


@pytest.mark.parametrize("place, summary, detail", NANS.values(), ids=NANS)
def test_nan_is_told_by_the_places_that_it_fills(place, summary, detail):
    assert said({"x": ones(3, 2, 4)}, {"x": holding(NAN, place)}) == (summary, detail)


def test_nan_at_several_indices():
    two, many = ones(5, 2), ones(5, 2)
    two[[1, 3]], many[1:] = NAN, NAN
    assert said(ones(5, 2), two)[0] == "NaN throughout indices 1, 3 of axis 0" + ROWS
    assert said(ones(5, 2), many)[0] == "NaN throughout some indices of axis 0" + ROWS
    assert said(1, NAN) == ("NaN", "")


def test_infinite_values_are_told_by_their_places_too():
    found = said(ones(3, 2, 4), holding(INF, (1,)))
    assert found == ("infinite values throughout index 1 of axis 0", "expected 1, got inf")
    assert said(ones(2), t([-INF, INF]))[0] == "only infinite values"


def test_nan_of_a_gradient_arises_in_the_backward_pass():
    summary, _ = said(
        {"gradients": {"argument 2": ones(2)}}, {"gradients": {"argument 2": t([NAN, 1])}}
    )
    assert summary.startswith("NaN in the gradient of argument 2: where the outputs have none, it")


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
        (NOTHING, NO_RETURN),
        (UNUSABLE, "its answer does not fit where it is used"),
    ],
)
def test_an_exception_shows_a_known_name_only(error, summary):
    assert compare(evidence(1), Evidence(error=error)).summary == summary


def test_a_not_implemented_error_with_a_reason_is_torchs():
    reason = Evidence(error="NotImplementedError", detail="Cannot copy out of meta tensor")
    assert compare(evidence(1), reason).summary == "raised NotImplementedError"


@pytest.mark.parametrize("shape", [(), (1,), (1, 3, 3), (3, 3), (4, 1, 3)])
def test_nothing_is_broadcast(shape):
    assert said(ones(4, 3, 3), ones(shape))[0].startswith("wrong shape")
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
