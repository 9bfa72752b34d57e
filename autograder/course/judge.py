"""Judging answers that are known to be right or wrong: under several secrets, as if handed in."""

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.assignment.judged import Judged
from autograder.assignment.keyring import kept_key
from autograder.assignment.mistakes import MistakesError
from autograder.assignment.other_secrets import other_secrets
from autograder.assignment.source import Source, SourceError
from autograder.assignment.validation import read_source
from autograder.checks.evidence import printable
from autograder.checks.verdict import Verdict
from autograder.course.executors import executions
from autograder.course.labelled import Answer, answers_in, in_words
from autograder.course.sample import filled_in, references
from autograder.files import write_rows
from autograder.grading.jobs import Job
from autograder.grading.repair.reading import SubmissionError, read_bytes
from autograder.grading.submission import Grader, Submission
from autograder.grading.visible import VisibleVerifier
from autograder.settings import Course, SettingsError

NOT_WRITTEN = "not written yet"
Progress = Callable[[str, Iterable[Any], int], Iterable[Any]]
Jobs = dict[Answer, Job]
Found = dict[tuple[Answer, str], Verdict]  # by answer and exercise


@dataclass
class Outcome:
    """What became of the answers in a folder, and a line about each file that was not judged."""

    judged: list[Judged] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def judge_folder(
    course: Course, folder: Path, secrets: int, workers: int | None, progress: Progress
) -> Outcome:
    """Judge every answer in a folder, under so many secrets that are not the course's own.

    A secret under which no key can be made is left out. Raises SettingsError where there is no
    answer, StaleError where a notebook is not current.
    """
    sources = {name: read_source(course.source_path(name)) for name in course.assignments()}
    answers, skipped = answers_in(folder, {n: _names(source) for n, source in sources.items()})
    if not answers:
        raise SettingsError("\n".join([*skipped, f"{folder}: no answer to judge"]))
    outcome = Outcome(skipped=skipped)
    by_assignment = itertools.groupby(sorted(answers, key=_assignment), _assignment)
    groups = {assignment: list(group) for assignment, group in by_assignment}
    with other_secrets(course, secrets) as courses:
        fit = _make_keys(courses, [sources[name] for name in groups], workers, progress, outcome)
        for assignment, group in groups.items():
            if fit[assignment]:
                judge = _Judge(fit[assignment], sources[assignment], workers, progress)
                judge.judge(group, outcome)
    return outcome


def _assignment(answer: Answer) -> str:
    return answer.assignment


def _names(source: Source) -> dict[str, str]:
    """Exercises that are code, by their own names and by those that students define."""
    subjects = {in_words(source.subjects[name]): name for name in source.checks}
    return {**subjects, **{in_words(name): name for name in source.checks}}


def _make_keys(
    courses: Sequence[Course],
    sources: Sequence[Source],
    workers: int | None,
    progress: Progress,
    outcome: Outcome,
) -> dict[str, list[Course]]:
    """Make all keys; by assignment, the secrets under which there is one.

    In processes of their own, as time limits of references and mistakes need main threads.
    """
    pairs = [(source, course) for source in sources for course in courses]
    fit: dict[str, list[Course]] = {source.assignment: [] for source in sources}
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        made = map(_make_key, pairs) if len(sources) == 1 else pool.map(_make_key, pairs)
        problems = progress("making keys", made, len(pairs))
        for (source, course), problem in zip(pairs, problems, strict=True):
            if problem:
                outcome.skipped.append(f"a secret, for {source.assignment}: {problem}")
            else:
                fit[source.assignment].append(course)
    return fit


def _make_key(pair: tuple[Source, Course]) -> str:
    """Make a key; why there is none under this secret, or nothing."""
    source, course = pair
    try:
        kept_key(course, source)
    except (SourceError, MistakesError) as error:
        return str(error)
    return ""


class _Judge:
    """The answers to one assignment on their way through graders, one for each secret."""

    def __init__(
        self, courses: Sequence[Course], source: Source, workers: int | None, progress: Progress
    ) -> None:
        self.source, self.workers, self.progress = source, workers, progress
        name = source.assignment
        self.graders = [Grader(course, name) for course in courses]
        self.visible = Grader(courses[0], name, VisibleVerifier)

    def judge(self, answers: Sequence[Answer], outcome: Outcome) -> None:
        """Judge answers in their order; exercises that are not written are left out."""
        jobs = self._jobs(answers, outcome)
        visible = self._verdicts(self.visible, jobs)
        by_secret = [self._verdicts(grader, jobs) for grader in self.graders]
        outcome.judged += [
            self._judged(answer, exercise, [found[answer, exercise] for found in by_secret], seen)
            for (answer, exercise), seen in visible.items()
            if answer.exercise or by_secret[0][answer, exercise].feedback != NOT_WRITTEN
        ]

    def _judged(
        self, answer: Answer, exercise: str, verdicts: Sequence[Verdict], seen: Verdict
    ) -> Judged:
        name = printable(answer.name)
        return Judged(name, answer.assignment, exercise, answer.label, tuple(verdicts), seen)

    def _verdicts(self, grader: Grader, jobs: Jobs) -> Found:
        """By answer and exercise, in the order of the jobs."""
        own = {answer: grader.own(job) for answer, job in jobs.items()}
        found: Found = {}
        with executions(self.workers, grader.store) as executing:
            ready = executing.run(own.items())
            for answer in self.progress(self.source.assignment, ready, len(own)):
                execution = grader.execution(own[answer])
                for name in own[answer].exercises:
                    found[answer, name] = grader.verifier.verdict(name, execution, own[answer])
        return {
            (answer, name): found[answer, name] for answer in own for name in own[answer].exercises
        }

    def _jobs(self, answers: Sequence[Answer], outcome: Outcome) -> Jobs:
        """What has to be executed for each answer that can be read."""
        jobs: Jobs = {}
        for answer in answers:
            wanted = {answer.exercise} if answer.exercise else set(self.source.checks)
            try:
                jobs[answer] = self._submission(answer).job.only(wanted)
            except SubmissionError as error:
                outcome.skipped.append(str(error))
        return jobs

    def _submission(self, answer: Answer) -> Submission:
        content = read_bytes(answer.path)
        if answer.exercise is not None:
            content = nbformat.writes(self._with(answer.exercise, content)).encode()
        return Submission(self.visible, content, answer.path)

    def _with(self, exercise: str, content: bytes) -> NotebookNode:
        """The released notebook with this answer; the others are the reference's.

        What an exercise needs of earlier ones is thus there, where nothing stands in for it.
        """
        text = content.decode("utf-8", "replace").removeprefix("\ufeff")
        return filled_in(self.visible.released, {**references(self.source), exercise: text})


def write_judged(judged: Sequence[Judged], path: Path) -> None:
    """Everything about each answer, in a line of a CSV file."""
    count = max((len(one.verdicts) for one in judged), default=0)
    scores = [f"score_{number}" for number in range(1, count + 1)]
    heading = ["path", "assignment", "exercise", "label", *scores, "max_score", "visible"]
    heading += ["cause", "mistake", "feedback", "diagnosis", "visible_feedback"]
    write_rows(path, [heading, *(_row(one, count) for one in judged)])


def _row(one: Judged, secrets: int) -> list[object]:
    verdict, scores = one.verdict, [verdict.score for verdict in one.verdicts]
    return [
        *(one.name, one.assignment, one.exercise, one.label),
        *(scores + [None] * (secrets - len(scores))),  # an assignment may have no key under some
        *(verdict.max_score, "✓" if one.visible.passed else "✗"),
        *(one.cause, verdict.mistake, verdict.feedback, verdict.diagnosis),
        one.visible.feedback,
    ]
