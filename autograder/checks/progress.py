"""What became of each check, kept in a small file beside the notebook: restarts do not lose it.

It is for its student's eyes. No grader reads it, and what is wrong with it is as if it were not
there.
"""

import contextlib
import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.checks.language import _

LARGEST = 100_000  # bytes of a file


@dataclass(frozen=True)
class Result:
    """What a check said last: since when, and of which text of the exercise's cell."""

    passed: bool
    score: float
    time: float  # seconds, as `time.time` counts
    code: str = ""

    @property
    def when(self) -> str:
        """The time of day, with its day where that is not today."""
        then = datetime.fromtimestamp(self.time)
        is_today = then.date() == datetime.now().date()
        said = _("at {then:%H:%M}") if is_today else _("on {then.day} {then:%B} at {then:%H:%M}")
        return said.format(then=then)


@dataclass
class Progress:
    """Results by exercise of one build of a notebook; `now` holds those of the running kernel."""

    path: Path | None = None  # None where nothing is kept
    build: str = ""
    results: dict[str, Result] = field(default_factory=dict)
    now: set[str] = field(default_factory=set)

    def add(self, exercise: str, result: Result) -> None:
        """Take what a check says, and keep all where it can be kept."""
        self.results[exercise] = result
        self.now.add(exercise)
        if self.path is not None:
            _write(self.path, {"build": self.build, "results": self._plain()})

    def _plain(self) -> dict[str, Any]:
        return {name: asdict(result) for name, result in self.results.items()}


def kept_progress(folder: Path, assignment: str, key: str) -> Progress:
    """The progress kept in a folder; that of another build of the notebook is forgotten."""
    path, build = folder / f".{assignment}-progress.json", fingerprint(key)
    return Progress(path, build, _read(path, build))


def fingerprint(text: str) -> str:
    """A short hash of a text, whatever its layout."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:16]


def _read(path: Path, build: str) -> dict[str, Result]:
    with contextlib.suppress(Exception):  # whatever a broken file provokes
        if path.stat().st_size <= LARGEST:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["build"] == build:
                return {name: _result(**each) for name, each in kept["results"].items()}
    return {}


def _result(passed: object, score: Any, time: Any, code: object) -> Result:
    """A result from what a file says. Raises an exception where it is none."""
    result = Result(passed is True, float(score), float(time), str(code))
    datetime.fromtimestamp(result.time)
    if not 0 <= result.score < math.inf:
        raise ValueError("no score")
    return result


def _write(path: Path, content: Any) -> None:
    """Put a new file in the place of an old one; not at all where that cannot be."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_text(json.dumps(content), encoding="utf-8")
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
