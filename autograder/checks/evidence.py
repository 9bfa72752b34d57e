"""Evidence: what a probe returned, as plain arrays; to bytes and back without pickle."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from autograder.checks.metadata import metadata_of

MAX_EVIDENCE = 16 * 2**20  # one case; probes are far smaller, so more is a mistake or an attack
MAX_HEADER = 2 * 2**20  # of it what is not numbers: reading that takes many times its size
MAX_DETAIL = 2000  # characters of an exception's message
# What moves a terminal's cursor, or turns the lines around it; not ends of lines and tabs.
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
NOT_EVIDENCE = (
    *(SafetensorError, ArithmeticError, AttributeError, LookupError, MemoryError),
    *(RecursionError, TypeError, ValueError),
)
UNUSABLE = "Unusable"  # the error of an answer that its reading could not use
NOTHING = "Nothing"  # that of None, which it could not use either


class EvidenceError(Exception):
    """Bytes that are not evidence."""


@dataclass(frozen=True, eq=False)
class Array:
    """One array, number or truth value, and what the student's code made it of."""

    kind: str  # tensor, ndarray, number or bool
    dtype: str
    values: np.ndarray


@dataclass(frozen=True)
class Foreign:
    """A value of a type that cannot be compared."""

    type_name: str


# What a probe's value is turned into: Array, Foreign, str, None, or dicts and lists of these.
Value = Any


@dataclass(frozen=True, eq=False)
class Evidence:
    """One case's outcome: a value, or the exception that came instead."""

    value: Value = None
    error: str | None = None  # type of the exception
    detail: str = ""  # its message
    inputs_changed: bool = False
    tried: Mapping[str, Value] = field(
        default_factory=dict
    )  # what came of all that is tried besides
    exception: BaseException | None = field(default=None, repr=False)

    @classmethod
    def of_exception(cls, exception: BaseException) -> "Evidence":
        """Evidence that the student's code raised."""
        name, text = type(exception).__name__, encodable(_safe_str(exception))
        return cls(error=name[:100], detail=text[:MAX_DETAIL], exception=exception)


def encodable(text: str) -> str:
    """A text as every file takes it: without halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def printable(text: str) -> str:
    """A text of anybody's for people to read: short, and what steers a terminal is written out."""
    cut = text if len(text) <= MAX_DETAIL else f"{text[:MAX_DETAIL]} …"
    return STEERING.sub(lambda found: ascii(found[0])[1:-1], encodable(cut))


def normalise(value: object) -> Value:
    """A probe's return value as plain data: tensors to arrays, numbers to 0-d arrays."""
    if isinstance(value, torch.Tensor):
        return _from_tensor(value)
    if isinstance(value, bool | np.bool_):
        return Array("bool", "bool", np.asarray(bool(value)))
    if isinstance(value, int | float | np.integer | np.floating):
        return Array("number", "number", np.asarray(float(value)))
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return Array("ndarray", str(value.dtype), np.array(value, order="C"))
    if isinstance(value, dict):
        return {str(key): normalise(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [normalise(item) for item in _in_order(value)]
    if isinstance(value, str):
        return str.__str__(value)  # without what a subclass may redefine
    if value is None:
        return None
    return _foreign(value)


def _foreign(value: object) -> Foreign:
    """Classes and modules, which may have any name, are called what they are."""
    if isinstance(value, type):
        return Foreign("class")
    return Foreign("module" if isinstance(value, torch.nn.Module) else type(value).__name__)


def _from_tensor(tensor: torch.Tensor) -> Array:
    plain = tensor.detach().cpu().to_dense().resolve_conj().resolve_neg().contiguous()
    if plain.dtype in (torch.bfloat16, torch.float16):
        plain = plain.float()
    return Array("tensor", str(tensor.dtype).removeprefix("torch."), plain.numpy().copy())


def _in_order(items: Any) -> list[Any]:
    return sorted(items) if isinstance(items, set | frozenset) else list(items)


def _safe_str(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception:
        return "(its message cannot be shown)"


def to_bytes(evidence: Evidence) -> bytes:
    """Evidence as a safetensors file whose metadata hold the tree.

    Raises EvidenceError if it is too large or of a number type that no file holds.
    """
    arrays: dict[str, np.ndarray] = {}
    tree = {
        "value": _to_tree(evidence.value, arrays),
        "tried": _to_tree(dict(evidence.tried), arrays),
        "error": evidence.error,
        "detail": evidence.detail,
        "inputs_changed": evidence.inputs_changed,
    }
    _refuse_large(sum(array.nbytes for array in arrays.values()))  # before they are copied
    try:
        data = save_arrays(arrays, metadata={"tree": json.dumps(tree)})
    except SafetensorError as error:
        raise EvidenceError(str(error)) from None
    _refuse_large(len(data))
    if _header_size(data) > MAX_HEADER:
        raise EvidenceError("evidence of too many arrays or too much text")
    return data


def _refuse_large(size: int) -> None:
    if size > MAX_EVIDENCE:
        raise EvidenceError(f"evidence of {size} bytes; at most {MAX_EVIDENCE} are kept")


def _header_size(data: bytes) -> int:
    return int.from_bytes(data[:8], "little")


def _to_tree(value: Value, arrays: dict[str, np.ndarray]) -> Any:
    match value:
        case Array():
            name = str(len(arrays))
            arrays[name] = value.values
            return {"array": name, "kind": value.kind, "dtype": value.dtype}
        case Foreign():
            return {"foreign": value.type_name}
        case dict():
            return {"dict": [[key, _to_tree(item, arrays)] for key, item in value.items()]}
        case list():
            return {"list": [_to_tree(item, arrays) for item in value]}
    return {"plain": value}


def from_bytes(data: bytes) -> Evidence:
    """Evidence from `to_bytes`. Raises EvidenceError for all else; never runs what it reads."""
    if len(data) > MAX_EVIDENCE or _header_size(data) > MAX_HEADER:
        raise EvidenceError("too large")
    try:
        arrays = load_arrays(data)
        tree = json.loads(metadata_of(data)["tree"])
        return Evidence(
            value=_from_tree(tree["value"], arrays),
            error=None if tree["error"] is None else _short(tree["error"]),
            detail=_short(tree["detail"]),
            inputs_changed=bool(tree["inputs_changed"]),
            tried=_dict(_from_tree(tree["tried"], arrays)),
        )
    except NOT_EVIDENCE as error:
        raise EvidenceError(f"not evidence: {type(error).__name__}") from None


def _dict(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise TypeError("no dict")
    return value


def _short(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError("no text")
    return encodable(text[:MAX_DETAIL])


def _from_tree(tree: dict[str, Any], arrays: dict[str, np.ndarray]) -> Value:
    """The value; an array that is named twice is an error, as each takes memory when compared."""
    match tree:
        case {"array": name, "kind": kind, "dtype": dtype}:
            return Array(_short(kind), _short(dtype), arrays.pop(name))
        case {"foreign": type_name}:
            return Foreign(_short(type_name))
        case {"dict": items}:
            return {encodable(str(key)): _from_tree(item, arrays) for key, item in items}
        case {"list": items}:
            return [_from_tree(item, arrays) for item in items]
        case {"plain": str() as text}:
            return encodable(text)
        case {"plain": None}:
            return None
    raise ValueError("unknown node")
