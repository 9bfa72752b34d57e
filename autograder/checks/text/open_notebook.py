"""The notebook that is open: where its file is, and what its cells say about the assignment."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from autograder.checks.key import Key
from autograder.checks.language import _
from autograder.checks.text.cell_texts import ANSWER, CHECK, SOLUTION, UNANSWERED, UNSOLVED

COLAB_SECONDS = 30


class NotebookError(Exception):
    """The notebook cannot be found or read; the message says what to do."""


@dataclass(frozen=True)
class Notebook:
    """A notebook file and the texts of its cells."""

    path: Path
    code: tuple[str, ...]
    markdown: tuple[str, ...]
    on_screen: bool = False  # as the browser shows it; else as it was saved

    @cached_property
    def solutions(self) -> dict[str, str]:
        """Solution cells by exercise."""
        return by_name(SOLUTION, self.code)

    @cached_property
    def checks(self) -> dict[str, str]:
        """Check cells by exercise."""
        return by_name(CHECK, self.code)

    @cached_property
    def answers(self) -> dict[str, str]:
        """Written answers by name."""
        return by_name(ANSWER, self.markdown)

    @property
    def where(self) -> str:
        """Which notebook this is, in words."""
        if self.on_screen:
            return _("the notebook as it is on your screen")
        time = datetime.fromtimestamp(self.path.stat().st_mtime)
        name = self.path.name
        said = _("{name} as saved at {time:%H:%M:%S}; save it to count what you wrote since")
        return said.format(name=name, time=time)

    def names(self) -> set[str]:
        """All exercises and answers that have a cell."""
        return {*self.solutions, *self.checks, *self.answers}

    def holds(self, key: Key) -> bool:
        """Whether it is this assignment's: another's exercise may have the same name as one."""
        graded = {*key.exercises, *key.written}
        return 2 * len(graded & self.names()) > len(graded)

    def missing(self, key: Key) -> list[str]:
        """Graded cells that are not there."""
        lost = [name for name in _written_in_code(key) if name not in self.solutions]
        lost += [
            _("the check of {name}").format(name=name)
            for name in key.exercises
            if name not in self.checks
        ]
        return lost + [name for name in key.written if name not in self.answers]

    def unsolved(self, key: Key) -> list[str]:
        """Exercises and answers that are as they were released."""
        code = _written_in_code(key)
        unsolved = [name for name in code if UNSOLVED in self.solutions.get(name, "")]
        return unsolved + [name for name in key.written if UNANSWERED in self.answers.get(name, "")]


def _written_in_code(key: Key) -> list[str]:
    """Exercises with a solution cell, which a model file has not."""
    return [name for name, exercise in key.exercises.items() if exercise.is_code]


def by_name(pattern: re.Pattern[str], texts: tuple[str, ...] | list[str]) -> dict[str, str]:
    """The last of the texts that a pattern finds, by the name that it finds there."""
    return {name: text for text in texts for name in pattern.findall(text)}


def notebook_in(path: Path, *, on_screen: bool = False) -> Notebook:
    """The notebook in a file. Raises NotebookError."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError):
        said = _("{name} is not a notebook that can be read")
        raise NotebookError(said.format(name=path.name)) from None
    code, markdown = (tuple(t for k, t in texts if k == kind) for kind in ("code", "markdown"))
    return Notebook(path, code, markdown, on_screen)


def open_notebook(key: Key | None) -> Notebook:
    """The notebook in the browser on Colab; elsewhere the file that Jupyter says it is.

    Where nothing says so, the one of this assignment that was saved last, or the only one. Raises
    NotebookError where there is none.
    """
    if "google.colab" in sys.modules:
        return notebook_in(_ask_colab(), on_screen=True)
    running = Path(os.environ.get("JPY_SESSION_NAME", ""))
    if running.suffix == ".ipynb" and running.is_file():
        return notebook_in(running)
    found = [notebook for notebook in _notebooks(Path.cwd()) if key is None or notebook.holds(key)]
    if not found or (key is None and len(found) > 1):
        said = _(
            "no saved notebook of {assignment} in {folder}: "
            "save it there, or hand in the file that your platform downloads"
        )
        if key is None:
            said = _(
                "no single notebook in {folder}: "
                "save it there, or hand in the file that your platform downloads"
            )
        name = key.assignment if key else ""
        raise NotebookError(said.format(assignment=name, folder=Path.cwd()))
    return max(found, key=lambda notebook: notebook.path.stat().st_mtime)


def _notebooks(folder: Path) -> Iterator[Notebook]:
    for path in sorted(folder.glob("*.ipynb")):
        try:
            yield notebook_in(path)
        except NotebookError:
            continue


def _ask_colab() -> Path:
    """A file of what Colab shows: it has none on the machine that runs the cells."""
    from google.colab import _message

    reply = _message.blocking_request("get_ipynb", request="", timeout_sec=COLAB_SECONDS)
    if not reply or "ipynb" not in reply:
        raise NotebookError(_("Colab did not hand over the notebook: run this cell again"))
    path = Path(tempfile.mkdtemp()) / "notebook.ipynb"
    path.write_text(json.dumps(reply["ipynb"], ensure_ascii=False), encoding="utf-8")
    return path


def changed_since_saved(notebook: Notebook, inputs: list[str]) -> list[str]:
    """Exercises whose cell, as it ran last, is not what the file holds."""
    ran = by_name(SOLUTION, inputs)
    return [name for name, text in ran.items() if _differ(text, notebook.solutions.get(name, text))]


def _differ(a: str, b: str) -> bool:
    return a.split() != b.split()
