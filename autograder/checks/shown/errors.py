"""What notebooks show of exceptions: a line where an exercise is not written yet, else own lines.

A demonstration that needs an exercise is no failure: its cell ends well, so that "Run all" goes on
in every front end.
"""

import ast
import linecache
import sys
import traceback
from types import TracebackType
from typing import Any

from autograder.checks.key import Key
from autograder.checks.language import N_, _
from autograder.checks.own_frames import is_own
from autograder.checks.shown.boxes import WAITING, boxed, marked
from autograder.checks.shown.front_end import show
from autograder.checks.text.cell_texts import SOLUTION, UNSOLVED
from autograder.checks.text.cells import parsed

LEFT_OUT = N_("(Lines of libraries are left out; %tb shows them.)")


class Errors:
    """Exceptions of one notebook's cells, as IPython's shell hands them over."""

    def __init__(self) -> None:
        self.key = Key("")
        self.unmade: dict[str, str] = {}  # names that no cell could define, and the exercise needed
        self.told: BaseException | None = None  # of the cell that is running, in one line

    def watch(self, shell: Any, key: Key) -> None:
        """Show this shell's exceptions, unless somebody else does."""
        self.key = key
        if not shell.custom_exceptions or shell.custom_exceptions == (Exception,):
            shell.set_custom_exc((Exception,), self._show)
            shell.events.register("post_run_cell", self._end_well)

    def _show(
        self,
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        exercise = self._needed(error, trace)
        if exercise:
            self.told = error
            self.unmade |= dict.fromkeys(_names_of(trace), exercise)
            _show_needed(self.key.place_of(exercise))
        else:
            _show_own_lines(shell, kind, error, trace)

    def _needed(self, error: BaseException, trace: TracebackType) -> str:
        """The exercise that is not written yet, where that is what an exception says."""
        if isinstance(error, NotImplementedError):
            return _stub_of(trace)
        return self.unmade.get(error.name or "", "") if isinstance(error, NameError) else ""

    def _end_well(self, result: Any) -> None:
        if self.told is not None and result is not None and result.error_in_exec is self.told:
            result.error_in_exec = None
        self.told = None


def _show_needed(place: str) -> None:
    needs, said = _("needs"), _("{place}, which is not written yet").format(place=place)
    show(f"{needs} {said}", boxed(WAITING, marked(needs, WAITING, said)))


def _stub_of(trace: TracebackType) -> str:
    """The exercise whose stub raised; empty where another line did."""
    *_, (frame, line) = traceback.walk_tb(trace)
    file = frame.f_code.co_filename
    names = SOLUTION.findall("".join(linecache.getlines(file)))
    return names[0] if names and linecache.getline(file, line).strip() == UNSOLVED else ""


def _names_of(trace: TracebackType) -> set[str]:
    """The names to which the cell that ran would have given values."""
    cells = (frame for frame, _ in traceback.walk_tb(trace) if is_own(frame.f_code.co_filename))
    cell = next(cells, None)
    text = "".join(linecache.getlines(cell.f_code.co_filename)) if cell else ""
    tree = parsed(text) or ast.Module([], [])
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    } | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def _show_own_lines(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType
) -> None:
    """IPython's own traceback, without the frames of libraries."""
    own = _own(trace)
    if own is None or issubclass(kind, SyntaxError) or hasattr(error, "_render_traceback_"):
        shell.showtraceback(running_compiled_code=True)
        return
    shell.showtraceback((kind, error, own), tb_offset=0)
    sys.last_traceback = trace
    print(_(LEFT_OUT))


def _own(trace: TracebackType) -> TracebackType | None:
    """The student's frames of a traceback; None where these are all or there are none of them."""
    every = [*_entries(trace)][1:]  # the first is IPython's
    own = [entry for entry in every if is_own(entry.tb_frame.f_code.co_filename)]
    if len(own) == len(every):
        return None
    chain = None
    for entry in reversed(own):
        chain = TracebackType(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return chain


def _entries(trace: TracebackType | None) -> Any:
    while trace is not None:
        yield trace
        trace = trace.tb_next
