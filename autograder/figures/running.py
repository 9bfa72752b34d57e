"""Measuring what is missing: runs side by side, each result kept as soon as it is there."""

import contextlib
import csv
import io
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from autograder.assignment.definitions import definitions
from autograder.assignment.measured import SECONDS, TABLE, Row, read_table
from autograder.assignment.source import read_text
from autograder.checks.evidence import printable
from autograder.errors import ToldError
from autograder.figures.code import digest
from autograder.figures.declared import Run, read_runs
from autograder.figures.machine import device_kind, machine
from autograder.files import write_whole

UNKNOWN = 60.0  # seconds of a run that was never done
TICK = 1.0  # seconds between two looks at what runs


@dataclass(frozen=True)
class Task:
    """One run with one seed, of the assignment in a folder."""

    folder: Path
    run: str
    seed: int
    digest: str
    expected: float = UNKNOWN  # seconds, as it took before

    def __str__(self) -> str:
        return f"{self.folder.name} {self.run}, seed {self.seed}"


@dataclass(frozen=True)
class Done:
    """A task that ended: its rows, or what went wrong."""

    task: Task
    rows: list[Row]
    error: str = ""


class RunError(ToldError):
    """A run that did not give what it declares."""


def tasks(folder: Path, *, again: bool = False) -> list[Task]:
    """What is to be measured in an assignment's folder; all of it `again` where wished."""
    rows, device = read_table(folder), device_kind()
    found = []
    for name, declared in read_runs(folder).items():
        code = digest(name, folder)
        for seed in () if declared.lacks() else declared.seeds:
            old = [row for row in rows if (row.run, row.seed, row.device) == (name, seed, device)]
            if again or not _is_whole(old, declared, code):
                took = [row.value for row in old if row.figure == SECONDS]
                found.append(Task(folder, name, seed, code, *took))
    return found


def _is_whole(rows: list[Row], declared: Run, code: str) -> bool:
    wanted = {*declared.figures, SECONDS}
    return {row.figure for row in rows} == wanted and all(row.digest == code for row in rows)


def results(
    todo: Sequence[Task], work: Path, workers: int, tell: Callable[[str], object]
) -> Iterator[Done]:
    """Do all tasks, the longest first, so many at a time; each as soon as it is done.

    Files that runs write lie in `work`, in a folder for each assignment. What is being done is told
    every second.
    """
    threads = max(1, (os.cpu_count() or 1) // workers)
    ordered = sorted(todo, key=lambda task: -task.expected)
    spawn = multiprocessing.get_context("spawn")  # a forked process has no GPU
    with ProcessPoolExecutor(workers, spawn) as pool, _stopping(pool):
        left = {pool.submit(_measured, task, work, threads): task for task in ordered}
        while left:
            for future in wait(left, TICK, FIRST_COMPLETED).done:
                yield _ended(future, left.pop(future))
            begun = [task for future, task in left.items() if future.running()]
            tell("; ".join(map(str, begun[:workers])))  # the pool calls one more so, which waits


@contextlib.contextmanager
def _stopping(pool: Executor) -> Iterator[None]:
    """Begin nothing new where one stops."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _ended(future: Future[list[Row]], task: Task) -> Done:
    try:
        return Done(task, future.result())
    except Exception as error:  # whatever an author's run raises, the others go on
        return Done(task, [], f"{type(error).__name__}: {printable(str(error))}")


def _measured(task: Task, work: Path, threads: int) -> list[Row]:
    """In a process of its own: run, and look at what came."""
    torch.set_num_threads(threads)
    declared = read_runs(task.folder)[task.run]
    path = task.folder / f"{task.folder.name}.py"
    lab = definitions(read_text(path), path)
    (work / task.folder.name).mkdir(parents=True, exist_ok=True)
    os.chdir(work / task.folder.name)
    _seed(task.seed)
    begin = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):  # progress bars of notebooks
        values = dict(declared.measure(lab, task.seed))
    values[SECONDS] = time.process_time() - begin
    if values.keys() != {*declared.figures, SECONDS}:
        raise RunError(f"declares {sorted(declared.figures)} and returned {sorted(values)}")
    where = task.digest, device_kind(), machine()
    return [Row(task.run, task.seed, name, float(x), *where) for name, x in values.items()]


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def keep(done: Done) -> None:
    """Put a task's rows into its table, in the place of older ones, in the order of declaration."""
    declared = read_runs(done.task.folder)
    new = {_place(row) for row in done.rows}
    rows = [row for row in read_table(done.task.folder) if _is_declared(row, declared)]
    kept = [row for row in rows if _place(row) not in new]
    order = list(declared)
    ordered = sorted(kept + done.rows, key=lambda row: (row.device, order.index(row.run), row.seed))
    head = [field.name for field in fields(Row)]
    lines = ((r.run, r.seed, r.figure, f"{r.value:.6g}", *astuple(r)[4:]) for r in ordered)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([head, *lines])  # as git keeps lines
    write_whole(done.task.folder / TABLE, table.getvalue())


def _is_declared(row: Row, declared: Mapping[str, Run]) -> bool:
    return row.run in declared and row.seed in declared[row.run].seeds


def _place(row: Row) -> tuple[str, int, str]:
    """What a new measurement takes the place of."""
    return row.run, row.seed, row.device
