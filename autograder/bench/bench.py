"""The benchmark: one class, graded by stock nbgrader, by the kit, and at the floor."""

import contextlib
import copy
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from statistics import mean

import nbformat
from nbgrader.api import Gradebook

from autograder.assignment.cells import LOOK_TAG, Kind, kind_of
from autograder.assignment.source import CHECKS_FILE
from autograder.authoring.build import build
from autograder.bench.stock import stock_notebook, write_stock_course, write_stock_submission
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import write_class
from autograder.grading.choosing import needed_steps
from autograder.grading.execute import cells_request
from autograder.grading.forks.requests import to_bytes
from autograder.grading.jobs import Job
from autograder.grading.repair.reading import read_notebook
from autograder.grading.submission import Grader
from autograder.settings import CONFIG_FILE, Course, find_course

WORKERS = 2
PACKAGES = ("torch", "nbgrader", "jupyter_client", "ipykernel")
GRADE = ("grade", "--workers", str(WORKERS))
STEPS = ("autograde", "generate_feedback")
WRITTEN = ("evidence", "reports", "autograded", "feedback", "marked")  # by a class run
HEAD = """\
# Benchmark

Written by `autograder bench {assignment} --students {sizes}` (`make bench`): classes of right,
wrong, broken and noisy submissions, no two alike. All of it with feedback for every student, and
with the start of whatever is started.
"""
SIZE = """\

## {students} submissions

| way | seconds in all | for each | processor time for each | mean score |
|---|---:|---:|---:|---:|
| stock `autograde` | {stock_autograde:.0f} | {stock_autograde_each:.2f} | | {stock_points:.1f} |
| stock `generate_feedback` | {stock_feedback:.0f} | {stock_feedback_each:.2f} | | |
| this kit, {workers} workers | {kit:.1f} | {kit_each:.3f} | {cpu_each:.3f} | {kit_points:.1f} |
| this kit, nothing changed | {again:.1f} | {again_each:.3f} | | |
| this kit, one check changed | {changed:.1f} | {changed_each:.3f} | | |
| floor, {workers} at a time | {floor:.1f} | {floor_each:.3f} | | |
| floor of what the kit executes | {needed:.1f} | {needed_each:.3f} | | |

**Stock / kit: {stock_kit:.1f}. Kit / floor: {kit_floor:.1f}; over the lower: {kit_needed:.1f}.**
"""
NOTES = """\

- Stock: nbgrader's default configuration, kernels and steps, on an equivalent notebook: the same
  cells, with plain hidden asserts in place of the checks, for the same number of cases. Training
  cells are left out of it: nbgrader has no way to skip them, and the kit does not run them. It was
  measured with {measured} submissions, and scaled.
- Kit: `autograder grade`, from an empty evidence store to the last score in nbgrader's gradebook,
  the last page and the class table. The processor time is that of the kit's own processes;
  students' code, whose processes nobody waits for, is the lower floor.
- One check changed: the key is made before, as `autograder release` does; evidence of all other
  checks is kept.
- Floor: the same cells in bare IPython shells forked from a process that is warm already: no
  kernel, no sandbox, no nbgrader. The kit leaves out cells that only show something.

{machine}
"""


@dataclass(frozen=True)
class Timing:
    """Seconds for a whole class."""

    stock_autograde: float
    stock_feedback: float
    kit: float
    cpu: float  # of the kit's own processes
    again: float  # nothing changed
    changed: float  # one check did
    floor: float
    needed: float  # the floor of what the kit executes


def bench(course: Course, assignment: str, sizes: Sequence[int], stock_students: int) -> str:
    """Measure in temporary folders; the tables as Markdown."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        load = os.getloadavg()[0]
        ours = _kit_course(course, assignment, Path(folder) / "kit")
        submitted = _many(ours, assignment, max(sizes))
        few = dict(islice(submitted.items(), min(stock_students, *sizes)))
        stock = _stock_course(ours, assignment, few, Path(folder) / "stock")
        seconds = [_seconds(_tool("nbgrader"), step, assignment, cwd=stock) for step in STEPS]
        points = _points(stock / "gradebook.db", "default_course", assignment, few)
        tables = []
        for students in sizes:
            of_these = dict(islice(submitted.items(), students))
            timing = _timing(ours, assignment, of_these, [s / len(few) for s in seconds])
            kit_points = _points(
                ours.build / "gradebook.db", ours.config.CourseDirectory.course_id, assignment, few
            )
            tables.append(_table(timing, students, stock_points=points, kit_points=kit_points))
    head = HEAD.format(assignment=assignment, sizes=" ".join(map(str, sizes)))
    return "".join([head, *tables, NOTES.format(measured=len(few), machine=_machine(load))])


def _timing(
    ours: Course, assignment: str, submitted: dict[str, Path], stock: list[float]
) -> Timing:
    """Of a class of these; `stock` are nbgrader's seconds for one of them."""
    jobs = list(_jobs(ours, assignment, submitted))
    command = (_tool("autograder"), *GRADE, assignment)
    with _only(ours, submitted), _afresh(ours):
        before = _processor_time()
        kit = _seconds(*command, cwd=ours.root)
        cpu = _processor_time() - before
        again = _seconds(*command, cwd=ours.root)
        with _changed_check(ours, assignment):
            changed = _seconds(*command, cwd=ours.root)
    autograde, feedback = (each * len(submitted) for each in stock)
    floor = _floor(everything for everything, _ in jobs)
    needed = _floor(needed for _, needed in jobs)
    return Timing(autograde, feedback, kit, cpu, again, changed, floor, needed)


@contextlib.contextmanager
def _only(course: Course, submitted: dict[str, Path]) -> Iterator[None]:
    """Inside, the course has no other submissions."""
    folder, aside = course.build / "submitted", course.build / "others"
    aside.mkdir()
    for each in folder.iterdir():
        if each.name not in submitted:
            each.rename(aside / each.name)
    yield
    for each in aside.iterdir():
        each.rename(folder / each.name)
    aside.rmdir()


@contextlib.contextmanager
def _afresh(course: Course) -> Iterator[None]:
    """Inside, nothing is graded yet; what was before stays in a copy that comes back."""
    gradebook = course.build / "gradebook.db"
    empty = course.build / "empty.db"
    if not empty.exists():
        shutil.copy(gradebook, empty)
    shutil.copy(empty, gradebook)
    for kept in WRITTEN:
        shutil.rmtree(course.build / kept, ignore_errors=True)
    yield


@contextlib.contextmanager
def _changed_check(course: Course, assignment: str) -> Iterator[None]:
    """Inside, a check is another one, and its key is made."""
    path = course.source_path(assignment).with_name(CHECKS_FILE)
    text = path.read_text(encoding="utf-8")
    before, line, after = text.rpartition("\n    return ")
    path.write_text(f"{before}\n    pass{line}{after}", encoding="utf-8")
    try:
        Grader(course, assignment)
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def _processor_time() -> float:
    """Seconds that processes of this one's took, of those that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _table(timing: Timing, students: int, **points: float) -> str:
    each = {f"{way}_each": seconds / students for way, seconds in asdict(timing).items()}
    stock = timing.stock_autograde + timing.stock_feedback
    return SIZE.format(
        **asdict(timing),
        **each,
        **points,
        students=students,
        workers=WORKERS,
        stock_kit=stock / timing.kit,
        kit_floor=timing.kit / timing.floor,
        kit_needed=timing.kit / timing.needed,
    )


def _machine(load: float) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{date.today()}, {os.cpu_count()} cores ({platform.machine()}), load average {load:.1f} "
        f"when it began; Python {platform.python_version()}, {packages}."
    )


def _kit_course(course: Course, assignment: str, root: Path) -> Course:
    """A copy of the course with this assignment, released."""
    shutil.copytree(course.source_path(assignment).parent, root / "solutions" / assignment)
    shutil.copy(course.root / CONFIG_FILE, root)
    ours = find_course(root)
    build(ours, assignment)
    Nbgrader(ours).release(assignment)
    return ours


def _many(course: Course, assignment: str, students: int) -> dict[str, Path]:
    """Submissions by student: the sample class over and over, each copy with texts of its own."""
    folder = course.build / "submitted"
    write_class(course, assignment)
    samples = [read_notebook(path) for path in sorted(folder.glob("*/*/*.ipynb"))]
    shutil.rmtree(folder)
    submitted = {}
    for number, sample in enumerate(islice(cycle(samples), students)):
        student, nb = f"student_{number:03d}", copy.deepcopy(sample)
        for cell in nb.cells:
            if kind_of(cell) is Kind.SOLUTION:
                cell.source += f"\n# {student}"
        path = folder / student / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(nb, path)
        submitted[student] = path
    return submitted


def _stock_course(course: Course, assignment: str, submitted: dict[str, Path], root: Path) -> Path:
    write_stock_course(root, stock_notebook(course, assignment), assignment)
    _seconds(_tool("nbgrader"), "generate_assignment", assignment, cwd=root)
    for student, path in submitted.items():
        write_stock_submission(root, path, student)
    return root


def _jobs(course: Course, assignment: str, submitted: dict[str, Path]) -> Iterator[tuple[Job, Job]]:
    """For every submission: a job of all cells but training, and what the kit executes."""
    grader = Grader(course, assignment)
    without_looks = copy.deepcopy(grader.released)
    for cell in without_looks.cells:
        cell.metadata["tags"] = [t for t in cell.metadata.get("tags", []) if t != LOOK_TAG]
    for path in submitted.values():
        submission = grader.submission(path)
        everything = tuple(needed_steps(submission.repaired.notebook, without_looks))
        yield replace(submission.job, steps=everything), submission.job


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _seconds(*words: str, cwd: Path) -> float:
    """How long a command takes; what it says is kept for errors."""
    begin = time.monotonic()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr[-2000:]}")
    return time.monotonic() - begin


def _floor(jobs: Iterable[Job]) -> float:
    """Seconds for all of these cells in bare shells."""
    command = [sys.executable, "-m", "autograder.bench.floor", str(WORKERS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    requests = b"\n".join(to_bytes(cells_request(job, job.steps)) for job in jobs)
    done = subprocess.run(command, check=True, input=requests, capture_output=True, env=environment)
    return float(done.stdout)


def _points(database: Path, course_id: str, assignment: str, students: Iterable[str]) -> float:
    """The mean score in a gradebook; both ways must come to about the same."""
    with Gradebook(f"sqlite:///{database}", course_id) as gradebook:
        return mean(gradebook.find_submission(assignment, each).score for each in students)
