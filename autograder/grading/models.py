"""Model files as they are handed in, and the process apart in which one is read."""

import contextlib
import hashlib
import os
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.checks.model_file import MAX_BYTES, ModelError, contents, model_files, none_found
from autograder.grading.kernels.evidence_pipe import EvidencePipe
from autograder.grading.kernels.herd import herd
from autograder.grading.kernels.zygote import MODEL, PROBLEM, Request
from autograder.grading.sandbox.confinement import Confinement

READ_SECONDS, MAX_SAID = 30, 500
MAX_PACKED = MAX_BYTES + 16 * 2**20  # with names and shapes


@dataclass(frozen=True)
class ModelFile:
    """The bytes of a model file, or what keeps them from being read; a note on which it is."""

    data: bytes = b""
    problem: str = ""
    note: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.problem.encode() + b"\0" + self.data).hexdigest()


def find_model(folder: Path | None, ending: str) -> ModelFile:
    """The newest model file of a submission."""
    found = model_files(folder, ending) if folder else []
    if not found:
        return ModelFile(problem=none_found(ending))
    path = found[-1]
    note = f"{len(found)} model files, the newest counts, {path.name}" if found[1:] else ""
    try:
        return ModelFile(contents(path), note=note)
    except ModelError as error:
        return ModelFile(problem=f"the model file {error}", note=note)


def read_apart(file: ModelFile, bounds: Confinement | None) -> bytes:
    """The model in a file, packed, from a process that does nothing else. Raises ModelError.

    It gets the bytes and a pipe; what comes out may still be anything, but not run.
    """
    if file.problem:
        raise ModelError(file.problem)
    pipe = EvidencePipe(MAX_PACKED, MAX_PACKED)
    request = Request("reader", {}, bounds and asdict(bounds))
    try:
        with _in_memory(file.data) as descriptor:
            pid = herd().fork(request, pipe.writing, descriptor)
    finally:
        pipe.hand_over()
    _end(pid, pipe)
    found = pipe.finish()
    if MODEL in found:
        return found[MODEL]
    said = found.get(PROBLEM, b"cannot be read in the time and memory that there is")
    raise ModelError("the model file " + said.decode("utf-8", "replace")[:MAX_SAID])


@contextlib.contextmanager
def _in_memory(data: bytes) -> Iterator[int]:
    """A descriptor from which the data can be read, of a file that has no name."""
    with os.fdopen(os.memfd_create("model"), "w+b", buffering=0) as file:
        file.write(data)
        file.seek(0)
        yield file.fileno()


def _end(pid: int, pipe: EvidencePipe) -> None:
    """Wait until a reader has ended, and kill it if that takes too long."""
    with contextlib.suppress(ProcessLookupError):  # it may have ended
        watch = os.pidfd_open(pid)
        if not pipe.wait(READ_SECONDS):
            signal.pidfd_send_signal(watch, signal.SIGKILL)
        os.close(watch)
