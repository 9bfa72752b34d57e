"""Probes: functions (student object, rng) -> numbers, and running them without leaving a trace."""

import contextlib
import copy
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.checks.evidence import MAX_TEXT, UNUSABLE, Array, Evidence, Value, normalise
from autograder.checks.rng import Rng

Law = Callable[[Any], str | None]


@dataclass(frozen=True)
class Probe:
    """A probe, the share of its exercise's points that its cases carry, and how they are judged.

    `read` turns the student's answer into the numbers to compare, by the same rng; it runs outside
    the student's process, so that an answer must work, not only look right. `law` returns what is
    wrong with the evidence, or None; the reference's numbers then matter no longer, only their
    types and shapes.
    """

    run: Callable[[Any, Rng], Any]
    weight: float = 1.0
    read: Callable[[Any, Rng], Any] | None = None
    law: Law | None = None

    @property
    def name(self) -> str:
        return self.run.__name__


def probe(
    *,
    weight: float = 1.0,
    read: Callable[[Any, Rng], Any] | None = None,
    law: Law | None = None,
) -> Callable[[Callable], Probe]:
    """Decorate a probe function; without it, a plain function is a probe of weight 1."""
    return lambda run: Probe(run, weight, read, law)


def as_probe(run: Probe | Callable) -> Probe:
    return run if isinstance(run, Probe) else Probe(run)


def observe(probe: Probe, subject: Any, seed: int) -> Evidence:
    """Run one case and return its evidence; an exception of the student's is evidence too.

    Code that draws random numbers draws the same ones whenever the case is run, so that a grade can
    be repeated and a mistake recognised.
    """
    rng = Rng(seed, probe.name)
    try:
        with leaving_no_trace():
            _seed_generators(_seed_of_generators(seed))
            given = copy.deepcopy(subject) if isinstance(subject, nn.Module) else subject
            value = normalise(probe.run(given, rng))
    except KeyboardInterrupt:
        raise
    except BaseException as exception:
        return Evidence.of_exception(exception)
    return replace(Evidence(value), inputs_changed=not rng.untouched())


def read(probe: Probe, evidence: Evidence, seed: int) -> Evidence:
    """The evidence as the probe's reading sees it; an answer that cannot be read is an error."""
    if probe.read is None or evidence.error is not None:
        return evidence
    try:
        with leaving_no_trace():
            value = normalise(probe.read(as_plain(evidence.value), Rng(seed, probe.name)))
    except Exception as error:
        return Evidence(error=UNUSABLE, detail=f"{type(error).__name__}: {error}"[:MAX_TEXT])
    return replace(evidence, value=value)


@cache
def _seed_of_generators(seed: int) -> int:
    return Rng(seed, "global generators").integer(0, 2**31)


def _seed_generators(seed: int) -> None:
    # Not `torch.manual_seed`, which notes a traceback for every accelerator that is not in use yet.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    np.random.seed(seed)
    random.seed(seed)


@contextlib.contextmanager
def leaving_no_trace() -> Iterator[None]:
    """Restore generators and grad mode; send stderr to stdout, since nbgrader fails on stderr."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    grad = torch.is_grad_enabled()
    with torch.random.fork_rng(_cuda_in_use()), contextlib.redirect_stderr(sys.stdout):
        torch.set_grad_enabled(True)
        try:
            yield
        finally:
            torch.set_grad_enabled(grad)
            np.random.set_state(numpy_state)
            random.setstate(python_state)


def _cuda_in_use() -> range:
    """Devices whose generators may have been drawn from; naming them keeps torch from warning."""
    return range(torch.cuda.device_count() if torch.cuda.is_initialized() else 0)


@contextlib.contextmanager
def given(subject: Any, **parts: Any) -> Iterator[None]:
    """Let a student's function or class find given parts under the names that it calls.

    So a probe of one exercise does not depend on what another one made of them.
    """
    names = (subject.forward if isinstance(subject, type) else subject).__globals__
    before = {name: names[name] for name in parts if name in names}
    names.update(parts)
    try:
        yield
    finally:
        for name in parts:
            names.pop(name, None)
        names.update(before)


def as_plain(value: Value) -> Any:
    """Normalised evidence as readings and laws take it: tensors, arrays, numbers, dicts, lists."""
    match value:
        case dict():
            return {key: as_plain(item) for key, item in value.items()}
        case list():
            return [as_plain(item) for item in value]
        case Array(kind="tensor"):
            return torch.from_numpy(value.values.copy())
        case Array(kind="ndarray"):
            return value.values
        case Array():
            return value.values.item()
    return value
