"""Files that several students handed in alike, told when they are collected.

Only what is the same byte by byte, or a notebook with the same cells whatever its outputs and
metadata: `autograder similar` looks at code that was changed.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

from autograder.course.collecting.submitted import TIMESTAMP
from autograder.grading.repair.reading import MAX_NOTEBOOK

MANY = 5  # students: what more of them have, and more than half of all, was given to them
SAME_FILE = "the same file"
SAME_CELLS = "the same cells; only outputs or metadata differ"
Files: TypeAlias = list[tuple[str, Path]]  # each with its student


def twins(
    notebooks: Mapping[str, Path],
    released: Collection[Path],
    new: Collection[str],
    teams: Collection[frozenset[str]] = (),
) -> Iterator[str]:
    """A line for each group of students of whom one is `new`, but for those who work together.

    `notebooks` are by student; what lies beside them is looked at as well. A notebook as it was
    released, in any language, is nobody's work.
    """
    for files, says in _alike(notebooks, released) if new else ():
        students = frozenset(who for who, _ in files)
        is_team = any(students <= team for team in teams)
        was_given = len(students) > max(MANY, len(notebooks) / 2)
        if students & set(new) and not is_team and not was_given:
            names = ", ".join(sorted({file.name for _, file in files}))
            yield f"{', '.join(sorted(students))}: {says}: {names}"


def _alike(
    notebooks: Mapping[str, Path], released: Collection[Path]
) -> Iterator[tuple[Files, str]]:
    """Files that several students have, and in what way they are alike."""
    cells = cache(_cells)  # a notebook with pictures takes a while
    everybodys = {*map(cells, released)} - {None}
    own = [(who, f) for who, f in notebooks.items() if _is_file(f) and cells(f) not in everybodys]
    beside = [(who, f) for who, n in notebooks.items() for f in _others(n)]
    told: set[frozenset[str]] = set()
    for files in _shared([*own, *beside], _content):
        told.add(frozenset(who for who, _ in files))
        yield files, SAME_FILE
    for files in _shared(own, cells):
        if frozenset(who for who, _ in files) not in told:
            yield files, SAME_CELLS


def _shared(files: Files, key: Callable[[Path], Hashable]) -> Iterator[Files]:
    """Files with the same key, of more than one student."""
    found: defaultdict[Hashable, Files] = defaultdict(list)
    for who, file in files:
        found[key(file)].append((who, file))
    for of, group in found.items():
        if of is not None and len({who for who, _ in group}) > 1:
            yield group


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _others(notebook: Path) -> list[Path]:
    found = notebook.parent.rglob("*")
    return [f for f in found if _is_file(f) and f.name != TIMESTAMP and f != notebook]


def _content(file: Path) -> str | None:
    """A hash of a file; None of an empty one."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() if file.stat().st_size else None


def _cells(notebook: Path) -> str | None:
    """A hash of the kinds and texts of a notebook's cells; None where it has none."""
    try:
        if notebook.stat().st_size > MAX_NOTEBOOK:
            return None
        cells = json.loads(notebook.read_bytes())["cells"]
        texts = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # no notebook of today's format: grading says what it is
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest() if texts else None
