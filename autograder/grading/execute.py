"""Execution: a pure function from a job to evidence; no key, no gradebook, no course files."""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.checks.evidence import MAX_BYTES
from autograder.checks.recorder import PLAN_VARIABLE, Plan

RUN_CHECK = "__import__('autograder').check.run({!r}, globals())"
PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")  # of the environment
MAX_CASES = 10_000


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

    @property
    def digest(self) -> str:
        """Content hash, under which evidence is kept."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Execution:
    """Evidence files by name, and the error that ended a check cell early, by exercise."""

    evidence: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def execute(job: Job) -> Execution:
    """Run the cells in a fresh kernel, in a scratch folder that is then deleted.

    A cell that fails or takes too long is passed over; a kernel that dies ends the run, and what
    was recorded before counts.
    """
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        evidence, work = folder / "evidence", folder / "work"
        evidence.mkdir()
        work.mkdir()
        Plan(str(evidence), job.seeds, job.given, job.checks).save(folder / "plan.json")
        notebook = _runnable(job)
        died = _run(notebook, folder, job.cell_seconds)
        return Execution(_read_evidence(evidence), _errors(notebook, job, died))


def _runnable(job: Job) -> NotebookNode:
    sources = [RUN_CHECK.format(check) if check else text for text, check in job.cells]
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def _run(notebook: NotebookNode, folder: Path, seconds: float) -> bool:
    """Execute in place; whether the kernel died."""
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", transport="ipc", ip=str(folder / "kernel")),
        timeout=seconds,
        allow_errors=True,
        interrupt_on_timeout=True,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder / "work")}},
    )
    try:
        client.execute(env=_environment(folder), cleanup_kc=True)
    except DeadKernelError:
        return True
    return False


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    own = {
        PLAN_VARIABLE: str(folder / "plan.json"),
        "HOME": str(folder / "work"),
        "NBGRADER_EXECUTION": "autograde",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**kept, **own}


def _read_evidence(folder: Path) -> dict[str, bytes]:
    """Evidence files, of bounded number and size; anything else that lies there is left."""
    files = sorted(folder.glob("*.safetensors"))[:MAX_CASES]
    small = (
        f for f in files if f.is_file() and not f.is_symlink() and f.stat().st_size <= MAX_BYTES
    )
    return {file.name: file.read_bytes() for file in small}


def _errors(notebook: NotebookNode, job: Job, died: bool) -> dict[str, str]:
    found = {}
    for cell, (_, check) in zip(notebook.cells, job.cells, strict=True):
        if check is None:
            continue
        raised = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        if raised:
            found[check] = f"{raised[0].ename}: {raised[0].evalue}"[:2000]
        elif died and cell.get("execution_count") is None:
            found[check] = "the kernel died before this check"
    return found
