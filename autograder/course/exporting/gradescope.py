"""An autograder for Gradescope: a small course of one assignment, and what grades with it."""

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.course.imports import imported
from autograder.files import PRIVATE, PUBLIC, write_whole
from autograder.grading.submission import Grader
from autograder.settings import CONFIG_FILE, Course, SettingsError, find_course

DISTRIBUTION = "coursework-kit"
FOR_AUTHORS = {"grade", "dev"}
NOT_SOURCE = shutil.ignore_patterns("*.ipynb", "__pycache__")
PROGRAM = 0o755

CONFIG = """\
c = get_config()
c.Course.hidden_cases = {hidden_cases}
c.Course.cell_seconds = {cell_seconds}
"""
SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image. Python 3.11 or later is needed.
set -euo pipefail
cd /autograder/source
chmod -R go= course
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
for minor in 14 13 12 11; do
    if apt-get install -y -qq "python3.$minor" "python3.$minor-venv"; then break; fi
done
"python3.$minor" -m venv /opt/autograder
pip=(/opt/autograder/bin/pip install --quiet --no-cache-dir {constraints})
"${{pip[@]}}" torch --extra-index-url https://download.pytorch.org/whl/cpu
"${{pip[@]}}" "./{wheel}[{extras}]"
/opt/autograder/bin/python -m autograder.grading.on_gradescope /autograder --prepare
"""
RUN = """\
#!/usr/bin/env bash
# Gradescope runs this, as root, for every submission.
set -euo pipefail
python=${AUTOGRADER_PYTHON:-/opt/autograder/bin/python}
exec "$python" -m autograder.grading.on_gradescope "${AUTOGRADER_ROOT:-/autograder}"
"""


def write_autograder(
    course: Course, assignment: str, wheel: Path | None, output: Path | None
) -> Path:
    """Write the zip that Gradescope takes as an autograder; where.

    It holds one assignment's source and a secret of its own, from which nothing of the course's is
    learnt. Raises SettingsError, and what a Grader raises where source and release differ.
    """
    wheel = wheel or _newest_wheel(course)
    path = output or course.build / "exports" / f"{assignment}-gradescope.zip"
    with TemporaryDirectory() as folder:
        copy = copied(course, assignment, Path(folder) / "course")
        Grader(copy, assignment)  # makes the key, and proves that it is one
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data, mode in _files(course, assignment, copy, wheel):
                entry = zipfile.ZipInfo(name)
                entry.external_attr = (0o100000 | mode) << 16
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
        write_whole(path, content.getvalue(), PRIVATE)
    return path


def copied(course: Course, assignment: str, root: Path) -> Course:
    """A course that holds one assignment of another, and a secret of its own."""
    source, released = course.source_path(assignment), course.released(assignment)
    shutil.copytree(source.parent, root / "solutions" / assignment, ignore=NOT_SOURCE)
    if not released.is_file():
        raise SettingsError(f"{assignment!r} is not built: run `release {assignment}` first")
    (root / "notebooks" / assignment).mkdir(parents=True)
    for path in course.in_all_languages(assignment):
        shutil.copy(path, root / "notebooks" / assignment)
    settings = {"hidden_cases": course.hidden_cases, "cell_seconds": course.cell_seconds}
    (root / CONFIG_FILE).write_text(CONFIG.format(**settings))
    copy = find_course(root)
    write_whole(root / copy.secret_file, course.secret_of_copy(assignment), PRIVATE)
    return copy


def _files(
    course: Course, assignment: str, copy: Course, wheel: Path
) -> Iterator[tuple[str, bytes, int]]:
    """Name, content and mode of each file."""
    constraints = course.root / "constraints.txt"
    extras = ",".join(sorted({"grade", *_extras(copy.released(assignment))}))
    option = f"-c {constraints.name}" if constraints.is_file() else ""
    setup = SETUP.format(wheel=wheel.name, extras=extras, constraints=option)
    yield "setup.sh", setup.encode(), PROGRAM
    yield "run_autograder", RUN.encode(), PROGRAM
    yield wheel.name, wheel.read_bytes(), PUBLIC
    if constraints.is_file():
        yield constraints.name, constraints.read_bytes(), PUBLIC
    for file in sorted(copy.root.rglob("*")):
        if file.is_file():
            yield f"course/{file.relative_to(copy.root)}", file.read_bytes(), PRIVATE


def _extras(notebook: Path) -> set[str]:
    """The kit's extras that hold what a notebook imports."""
    modules = {name.partition(".")[0] for name in imported(notebook)}
    found = {_normal(each) for m in modules for each in packages_distributions().get(m, [])}
    wanted = (
        re.match(r"([\w.-]+).*extra == ['\"](\w+)['\"]", line)
        for line in requires(DISTRIBUTION) or ()
    )
    return {it[2] for it in wanted if it and _normal(it[1]) in found} - FOR_AUTHORS


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _newest_wheel(course: Course) -> Path:
    wheels = sorted(
        course.build.glob("coursework_kit-*.whl"), key=lambda each: each.stat().st_mtime
    )
    if not wheels:
        raise SettingsError("no wheel in build/: run `make wheel` first, or say --wheel FILE")
    return wheels[-1]
