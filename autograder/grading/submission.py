"""From a submitted notebook to verdicts: repair, execute, verify."""

from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.authoring.notebook import TRAINING_TAG
from autograder.authoring.source import Source
from autograder.checks.verdict import Verdict
from autograder.grading.cache import cached
from autograder.grading.execute import Execution, Job
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.grading.repair.rebuild import Repaired, repair
from autograder.grading.verify import Verifier
from autograder.settings import Course

__all__ = ["Graded", "Grader", "SubmissionError", "read_notebook"]


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

    def grade(self, submitted: NotebookNode) -> Graded:
        """Verdicts on a notebook as the student handed it in."""
        repaired = self.repair(submitted)
        execution = self.execution(repaired.notebook)
        noticed = [f"while running: {line}" for line in execution.noticed]
        verdicts = self.verifier.verdicts(execution)
        return Graded(self.assignment, verdicts, [*repaired.repairs, *noticed])

    def repair(self, submitted: NotebookNode) -> Repaired:
        return repair(submitted, self.released)

    def verdicts(self, repaired: NotebookNode) -> list[Verdict]:
        """What a repaired notebook earns."""
        return self.verifier.verdicts(self.execution(repaired))

    def execution(self, repaired: NotebookNode) -> Execution:
        """Execute a repaired notebook, or find its kept evidence."""
        return cached(self.job(repaired), self.course.build / "evidence" / self.assignment)

    def job(self, repaired: NotebookNode) -> Job:
        """What has to be executed for a repaired notebook."""
        source = self.verifier.source
        return Job(
            cells=tuple(_code_cells(repaired, self.released)),
            seeds=self.verifier.seeds,
            given=without_solutions(source),
            checks={name: cell.source for name, cell in source.checks.items()},
            cell_seconds=self.course.cell_seconds,
            confined=self.course.sandbox,
        )


def _code_cells(repaired: NotebookNode, released: NotebookNode) -> Iterator[tuple[str, str | None]]:
    """Code to run, in order; training cells are left out, found by id or by text."""
    training = [cell for cell in released.cells if TRAINING_TAG in cell.metadata.get("tags", [])]
    skipped = {cell.get("id") for cell in training} | {cell.source for cell in training}
    for cell in repaired.cells:
        if cell.cell_type != "code" or cell.get("id") in skipped or cell.source in skipped:
            continue
        role = cell.metadata.get("nbgrader", {})
        is_check = role.get("grade") and not role.get("solution")
        yield cell.source, role.grade_id.removeprefix("check-") if is_check else None


def without_solutions(source: Source) -> str:
    """The text of a source with its solution cells left blank."""
    for name in source.solutions:
        blank = "\n" * source.solutions[name].source.count("\n")
        source = source.with_solution(name, blank)
    return source.text
