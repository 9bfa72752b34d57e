"""Auditing claims: a few students' notebooks train their models again, and these are measured.

Only plausibility: two trainings differ, and a notebook might carry weights instead of training.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from autograder.course.classrun import Progress
from autograder.course.executors import executions
from autograder.course.gradebook import Nbgrader
from autograder.course.reports import reports
from autograder.files import write_rows
from autograder.grading.evidence_store import EvidenceStore
from autograder.grading.jobs import Execution
from autograder.grading.submission import Grader, handed_in, shared_grader
from autograder.settings import Course, SettingsError

HEADINGS = ("student", "exercise", "claimed", "trained again", "finding")


@dataclass(frozen=True)
class Finding:
    """What a student's model was measured to reach, and what one trained again reaches.

    The second is None where there is no such model; `problem` says why.
    """

    student: str
    exercise: str
    claimed: float
    reproduced: float | None
    problem: str = ""
    lower_is_better: bool = False

    def is_plausible(self, tolerance: float) -> bool:
        """Whether training again comes within the tolerance of the claim, or does better."""
        return self.reproduced is not None and self._gap(self.reproduced) <= tolerance

    def _gap(self, reproduced: float) -> float:
        """By how much a model is worse than the claim."""
        return (reproduced - self.claimed) * (1 if self.lower_is_better else -1)

    def row(self, tolerance: float) -> list[str]:
        """It as a line of the table."""
        if self.reproduced is None:
            again, said = "–", self.problem
        else:
            again, gap = f"{self.reproduced:.4f}", self._gap(self.reproduced)
            said = (
                "plausible" if self.is_plausible(tolerance) else f"{gap:.4f} worse than the claim"
            )
        mark = "✓" if self.is_plausible(tolerance) else "✗"
        return [self.student, self.exercise, f"{self.claimed:.4f}", again, f"{mark} {said}"]


def audit(
    course: Course,
    assignment: str,
    count: int,
    *,
    draw: str,
    seconds: float,
    submitted: Path | None = None,
    workers: int | None = None,
    progress: Progress = lambda _, items, __: items,
) -> list[Finding]:
    """Draw students whose model was graded, and train again from their own cells, confined.

    The draw follows from its name and the course secret. What was trained is kept: the same call
    trains nothing again. Raises SettingsError where no model was graded.
    """
    notebooks = Nbgrader(course, submitted).submitted(assignment)
    claims = _claims(course, assignment)
    drawn = course.drawn(claims.keys() & notebooks.keys(), f"{assignment}/{draw}")[:count]
    if not drawn:
        raise SettingsError(f"no graded models for {assignment!r}: run `grade {assignment}` first")
    grader = shared_grader(course, assignment)
    jobs = {student: handed_in(grader, notebooks[student]).retraining(seconds) for student in drawn}
    store = EvidenceStore(course.build / "retrained" / assignment)
    with executions(workers, store) as executing:
        for _ in progress("training again", executing.run(jobs.items()), len(jobs)):
            pass
    return [
        finding
        for student, job in jobs.items()
        for finding in _findings(grader, student, claims[student], store.load(job))
    ]


def _claims(course: Course, assignment: str) -> dict[str, dict[str, float]]:
    """The scored measure of each graded model, by student and exercise."""
    found = {
        student: {
            exercise["name"]: next(iter(exercise["measures"].values()))
            for exercise in report["exercises"]
            if "measures" in exercise
        }
        for student, report in reports(course, assignment).items()
    }
    return {student: claims for student, claims in found.items() if claims}


def _findings(
    grader: Grader, student: str, claims: dict[str, float], execution: Execution
) -> Iterator[Finding]:
    for exercise, claimed in claims.items():
        if exercise not in execution.found:
            continue  # predictions, which no training writes
        verdict = grader.verifier.verdict_on_model(exercise, execution.found[exercise])
        reproduced = next(iter(verdict.measures.values()), None)
        problem, falling = verdict.feedback, verdict.lower_is_better
        yield Finding(student, exercise, claimed, reproduced, problem, falling)


def as_table(findings: list[Finding], tolerance: float) -> Table:
    """The findings for people."""
    title = f"Audit: trained again, plausible up to {tolerance:g} worse than the claim"
    table = Table(*HEADINGS, title=title, title_justify="left")
    for finding in findings:
        table.add_row(*finding.row(tolerance))
    return table


def write_findings(findings: list[Finding], tolerance: float, path: Path) -> None:
    """The findings as CSV."""
    write_rows(path, [HEADINGS, *(each.row(tolerance) for each in findings)])
