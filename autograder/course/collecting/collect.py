"""One command to collect: keep the download, enter the roster, call nbgrader's zip_collect."""

import copy
import hashlib
import shutil
from pathlib import Path

from nbgrader.apps import ZipCollectApp
from nbgrader.coursedir import CourseDirectory

from autograder.course.collecting.archives import ASIDE, DOWNLOAD
from autograder.course.collecting.enrolled import KEPT, enter
from autograder.course.collecting.outcome import Report
from autograder.course.collecting.roster import read_roster
from autograder.course.gradebook import Nbgrader, NbgraderError, without_noise
from autograder.settings import Course, SettingsError


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
    app = _zip_collect(course, assignment)
    _keep(downloaded, Path(app._format_collect_path(app.archive_directory)))
    try:
        with without_noise():
            app.start()
    except SystemExit:
        raise NbgraderError(f"nbgrader zip_collect {assignment} failed") from None
    return app.extractor_plugin_inst.report


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
