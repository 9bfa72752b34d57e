"""Execution: a pure function from a job to evidence; no key, no gradebook, no course files."""

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import autograder
from autograder.checks.model_file import MAX_BYTES, ModelError
from autograder.grading.kernels.recorder import REPORT, Plan, written_by_cells
from autograder.grading.kernels.evidence_pipe import EvidencePipe
from autograder.grading.kernels.kernel import Kernel, KernelEnded
from autograder.grading.kernels.zygote import Request
from autograder.grading.models import ModelFile, read_apart
from autograder.grading.sandbox.confinement import Confinement

SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/passwd", "/etc/nsswitch.conf"),
)
MAX_KERNELS = 20  # for one submission
HAND_IN_SECONDS, MOMENT = 30.0, 0.1


@dataclass(frozen=True)
class Job:
    """Everything that execution depends on: code cells in order, the plan of the hidden cases, and
    model files by exercise.

    A cell is its text and, for check cells, the exercise whose check runs instead of the text.
    `written` are the endings of model files that the cells themselves write, by exercise.
    """

    cells: tuple[tuple[str, str | None], ...]
    seeds: dict[str, list[int]]
    given: str
    checks: dict[str, str]
    cell_seconds: float
    confined: bool = True
    models: dict[str, ModelFile] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    seconds: float = 3600.0  # for all cells together

    @property
    def digest(self) -> str:
        """Content hash, under which evidence is kept."""
        models = {name: file.digest for name, file in self.models.items()}
        all_else = asdict(replace(self, models={}))
        return hashlib.sha256(json.dumps([all_else, models], sort_keys=True).encode()).hexdigest()

    @property
    def plan(self) -> Plan:
        return Plan(self.seeds, self.given, self.checks)


@dataclass(frozen=True)
class Execution:
    """Evidence by case; why there is none or no model, by exercise; what was noticed; models."""

    evidence: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    noticed: tuple[str, ...] = ()
    models: dict[str, bytes] = field(default_factory=dict)  # packed


def execute(job: Job) -> Execution:
    """Run the cells in a confined kernel, and read model files in confined processes of their own.

    A cell that fails or takes too long is passed over. One that kills the kernel is left out: a new
    kernel runs the cells before it again, and goes on behind it.
    """
    run = _Run(job, time.monotonic() + job.seconds)
    run.all_cells()
    files = {**job.models, **dict(_written(job, run.evidence, run.errors))}
    models = dict(_models(files, job.confined, run.errors))
    noticed = _noticed(run.evidence.pop(REPORT, b"[]"))
    return Execution(run.evidence, run.errors, noticed, models)


def _written(
    job: Job, evidence: dict[str, bytes], errors: dict[str, str]
) -> Iterator[tuple[str, ModelFile]]:
    """The model files that the cells wrote, by exercise, taken out of the evidence."""
    failed = "".join(f"; a cell ended with {error}" for error in [*errors.values()][:1])
    for name in job.written:
        data = evidence.pop(written_by_cells(name), None)
        missing = ModelFile(problem=f"no model file was written{failed}")
        yield name, missing if data is None else ModelFile(data)


def _models(
    files: dict[str, ModelFile], confined: bool, errors: dict[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Model files as data, by exercise."""
    for name, file in files.items():
        try:
            yield name, read_apart(file, confinement() if confined else None)
        except ModelError as error:
            errors[name] = str(error)


def _noticed(data: bytes) -> tuple[str, ...]:
    """The watch's lines, which student code may have forged."""
    try:
        return tuple(str(line)[:200] for line in list(json.loads(data))[:50])
    except (ValueError, TypeError):
        return ("its report is unreadable",)


@dataclass
class _Run:
    """The cells of one job on their way through as many kernels as it takes."""

    job: Job
    until: float  # by the monotonic clock
    evidence: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    fatal: set[int] = field(default_factory=set)

    def all_cells(self) -> None:
        position, cells = 0, self.job.cells
        while position < len(cells) and len(self.fatal) < MAX_KERNELS:
            position = self._from(position)
        for at in range(position, len(cells)):
            self._failed(at, "too many cells killed the kernel")

    def _from(self, position: int) -> int:
        """Replay the cells before `position`, run the rest; where to go on in another kernel."""
        cells = [
            (at, source, check)
            for at, (source, check) in enumerate(self.job.cells)
            if at not in self.fatal and not (check and at < position)
        ]
        with contextlib.closing(self._kernel(cells)) as kernel:
            at = 0
            try:
                for at, _, _ in cells:
                    if error := kernel.wait(at, self._seconds()):
                        self._failed(at, error)
                kernel.finish(HAND_IN_SECONDS)
                return len(self.job.cells)
            except KernelEnded as ended:
                self.fatal.add(at)
                self._failed(at, str(ended))
                return max(position, at + 1)
            finally:
                self.evidence |= kernel.evidence

    def _kernel(self, cells: list[tuple[int, str, str | None]]) -> Kernel:
        job = self.job
        bounds = replace(confinement(), cpu_seconds=60 + int(2 * job.seconds))
        details = {"plan": asdict(job.plan), "cells": cells, "written": job.written}
        request = Request(
            "kernel", _environment(job), asdict(bounds) if job.confined else None, details
        )
        pipe = EvidencePipe(MAX_BYTES, 2 * MAX_BYTES) if job.written else None
        return Kernel(request, pipe=pipe)

    def _seconds(self) -> float:
        """For the next cell; those that come too late still get a moment."""
        return max(MOMENT, min(self.job.cell_seconds, self.until - time.monotonic()))

    def _failed(self, at: int, error: str) -> None:
        """Keep the error of a check, and of any cell where the cells are all that there is."""
        check = self.job.cells[at][1]
        if check or self.job.written:
            self.errors[check or f"cell {at + 1}"] = error


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
