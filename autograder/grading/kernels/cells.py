"""Inside a kernel: an IPython shell that runs cells one after the other and says how each ended.

There is no Jupyter protocol: the grader has sent all cells with its request, and reads nothing back
but frames from the evidence pipe.
"""

import json
import signal
from collections.abc import Callable, Iterable, Sequence
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.checks.evidence import MAX_TEXT, Evidence
from autograder.grading.kernels.recorder import ENDED, Recorder, frame

Cell = Sequence[Any]  # its index in the job, its text, and the exercise whose check runs instead


class Shell(InteractiveShell):
    """A shell as notebooks know it; what it displays goes to standard output."""

    system = InteractiveShell.system_raw  # a terminal of its own, as usual, is not to be had here

    def enable_gui(self, gui: str | None = None) -> None:
        """There are no windows."""

    def ask_exit(self) -> None:
        """`exit` ends nothing: the cells behind it count too."""


def new_shell() -> Shell:
    """The one shell of this process, without anything of the user's own."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.xmode = "Minimal"  # nobody reads these tracebacks, and they take long
    with TemporaryDirectory() as profile:  # made anew where something is kept in it
        return Shell.instance(config=config, ipython_dir=profile)


def run_cells(cells: Iterable[Cell], shell: Shell, recorder: Recorder) -> None:
    """Run every cell, whatever became of the one before it."""
    for index, source, check in cells:
        if check:
            error = _error_of(lambda name=check: recorder.run(name, shell.user_ns))
        else:
            error = _error_of(lambda text=source: _run(text, shell))
        _say(recorder.stream, index, error)


def _run(source: str, shell: Shell) -> None:
    result = Shell.run_cell(shell, source, store_history=False)
    result.raise_error()


def _error_of(action: Callable[[], None]) -> str | None:
    """The error that something ended with; the grader's interrupt ends it, and nothing else."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        action()
    except BaseException as error:
        evidence = Evidence.of_exception(error)
        return f"{evidence.error}: {evidence.detail}"[:MAX_TEXT]
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return None


def _say(stream: BinaryIO, index: int, error: str | None) -> None:
    stream.write(frame(ENDED, json.dumps([index, error]).encode()))
