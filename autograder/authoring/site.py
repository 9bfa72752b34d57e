"""The folder for students: notebooks, wheel, data and a page; nothing of the course's answers.

Pushed to a repository of its own, it is what the notebooks' badges lead to.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.header import COLAB, KAGGLE, place_of
from autograder.checks.language import own_name
from autograder.errors import ToldError
from autograder.files import write_whole
from autograder.settings import WHEEL, Course

PAGE = Path(__file__).with_name("site.html")
SECRET_MARKS = "BEGIN SOLUTION", "BEGIN HIDDEN TESTS"
NOT_DATA = {".py", ".pyc", ".toml"}  # generators: some could make answers again


class SiteError(ToldError):
    """A site that cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Entry:
    """An assignment on the page: its notebook, its title and the first words of its text."""

    assignment: str
    title: str
    about: str


def publish(course: Course, folder: Path | None) -> int:
    """Write the folder and say what to do with it; the exit status. Raises SiteError."""
    folder = folder or course.build / "site"
    files = write_site(course, folder)
    print(f"{folder}: {len(files)} files, none with solutions")
    where = course.repository or "a public repository, and name it as c.Course.repository"
    print(f"Push it to {where}: the notebooks' links to Colab and Kaggle lead there.")
    return 0


def write_site(course: Course, folder: Path) -> list[Path]:
    """Write the folder; what else lies in it stays, but for older wheels. The files written.

    Raises SiteError where a notebook or the wheel is missing, where a notebook holds a solution,
    and where the folder is one of the course's own.
    """
    _refuse_own(course, folder)
    wheel = course.build / WHEEL
    if not wheel.is_file():
        raise SiteError(f"no {WHEEL} in {course.build}: run `make wheel` first")
    notebooks = {path: _notebook(path) for path in _released(course)}
    for old in folder.glob("coursework_kit-*.whl"):
        old.unlink()
    entries = [_entry(name, notebooks[course.released(name)]) for name in course.assignments()]
    files = {path.relative_to(course.root).as_posix(): path for path in notebooks}
    files |= {WHEEL: wheel} | dict(_besides(course))
    for name, path in files.items():
        write_whole(folder / name, path.read_bytes())
    write_whole(folder / "index.html", _page(course, entries))
    return [folder / name for name in ("index.html", *files)]


def _refuse_own(course: Course, folder: Path) -> None:
    """A folder with solutions beside it, or inside of them, is none to publish."""
    inside = folder.resolve().is_relative_to(course.solutions.resolve())
    if inside or (folder / "solutions").exists():
        raise SiteError(f"{folder} holds solutions: name a folder of its own for students")


def _released(course: Course) -> Iterator[Path]:
    """Every assignment's notebook, in all its languages."""
    for assignment in course.assignments():
        yield from course.in_all_languages(assignment)


def _notebook(path: Path) -> NotebookNode:
    assignment = path.parent.name
    if not path.is_file():
        raise SiteError(f"{path} is missing: run `autograder build {assignment}` first")
    text = path.read_text(encoding="utf-8")
    if any(mark in text for mark in SECRET_MARKS):
        raise SiteError(f"{path} holds a solution: run `autograder build {assignment}`")
    return nbformat.reads(text, as_version=4)


def _besides(course: Course) -> Iterator[tuple[str, Path]]:
    """Data with their licences, and the environment for conda, where the course has them."""
    for path in sorted((course.root / "data").rglob("*")):
        if path.is_file() and path.suffix not in NOT_DATA:
            yield str(path.relative_to(course.root)), path
    if (environment := course.root / "environment.yml").is_file():
        yield environment.name, environment


def _entry(assignment: str, notebook: NotebookNode) -> Entry:
    """What the first cell says: its heading, and its first paragraph."""
    paragraphs = notebook.cells[0].source.split("\n\n") if notebook.cells else []
    title = paragraphs[0].partition("\n")[0].lstrip("# ") if paragraphs else assignment
    texts = (p for p in paragraphs[1:] if not p.startswith(("[", "#", "|")))
    return Entry(assignment, title, " ".join(next(texts, "").split()))


def _page(course: Course, entries: list[Entry]) -> str:
    items = "\n".join(_item(course, entry) for entry in entries)
    return PAGE.read_text(encoding="utf-8").replace("{items}", items).replace("{wheel}", WHEEL)


def _item(course: Course, entry: Entry) -> str:
    path = f"notebooks/{entry.assignment}/{entry.assignment}.ipynb"
    links = {"Notebook": path}
    if course.repository:
        place = place_of(entry.assignment, course)
        links |= {"Colab": COLAB.format(**place), "Kaggle": KAGGLE.format(**place)}
    for language, translation in course.translations(entry.assignment).items():
        links[own_name(language)] = translation.relative_to(course.root).as_posix()
    named = " · ".join(
        f'<a href="{html.escape(address)}">{name}</a>' for name, address in links.items()
    )
    title, about = html.escape(entry.title), html.escape(entry.about.replace("**", ""))
    return f"<section><h2>{title}</h2><p>{about}</p><p>{named}</p></section>"
