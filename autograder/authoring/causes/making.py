"""Making an exercise's library: every wrong answer on the visible probes, with the first seed."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from autograder.assignment.aside import aside
from autograder.assignment.source import Source
from autograder.assignment.trial import Trial, load, redefined, trial
from autograder.authoring.causes.candidates import Candidate, Rank, candidates
from autograder.checks.always import Always
from autograder.checks.causes.known import said_by_law
from autograder.checks.causes.library import (
    ROW,
    Library,
    Reasons,
    Row,
    are_close,
    tried_row,
    value_row,
)
from autograder.checks.evidence import Evidence
from autograder.checks.identity import own_code
from autograder.checks.key import VISIBLE_SEEDS, Exercise, Key
from autograder.checks.language import ENGLISH, spoken
from autograder.checks.sketch import arrays_in

SECONDS, MEMORY = 1.0, 2**30  # for one case of a wrong answer, and bytes for all of them
TELLING = 4  # different numbers in a case; two answers that have them have the same cause
SPECIAL = 2  # numbers that are no small whole ones, halves or quarters: fewer tell as much
SMALL = 1000
SEED = VISIBLE_SEEDS[:1]
Answer = tuple[int, ...]  # the numbers of its rows


def made_from(source: Source) -> str:
    """A hash of all that the libraries of a source depend on."""
    mistakes = source.path.with_name("mistakes.toml")
    parts = (
        source.text.encode(),
        source.checks_text.encode(),
        mistakes.read_bytes() if mistakes.exists() else b"",
        own_code(),
        _code_of_making(),
        spoken().removeprefix(ENGLISH).encode(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@cache
def _code_of_making() -> bytes:
    folder = Path(__file__).parent
    beside = [folder.with_name(f"{name}.py") for name in ("equivalence", "mutants")]
    operators = sorted(folder.with_name("operators").glob("*.py"))
    files = [*sorted(folder.glob("*.py")), *operators, *beside]
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
    module, bench = load(source), Bench()
    right = bench.try_out(trial(source, module, exercise, hidden=False))
    said: dict[Answer, list[Candidate]] = {}
    telling: set[Answer] = set()
    for candidate in candidates(source, exercise):
        with contextlib.suppress(Exception), aside(MEMORY):
            with redefined(module, candidate.solution, source.path):
                tested = trial(source, module, exercise, hidden=False)
                found = bench.try_out(tested, right, stops=candidate.rank != Rank.LISTED)
            if found.is_explained(right):
                said.setdefault(found.answer, []).append(candidate)
                if found.tells(right):
                    telling.add(found.answer)
    reasons = {answer: reasons_of(found, answer in telling) for answer, found in said.items()}
    return _library(digest, tuple(right.evidence), bench.rows, right.answer, reasons)


@dataclass(frozen=True)
class TriedOut:
    """What an answer makes of every probe, and the numbers of its rows."""

    evidence: Mapping[str, Evidence]
    answer: Answer

    def is_explained(self, right: "TriedOut") -> bool:
        """Whether it is wrong, and not by errors alone: these say themselves what they are."""
        pairs = zip(self.answer, right.answer, strict=True)
        wrong = {column // 2 for column, (a, b) in enumerate(pairs) if a != b}
        return any(
            self.evidence[p].error is None for i, p in enumerate(self.evidence) if i in wrong
        )

    def tells(self, right: "TriedOut") -> bool:
        """Whether it has numbers that chance, or another cause, would not give."""
        pairs = ((right.evidence[probe], found) for probe, found in self.evidence.items())
        new = [_new_numbers(*pair) for pair in pairs if pair[1].error is None]
        special = {n for n in np.concatenate([*new, np.zeros(0)]) if (4 * n) % 1 or abs(n) > SMALL}
        return len(special) >= SPECIAL or any(len(np.unique(each)) >= TELLING for each in new)


class Bench:
    """Where answers are tried out; rows are kept once, whatever their last digits are."""

    def __init__(self) -> None:
        self.rows = np.zeros(0, ROW)

    def try_out(
        self, tested: Trial, right: TriedOut | None = None, *, stops: bool = False
    ) -> TriedOut:
        """An answer's evidence and rows: of its values, and where these are right, of all else.

        Where it `stops`, an error in the first probe is raised.
        """
        if right is not None:
            evidence = _observed(tested, frozenset(), stops)
            values = [self._number(row) for row in _rows(tested, evidence, value_row)]
            if values != [*right.answer[::2]]:
                return TriedOut(evidence, _interleaved(values, right.answer[1::2]))
        evidence = _observed(tested, None, stops)
        values = [self._number(row) for row in _rows(tested, evidence, value_row)]
        besides = [self._number(row) for row in _rows(tested, evidence, tried_row)]
        return TriedOut(evidence, _interleaved(values, besides))

    def _number(self, row: Row) -> int:
        numbers, form = row
        same = (self.rows["form"] == form) & are_close(self.rows["numbers"], numbers)
        if not same.any():
            self.rows = np.append(self.rows, np.array([row], ROW))
        return int(same.argmax()) if same.any() else len(self.rows) - 1


def _observed(tested: Trial, tried: frozenset[Always] | None, stops: bool) -> dict[str, Evidence]:
    evidence: dict[str, Evidence] = {}
    for (probe, _), found in tested.one_by_one(SEED, SECONDS, tried):
        evidence[probe] = found
        if stops and found.error is not None and len(evidence) == 1:
            raise _ErrorsError
    return evidence


class _ErrorsError(Exception):
    """An answer that raises errors, which say themselves what they are."""


def _rows(
    tested: Trial, evidence: Mapping[str, Evidence], row: Callable[[Evidence, str | None], Row]
) -> Iterator[Row]:
    for probe, found in evidence.items():
        yield row(found, said_by_law(tested.spec.probes[probe], found))


def _interleaved(values: Sequence[int], besides: Sequence[int]) -> Answer:
    return tuple(n for pair in zip(values, besides, strict=True) for n in pair)


def _new_numbers(right: Evidence, given: Evidence) -> np.ndarray:
    """The finite numbers of all arrays that the right answer has not."""
    before = {array.values.tobytes() for array in arrays_in(right.value)}
    new = (a.values.ravel() for a in arrays_in(given.value) if a.values.tobytes() not in before)
    numbers = np.concatenate([*new, np.zeros(0)]).astype(np.float64)
    return numbers[np.isfinite(numbers)]


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
    rows: np.ndarray,
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
        rows[kept],
        places.reshape(answers.shape),
        tuple(sentences),
        ((), *by_number),
    )
