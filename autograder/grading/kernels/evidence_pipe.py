"""Reading evidence off a pipe: named frames, bounded, whatever else is written there."""

import json
import os
from collections.abc import Iterator

from autograder.checks.evidence import MAX_BYTES
from autograder.grading.kernels.recorder import ENDED, HEADER, MAX_NAME

MAX_TOTAL = 16 * MAX_BYTES
MAX_FRAMES = 20_000
AT_ONCE = 2**20


class EvidencePipe:
    """A pipe whose writing end goes to a fork; `take_in` reads what has come out so far.

    A frame of more bytes than `largest`, or more than `total` together, ends the taking in.
    """

    def __init__(self, largest: int = MAX_BYTES, total: int = MAX_TOTAL) -> None:
        self._largest, self._left = largest, total
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.evidence: dict[str, bytes] = {}
        self.ended: dict[int, str | None] = {}  # by index of a cell, the error it ended with
        self._rest = bytearray()  # the beginning of a frame
        self._count = 0
        self._garbled = False

    def hand_over(self) -> None:
        """Close this process's writing end, once the fork has its own."""
        os.close(self.writing)

    def close(self) -> None:
        os.close(self.reading)

    def take_in(self) -> bool:
        """Read once, without waiting; whether there may be more to come."""
        try:
            data = os.read(self.reading, AT_ONCE)
        except BlockingIOError:
            return True
        if not self._garbled:  # a writer must not block on what nobody wants
            self._rest += data
            for name, content in self._frames():
                self._note(name, content)
        return bool(data)

    def _frames(self) -> Iterator[tuple[str, bytes]]:
        begin = 0
        while len(self._rest) >= begin + HEADER.size:
            name_size, size = HEADER.unpack_from(self._rest, begin)
            middle = begin + HEADER.size + name_size
            self._garbled = not self._allows(name_size, size)
            if self._garbled or len(self._rest) < middle + size:
                break
            self._left -= name_size + size
            self._count += 1
            name = self._rest[begin + HEADER.size : middle].decode("utf-8", "replace")
            yield name, bytes(self._rest[middle : middle + size])
            begin = middle + size
        del self._rest[: len(self._rest) if self._garbled else begin]

    def _allows(self, name_size: int, size: int) -> bool:
        within = name_size <= MAX_NAME and size <= self._largest and self._count < MAX_FRAMES
        return within and name_size + size <= self._left

    def _note(self, name: str, data: bytes) -> None:
        if name != ENDED:
            self.evidence[name] = data
            return
        try:
            index, error = json.loads(data)
            self.ended[int(index)] = None if error is None else str(error)
        except (ValueError, TypeError):
            return  # student code can write here too
