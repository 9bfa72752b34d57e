"""What `autograder similar` finds in classes with planted copies, beside other programs.

`python -m autograder.bench.similarity attention bind_network seq2seq` prints the tables of
docs/similarity.md. Beside it are measured: copydetect, where it is installed, and Dolos, where
`--dolos FOLDER` names a folder in which `npm install @dodona/dolos-lib` was run.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from autograder.assignment.validation import read_source
from autograder.bench.other_detectors import copydetect, dolos, has_copydetect
from autograder.bench.planted import KINDS, Pool, planted
from autograder.course.similarity import ABOVE
from autograder.course.similarity.comparison import Comparison, Matrix
from autograder.course.similarity.pairs import LEAST
from autograder.course.similarity.work import Given, Work, work_of
from autograder.grading.repair.reading import read_notebook
from autograder.settings import Course, find_course

Detector = Callable[[Sequence[Work], Given], Matrix]


@dataclass
class Measured:
    """Shares of pairs that are no copies, and of copies by their kind, in several classes."""

    honest: list[float] = field(default_factory=list)
    copies: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def recall(self, kind: str, above: float) -> float:
        """The part of a kind's copies that are told."""
        shares = self.copies[kind]
        return sum(share >= above for share in shares) / len(shares)

    def alarms(self, above: float) -> int:
        """How many pairs are told that are no copies."""
        return sum(share >= above for share in self.honest)

    def strictest(self) -> float:
        """The threshold at which none of them is."""
        return max(self.honest) + 1e-9


def kit(works: Sequence[Work], given: Given) -> Matrix:
    """The shares that the kit tells."""
    comparison = Comparison(works, given.pieces)
    shares = comparison.shares()
    for a, b in combinations(range(len(works)), 2):
        if len(comparison.common(a, b)) < LEAST:
            shares[a, b] = shares[b, a] = 0.0
    return shares


class _Unweighted(Comparison):
    def weight(self, found: tuple[str, ...]) -> float:
        return 1.0


def unweighted(works: Sequence[Work], given: Given) -> Matrix:
    """The shares, where what all have counts like what few have."""
    return _Unweighted(works, given.pieces).shares()


def classes(
    course: Course, assignment: str, count: int
) -> Iterator[tuple[list[Work], Given, dict[frozenset[str], str]]]:
    """Works, what was given, and the copies among them, of several classes."""
    released = read_notebook(course.released(assignment))
    pool, given = Pool(read_source(course.source_path(assignment))), Given(released)
    for number in range(count):
        made = planted(pool, released, random.Random(f"{assignment}/{number}"))
        with TemporaryDirectory() as folder:
            path = Path(folder) / "submitted.ipynb"
            works = []
            for student, notebook in made.notebooks.items():
                nbformat.write(notebook, path)
                works.append(work_of(student, path, given))
        yield works, given, made.copies


def measure(
    course: Course, assignment: str, count: int, detectors: dict[str, Detector]
) -> dict[str, Measured]:
    """What each detector says of all pairs."""
    found = {name: Measured() for name in detectors}
    for works, given, copies in classes(course, assignment, count):
        for name, detector in detectors.items():
            shares = detector(works, given)
            for a, b in combinations(range(len(works)), 2):
                kind = copies.get(frozenset((works[a].student, works[b].student)))
                into = found[name].copies[kind] if kind else found[name].honest
                into.append(float(shares[a, b]))
    return found


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as Markdown, the first one a heading."""
    heading, *others = rows
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def at_threshold(found: dict[str, Measured], above: float) -> str:
    """By assignment, the recall of each kind and the false alarms at the kit's threshold."""
    rows = [["planted copies", *found]]
    rows += [
        [kind, *(f"{each.recall(kind, above):.0%}" for each in found.values())] for kind in KINDS
    ]
    alarms = [(each.alarms(above), len(each.honest)) for each in found.values()]
    rows.append(["*false alarms, of pairs*", *(f"{told} of {pairs:,}" for told, pairs in alarms)])
    rows.append(
        ["*the most alike honest pair*", *(f"{max(each.honest):.2f}" for each in found.values())]
    )
    return table(rows)


def without_alarms(found: dict[str, Measured]) -> str:
    """By detector, the recall of each kind at the threshold that raises no false alarm."""
    rows = [["planted copies", *found]]
    for kind in KINDS:
        recalls = (each.recall(kind, each.strictest()) for each in found.values())
        rows.append([kind, *(f"{recall:.0%}" for recall in recalls)])
    return table(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("assignments", nargs="+")
    parser.add_argument("--classes", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--dolos", type=Path, metavar="FOLDER")
    options, course = parser.parse_args(), find_course()
    detectors: dict[str, Detector] = {"kit": kit, "kit, unweighted": unweighted}
    detectors |= {"copydetect": copydetect} if has_copydetect() else {}
    detectors |= {"Dolos": dolos(options.dolos)} if options.dolos else {}
    found = {
        assignment: measure(course, assignment, options.classes, detectors)
        for assignment in options.assignments
    }
    print(at_threshold({name: each["kit"] for name, each in found.items()}, ABOVE))
    for assignment, measured in found.items():
        print(f"\n{assignment}\n\n{without_alarms(measured)}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
