"""What forks say to the grader: messages of a kind each, as frames on a pipe.

The kind of a frame is a number of its own, so that no name that student code invents, of an
exercise or a probe, can be taken for a message of another kind. Nothing is unpickled.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass

from autograder.checks.evidence import encodable
from autograder.checks.running import Place

HEADER = struct.Struct(">BHI")  # of a frame: its kind, and the sizes of its head and its body
MAX_HEAD = 60_000  # what the header has room for, nearly
MAX_TEXT = 2**14  # of a body that is text: an error of 2000 characters, twenty lines of the watch


class MessageError(Exception):
    """Bytes that are no message."""


@dataclass(frozen=True)
class CaseObserved:
    """The evidence of one case, as bytes."""

    exercise: str
    place: Place
    evidence: bytes


@dataclass(frozen=True)
class CellEnded:
    """Which cell has ended, and the error that it ended with, if any."""

    index: int
    error: str | None


@dataclass(frozen=True)
class Noticed:
    """What the watch noticed; nothing comes after it."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class FileWritten:
    """The model file that the cells wrote for an exercise."""

    exercise: str
    content: bytes


@dataclass(frozen=True)
class ModelRead:
    """A model, packed, from the process that read its file."""

    packed: bytes


@dataclass(frozen=True)
class ModelRefused:
    """Why a model file cannot be read."""

    problem: str


Message = CaseObserved | CellEnded | Noticed | FileWritten | ModelRead | ModelRefused
KINDS: tuple[type[Message], ...] = (
    *(CaseObserved, CellEnded, Noticed, FileWritten),
    *(ModelRead, ModelRefused),
)
TEXTS = (CellEnded, Noticed, ModelRefused)


def encode(message: Message) -> bytes:
    """A message as one frame."""
    head, body = _parts(message)
    encoded = json.dumps(head).encode()
    return HEADER.pack(KINDS.index(type(message)), len(encoded), len(body)) + encoded + body


def _parts(message: Message) -> tuple[list[object], bytes]:
    match message:
        case CaseObserved(exercise, place, evidence):
            return [exercise, *place], evidence
        case CellEnded(index, error):
            return [index], b"" if error is None else _text_body(f"+{error}")
        case Noticed(lines):
            return [], json.dumps(lines).encode()
        case FileWritten(exercise, content):
            return [exercise], content
        case ModelRead(packed):
            return [], packed
        case ModelRefused(problem):
            return [], _text_body(problem)


def _text_body(text: str) -> bytes:
    return text.encode("utf-8", "replace")[:MAX_TEXT]


def decode(kind: int, head: bytes, body: bytes) -> Message:
    """The message of a frame. Raises MessageError: student code can write to the pipe, too."""
    try:
        return _READERS[KINDS[kind]](json.loads(head), body)
    except (
        ArithmeticError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise MessageError(type(error).__name__) from None


def _case_observed(head: list[object], body: bytes) -> Message:
    exercise, probe, index = head
    return CaseObserved(_text(exercise), (_text(probe), _number(index)), body)


def _cell_ended(head: list[object], body: bytes) -> Message:
    (index,) = head
    return CellEnded(_number(index), body[1:].decode("utf-8", "replace") if body else None)


def _noticed(head: list[object], body: bytes) -> Message:
    lines = json.loads(body)
    if not isinstance(lines, list):
        raise TypeError("no list")
    return Noticed(tuple(map(_text, lines)))


def _file_written(head: list[object], body: bytes) -> Message:
    (exercise,) = head
    return FileWritten(_text(exercise), body)


_READERS: dict[type[Message], Callable[[list[object], bytes], Message]] = {
    CaseObserved: _case_observed,
    CellEnded: _cell_ended,
    Noticed: _noticed,
    FileWritten: _file_written,
    ModelRead: lambda head, body: ModelRead(body),
    ModelRefused: lambda head, body: ModelRefused(body.decode("utf-8", "replace")),
}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return encodable(value)


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError("no whole number")
    return value
