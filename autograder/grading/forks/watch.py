"""Watching the student's process while grading: what it patches, starts, and reaches for.

Only a report for people: code that hides from this is still confined, and no score depends on it.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

PATCHABLE = (torch, torch.Tensor, torch.nn.functional, torch.nn.Module, torch.nn.Linear, np)
TORCH = Path(torch.__file__).parent
LIBRARIES = TORCH.parent
CLASSES = ("Tensor.", "Module.", "Linear.")  # which hide inherited methods by adding one
ATTEMPTS = {  # audit event -> what to say of its first argument
    "socket.connect": "tried to connect to {1}",
    "subprocess.Popen": "started {0}",
    "os.system": "started {0}",
    "os.kill": "sent a signal to process {0}",
    "os.fork": "forked",
    "os.unshare": "tried to leave its namespaces",
}
STARTERS = ("multiprocessing.popen_fork",)
MOST = 20  # lines in a report


class Watch:
    """What was noticed so far; starts with what the libraries looked like before student code."""

    def __init__(self, own_package: str) -> None:
        self._package = own_package
        self._before = dict(self._functions())
        self._noticed: dict[str, None] = {}  # in order, once each
        self._allowed: tuple[str, ...] = ()

    def begin(self, allowed: tuple[str, ...]) -> None:
        """Listen from now on; opening files outside the allowed paths is noticed."""
        self._allowed = allowed
        sys.addaudithook(self._hear)

    def report(self, shell: Any = None) -> list[str]:
        """All that was noticed, and what is patched now."""
        now = dict(self._functions())
        changed = [name for name, it in self._before.items() if now.get(name) is not it]
        patched = [name for name in changed if not _is_from(TORCH, now.get(name))]
        added = [name for name in now.keys() - self._before.keys() if name.startswith(CLASSES)]
        patched += [name for name in added if not _is_from(LIBRARIES, now[name])]
        lines = [*self._noticed, *(f"replaced {name}" for name in patched)]
        if shell is not None:
            lines += _changed_shell(shell)
        return lines[:MOST]

    def _functions(self) -> Iterator[tuple[str, Any]]:
        own = [m for name, m in list(sys.modules.items()) if name.startswith(f"{self._package}.")]
        holders: list[Any] = [*PATCHABLE, *own]
        for holder in holders:
            prefix = getattr(holder, "__qualname__", None) or holder.__name__
            for name, value in list(vars(holder).items()):
                if callable(value) and not isinstance(value, ModuleType) and name != "check":
                    yield f"{prefix}.{name}", value

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        try:
            if event == "open":
                self._hear_open(arguments[0])
            elif _is_of_workers(event, arguments):
                return
            elif event in ATTEMPTS and len(self._noticed) < MOST:
                self._noticed[ATTEMPTS[event].format(*map(_short, arguments))] = None
        except Exception:
            return  # a report is not worth an error in the student's code

    def _hear_open(self, where: object) -> None:
        path = where.decode(errors="replace") if isinstance(where, bytes) else where
        if not isinstance(path, str) or not path.startswith("/"):
            return
        if not path.startswith(self._allowed) and len(self._noticed) < MOST:
            self._noticed[f"tried to open {_short(path)}"] = None


def _is_of_workers(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether a data loader starts its workers, or speaks to them: nothing leaves the sandbox."""
    if event == "socket.connect":
        return isinstance(arguments[1], str | bytes)  # a socket of Unix, which has a path
    return event == "os.fork" and sys._getframe(2).f_globals.get("__name__") in STARTERS


def _is_from(folder: Path, function: Any) -> bool:
    """Whether its code is a library's: torch's compiler wraps others, transformers adds methods."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename.startswith(f"{folder}{os.sep}")


def _short(value: object) -> str:
    return str(value)[:80]


def _changed_shell(shell: Any) -> Iterator[str]:
    """Ways in which IPython itself was bent."""
    if shell.input_transformers_post:
        yield "added input transformers"
    for name in ("showtraceback", "run_cell", "run_code"):
        if name in vars(shell):
            yield f"replaced get_ipython().{name}"
