"""Messages from forks: each kind there and back, and nothing else, whatever is written."""

import json
import os

import pytest

from autograder.grading.forks.messages import (
    HEADER,
    KINDS,
    MAX_HEAD,
    MAX_TEXT,
    CaseObserved,
    CellEnded,
    FileWritten,
    MessageError,
    ModelRead,
    ModelRefused,
    Noticed,
    decode,
    encode,
)
from autograder.grading.forks.pipe import MAX_FRAMES, MessagePipe

LONG = "é" * (MAX_HEAD // 8)
EACH = [
    CaseObserved("f", ("rows", 3), b"evidence"),
    CaseObserved("noticed", ("cell ended", 0), b""),
    CaseObserved(LONG, ("", 2**40), bytes(range(256))),
    CellEnded(0, None),
    CellEnded(7, ""),
    CellEnded(7, "ValueError: é\nnext line"),
    Noticed(()),
    Noticed(("one", "two é")),
    FileWritten("model", b"\0\xff"),
    ModelRead(b"packed"),
    ModelRefused("is empty"),
]


def parts(frame):
    kind, head, _ = HEADER.unpack_from(frame)
    middle = HEADER.size + head
    return kind, frame[HEADER.size : middle], frame[middle:]


def said(message):
    return f"{type(message).__name__}-{str(message)[-20:]}"


@pytest.mark.parametrize("message", EACH, ids=said)
def test_a_message_comes_back(message):
    assert decode(*parts(encode(message))) == message


def test_every_kind_is_tried_here():
    assert {type(message) for message in EACH} == set(KINDS)


def frame(kind, head, body=b""):
    data = head if isinstance(head, bytes) else json.dumps(head).encode()
    number = kind if isinstance(kind, int) else KINDS.index(kind)
    return HEADER.pack(number, len(data), len(body)) + data + body


WRONG = {
    "an unknown kind": frame(len(KINDS), []),
    "no JSON": frame(CellEnded, b"["),
    "not UTF-8": frame(CellEnded, b"\xff\xfe\xff"),
    "no list": frame(CellEnded, 3),
    "too few": frame(CaseObserved, ["f", "rows"]),
    "too many": frame(CellEnded, [1, 2]),
    "a number for a text": frame(CaseObserved, [1, "rows", 0]),
    "a text for a number": frame(CaseObserved, ["f", "rows", "0"]),
    "true for a number": frame(CellEnded, [True]),
    "a fraction for a number": frame(CellEnded, [1.0]),
    "a list for a text": frame(FileWritten, [["f"]]),
    "lines that are no list": frame(Noticed, [], b"3"),
    "lines that are no texts": frame(Noticed, [], b"[1]"),
    "lines that are no JSON": frame(Noticed, [], b""),
    "infinity": frame(CellEnded, b"[Infinity]"),
    "infinity as a place": frame(CaseObserved, b'["f", "rows", Infinity]'),
    "not a number": frame(CaseObserved, b'["f", "rows", NaN]'),
    "a number of many digits": frame(CellEnded, b"[" + b"9" * 50_000 + b"]"),
    "objects in objects": frame(CellEnded, b'{"a":' * 9_000),
    "endless nesting in a body": frame(Noticed, [], b"[" * 16_000),
    "endless nesting": frame(CellEnded, b"[" * 50_000),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_what_is_no_message_is_an_error_and_no_other(data):
    with pytest.raises(MessageError):
        decode(*parts(data))


def test_lines_of_a_text_are_its_letters_and_not_lines():
    with pytest.raises(MessageError):
        decode(*parts(frame(Noticed, [], b'"abc"')))


class Taken:
    """What a pipe hands on of what is written to it."""

    def __init__(self, *awaited, **bounds):
        self.messages = []
        self.pipe = MessagePipe(awaited or KINDS, self.messages.append, **bounds)

    def write(self, *chunks):
        for data in chunks:
            os.write(self.pipe.writing, data)
            while self.pipe.take_in() and self.readable():
                pass
        return self.messages

    def readable(self):
        import select

        return select.select([self.pipe.reading], [], [], 0)[0]


@pytest.fixture
def take():
    made = []

    def make(*awaited, **bounds):
        made.append(Taken(*awaited, **bounds))
        return made[-1]

    yield make
    for taken in made:
        taken.pipe.hand_over()
        taken.pipe.close()


def test_messages_come_out_in_order_however_they_are_cut(take):
    data = b"".join(map(encode, EACH[3:]))
    assert take().write(data) == EACH[3:]
    assert take().write(*(data[i : i + 1] for i in range(len(data)))) == EACH[3:]


def test_there_may_be_more_until_the_writer_is_gone():
    messages = []
    pipe = MessagePipe(KINDS, messages.append)
    assert pipe.take_in()  # nothing yet
    os.write(pipe.writing, encode(CellEnded(1, None)))
    assert pipe.take_in()
    pipe.hand_over()
    assert not pipe.take_in()
    pipe.close()
    assert messages == [CellEnded(1, None)]


def test_kinds_that_are_not_awaited_are_passed_over(take):
    data = b"".join(map(encode, EACH))
    taken = take(CellEnded, Noticed).write(data)
    assert taken == [message for message in EACH if isinstance(message, CellEnded | Noticed)]


@pytest.mark.parametrize("data", list(WRONG.values())[1:], ids=list(WRONG)[1:])
def test_a_frame_that_is_no_message_costs_itself_only(take, data):
    assert take().write(data, encode(CellEnded(1, None))) == [CellEnded(1, None)]


GARBLED = {
    "an unknown kind": frame(len(KINDS), []),
    "a head that is too long": HEADER.pack(1, MAX_HEAD + 1, 0),
    "a body that is too long": HEADER.pack(0, 2, 101) + b"[]",
    "a text that is too long": HEADER.pack(KINDS.index(CellEnded), 3, MAX_TEXT + 1) + b"[1]",
    "random bytes": bytes([255] * 50),
}


@pytest.mark.parametrize("data", GARBLED.values(), ids=GARBLED)
def test_after_what_is_no_frame_nothing_is_believed(take, data):
    before, after = encode(CellEnded(1, None)), encode(CellEnded(2, None))
    taken = take(largest=100)
    assert taken.write(before, data, after, after) == [CellEnded(1, None)]
    assert taken.pipe.take_in(), "it is read on, so that the writer does not block"


def test_frames_are_bounded_one_by_one_and_together(take):
    fits = encode(FileWritten("f", b"x" * 100))
    assert len(take(largest=100, total=10**6).write(fits, fits)) == 2
    assert take(largest=99, total=10**6).write(fits) == []
    assert len(take(largest=100, total=2 * 105).write(fits, fits, fits)) == 2


def test_frames_are_counted(take, monkeypatch):
    monkeypatch.setattr("autograder.grading.forks.pipe.MAX_FRAMES", 3)
    assert MAX_FRAMES > 3
    assert len(take().write(*5 * [encode(CellEnded(1, None))])) == 3


def test_names_of_student_code_make_no_other_kind(take):
    """Exercises and probes called as kinds are: what a message is, its number alone says."""
    forged = [CaseObserved(name, (name, 0), b"[]") for name in ("CellEnded", "Noticed", "1")]
    assert take(CaseObserved).write(*map(encode, forged)) == forged
    assert take(CellEnded, Noticed).write(*map(encode, forged)) == []


def test_what_a_fork_says_of_an_error_always_fits(take):
    (message,) = take().write(encode(CellEnded(1, "é" * 10**6)))
    assert 0 < len(message.error) <= MAX_TEXT
