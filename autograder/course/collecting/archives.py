"""Reading what was handed in: files, folders, zips, and zips inside them.

Nothing in them is trusted. Archives are only read here: no name that stands in one ever becomes a
path, and no entry is unpacked that is larger than allowed, whatever its header says.

Source of flags and extra fields: PKWARE's APPNOTE and Info-ZIP's "extended timestamp".
"""

import os
import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO

DOWNLOAD = "download-"  # begins the folders that `autograder collect` keeps downloads in
ASIDE = "aside"  # the folder of files that are nobody's, each in one named by its number
MAX_ENTRIES = 20_000
MAX_NAME = 500  # characters; a student's may have 255, and systems write theirs before it
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
UNIX_TIME = 0x5455  # the extra field with a modification time in UTC
LEAVES = re.compile(r"^([A-Za-z]:|[/\\])|(^|[/\\])\.\.([/\\]|$)|\0")
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression method of other programs
    OSError,
    RuntimeError,
    struct.error,
    UnicodeDecodeError,
    ValueError,
)
OTHER_ARCHIVES = (".rar", ".7z", ".gz", ".tar", ".tgz", ".bz2", ".xz")


class RefusedError(Exception):
    """A file that is not read; the message says why."""


@dataclass(frozen=True)
class HandedIn:
    """One file: the names around it and its own, when it was handed in, and how to read it.

    `content` is a checksum and size, equal for equal files.
    """

    parts: tuple[str, ...]
    time: datetime
    content: tuple[int, int]
    open: Callable[[], AbstractContextManager[IO[bytes]]] = field(compare=False, repr=False)

    @property
    def where(self) -> str:
        """Its names as people read them."""
        return shown(self.parts)

    @property
    def number(self) -> str:
        """The same for the same file under the same name in any download."""
        names = [p for p in self.parts if not p.startswith(DOWNLOAD) and not _is_zip(p)]
        return f"{zlib.crc32(repr((names, self.content)).encode()):08x}"

    def save(self, path: Path, time: datetime) -> None:
        """Write it to a file of this date. Raises RefusedError where it is damaged."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.open() as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
        except BROKEN as error:
            path.unlink(missing_ok=True)
            raise RefusedError(f"is damaged: {error}") from None
        os.utime(path, (time.timestamp(),) * 2)


@dataclass
class Reader:
    """Reads a folder of exports.

    `zone` is that of times without one (none: this machine's), `best` chooses between the ways to
    decode a name, `refused` collects what was not read, and why. Archives stay open as long as its
    `with`.
    """

    zone: tzinfo | None
    max_file: int
    max_archive: int
    best: Callable[[list[str]], str]
    encodings: tuple[str, ...]
    refused: list[tuple[str, str]] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)
    numbers: Iterator[int] = field(default_factory=count)

    def __enter__(self) -> "Reader":
        self.scratch = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(self, *exception: object) -> None:
        self.stack.close()

    def folder(self, root: Path) -> Iterator[HandedIn]:
        """Every file below a folder; links are not followed."""
        for place, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(files):
                path = Path(place, name)
                parts = path.relative_to(root).parts
                try:
                    yield from self._file(path, parts)
                except RefusedError as error:
                    self._refuse(parts, error)

    def _file(self, path: Path, parts: tuple[str, ...]) -> Iterator[HandedIn]:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError("is a link or no file at all")
        time = datetime.fromtimestamp(int(found.st_mtime), UTC)
        if _is_zip(path.name):
            yield from self._zip(path, parts, time)
            return
        self._check_size(path.name, found.st_size)
        with path.open("rb") as file:
            content = checksum(file), found.st_size
        yield HandedIn(parts, time, content, lambda: path.open("rb"))

    def _check_size(self, name: str, size: int) -> None:
        if Path(name).suffix.lower() in OTHER_ARCHIVES:
            raise RefusedError("is an archive of another kind: unpack it and collect the folder")
        if size > self.max_file:
            raise RefusedError(
                f"unpacked has {size / 1e6:.0f} MB, more than {self.max_file / 1e6:.0f}"
            )

    def _zip(self, path: Path, parts: tuple[str, ...], time: datetime) -> Iterator[HandedIn]:
        """The entries of a zip that was exported; it stays open."""
        try:
            archive = self.stack.enter_context(zipfile.ZipFile(path))
        except BROKEN as error:
            raise RefusedError(f"cannot be read as a zip: {error}") from None
        for entry, inner in self._entries(archive, parts, self.max_archive):
            when, opened = self._time(entry, time), partial(archive.open, entry)
            found = HandedIn(inner, when, (entry.CRC, entry.file_size), opened)
            if not _is_zip(inner[-1]):
                yield found
                continue
            try:
                yield from self._students_zip(found)
            except RefusedError as error:
                self._refuse(inner, error)

    def _students_zip(self, handed_in: HandedIn) -> Iterator[HandedIn]:
        """The entries of a zip inside, handed in when it was. A class has too many to keep open."""
        path = self.scratch / str(next(self.numbers))
        handed_in.save(path, handed_in.time)
        try:
            with zipfile.ZipFile(path) as archive:
                entries = [*self._entries(archive, handed_in.parts, 10 * self.max_file)]
        except BROKEN as error:
            raise RefusedError(f"cannot be read as a zip: {error}") from None
        for entry, inner in entries:
            if _is_zip(inner[-1]):
                self._refuse(inner, "is a zip in a zip in a zip")
            else:
                content, opened = (entry.CRC, entry.file_size), partial(_reopened, path, entry)
                yield HandedIn(inner, handed_in.time, content, opened)

    def _entries(
        self, archive: zipfile.ZipFile, parts: tuple[str, ...], limit: int
    ) -> Iterator[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
        """Entries that may be read, and the names around and of each."""
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MAX_ENTRIES:
            raise RefusedError(f"has {len(entries)} entries, more than {MAX_ENTRIES}")
        if sum(entry.file_size for entry in entries) > limit:
            raise RefusedError(f"would unpack to more than {limit / 1e6:.0f} MB")
        seen: set[tuple[str, ...]] = set()
        for entry in entries:
            name = self.best(decodings(entry, self.encodings))
            inner = (*parts, *re.split(r"[/\\]", name))
            try:
                self._check_entry(entry, name)
            except RefusedError as error:
                self._refuse(inner, error)
                continue
            if inner in seen:
                self._refuse(inner, "stands twice in its archive; the later one counts")
            seen.add(inner)
            yield entry, inner

    def _refuse(self, parts: tuple[str, ...], why: RefusedError | str) -> None:
        self.refused.append((shown(parts), str(why)))

    def _check_entry(self, entry: zipfile.ZipInfo, name: str) -> None:
        if LEAVES.search(entry.orig_filename) or LEAVES.search(name):
            raise RefusedError("has a path that leaves the archive")
        if max(map(len, re.split(r"[/\\]", name))) > MAX_NAME:
            raise RefusedError(f"has a name of more than {MAX_NAME} characters")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise RefusedError("is a link or no file at all")
        if entry.flag_bits & ENCRYPTED_FLAG:
            raise RefusedError("is encrypted: ask for it without a password")
        self._check_size(name, entry.file_size)

    def _time(self, entry: zipfile.ZipInfo, archive: datetime) -> datetime:
        """When an entry was handed in; the time of the archive where it does not say."""
        if seconds := _unix_time(entry.extra):
            return datetime.fromtimestamp(seconds, UTC)
        try:
            found = in_utc(datetime(*entry.date_time), self.zone)
        except ValueError:
            return archive
        return found if found.year > 1980 else archive


@contextmanager
def _reopened(path: Path, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
        yield file


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def shown(parts: tuple[str, ...]) -> str:
    """A path for people, who know nothing of our own folders."""
    return "/".join(parts[1:] if parts[0].startswith(DOWNLOAD) else parts)


def in_utc(time: datetime, zone: tzinfo | None) -> datetime:
    """A time; one without a zone is read in this one or else in the machine's."""
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def content_of(path: Path) -> tuple[int, int]:
    """A file's checksum and size, as `HandedIn` has them."""
    with path.open("rb") as file:
        return checksum(file), path.stat().st_size


def checksum(file: IO[bytes]) -> int:
    """As zips have it of their entries."""
    found = 0
    while block := file.read(1 << 20):
        found = zlib.crc32(block, found)
    return found


def _unix_time(extra: bytes) -> int | None:
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == UNIX_TIME and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return struct.unpack("<I", extra[5:9])[0]
        extra = extra[4 + size :]
    return None


def decodings(entry: zipfile.ZipInfo, encodings: tuple[str, ...]) -> list[str]:
    """What the name of an entry may be: few programs say which encoding they wrote it in."""
    if entry.flag_bits & UTF8_FLAG or entry.orig_filename.isascii():
        return [entry.orig_filename]
    raw = entry.orig_filename.encode("cp437")
    found = [_decoded(raw, encoding) for encoding in encodings]
    return [*filter(None, found), entry.orig_filename]


def _decoded(raw: bytes, encoding: str) -> str | None:
    """A name in an encoding, if it can be one.

    Some programs write every backslash as a slash, the second halves of Chinese characters too.
    """
    for spelt in (raw, raw.replace(b"/", b"\\")):
        with suppress(UnicodeDecodeError):
            return spelt.decode(encoding)
    return None
