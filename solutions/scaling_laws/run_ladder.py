"""Train the ladder of models whose losses the assignment reads, run by run.

    python solutions/scaling_laws/run_ladder.py [--ladder cpu|gpu] [--seeds 0 1 2]

A run that is finished is kept in build/scaling_laws/, and not repeated: stop and start as you like.
When all are there, the table of the `cpu` ladder is written into the package, where the notebook
finds it; that of the `gpu` ladder stays in build/. Nothing but the table is shipped to students.
"""

import argparse
import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch

from autograder.assignment.definitions import definitions
from autograder.tools.device import device

SOURCE = Path(__file__).with_name("scaling_laws.py")
ROOT = SOURCE.parents[2]
PACKAGED = ROOT / "autograder/tools/scaling_runs.csv"


@dataclass(frozen=True)
class Ladder:
    """Widths of the models, and how long each is trained."""

    widths: tuple[int, ...]
    budgets: tuple[float, ...]  # FLOPs at which the loss is measured; the last ends a run
    most_tokens: float  # which end a run of a small model earlier


LADDERS = {
    # 15 minutes of one core; the budgets of the handout, 8e10 to 1.28e12, are among these
    "cpu": Ladder(
        widths=(8, 12, 16, 24, 32, 48, 64, 96),
        budgets=tuple(5e9 * 2 ** (k / 2) for k in range(17)),
        most_tokens=14e6,
    ),
    # up to 4.9 million parameters; not measured, some two hours at 3 ms a step
    "gpu": Ladder(
        widths=(16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 448),
        budgets=tuple(5e9 * 2 ** (k / 2) for k in range(25)),
        most_tokens=60e6,
    ),
}


def run(lab: ModuleType, ladder: Ladder, width: int, seed: int, path: Path) -> None:
    """One run into a file of its own, which is there only when it is whole."""
    limits = {"most_tokens": ladder.most_tokens, "where": device()}
    rows = list(lab.train(width, seed, list(ladder.budgets), **limits))
    write(path.with_suffix(".part"), lab.Row._fields, rows)
    path.with_suffix(".part").rename(path)
    print(f"width {width}, seed {seed}: loss {rows[-1].loss:.4f} after {rows[-1].seconds:.0f} s")


def write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[float]]) -> None:
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([f"{x:.5g}" if isinstance(x, float) else x for x in row] for row in rows)


def join(paths: list[Path], target: Path) -> None:
    """All runs in one table, with a single head line."""
    texts = [path.read_text(encoding="ascii").splitlines(keepends=True) for path in paths]
    target.write_text("".join([texts[0][0], *(line for text in texts for line in text[1:])]))
    seconds = sum(float(text[-1].rpartition(",")[2]) for text in texts)
    print(f"{target}: {len(paths)} runs, {seconds / 60:.0f} minutes of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ladder", choices=LADDERS, default="cpu")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    options = parser.parse_args()
    torch.set_num_threads(1)  # these models are too small for more
    ladder, lab = LADDERS[options.ladder], definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    folder = ROOT / "build/scaling_laws" / options.ladder
    folder.mkdir(parents=True, exist_ok=True)
    paths = {(seed, w): folder / f"{w}_{seed}.csv" for seed in options.seeds for w in ladder.widths}
    for (seed, width), path in paths.items():
        if not path.exists():
            run(lab, ladder, width, seed, path)
    by_width = sorted(paths, key=lambda run: (run[1], run[0]))
    target = PACKAGED if options.ladder == "cpu" else folder / "table.csv"
    join([paths[each] for each in by_width], target)


if __name__ == "__main__":
    main()
