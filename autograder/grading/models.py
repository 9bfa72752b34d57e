"""Model files as they are handed in, and the process apart in which one is read."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from autograder.checks.model_file import MAX_MODEL, ModelError, contents, model_files, none_found
from autograder.checks.predictions import no_predictions, prediction_files
from autograder.grading.forks.fork import Fork, ForkEnded
from autograder.grading.forks.messages import Message, ModelRead, ModelRefused
from autograder.grading.forks.pipe import MessagePipe
from autograder.grading.forks.requests import ReaderRequest
from autograder.grading.sandbox.confinement import Confinement

READ_SECONDS, MAX_SAID = 30, 500
MAX_PACKED = MAX_MODEL + 16 * 2**20  # with names and shapes


@dataclass(frozen=True)
class ModelFile:
    """The bytes of a model file, or what keeps them from being read; a note on which it is.

    A text of predictions is nothing that has to be read apart.
    """

    data: bytes = b""
    problem: str = ""
    note: str = ""
    is_text: bool = False

    @cached_property
    def digest(self) -> str:
        """A hash of all that reading it depends on."""
        return hashlib.sha256(self.problem.encode() + b"\0" + self.data).hexdigest()


def find_model(folder: Path | None, ending: str) -> ModelFile:
    """The newest model file of a submission."""
    found = model_files(folder, ending) if folder else []
    return _newest(found, "model file") or ModelFile(problem=none_found(ending))


def find_predictions(folder: Path | None, ending: str) -> ModelFile:
    """The newest file of predictions of a submission."""
    found = prediction_files(folder, ending) if folder else []
    missing = ModelFile(problem=no_predictions(ending))
    return replace(_newest(found, "predictions file") or missing, is_text=True)


def _newest(found: list[Path], kind: str) -> ModelFile | None:
    if not found:
        return None
    path = found[-1]
    note = f"{len(found)} {kind}s, the newest counts, {path.name}" if found[1:] else ""
    try:
        return ModelFile(contents(path), note=note)
    except ModelError as error:
        return ModelFile(problem=f"the {kind} {error}", note=note)


def read_apart(file: ModelFile, bounds: Confinement | None) -> bytes:
    """The model in a file, packed, from a process that does nothing else. Raises ModelError.

    It gets the bytes and a pipe; what comes out may still be anything, but not run.
    """
    if file.problem:
        raise ModelError(file.problem)
    said: list[Message] = []
    pipe = MessagePipe((ModelRead, ModelRefused), said.append, largest=MAX_PACKED, total=MAX_PACKED)
    with _in_memory(file.data) as descriptor:
        fork = Fork(ReaderRequest(bounds), pipe, descriptor)
    with contextlib.closing(fork), contextlib.suppress(ForkEnded):
        fork.read_until(lambda: bool(said), READ_SECONDS)
    match said:
        case [ModelRead(packed), *_]:
            return packed
        case [ModelRefused(problem), *_]:
            raise ModelError(f"the model file {problem[:MAX_SAID]}")
    raise ModelError("the model file cannot be read in the time and memory that there is")


@contextlib.contextmanager
def _in_memory(data: bytes) -> Iterator[int]:
    """A descriptor from which the data can be read, of a file that has no name."""
    with os.fdopen(os.memfd_create("model"), "w+b", buffering=0) as file:
        file.write(data)
        file.seek(0)
        yield file.fileno()
