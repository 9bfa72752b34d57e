"""Finding answers in a folder: of which exercise each file is, and whether it is known to be right.

Paths say it: `attention/max_pool/wrong/mean.py`, `nmt_encoder_right_2.py`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.judged import Label
from autograder.errors import ToldError

LABELS = {
    **dict.fromkeys(("right", "correct", "good"), Label.RIGHT),
    **dict.fromkeys(("wrong", "incorrect", "bad"), Label.WRONG),
}
WORDS = "|".join(LABELS)
FIRST, LAST = re.compile(rf"({WORDS})(\d*_|\d*$)"), re.compile(rf"(?:^|_)({WORDS})_?\d*$")
CELL, NOTEBOOK = ".py", ".ipynb"
Known = Mapping[str, Mapping[str, str]]  # by assignment: each exercise, by every name that it has


class NowhereError(ToldError):
    """A file whose path does not say what it answers."""


@dataclass(frozen=True)
class Answer:
    """A file with an answer to one exercise; with answers to all of them where it is a notebook."""

    path: Path
    name: str  # its path in the folder
    assignment: str
    exercise: str | None
    label: Label


def answers_in(folder: Path, known: Known) -> tuple[list[Answer], list[str]]:
    """The answers in a folder, and a line about each file that belongs nowhere."""
    found, lines = [], []
    for path in sorted(_files(folder)):
        try:
            found.append(answer(path, folder, known))
        except NowhereError as error:
            lines.append(f"{path.relative_to(folder)}: {error}")
    return found, lines


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
        if path.suffix in (CELL, NOTEBOOK) and not hidden and path.is_file():
            yield path


def answer(path: Path, folder: Path, known: Known) -> Answer:
    """What a file answers, as its path says. Raises NowhereError."""
    inside = path.relative_to(folder)
    parts = [*map(in_words, inside.parts[:-1]), in_words(inside.stem)]
    if path.suffix == NOTEBOOK:
        return Answer(path, str(inside), _only(_named(parts, known)), None, Label.UNKNOWN)
    label, parts = _labelled(parts)
    assignment, exercise = _place(parts, known)
    return Answer(path, str(inside), assignment, exercise, label)


def in_words(text: str) -> str:
    """A name in lower case, with one _ between its words."""
    return re.sub(r"[\W_]+", "_", text.lower()).strip("_")


def _labelled(parts: Sequence[str]) -> tuple[Label, list[str]]:
    """The label, and the parts without any; a file in `wrong/` may end in `bottom_right.py`."""
    *folders, stem = parts
    found = FIRST.match(stem) or LAST.search(stem)
    labels = [LABELS[found[1]]] if found else []
    labels += [LABELS[part] for part in folders if part in LABELS]
    bare = LAST.sub("", FIRST.sub("", stem, count=1)).strip("_") if found else stem
    kept = [part for part in folders if part not in LABELS]
    return (labels[-1] if labels else Label.UNKNOWN), [*kept, bare]


def _place(parts: Sequence[str], known: Known) -> tuple[str, str]:
    """Assignment and exercise. Raises NowhereError where there is none, or more than one."""
    named = _begun(parts, known)
    places = {
        (assignment, exercise)
        for assignment in named or known
        for exercise in _exercises(_without(parts, assignment), known[assignment])
    }
    if not places:
        raise NowhereError("its path names no exercise" + (f" of {named[0]}" if named else ""))
    longest = max(len(exercise) for _, exercise in places)
    _only([assignment for assignment, exercise in places if len(exercise) == longest])
    return next(place for place in places if len(place[1]) == longest)


def _only(assignments: Sequence[str]) -> str:
    if len(assignments) == 1:
        return assignments[0]
    which = f"one of {', '.join(sorted(assignments))}" if assignments else "an assignment"
    raise NowhereError(f"its path must name {which}")


def _begun(parts: Sequence[str], known: Known) -> list[str]:
    """The assignment that the first part to begin with one names; none where none does."""
    for part in parts:
        if found := _longest(part, known):
            return [found]
    return []


def _named(parts: Sequence[str], known: Known) -> list[str]:
    """The assignments whose names stand anywhere, as names of handed-in notebooks have them."""
    whole = "_".join(["", *parts, ""])
    found = [assignment for assignment in known if f"_{assignment}_" in whole]
    return [name for name in found if not any(name in other for other in found if other != name)]


def _without(parts: Sequence[str], assignment: str) -> list[str]:
    """The parts without the assignment's name where it stands first: an exercise may share it."""
    at = next((i for i, part in enumerate(parts) if _longest(part, [assignment])), None)
    bare = [
        part.removeprefix(assignment).strip("_") if i == at else part
        for i, part in enumerate(parts)
    ]
    return bare if len(parts) > 1 or bare[0] else list(parts)


def _exercises(parts: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The exercise that a whole folder is called after; else what the file's name begins with."""
    *folders, stem = parts
    whole = [names[part] for part in reversed(folders) if part in names]
    begun = _longest(stem, names)
    return whole[:1] or ([names[begun]] if begun else [])


def _longest(part: str, names: Iterable[str]) -> str:
    """The longest name that a part begins with; empty where there is none."""
    found = (name for name in names if f"{part}_".startswith(f"{name}_"))
    return max(found, key=len, default="")
