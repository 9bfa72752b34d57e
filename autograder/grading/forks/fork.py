"""The grader's end of forked processes: wait for what they send, and end them."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

from autograder.checks.running import Place
from autograder.grading.forks.messages import (
    CaseObserved,
    CellEnded,
    FileWritten,
    Message,
    Noticed,
)
from autograder.grading.forks.pipe import MessagePipe
from autograder.grading.forks.requests import CellsRequest, Request
from autograder.grading.forks.usage import (
    Clock,
    is_busy,
    killed_for_memory,
    takes_more,
    worked_and_starved,
)
from autograder.grading.forks.zygote_client import zygote

TICK = 0.25  # how often a running cell's kernel is looked at
GRACE = 1.0  # for a cell to end after it was interrupted
DEATH_SECONDS = 5  # for a killed process to be gone


class ForkEnded(Exception):
    """The process died or had to be killed; the message says why."""


class Fork:
    """One forked process and the pipe that comes from it; `descriptors` are more that it gets."""

    def __init__(self, request: Request, pipe: MessagePipe, *descriptors: int) -> None:
        self._memory = request.confinement and request.confinement.memory
        self._pipe = pipe
        try:
            self._pid = zygote().fork(request, pipe.writing, *descriptors)
        except BaseException:
            pipe.close()
            raise
        finally:
            pipe.hand_over()
        self._process: int | None = None
        with contextlib.suppress(ProcessLookupError):  # it may be dead already
            self._process = os.pidfd_open(self._pid)
        self._clock = Clock(self._pid)
        self._looked = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since it was forked; those in which others kept it from working do not count."""
        return self._clock.seconds()

    @property
    def worked(self) -> float:
        """Seconds in which it had a processor."""
        return worked_and_starved(self._pid)[0]

    def read_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Whether something came about within so many of its seconds. Raises ForkEnded."""
        deadline = self.seconds + seconds
        while not done():
            left = deadline - self.seconds
            if left <= 0:
                return False
            is_readable = self._is_readable(min(TICK, left))
            if not (is_readable and self._pipe.take_in()) and (is_readable or self._is_dead()):
                return self._read_last_words(done)
            self._look()
        return True

    def _look(self) -> None:
        """At its memory, now and then, whatever it keeps the grader busy with."""
        if time.monotonic() < self._looked + TICK:
            return
        if self._memory and takes_more(self._pid, self._memory):
            raise ForkEnded("used too much memory")
        self._looked = time.monotonic()

    def _read_last_words(self, done: Callable[[], bool]) -> bool:
        """Read what a dead process has left behind. Raises ForkEnded."""
        while self._is_readable(0) and self._pipe.take_in():
            pass
        if not done():
            raise ForkEnded("the kernel died")
        return True

    def _is_readable(self, seconds: float) -> bool:
        return bool(select.select([self._pipe.reading], [], [], seconds)[0])

    def _is_dead(self) -> bool:
        return self._process is None or bool(select.select([self._process], [], [], 0)[0])

    def interrupt(self) -> None:
        """Interrupt what runs, as Jupyter's stop button does."""
        self._signal(signal.SIGINT)

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


class CellFork:
    """A fork that runs a submission's cells, one after the other, and what it has sent so far."""

    def __init__(self, request: CellsRequest, **bounds: int) -> None:
        self.evidence: dict[str, dict[Place, bytes]] = {}
        self.files: dict[str, bytes] = {}
        self.noticed: tuple[str, ...] | None = None
        self.accidents = 0  # that may have been the machine's doing
        self._ended: dict[int, str | None] = {}  # by index of a cell, the error it ended with
        self._planned = {step.index for step in request.steps}
        self._seeds = {check.exercise: len(check.seeds) for check in request.checks}
        self._killed_before = killed_for_memory()
        awaited = (CaseObserved, CellEnded, Noticed, *([FileWritten] if request.written else []))
        self._fork = Fork(request, MessagePipe(awaited, self._receive, **bounds))

    def _receive(self, message: Message) -> None:
        match message:
            case CaseObserved(exercise, (_, seed) as place, evidence):
                if 0 <= seed <= self._seeds.get(exercise, -1):  # all else is invented
                    self.evidence.setdefault(exercise, {})[place] = evidence
            case CellEnded(index, error):
                if index in self._planned:
                    self._ended[index] = error
            case Noticed(lines):
                self.noticed = lines
            case FileWritten(exercise, content):
                self.files[exercise] = content

    @property
    def seconds(self) -> float:
        """Since it was forked; those in which others kept it from working do not count."""
        return self._fork.seconds

    def wait(self, index: int, seconds: float, grace: float = GRACE) -> str | None:
        """The error that a cell ended with, if any. Raises ForkEnded."""
        worked = self._fork.worked
        try:
            if self._fork.read_until(lambda: index in self._ended, seconds):
                return self._ended[index]
        except ForkEnded:
            self.accidents += killed_for_memory() > self._killed_before
            raise
        self.accidents += self._fork.worked - worked < seconds / 2 and is_busy()
        self._fork.interrupt()
        if not self._fork.read_until(lambda: index in self._ended, grace):
            raise ForkEnded(f"took more than {seconds:g} s and could not be interrupted")
        return f"TimeoutError: took more than {seconds:g} s"

    def finish(self, seconds: float) -> None:
        """Wait for what comes after the last cell; no check depends on it."""
        with contextlib.suppress(ForkEnded):
            self._fork.read_until(lambda: self.noticed is not None, seconds)

    def close(self) -> None:
        """Kill the process, and with it everything that it started."""
        self._fork.close()
