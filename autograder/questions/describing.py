"""A call in words: how it is written, and what it is given."""

import ast
import math
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from autograder.checks.calls import Call
from autograder.checks.evidence import Array, Value
from autograder.questions.code import Code

MODULE = "module"
PLACES = ("first", "second", "third", "fourth")
SIMPLE = (int, float, bool, str, type(None))
NEARLY = 2e-6  # as float32 rounds, and no chance hit of an exponential
LARGEST = 12  # denominator of a fraction that is shown
DECIMALS = (1, 2, 4, 5, 8, 10)  # denominators of numbers that are written with a point
MOST = 24  # numbers of one argument that are written out


class WordlessError(Exception):
    """A value that no short text says."""


def names_of(code: Code, call: Call) -> list[str]:
    """What the student's code calls the arguments. Raises WordlessError."""
    definition = code.definition
    if call.building is not None and isinstance(definition, ast.ClassDef):
        methods = [node for node in definition.body if isinstance(node, ast.FunctionDef)]
        found = [node for node in methods if node.name == "forward"]
        if not found:
            raise WordlessError("no method `forward`")
        return _parameters(found[-1], call)[1:]
    if not isinstance(definition, ast.FunctionDef):
        raise WordlessError("no function")
    return _parameters(definition, call)


def _parameters(function: ast.FunctionDef, call: Call) -> list[str]:
    found = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if len(found) < len(call.arguments):
        raise WordlessError("more arguments than names")
    return found


def written(code: Code, call: Call) -> str:
    """The call as one would write it. Raises WordlessError."""
    names = names_of(code, call)[: len(call.arguments)]
    arguments = ", ".join([*names, *(f"{name}={plain(v)}" for name, v in call.keywords.items())])
    if call.building is None:
        return f"{code.subject}({arguments})"
    built = [plain(each) for each in call.building.arguments]
    built += [f"{name}={plain(each)}" for name, each in call.building.keywords.items()]
    return f"{MODULE} = {code.subject}({', '.join(built)})\n{MODULE}({arguments})"


def with_shapes(code: Code, call: Call) -> str:
    """The call, and the shapes of its arguments. Raises WordlessError."""
    pairs = zip(names_of(code, call), call.arguments, strict=False)
    lines = [f"{name}{_shape(value)}" for name, value in pairs]
    return "\n".join([written(code, call), "", *lines])


def _shape(value: Any) -> str:
    if not torch.is_tensor(value):
        return f" = {plain(value)}"
    dtype = "" if value.dtype == torch.float32 else f", {str(value.dtype).removeprefix('torch.')}"
    return f": shape {tuple(value.shape)}{dtype}"


def with_numbers(code: Code, call: Call) -> str:
    """The call, and its arguments in full. Raises WordlessError."""
    pairs = zip(names_of(code, call), call.arguments, strict=False)
    lines = [f"{name} = {_in_full(value)}" for name, value in pairs]
    return "\n".join([*lines, "", written(code, call)])


def _in_full(value: Any) -> str:
    if not torch.is_tensor(value):
        return plain(value)
    if value.numel() > MOST or not value.numel():
        raise WordlessError("too many numbers")
    return numbers(value.detach().numpy())


def plain(value: Any) -> str:
    """A simple value as Python writes it. Raises WordlessError."""
    if isinstance(value, SIMPLE):
        return repr(value)
    if isinstance(value, list | tuple) and len(value) <= MOST and all(map(_is_simple, value)):
        return repr(value)
    raise WordlessError(f"a {type(value).__name__}")


def _is_simple(value: Any) -> bool:
    return isinstance(value, SIMPLE)


def numbers(values: np.ndarray) -> str:
    """An array in nested brackets; whole numbers and fractions as such. Raises WordlessError."""
    if values.ndim:
        return f"[{', '.join(numbers(each) for each in values)}]"
    return number(values.item())


def number(value: float | bool) -> str:
    """One number, where it is a whole one or a simple fraction. Raises WordlessError."""
    if isinstance(value, bool):
        return str(value)
    if not math.isfinite(value):
        return str(float(value))
    near = Fraction(value).limit_denominator(LARGEST)
    if abs(value) > 1e6 or abs(near - Fraction(value)) > NEARLY * max(1.0, abs(value)):
        raise WordlessError("no simple number")
    is_decimal = near.denominator in DECIMALS
    return f"{float(near):g}" if is_decimal and near.denominator != 1 else str(near)


def arrays_in(value: Value) -> list[tuple[str, Array]]:
    """The arrays of a result, and what each is called in a question."""
    match value:
        case Array():
            return [("", value)]
        case list():
            named = [*zip([f"{each} of its results" for each in PLACES], value, strict=False)]
        case dict():
            named = [(f"value of `{key}` in its result", each) for key, each in value.items()]
        case _:
            named = []
    return [(name, each) for name, each in named if isinstance(each, Array)]
