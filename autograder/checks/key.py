"""The key: the reference's numbers for every case, and the numbers of known mistakes."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.checks.causes.library import Library, from_tree, to_tree
from autograder.checks.evidence import Evidence, EvidenceError, from_bytes, to_bytes
from autograder.checks.language import ENGLISH, _

VISIBLE_SEEDS = (1, 2)
NOT_SAID: tuple[str, list[str], list[str]] = (
    "",
    [],
    [],
)  # in notebooks that were released when keys said nothing of handing in
ARCHITECTURE = "architecture"  # cases of a trained model: the smallest layout of each kind


@dataclass(frozen=True)
class Case:
    """One run of a probe with one seed, its share of the points, and the right outcome."""

    probe: str
    index: int
    weight: float
    expected: Evidence


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: what to tell the student, and its outcome in each case."""

    name: str
    says: str
    outcomes: tuple[Evidence, ...]


@dataclass(frozen=True)
class Exercise:
    """An exercise's points, cases and mistakes; its subject is the name that students define."""

    name: str
    points: float
    subject: str = ""
    cases: tuple[Case, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    seeds: tuple[int, ...] = ()  # the cases', by index; what students get has public ones
    library: Library | None = None  # of wrong answers to the visible probes

    @property
    def is_code(self) -> bool:
        """Whether students write it; else they hand in a model file."""
        return all(case.probe != ARCHITECTURE for case in self.cases)

    @property
    def is_graded_later(self) -> bool:
        """Whether its check says no more than that the form is right."""
        return not any(case.weight for case in self.cases)


@dataclass(frozen=True)
class Key:
    """All exercises of an assignment, the points of its written answers, and what is handed in.

    `sections` are the numbers of the headings under which exercises and answers stand; `word` is
    what students call the notebook when they hand it in; `models` and `predictions` are the endings
    of the files that belong to it. `language` is what checks speak, and `words` are those of the
    assignment's own checks in it. `checks` is the identity of those that it was made with, where it
    is a visible one.
    """

    assignment: str
    exercises: dict[str, Exercise] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    word: str = ""
    models: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()
    language: str = ENGLISH
    checks: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def max_score(self) -> float:
        """Points that are graded automatically."""
        return sum(exercise.points for exercise in self.exercises.values())

    def place_of(self, name: str) -> str:
        """An exercise or answer as one finds it: `3.3 (lstm)`, or its name alone."""
        return f"{self.sections[name]} ({name})" if name in self.sections else name


def encode(key: Key) -> str:
    """The key as text: base64 of zlib of JSON, whose evidence is base64 of safetensors."""
    tree = {
        "assignment": key.assignment,
        "written": key.written,
        "sections": key.sections,
        "handing_in": [key.word, key.models, key.predictions],
        "language": [key.language, dict(key.words)],
        "checks": key.checks,
        "exercises": [_exercise_to_tree(exercise) for exercise in key.exercises.values()],
    }
    return base64.b64encode(zlib.compress(json.dumps(tree).encode(), 9)).decode()


def decode(text: str) -> Key:
    """The key from `encode`. Raises ValueError where the text was damaged."""
    try:
        tree = json.loads(zlib.decompress(base64.b64decode(text)))
        exercises = {each["name"]: _exercise_from_tree(each) for each in tree["exercises"]}
        word, models, predictions = tree.get("handing_in") or NOT_SAID
        language, words = tree.get("language") or (ENGLISH, {})
        return Key(
            tree["assignment"],
            exercises,
            tree["written"],
            tree.get("sections", {}),
            word,
            tuple(models),
            tuple(predictions),
            language,
            tree.get("checks", ""),
            words,
        )
    except (ValueError, LookupError, TypeError, EvidenceError, zlib.error) as error:
        said = _("the key is damaged: take this cell from the released notebook")
        raise ValueError(said) from error


def _exercise_to_tree(exercise: Exercise) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "points": exercise.points,
        "subject": exercise.subject,
        "seeds": list(exercise.seeds),
        "cases": [[c.probe, c.index, c.weight, _pack([c.expected])] for c in exercise.cases],
        "mistakes": [[m.name, m.says, _pack(m.outcomes)] for m in exercise.mistakes],
        "library": exercise.library and to_tree(exercise.library),
    }


def _exercise_from_tree(tree: dict[str, Any]) -> Exercise:
    return Exercise(
        tree["name"],
        tree["points"],
        tree["subject"],
        tuple(Case(probe, i, weight, _evidence(e[0])) for probe, i, weight, e in tree["cases"]),
        tuple(Mistake(name, says, _unpack(outcomes)) for name, says, outcomes in tree["mistakes"]),
        tuple(tree["seeds"]),
        from_tree(tree["library"]) if tree["library"] else None,
    )


def _pack(outcomes: Iterable[Evidence]) -> list[str]:
    return [base64.b64encode(to_bytes(outcome)).decode() for outcome in outcomes]


def _unpack(texts: list[str]) -> tuple[Evidence, ...]:
    return tuple(map(_evidence, texts))


def _evidence(text: str) -> Evidence:
    return from_bytes(base64.b64decode(text))
