"""What of a download a system wrote, and what the students.

One student may name a file as a system would; the class does not. So a system wrote a download if
most submissions look like it, and below a student's own folder or zip nothing is a system's.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile

from autograder.course.collecting.lms import LOOSE, Export, Path, export_at
from autograder.course.collecting.side_files import AllFacts, with_facts

COUNTED = re.compile(r"\.(?:ipynb|pth|pt|safetensors)\b", re.IGNORECASE)


class Download:
    """Divides the paths of one download; `system` is empty where none wrote it.

    `is_students` says of the name of a folder or archive whether it is a student's own, `is_known`
    of what a system wrote whether it means somebody in the roster.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        facts: AllFacts,
        is_students: Callable[[str], bool],
        is_known: Callable[[Export], bool],
    ) -> None:
        self.facts, self.is_students, self.is_known = facts, is_students, is_known
        counted = [path for path in paths if COUNTED.search(path[-1])] or [*paths]
        self.start = self._start(counted)
        votes = Counter({path[: self.start + 1]: self._system(path) for path in counted}.values())
        self.system = max(votes, key=lambda system: (votes[system], not system), default="")

    def export(self, path: Path) -> Export:
        """A path, divided; all of it is the student's where no system wrote any."""
        return (self.system and self._export(path, self.system)) or Export(path)

    def _export(self, path: Path, system: str = "") -> Export | None:
        """What the outermost name says that a system can have written."""
        for depth in range(self.start, len(path)):
            if found := export_at(path, depth, system):
                return with_facts(found, self.facts)
            if self._is_students(path, depth):
                return None
        return None

    def _system(self, path: Path) -> str:
        found = self._export(path)
        return found.system if found else ""

    def _start(self, paths: list[Path]) -> int:
        """How many folders stand around all submissions; a single one is not around itself."""
        levels = zip(*(path[:-1] for path in paths), strict=False)
        shared = sum(1 for _ in takewhile(lambda names: len({*names}) == 1, levels))
        begins = (depth for depth in range(shared) if self._is_submission(paths[0], depth))
        return next(begins, shared)

    def _is_submission(self, path: Path, depth: int) -> bool:
        found = export_at(path, depth)
        is_sure = found and (found.system not in LOOSE or self.is_known(found))
        return bool(is_sure) or self._is_students(path, depth)

    def _is_students(self, path: Path, depth: int) -> bool:
        """Whether the rest is a student's own: no system puts zips into zips."""
        outer = sum(name.lower().endswith(".zip") for name in path[: depth + 1])
        is_inside = outer > 1 and path[depth].lower().endswith(".zip")
        return is_inside or (depth < len(path) - 1 and self.is_students(path[depth]))
