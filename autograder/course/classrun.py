"""Grading a class: evidence in parallel, the gradebook from this one process, nothing stops it."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.assignment.cells import CellName, Kind
from autograder.authoring.build import build
from autograder.course.executors import executions
from autograder.course.feedback import Pages
from autograder.course.gradebook import Nbgrader, NbgraderError
from autograder.course.reports import Report, read_report, report_path, reports
from autograder.course.sharing import Sharing
from autograder.course.trouble import stopping
from autograder.errors import StoppedError
from autograder.files import write_whole
from autograder.grading.formats import as_json
from autograder.grading.jobs import Job
from autograder.grading.limits import TookTooLongError, at_most
from autograder.grading.repair.reading import SubmissionError
from autograder.grading.submission import Grader, Submission, handed_in, shared_grader
from autograder.settings import Course, SettingsError

GRADE_SECONDS = 600.0  # of processor time, for one student

Progress = Callable[[str, Iterable[Any], int], Iterable[Any]]


@dataclass
class ClassRun:
    """What became of a class: students graded, and what went wrong with whom."""

    graded: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    remark: str = ""  # on the run as a whole

    @property
    def ungraded(self) -> list[str]:
        """Students whose submission could not be graded."""
        return sorted(self.problems.keys() - {*self.graded})

    def tell(self, student: str, said: str) -> None:
        """Add to what is told of a student."""
        self.problems[student] = "; ".join(filter(None, (self.problems.get(student), said)))


@dataclass(frozen=True)
class Entry:
    """One student's submission on its way into the gradebook."""

    student: str
    path: Path
    grader: Grader
    nbgrader: Nbgrader
    entered: Mapping[str, float | None]  # in the gradebook, when the run began

    @property
    def submission(self) -> Submission:
        """What was handed in; not kept here, for a class of thousands. Raises SubmissionError."""
        return handed_in(self.grader, self.path)

    @property
    def report_path(self) -> Path:
        """Where its report is kept."""
        return report_path(self.grader.course, self.grader.assignment, self.student)

    @property
    def report(self) -> Report:
        """What was said of it when it was graded last; empty where it never was."""
        return read_report(self.report_path)

    @property
    def fingerprint(self) -> str:
        """A hash of all that its grade depends on. Raises SubmissionError."""
        time = self.path.with_name("timestamp.txt")
        handed_in_at = time.read_bytes() if time.is_file() else b""
        parts = self.submission.fingerprint.encode(), handed_in_at
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    @property
    def is_graded(self) -> bool:
        """Whether the gradebook holds what this very file earns.

        The report is written after the gradebook, so that a run that was stopped between them
        repeats. Raises SubmissionError.
        """
        autograded = self.nbgrader.autograded(self.grader.assignment, self.student)
        report = self.report
        return (
            autograded.is_file()
            and report.get("fingerprint") == self.fingerprint
            and self._is_entered(report)
        )

    def _is_entered(self, report: Report) -> bool:
        """Whether the gradebook holds these scores; an older copy of it may have been put back."""
        scores = {CellName(Kind.CHECK, e["name"]).grade_id: e["score"] for e in report["exercises"]}
        return scores.items() <= self.entered.items()

    def job(self) -> Job | None:
        """What has to be executed for it; nothing where it is graded, or `grade` will complain."""
        with contextlib.suppress(Exception):
            if not self.is_graded:
                return self.submission.job
        return None

    def grade(self) -> None:
        """Enter it in the gradebook, then report. Raises SubmissionError, NbgraderError."""
        submission = self.submission
        said = json.loads(as_json(submission.graded))
        self.nbgrader.autograde(self.grader.assignment, self.student)
        kept = {  # what is not certain is graded again by the next run
            "fingerprint": self.fingerprint if submission.execution.certain else "",
            "evidence": sorted({*submission.job.kept_under.values()}),
        }
        write_whole(self.report_path, json.dumps({**kept, **said}, indent=2, ensure_ascii=False))


def grade_class(
    course: Course,
    assignment: str,
    *,
    submitted: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    feedback: bool = True,
    progress: Progress = lambda _, items, __: items,
) -> ClassRun:
    """Grade every submission into the gradebook and write the students' pages.

    A submission that cannot be read or graded is reported and the others go on. What was graded
    before, with the same key, is not graded again; a run that was stopped goes on where it was.
    Raises SettingsError where there is nothing to grade; StaleError, NbgraderError where source,
    release and gradebook differ; StoppedError where the machine is to blame.
    """
    nbgrader = Nbgrader(course, submitted)
    notebooks = nbgrader.submitted(assignment)
    if not notebooks:
        raise SettingsError(
            f"no submissions of {assignment!r} in {nbgrader.api.coursedir.submitted_directory}"
        )
    if not nbgrader.is_released(assignment):
        build(course, assignment)
        nbgrader.release(assignment)
    grader, run = shared_grader(course, assignment), ClassRun()
    for kept in ("evidence", "reports") if force else ():
        shutil.rmtree(course.build / kept / assignment, ignore_errors=True)
    entered = nbgrader.auto_scores(assignment)
    _refuse_lost_grades(course, assignment, entered)
    nbgrader.settle_late_penalties(assignment)
    for student, path in notebooks.items():
        _adopt_renamed(path, student, run)
    for student, said in Sharing(nbgrader, assignment).share().items():
        run.tell(student, said)
    todo = [
        Entry(student, path, grader, nbgrader, entered.get(student, {}))
        for student, path in nbgrader.submitted(assignment).items()
    ]
    with (
        executions(workers, scheduler, grader.store) as executing,
        Pages(nbgrader, assignment, workers) as pages,
    ):
        ready = executing.run((entry, entry.job()) for entry in todo)
        for entry in progress("grading", ready, len(todo)):
            if _grade_one(entry, run) and feedback:
                pages.add(entry.student)
        for student, error in pages.failed().items():
            run.graded.remove(student)
            run.problems[student] = f"its page cannot be written: {error}"
    if scheduler and executing.failed:
        run.remark = f"the cluster failed {executing.failed} submissions: they were executed here"
    grader.store.prune({place for entry in todo for place in entry.report.get("evidence", [])})
    return run


def _refuse_lost_grades(course: Course, assignment: str, entered: Collection[str]) -> None:
    """Raise NbgraderError where a class was graded, and the gradebook knows nothing of it."""
    if not entered and (graded := reports(course, assignment)):
        raise NbgraderError(
            f"the gradebook holds none of {len(graded)} graded submissions: put a copy of it back, "
            "or grade all of them again with --force; marks given by hand are only in the gradebook"
        )


def _adopt_renamed(path: Path, student: str, run: ClassRun) -> None:
    """Where the expected file is missing, copy the student's latest notebook to its name."""
    with contextlib.suppress(PermissionError):  # reading it says so
        _adopt(path, student, run)


def _adopt(path: Path, student: str, run: ClassRun) -> None:
    files = [file for file in path.parent.glob("*.ipynb") if file.is_file()]
    others = sorted((file for file in files if not file.is_symlink()), key=_modified)
    if others and not os.path.lexists(path):
        shutil.copyfile(others[-1], path)
        run.problems[student] = f"{others[-1].name} was taken for {path.name}"


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _grade_one(entry: Entry, run: ClassRun) -> bool:
    """Whether it could be graded. Raises StoppedError."""
    student = entry.student
    try:
        with stopping(), at_most(GRADE_SECONDS):
            if not entry.is_graded:
                entry.grade()
    except StoppedError:
        raise
    except (SubmissionError, NbgraderError) as error:
        run.problems[student] = str(error)
        return False
    except TookTooLongError as error:
        run.problems[student] = f"grading it {error}"
        return False
    except Exception as error:  # whatever a submission provokes, the others are graded
        run.problems[student] = f"cannot be graded: {type(error).__name__}: {error}"
        return False
    run.graded.append(student)
    for repair in entry.report["repairs"]:
        run.tell(student, repair)
    return True
