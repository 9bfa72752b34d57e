"""One student's submission on its way to the gradebook: graded in any process, entered in one."""

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.cells import CellName, Kind
from autograder.course.apart import Autograded
from autograder.course.gradebook import Nbgrader, NbgraderError
from autograder.course.reports import Report, read_report, report_path
from autograder.course.trouble import stopping
from autograder.errors import StoppedError
from autograder.grading.formats import as_data
from autograder.grading.jobs import Job
from autograder.grading.limits import TookTooLongError, at_most
from autograder.grading.repair.reading import SubmissionError
from autograder.grading.submission import Grader, Submission, handed_in

GRADE_SECONDS = 600.0  # of processor time, for one student


@dataclass(frozen=True)
class Earned:
    """What is to be entered for a submission, and its report, which is written afterwards."""

    autograded: Autograded
    report: Report


@dataclass(frozen=True)
class Outcome:
    """What became of a submission: it earned something, or why it could not be graded.

    Neither, where the gradebook holds all of it already. `stopped` is what keeps the whole run
    from going on.
    """

    earned: Earned | None = None
    problem: str = ""
    stopped: str = ""


@dataclass(frozen=True)
class Entry:
    """One student's submission, and what was known of it when the run began."""

    student: str
    path: Path
    grader: Grader
    nbgrader: Nbgrader
    kernelspec: str | None  # of the release, as JSON
    entered: Mapping[str, float | None]  # in the gradebook

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

    def outcome(self) -> Outcome:
        """Grade it, where that is not done yet; whatever it provokes, the others are graded."""
        try:
            with stopping(), at_most(GRADE_SECONDS):
                return Outcome() if self.is_graded else Outcome(self._earned())
        except StoppedError as error:
            return Outcome(stopped=str(error))
        except (SubmissionError, NbgraderError) as error:
            return Outcome(problem=str(error))
        except TookTooLongError as error:
            return Outcome(problem=f"grading it {error}")
        except Exception as error:
            return Outcome(problem=f"cannot be graded: {type(error).__name__}: {error}")

    def _earned(self) -> Earned:
        """Raises SubmissionError, NbgraderError."""
        submission, of = self.submission, (self.grader.assignment, self.student)
        said = as_data(submission.graded)
        autograded = self.nbgrader.autograde(*of, submission, self.kernelspec)
        kept = {  # what is not certain is graded again by the next run
            "fingerprint": self.fingerprint if submission.execution.certain else "",
            "evidence": sorted({*submission.job.kept_under.values()}),
        }
        return Earned(autograded, {**kept, **said})
