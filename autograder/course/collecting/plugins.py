"""The plugins that `nbgrader_config.py` gives to `nbgrader zip_collect`.

The extractor reads whatever lies in `archive/`, old downloads and new ones, and puts into
`extracted/` a folder for each student whose files changed, with the names that nbgrader expects.
The collector hands those on. What is nobody's goes into `aside/`, to be renamed and collected.
"""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nbgrader.api import Gradebook
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import find_all_notebooks
from traitlets import Dict, Float, List, TraitError, Unicode, validate

from autograder.course.collecting.archives import (
    ASIDE,
    HandedIn,
    Reader,
    RefusedError,
    content_of,
)
from autograder.course.collecting.disputes import undisputed
from autograder.course.collecting.enrolled import KEPT, enrolled
from autograder.course.collecting.names import (
    COLLECTED,
    IGNORED,
    MISNAMED,
    Names,
    Reading,
)
from autograder.course.collecting.origins import KEPT as ORIGINS
from autograder.course.collecting.origins import keep_origins
from autograder.course.collecting.outcome import (
    NEW,
    REPLACED,
    UNCHANGED,
    Line,
    Report,
    plain,
)
from autograder.course.collecting.people import People
from autograder.course.collecting.stems import originals
from autograder.course.collecting.submitted import Submitted
from autograder.course.collecting.versions import Version, beside, latest, version
from autograder.course.extensions import due_dates
from autograder.grading.steps.by_kind import course_of

MEGABYTE = 1_000_000
MAX_NAME = 200  # bytes, of 255
REFUSED = "refused"
ANYONE = "The gradebook has no student list, so every id was accepted; --roster FILE enters a list."
CLAIMS = "Known by the id that they wrote, as the roster does not know who handed in"
SHOWN = 5  # of these
ZONE = "Times without a zone (set c.LmsExtractor.timezone) were read as"
SINCE_WHEN = "Canvas says only that it is late: counted to the download, correct timestamp.txt"
UNTOUCHED = (-1, 0)  # the rank of a notebook as it was given, beside one in another language


class LmsExtractor(ExtractorPlugin):
    """From exports of a learning-management system to one folder for each student."""

    word = Unicode(
        "lab3", help="What students write for the notebook: <id>_<name>_lab3.ipynb."
    ).tag(config=True)
    words = Dict(help="Other words for some assignments: {'attention': 'lab2'}.").tag(config=True)
    timezone = Unicode(
        "",
        help="The course's, as Asia/Shanghai: of times in exports, due dates and days late; "
        "default: this machine's.",
    ).tag(config=True)
    encodings = List(
        Unicode(),
        ["utf-8", "gb18030", "cp1252"],
        help="Of names in zips that do not say; the first that gives a proper name is taken.",
    ).tag(config=True)
    max_file_mb = Float(100.0, help="Larger files are refused.").tag(config=True)
    max_archive_mb = Float(20_000.0, help="Archives that unpack to more are refused.").tag(
        config=True
    )

    @validate("timezone")
    def _known_zone(self, proposal: dict[str, Any]) -> str:
        try:
            ZoneInfo(proposal["value"] or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            raise TraitError(f"c.LmsExtractor.timezone: no zone {proposal['value']!r}") from None
        return proposal["value"]

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Put what is new of every student into a folder of theirs, and report on everything."""
        self.report, self.extracted = Report(), Path(extracted_path)
        self.zone = ZoneInfo(self.timezone) if self.timezone else None
        course = self.parent.coursedir
        with Gradebook(course.db_url, course.course_id) as gradebook:
            self.people = People(enrolled(gradebook, Path(course.root) / "build" / KEPT))
            own = course_of(self.config)
            self._due = due_dates(own, gradebook, self._assignment)
        self.given = {content_of(p) for p in own.in_all_languages(self._assignment) if p.is_file()}
        self.names = Names(self._words(), self.people)
        self.claims: dict[str, str] = {}  # by student, the account that is nobody's
        size, total = (int(mb * MEGABYTE) for mb in (self.max_file_mb, self.max_archive_mb))
        encodings = tuple(self.encodings)
        with Reader(self.zone, size, total, self._best_name, encodings) as reader:
            self._sort([*reader.folder(Path(archive_path))])
            self.report.lines += [Line(REFUSED, *each) for each in reader.refused]
        self.report.notes += [self._missing()] if self.people.students else [ANYONE]
        self.report.notes += self._claims()
        if any("kept as" in line.says for line in self.report.lines):
            self.report.notes.append(f"{ASIDE}/ is in {self.extracted.parent}")
        self.report.notes += [] if self.zone else [f"{ZONE} {datetime.now().astimezone():%Z}."]
        for line in self.report.worth_saying():
            self.log.warning("%s: %s %s", line.state, plain(line.who), plain(line.says))
        for text in (self.report.summary, *self.report.notes):
            self.log.warning(text)

    @property
    def _assignment(self) -> str:
        return self.parent.coursedir.assignment_id

    def _words(self) -> dict[str, str]:
        """By what students write, the released notebook that it stands for."""
        course = self.parent.coursedir
        released = course.format_path(course.release_directory, ".", self._assignment)
        notebooks = originals([Path(name).stem for name in find_all_notebooks(released)])
        if len(notebooks) > 1:
            return {name: name for name in notebooks}
        notebook = notebooks[0] if notebooks else self._assignment
        return {self.words.get(self._assignment, self.word): notebook, notebook: notebook}

    def _best_name(self, decoded: list[str]) -> str:
        """The first way to read a name that says whose the file is, else the first one."""
        for name in decoded if len(decoded) > 1 else ():
            reading = self.names.readings(tuple(re.split(r"[/\\]", name)))[0]
            if reading.state == COLLECTED and not reading.says:
                return name
        return decoded[0]

    def _claims(self) -> list[str]:
        """Who is known by their files' names alone."""
        names = [f"{student} ({who})" for student, who in sorted(self.claims.items())]
        more = ", …" if len(names) > SHOWN else ""
        return [f"{CLAIMS}: {', '.join(names[:SHOWN])}{more}"] if names else []

    def _missing(self) -> str:
        """Who has not handed in."""
        course, new = self.parent.coursedir, {line.who for line in self.report.lines}
        folders = {
            student: course.format_path(course.submitted_directory, student, self._assignment)
            for student in self.people.students.keys() - new
        }
        missing = sorted(student for student, folder in folders.items() if not _has_files(folder))
        names = ", ".join(f"{student} {self.people.name(student)}" for student in missing)
        return f"{len(missing)} have not handed in: {names}" if missing else "All have handed in."

    def _sort(self, files: list[HandedIn]) -> None:
        found: dict[str, dict[str, list[Version]]] = defaultdict(lambda: defaultdict(list))
        nobodys: list[tuple[HandedIn, Reading]] = []
        for handed_in, reading in undisputed(self._readings(files)):
            if handed_in.content in self.given:
                reading = replace(reading, rank=UNTOUCHED)
            if reading.state == COLLECTED:
                made = version(handed_in, reading, self.zone, self._due(reading.student))
                found[reading.student][reading.file].append(made)
                if reading.is_claimed and self.people.students:
                    self.claims[reading.student] = reading.export.account
            elif reading.state != IGNORED:
                nobodys.append((handed_in, reading))
        keep_origins(found, self.extracted.parent / ORIGINS)
        for student in sorted(found):
            self._take(student, found[student])
        taken = [v for mine in found.values() for versions in mine.values() for v in versions]
        settled = {part for each in taken for part in each.handed_in.parts[:-1]}
        for handed_in, reading in nobodys:
            if handed_in.number not in settled:  # else it was renamed there and collected
                self._put_aside(handed_in, reading)

    def _readings(self, files: list[HandedIn]) -> Iterator[tuple[HandedIn, Reading]]:
        """What every file is; those of one download are read in the same way."""
        downloads: dict[tuple[str, ...], list[HandedIn]] = defaultdict(list)
        for handed_in in files:
            around = handed_in.parts[:-1][:1]  # none where somebody put a file into the archive
            downloads[around].append(handed_in)
        for download in downloads.values():
            how = self.names.download([each.parts for each in download])
            how.learn(download)
            for handed_in in download:
                for reading in self.names.readings(handed_in.parts, how):
                    yield handed_in, reading

    def _take(self, student: str, found: dict[str, list[Version]]) -> None:
        """Extract a student's files if any of them is new, along with those already there."""
        course = self.parent.coursedir
        folder = course.format_path(course.submitted_directory, student, self._assignment)
        here = Submitted(Path(folder))
        wanted = {}
        for file, versions in found.items():
            best = latest(versions)
            if not here.has_later(file, best, versions):
                wanted[file] = best
        changed = [file for file, best in wanted.items() if here.contents.get(file) != best.content]
        if changed and not self._extract(student, wanted, found, here):
            return
        state = UNCHANGED if not changed else REPLACED if here.contents.keys() & changed else NEW
        times = [best.time for best in wanted.values()]
        times += [here.time] if here.time and here.files.keys() - wanted.keys() else []
        time = max(times) if changed else here.time
        line = self._line(state, student, wanted, time)
        also = [name for file, best in wanted.items() for name in beside(best, found[file])]
        said = [f"handed in with it, and not taken: {', '.join(also)}"] if also and changed else []
        self.report.lines.append(replace(line, says="; ".join(filter(None, [line.says, *said]))))

    def _extract(
        self,
        student: str,
        wanted: dict[str, Version],
        found: dict[str, list[Version]],
        here: Submitted,
    ) -> bool:
        """Write a student's folder; with a damaged file, begin again without it."""
        folder = self.extracted / student
        here.copy_others(wanted, folder)
        for file, best in wanted.items():
            try:
                best.handed_in.save(folder / file, best.time)
            except RefusedError as error:
                self.report.lines.append(Line(REFUSED, best.handed_in.where, str(error)))
                shutil.rmtree(folder)
                found[file].remove(best)
                rest = {name: versions for name, versions in found.items() if versions}
                if rest:
                    self._take(student, rest)
                return False
        return True

    def _line(
        self, state: str, student: str, wanted: dict[str, Version], time: datetime | None
    ) -> Line:
        due = self._due(student)
        late = max(0.0, (time - due).total_seconds()) if time and due else 0.0
        found = wanted.values()
        said = [f"{v.handed_in.parts[-1]} {v.reading.says}" for v in found if v.reading.says]
        if late and state != UNCHANGED and any(v.reading.export.late for v in found):
            said.append(SINCE_WHEN)
        return Line(state, student, "; ".join(said), late)

    def _put_aside(self, handed_in: HandedIn, reading: Reading) -> None:
        path = self.extracted.parent / ASIDE / handed_in.number / _safe(handed_in.parts[-1])
        try:
            handed_in.save(path, handed_in.time)
        except RefusedError as error:
            self.report.lines.append(Line(REFUSED, handed_in.where, str(error)))
            return
        kept = f"; kept as {path.relative_to(self.extracted.parent)}"
        kept = kept if reading.state == MISNAMED else ""
        self.report.lines.append(Line(reading.state, handed_in.where, reading.says + kept))


def _safe(name: str) -> str:
    """A file's name without what no file system takes; these count bytes and not characters."""
    safe = re.sub(r"[^\w.@ ()\-]+", "_", name).encode()[-MAX_NAME:].decode(errors="ignore")
    return safe.lstrip(".") or "file"


def _has_files(folder: str) -> bool:
    return any(path.is_file() for path in Path(folder).glob("*"))


class LmsCollector(FileNameCollectorPlugin):
    """The student, name and time of an extracted file."""

    def collect(self, submitted_file: str) -> dict[str, str]:
        """nbgrader's question, which is answered once for all files."""
        path = Path(submitted_file)
        extracted = self.parent._format_collect_path(self.parent.extracted_directory)
        student, *inside = path.relative_to(extracted).parts
        time = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        return {
            "student_id": student,
            "file_id": str(Path(*inside)),
            "timestamp": f"{time:%Y-%m-%d %H:%M:%S} UTC",
        }
