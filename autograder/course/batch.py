"""A gradebook that stays open: nbgrader makes a new one for whatever it does.

With every new one, all queries are compiled and all tables looked for again.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from nbgrader.api import Gradebook


class OpenGradebook(Gradebook):
    """A gradebook for one thread, which lets go of the database whenever it is not at work."""

    def __init__(self, db_url: str, course_id: str) -> None:
        super().__init__(db_url, course_id)
        sessions: Any = self.db
        self.db: Any = sessions()  # one session instead of one for each thread

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Inside, changes are made, and committed at the end or not at all."""
        try:
            yield
            self.db.commit()
        finally:
            self.db.close()
            self.engine.dispose()
