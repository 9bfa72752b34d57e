"""Which checks these are: keys are made with some, and judged with others only by mistake."""

import hashlib
from functools import cache
from pathlib import Path


@cache
def own_code() -> bytes:
    """A hash of the checks package: another way of drawing inputs makes other numbers."""
    texts = (file.read_bytes() for file in sorted(Path(__file__).parent.rglob("*.py")))
    return hashlib.sha256(b"\0".join(texts)).digest()


def identity() -> str:
    """The same in short."""
    return own_code().hex()[:16]
