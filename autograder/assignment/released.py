"""The visible key of a released notebook."""

import contextlib
import re
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.checks.key import Key, decode

KEY_TEXT = re.compile(r'check\.load\("([^"]*)"\)')


def key_text(notebook: NotebookNode) -> str:
    """The text of the visible key that a notebook hands to `check`; empty where there is none."""
    found = (KEY_TEXT.search(cell.source) for cell in notebook.cells)
    return next((each.group(1) for each in found if each), "")


def key_of(text: str) -> Key | None:
    """The key; None where the text is damaged."""
    with contextlib.suppress(ValueError):
        return decode(text)
    return None


def text_in_file(path: Path) -> str:
    """The text of the visible key in a notebook's file; empty where it is missing or damaged."""
    if not path.is_file():
        return ""
    with contextlib.suppress(Exception):  # whatever a damaged notebook provokes
        return key_text(nbformat.read(path, as_version=4))
    return ""


def with_libraries_of(key: Key, released: Key | None) -> Key:
    """A key with the libraries of wrong answers that a released one has."""
    known = released.exercises if released else {}
    exercises = {
        name: replace(exercise, library=known[name].library) if name in known else exercise
        for name, exercise in key.exercises.items()
    }
    return replace(key, exercises=exercises)
