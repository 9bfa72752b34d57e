"""The zygote: a process that has imported everything once and forks confined ones on request.

It ends when its socket to the grader does; its forks end with it. Before a fork it has
one thread, has touched no accelerator, and has seen nothing of the course.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.checks.model_file import ModelError, pack, read_model
from autograder.grading.kernels.recorder import Plan, Recorder, frame
from autograder.grading.kernels.watch import Watch
from autograder.grading.sandbox.confinement import Confinement
from autograder.grading.sandbox.fork import fork_confined

PRELOADED = (  # what the first cells and the kernel's own start would load, each time
    *(
        "autograder",
        "autograder.grading.kernels.recorder",
        "autograder.tools.saving",
        "autograder.tools.plots",
        "autograder.tools.training",
    ),
    *("IPython.core.completerlib", "stack_data"),
    *("IPython.core.magics.execution", "IPython.core.magics.pylab"),
    *("matplotlib_inline.backend_inline", "numpy.random"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
)
EVIDENCE = 3  # the descriptor of the evidence pipe in every fork
MODEL, PROBLEM = "model", "problem"  # the one frame that comes from reading a model file


@dataclass(frozen=True)
class Request:
    """What a fork is for, its environment and bounds; for a kernel, its plan and its cells."""

    work: str
    environment: dict[str, str]
    confinement: dict[str, Any] | None
    details: dict[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def preload() -> Watch:
    """Do what every kernel would, and note what the libraries look like."""
    os.environ.update(MPLBACKEND="Agg")
    import gc
    import importlib

    import torch

    for name in PRELOADED:
        importlib.import_module(name)
    from matplotlib.backends.registry import backend_registry

    from autograder.grading.kernels.cells import new_shell

    backend_registry.list_all()  # `%matplotlib` looks through all installed packages
    new_shell()
    torch.set_num_threads(1)
    torch.zeros(2) @ torch.zeros(2)
    gc.collect()
    gc.freeze()  # a kernel's collector would copy every page that it looks at
    return Watch("autograder")


def serve(channel: socket.socket, watch: Watch) -> None:
    """Fork for every request until the grader is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for forks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            size, descriptors, _, _ = socket.recv_fds(channel, 8, 2)
        except ConnectionResetError:  # gone without a request
            return
        if not size:
            return
        message = _receive(channel, int.from_bytes(size, "big"))
        answer = fork(Request(**json.loads(message)), watch, *descriptors)
        channel.sendall(json.dumps(answer).encode())
        for descriptor in descriptors:
            os.close(descriptor)


def _receive(channel: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        parts += channel.recv(size - len(parts))
    return bytes(parts)


def fork(request: Request, watch: Watch, *descriptors: int) -> dict[str, Any]:
    """The process id of a new fork, or what kept it from starting."""
    confinement = Confinement(**request.confinement) if request.confinement else None
    work = WORK[request.work]
    return fork_confined(confinement, lambda: work(request, watch, *descriptors), descriptors)


def run_reader(request: Request, watch: Watch, evidence: int, file: int) -> None:
    """Read one model file as data, send what is in it, and end."""
    with os.fdopen(file, "rb") as stream:
        data = stream.read()
    _keep_only(evidence)
    _fresh_start(request)
    try:
        said = frame(MODEL, pack(read_model(data)))
    except ModelError as error:
        said = frame(PROBLEM, str(error).encode())
    with os.fdopen(EVIDENCE, "wb") as pipe:
        pipe.write(said)


def run_kernel(request: Request, watch: Watch, evidence: int) -> None:
    """Run the cells, in this process, until they end or it is killed."""
    from autograder.grading.kernels.cells import Shell, run_cells

    _keep_only(evidence)
    _fresh_start(request)
    recorder, shell = _recorder(request.details["plan"], watch), Shell.instance()
    watch.begin(_allowed(request))
    run_cells(request.details["cells"], shell, recorder)
    for exercise, ending in request.details["written"].items():
        with contextlib.suppress(ModelError):  # no file that could be read
            recorder.hand_in(exercise, ending)
    recorder.report(shell)


WORK: dict[str, Callable[..., None]] = {"kernel": run_kernel, "reader": run_reader}


def _allowed(request: Request) -> tuple[str, ...]:
    """Paths whose opening is nothing to report."""
    if not request.confinement:
        return ("/",)
    return (
        *request.confinement["readable"],
        request.confinement["work"],
        "/tmp",
        "/dev",
        "/proc/self",
    )


def _keep_only(evidence: int) -> None:
    """Close every descriptor but the evidence pipe: the zygote's own socket above all."""
    os.dup2(evidence, EVIDENCE)
    os.closerange(EVIDENCE + 1, os.sysconf("SC_OPEN_MAX"))


def _fresh_start(request: Request) -> None:
    """Own random numbers, own environment, no terminal."""
    import random

    import numpy as np
    import torch

    os.environ.clear()
    os.environ.update(request.environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    random.seed()
    np.random.seed()
    torch.seed()


def _recorder(plan: dict[str, Any], watch: Watch) -> Recorder:
    """A recorder in the place of `check`; what it records goes into the evidence pipe."""
    recorder = Recorder(Plan(**plan), os.fdopen(EVIDENCE, "wb", buffering=0), watch)
    recorder.replace_check()
    return recorder


def main() -> None:
    """Started by the grader with the number of its end of a socket."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    watch = preload()
    channel.sendall(b"ready")
    serve(channel, watch)


if __name__ == "__main__":
    main()
