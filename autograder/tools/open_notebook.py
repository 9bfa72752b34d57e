"""The notebook that is open: where its file is, and what its cells say about the assignment."""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.checks.key import Key
from autograder.tools.cell_texts import ANSWER, CHECK, SOLUTION, UNANSWERED, UNSOLVED

COLAB_SECONDS = 30


class NotebookError(Exception):
    """The notebook cannot be found or read; the message says what to do."""


@dataclass(frozen=True)
class Notebook:
    """A notebook file and the texts of its cells by exercise and role."""

    path: Path
    solutions: dict[str, str]
    checks: dict[str, str]
    answers: dict[str, str]

    def names(self) -> set[str]:
        return {*self.solutions, *self.checks, *self.answers}

    def holds(self, key: Key) -> bool:
        """Whether it is this assignment's: another's exercise may have the same name as one."""
        graded = {*key.exercises, *key.written}
        return 2 * len(graded & self.names()) > len(graded)

    def missing(self, key: Key) -> list[str]:
        """Graded cells that are not there."""
        lost = [name for name in self.written_in_code(key) if name not in self.solutions]
        lost += [f"the check of {name}" for name in key.exercises if name not in self.checks]
        return lost + [name for name in key.written if name not in self.answers]

    def written_in_code(self, key: Key) -> list[str]:
        """Exercises with a solution cell, which a model file has not."""
        return [name for name, exercise in key.exercises.items() if exercise.is_code]

    def unsolved(self, key: Key) -> list[str]:
        """Exercises and answers that are as they were released."""
        code = self.written_in_code(key)
        unsolved = [name for name in code if UNSOLVED in self.solutions.get(name, "")]
        return unsolved + [name for name in key.written if UNANSWERED in self.answers.get(name, "")]


def read_notebook(path: Path) -> Notebook:
    """The notebook in a file. Raises NotebookError."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError):
        raise NotebookError(f"{path.name} is not a notebook that can be read") from None
    code = [text for kind, text in texts if kind == "code"]
    return Notebook(
        path,
        _by_name(SOLUTION, code),
        _by_name(CHECK, code),
        _by_name(ANSWER, [text for kind, text in texts if kind == "markdown"]),
    )


def _by_name(pattern: re.Pattern[str], texts: list[str]) -> dict[str, str]:
    return {name: text for text in texts for name in pattern.findall(text)}


def open_notebook(key: Key) -> Notebook:
    """The notebook of this assignment that was saved last; on Colab the one in the browser.

    Raises NotebookError where there is none.
    """
    folder = Path.cwd()
    if "google.colab" in sys.modules:
        return read_notebook(_ask_colab())
    found = [notebook for notebook in _notebooks(folder) if notebook.holds(key)]
    if not found:
        raise NotebookError(
            f"no saved notebook of {key.assignment} in {folder}: "
            "save it there, or hand in the file that your platform downloads"
        )
    return max(found, key=lambda notebook: notebook.path.stat().st_mtime)


def _notebooks(folder: Path) -> Iterator[Notebook]:
    for path in sorted(folder.glob("*.ipynb")):
        try:
            yield read_notebook(path)
        except NotebookError:
            continue


def _ask_colab() -> Path:
    """A file of what Colab shows: it has none on the machine that runs the cells."""
    from google.colab import _message

    reply = _message.blocking_request("get_ipynb", request="", timeout_sec=COLAB_SECONDS)
    if not reply or "ipynb" not in reply:
        raise NotebookError("Colab did not hand over the notebook: run this cell again")
    path = Path(tempfile.mkdtemp()) / "notebook.ipynb"
    path.write_text(json.dumps(reply["ipynb"], ensure_ascii=False), encoding="utf-8")
    return path


def changed_since_saved(notebook: Notebook, inputs: list[str]) -> list[str]:
    """Exercises whose cell, as it ran last, is not what the file holds."""
    ran = _by_name(SOLUTION, inputs)
    return [name for name, text in ran.items() if _differ(text, notebook.solutions.get(name, text))]


def _differ(a: str, b: str) -> bool:
    return a.split() != b.split()
