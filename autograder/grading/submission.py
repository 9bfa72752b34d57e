"""From a submitted notebook to verdicts: repair, execute, verify."""

import ast
import copy
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.assignment.keyring import key_digest
from autograder.assignment.source import Source
from autograder.checks.verdict import Verdict
from autograder.assignment.definitions import defines
from autograder.grading.cache import Recent, cached
from autograder.grading.execute import Job
from autograder.grading.links import links_in
from autograder.grading.models import ModelFile, find_model
from autograder.grading.needed import needed_cells, training_cells
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
        self._given = given(self.verifier.source)
        self._repaired, self._judged = Recent(RECENT), Recent(RECENT)

    def _digest(self) -> str:
        """A hash of everything that a grade depends on, but for the submission."""
        settings = f"{self.course.cell_seconds} {self.course.sandbox}"
        parts = key_digest(self.course, self.verifier.source), _text(self.released), settings
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def grade(self, submitted: NotebookNode, folder: Path | None = None) -> Graded:
        """Verdicts on a notebook as the student handed it in, with the files beside it."""
        repaired = self._repair(submitted)
        job = self.job(repaired.notebook, folder)
        verdicts, noticed = self._judge(job)
        said = [
            *repaired.repairs,
            *(f"{name}: {file.note}" for name, file in job.models.items() if file.note),
            *(f"{link}: a link, not followed" for link in (links_in(folder) if folder else ())),
            *(f"while running: {line}" for line in noticed),
        ]
        return Graded(self.assignment, verdicts, said)

    def repair(self, submitted: NotebookNode) -> Repaired:
        """The submission in the shape of the release; the caller's to change."""
        return copy.deepcopy(self._repair(submitted))

    def _repair(self, submitted: NotebookNode) -> Repaired:
        key = hashlib.sha256(_text(submitted).encode()).hexdigest()
        return self._repaired.get(key, lambda: repair(submitted, self.released))

    def job_of(self, submitted: NotebookNode, folder: Path | None = None) -> Job:
        """What has to be executed for a submission as the student handed it in."""
        return self.job(self._repair(submitted).notebook, folder)

    def verdicts(self, repaired: NotebookNode, folder: Path | None = None) -> list[Verdict]:
        """What a repaired notebook and the files in its submission's folder earn."""
        return self._judge(self.job(repaired, folder))[0]

    def _judge(self, job: Job) -> tuple[list[Verdict], tuple[str, ...]]:
        return self._judged.get(job.digest, lambda: self._executed(job))

    def _executed(self, job: Job) -> tuple[list[Verdict], tuple[str, ...]]:
        """The verdicts, and what was noticed, from kept evidence or a new execution."""
        execution = cached(job, self.course.build / "evidence" / self.assignment)
        return self.verifier.verdicts(execution, job), execution.noticed

    def models(self, folder: Path | None) -> dict[str, ModelFile]:
        """The model files in a submission's folder, by exercise."""
        artefacts = self.verifier.artefacts.items()
        return {name: find_model(folder, artefact.ending) for name, artefact in artefacts}

    def job(self, repaired: NotebookNode, folder: Path | None = None) -> Job:
        """What has to be executed for a repaired notebook and the files beside it."""
        source = self.verifier.source
        return Job(
            cells=tuple(needed_cells(repaired, self.released)),
            seeds=self.verifier.seeds,
            given=self._given,
            checks={name: cell.source for name, cell in source.checks.items()},
            cell_seconds=self.course.cell_seconds,
            confined=self.course.sandbox,
            models=self.models(folder),
        )

    def retraining(self, submitted: NotebookNode, seconds: float) -> Job:
        """The student's cells, training among them, to write their model files again."""
        artefacts = self.verifier.artefacts.items()
        return Job(
            cells=tuple(training_cells(self._repair(submitted).notebook)),
            seeds={},
            given="",
            checks={},
            cell_seconds=seconds,
            confined=self.course.sandbox,
            written={name: artefact.ending for name, artefact in artefacts},
            seconds=seconds,
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


def given(source: Source) -> str:
    """What a source defines besides solutions and artefacts, without comments and layout.

    A change of points, tiers or text is thus no reason to execute anything again.
    """
    for name in source.solutions:
        blank = "\n" * source.solutions[name].source.count("\n")
        source = source.with_solution(name, blank)
    tree = ast.parse(source.text)
    tree.body = [node for node in tree.body if defines(node) and not _declares_artefact(node)]
    return ast.unparse(tree)


def _declares_artefact(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(value=ast.Call(func=ast.Name(id="Artefact"))):
            return True
    return False
