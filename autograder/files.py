"""Writing files so that they are there whole or not at all."""

import contextlib
import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile

PUBLIC, PRIVATE = 0o644, 0o600
NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_whole(path: Path, content: str | bytes, mode: int = PUBLIC) -> None:
    """Put a file in its place only when all of it has been written."""
    with _written(path, content, mode) as temporary:
        os.replace(temporary, path)


def write_new(path: Path, content: str | bytes, mode: int = PUBLIC) -> None:
    """Put a file in its place, all of it and on the disk; where one is already, it stays."""
    with _written(path, content, mode, lasting=True) as temporary:
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        os.unlink(temporary)


@contextlib.contextmanager
def _written(
    path: Path, content: str | bytes, mode: int, *, lasting: bool = False
) -> Iterator[str]:
    """A whole file beside a path, under a name of its own; gone where something fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as temporary:
        try:
            temporary.write(data)
            temporary.flush()
            if lasting:
                os.fsync(temporary.fileno())
            os.chmod(temporary.name, mode)
            yield temporary.name
        except OSError:
            os.unlink(temporary.name)
            raise


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file; None is an empty cell, and no text is a formula to a spreadsheet."""
    content = StringIO(newline="")
    csv.writer(content).writerows([_no_formula(cell) for cell in row] for row in rows)
    write_whole(path, content.getvalue())


def _no_formula(cell: object) -> object:
    """A text that a spreadsheet shows and does not compute. Source: "CSV Injection", OWASP."""
    is_formula = isinstance(cell, str) and cell.startswith(FORMULA) and not NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell
