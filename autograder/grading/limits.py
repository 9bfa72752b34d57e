"""Work on what students wrote is given so much processor time, and no more."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN = 0.05  # seconds after which it is stopped again, where something caught that


class TookTooLongError(Exception):
    """Work that was stopped."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TookTooLongError after so many seconds of this process's own computing.

    Waiting does not count, nor what other processes compute, so that a busy machine changes
    nothing. Limits may stand inside each other. Signals reach main threads alone: in others there
    is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TookTooLongError(f"took more than {seconds:g} s of processor time")

    begun, before = time.process_time(), signal.signal(signal.SIGVTALRM, stop)
    outer, _ = signal.setitimer(signal.ITIMER_VIRTUAL, max(seconds, AGAIN), AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        if outer:
            left = outer - (time.process_time() - begun)
            signal.setitimer(signal.ITIMER_VIRTUAL, max(left, AGAIN), AGAIN)
