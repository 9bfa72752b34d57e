"""Running a check: every case of an exercise on a student's object, without leaving a trace."""

import contextlib
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch

from autograder.checks.always import ALWAYS, Always, has_raised, outcome_of
from autograder.checks.differences import nothing
from autograder.checks.evidence import MAX_DETAIL, NOTHING, UNUSABLE, Evidence, Value, normalise
from autograder.checks.probes import Probe
from autograder.checks.rng import Rng
from autograder.checks.sketch import sketched

Place = tuple[str, int]  # of a case: its probe and the index of its seed


def run_check(
    probes: Iterable[Probe],
    subject: Any,
    seeds: Sequence[int],
    *,
    around: Callable[[], AbstractContextManager[object]] = nullcontext,
    tried: frozenset[Always] = ALWAYS,
) -> Iterator[tuple[Place, Evidence]]:
    """The evidence of every case, one by one; each is run inside `around()`.

    The only way in which checks run: in notebooks, while grading, and on references and mistakes.
    """
    for probe in probes:
        for index, seed in enumerate(seeds):
            yield (probe.name, index), observe(probe, subject, seed, around, tried)


def observe(
    probe: Probe,
    subject: Any,
    seed: int,
    around: Callable[[], AbstractContextManager[object]] = nullcontext,
    tried: frozenset[Always] = ALWAYS,
) -> Evidence:
    """Run one case and return its evidence; an exception of the student's is evidence too.

    Code that draws random numbers draws the same ones whenever the case is run, so that a grade can
    be repeated and a mistake recognised.
    """
    try:
        with leaving_no_trace(), _on_the_cpu(), around():
            _seed_generators(_seed_of_generators(seed))
            value, untouched, besides = probe.answer(subject, seed, tried)
    except KeyboardInterrupt:
        raise
    except BaseException as exception:
        return Evidence.of_exception(exception)
    return Evidence(value, inputs_changed=not untouched, tried=besides)


def read(probe: Probe, evidence: Evidence, seed: int) -> Evidence:
    """The evidence as the probe's reading sees it; an answer that cannot be read is an error."""
    if not probe.has_reading or evidence.error is not None:
        return evidence
    try:
        with leaving_no_trace():
            value = normalise(probe.reading(evidence.value, seed))
    except Exception as error:
        if nothing(evidence.value):
            return Evidence(error=NOTHING)
        return Evidence(error=UNUSABLE, detail=f"{type(error).__name__}: {error}"[:MAX_DETAIL])
    others = {
        name: _read_variant(probe, evidence.tried[name], seed, sizes)
        for name, sizes in probe.variants.items()
        if name in evidence.tried
    }
    return replace(evidence, value=value, tried={**evidence.tried, **others})


def _read_variant(probe: Probe, value: Value, seed: int, sizes: Mapping[str, int]) -> Value:
    if has_raised(value):
        return value
    with leaving_no_trace():
        found = outcome_of(lambda: normalise(probe.reading(value, seed, sizes)))
    return found if probe.has_law or has_raised(found) else sketched(found)


@contextlib.contextmanager
def standing_in(namespace: dict[str, Any], stand_ins: Mapping[str, Any]) -> Iterator[None]:
    """Let what was defined in a namespace find stand-ins under the names that it calls."""
    before = {name: namespace[name] for name in stand_ins if name in namespace}
    namespace.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            namespace.pop(name, None)
        namespace.update(before)


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


def _on_the_cpu() -> AbstractContextManager[object]:
    """Inputs, and what an answer makes itself, on the CPU, also where a notebook trains elsewhere.

    Entered only where it is needed, since it costs time in every call of PyTorch's.
    """
    cpu = torch.device("cpu")
    return nullcontext() if torch.get_default_device() == cpu else cpu


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
