"""One command to collect: keep the download, enter the roster, call nbgrader's zip_collect."""

import contextlib
import copy
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from nbgrader.apps import ZipCollectApp
from nbgrader.coursedir import CourseDirectory

from autograder.course.collecting.archives import ASIDE, DOWNLOAD
from autograder.course.collecting.enrolled import KEPT, enter, students_of
from autograder.course.collecting.outcome import NEW, REPLACED, Report
from autograder.course.collecting.roster import read_roster
from autograder.course.collecting.twins import twins
from autograder.course.gradebook import Nbgrader, NbgraderError, without_noise
from autograder.course.groups import together_in
from autograder.course.sharing import Sharing
from autograder.grading.limits import TookTooLongError, at_most
from autograder.grading.releases import Releases
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.settings import Course, SettingsError

SECONDS = 10.0  # of processor time, to see which assignment a notebook is of


def collect(course: Course, assignment: str, downloaded: Path, students: Path | None) -> Report:
    """Collect what an LMS exported, a zip or a folder, into `build/submitted`.

    Everything ever collected is kept, and read again: the last version of a file counts, in
    whichever download it came. Raises SettingsError, NbgraderError.
    """
    if not downloaded.exists():
        raise SettingsError(f"{downloaded}: no such file or folder")
    entered = read_roster(students) if students else []
    nbgrader = Nbgrader(course)
    if not nbgrader.is_released(assignment):
        raise SettingsError(f"{assignment!r} is not released: run `release {assignment}` first")
    with nbgrader.gradebook() as gradebook:
        enter(entered, gradebook, course.build / KEPT)
    Sharing(nbgrader, assignment).undo()  # each collects for themselves
    app = _zip_collect(course, assignment)
    _keep(downloaded, Path(app._format_collect_path(app.archive_directory)))
    try:
        with without_noise():
            app.start()
    except SystemExit:
        raise NbgraderError(f"nbgrader zip_collect {assignment} failed") from None
    report: Report = app.extractor_plugin_inst.report
    new = {line.who for line in report.lines if line.state in (NEW, REPLACED)}
    report.notes += _mistaken(course, assignment, new, nbgrader)
    notebooks = nbgrader.submitted(assignment)
    released = course.in_all_languages(assignment)
    together = together_in(course, assignment, students_of(nbgrader))
    report.notes += twins(notebooks, released, new, together)
    report.notes += _shared(Sharing(nbgrader, assignment))
    return report


def _shared(sharing: Sharing) -> Iterator[str]:
    """Who has what another member of the group handed in."""
    for student, text in sharing.share().items():
        yield f"{student}: {text}"
    got = [who for who, of in sorted(sharing.shared.items()) if of.digest and not of.differs]
    if got:
        yield f"From their groups, with nothing else of their own: {', '.join(got)}"


def _mistaken(course: Course, assignment: str, new: set[str], nbgrader: Nbgrader) -> Iterator[str]:
    """Of what is new: notebooks of another assignment, which students named as this one's."""
    if assignment not in course.assignments():
        return
    releases = Releases(course, assignment)
    for student, path in nbgrader.submitted(assignment).items():
        with contextlib.suppress(SubmissionError, TookTooLongError):  # grading says so
            if student in new and path.is_file() and not path.is_symlink():
                with at_most(SECONDS):
                    said = releases.mistaken(read_notebook(path))
                if said:
                    yield f"{student}: {said}"


def _zip_collect(course: Course, assignment: str) -> ZipCollectApp:
    """nbgrader's own command, set up as on its command line but silent."""
    app = ZipCollectApp(config=copy.deepcopy(course.config), log_level="ERROR")
    app.coursedir = CourseDirectory(parent=app, assignment_id=assignment)
    return app


def _keep(downloaded: Path, archive: Path) -> None:
    """Copy a download into the archive, once, into a folder that its content names."""
    if downloaded.resolve().is_relative_to(archive):
        return
    folder = archive / f"{DOWNLOAD}{_digest(downloaded)}"
    if folder.exists():
        return
    partial = archive.parent / ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    if downloaded.is_dir():
        shutil.copytree(downloaded, partial / downloaded.resolve().name, symlinks=True)
    else:
        is_aside = downloaded.resolve().parent.parent.name == ASIDE
        target = partial / downloaded.resolve().parent.name if is_aside else partial
        target.mkdir(parents=True)
        shutil.copy2(downloaded, target)
    archive.mkdir(parents=True, exist_ok=True)
    partial.rename(folder)


def _digest(downloaded: Path) -> str:
    """A hash over names, times and contents."""
    files = sorted(downloaded.rglob("*")) if downloaded.is_dir() else [downloaded]
    found = hashlib.sha256()
    for path in files:
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(downloaded.parent)
            found.update(f"{name}\0{path.stat().st_mtime}\0".encode("utf-8", "surrogateescape"))
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()[:12]
