"""Execution: a pure function from a job to evidence; no key, no gradebook, no course files."""

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import autograder
from autograder.checks.recorder import REPORT, Plan
from autograder.grading.kernels.evidence_pipe import EvidencePipe
from autograder.grading.kernels.kernel import Kernel, KernelEnded, sockets_folder
from autograder.grading.sandbox.confinement import Confinement

RUN_CHECK = "__import__('autograder').check.run({!r}, globals())"
SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/passwd", "/etc/nsswitch.conf"),
)
REPORT_NOTICED = "__import__('autograder').check.report(get_ipython())"
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
    pipe = EvidencePipe()
    with tempfile.TemporaryDirectory(prefix="grading-") as scratch:
        try:
            errors = _run_all(job, Path(scratch), pipe)
        finally:
            pipe.hand_over()
    evidence = pipe.finish()
    return Execution(evidence, errors, _noticed(evidence.pop(REPORT, b"[]")))


def _noticed(data: bytes) -> tuple[str, ...]:
    """The watch's lines, which student code may have forged."""
    try:
        return tuple(str(line)[:200] for line in list(json.loads(data))[:50])
    except (ValueError, TypeError):
        return ("its report is unreadable",)


def _run_all(job: Job, scratch: Path, pipe: EvidencePipe) -> dict[str, str]:
    errors: dict[str, str] = {}
    fatal: set[int] = set()
    position = 0
    while position < len(job.cells) and len(fatal) < MAX_KERNELS:
        position = _run_from(job, position, fatal, errors, _fresh(scratch), pipe)
    for _, check in job.cells[position:]:
        if check:
            errors[check] = "too many cells killed the kernel"
    return errors


def _fresh(scratch: Path) -> Path:
    folder = scratch / str(time.monotonic_ns())
    folder.mkdir()
    os.chmod(scratch, 0o711)
    return folder


def _run_from(
    job: Job,
    position: int,
    fatal: set[int],
    errors: dict[str, str],
    scratch: Path,
    pipe: EvidencePipe,
) -> int:
    """Replay the cells before `position`, run the rest; where to go on in another kernel."""
    sockets = sockets_folder(scratch)
    bounds = confinement(sockets) if job.confined else None
    kernel = Kernel(scratch, job.plan, pipe.writing, _environment(), bounds)
    at = 0
    try:
        for at, (source, check) in enumerate(job.cells):
            replayed = at < position
            if at in fatal or (replayed and check):
                continue
            error = kernel.run(RUN_CHECK.format(check) if check else source, job.cell_seconds)
            if check and error:
                errors[check] = error
        with contextlib.suppress(KernelEnded):  # only a report
            kernel.run(REPORT_NOTICED, job.cell_seconds)
        return len(job.cells)
    except KernelEnded as ended:
        fatal.add(at)
        if job.cells[at][1]:
            errors[job.cells[at][1]] = str(ended)
        return max(position, at + 1)
    finally:
        kernel.close()


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


def confinement(sockets: Path) -> Confinement:
    """What a grading kernel may read: the system's programs, Python, and this package."""
    own = str(Path(autograder.__file__).parent)
    readable = dict.fromkeys((*SYSTEM, sys.base_prefix, sys.prefix, own))
    return Confinement(tuple(readable), str(sockets))
