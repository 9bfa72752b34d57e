"""Reading messages off a pipe: whole frames, bounded, whatever else is written there."""

import os
from collections.abc import Callable, Collection, Iterator

from autograder.checks.evidence import MAX_EVIDENCE
from autograder.grading.forks.messages import (
    HEADER,
    KINDS,
    MAX_HEAD,
    MAX_TEXT,
    TEXTS,
    Message,
    MessageError,
    decode,
)

MAX_TOTAL = 16 * MAX_EVIDENCE
MAX_FRAMES = 20_000
AT_ONCE = 2**20


class MessagePipe:
    """A pipe whose writing end goes to a fork; `take_in` hands on what has come out so far.

    Messages of other kinds than those awaited are passed over. A frame of more bytes than
    `largest`, or more than `total` together, ends the taking in.
    """

    def __init__(
        self,
        awaited: Collection[type[Message]],
        receive: Callable[[Message], None],
        *,
        largest: int = MAX_EVIDENCE,
        total: int = MAX_TOTAL,
    ) -> None:
        self._awaited, self._receive = tuple(awaited), receive
        self._largest, self._left = largest, total
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self._rest = bytearray()  # the beginning of a frame
        self._count = 0
        self._garbled = False

    def hand_over(self) -> None:
        """Close this process's writing end, once the fork has its own."""
        os.close(self.writing)

    def close(self) -> None:
        """Close this process's reading end."""
        os.close(self.reading)

    def take_in(self) -> bool:
        """Read once, without waiting; whether there may be more to come."""
        try:
            data = os.read(self.reading, AT_ONCE)
        except BlockingIOError:
            return True
        if not self._garbled:  # a writer must not block on what nobody wants
            self._rest += data
            for message in self._messages():
                self._receive(message)
        return bool(data)

    def _messages(self) -> Iterator[Message]:
        begin = 0
        while len(self._rest) >= begin + HEADER.size:
            kind, head, body = HEADER.unpack_from(self._rest, begin)
            middle = begin + HEADER.size + head
            self._garbled = not self._allows(kind, head, body)
            if self._garbled or len(self._rest) < middle + body:
                break
            self._left -= head + body
            self._count += 1
            parts = self._rest[begin + HEADER.size : middle], self._rest[middle : middle + body]
            yield from self._read(kind, *map(bytes, parts))
            begin = middle + body
        del self._rest[: len(self._rest) if self._garbled else begin]

    def _read(self, kind: int, head: bytes, body: bytes) -> Iterator[Message]:
        try:
            message = decode(kind, head, body)
        except MessageError:
            return
        if isinstance(message, self._awaited):
            yield message

    def _allows(self, kind: int, head: int, body: int) -> bool:
        if kind >= len(KINDS) or head > MAX_HEAD or self._count >= MAX_FRAMES:
            return False
        largest = MAX_TEXT if KINDS[kind] in TEXTS else self._largest
        return body <= largest and head + body <= self._left
