"""A member's folder, in which the group's work may stand, and the own work that waits beside it."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.course.collecting.archives import checksum
from autograder.course.collecting.submitted import TIMESTAMP, Submitted

Files = Mapping[str, Path]


@dataclass(frozen=True)
class Place:
    """Where a submission is graded from, and where what is the student's own is kept meanwhile.

    Whatever a run leaves that was killed, own work is in one of the two, and is found again.
    """

    there: Path
    aside: Path

    def recover(self) -> None:
        """Put in order what a killed run, or somebody else, left."""
        if not self.there.exists():
            self._bring_back()

    def is_copy(self, digest: str) -> bool:
        """Whether what was made of the group's work still stands here, as it was made."""
        return bool(digest) and self.aside.exists() and digest == digest_of(files_in(self.there))

    def own(self, digest: str) -> "Work":
        """The student's own work; `digest` is that of the copy, where one was made."""
        return Work(self.aside if self.is_copy(digest) else self.there)

    @property
    def _staged(self) -> Path:
        return self.aside.with_name(f"{self.aside.name}.new")

    def stage(self, files: Files) -> None:
        """Copy these files beside it, for `put`. Raises OSError."""
        shutil.rmtree(self._staged, ignore_errors=True)
        for name, source in files.items():
            (self._staged / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, self._staged / name)

    def put(self) -> None:
        """Let what was staged stand here, in the place of own work. Raises OSError."""
        self._set_aside()
        self.there.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(self._staged, self.there)

    def _set_aside(self) -> None:
        """Keep own work; what was kept before it is older, and stays under another name."""
        if self.aside.exists():
            names = (self.aside.with_name(f"{self.aside.name}.{n}") for n in range(1, 10_000))
            self.aside.rename(next(name for name in names if not name.exists()))
        if self.there.exists():
            self.aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self.there, self.aside)
        else:
            self.aside.mkdir(parents=True)

    def restore(self, digest: str) -> None:
        """Put own work back in the place of a copy, where one stands here. Raises OSError."""
        if self.is_copy(digest):
            shutil.rmtree(self.there)
            self._bring_back()

    def _bring_back(self) -> None:
        if self.aside.exists() and any(self.aside.iterdir()):
            self.there.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self.aside, self.there)
        elif self.aside.exists():  # there was nothing
            self.aside.rmdir()


class Work(Submitted):
    """What a student handed in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._stated = folder / TIMESTAMP

    @property
    def stated(self) -> Files:
        """The file that says when; nothing where there is none."""
        return {TIMESTAMP: self._stated} if self._stated.is_file() else {}

    @cached_property
    def digest(self) -> str:
        """Of all its files."""
        return digest_of({**self.files, **self.stated})


def files_in(folder: Path) -> Files:
    """All regular files in a folder, by name; links are none."""
    work = Work(folder)
    return {**work.files, **work.stated}


def digest_of(files: Files) -> str:
    """Of names and contents."""
    parts = [(name, _content(files[name])) for name in sorted(files)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _content(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:
        return checksum(file), path.stat().st_size
