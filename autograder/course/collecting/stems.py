"""What a file is, by its name: the kind its extension says, and the word that it is known by."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from autograder.checks.language import languages

SEPARATOR = r"[\s_\-]*"
# what browsers, Jupyter and learning-management systems add to a name that is taken
COPY = re.compile(
    r"[\s_\-]*(?:\(\d{1,3}\)|[\s_\-+]\d{1,2}|[\s_\-](?:copy|副本)\s*\(?\d*\)?"
    r"|-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
    re.IGNORECASE,
)
PAGE = re.compile(rf"{SEPARATOR}\(?(?<!\d)\d{{1,3}}\)?$")
AROUND = " _-"
KINDS = {
    "notebook": (".ipynb",),
    "model": (".pth", ".pt", ".safetensors"),
    "predictions": (".txt",),
    "answer": (".jpg", ".jpeg", ".png", ".heic", ".pdf"),
}
KIND = {extension: kind for kind, extensions in KINDS.items() for extension in extensions}
DISGUISES = (".json", ".txt", ".download")  # that browsers append to an extension they don't know
# Colab puts the whole name in the sentence that says what is a copy of what
INSIDE = re.compile(r"\.ipynb(?=[^0-9a-z.])", re.IGNORECASE)


@dataclass(frozen=True)
class Stem:
    """A file's name: what stands before and behind the word that was found in it.

    Without one, everything stands in front. `is_plain` where nothing about it is unusual.
    """

    front: str
    word: str
    behind: str
    extension: str
    copy: int = 0
    is_plain: bool = True

    @property
    def text(self) -> str:
        """All that stands around the word."""
        return f"{self.front} {self.behind}"

    @property
    def kind(self) -> str:
        """Notebook, model, predictions or answer; empty for other files, such as any other text."""
        kind = KIND.get(self.extension, "")
        return "" if kind == "predictions" and not self.word else kind


class Stems:
    """Divides names of files of one assignment; `words` are what students call its notebooks."""

    def __init__(self, words: Iterable[str]) -> None:
        words = [*words]
        answers = [f"{word}_answer" for word in words] + ["answer"]
        own = {kind: [kind] for kind in ("model", "predictions")}
        of_kind = {"notebook": words, **own, "answer": answers}
        self.patterns = {kind: _patterns(kind, of_kind[kind]) for kind in of_kind}

    def divide(self, file: str) -> Stem:
        """The parts of a file's name."""
        text, extension, is_usual = _extension(file)
        kind = KIND.get(extension, "")
        number = PAGE if kind == "answer" else COPY
        for word, pattern in self.patterns.get(kind, []):
            for found in [*pattern.finditer(text)][-1:]:
                front, behind = text[: found.start()], text[found.end() :]
                is_plain = is_usual and found[0] == word and not number.sub("", behind)
                is_plain &= front.strip(AROUND) + "_" * bool(front) == front
                return Stem(front.strip(AROUND), word, behind, extension, _number(behind), is_plain)
        return Stem(COPY.sub("", text), "", "", extension, _number(text), False)


def originals(notebooks: list[str]) -> list[str]:
    """The names that are not one of the others' in another language, as `demo.zh` is `demo`'s."""
    ends = [f".{language}" for language in languages()]
    others = {f"{name}{end}" for name in notebooks for end in ends}
    return [name for name in notebooks if name not in others]


def _patterns(kind: str, words: list[str]) -> list[tuple[str, re.Pattern[str]]]:
    """Words wherever they stand, in any spacing, with or without zeros before a number; the longer
    first. Numbers of pages may follow directly."""
    end = "(?![a-z])" if kind == "answer" else "(?![a-z0-9])"
    return [
        (word, re.compile(rf"(?<![a-z]){_flexible(word)}{end}", re.IGNORECASE))
        for word in sorted(words, key=len, reverse=True)
    ]


def _flexible(word: str) -> str:
    pieces = re.findall(r"[^\W\d_]+|\d+", word)
    return SEPARATOR.join(f"0*{int(p)}" if p.isdecimal() else re.escape(p) for p in pieces)


def _extension(file: str) -> tuple[str, str, bool]:
    """A name without its extension, that in its usual form, and whether it was so."""
    path = PurePath(file)
    if path.suffix.lower() in DISGUISES and PurePath(path.stem).suffix.lower() in KIND:
        return (*_extension(path.stem)[:2], False)
    if path.suffix.lower() not in KIND and (inside := INSIDE.search(file)):
        return file[: inside.start()] + file[inside.end() :], ".ipynb", False
    extension = {".pt": ".pth"}.get(path.suffix.lower(), path.suffix.lower())
    return path.stem, extension, path.suffix == extension


def _number(text: str) -> int:
    """The number of a copy or page; 1 where it is a copy without one."""
    if end := COPY.search(text) or PAGE.search(text):
        digits = re.findall(r"\d{1,3}(?!\d)", end[0])
        return int(digits[0]) if digits else 1
    return 0
