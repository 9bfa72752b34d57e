"""What submissions import that this machine does not have, before any of them is graded."""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

# a line of a cell in a notebook's JSON
IMPORT = re.compile(
    rb"""(?:"|\\n)[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b"""
    rb"""|import[ \t]+([A-Za-z_][\w.]*)[ \t]*(?:,|;|\#|as\b|\\n|"))"""
)
LARGEST = 10_000_000  # bytes of a notebook that is looked at


def say_what_is_lacking(notebooks: Iterable[Path]) -> None:
    """Name modules that submissions import and this machine does not have, once for all."""
    for name, count in lacking(notebooks).items():
        print(f"autograder: not installed here, imported by {count}: {name}", file=sys.stderr)


def lacking(notebooks: Iterable[Path]) -> dict[str, int]:
    """By module that cannot be found here, how many notebooks import it, the most wanted first."""
    wanted = Counter(name for path in notebooks for name in imported(path))
    return {name: count for name, count in wanted.most_common() if not _is_here(name)}


def imported(path: Path) -> set[str]:
    """The modules that a notebook's lines import, to the second part of their names."""
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    except OSError:
        return set()  # grading it will say so
    found = (one or other for one, other in IMPORT.findall(content))
    return {".".join(name.decode().split(".")[:2]) for name in found}


def _is_here(name: str) -> bool:
    """Whether a module can be found, without running any of it."""
    package, _, part = name.partition(".")
    try:
        spec = find_spec(package)
        is_one = spec is None or not part or not _is_namespace(spec)
        return (spec if is_one else find_spec(name)) is not None
    except (ImportError, ValueError):  # such as of `__main__`, which has no specification
        return True


def _is_namespace(spec: ModuleSpec) -> bool:
    """Whether a package is only a folder of others, as `google` is."""
    return spec.origin is None and spec.submodule_search_locations is not None
