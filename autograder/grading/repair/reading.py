"""From a file to a notebook: what it may be encoded as, and what it is if it is no notebook."""

import codecs
import json
from pathlib import Path

from nbformat import NotebookNode

from autograder.errors import ToldError
from autograder.grading.repair.normalise import is_notebook, normalised

MAX_NOTEBOOK = 100_000_000  # nbgrader's own limit for collected files
MAX_CELLS = 20_000
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SIGNATURES = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"<": "a web page or other markup",
    b"<<<<<<<": "a file with merge conflicts",
}


class SubmissionError(ToldError):
    """A file that is no notebook; the message says what it is."""


def read_notebook(path: Path) -> NotebookNode:
    """A valid nbformat 4.5 notebook from a file of any version and shape. Raises SubmissionError.

    Damage inside of it, such as wrong types, is mended; `repair` finds what belongs where.
    """
    return notebook_of(read_bytes(path), path)


def notebook_of(content: bytes, path: Path) -> NotebookNode:
    """The notebook in a file's content. Raises SubmissionError, which names the file."""
    try:
        return _notebook(content)
    except SubmissionError as error:
        raise SubmissionError(f"{path}: not a Jupyter notebook: {error}") from None
    except (RecursionError, MemoryError):
        raise SubmissionError(f"{path}: not a Jupyter notebook: nested too deeply") from None


def read_bytes(path: Path) -> bytes:
    """A file's content, if it is a file and not too large. Raises SubmissionError."""
    try:
        if path.exists() and not path.is_file():  # reading a pipe or a device may never end
            raise SubmissionError(f"{path}: not a file")
        if path.stat().st_size > MAX_NOTEBOOK:
            raise SubmissionError(f"{path}: larger than {MAX_NOTEBOOK // 1_000_000} MB")
        return path.read_bytes()
    except FileNotFoundError:
        raise SubmissionError(f"{path}: no such file") from None
    except OSError as error:
        raise SubmissionError(f"{path}: cannot be read: {error.strerror}") from None


def _notebook(data: bytes) -> NotebookNode:
    if not data.strip():
        raise SubmissionError("the file is empty")
    raw = _json(_text(data), data)
    if not is_notebook(raw):
        raise SubmissionError("it is JSON, but has no list of cells")
    if isinstance(raw.get("cells"), list) and len(raw["cells"]) > MAX_CELLS:
        raise SubmissionError(f"it has more than {MAX_CELLS} cells")
    return normalised(raw)


def _text(data: bytes) -> str:
    """The text; a wrong byte costs its character, not the notebook."""
    encoding = next((name for bom, name in BOMS.items() if data.startswith(bom)), "utf-8")
    return data.decode(encoding, errors="replace")


def _json(text: str, data: bytes) -> object:
    # NaN and Infinity are no JSON, and an integer may have a million digits
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_int=_integer, strict=False)
    except json.JSONDecodeError as error:
        raise SubmissionError(_what(text, data, error)) from None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < 20 else None


def _what(text: str, data: bytes, error: json.JSONDecodeError) -> str:
    start = data.lstrip()[:8]
    known = [what for sign, what in SIGNATURES.items() if start.startswith(sign)]
    if known:
        return f"it is {known[-1]}"
    if not text.lstrip().startswith("{"):
        return "it is a text or binary file, not JSON"
    if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated string"):
        return "it is cut off; the upload may have been interrupted"
    return f"its JSON is broken at line {error.lineno}, column {error.colno}"
