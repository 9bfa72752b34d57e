"""`submit`: from the open notebook to the files that are handed in, looked over beforehand."""

import os
import re
import shutil
import sys
import time
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from autograder.checks.checker import check
from autograder.checks.key import Key
from autograder.checks.language import _
from autograder.checks.model_file import (
    ModelError,
    contents,
    model_files,
    none_found,
    read_model,
)
from autograder.checks.predictions import no_predictions, prediction_files, read_predictions
from autograder.checks.text.history import cells_so_far
from autograder.checks.text.open_notebook import (
    Notebook,
    NotebookError,
    changed_since_saved,
    open_notebook,
)

STUDENT_ID = re.compile(r"[^\W_](?:[^\W_]|[.@-]){0,63}")
NOT_IN_NAMES = re.compile(r"[\x00-\x1f/\\:*?\"<>|]")
STALE_MINUTES = 10
PLACEHOLDERS = "00000000", "name"
NO_MODULES: Mapping[str, Sequence[str]] = MappingProxyType({})


class SubmitError(Exception):
    """Nothing or not everything can be handed in; the message says what to do."""


def submit(
    student_id: str,
    name: str,
    *,
    notebook: str = "",
    artefacts: str | tuple[str, ...] | None = None,
    predictions: tuple[str, ...] | None = None,
    modules: Mapping[str, Sequence[str]] = NO_MODULES,
    beside: Sequence[str | Path] = (),
) -> None:
    """Write the files to hand in, named as the course wants them, and one zip of them.

    What the notebook is called there, and the endings of the model files and of the files of
    predictions that belong to it, the assignment says; `notebook`, `artefacts` and `predictions`
    say it in its place. `modules` are Python files that the zip has besides, with the solution
    cells that each is made of; `beside` are further files, which are there already.
    Prints a line for each file and what looks unfinished. Never raises: what cannot be handed in
    has its line with ✗ and the reason, and the rest is written all the same.
    """
    if "NBGRADER_EXECUTION" in os.environ:
        return  # grading runs this cell too
    try:
        stem, key = _stem(student_id, name), _key()
        notebook = notebook or key.word or key.assignment
        artefacts = key.models if artefacts is None else artefacts
        artefacts = (artefacts,) if isinstance(artefacts, str) else artefacts
        predictions = key.predictions if predictions is None else predictions
        found = open_notebook(key)
        written = [_copied(found.path, Path(f"{stem}_{notebook}.ipynb"))]
        for line in _warnings(found, key):
            print(f"  {line}")
        written += [path for each in artefacts if (path := _artefact(each, stem))]
        written += [path for each in predictions if (path := _predictions(each, stem))]
        written += [Path(each) for each in beside if _is_there(Path(each))]
        wanted = 1 + len(artefacts) + len(predictions) + len(beside)
        texts = {path: _module(found, cells) for path, cells in modules.items()}
        _hand_over(written, Path(f"{stem}_{notebook}.zip"), wanted, texts)
    except (SubmitError, NotebookError, OSError) as error:
        print(f"✗ {error}")


def _stem(student_id: object, name: object) -> str:
    """The beginning of every file's name."""
    if not isinstance(student_id, str) or not isinstance(name, str):
        raise SubmitError(_('put id and name in quotes: submit("20260001", "Ada Lovelace")'))
    if student_id.strip() == PLACEHOLDERS[0] or name.strip().lower() == PLACEHOLDERS[1]:
        raise SubmitError(
            _('nothing is written yet: put your own id and name where "00000000" and "name" stand')
        )
    student_id = unicodedata.normalize("NFC", student_id.strip())
    name = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name.strip()))
    if not STUDENT_ID.fullmatch(student_id):
        said = _("{student_id!r} is no student id: letters and digits, no spaces")
        raise SubmitError(said.format(student_id=student_id))
    if not name or len(name) > 60 or name.startswith(".") or NOT_IN_NAMES.search(name):
        said = _("{name!r} cannot stand in a file's name: write your name as it is")
        raise SubmitError(said.format(name=name))
    return f"{student_id}_{name}"


def _key() -> Key:
    if check.runner.key is None:
        raise SubmitError(_("run the cells at the top of the notebook first, then this one again"))
    return check.runner.key


def _copied(source: Path, target: Path) -> Path:
    """A copy with the date of the original, so that the one saved last can be told."""
    if not target.exists() or not source.samefile(target):
        shutil.copy2(source, target)
    print(f"✓ {target}  {_size(target)}")
    return target


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


def _warnings(notebook: Notebook, key: Key) -> list[str]:
    """What may be wrong with a notebook that can be handed in as it is."""
    minutes = (time.time() - notebook.path.stat().st_mtime) / 60
    problems = {
        _("{names}: was saved {minutes:.0f} minutes ago: save it and run this again"): (
            [notebook.path.name] if minutes > STALE_MINUTES else []
        ),
        _("{names}: what you ran is not what is saved: save, and run this again"): (
            changed_since_saved(notebook, _inputs())
        ),
        _("{names}: not there any more: take the cell from the released notebook"): (
            notebook.missing(key)
        ),
        _("{names}: still to do"): notebook.unsolved(key),
    }
    return [
        said.format(names=", ".join(names), minutes=minutes)
        for said, names in problems.items()
        if names
    ]


def _inputs() -> list[str]:
    """The cells that ran, in order; none on Colab, which hands over what it shows."""
    return [] if "google.colab" in sys.modules else cells_so_far()


def _artefact(artefact: str, stem: str) -> Path | None:
    """A model file under its proper name; a line that says so where grading could not read it."""
    found = model_files(Path.cwd(), artefact)
    if not found:
        print(_("✗ {problem}: save_model writes it").format(problem=none_found(artefact)))
        return None
    try:
        read_model(contents(found[-1]))
    except ModelError as error:
        print(f"✗ {found[-1].name} {error}")
        return None
    return _copied(found[-1], Path(f"{stem}_{artefact}{found[-1].suffix.lower()}"))


def _predictions(ending: str, stem: str) -> Path | None:
    """A file of predictions under its proper name; a line that says so where it is no text."""
    found = prediction_files(Path.cwd(), ending)
    if not found:
        print(f"✗ {no_predictions(ending)}")
        return None
    try:
        read_predictions(contents(found[-1]))
    except ModelError as error:
        print(f"✗ {found[-1].name} {error}")
        return None
    return _copied(found[-1], Path(f"{stem}_{ending}.txt"))


def _is_there(path: Path) -> bool:
    if not path.is_file():
        print(_("✗ {path} is not there: run the cell that writes it").format(path=path))
    return path.is_file()


def _module(notebook: Notebook, exercises: Sequence[str]) -> str:
    """The solution cells of these exercises, as they were saved, in one text."""
    cells = (notebook.solutions.get(name, f"# {name} is missing") for name in exercises)
    return "\n\n\n".join(cell.strip() for cell in cells) + "\n"


def _hand_over(files: list[Path], target: Path, wanted: int, texts: Mapping[str, str]) -> None:
    """Put files and texts into one zip, say what to upload, and on Colab download it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)
        for name, text in texts.items():
            archive.writestr(name, text)
    said = _("✗ {target}  {size}, not complete, see above")
    if len(files) == wanted:
        said = _("✓ {target}  {size}, the files above")
    print(said.format(target=target, size=_size(target)))
    where = _(" (in the Output panel)") if Path.cwd() == Path("/kaggle/working") else ""
    said = _("Upload {target}{where} to the assignment's page; the last version handed in counts.")
    print(said.format(target=target, where=where))
    if "google.colab" in sys.modules:
        from google.colab import files as browser

        browser.download(str(target))
