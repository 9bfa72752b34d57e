"""What learning-management systems put before the name of a file that they export."""

import re
from dataclasses import dataclass
from datetime import datetime

# Canvas: name_[LATE_]user_attachment_file; anonymous: [LATE_]anon_letters_attachment_file
CANVAS = re.compile(
    r"(?:(?P<anonymous_late>LATE_)?anon_[0-9A-Za-z]+|[^_].*?_(?P<late>LATE_)?\d+)"
    r"_(?P<serial>\d+)_(?P<file>.+)"
)
# Blackboard: assignment_user_attempt_2026-10-01-23-59-00_file; without a file, its own summary
BLACKBOARD = re.compile(
    r"(?:.*_)?(?P<user>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)"
)
# Moodle: a folder `name_participant_assignsubmission_file_`, or all of that before the file
MOODLE = re.compile(r".+_\d+_assignsubmission_file_?(?P<file>.*)")


@dataclass(frozen=True)
class Export:
    """A name as the student gave it, and what the system says about it."""

    file: str  # empty where no student handed it in
    user: str = ""
    time: datetime | None = None  # by the system's clock, without a zone
    serial: int = 0  # grows from one upload to the next
    is_canvas: bool = False
    late: bool = False  # Canvas says no more than that


def read_export(name: str) -> Export:
    """The parts of an exported file or folder name; other names are students' own."""
    if found := BLACKBOARD.fullmatch(name):
        time = _time(found["time"])
        return Export(found["file"] or "", found["user"], time) if time else Export(name)
    if found := MOODLE.fullmatch(name):
        return Export(found["file"])
    if found := CANVAS.fullmatch(name):
        late = bool(found["late"] or found["anonymous_late"])
        return Export(found["file"], serial=int(found["serial"]), is_canvas=True, late=late)
    return Export(name)


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        return None
