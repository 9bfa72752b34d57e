"""From a submitted notebook to verdicts: repair, execute, verify."""

import copy
import hashlib
import json
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.authoring.keyring import key_digest
from autograder.authoring.source import Source
from autograder.checks.verdict import Verdict
from autograder.grading.cache import Recent, cached
from autograder.grading.execute import Job
from autograder.grading.needed import needed_cells
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.grading.repair.rebuild import Repaired, repair
from autograder.grading.verify import Verifier
from autograder.settings import Course

__all__ = ["Graded", "Grader", "SubmissionError", "read_notebook", "shared_grader"]
RECENT = 32  # submissions that a class run has in hand at a time


@dataclass(frozen=True)
class Graded:
    """A submission's verdicts in the assignment's order, and its repairs and oddities."""

    assignment: str
    verdicts: list[Verdict]
    repairs: list[str]

    @property
    def score(self) -> float:
        return round(sum(verdict.score for verdict in self.verdicts), 2)

    @property
    def max_score(self) -> float:
        return sum(verdict.max_score for verdict in self.verdicts)


class Grader:
    """Grades submissions to one assignment."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.verifier = Verifier(course, assignment)
        self.released = read_notebook(course.released(assignment))
        self.digest = self._digest()
        self._repaired, self._judged = Recent(RECENT), Recent(RECENT)

    def _digest(self) -> str:
        """A hash of everything that a grade depends on, but for the submission."""
        settings = f"{self.course.cell_seconds} {self.course.sandbox}"
        parts = key_digest(self.course, self.verifier.source), _text(self.released), settings
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def grade(self, submitted: NotebookNode) -> Graded:
        """Verdicts on a notebook as the student handed it in."""
        repaired = self.repair(submitted)
        verdicts, noticed = self._judge(repaired.notebook)
        said = [*repaired.repairs, *(f"while running: {line}" for line in noticed)]
        return Graded(self.assignment, verdicts, said)

    def repair(self, submitted: NotebookNode) -> Repaired:
        """The submission in the shape of the release; the caller's to change."""
        key = hashlib.sha256(_text(submitted).encode()).hexdigest()
        return copy.deepcopy(self._repaired.get(key, lambda: repair(submitted, self.released)))

    def verdicts(self, repaired: NotebookNode) -> list[Verdict]:
        """What a repaired notebook earns."""
        return self._judge(repaired)[0]

    def _judge(self, repaired: NotebookNode) -> tuple[list[Verdict], tuple[str, ...]]:
        job = self.job(repaired)
        return self._judged.get(job.digest, lambda: self._executed(job))

    def _executed(self, job: Job) -> tuple[list[Verdict], tuple[str, ...]]:
        """The verdicts, and what was noticed, from kept evidence or a new execution."""
        execution = cached(job, self.course.build / "evidence" / self.assignment)
        return self.verifier.verdicts(execution, job), execution.noticed

    def job(self, repaired: NotebookNode) -> Job:
        """What has to be executed for a repaired notebook."""
        source = self.verifier.source
        return Job(
            cells=tuple(needed_cells(repaired, self.released)),
            seeds=self.verifier.seeds,
            given=without_solutions(source),
            checks={name: cell.source for name, cell in source.checks.items()},
            cell_seconds=self.course.cell_seconds,
            confined=self.course.sandbox,
        )


def _text(nb: NotebookNode) -> str:
    return json.dumps(nb, sort_keys=True)


_graders: dict[tuple, Grader] = {}


def shared_grader(course: Course, assignment: str) -> Grader:
    """One grader for a whole run, nbgrader's steps included: what one of them found, all know."""
    files = *course.source_path(assignment).parent.iterdir(), course.released(assignment)
    changed = tuple(sorted((file, file.stat().st_mtime_ns) for file in files if file.exists()))
    key = assignment, changed, course.sandbox, course.cell_seconds
    if key not in _graders:
        _graders[key] = Grader(course, assignment)
    return _graders[key]


def without_solutions(source: Source) -> str:
    """The text of a source with its solution cells left blank."""
    for name in source.solutions:
        blank = "\n" * source.solutions[name].source.count("\n")
        source = source.with_solution(name, blank)
    return source.text
