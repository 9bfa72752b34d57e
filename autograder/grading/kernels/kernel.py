"""The grader's end of forked processes: wait for what they send, and end them."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

import psutil

from autograder.grading.kernels.recorder import REPORT
from autograder.grading.kernels.evidence_pipe import EvidencePipe
from autograder.grading.kernels.herd import herd
from autograder.grading.kernels.zygote import Request

TICK = 0.25  # how often a running cell's kernel is looked at
GRACE = 2.0  # for a cell to end after it was interrupted
DEATH_SECONDS = 5  # for a killed process to be gone


class KernelEnded(Exception):
    """The process died or had to be killed; the message says why."""


class Fork:
    """One forked process and the pipe that comes from it.

    `descriptors` are more that it gets; `pipe` may be one with other bounds.
    """

    def __init__(
        self, request: Request, *descriptors: int, pipe: EvidencePipe | None = None
    ) -> None:
        self._memory = request.confinement and request.confinement["memory"]
        self._pipe = pipe or EvidencePipe()
        try:
            self._pid = herd().fork(request, self._pipe.writing, *descriptors)
        except BaseException:
            self._pipe.close()
            raise
        finally:
            self._pipe.hand_over()
        self._process: int | None = None
        with contextlib.suppress(ProcessLookupError):  # it may be dead already
            self._process = os.pidfd_open(self._pid)

    @property
    def evidence(self) -> dict[str, bytes]:
        """What it has sent so far."""
        return self._pipe.evidence

    def read_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Whether something came about within so many seconds. Raises KernelEnded."""
        deadline = time.monotonic() + seconds
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            is_readable = self._is_readable(min(TICK, left))
            if is_readable and self._pipe.take_in():
                continue
            if is_readable or self._is_dead():
                return self._read_last_words(done)
            if self._memory and memory_of(self._pid) > self._memory:
                raise KernelEnded("used too much memory")
        return True

    def _read_last_words(self, done: Callable[[], bool]) -> bool:
        """Read what a dead process has left behind. Raises KernelEnded."""
        while self._is_readable(0) and self._pipe.take_in():
            pass
        if not done():
            raise KernelEnded("the kernel died")
        return True

    def _is_readable(self, seconds: float) -> bool:
        return bool(select.select([self._pipe.reading], [], [], seconds)[0])

    def _is_dead(self) -> bool:
        return self._process is None or bool(select.select([self._process], [], [], 0)[0])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                signal.pidfd_send_signal(self._process, number)

    def close(self) -> None:
        """Kill the process, and with it everything that it started."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            select.select([self._process], [], [], DEATH_SECONDS)
            os.close(self._process)
        self._pipe.close()


class Kernel(Fork):
    """A fork that runs a submission's cells, one after the other."""

    def wait(self, index: int, seconds: float) -> str | None:
        """The error that a cell ended with, if any. Raises KernelEnded."""
        ended = self._pipe.ended
        if self.read_until(lambda: index in ended, seconds):
            return ended[index]
        self._signal(signal.SIGINT)
        if not self.read_until(lambda: index in ended, GRACE):
            raise KernelEnded(f"took more than {seconds:g} s and could not be interrupted")
        return f"TimeoutError: took more than {seconds:g} s"

    def finish(self, seconds: float) -> None:
        """Wait for what comes after the last cell; no check depends on it."""
        with contextlib.suppress(KernelEnded):
            self.read_until(lambda: REPORT in self.evidence, seconds)


def memory_of(pid: int) -> int:
    """Bytes that a process and its descendants hold for themselves alone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(_own_memory(member) for member in family)
    except psutil.Error:
        return 0


def _own_memory(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().uss
    except psutil.Error:
        return 0
