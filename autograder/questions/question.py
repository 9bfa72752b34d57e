"""A question about a student's own code, with its key; and one that is still to be proved."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from autograder.questions.experiments import Outcome, Version

LETTERS = "ABCD"


@dataclass(frozen=True)
class Option:
    """One of four answers: code or a value, and for the key, why it is right or wrong."""

    text: str
    is_right: bool
    why: str


@dataclass(frozen=True)
class Question:
    """What is asked, in text with `code` in it; `given` says which call is meant.

    `code` are numbered lines of the student's; those in `marked` are asked about. `why` explains
    the right answer.
    """

    kind: str
    exercise: str
    code: tuple[tuple[int, str], ...]
    marked: tuple[int, ...]
    asked: str
    given: str
    options: tuple[Option, ...]
    why: str

    @property
    def key(self) -> str:
        """The letter of the right option."""
        return next(name for name, each in zip(LETTERS, self.options, strict=True) if each.is_right)

    @property
    def signature(self) -> str:
        """By which two questions are the same for whoever reads them, in whatever order."""
        options = sorted(each.text for each in self.options)
        return "\n".join([self.exercise, str(self.code), self.asked, self.given, *options])

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def from_json(said: dict[str, Any]) -> Question:
    """A question from `as_json`. Raises LookupError, TypeError for all else."""
    return Question(
        **{
            **said,
            "code": tuple((number, line) for number, line in said["code"]),
            "marked": tuple(said["marked"]),
            "options": tuple(Option(**each) for each in said["options"]),
        }
    )


@dataclass(frozen=True)
class Draft:
    """A question whose key is to be found once more, by other versions in another process."""

    question: Question
    versions: Sequence[Version]
    is_proved: Callable[[Sequence[Outcome]], bool]
    rank: float = 0.0  # the higher the better
