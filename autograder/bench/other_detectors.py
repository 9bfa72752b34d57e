"""Other programs that find copies, with their defaults, on the same code as the kit's.

Both get each work as one file, and the code of the released notebook as what everybody has.
copydetect (PyPI): winnowed fingerprints of characters, names replaced. Dolos (npm): winnowed
fingerprints of syntax trees.
"""

import io
import json
import subprocess
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from autograder.course.similarity.comparison import Matrix
from autograder.course.similarity.work import Given, Piece, Work

NOISE, GUARANTEE = 25, 30  # copydetect's defaults, in characters
SCRIPT = """\
import { Dolos } from "@dodona/dolos-lib";
import { File } from "@dodona/dolos-core";
import fs from "fs";
const { given, works } = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const files = works.map((text, at) => new File(String(at), text));
const report = await new Dolos({ language: "python" }).analyze(
  files, undefined, new File("given", given));
console.log(JSON.stringify(
  report.allPairs().map((p) => [+p.leftFile.path, +p.rightFile.path, p.similarity])));
"""


def has_copydetect() -> bool:
    """Whether copydetect is installed."""
    return find_spec("copydetect") is not None


def copydetect(works: Sequence[Work], given: Given) -> Matrix:
    """The larger one of the shares that copydetect tells of two works."""
    from copydetect import CodeFingerprint, compare_files

    def prints(text: str, boilerplate: Sequence[int]) -> Any:
        options = {"boilerplate": boilerplate, "fp": io.StringIO(text)}
        return CodeFingerprint("work.py", NOISE, GUARANTEE - NOISE + 1, **options)

    everybodys = sorted(prints(_text(given.pieces), []).hashes)
    files = [prints(_text(work.pieces), everybodys) for work in works]
    shares = np.zeros((len(works), len(works)))
    for a, b in combinations(range(len(works)), 2):
        shares[a, b] = np.nan_to_num(max(compare_files(files[a], files[b])[1]))
    return shares


def dolos(folder: Path) -> Callable[[Sequence[Work], Given], Matrix]:
    """What tells the similarity that Dolos, installed in a folder, tells of two works."""

    def shares(works: Sequence[Work], given: Given) -> Matrix:
        texts = {"given": _text(given.pieces), "works": [_text(work.pieces) for work in works]}
        with TemporaryDirectory(dir=folder) as scratch:
            script, data = Path(scratch, "run.mjs"), Path(scratch, "works.json")
            script.write_text(SCRIPT, encoding="utf-8")
            data.write_text(json.dumps(texts), encoding="utf-8")
            said = subprocess.run(["node", script, data], capture_output=True, check=True).stdout
        found = np.zeros((len(works), len(works)))
        for a, b, share in json.loads(said):
            found[min(a, b), max(a, b)] = share
        return found

    return shares


def _text(pieces: Sequence[Piece]) -> str:
    return "\n\n".join(piece.text for piece in pieces) or "pass"
