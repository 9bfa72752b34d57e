"""Execution: a pure function from a job to evidence; no key, no gradebook, no course files."""

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.checks.evidence import MAX_EVIDENCE
from autograder.checks.model_file import MAX_MODEL, ModelError
from autograder.checks.running import Place
from autograder.grading.alone import Turns
from autograder.grading.forks.fork import CellFork, ForkEnded
from autograder.grading.forks.pipe import MAX_TOTAL
from autograder.grading.forks.requests import CellsRequest, Step
from autograder.grading.jobs import Execution, Found, Job, Limits
from autograder.grading.models import ModelFile, read_apart
from autograder.grading.sandbox.confinement import Confinement
from autograder.grading.sandbox.readable import readable

MAX_KERNELS = 20  # for one submission
HAND_IN_SECONDS, MOMENT = 30.0, 0.1
LINES, LINE = 50, 200  # of what the watch noticed, which student code may have forged
_turns = Turns()


def execute(job: Job) -> Execution:
    """Run the cells in a confined kernel, and read model files in confined processes of their own.

    A cell that fails or takes too long is passed over. One that kills the kernel is left out: a new
    kernel runs the cells before it again, and goes on behind it. Where the machine may be to blame
    for that, all is tried again alone.
    """
    with _turns.among_others():
        execution = _executed(job)
    if execution.certain:
        return execution
    with _turns.alone():
        return _executed(job)


def _executed(job: Job) -> Execution:
    run = _Run(job)
    run.all_steps()
    files = {**job.models, **{name: run.written(name) for name in job.written}}
    models = {name: _model(file, job.limits) for name, file in files.items()}
    code = {step.check: run.found(step.check) for step in job.steps if step.check}
    noticed = tuple(line[:LINE] for line in run.noticed[:LINES])
    cells = enumerate(job.cells)
    failures = {at: run.failures[step.index] for at, step in cells if step.index in run.failures}
    return Execution({**code, **models}, noticed, failures, certain=not run.accidents)


def _model(file: ModelFile, limits: Limits) -> Found:
    """A model file as data, or what keeps it from being read."""
    if file.is_text:
        return Found(error=file.problem) if file.problem else Found(model=file.data)
    bounds = confinement(limits.hidden) if limits.confined else None
    try:
        return Found(model=read_apart(file, bounds))
    except ModelError as error:
        return Found(error=str(error))


@dataclass
class _Run:
    """The steps of one job on their way through as many kernels as it takes."""

    job: Job
    accidents: int = 0
    noticed: tuple[str, ...] = ()
    failures: dict[int, str] = field(default_factory=dict)  # of cells, by index
    _evidence: dict[str, dict[Place, bytes]] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)
    _errors: dict[str, str] = field(default_factory=dict)  # of checks
    _fatal: set[int] = field(default_factory=set)
    _spent: float = 0.0  # seconds, in kernels that have ended

    def all_steps(self) -> None:
        """As far as kernels and time go; no new kernel when the time is over."""
        position, steps = 0, self.job.steps
        while position < len(steps) and not self._is_over():
            position = self._from(position)
        for step in steps[position:]:
            self._failed(step, self._is_over())

    def _is_over(self) -> str:
        """Why there is no other kernel; empty where there may be one."""
        if len(self._fatal) >= MAX_KERNELS:
            return "too many cells killed the kernel"
        limit = self.job.limits.seconds
        return f"the cells before took more than {limit:g} s" if self._spent >= limit else ""

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
                    if error := self._wait(kernel, step):
                        self._failed(step, error)
                kernel.finish(min(HAND_IN_SECONDS, self.job.limits.cell_seconds))
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
        self.accidents += kernel.accidents
        self._spent += kernel.seconds

    def _kernel(self, steps: list[Step]) -> CellFork:
        """A new kernel; what all of them send together is no more than one may."""
        largest, total = (
            (MAX_MODEL, 2 * MAX_MODEL) if self.job.written else (MAX_EVIDENCE, MAX_TOTAL)
        )
        kept = [data for cases in self._evidence.values() for data in cases.values()]
        left = total - sum(map(len, [*kept, *self._files.values()]))
        return CellFork(cells_request(self.job, steps), largest=largest, total=left)

    def _wait(self, kernel: CellFork, step: Step) -> str | None:
        """The error that a step ended with; those that come too late still get a moment."""
        left = self.job.limits.seconds - self._spent - kernel.seconds
        seconds = min(self.job.limits.cell_seconds, left)
        if seconds > MOMENT:
            return kernel.wait(step.index, seconds)
        return kernel.wait(step.index, MOMENT, grace=MOMENT)

    def _failed(self, step: Step, error: str) -> None:
        if step.check:
            self._errors[step.check] = error
        else:
            self.failures.setdefault(step.index, error)


def cells_request(job: Job, steps: Sequence[Step]) -> CellsRequest:
    """What a kernel is asked to do for some steps of a job."""
    bounds = replace(confinement(job.limits.hidden), cpu_seconds=60 + int(2 * job.limits.seconds))
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


def confinement(hidden: tuple[str, ...] = ()) -> Confinement:
    """What confines a fork: it may read Python and its packages, but nothing in hidden folders."""
    return Confinement(readable(), hidden)
