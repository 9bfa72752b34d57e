"""Feedback in a zip, its files called as Moodle and Canvas want them for upload in bulk.

Sources: moodle, mod/assign/feedback/file/importziplib.php; canvas-lms,
app/models/abstract_assignment.rb, infer_comment_context_from_filename.
"""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from autograder.course.collecting.origins import KEPT, Origin, read_origins
from autograder.course.collecting.people import People
from autograder.course.collecting.roster import numbers_in
from autograder.course.exporting.finished import everyone
from autograder.course.exporting.lines import Line, lines_of, whose
from autograder.course.exporting.moodle import Moodle
from autograder.course.exporting.sheet import read_sheet
from autograder.course.gradebook import Nbgrader
from autograder.files import write_whole
from autograder.settings import Course, SettingsError

SYSTEMS = {"canvas": "Canvas", "moodle": "Moodle"}
MOODLES = "assignsubmission_file"
UNFIT = re.compile(r"""[\x00-\x1f\x7f&<>"'|:\\/`]""")  # what Moodle leaves out of names
WHOLE = ("full name", "vollständiger name", "姓名")

Beginnings = dict[str, str]  # by student, of the names of their files in the zip
Pages = Mapping[str, list[Path]]


def export_feedback(
    course: Course, assignment: str, system: str, worksheet: Path | None, output: Path | None
) -> tuple[Path, int, list[str]]:
    """Write a zip of an assignment's feedback: where, of how many students, and who is left out.

    Whose a file is, Canvas and Moodle read from its name: from what they wrote before the work when
    it was collected, or from the numbers in Moodle's grading worksheet. Raises SettingsError.
    """
    nbgrader = Nbgrader(course)
    pages = nbgrader.feedback_pages(assignment)
    if not pages:
        raise SettingsError(f"no feedback for {assignment!r}: run `grade {assignment}` first")
    if worksheet:
        begin, told = _of_worksheet(worksheet, everyone(nbgrader, pages), pages)
    else:
        begin, told = _of_origins(
            read_origins(course.build / "downloaded" / assignment / KEPT), system, pages
        )
    path = output or course.build / "exports" / f"{assignment}-{system}-feedback.zip"
    write_whole(path, _zipped(_files(begin, pages)))
    return path, len(begin), told


def _files(begin: Beginnings, pages: Pages) -> Iterator[tuple[str, Path]]:
    for student, beginning in begin.items():
        for page in pages[student]:
            yield f"{beginning}{feedback_name(page.name)}", page


def feedback_name(page: str) -> str:
    """A page's name without `_`: Canvas passes over files whose last word begins with `link`."""
    return f"feedback-{page.replace('_', '-')}"


def _zipped(files: Iterable[tuple[str, Path]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in files:
            archive.writestr(name, page.read_bytes())
    return content.getvalue()


def _of_origins(
    origins: Mapping[str, Origin], system: str, pages: Pages
) -> tuple[Beginnings, list[str]]:
    """From what the system wrote; a group is known by one of its members at most."""
    begin, told = {}, []
    groups: dict[str, list[str]] = defaultdict(list)
    for student in sorted(pages):
        origin = origins.get(student)
        if origin and origin.system == SYSTEMS[system]:
            groups[origin.front].append(student)
        else:
            came = f"came from {origin.system}" if origin and origin.system else "is not kept"
            told.append(f"{student}: what {SYSTEMS[system]} calls the submission {came}")
    for front, students in groups.items():
        if system == "canvas":
            begin[students[0]] = front
            told += [
                f"{other}: in a group with {students[0]}, who has it" for other in students[1:]
            ]
        elif students[1:]:  # the number is the team's, which is another student's as well
            told.append(f"{', '.join(students)}: a team, whose members only --worksheet numbers")
        else:
            begin[students[0]] = f"{front.rstrip('_')}/"
    return begin, told


def _of_worksheet(path: Path, people: People, pages: Pages) -> tuple[Beginnings, list[str]]:
    """From the numbers that Moodle gave students for this assignment."""
    sheet = read_sheet(path)
    lines = lines_of(sheet, Moodle().top(sheet, path))
    rows, told = whose(lines, people)
    begin = {
        student: beginning
        for student, row in sorted(rows.items())
        if student in pages and (beginning := _beginning(lines[row]))
    }
    missing = (f"{student}: no number in {path}" for student in sorted(pages.keys() - begin.keys()))
    return begin, [*told, *missing]


def _beginning(line: Line) -> str:
    number = "".join(numbers_in(line))
    name = next(filter(None, map(line.get, WHOLE)), "Participant").replace("_", " ")
    return f"{UNFIT.sub('', name)}_{number}_{MOODLES}/" if number else ""
