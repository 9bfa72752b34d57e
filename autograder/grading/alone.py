"""Taking turns: what runs among others, and what must run alone, within this process."""

import contextlib
import threading
from collections.abc import Iterator


class Turns:
    """Any number among others, or one alone, which new ones wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running, self._is_alone = 0, False

    @contextlib.contextmanager
    def among_others(self) -> Iterator[None]:
        """Run as soon as nobody is alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_alone)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let no more begin, and run when all others have ended."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_alone)
            self._is_alone = True
            self._changed.wait_for(lambda: not self._running)
        try:
            yield
        finally:
            with self._changed:
                self._is_alone = False
                self._changed.notify_all()
