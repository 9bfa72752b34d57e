"""How a check called an answer, in words, for errors in which no line of the answer took part."""

import linecache
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np
from torch import Tensor

from autograder.checks.calls import Building, Call
from autograder.checks.language import N_, _

NO_RETURN = N_("; None came of it: is a `return` missing?")
LONGEST = 60  # characters of an argument
MOST = 6  # arguments


def how_called(exception: BaseException, checks: Collection[str]) -> str:
    """The call that raised it, with its arguments; or the line of the case that did.

    `checks` are the files in which cases stand.
    """
    hint = _(NO_RETURN) if "'NoneType' object" in str(exception) else ""
    innermost = [*traceback.walk_tb(exception.__traceback__)][::-1]
    for frame, line in innermost:
        if (file := frame.f_code.co_filename) in checks:
            text = linecache.getline(file, line).strip()
            said = _("the check ran this line: `{text}`").format(text=text)
            return said + hint if text else ""
    asked = next(_calls_in(frame for frame, _ in innermost), None)
    return _in_words(asked) + hint if asked is not None else ""


def _calls_in(frames: Iterable[FrameType]) -> Iterator[Call | Building]:
    for frame in frames:
        yield from (
            value for value in frame.f_locals.values() if isinstance(value, Call | Building)
        )


def _in_words(asked: Call | Building) -> str:
    arguments = _listed(asked.arguments, asked.keywords)
    if isinstance(asked, Building):
        return _("your class is built with {arguments}").format(arguments=arguments)
    said = _("your function is called with {arguments}")
    if asked.building is not None:
        said = _("what your class builds is called with {arguments}")
    used = _("; of what it returns, result {part} is used").format(part=asked.part)
    return said.format(arguments=arguments) + (used if asked.part is not None else "")


def _listed(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> str:
    said = [*map(_described, arguments)]
    said += [f"{name}={_described(value)}" for name, value in keywords.items()]
    if len(said) > MOST:
        said = [*said[: MOST - 1], _("{count} more").format(count=len(said) - MOST + 1)]
    if not said:
        return _("no arguments")
    return _(" and ").join(filter(None, [", ".join(said[:-1]), said[-1]]))


def _described(value: Any) -> str:
    match value:
        case Tensor() | np.ndarray():
            kind = _("a tensor {shape}") if isinstance(value, Tensor) else _("an array {shape}")
            return kind.format(shape=tuple(value.shape))
        case None | bool() | int() | float() | str():
            return repr(value)[:LONGEST]
        case list() | tuple():
            said = _("a {kind} of {length}")
            return said.format(kind=type(value).__name__, length=len(value))
        case type():
            return _("the class {name}").format(name=value.__name__)
    return _("a {name}").format(name=type(value).__name__)
