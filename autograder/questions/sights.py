"""What was seen of a student's code while it ran, read back from untrusted evidence."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from autograder.checks.evidence import Array, Evidence, Value
from autograder.questions.asks import Learned
from autograder.questions.describing import WordlessError, numbers
from autograder.questions.instrumented import Instrumented

MOST = 64  # looks at one expression


class MisreadError(Exception):
    """Evidence that is not what was asked for: student code can send what it likes."""


@dataclass(frozen=True)
class Sight:
    """One look at the value of an expression; axes in `sums` are those along which it sums to 1.

    `text` are its numbers where they are few and simple.
    """

    kind: str
    dtype: str = ""
    shape: tuple[int, ...] = ()
    sums: tuple[int, ...] = ()
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Answer:
    """What came of an ask: what the call returned, and all looks by the number of an expression."""

    output: Value = None
    error: str = ""
    looks: Mapping[int, tuple[Sight, ...]] = field(default_factory=dict)
    learned: tuple[Learned, ...] = ()  # by the module that was called


def answers_in(evidence: Evidence, count: int) -> list[Answer]:
    """The answers to so many asks. Raises MisreadError."""
    if evidence.error is not None or not isinstance(evidence.value, list):
        return [Answer(error=evidence.error or "nothing")] * count
    if len(evidence.value) != count:
        raise MisreadError("another number of answers")
    try:
        return [_answer(value) for value in evidence.value]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise MisreadError(type(error).__name__) from None


def _answer(value: Value) -> Answer:
    if "error" in value:
        return Answer(error=_word(value["error"]))
    looks = {
        int(number): tuple(_sight(each) for each in sights[:MOST])
        for number, sights in value["looks"].items()
    }
    learned = tuple(Learned(_word(each)) for each in value["learned"])
    return Answer(value["output"], looks=looks, learned=learned)


def _sight(value: Mapping[str, Any]) -> Sight:
    kind, dtype = _word(value["kind"]), _word(value.get("dtype", ""))
    shape, sums = _whole(value.get("shape", [])), _whole(value.get("sums", []))
    return Sight(kind, dtype, shape, sums, _few(value.get("values")))


def _few(value: Value) -> str:
    try:
        return numbers(value.values) if isinstance(value, Array) and value.values.size < 9 else ""
    except WordlessError:
        return ""


def _word(value: object) -> str:
    if not isinstance(value, str) or len(value) > 100 or not value.isprintable():
        raise TypeError("no word")
    return value


def _whole(values: list[Array]) -> tuple[int, ...]:
    return tuple(int(each.values.item()) for each in values[:8])


@dataclass(frozen=True)
class Facts:
    """What is known of expressions of a cell, from every call in which they were looked at."""

    code: Instrumented
    answers: list[Answer]

    def of(self, node: ast.expr) -> list[Sight]:
        """All looks at an expression; none where it is not looked at."""
        number = self._numbers.get(id(node), -1)
        return [s for a in self.answers for s in a.looks.get(number, ())]

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return {id(each): number for number, each in enumerate(self.code.looked_at)}

    def rank(self, node: ast.expr) -> int | None:
        """How many axes a tensor has, always the same number; else None."""
        found = {len(s.shape) if s.kind == "tensor" else None for s in self.of(node)}
        return found.pop() if len(found) == 1 else None

    def is_number(self, node: ast.expr) -> bool:
        """Whether it is a number, or a tensor that holds one."""
        if isinstance(node, ast.Constant):
            return isinstance(node.value, int | float)
        sights = self.of(node)
        return bool(sights) and all(
            s.kind in ("int", "float") or (s.kind == "tensor" and not s.shape) for s in sights
        )

    def is_layer(self, node: ast.expr, kind: str) -> bool:
        """Whether it is a layer of torch of this kind."""
        sights = self.of(node)
        return bool(sights) and all(s.kind == kind for s in sights)

    def is_tensor(self, node: ast.expr) -> bool:
        """Whether it always is one."""
        return self.rank(node) is not None

    def dtypes(self, node: ast.expr) -> set[str]:
        """The dtypes that it has as a tensor."""
        return {s.dtype for s in self.of(node)}


def parts(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions in an expression, inner ones first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from parts(child)
    yield node
