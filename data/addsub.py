"""Write the data of the addsub_transformer assignment as files: `python data/addsub.py [FOLDER]`.

The notebook makes the same pairs itself, by the same definitions; the files are for those who want
to look at them or to use them elsewhere. The held-out part is not written.
"""

import json
import sys
from pathlib import Path

from torch import Tensor

from autograder.assignment.definitions import definitions

SOURCE = Path(__file__).parents[1] / "solutions/addsub_transformer/addsub_transformer.py"


def write(folder: Path) -> list[Path]:
    """Write training.json and validation.json, in the format of the original two_digit_op.json."""
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in lab.PARTS:
        questions, answers = lab.split()[name]
        columns = {"inp_expression": questions, "out_expression": answers}
        texts = {column: [in_words(lab, row) for row in rows] for column, rows in columns.items()}
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(texts), encoding="utf-8")
    return paths


def in_words(lab, tokens: Tensor) -> str:
    """The text of tokens, with the two digits of each number together."""
    words = [lab.VOCABULARY[token] for token in tokens]
    parts = (word if word.isdigit() else f" {word} " for word in words)
    return " ".join("".join(parts).split())


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "build/data/addsub")):
        print(path)
