"""Where NaN begins: a case is run once more, and each operation watched. In notebooks only."""

import contextlib
import linecache
import re
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from autograder.checks import sketch
from autograder.checks.calls import tensors_in
from autograder.checks.evidence import Evidence, Value
from autograder.checks.language import _
from autograder.checks.own_frames import named, own_line
from autograder.checks.probes import Probe
from autograder.checks.running import observe

BACKWARD = re.compile(r"Function '(\w+)' returned nan values")  # as torch's anomaly mode says
Place = tuple[str, str, int]  # the operation, and the file and line from which it was called


class Watching(TorchFunctionMode):
    """Notes operations whose result has NaN where nothing that went in had, and derivatives."""

    def __init__(self, checks: Collection[str]) -> None:
        super().__init__()
        self.checks = checks
        self.began: set[Place] = set()
        self.derivatives: dict[str, set[Place]] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation and look at what went in and came out."""
        given = [*args, *(kwargs or {}).values()]
        had_nan = has_nan(given)
        result = func(*args, **(kwargs or {}))
        line = own_line(sys._getframe().f_back, self.checks)
        if line is not None:
            place = (func.__name__.strip("_"), *line)
            if not had_nan and has_nan([result, *given]):  # those too, where they were changed
                self.began.add(place)
            for tensor in tensors_in(result):
                if tensor.grad_fn is not None:
                    self.derivatives.setdefault(tensor.grad_fn.name(), set()).add(place)
        return result


def has_nan(values: Any) -> bool:
    """Whether a number of any tensor is NaN."""
    floats = (x for x in tensors_in(values) if x.is_floating_point() and not x.is_meta)
    return any(bool(x.isnan().any()) for x in floats)


def holds_nan(evidence: Evidence, *, besides: bool) -> bool:
    """Whether a number of an answer is NaN, or of what was tried besides."""
    own = any(np.isnan(array.values).any() for array in sketch.arrays_in(evidence.value))
    return own or (besides and _sketched_nan(dict(evidence.tried)))


def _sketched_nan(tried: Value) -> bool:
    if not isinstance(tried, dict):
        return False
    return sketch.has_nan(tried) or any(map(_sketched_nan, tried.values()))


def beginning_of_nan(
    probe: Probe,
    subject: Any,
    seed: int,
    around: Callable[[], AbstractContextManager[object]],
    checks: Collection[str],
) -> str:
    """The one operation of the student's in which NaN begins; empty where it is not one."""
    watching = Watching(checks)

    @contextlib.contextmanager
    def watched() -> Iterator[None]:
        with around(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what anomaly mode says besides
            with torch.autograd.detect_anomaly(), watching:
                yield

    found = observe(probe, subject, seed, watched)
    if watching.began:
        return _told(watching.began, _("NaN begins in `{name}`, line {line} of {where}"))
    derivative = BACKWARD.match(found.detail)
    places = watching.derivatives.get(derivative[1], set()) if derivative else set()
    said = _("NaN begins in the derivative of `{name}`, line {line} of {where}")
    return _told(places, said)


def _told(places: set[Place], said: str) -> str:
    if len(places) != 1:
        return ""
    ((name, file, line),) = places
    text = linecache.getline(file, line).strip()
    told = said.format(name=name, line=line, where=named(file))
    return told + (f": `{text}`" if text else "")
