"""Counting the words of written answers that have a limit; graders see the same count."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from autograder.checks.checker import check
from autograder.checks.language import N_, _
from autograder.checks.text.cell_texts import LIMIT, UNANSWERED
from autograder.checks.text.open_notebook import Notebook, notebook_in, open_notebook

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
NOT_FOUND = N_("""\
Nothing was counted: the file of this notebook was not found. Save the notebook, then name its
file: word_counts("my_notebook.ipynb")""")


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
        found = notebook_in(Path(notebook)) if notebook else open_notebook(check.runner.key)
    except Exception:  # whatever a broken file or a silent browser provokes
        print(_(NOT_FOUND))
        return
    answers = list(_limited(found))
    width = max((len(name) for name, _, _ in answers), default=0)
    for name, words, limit in answers:
        over = _("   ✗ {count} too many").format(count=words - limit) if words > limit else ""
        said = _("{words:5} of at most {limit} words").format(words=words, limit=limit)
        print(f"{name:{width}}  {said}{over}")
    print(_("Counted in {where}.").format(where=found.where))


def _limited(notebook: Notebook) -> Iterator[tuple[str, int, int]]:
    """Name, words and limit of every answer that has a limit."""
    for text in notebook.markdown:
        if found := LIMIT.search(text):
            yield found[1], count_words(text), int(found[2])
