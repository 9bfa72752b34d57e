"""What travels to the machines of a cluster and back: a copy of the course, submissions, grades.

The copy holds one assignment's source, key and release, and the course secret, but neither the
gradebook nor its address.
"""

import copy
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from traitlets.config import Config

from autograder.course.entry import Earned, Entry, Outcome
from autograder.course.gradebook import Nbgrader
from autograder.files import PRIVATE, write_whole
from autograder.grading.pages.grades import Grades
from autograder.grading.pages.writing import PageJob, made
from autograder.grading.submission import Grader
from autograder.settings import Course

LARGEST = 500_000_000  # bytes of a folder that travels
FOLDERS = ("source", "submitted", "autograded", "feedback")
Files = Mapping[str, bytes]  # by path in a folder


@dataclass(frozen=True)
class Kit:
    """What grading an assignment needs, but for the submissions."""

    assignment: str
    kernelspec: str | None
    config: Config
    files: Files

    @cached_property
    def digest(self) -> str:
        """A hash of it."""
        parts = [str(self.config).encode()]
        for name, data in sorted(self.files.items()):
            parts += [name.encode(), data]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


@dataclass(frozen=True)
class Parcel:
    """A student's folder, and the evidence that was kept of it before."""

    student: str
    files: Files
    links: Mapping[str, str]
    evidence: Files


@dataclass(frozen=True)
class PageRequest:
    """What a student's page is made of, besides the release."""

    autograded: bytes
    grades: Grades
    digest: str

    @classmethod
    def of(cls, job: PageJob) -> Self:
        """That of a job."""
        return cls(job.autograded.read_bytes(), job.grades, job.digest)


Request = Parcel | PageRequest


@dataclass(frozen=True)
class Done:
    """What a submission earned, its autograded folder, with modes, and its evidence."""

    outcome: Outcome
    autograded: Mapping[str, tuple[bytes, int]]
    evidence: Files

    def unpacked(self, entry: Entry) -> Outcome | None:
        """Put its files in their places; nothing where it was not graded."""
        earned = self.outcome.earned
        if earned is None:
            return None
        for name, data in self.evidence.items():
            write_whole(entry.grader.store.folder / name, data, PRIVATE)
        folder = entry.nbgrader.autograded(entry.grader.assignment, entry.student).parent
        shutil.rmtree(folder, ignore_errors=True)
        for name, (data, mode) in self.autograded.items():
            write_whole(folder / name, data, mode)
        # that machine's versions are others, perhaps
        fingerprint = entry.fingerprint if earned.report["fingerprint"] else ""
        report = {**earned.report, "fingerprint": fingerprint}
        return Outcome(Earned(earned.autograded, report))


def kit_of(course: Course, nbgrader: Nbgrader, assignment: str, kernelspec: str | None) -> Kit:
    """A copy of what grading an assignment needs."""
    config, api = copy.deepcopy(course.config), nbgrader.api.coursedir
    config.Course.secret_file = "build/keys/secret"
    config.CourseDirectory.db_url = "sqlite://"
    for folder in FOLDERS:
        config.CourseDirectory[f"{folder}_directory"] = f"build/{folder}"
    master = Path(api.format_path(api.source_directory, ".", assignment))
    names = course.assignments()
    return Kit(
        assignment,
        kernelspec,
        config,
        {
            **{f"solutions/{name}/{name}.py": b"" for name in names},  # that they are the kit's
            **_under(f"solutions/{assignment}", course.source_path(assignment).parent),
            **_under(f"build/source/{assignment}", master),
            **{
                path.relative_to(course.root).as_posix(): path.read_bytes()
                for name in names
                for path in course.in_all_languages(name)
                if path.is_file()
            },
            **{
                f"build/keys/{key.name}": key.read_bytes()
                for key in (course.build / "keys").glob(f"{assignment}.*.key")
            },
            "build/keys/secret": course.secret(),
        },
    )


def _under(name: str, folder: Path) -> dict[str, bytes]:
    """All files of a folder that are no notebooks."""
    found = _files(folder) if folder.is_dir() else ()
    kept = (file for file in found if file.suffix != ".ipynb" and "__pycache__" not in file.parts)
    return {f"{name}/{file.relative_to(folder)}": file.read_bytes() for file in kept}


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink())


def packed(entry: Entry) -> Parcel | None:
    """A submission on its way; nothing where it is graded, or grading it here will complain."""
    try:
        folder, store = entry.path.parent, entry.grader.store.folder
        too_large = sum(file.stat().st_size for file in _files(folder)) > LARGEST
        if too_large or not entry.fingerprint or entry.is_graded:
            return None
        kept = (store / f"{digest}.zip" for digest in entry.report.get("evidence", []))
        return Parcel(
            entry.student,
            {str(file.relative_to(folder)): file.read_bytes() for file in _files(folder)},
            {str(it.relative_to(folder)): os.readlink(it) for it in _links(folder)},
            {file.name: file.read_bytes() for file in kept if file.is_file()},
        )
    except Exception:
        return None


def _links(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_symlink())


class Replica:
    """The copy of a course, on another machine, for as long as a process lives."""

    def __init__(self, kit: Kit) -> None:
        self._kit, self._folder = kit, TemporaryDirectory(prefix="course-")
        root = Path(self._folder.name)
        for name, data in kit.files.items():
            write_whole(root / name, data, PRIVATE)
        config = copy.deepcopy(kit.config)
        config.CourseDirectory.root = str(root)
        self._course = Course(root, config)
        self._nbgrader = Nbgrader(self._course)
        self._grader = Grader(self._course, kit.assignment)

    def close(self) -> None:
        """Delete the copy, keys and all."""
        self._folder.cleanup()

    def answer(self, request: Request) -> Done | str:
        """A submission's grades, or a student's page."""
        if isinstance(request, PageRequest):
            return self._page(request)
        return self._graded(request)

    def _page(self, request: PageRequest) -> str:
        autograded = Path(self._folder.name) / "page.ipynb"
        autograded.write_bytes(request.autograded)
        released = self._course.released(self._kit.assignment)
        return made(PageJob(autograded, released, request.grades, request.digest, autograded))

    def _graded(self, parcel: Parcel) -> Done:
        kit, store = self._kit, self._grader.store.folder
        folder = self._course.build / "submitted" / parcel.student / kit.assignment
        for name, data in parcel.files.items():
            write_whole(folder / name, data)
        for name, target in parcel.links.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(target)
        for name, data in parcel.evidence.items():
            write_whole(store / name, data, PRIVATE)
        autograded = self._nbgrader.autograded(kit.assignment, parcel.student).parent
        path = folder / f"{kit.assignment}.ipynb"
        try:
            of = self._grader, self._nbgrader, kit.kernelspec
            outcome = Entry(parcel.student, path, *of, {}).outcome()
            return Done(outcome, _with_modes(autograded), _read(store))
        finally:
            for each in (folder.parent, autograded.parent, store):
                shutil.rmtree(each, ignore_errors=True)


def _with_modes(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mode & 0o777)
        for file in _files(folder)
    }


def _read(folder: Path) -> Files:
    return {file.name: file.read_bytes() for file in _files(folder)}
