"""Which lines are a student's own: what tracebacks show, and where something began."""

import os
import re
import sysconfig
import traceback
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import FrameType

from autograder.checks.language import _
from autograder.checks.text.history import cell_name

PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
PYTHON = tuple(f"{sysconfig.get_path(kind)}{os.sep}" for kind in ("stdlib", "platstdlib"))
LIBRARIES = re.compile(r"[\\/](?:site|dist)-packages[\\/]")
CELLS = ("<ipython-input", "<stdin>")  # other names in angle brackets are of what libraries made
COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
MOST_BEFORE = 5  # exceptions before one
LONGEST = 600  # characters of what an exception says


class Frames(traceback.StackSummary):
    """Frames that are told by their cells."""

    def format_frame_summary(self, frame: traceback.FrameSummary) -> str:
        """The cell or file, the line and its text."""
        where = f"  {named(frame.filename)}, line {frame.lineno}, in {frame.name}\n"
        return where + (f"    {frame.line}\n" if frame.line else "")


def named(filename: str) -> str:
    """A file, or the number of the cell that it stands for."""
    return cell_name(filename) or filename


def is_own(filename: str, checks: Collection[str] = ()) -> bool:
    """Whether a student wrote it; `checks` are the files in which cases stand."""
    if filename.startswith("<"):
        return filename.startswith(CELLS) and filename not in checks
    is_library = filename.startswith((PACKAGE, *PYTHON)) or LIBRARIES.search(filename)
    return not is_library and filename not in checks


def own_line(frame: FrameType | None, checks: Collection[str]) -> tuple[str, int] | None:
    """The student's file and line that called a library's frame; None where a check did."""
    while frame is not None:
        file = frame.f_code.co_filename
        if is_own(file, checks):
            return file, frame.f_lineno
        if file in checks or file.startswith(PACKAGE):
            return None
        frame = frame.f_back
    return None


def own_traceback(exception: BaseException, checks: Collection[str] = ()) -> str:
    """What was raised, after the student's own frames, and the exceptions of theirs before it.

    Frames of torch, of IPython, of this package and of the cases are left out.
    """
    last, *before = [(_own(trace.stack, checks), trace) for trace in _chain(exception)]
    told = [last, *(each for each in before if each[0])]
    return (
        "\n{}\n\n".format(_("and then:"))
        .join(_formatted(*each) for each in reversed(told))
        .rstrip()
    )


def shortened(text: str) -> str:
    """What an exception says, or its beginning."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def has_own_frames(exception: BaseException, checks: Collection[str] = ()) -> bool:
    """Whether a student's code was running when it was raised."""
    frames = traceback.walk_tb(exception.__traceback__)
    return any(is_own(frame.f_code.co_filename, checks) for frame, _ in frames)


def _chain(exception: BaseException) -> Iterator[traceback.TracebackException]:
    """An exception and those before it, the last one first."""
    trace: traceback.TracebackException | None
    trace = traceback.TracebackException.from_exception(exception)
    for __ in range(1 + MOST_BEFORE):
        if trace is None:
            return
        yield trace
        trace = trace.__cause__ or (None if trace.__suppress_context__ else trace.__context__)


def _own(stack: Iterable[traceback.FrameSummary], checks: Collection[str]) -> Frames:
    """A comprehension's frame stands in the place of that of the function around it."""
    kept: list[traceback.FrameSummary] = []
    for frame in stack:
        if not is_own(frame.filename, checks):
            continue
        if frame.name in COMPREHENSIONS and kept and kept[-1].filename == frame.filename:
            around = kept.pop()
            frame = traceback.FrameSummary(frame.filename, frame.lineno, around.name)
        kept.append(frame)
    return Frames(kept)


def _formatted(frames: Frames, trace: traceback.TracebackException) -> str:
    cut = shortened("".join(trace.format_exception_only()).rstrip())
    head = ["Traceback (most recent call last):\n"] if frames else []
    return "".join([*head, *frames.format(), cut, "\n"])
