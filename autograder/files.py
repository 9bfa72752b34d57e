"""Writing files so that they are there whole or not at all."""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile

PUBLIC, PRIVATE = 0o644, 0o600
NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_whole(path: Path, content: str | bytes, mode: int = PUBLIC) -> None:
    """Put a file in its place only when all of it has been written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as temporary:
        try:
            temporary.write(data)
            temporary.flush()
            os.chmod(temporary.name, mode)
            os.replace(temporary.name, path)
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
