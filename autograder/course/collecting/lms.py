"""What learning-management systems write around the files that students hand in.

Whatever a system writes stands before what the student wrote, and only the student's part is free:
so every format is read from the left, once, and nothing behind it is read as a system's again.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

Path = tuple[str, ...]

# of the path from a folder or file on that a system named; `file` is the student's own
FORMATS = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {
        "Moodle": r"(?P<name>[^/]+?)_(?P<number>\d+)_assignsubmission_file(?:_?/|_)(?P<file>.+)",
        "Canvas": r"(?:(?P<anonymous_late>LATE_)?anon_(?P<account>[0-9A-Za-z]+)"
        r"|(?P<name>[^\W_]+)_(?P<late>LATE_)?(?P<number>\d+))_(?P<serial>\d+)_(?P<file>.+)",
        "Blackboard": r"(?:[^/]*?_)?(?P<user>[^_/]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})"
        r"(?:_(?P<file>.+)|\.txt)",  # without a file, its own summary
        "Brightspace": r"\d+-(?:\d+|(?P<user>\w+)) - (?P<name>[^/]+?)"
        r" - (?P<time>[^/]*?\b\d{4}\b[^/]*?)(?: - |/)(?P<file>.+)",
        "Gradescope": r"submission_(?P<account>\d+)/(?P<file>.+)",
        "Sakai": r"(?P<name>[^/]+?)\((?P<user>[^/()]+)\)(?:/[^/]+/|_[^/_]+_)(?P<file>.+)",
        "ILIAS": r"(?P<name>[^/_]+_[^/]+)_(?P<account>\d+)/(?P<file>.+)",
        "nbgrader": r"(?P<user>[^/+]+)\+[^/+]+\+(?P<time>\d{4}-[^/+]+)(?:\+\w+)?/(?P<file>.+)",
        "Open edX": r"\[\d+\][^/]*/\[\d+\] - (?P<user>[^/]+?) - (?P<file>.+)",
        "GitHub Classroom": r"(?P<slug>[^/]+)-submissions/(?P=slug)-(?P<user>[^/]+)/(?P<file>.+)",
    }.items()
}
TIMES = (
    "%Y-%m-%d-%H-%M-%S",  # Blackboard
    "%b %d, %Y %I%M %p",  # Brightspace
    "%Y-%m-%d %H:%M:%S.%f UTC",  # nbgrader
    "%Y-%m-%d %H:%M:%S UTC",
)
SHORT_HOUR = re.compile(r"\b(\d)(\d\d [AP]M)$")
LOOSE = {"Canvas", "Sakai", "ILIAS"}  # folders of instructors may happen to look like these


@dataclass(frozen=True)
class Person:
    """Who handed something in, in a system's words; all that it does not say is empty.

    Any of `names` may be the whole name, any of `users` a login or the student's id; `number` is
    the system's own, which rosters know. `account` only tells one from another.
    """

    names: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    number: str = ""
    email: str = ""
    account: str = ""


@dataclass(frozen=True)
class Export:
    """A path, divided into what a system wrote and what the student did."""

    file: Path = ()  # names that the student gave; empty where no student handed it in
    system: str = ""  # none where the whole path may be the student's
    front: Path = ()  # down to the folder, or the beginning of a name, that the system wrote
    people: tuple[Person, ...] = ()
    time: datetime | None = None  # by the system's clock where it has no zone
    serial: int = 0  # grows from one upload to the next
    late: bool = False  # Canvas says no more than that


def export_at(parts: Path, depth: int, system: str = "") -> Export | None:
    """What a system wrote of a path, from one of its names on; this system, or any.

    Where several may have written it, the one counts that leaves most to the student.
    """
    formats = {system: FORMATS[system]} if system else FORMATS
    path = "/".join(parts[depth:])
    found = [(name, match) for name, it in formats.items() if (match := it.fullmatch(path))]
    return _export(*min(found, key=_front), parts[:depth]) if found else None


def _front(found: tuple[str, re.Match[str]]) -> int:
    _, match = found
    return match.start("file") if match["file"] else match.end()


def _export(system: str, match: re.Match[str], outer: Path) -> Export:
    said = {name: text or "" for name, text in match.groupdict().items()}
    file = tuple(filter(None, said["file"].split("/")))
    front = match.string[: _front((system, match))].split("/")[0]
    return Export(
        file,
        system,
        (*outer, front),
        (_person(system, said),),
        _time(said.get("time", "")),
        int(said.get("serial") or 0),
        bool(said.get("late") or said.get("anonymous_late")),
    )


def _person(system: str, said: dict[str, str]) -> Person:
    name, user = said.get("name", ""), said.get("user", "")
    names, users = _split(name) if system == "ILIAS" else ([name], [user])
    return Person(
        tuple(filter(None, names)),
        tuple(filter(None, users)),
        said.get("number", ""),
        account=said.get("account", ""),
    )


def _split(name: str) -> tuple[list[str], list[str]]:
    """What may be names and logins in `last_first_login`: all of them may hold underscores."""
    words = name.split("_")
    cuts = range(len(words) - 1, 0, -1)
    return [" ".join(words[:cut]) for cut in cuts], ["_".join(words[cut:]) for cut in cuts]


def _time(text: str) -> datetime | None:
    text = SHORT_HOUR.sub(r"0\1\2", text.replace(":", "") if text.endswith("M") else text)
    for form in TIMES:
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            continue
        return found.replace(tzinfo=UTC) if form.endswith("UTC") else found
    return None


def normal(parts: Path) -> Path:
    """Names as if all had been written on one keyboard."""
    return tuple(unicodedata.normalize("NFKC", part) for part in parts)
