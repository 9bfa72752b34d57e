"""Cases must not depend on chance: the reference answers the same twice, and in another process."""

import os
from contextlib import redirect_stdout
from multiprocessing import get_context
from multiprocessing.connection import Connection

import torch

from autograder.assignment.source import Source, SourceError
from autograder.assignment.trial import load, specs_of, trial
from autograder.checks.comparison import same
from autograder.checks.evidence import from_bytes, to_bytes
from autograder.checks.key import VISIBLE_SEEDS
from autograder.checks.running import Place

Observed = dict[tuple[str, Place], bytes]


def refuse_chance(source: Source) -> None:
    """Raise SourceError for a case whose evidence is another one when it is observed again."""
    here, again, there = observed(source), observed(source), _in_another_process(source)
    for (exercise, (probe, index)), data in here.items():
        others = again[exercise, (probe, index)], there[exercise, (probe, index)]
        if not all(same(from_bytes(data), from_bytes(other)) for other in others):
            line = specs_of(source)[exercise].probes[probe].line
            raise SourceError(
                source.checks_path,
                line,
                f"{probe} of {exercise!r} answers otherwise when run again",
            )


def observed(source: Source) -> Observed:
    """What the reference does in every case with the public seeds."""
    module = load(source)
    return {
        (exercise, place): to_bytes(evidence)
        for exercise in source.checks
        for place, evidence in trial(source, module, exercise).observe(VISIBLE_SEEDS).items()
    }


def _in_another_process(source: Source) -> Observed:
    fork = get_context("fork")
    reading, writing = fork.Pipe(duplex=False)
    process = fork.Process(target=_send, args=(source, writing))
    process.start()
    writing.close()
    try:
        return reading.recv()
    finally:
        process.join()


def _send(source: Source, writing: Connection) -> None:
    torch.set_num_threads(1)  # threads of this process's parent are not there
    with open(os.devnull, "w") as nothing, redirect_stdout(nothing):  # it has been said once
        writing.send(observed(source))
