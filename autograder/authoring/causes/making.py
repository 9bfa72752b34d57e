"""Making an exercise's library: every wrong answer on the visible probes, with the first seed."""

import contextlib
import hashlib
import io
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from autograder.assignment.keyring import own_code
from autograder.assignment.source import Source
from autograder.assignment.trial import Trial, load, redefined, trial
from autograder.authoring.causes.candidates import Candidate, Rank, candidates
from autograder.checks.causes.library import ROW, Library, Reasons, are_close, row_of_answer
from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Exercise, Key
from autograder.checks.sketch import arrays_in
from autograder.checks.verdict import said_by_law

SECONDS = 1.0  # for one case of a wrong answer
TELLING = 4  # different numbers in an array; two answers that have them have the same cause
SEED = VISIBLE_SEEDS[:1]
Answer = tuple[int, ...]  # the numbers of its rows
Observed = dict[str, Evidence]  # by probe


def made_from(source: Source) -> str:
    """A hash of all that the libraries of a source depend on."""
    mistakes = source.path.with_name("mistakes.toml")
    parts = (
        source.text.encode(),
        source.checks_text.encode(),
        mistakes.read_bytes() if mistakes.exists() else b"",
        own_code(),
        _code_of_making(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@cache
def _code_of_making() -> bytes:
    folder = Path(__file__).parent
    beside = [folder.with_name(f"{name}.py") for name in ("equivalence", "mutants", "operators")]
    files = [*sorted(folder.glob("*.py")), *beside]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).digest()


def with_libraries(key: Key, source: Source, released: Key | None) -> Key:
    """A visible key with libraries: the released ones, where nothing has changed since."""
    digest = made_from(source)
    known = released.exercises if released else {}
    exercises = {
        name: replace(
            exercise, library=_kept(known.get(name), digest) or made(source, name, digest)
        )
        if exercise.is_code
        else exercise
        for name, exercise in key.exercises.items()
    }
    return replace(key, exercises=exercises)


def _kept(released: Exercise | None, digest: str) -> Library | None:
    library = released.library if released else None
    return library if library and library.made_from == digest else None


_MADE: dict[tuple[str, str], Library] = {}  # by digest and exercise: courses may be many


def made(source: Source, exercise: str, digest: str) -> Library:
    """The library of an exercise, made once in a process."""
    if (digest, exercise) not in _MADE:
        _MADE[digest, exercise] = library(source, exercise, digest)
    return _MADE[digest, exercise]


def library(source: Source, exercise: str, digest: str) -> Library:
    """The wrong answers of an exercise that its visible probes tell from the right one."""
    module, rows = load(source), Rows()
    reference = trial(source, module, exercise, hidden=False)
    right = _observed(reference)
    numbers = rows.of(reference, right)
    said: dict[Answer, list[Candidate]] = {}
    telling: set[Answer] = set()
    for candidate in candidates(source, exercise):
        with contextlib.suppress(Exception), redefined(module, candidate.solution, source.path):
            tested = trial(source, module, exercise, hidden=False)
            evidence = _observed(tested, stops=candidate.rank != Rank.LISTED)
            answer = rows.of(tested, evidence)
            if is_explained(answer, numbers, evidence):
                said.setdefault(answer, []).append(candidate)
            if tells(right, evidence):
                telling.add(answer)
    reasons = {answer: reasons_of(found, answer in telling) for answer, found in said.items()}
    return _library(digest, tuple(right), rows, numbers, reasons)


def _observed(tested: Trial, *, stops: bool = False) -> Observed:
    """What is made of every probe; where it `stops`, an error in the first one ends it."""
    evidence: Observed = {}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for (probe, _), found in tested.one_by_one(SEED, SECONDS):
            evidence[probe] = found
            if stops and found.error is not None and len(evidence) == 1:
                raise _ErrorsError
    return evidence


class _ErrorsError(Exception):
    """An answer that raises errors, which say themselves what they are."""


class Rows:
    """Rows that have been seen, each once, whatever the last digits of their numbers are."""

    def __init__(self) -> None:
        self.array = np.zeros(0, ROW)

    def of(self, tested: Trial, evidence: Observed) -> Answer:
        """The numbers of an answer's rows, new ones among them."""
        probes = tested.spec.probes
        problems = [said_by_law(probes[probe], found) for probe, found in evidence.items()]
        return tuple(map(self._number, row_of_answer(list(evidence.values()), problems)))

    def _number(self, row: np.void) -> int:
        same = self.array["form"] == row["form"]
        found = np.flatnonzero(same & are_close(self.array["numbers"], row["numbers"]))
        if not found.size:
            self.array = np.append(self.array, row)
        return int(found[0]) if found.size else len(self.array) - 1


def is_explained(answer: Answer, right: Answer, evidence: Observed) -> bool:
    """Whether an answer is wrong, and not by errors alone: these say themselves what they are."""
    wrong = {i // 2 for i, (a, b) in enumerate(zip(answer, right, strict=True)) if a != b}
    return any(evidence[probe].error is None for i, probe in enumerate(evidence) if i in wrong)


def tells(right: Observed, evidence: Observed) -> bool:
    """Whether an answer has numbers that chance, or another cause, would not give."""
    pairs = ((right[probe], found) for probe, found in evidence.items() if found.error is None)
    return any(_differs(*pair) for pair in pairs)


def _differs(right: Evidence, given: Evidence) -> bool:
    before = {array.values.tobytes() for array in arrays_in(right.value)}
    new = (a.values for a in arrays_in(given.value) if a.values.tobytes() not in before)
    return any(len(np.unique(values[np.isfinite(values)])) >= TELLING for values in new)


def reasons_of(found: list[Candidate], is_telling: bool) -> tuple[tuple[str, ...], ...]:
    """What is said of candidates that do the same: of listed ones all, of others the surest.

    Where the numbers are too few to tell one cause from another, others that differ are not said.
    """
    surest = min(candidate.rank for candidate in found)
    said = tuple(dict.fromkeys(c.says for c in found if c.rank == surest))
    if surest == Rank.LISTED:
        return said
    return said[:1] if is_telling or len({c.says for c in found}) == 1 else ()


def _library(
    digest: str,
    probes: tuple[str, ...],
    rows: Rows,
    right: Answer,
    reasons: dict[Answer, tuple[tuple[str, ...], ...]],
) -> Library:
    told = {answer: said for answer, said in reasons.items() if said}
    sentences = list(dict.fromkeys(s for said in told.values() for reason in said for s in reason))
    numbered = {sentence: number for number, sentence in enumerate(sentences)}
    by_number: list[Reasons] = [
        tuple(tuple(numbered[sentence] for sentence in reason) for reason in said)
        for said in told.values()
    ]
    answers = np.array([right, *told], np.int64)
    kept, places = np.unique(answers, return_inverse=True)
    return Library(
        digest,
        probes,
        rows.array[kept],
        places.reshape(answers.shape),
        tuple(sentences),
        ((), *by_number),
    )
