"""Zips as learning-management systems and students make them, for tests."""

import warnings
import zipfile
from datetime import UTC, datetime
from pathlib import Path

ON_TIME = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)  # a day before the sample class is due
REGULAR = 0o100644


class Entry(zipfile.ZipInfo):
    """A zip entry whose name is written in an encoding that the zip does not tell."""

    __slots__ = ("raw",)

    def _encodeFilenameFlags(self):
        return self.raw, self.flag_bits & ~0x800


def write_zip(path: Path, files: dict | list, encoding: str | None = None) -> Path:
    """A zip of {name: content} or {name: (content, time)}; a list of pairs may repeat names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs = files.items() if isinstance(files, dict) else files
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of duplicate names
        for name, content in pairs:
            data, time = content if isinstance(content, tuple) else (content, ON_TIME)
            archive.writestr(_entry(name, time, encoding), data)
    return path


def _entry(name: str, time: datetime, encoding: str | None, mode: int = REGULAR) -> zipfile.ZipInfo:
    kind = Entry if encoding else zipfile.ZipInfo
    entry = kind(name, time.timetuple()[:6])
    if encoding:
        entry.raw = name.encode(encoding)
    entry.external_attr, entry.compress_type = mode << 16, zipfile.ZIP_DEFLATED
    return entry


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, str]:
    """An entry that is a symbolic link."""
    return _entry(name, ON_TIME, None, mode=0o120777), target
