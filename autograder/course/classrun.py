"""Grading a class: evidence in parallel, the gradebook from this one process, nothing stops it."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course.entry import Earned, Entry, Outcome
from autograder.course.executors import executions
from autograder.course.feedback import Pages
from autograder.course.gradebook import Nbgrader, NbgraderError
from autograder.course.reports import Report, reports
from autograder.course.sharing import Sharing
from autograder.course.trouble import stopping
from autograder.errors import StoppedError
from autograder.files import write_whole
from autograder.grading.evidence_store import EvidenceStore
from autograder.grading.submission import shared_grader
from autograder.settings import Course, SettingsError

if TYPE_CHECKING:
    from autograder.course.cluster import Cluster

TOGETHER, SECONDS = 32, 2.0  # submissions entered at a time, and how long one waits for others

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
        from autograder.authoring.build import build  # slow to import, and rarely needed

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
    kernelspec = nbgrader.kernelspec(assignment)
    todo = [
        Entry(student, path, grader, nbgrader, kernelspec, entered.get(student, {}))
        for student, path in nbgrader.submitted(assignment).items()
    ]
    with contextlib.ExitStack() as inside:
        there = inside.enter_context(_cluster(scheduler, nbgrader, todo)) if scheduler else None
        elsewhere = there.pages if there else None
        pages = inside.enter_context(Pages(nbgrader, assignment, workers, elsewhere))
        entering = _Entering(nbgrader, assignment, run, pages if feedback else None)
        outcomes = there.outcomes(todo) if there else _outcomes(todo, workers, grader.store)
        for entry, outcome in progress("grading", outcomes, len(todo)):
            entering.take(entry, outcome)
        entering.finish()
        for student, error in pages.failed().items():
            run.graded.remove(student)
            run.problems[student] = f"its page cannot be written: {error}"
    if there and there.failed:
        run.remark = f"the cluster failed {there.failed} times: this machine did that work"
    grader.store.prune({place for entry in todo for place in entry.report.get("evidence", [])})
    return run


def _outcomes(
    todo: list[Entry], workers: int | None, store: EvidenceStore
) -> Iterator[tuple[Entry, Outcome]]:
    """What became of each submission, executed in parallel and judged here."""
    with executions(workers, store) as executing:
        for entry in executing.run((entry, entry.job()) for entry in todo):
            yield entry, entry.outcome()


@contextlib.contextmanager
def _cluster(address: str, nbgrader: Nbgrader, todo: list[Entry]) -> Iterator["Cluster"]:
    """The cluster that grades; with all that this needs, as soon as it answers."""
    from autograder.course.cluster import cluster
    from autograder.course.parcels import kit_of

    of = todo[0]
    kit = partial(kit_of, nbgrader.course, nbgrader, of.grader.assignment, of.kernelspec)
    with cluster(address, kit) as there:
        yield there


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


class _Entering:
    """Graded submissions on their way into the gradebook, many at a time, and then to pages."""

    def __init__(
        self, nbgrader: Nbgrader, assignment: str, run: ClassRun, pages: Pages | None
    ) -> None:
        self.nbgrader, self.assignment, self.run, self.pages = nbgrader, assignment, run, pages
        self._waiting: list[tuple[Entry, Earned]] = []
        self._since = 0.0

    def take(self, entry: Entry, outcome: Outcome) -> None:
        """Enter it, now or together with others. Raises StoppedError."""
        if outcome.stopped:
            raise StoppedError(outcome.stopped)
        if outcome.problem:
            self.run.problems[entry.student] = outcome.problem
        elif outcome.earned is None:
            self._is_graded(entry, entry.report)
        else:
            self._wait(entry, outcome.earned)

    def _wait(self, entry: Entry, earned: Earned) -> None:
        self._since = self._since if self._waiting else time.monotonic()
        self._waiting.append((entry, earned))
        if len(self._waiting) == TOGETHER or time.monotonic() > self._since + SECONDS:
            self.finish()

    def finish(self) -> None:
        """Enter what waits. Raises StoppedError."""
        waiting, self._waiting = self._waiting, []
        if waiting and self._enter(waiting):  # one of them is to blame, and only that one
            for entry, earned in waiting:
                if error := self._enter([(entry, earned)]):
                    said = f"cannot be entered: {type(error).__name__}: {error}"
                    self.run.problems[entry.student] = said

    def _enter(self, waiting: list[tuple[Entry, Earned]]) -> Exception | None:
        """Why they could not be entered, if so. Raises StoppedError."""
        try:
            with stopping():
                found = {entry.student: earned.autograded for entry, earned in waiting}
                self.nbgrader.enter(self.assignment, found)
                for entry, earned in waiting:
                    report = json.dumps(earned.report, indent=2, ensure_ascii=False)
                    write_whole(entry.report_path, report)
        except StoppedError:
            raise
        except Exception as error:
            return error
        for entry, earned in waiting:
            self._is_graded(entry, earned.report)
        return None

    def _is_graded(self, entry: Entry, report: Report) -> None:
        self.run.graded.append(entry.student)
        for repair in report["repairs"]:
            self.run.tell(entry.student, repair)
        if self.pages is not None:
            self.pages.add(entry.student)
