"""Inside a kernel: an IPython shell that runs cells one after the other and says how each ended.

There is no Jupyter protocol: the grader has sent all cells with its request, and reads nothing back
but messages from the pipe.
"""

import signal
from collections.abc import Callable, Iterable
from tempfile import TemporaryDirectory
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.checks.evidence import MAX_DETAIL, Evidence
from autograder.grading.forks.messages import CellEnded, Message
from autograder.grading.forks.recorder import Recorder
from autograder.grading.forks.requests import Step
from autograder.grading.forks.statements import failed_at, rest_after

MOST_FAILURES = 20  # statements of one cell that fail before the rest of it is left


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


def run_steps(
    steps: Iterable[Step], shell: Shell, recorder: Recorder, send: Callable[[Message], None]
) -> None:
    """Run every cell and every check, whatever became of the one before it."""
    for step in steps:
        send(CellEnded(step.index, _error_of(_action(step, shell, recorder), shell.user_ns)))


def _action(step: Step, shell: Shell, recorder: Recorder) -> Callable[[], None]:
    if step.check is not None:
        exercise = step.check
        return lambda: recorder.run(exercise, shell.user_ns)
    return lambda: _run(step.text, shell)


def _run(source: str, shell: Shell) -> None:
    """Run a cell; where a statement fails, the next ones still run. Raises the first error."""
    rest: str | None = source
    errors: list[BaseException] = []
    while rest is not None and len(errors) < MOST_FAILURES:
        result = Shell.run_cell(shell, rest, store_history=False)
        if result.success:
            break
        errors.append(result.error_before_exec or result.error_in_exec)
        rest = _rest(rest, errors[-1], shell)
    if errors:
        raise errors[0]


def _rest(source: str, error: BaseException, shell: Shell) -> str | None:
    """What still runs of a cell that ended with this error."""
    if isinstance(error, KeyboardInterrupt | SyntaxError):
        return None  # its time is over, or nothing of it ran
    return rest_after(shell.transform_cell(source), failed_at(error, shell.user_ns))


def _error_of(action: Callable[[], None], namespace: dict[str, Any]) -> str | None:
    """The error that something ended with; the grader's interrupt ends it, and nothing else."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        action()
    except BaseException as error:
        evidence, (line, _) = Evidence.of_exception(error), failed_at(error, namespace)
        where = f"line {line}: " if line else ""
        return f"{where}{evidence.error}: {evidence.detail}"[:MAX_DETAIL]
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return None
