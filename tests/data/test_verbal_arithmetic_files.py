"""The statements of verbal arithmetic as files."""

import csv
import subprocess
import sys
from pathlib import Path

from autograder.tools.verbal_arithmetic import SIZES, part, statements

ROOT = Path(__file__).parents[2]


def test_the_files_hold_the_parts_in_the_columns_of_the_original(tmp_path):
    command = [sys.executable, ROOT / "data/verbal_arithmetic.py", tmp_path]
    subprocess.run(command, check=True, cwd=ROOT)
    everything = statements()
    for name in SIZES:
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        assert header == ["", "input", "label"]
        assert [(text, int(label)) for _, text, label in rows] == part(name)
        assert all(everything[int(row)] == (text, int(label)) for row, text, label in rows)
