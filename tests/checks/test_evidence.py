import json
import os
import pickle

import numpy as np
import pytest
import torch
from safetensors.numpy import save as save_arrays

from autograder.checks import evidence as evidence_module
from autograder.checks.evidence import (
    MAX_DETAIL,
    Array,
    Evidence,
    EvidenceError,
    Foreign,
    from_bytes,
    normalise,
    printable,
    to_bytes,
)


def through_bytes(value):
    return from_bytes(to_bytes(Evidence(normalise(value)))).value


def assert_array(value, kind, dtype, numbers):
    assert (value.kind, value.dtype) == (kind, dtype)
    assert value.values.shape == np.shape(numbers)
    np.testing.assert_array_equal(value.values, numbers)


TENSORS = {
    "float32": torch.tensor([[1.5, -2.0, 3.0]]),
    "float64": torch.tensor([1 / 3, 2.0], dtype=torch.float64),
    "int64": torch.tensor([[1], [2**60]]),
    "bool": torch.tensor([True, False]),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "with gradient": torch.ones(2, requires_grad=True) * 3,
    "0-d": torch.tensor(4.0),
    "empty": torch.zeros(0, 3),
    "transposed": torch.arange(6.0).reshape(2, 3).T,
    "infinite": torch.tensor([-torch.inf, 0.0, torch.nan]),
}


@pytest.mark.parametrize("tensor", TENSORS.values(), ids=TENSORS)
@pytest.mark.parametrize("convert", [normalise, through_bytes])
def test_tensors_keep_numbers_shape_and_dtype(tensor, convert):
    dtype = str(tensor.dtype).removeprefix("torch.")
    found = convert(tensor)
    assert_array(found, "tensor", dtype, tensor.detach().numpy())
    assert str(found.values.dtype) == dtype


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_widened_but_remembered(dtype):
    found = through_bytes(torch.tensor([1.0, 2.5], dtype=dtype))
    assert_array(found, "tensor", str(dtype).removeprefix("torch."), [1.0, 2.5])


def test_views_that_conjugate_or_negate_are_resolved():
    lazy = torch.tensor([1 + 2j]).conj()
    assert_array(through_bytes(lazy), "tensor", "complex64", [1 - 2j])
    assert_array(through_bytes(lazy.imag), "tensor", "float32", [-2.0])


def test_sparse_tensors_become_dense():
    assert_array(through_bytes(torch.eye(2).to_sparse()), "tensor", "float32", np.eye(2))


@pytest.mark.parametrize(
    "array",
    [np.array(3.0), np.zeros((0, 2)), np.arange(6).reshape(2, 3).T, np.array([True])],
    ids=["0-d", "empty", "transposed", "bool"],
)
def test_numpy_arrays_keep_numbers_shape_and_dtype(array):
    assert_array(through_bytes(array), "ndarray", str(array.dtype), array)


@pytest.mark.parametrize("make", [torch.zeros, np.zeros])
def test_a_later_change_of_the_answer_does_not_change_the_evidence(make):
    answer = make(3)
    found = normalise(answer)
    answer += 1
    assert found.values.tolist() == [0, 0, 0]


@pytest.mark.parametrize("number", [3, -2.5, np.float32(0.5), np.int64(7), float("inf")])
def test_numbers_are_0_d_arrays(number):
    assert_array(through_bytes(number), "number", "number", float(number))


@pytest.mark.parametrize("truth", [True, False, np.True_])
def test_truth_values_are_no_numbers(truth):
    assert_array(through_bytes(truth), "bool", "bool", bool(truth))


@pytest.mark.parametrize("text", ["", "α ≤ β", "line\nline", None])
def test_text_and_none_stay(text):
    assert through_bytes(text) == text


def test_nested_containers_keep_their_structure():
    found = through_bytes({"a": [1, ("x", None)], 2: {"b": torch.ones(2)}, "e": []})
    assert list(found) == ["a", "2", "e"] and found["e"] == []
    assert_array(found["a"][0], "number", "number", 1.0)
    assert found["a"][1] == ["x", None]
    assert_array(found["2"]["b"], "tensor", "float32", [1, 1])


@pytest.mark.parametrize("make", [set, frozenset])
def test_sets_are_sorted(make):
    assert through_bytes(make(["b", "c", "a"])) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "thing, name",
    [(object(), "object"), (1j, "complex"), (np.array(["a"]), "ndarray"), (torch.relu, None)],
)
def test_other_objects_leave_their_type_name_only(thing, name):
    assert through_bytes(thing) == Foreign(name or type(thing).__name__)


def test_a_number_type_no_file_holds_is_an_evidence_error():
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long double is double here")
    with pytest.raises(EvidenceError):
        through_bytes(np.zeros(2, np.longdouble))


def test_error_detail_and_changed_inputs_survive():
    found = from_bytes(to_bytes(Evidence(error="ValueError", detail="no", inputs_changed=True)))
    assert (found.value, found.error, found.detail) == (None, "ValueError", "no")
    assert found.inputs_changed and found.exception is None


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError


def test_exceptions_leave_name_and_message():
    found = Evidence.of_exception(ValueError("x" * 2 * MAX_DETAIL))
    assert (found.error, found.detail) == ("ValueError", "x" * MAX_DETAIL)
    assert Evidence.of_exception(Unprintable()).detail == "(its message cannot be shown)"


def test_too_large_evidence_is_not_written(monkeypatch):
    monkeypatch.setattr(evidence_module, "MAX_EVIDENCE", 1000)
    with pytest.raises(EvidenceError, match="at most 1000"):
        to_bytes(Evidence(normalise(torch.zeros(300))))


def file(tree, arrays="", size=None):
    """A safetensors file with any tree, as text or as what it should say."""
    text = tree if isinstance(tree, str) else json.dumps(tree)
    header = f'{{"__metadata__": {{"tree": {json.dumps(text)}}}{arrays}}}'.encode()
    return (len(header) if size is None else size).to_bytes(8, "little") + header


def tree(value):
    nothing = {"dict": []}
    return {"value": value, "tried": nothing, "error": None, "detail": "", "inputs_changed": False}


def test_the_hand_made_file_is_evidence():
    assert from_bytes(file(tree({"list": [{"plain": "x"}]}))).value == ["x"]


def test_an_array_that_is_named_twice_is_no_evidence():
    """Each name would take as much memory as the array, when it is compared."""
    twice = json.dumps(tree({"list": [ARRAY, ARRAY]}))
    with pytest.raises(EvidenceError):
        from_bytes(save_arrays({"0": np.ones(3, np.float32)}, metadata={"tree": twice}))


@pytest.mark.parametrize("value", [["x"] * 200_000, "x" * 3_000_000], ids=["many", "long"])
def test_what_is_not_numbers_is_bounded(value):
    with pytest.raises(EvidenceError, match="too many"):
        to_bytes(Evidence(value))
    with pytest.raises(EvidenceError, match="too large"):
        from_bytes(file(tree({"list": [{"plain": ""}] * 200_000})))


def test_a_large_array_a_thousand_times_is_refused_before_it_is_copied(monkeypatch):
    monkeypatch.setattr(evidence_module, "save_arrays", None)
    with pytest.raises(EvidenceError, match="bytes"):
        to_bytes(Evidence([normalise(torch.zeros(10**6))] * 1000))


def test_errors_are_short_and_texts_whatever_the_file_says():
    long = {**tree({"plain": None}), "error": "\ud800" * 5000, "detail": "x" * 10**6}
    found = from_bytes(file(long))
    assert (found.error, len(found.detail)) == ("?" * MAX_DETAIL, MAX_DETAIL)
    with pytest.raises(EvidenceError):
        from_bytes(file({**long, "error": [["x"]]}))


def test_what_people_read_steers_no_terminal_and_is_short():
    said = printable("\x1b[2Jred\r\x9b1m \u202eabc\u2066 \ud800 \x07é学\tx\ny")
    assert said == r"\x1b[2Jred\r\x9b1m \u202eabc\u2066 ? \x07é学" + "\tx\ny"
    assert len(printable("\x1b" * 10**6)) < 5 * MAX_DETAIL


class Bomb:
    def __reduce__(self):
        return os.abort, ()


ARRAY = {"array": "0", "kind": "tensor", "dtype": "float32"}
VALID = to_bytes(Evidence(normalise({"a": torch.ones(3)})))
HOSTILE = {
    "nothing": b"",
    "short": b"\0" * 7,
    "zeros": b"\0" * 64,
    "noise": np.random.RandomState(0).bytes(500),
    "pickle": pickle.dumps(Bomb()),
    "torch pickle": b"\x80\x02" + pickle.dumps(Bomb(), protocol=2),
    "header longer than the file": file(tree({"plain": None}), size=10**6),
    "huge header": file(tree({"plain": None}), size=2**63),
    "header is a list": (2).to_bytes(8, "little") + b"[]",
    "header without metadata": (2).to_bytes(8, "little") + b"{}",
    "header not UTF-8": (2).to_bytes(8, "little") + b"\xff\xfe",
    "tree not JSON": file("{"),
    "tree a list": file("[]"),
    "tree a number": file("1"),
    "tree empty": file("{}"),
    "value a number": file(tree(1)),
    "tried no dict": file({**tree({"plain": None}), "tried": {"list": []}}),
    "plain number": file(tree({"plain": 1})),
    "plain truth": file(tree({"plain": True})),
    "plain list": file(tree({"plain": []})),
    "unknown node": file(tree({"pickle": "x"})),
    "list a dict": file(tree({"list": {"a": 1}})),
    "dict a number": file(tree({"dict": 5})),
    "dict of no pairs": file(tree({"dict": [[1, 2, 3]]})),
    "array missing": file(tree(ARRAY)),
    "array unhashable": file(tree({**ARRAY, "array": []})),
    "array past the end": file(
        tree(ARRAY), ', "0": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}'
    ),
    "array of huge shape": file(
        tree(ARRAY), ', "0": {"dtype": "F32", "shape": [9223372036854775808, 0], '
        '"data_offsets": [0, 0]}'
    ),
    "array of many axes": file(
        tree(ARRAY),
        f', "0": {{"dtype": "F32", "shape": {[0] * 70}, "data_offsets": [0, 0]}}',
    ),
    "array of unknown numbers": file(
        tree(ARRAY), ', "0": {"dtype": "F8_E4M3", "shape": [0], "data_offsets": [0, 0]}'
    ),
    "deep tree": file("[" * 100_000),
    "deep value": file('{"value":' + '{"list":[' * 3000 + "]}" * 3000 + "}"),
}  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_an_evidence_error(data):
    with pytest.raises(EvidenceError):
        from_bytes(data)


def test_every_truncation_is_an_evidence_error():
    for length in range(len(VALID)):
        with pytest.raises(EvidenceError):
            from_bytes(VALID[:length])


def test_any_changed_byte_gives_evidence_or_an_evidence_error():
    for place in range(len(VALID)):
        damaged = bytearray(VALID)
        damaged[place] ^= 0xFF
        try:
            found = from_bytes(bytes(damaged))
        except EvidenceError:
            continue
        assert isinstance(found, Evidence)


def test_too_large_bytes_are_not_even_parsed(monkeypatch):
    monkeypatch.setattr(evidence_module, "MAX_EVIDENCE", len(VALID) - 1)
    with pytest.raises(EvidenceError, match="too large"):
        from_bytes(VALID)


def test_arrays_do_not_compare_by_equality():
    a = Array("tensor", "float32", np.ones(2))
    assert a != Array("tensor", "float32", np.ones(2))


HALF = "\ud800"  # no file and no terminal takes it


@pytest.mark.parametrize("value", [HALF, {HALF: 1}, [HALF]], ids=ascii)
def test_halves_of_characters_do_not_come_through(value):
    repr(through_bytes(value)).encode()


def test_halves_of_characters_in_errors_do_not_come_through():
    assert Evidence.of_exception(ValueError(HALF)).detail == "?"
    forged = from_bytes(to_bytes(Evidence(error=HALF, detail=HALF)))
    assert (forged.error, forged.detail) == ("?", "?")
