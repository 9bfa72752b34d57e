"""The latest results of some work, in memory."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Recent(Generic[Result]):
    """The latest few results, by key."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: dict[Hashable, Result] = {}

    def get(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """The result of some work, which is done only where it is not remembered."""
        if key not in self._results:
            self._results[key] = work()
            if len(self._results) > self._size:
                del self._results[next(iter(self._results))]
        return self._results[key]
