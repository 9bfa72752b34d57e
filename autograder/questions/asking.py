"""Questions for a class: made in parallel, kept, and chosen so that nobody has a classmate's."""

import hashlib
import hmac
import itertools
import json
import os
import random
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import torch
from traitlets.config import Config

from autograder.assignment.current import refuse_stale
from autograder.assignment.validation import read_source
from autograder.course.gradebook import Nbgrader
from autograder.errors import StoppedError, ToldError
from autograder.files import PRIVATE, write_whole
from autograder.grading.limits import TookTooLongError, at_most
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.grading.sandbox.syscalls import PR_SET_PDEATHSIG, prctl
from autograder.grading.submission import Grader, handed_in
from autograder.grading.visible import VisibleVerifier
from autograder.questions.making import Made, make_questions
from autograder.questions.question import Question, from_json
from autograder.questions.sights import MisreadError
from autograder.settings import Course, SettingsError, find_course

SECONDS = 600.0  # of processor time, for one student
KILLED = "a process was killed, as when memory is short: run it again, with fewer --workers"
Progress = Callable[[str, Iterable[Any], int], Iterable[Any]]


@dataclass(frozen=True)
class Choices:
    """What an instructor may say about questions; see the command's help."""

    count: int = 3
    exercises: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    seed: str = "1"
    workers: int | None = None


@dataclass
class Asked:
    """Questions by student, why somebody has fewer, and what went wrong with whom.

    `refuted` is how many were left out because another process found another key.
    """

    questions: dict[str, list[Question]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    refuted: int = 0
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A student whose questions are to be made, and where they are kept, under which digest."""

    root: Path
    sandbox: bool
    assignment: str
    student: str
    notebook: Path
    choices: Choices
    kept: Path
    digest: str


def folder_of(course: Course, assignment: str) -> Path:
    """Where an assignment's questions are."""
    return course.build / "questions" / assignment


def ask_class(
    course: Course,
    assignment: str,
    choices: Choices,
    progress: Progress = lambda _, items, __: items,
) -> Asked:
    """Questions for all who handed in, or for some; those that were made before are kept.

    Raises SettingsError where there is nobody to ask, SourceError, StaleError.
    """
    source = read_source(course.source_path(assignment))
    refuse_stale(source, read_notebook(course.released(assignment)))
    unknown = [name for name in choices.exercises if name not in source.checks]
    if unknown:
        raise SettingsError(f"no exercise {unknown[0]!r} (there: {', '.join(source.checks)})")
    notebooks = Nbgrader(course).submitted(assignment)
    absent = [student for student in choices.students if student not in notebooks]
    if absent or not notebooks:
        whose = f" by {absent[0]}" if absent else ""
        raise SettingsError(f"no submission of {assignment!r}{whose} in build/submitted")
    tasks = [
        _task(course, assignment, student, path, choices) for student, path in notebooks.items()
    ]
    wanted = choices.students or tuple(notebooks)
    todo = [task for task in tasks if task.student in wanted and _kept(task) is None]
    asked = Asked(problems=dict(_run(todo, choices.workers, progress)))
    made = {task.student: found for task in tasks if (found := _kept(task)) is not None}
    asked.questions = distinct({s: each.questions for s, each in made.items()}, choices.count)
    asked.refuted = sum(each.refuted for each in made.values())
    asked.told = {student: each.told for student, each in made.items() if each.told}
    return asked


def _task(course: Course, assignment: str, student: str, notebook: Path, choices: Choices) -> Task:
    kept = folder_of(course, assignment) / "kept" / f"{student}.json"
    digest = _digest(course, assignment, student, notebook, choices)
    return Task(course.root, course.sandbox, assignment, student, notebook, choices, kept, digest)


def _digest(course: Course, assignment: str, student: str, notebook: Path, choices: Choices) -> str:
    """Of all that a student's questions depend on; nobody can foresee them without the secret."""
    said = [assignment, student, choices.count, choices.exercises, choices.seed, torch.__version__]
    folder = course.source_path(assignment).parent
    files = [notebook, course.released(assignment), *sorted(folder.glob("*.py"))]
    parts = [json.dumps(said).encode(), own_code(), *(_read(file) for file in files)]
    return hmac.digest(course.secret(), b"\0".join(parts), hashlib.sha256).hex()


def _read(file: Path) -> bytes:
    with suppress(OSError):  # making questions says so
        return file.read_bytes()
    return b""


@cache
def own_code() -> bytes:
    """A hash of what makes questions: another kit makes others."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).digest()


def _kept(task: Task) -> Made | None:
    """What was made of just this before."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        said = json.loads(task.kept.read_text(encoding="utf-8"))
        if said["digest"] == task.digest:
            questions = [from_json(each) for each in said["questions"]]
            return Made(questions, said["told"], said["refuted"])
    return None


def _run(
    tasks: Sequence[Task], workers: int | None, progress: Progress
) -> Iterator[tuple[str, str]]:
    """Make questions; whose could not be made, and why.

    In processes of their own, whose main threads have limits of time, and of which each has its
    own zygote.
    """
    count = min(workers or os.cpu_count() or 1, len(tasks))
    if count < 2:
        results: Iterable[tuple[str, str]] = map(make_one, tasks)
        yield from (each for each in progress("asking", results, len(tasks)) if each[1])
        return
    pool = ProcessPoolExecutor(count, get_context("spawn"), initializer=_begin)
    try:
        futures: list[Future[tuple[str, str]]] = [pool.submit(make_one, task) for task in tasks]
        for future in progress("asking", as_completed(futures), len(tasks)):
            if (result := future.result())[1]:
                yield result
    except BrokenProcessPool:
        raise StoppedError(KILLED) from None
    except BaseException:
        for process in active_children():
            process.kill()  # what they are busy with is made again another time
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends them
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # where it is killed itself, too
    torch.set_num_threads(1)


def make_one(task: Task) -> tuple[str, str]:
    """Make a student's questions and keep them; the student, and why there are none.

    Raises StoppedError where no submission is to blame.
    """
    try:
        with at_most(SECONDS):
            made = _made(task)
    except (SubmissionError, MisreadError, TookTooLongError) as error:
        return task.student, str(error)
    except ToldError as error:
        raise StoppedError(str(error)) from None  # one that travels between processes
    except Exception as error:  # whatever a submission provokes, the others are asked
        return task.student, f"cannot be asked about: {type(error).__name__}: {error}"
    said = {
        "digest": task.digest,
        "told": made.told,
        "refuted": made.refuted,
        "questions": [each.as_json() for each in made.questions],
    }
    write_whole(task.kept, json.dumps(said, ensure_ascii=False), PRIVATE)
    return task.student, ""


def _made(task: Task) -> Made:
    grader = _grader(task.root, task.sandbox, task.assignment)
    submission = handed_in(grader, task.notebook)
    rng = random.Random(task.digest)
    choices = task.choices
    return make_questions(grader, submission, rng, choices.count, choices.exercises)


@lru_cache(1)
def _grader(root: Path, sandbox: bool, assignment: str) -> Grader:
    course = find_course(root)
    course.update_config(Config({"Course": {"sandbox": sandbox}}))
    return Grader(course, assignment, VisibleVerifier)


def distinct(pools: Mapping[str, Sequence[Question]], count: int) -> dict[str, list[Question]]:
    """So many of each student's, the best where nobody else has the same ones."""
    taken: set[frozenset[str]] = set()
    chosen: dict[str, list[Question]] = {}
    for student in sorted(pools):
        pool = pools[student]
        sets = itertools.combinations(pool, min(count, len(pool)))
        free = (each for each in sets if _signatures(each) not in taken)
        chosen[student] = list(next(free, ()))
        taken.add(_signatures(chosen[student]))
    return chosen


def _signatures(questions: Iterable[Question]) -> frozenset[str]:
    return frozenset(each.signature for each in questions)
