"""A submission on its way from file to verdicts: read once, repaired once, judged once."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from autograder.assignment.current import refuse_stale
from autograder.assignment.keyring import key_digest
from autograder.assignment.validation import read_source
from autograder.checks.evidence import printable
from autograder.checks.language import speaking
from autograder.checks.predictions import Predictions
from autograder.checks.verdict import Verdict
from autograder.grading.causes import failed_to_load, told
from autograder.grading.choosing import needed_steps, training_steps
from autograder.grading.evidence_store import EvidenceStore
from autograder.grading.execute import execute
from autograder.grading.jobs import Execution, Job, Limits
from autograder.grading.limits import TookTooLongError, at_most
from autograder.grading.links import links_in, refuse_links
from autograder.grading.models import ModelFile, find_model, find_predictions
from autograder.grading.recent import Recent
from autograder.grading.releases import Releases
from autograder.grading.repair.mistaken import noticed
from autograder.grading.repair.reading import SubmissionError, notebook_of, read_bytes
from autograder.grading.repair.rebuild import Repaired, repair
from autograder.grading.verify import Verifier
from autograder.lasting import lasting
from autograder.settings import Course

REPAIR_SECONDS = 60.0  # of processor time; ordinary notebooks need a tenth of one
TOO_BUSY = "a limit was met while this machine was too busy: grade again when it is not"
RECENT = 32  # submissions that a class run has in hand at a time


@dataclass(frozen=True)
class Graded:
    """A submission's verdicts in the assignment's order, and its repairs and oddities."""

    assignment: str
    verdicts: list[Verdict]
    repairs: list[str]

    @property
    def score(self) -> float:
        """Points that a machine gives."""
        return round(sum(verdict.score for verdict in self.verdicts), 2)

    @property
    def max_score(self) -> float:
        """Points that a machine can give."""
        return sum(verdict.max_score for verdict in self.verdicts)

    @property
    def for_students(self) -> list[str]:
        """The repairs and oddities, but for what only whoever grades can mend."""
        return [line for line in self.repairs if line != TOO_BUSY]


class Submission:
    """What a student handed in: a notebook, and the folder of files that it came with, if any.

    Its parts are worked out when they are asked for, once: class runs and nbgrader's steps share
    one object.
    """

    def __init__(
        self, grader: "Grader", content: bytes, path: Path, folder: Path | None = None
    ) -> None:
        self.grader, self.content, self.path, self.folder = grader, content, path, folder

    @cached_property
    def notebook(self) -> NotebookNode:
        """The notebook as it was handed in. Raises SubmissionError."""
        return notebook_of(self.content, self.path)

    @cached_property
    def repaired(self) -> Repaired:
        """The notebook in the shape of the release. Raises SubmissionError."""
        try:
            with at_most(REPAIR_SECONDS):
                return self._repaired()
        except TookTooLongError as error:
            raise SubmissionError(f"{self.path}: reading its cells {error}") from None

    def _repaired(self) -> Repaired:
        releases = self.grader.releases
        said = releases.mistaken(self.notebook)
        if said is None:
            return repair(releases.in_own_language(self.notebook), releases.own)
        return Repaired(noticed(releases.notebook, said), [f"notebook: {said}"])

    @cached_property
    def models(self) -> dict[str, ModelFile]:
        """The model files, and files of predictions, in its folder, by exercise."""
        return {
            name: find_predictions(self.folder, declared.ending)
            if isinstance(declared, Predictions)
            else find_model(self.folder, declared.ending)
            for name, declared in self.grader.verifier.artefacts.items()
        }

    @cached_property
    def job(self) -> Job:
        """What has to be executed for it."""
        return self.grader.job(self.repaired.notebook, self.models)

    @cached_property
    def execution(self) -> Execution:
        """What came of it: kept evidence, and what is missing found now."""
        return self.grader.execution(self.job)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What it earns."""
        return self.grader.verifier.verdicts(self.execution, self.job)

    @cached_property
    def graded(self) -> Graded:
        """Its verdicts, and all that was odd about it."""
        links = links_in(self.folder) if self.folder else ()
        said = [
            *self.repaired.repairs,
            *(f"{name}: {file.note}" for name, file in self.models.items() if file.note),
            *(f"{link}: a link, not followed" for link in links),
            *(f"a cell failed: {line}" for line in self._failed_to_load()),
            *(f"while running: {line}" for line in self.execution.noticed),
            *([] if self.execution.certain else [TOO_BUSY]),
        ]
        return Graded(self.grader.assignment, self.verdicts, [printable(line) for line in said])

    def _failed_to_load(self) -> list[str]:
        return failed_to_load(self.job.cells, self.execution.failures)

    @property
    def failed_cells(self) -> dict[str, str]:
        """What is to be said of cells that failed, by id."""
        cells, failures = self.job.cells, self.execution.failures
        with speaking(self.grader.course.language):
            said = {cells[at].cell: told(cells[at].text, error) for at, error in failures.items()}
        return {cell: printable(line) for cell, line in said.items()}

    def retraining(self, seconds: float) -> Job:
        """Its cells, training among them, to write its model files again."""
        artefacts = self.grader.verifier.artefacts.items()
        return Job(
            tuple(training_steps(self.repaired.notebook)),
            self.grader.limits(seconds, seconds),
            written={
                name: artefact.ending
                for name, artefact in artefacts
                if not isinstance(artefact, Predictions)
            },
        )

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that its verdicts depend on."""
        models = [file.digest for file in self.models.values()]
        said = "".join([self.grader.digest, *models]).encode()
        return hashlib.sha256(b"\0".join([said, self.content])).hexdigest()


class Grader:
    """What grading submissions to one assignment needs, made once. Raises StaleError."""

    def __init__(
        self, course: Course, assignment: str, verifier: type[Verifier] = Verifier
    ) -> None:
        self.course, self.assignment = course, assignment
        source = read_source(course.source_path(assignment))
        self.releases = Releases(course, assignment)
        self.released = self.releases.notebook
        refuse_stale(source, self.released)
        self.verifier = verifier(course, source)
        self.store = EvidenceStore(course.build / "evidence" / assignment)
        self.digest = self._digest(
            b"".join(path.read_bytes() for path in course.in_all_languages(assignment))
        )
        self._checks, self._rests_on = self.verifier.planned(), self.verifier.rests_on()
        self._recent: Recent[Submission] = Recent(RECENT)

    def _digest(self, released: bytes) -> str:
        """A hash of everything that a grade depends on, but for the submission."""
        settings = f"{self.course.cell_seconds} {self.course.sandbox}"
        parts = key_digest(self.course, self.verifier.source).encode(), released, settings.encode()
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def limits(self, cell_seconds: float, seconds: float | None = None) -> Limits:
        """For student code: the course's folder is hidden from it, wherever it lies."""
        hidden = (str(self.course.root),)
        return Limits(cell_seconds, self.course.sandbox, seconds, hidden)

    def submission(self, path: Path) -> Submission:
        """The submission in a file, the same object as long as its folder is as it was.

        Raises SubmissionError where it cannot be read.
        """
        return self._recent.get((path, _state(path.parent)), lambda: self._read(path))

    def _read(self, path: Path) -> Submission:
        return Submission(self, read_bytes(path), path, path.parent)

    def job(self, repaired: NotebookNode, models: dict[str, ModelFile]) -> Job:
        """What has to be executed for a repaired notebook and model files."""
        return Job(
            tuple(needed_steps(repaired, self.released)),
            self.limits(self.course.cell_seconds),
            self.verifier.source.given_text,
            self._checks,
            models,
            rests_on=self._rests_on,
        )

    def own(self, job: Job) -> Job:
        """A job of another grader of this assignment, with the checks of this one."""
        return replace(job, checks=self._checks, rests_on=self._rests_on)

    def execution(self, job: Job) -> Execution:
        """What came of a job: kept evidence, and what is missing found now."""
        missing = self.store.missing(job)
        if missing is not None:
            self.store.keep(job, execute(missing))
        return self.store.load(job)


def handed_in(grader: Grader, path: Path) -> Submission:
    """The submission in a student's folder. Raises SubmissionError for links out of it."""
    refuse_links(path)
    return grader.submission(path)


def _state(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """By which one knows that a folder's files have changed."""
    if not folder.is_dir():
        return ()  # reading what should be in it says so
    found = [(path.name, path.lstat()) for path in sorted(folder.iterdir())]
    return tuple((name, s.st_mtime_ns, s.st_size, s.st_ino) for name, s in found)


_graders: dict[tuple[object, ...], Grader] = {}


def shared_grader(course: Course, assignment: str) -> Grader:
    """One grader for a whole run, nbgrader's steps included: what one of them found, all know."""
    beside = course.source_path(assignment).parent.iterdir()
    files = *beside, *course.in_all_languages(assignment)
    changed = tuple(sorted((file, file.stat().st_mtime_ns) for file in files if file.exists()))
    key = assignment, changed, course.sandbox, course.cell_seconds
    if key not in _graders:
        with lasting():
            _graders[key] = Grader(course, assignment)
    return _graders[key]
