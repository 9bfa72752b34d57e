"""Reading evidence off a pipe: named frames, bounded, whatever else is written there."""

import os
import threading

from autograder.checks.evidence import MAX_BYTES
from autograder.checks.recorder import HEADER, MAX_NAME

MAX_TOTAL = 16 * MAX_BYTES


class EvidencePipe:
    """A pipe whose writing end goes to a kernel; a thread takes in what comes out."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        self.evidence: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def hand_over(self) -> None:
        """Close this process's writing end, once the kernel has its own."""
        os.close(self.writing)

    def finish(self) -> dict[str, bytes]:
        """All evidence, after the kernel and everything it started are dead."""
        self._thread.join()
        return self.evidence

    def _read(self) -> None:
        with os.fdopen(self._reading, "rb") as stream:
            total = 0
            while len(header := stream.read(HEADER.size)) == HEADER.size:
                name_size, size = HEADER.unpack(header)
                total += size
                if name_size > MAX_NAME or size > MAX_BYTES or total > MAX_TOTAL:
                    break
                name = stream.read(name_size).decode("utf-8", "replace")
                data = stream.read(size)
                if len(data) == size:
                    self.evidence[name] = data
            while stream.read(2**20):
                pass  # a writer must not block on what nobody wants
