"""Execution: a pure function from a job to evidence; no key, no gradebook, no course files."""

import contextlib
import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import autograder
from autograder.checks.recorder import REPORT, Plan
from autograder.grading.kernels.kernel import Kernel, KernelEnded
from autograder.grading.kernels.zygote import Request
from autograder.grading.sandbox.confinement import Confinement

SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/passwd", "/etc/nsswitch.conf"),
)
MAX_KERNELS = 20  # for one submission


@dataclass(frozen=True)
class Job:
    """Everything that execution depends on: code cells in order, and the plan of the hidden cases.

    A cell is its text and, for check cells, the exercise whose check runs instead of the text.
    """

    cells: tuple[tuple[str, str | None], ...]
    seeds: dict[str, list[int]]
    given: str
    checks: dict[str, str]
    cell_seconds: float
    confined: bool = True

    @property
    def digest(self) -> str:
        """Content hash, under which evidence is kept."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def plan(self) -> Plan:
        return Plan(self.seeds, self.given, self.checks)


@dataclass(frozen=True)
class Execution:
    """Evidence by case; errors that ended check cells early, by exercise; what was noticed."""

    evidence: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    noticed: tuple[str, ...] = ()


def execute(job: Job) -> Execution:
    """Run the cells in a confined kernel.

    A cell that fails or takes too long is passed over. One that kills the kernel is left out: a new
    kernel runs the cells before it again, and goes on behind it.
    """
    run = _Run(job)
    position = 0
    while position < len(job.cells) and len(run.fatal) < MAX_KERNELS:
        position = run.go_on_from(position)
    for _, check in job.cells[position:]:
        if check:
            run.errors[check] = "too many cells killed the kernel"
    noticed = _noticed(run.evidence.pop(REPORT, b"[]"))
    return Execution(run.evidence, run.errors, noticed)


@dataclass
class _Run:
    """An execution on its way: what came out of its kernels so far."""

    job: Job
    evidence: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    fatal: set[int] = field(default_factory=set)

    def go_on_from(self, position: int) -> int:
        """Replay the cells before `position`, run the rest; where to go on in another kernel."""
        cells = [
            (at, source, check)
            for at, (source, check) in enumerate(self.job.cells)
            if at not in self.fatal and not (check and at < position)
        ]
        with contextlib.closing(Kernel(_request(self.job, cells))) as kernel:
            at = 0
            try:
                for at, _, check in cells:
                    error = kernel.wait(at, self.job.cell_seconds)
                    if check and error:
                        self.errors[check] = error
                kernel.finish(self.job.cell_seconds)
                return len(self.job.cells)
            except KernelEnded as ended:
                self.fatal.add(at)
                if check := self.job.cells[at][1]:
                    self.errors[check] = str(ended)
                return max(position, at + 1)
            finally:
                self.evidence |= kernel.evidence


def _noticed(data: bytes) -> tuple[str, ...]:
    """The watch's lines, which student code may have forged."""
    try:
        return tuple(str(line)[:200] for line in list(json.loads(data))[:50])
    except (ValueError, TypeError):
        return ("its report is unreadable",)


def _request(job: Job, cells: list[tuple[int, str, str | None]]) -> Request:
    bounds = asdict(confinement()) if job.confined else None
    return Request(_environment(), bounds, asdict(job.plan), cells)


def _environment() -> dict[str, str]:
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": "/scratch",
        "TMPDIR": "/tmp",
        "IPYTHONDIR": "/tmp/ipython",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "NBGRADER_EXECUTION": "autograde",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
    }


def confinement() -> Confinement:
    """What a grading kernel may read: the system's programs, Python, and this package."""
    own = str(Path(autograder.__file__).parent)
    return Confinement(tuple(dict.fromkeys((*SYSTEM, sys.base_prefix, sys.prefix, own))))
