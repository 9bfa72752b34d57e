"""Write the statements of bert_finetuning as files: `python data/verbal_arithmetic.py [FOLDER]`.

The notebook makes the same ones itself; the files are for those who want to use them elsewhere.
"""

import csv
import sys
from pathlib import Path

from autograder.tools.verbal_arithmetic import SIZES, part, statements


def write(folder: Path) -> list[Path]:
    """Write training.csv, validation.csv and test.csv with the original's columns.

    The first column is a statement's row in the whole grid.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = {statement.text: row for row, statement in enumerate(statements())}
    paths = [folder / f"{name}.csv" for name in SIZES]
    for path in paths:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("", "input", "label"))
            table.writerows((rows[text], text, label) for text, label in part(path.stem))
    return paths


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "build/data/verbal_arithmetic")):
        print(path)
