"""Counting the words of written answers that have a limit; graders see the same count."""

import html
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.tools.cell_texts import LIMIT, UNANSWERED

# every repetition ends soon: graders count texts that may be written to take for ever
FORMULA = re.compile(
    r"\$\$[^$]+\$\$|(?<!\\)\$(?=\S)[^$]+(?<=\S)\$(?!\d)|\\begin\{(\w+\*?)\}.{0,500}?\\end\{\1\}",
    re.S,
)
TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
LINE_MARK = re.compile(r"^[ \t>]*(?:\d{1,9}[.)][ \t]|```.*)", re.M)  # numbering, fences
BETWEEN = re.compile(r"[|—]")  # columns of tables, dashes without spaces
# Chinese and Japanese have no spaces between words; Korean has
CHARACTER = re.compile(
    "[\u3005-\u3007\u3041-\u30ff\u31f0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
NOT_FOUND = """\
Nothing was counted: the file of this notebook was not found. Save the notebook, then name its
file: word_counts("my_notebook.ipynb")"""


def count_words(markdown: str) -> int:
    """Words of an answer in Markdown, without its first line and without marks.

    A formula is one word, and so is each Chinese or Japanese character. Words with hyphens,
    numbers and web addresses are one word each.
    """
    text = LIMIT.sub("", html.unescape(markdown)).replace(UNANSWERED, "")
    for pattern, put in ((FORMULA, " formula "), (TAG, " "), (LINE_MARK, " "), (BETWEEN, " ")):
        text = pattern.sub(put, text)
    return sum(any(map(str.isalnum, word)) for word in CHARACTER.sub(r" \g<0> ", text).split())


def word_counts(notebook: str | Path | None = None) -> None:
    """Print the words of every answer that has a limit, in this notebook or in the file named.

    On Colab it is the notebook on the screen, elsewhere the file as it was last saved.
    """
    try:
        cells, where = _named(Path(notebook)) if notebook else _on_colab() or _saved()
        answers = list(_limited(cells))
    except Exception:  # whatever a broken file or a silent browser provokes
        print(NOT_FOUND)
        return
    width = max((len(name) for name, _, _ in answers), default=0)
    for name, words, limit in answers:
        over = f"   ✗ {words - limit} too many" if words > limit else ""
        print(f"{name:{width}}  {words:5} of at most {limit} words{over}")
    print(f"Counted in {where}.")


def _limited(cells: list[dict[str, Any]]) -> Iterator[tuple[str, int, int]]:
    """Name, words and limit of every answer that has a limit."""
    for cell in cells:
        text = "".join(cell["source"])
        found = LIMIT.search(text) if cell["cell_type"] == "markdown" else None
        if found:
            yield found[1], count_words(text), int(found[2])


def _on_colab() -> tuple[list[dict[str, Any]], str] | None:
    """The cells that the browser shows; None elsewhere."""
    try:
        from google.colab import _message
    except ImportError:
        return None
    reply = _message.blocking_request("get_ipynb", timeout_sec=20)  # the only way: no file here
    return reply["ipynb"]["cells"], "the notebook as it is on your screen"


def _saved() -> tuple[list[dict[str, Any]], str]:
    """The file that Jupyter says it is, else the only notebook in this folder."""
    running = Path(os.environ.get("JPY_SESSION_NAME", ""))
    if running.suffix == ".ipynb" and running.is_file():
        return _named(running)
    (only,) = Path().glob("*.ipynb")
    return _named(only)


def _named(path: Path) -> tuple[list[dict[str, Any]], str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    time = datetime.fromtimestamp(path.stat().st_mtime)
    return cells, f"{path.name} as saved at {time:%H:%M:%S}; save it to count what you wrote since"
