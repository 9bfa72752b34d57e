"""The benchmark: one class, graded by stock nbgrader, by the kit, and at the floor."""

import copy
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from statistics import mean

import nbformat
from nbgrader.api import Gradebook

from autograder.assignment.cells import LOOK_TAG, Kind, kind_of
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
GRADE = ("grade", "--no-feedback", "--workers", str(WORKERS))
RESULT = """\
# Benchmark

Written by `autograder bench {assignment} --students {students}` (`make bench`): one class of
{students} submissions, right, wrong, broken and noisy ones, no two alike.

| way | seconds for each submission | seconds in all | mean score |
|---|---:|---:|---:|
| stock `nbgrader autograde` | {stock_each:.2f} | {stock:.0f} | {stock_points:.1f} |
| this kit, {workers} workers | {kit_each:.2f} | {kit:.0f} | {kit_points:.1f} |
| floor, {workers} at a time | {floor_each:.2f} | {floor:.0f} | |
| floor of what the kit executes | {needed_each:.2f} | {needed:.0f} | |

**Stock / kit: {stock_kit:.1f}. Kit / floor: {kit_floor:.1f}; over the lower: {kit_needed:.1f}.**

- Stock: nbgrader's default configuration, kernels and steps, on an equivalent notebook: the same
  cells, with plain hidden asserts in place of the checks, for the same number of cases. Training
  cells are left out of it: nbgrader has no way to skip them, and the kit does not run them.
- Kit: `autograder grade --no-feedback`, from an empty evidence store to the last score in
  nbgrader's gradebook and the class table; starting Python, zygote and sandboxes is included.
- Floor: the same cells in bare IPython shells forked from a process that is warm already: no
  kernel, no sandbox, no nbgrader. The kit leaves out cells that only show something.
- Feedback is left out everywhere.
{scaled}
{machine}
"""
SCALED = """\
- Stock was measured with {measured} of the {students} submissions, and scaled.
"""


@dataclass(frozen=True)
class Timing:
    """Seconds for the whole class."""

    stock: float
    kit: float
    floor: float
    needed: float  # the floor of what the kit executes


def bench(course: Course, assignment: str, students: int, stock_students: int) -> str:
    """Measure in temporary folders; the table as Markdown."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ours = _kit_course(course, assignment, Path(folder) / "kit")
        submitted = _many(ours, assignment, students)
        few = dict(islice(submitted.items(), stock_students))
        stock = _stock_course(ours, assignment, few, Path(folder) / "stock")
        jobs = list(_jobs(ours, assignment, submitted))
        load = os.getloadavg()[0]
        timing = Timing(
            kit=_seconds(_tool("autograder"), *GRADE, assignment, cwd=ours.root),
            floor=_floor(everything for everything, _ in jobs),
            needed=_floor(needed for _, needed in jobs),
            stock=_seconds(_tool("nbgrader"), "autograde", assignment, cwd=stock)
            * (students / len(few)),
        )
        points = {
            "stock_points": _points(stock / "gradebook.db", "default_course", assignment, few),
            "kit_points": _points(
                ours.build / "gradebook.db", ours.config.CourseDirectory.course_id, assignment, few
            ),
        }
    return _table(assignment, timing, points, students, len(few), load)


def _table(
    assignment: str,
    timing: Timing,
    points: dict[str, float],
    students: int,
    measured: int,
    load: float,
) -> str:
    each = {f"{way}_each": seconds / students for way, seconds in asdict(timing).items()}
    return RESULT.format(
        **asdict(timing),
        **each,
        **points,
        assignment=assignment,
        students=students,
        workers=WORKERS,
        stock_kit=timing.stock / timing.kit,
        kit_floor=timing.kit / timing.floor,
        kit_needed=timing.kit / timing.needed,
        scaled=SCALED.format(measured=measured, students=students) if measured < students else "",
        machine=_machine(load),
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
