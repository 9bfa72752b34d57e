"""Whose a handed-in file is and what it is, by its name: `<student id>_<name>_lab3.ipynb`."""

import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePath

from autograder.course.collecting.lms import Export, read_export

COLLECTED, UNKNOWN, MISNAMED, IGNORED = "collected", "unknown", "misnamed", "ignored"
SEPARATOR = r"[\s_\-]*"
# what browsers, Jupyter and learning-management systems add to a name that is taken
COPY = re.compile(
    r"[\s_\-]*(?:\((?P<a>\d{1,3})\)|[\s_\-](?P<b>\d{1,2})|[\s_\-](?:copy|副本)\s*\(?(?P<c>\d*)\)?"
    r"|-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
    re.IGNORECASE,
)
PAGE = re.compile(rf"{SEPARATOR}\(?(\d{{1,3}})\)?$")
KINDS = {
    "notebook": (".ipynb",),
    "model": (".pth", ".pt", ".safetensors"),
    "predictions": (".txt",),
    "answer": (".jpg", ".jpeg", ".png", ".heic", ".pdf"),
}
KIND = {extension: kind for kind, extensions in KINDS.items() for extension in extensions}
DISGUISES = (".json", ".txt", ".download")  # that browsers append to an extension they don't know
SAFE_ID = re.compile(r"[^\W_][\w.@-]{0,63}")
LITTER = re.compile(
    r"\..*|__MACOSX|Thumbs\.db|desktop\.ini|timestamp\.txt|.+_assignsubmission_onlinetext_?.*",
    re.IGNORECASE,
)
NOTHING = Export("")


@dataclass(frozen=True)
class Reading:
    """A file's student and its name in their folder; or the state and reason of its being no one's.

    `says` is for people. `rank` orders versions that were handed in at the same time.
    """

    state: str
    says: str = ""
    student: str = ""
    file: str = ""
    is_named: bool = True  # by the word for what it is
    rank: tuple[int, int] = (0, 0)
    export: Export = NOTHING


@dataclass(frozen=True)
class Stem:
    """The name of a file without extension and copy number, and the word that was found in it."""

    front: str
    word: str
    extension: str
    copy: int = 0
    is_plain: bool = True


class Names:
    """Reads file names for one assignment.

    `words` gives for what students write the name of the released notebook; `students` the names by
    id, empty where any id will do.
    """

    def __init__(self, words: dict[str, str], students: dict[str, str]) -> None:
        self.words, self.students = words, students
        self.by_key = {_key(student): student for student in students}
        ids = sorted(map(re.escape, self.by_key), key=len, reverse=True)
        self.known = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(ids)})(?![0-9a-z])")
        self.owners: dict[str, set[str]] = {}
        for student, name in students.items():
            for order in (name, " ".join(reversed(name.split()))):  # surname last or first
                self.owners.setdefault(_squeezed(order), set()).add(student)

    def read(self, parts: tuple[str, ...]) -> Reading:
        """What a file is; `parts` are the names of its folders and archives, and its own."""
        parts = tuple(unicodedata.normalize("NFKC", part) for part in parts)
        exports = [self._export(part) for part in parts]
        if any(LITTER.fullmatch(part) for part in parts) or not exports[-1].file:
            return Reading(IGNORED)
        said = next((export for export in exports if export != Export(export.file)), exports[-1])
        stem = self._stem(exports[-1].file)
        is_note = KIND.get(stem.extension) == "predictions" and not stem.word
        if stem.extension not in KIND or is_note:
            return Reading(MISNAMED, "is neither a notebook nor a model nor a photo")
        around = [re.sub(r"\.zip$", "", e.file, flags=re.I) for e in reversed(exports[:-1])]
        reading = self._whose(stem, around, said.user)
        return replace(reading, export=said, rank=(said.serial, stem.copy))

    def _export(self, part: str) -> Export:
        """An exported name; a student's own may look like one, but begins with the student's id."""
        export, found = read_export(part), self.known.match(part.casefold())
        mistaken = self.students and found and not self._ids(export.file)
        return Export(part) if mistaken else export

    def _stem(self, file: str) -> Stem:
        path = PurePath(file)
        disguised = path.suffix.lower() in DISGUISES and PurePath(path.stem).suffix.lower() in KIND
        path = PurePath(path.stem) if disguised else path
        extension = {".pt": ".pth"}.get(path.suffix.lower(), path.suffix.lower())
        unchanged = not disguised and path.suffix == extension
        kind, text = KIND.get(extension, ""), path.stem
        for word in self._words(kind):
            flexible = SEPARATOR.join(re.findall(r"[^\W\d_]+|\d+", word))
            behind = PAGE.pattern if kind == "answer" else COPY.pattern
            pattern = rf"(?P<front>.*?){SEPARATOR}(?P<word>{flexible})(?P<end>{behind})?$"
            if found := re.fullmatch(pattern, text, re.IGNORECASE):
                plain = unchanged and text.startswith(f"{found['front']}_{word}")
                copy = _number(found["end"] or "")
                return Stem(found["front"], word, extension, copy, plain)
        end = COPY.search(text)
        front = text[: end.start()] if end else text
        return Stem(front, "", extension, _number(end[0] if end else ""), False)

    def _words(self, kind: str) -> list[str]:
        """What may stand at the end of a name, the longer first."""
        own = {"model": ["model"], "predictions": ["predictions"]}
        words = [*self.words] if kind == "notebook" else own.get(kind, [])
        if kind == "answer":
            words = [f"{word}_answer" for word in self.words] + ["answer"]
        return sorted(words, key=len, reverse=True)

    def _whose(self, stem: Stem, around: list[str], user: str) -> Reading:
        """By an id in the name, else in those of folders and archives around it, else the user."""
        own = self._ids(stem.front)
        found = next(filter(None, (own, *map(self._vouched, around), self._ids(user))), [])
        if len(found) > 1:
            return Reading(MISNAMED, f"holds the ids of two students, {' and '.join(found)}")
        if not found:
            return self._nobodys(stem)
        (student,) = found
        rest = _without(stem.front, student)
        problem = self._problem(stem, student, rest)
        if problem:
            return Reading(MISNAMED, problem)
        is_plain = stem.is_plain and bool(own) and stem.front.startswith(f"{student}_")
        says = "" if is_plain else f"was taken for {self._proper(stem, student, rest)}"
        named = bool(stem.word) or KIND[stem.extension] == "answer"
        return Reading(COLLECTED, says, student, self._canonical(stem, student), named)

    def _ids(self, text: str) -> list[str]:
        """Ids in a text: known ones; where there are none, its first word."""
        if self.students:
            found = self.known.findall(_key(text))
            return [self.by_key[key] for key in dict.fromkeys(found)]
        first = _first_word(text)
        return [first] if SAFE_ID.fullmatch(first) else []

    def _vouched(self, text: str) -> list[str]:
        """Ids in the name of a folder or archive that is a student's, and not by chance."""
        stem = self._stem(f"{text}.ipynb")
        if stem.word:
            return self._ids(stem.front)
        names = {each: _squeezed(self.students.get(each, "")) for each in self._ids(text)}
        return [each for each, name in names.items() if name and name in _squeezed(text)]

    def _nobodys(self, stem: Stem) -> Reading:
        first = _first_word(stem.front)
        if stem.word and re.search(r"\d", first):
            says = f"{first} is no student in the roster: add it with --roster"
            return Reading(UNKNOWN, f"{says}, or correct the id and collect the file again")
        owners = self.owners.get(_squeezed(stem.front), set())
        (student,) = owners if len(owners) == 1 else ("<student id>",)
        proper = self._proper(stem, student, stem.front.strip(" _-"))
        return Reading(MISNAMED, f"has no student id: rename it to {proper} and collect it again")

    def _problem(self, stem: Stem, student: str, rest: str) -> str:
        """Why a file with a student's id had better not be taken for theirs."""
        others = self.owners.get(_squeezed(rest), {student})
        if student not in others:
            return f"has the id of {student}, but the name of {', '.join(sorted(others))}"
        several = len(set(self.words.values())) > 1 and KIND[stem.extension] == "notebook"
        if not stem.word and (several or not self.students or re.search(r"\d", rest)):
            proper = self._proper(stem, student, "")
            return f"may be another piece of work: rename it to {proper} if it is not"
        return ""

    def _proper(self, stem: Stem, student: str, name: str) -> str:
        """What the file should have been called."""
        kind = KIND[stem.extension]
        word = stem.word or {"notebook": next(iter(self.words))}.get(kind, kind)
        return f"{student}_{name or self.students.get(student) or '<name>'}_{word}{stem.extension}"

    def _canonical(self, stem: Stem, student: str) -> str:
        kind = KIND[stem.extension]
        if kind == "notebook":
            notebook = self.words[stem.word or next(iter(self.words))]
            return f"{notebook}.ipynb"
        if kind == "model":
            return f"{student}_model{stem.extension}"
        if kind == "predictions":
            return f"{student}_predictions{stem.extension}"
        page = f"_{stem.copy}" if stem.copy else ""
        return f"{student}_answer{page}{stem.extension}"


def _number(text: str) -> int:
    digits = re.findall(r"\d+", text)
    return int(digits[0]) if digits and len(text) < 20 else int(bool(text.strip()))


def _first_word(text: str) -> str:
    return re.split(r"[\s_\-]+", text.strip(" _-"), maxsplit=1)[0]


def _key(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _squeezed(name: str) -> str:
    """A name without what people write differently from one time to the next."""
    return re.sub(r"[\W_]+", "", _key(name))


def _without(front: str, student: str) -> str:
    return re.sub(re.escape(student), "", front, flags=re.IGNORECASE).strip(" _-")
