"""The page that a student gets: one file that needs nothing else, in which nothing runs.

It begins with a table of all exercises and what each earned, and why. Then come the exercises, with
the student's own code and answers. It is made of the autograded notebook, the released one, and
what the gradebook says; hidden cases, keys and marking schemes are in none of what it reads out.
"""

import hashlib
import re
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.grading.pages.filters import in_time, kept
from autograder.grading.pages.grades import Grades
from autograder.grading.pages.items import Sources, items
from autograder.grading.pages.markdown import as_html
from autograder.grading.pages.policy import nothing_runs
from autograder.grading.pages.tasks import Tasks
from autograder.grading.record import kept_in

FOLDER = Path(__file__).parent
CODE = re.compile(r"`([^`\n]+)`")
DIGEST = re.compile(rb'<meta name="digest" content="([0-9a-f]{64})">')


def student_page(nb: NotebookNode, tasks: Tasks, grades: Grades, digest: str = "") -> str:
    """The page of an autograded notebook; `digest` says what it was made of."""
    budget: dict[str, Any] = {}  # of processor time, for the texts of this page
    record = kept_in(nb)
    return _template().render(
        items=list(items(nb, Sources(tasks, grades, record))),
        title=tasks.title,
        grades=grades,
        noticed=record.noticed,
        digest=digest,
        policy=nothing_runs(),
        text=lambda text, attachments=None: Markup(as_html(text, budget, attachments)),
        code=lambda text: Markup(
            in_time(budget, lambda: kept(_coloured, text), lambda: escape(text))
        ),
    )


def digest_in(page: Path) -> str:
    """What a page says that it was made of; empty where there is none that says so."""
    try:
        with page.open("rb") as file:
            found = DIGEST.search(file.read(2000))
    except OSError:
        return ""
    return found[1].decode() if found else ""


@cache
def own_code() -> bytes:
    """A hash of what makes pages: another kit makes others."""
    files = sorted(path for path in FOLDER.iterdir() if path.is_file())
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()


@lru_cache(1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": "{:g}".format, "prose": prose}
    return environment.get_template("student_page.html.j2")


def prose(text: str) -> Markup:
    """A line of the kit's or of a heading: text, with code in it."""
    return Markup(CODE.sub(r"<code>\1</code>", escape(text)))


def _coloured(code: str) -> str:
    return str(highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))
