"""Execution: a pure function from a job to evidence; no key, no gradebook, no course files."""

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import autograder
from autograder.checks.model_file import MAX_MODEL, ModelError
from autograder.checks.running import Place
from autograder.grading.forks.fork import CellFork, ForkEnded
from autograder.grading.forks.requests import CellsRequest, Step
from autograder.grading.jobs import Execution, Found, Job
from autograder.grading.models import ModelFile, read_apart
from autograder.grading.sandbox.confinement import Confinement

SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/passwd", "/etc/nsswitch.conf"),
)
MAX_KERNELS = 20  # for one submission
HAND_IN_SECONDS, MOMENT = 30.0, 0.1
LINES, LINE = 50, 200  # of what the watch noticed, which student code may have forged


def execute(job: Job) -> Execution:
    """Run the cells in a confined kernel, and read model files in confined processes of their own.

    A cell that fails or takes too long is passed over. One that kills the kernel is left out: a new
    kernel runs the cells before it again, and goes on behind it.
    """
    run = _Run(job, time.monotonic() + job.limits.seconds)
    run.all_steps()
    files = {**job.models, **{name: run.written(name) for name in job.written}}
    models = {name: _model(file, job.limits.confined) for name, file in files.items()}
    code = {step.check: run.found(step.check) for step in job.steps if step.check}
    noticed = tuple(line[:LINE] for line in run.noticed[:LINES])
    failed = tuple(at for at, step in enumerate(job.cells) if step.index in run.failures)
    return Execution({**code, **models}, noticed, failed)


def _model(file: ModelFile, confined: bool) -> Found:
    """A model file as data, or what keeps it from being read."""
    if file.is_text:
        return Found(error=file.problem) if file.problem else Found(model=file.data)
    try:
        return Found(model=read_apart(file, confinement() if confined else None))
    except ModelError as error:
        return Found(error=str(error))


@dataclass
class _Run:
    """The steps of one job on their way through as many kernels as it takes."""

    job: Job
    until: float  # by the monotonic clock
    noticed: tuple[str, ...] = ()
    failures: dict[int, str] = field(default_factory=dict)  # of cells, by index
    _evidence: dict[str, dict[Place, bytes]] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)
    _errors: dict[str, str] = field(default_factory=dict)  # of checks
    _fatal: set[int] = field(default_factory=set)

    def all_steps(self) -> None:
        position, steps = 0, self.job.steps
        while position < len(steps) and len(self._fatal) < MAX_KERNELS:
            position = self._from(position)
        for step in steps[position:]:
            self._failed(step, "too many cells killed the kernel")

    def found(self, exercise: str) -> Found:
        return Found(self._evidence.get(exercise, {}), error=self._errors.get(exercise))

    def written(self, exercise: str) -> ModelFile:
        """The model file that the cells wrote."""
        if exercise in self._files:
            return ModelFile(self._files[exercise])
        failed = "".join(f"; a cell ended with {it}" for it in [*self.failures.values()][:1])
        return ModelFile(problem=f"no model file was written{failed}")

    def _from(self, position: int) -> int:
        """Replay the cells before a position, run the rest; where to go on in another kernel."""
        steps = [
            step
            for at, step in enumerate(self.job.steps)
            if at not in self._fatal and not (step.check and at < position)
        ]
        with contextlib.closing(self._kernel(steps)) as kernel:
            step = None
            try:
                for step in steps:
                    if error := kernel.wait(step.index, self._seconds()):
                        self._failed(step, error)
                kernel.finish(HAND_IN_SECONDS)
                return len(self.job.steps)
            except ForkEnded as ended:
                at = self.job.steps.index(step) if step else position
                self._fatal.add(at)
                self._failed(self.job.steps[at], str(ended))
                return max(position, at + 1)
            finally:
                self._take(kernel)

    def _take(self, kernel: CellFork) -> None:
        for exercise, cases in kernel.evidence.items():
            self._evidence[exercise] = self._evidence.get(exercise, {}) | cases
        self._files |= kernel.files
        self.noticed = kernel.noticed or self.noticed

    def _kernel(self, steps: list[Step]) -> CellFork:
        large = {"largest": MAX_MODEL, "total": 2 * MAX_MODEL} if self.job.written else {}
        return CellFork(cells_request(self.job, steps), **large)

    def _seconds(self) -> float:
        """For the next cell; those that come too late still get a moment."""
        return max(MOMENT, min(self.job.limits.cell_seconds, self.until - time.monotonic()))

    def _failed(self, step: Step, error: str) -> None:
        if step.check:
            self._errors[step.check] = error
        else:
            self.failures.setdefault(step.index, error)


def cells_request(job: Job, steps: Sequence[Step]) -> CellsRequest:
    """What a kernel is asked to do for some steps of a job."""
    bounds = replace(confinement(), cpu_seconds=60 + int(2 * job.limits.seconds))
    wanted = {step.check for step in steps}
    return CellsRequest(
        bounds if job.limits.confined else None,
        _environment(job),
        steps,
        job.given,
        [check for name, check in job.checks.items() if name in wanted],
        dict(job.written),
    )


def _environment(job: Job) -> dict[str, str]:
    grading = {} if job.written else {"NBGRADER_EXECUTION": "autograde"}  # training is no grading
    return {
        **grading,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": "/scratch",
        "TMPDIR": "/tmp",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
    }


def confinement() -> Confinement:
    """What a fork may read: the system's programs, Python, and this package."""
    own = str(Path(autograder.__file__).parent)
    return Confinement(tuple(dict.fromkeys((*SYSTEM, sys.base_prefix, sys.prefix, own))))
