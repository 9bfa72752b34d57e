"""The hidden keys on disk, each under the hash of what it was made from."""

import contextlib
import hashlib
from functools import partial

import torch

import autograder
from autograder.assignment.keys import hidden_key
from autograder.assignment.source import Source
from autograder.checks.identity import own_code
from autograder.checks.key import Key, decode, encode
from autograder.files import PRIVATE, write_whole
from autograder.settings import Course


def kept_key(course: Course, source: Source) -> Key:
    """The kept hidden key of a source; a new one where source, secret or versions changed, or where
    the kept one is damaged.

    Making one proves that the hidden cases accept the reference, reject every mistake and tell the
    mistakes apart. Raises SourceError, MistakesError.
    """
    path = course.build / "keys" / f"{source.assignment}.{key_digest(course, source)}.key"
    with contextlib.suppress(FileNotFoundError, ValueError):
        return decode(path.read_text())
    key = hidden_key(source, partial(course.hidden_seeds, source.assignment))
    for stale in path.parent.glob(f"{source.assignment}.*.key"):
        stale.unlink(missing_ok=True)
    write_whole(path, encode(key), PRIVATE)
    return key


def key_digest(course: Course, source: Source) -> str:
    """A hash of everything that a hidden key is made from."""
    beside = [source.path.with_name(name) for name in ("mistakes.toml", "alternatives.py")]
    beside += sorted(source.path.parent.glob("*.txt"))  # answers to predictions
    parts = (
        source.text.encode(),
        source.checks_text.encode(),
        *(file.read_bytes() if file.exists() else b"" for file in beside),
        course.secret(),
        str(course.hidden_cases).encode(),
        f"{autograder.__version__} {torch.__version__}".encode(),
        own_code(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
