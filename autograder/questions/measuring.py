"""Measuring questions: `python -m autograder.questions.measuring attention clip`, in a course.

A class is made in a copy of the course, of the reference, alternatives and known mistakes. All are
asked, then a few again, in other processes. Prints the table of `docs/questions.md`.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autograder.course.sample import write_class
from autograder.questions.asking import Asked, Choices, ask_class, folder_of
from autograder.questions.question import Question
from autograder.settings import CONFIG_FILE, Course, find_course

HEAD = """\
| assignment | students who wrote something | with three questions | keys, and found otherwise by \
another process | made again, the same | sets that two students share | seconds each |
|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Measured:
    """A class that was asked, and what it was when some were asked again."""

    assignment: str
    asked: Asked
    again: dict[str, list[Question]]
    seconds: float

    @property
    def row(self) -> str:
        """Its line of the table."""
        own = {student: each for student, each in self.asked.questions.items() if each}
        full = sum(len(each) == Choices().count for each in own.values())
        wrote = len(own) + len(self.asked.problems)
        sets = Counter(frozenset(q.signature for q in each) for each in own.values())
        same = sum(own[student] == each for student, each in self.again.items())
        keys = sum(map(len, own.values()))
        cells = (
            f"`{self.assignment}`",
            wrote,
            f"{full} ({full / max(wrote, 1):.0%})",
            f"{keys}, {self.asked.refuted}",
            f"{same} of {len(self.again)}",
            sum(count - 1 for count in sets.values()),
            f"{self.seconds / max(wrote, 1):.1f}",
        )
        return f"| {' | '.join(map(str, cells))} |"


def measure(course: Course, assignment: str, most: int, again: int) -> Measured:
    """Ask a class of at most so many, and some of them again."""
    write_class(course, assignment)
    submitted = course.build / "submitted"
    students = sorted(path.parent.name for path in submitted.glob(f"*/{assignment}"))
    every = students[:: -(-len(students) // most)]
    for student in set(students) - set(every):
        shutil.rmtree(submitted / student)
    begun = time.monotonic()
    asked = ask_class(course, assignment, Choices(), _progress)
    seconds = time.monotonic() - begun
    few = [student for student, each in asked.questions.items() if each][:again]
    for student in few:
        (folder_of(course, assignment) / "kept" / f"{student}.json").unlink()
    second = ask_class(course, assignment, Choices(), _progress).questions
    shutil.rmtree(submitted)
    return Measured(assignment, asked, {student: second[student] for student in few}, seconds)


def _progress(what: str, items: Iterable[Any], total: int) -> Iterable[Any]:
    return tqdm(items, desc=what, total=total, file=sys.stderr)


def main() -> None:
    """Measure some assignments."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("assignments", nargs="+")
    options.add_argument("--students", type=int, default=100, metavar="N", help="of each, at most")
    options.add_argument("--again", type=int, default=5, metavar="K", help="of each, asked twice")
    chosen, here = options.parse_args(), find_course()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(here.root / CONFIG_FILE, root)
        for name in ("solutions", "notebooks"):
            shutil.copytree(here.root / name, root / name)
        course = find_course(root)
        print(HEAD)
        for assignment in chosen.assignments:
            print(measure(course, assignment, chosen.students, chosen.again).row, flush=True)


if __name__ == "__main__":
    main()
