"""What stands in a student's folder before a collection, and stays where nothing newer comes."""

import contextlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.course.collecting.archives import checksum
from autograder.course.collecting.versions import Version

TIMESTAMP = "timestamp.txt"


class Submitted:
    """A student's folder under `submitted`; `time` is none where it is empty."""

    def __init__(self, folder: Path) -> None:
        found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        self.files = {str(path.relative_to(folder)): path for path in found}
        self.files.pop(TIMESTAMP, None)
        self.contents = {name: _content(path) for name, path in self.files.items()}
        self.time = stated_time(folder / TIMESTAMP) or self._newest()

    def _newest(self) -> datetime | None:
        times = [path.stat().st_mtime for path in self.files.values()]
        return datetime.fromtimestamp(int(max(times)), UTC) if times else None

    def has_later(self, file: str, best: Version, versions: list[Version]) -> bool:
        """Whether a file came here by another way, and not before any in the archives."""
        known = {None, *(each.content for each in versions)}
        return (
            self.contents.get(file) not in known
            and self.time is not None
            and self.time >= best.time
        )

    def copy_others(self, wanted: dict[str, Version], folder: Path) -> None:
        """Copy what stays: nbgrader empties a student's folder before it fills it."""
        for name in self.files.keys() - wanted.keys():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.files[name], target)
            if self.time is not None:
                os.utime(target, (self.time.timestamp(),) * 2)


def stated_time(path: Path) -> datetime | None:
    """When a submission was handed in, as a file beside it says; None where it says no time."""
    with contextlib.suppress(FileNotFoundError, ValueError, OverflowError):
        return parse_utc(path.read_text(encoding="utf-8").strip()).replace(tzinfo=UTC)
    return None


def _content(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:
        return checksum(file), path.stat().st_size
