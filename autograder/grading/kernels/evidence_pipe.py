"""Reading evidence off a pipe: named frames, bounded, whatever else is written there."""

import os
import threading

from autograder.checks.evidence import MAX_BYTES
from autograder.checks.recorder import HEADER, MAX_NAME

MAX_TOTAL = 16 * MAX_BYTES


class EvidencePipe:
    """A pipe whose writing end goes to a fork; a thread takes in what comes out.

    Frames of more bytes than `largest`, or `total` together, end the taking in.
    """

    def __init__(self, largest: int = MAX_BYTES, total: int = MAX_TOTAL) -> None:
        self._largest, self._total = largest, total
        self._reading, self.writing = os.pipe()
        self.evidence: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def hand_over(self) -> None:
        """Close this process's writing end, once the kernel has its own."""
        os.close(self.writing)

    def wait(self, seconds: float) -> bool:
        """Whether everything that could write is dead within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def finish(self) -> dict[str, bytes]:
        """All evidence, after the fork and everything it started are dead."""
        self._thread.join()
        return self.evidence

    def _read(self) -> None:
        with os.fdopen(self._reading, "rb") as stream:
            total = 0
            while len(header := stream.read(HEADER.size)) == HEADER.size:
                name_size, size = HEADER.unpack(header)
                total += size
                if name_size > MAX_NAME or size > self._largest or total > self._total:
                    break
                name = stream.read(name_size).decode("utf-8", "replace")
                data = stream.read(size)
                if len(data) == size:
                    self.evidence[name] = data
            while stream.read(2**20):
                pass  # a writer must not block on what nobody wants
