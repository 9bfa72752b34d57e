"""What the kit's own pages share: their templates' environment, and code in colours."""

import re
from collections.abc import MutableMapping
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.grading.pages.filters import in_time, kept

FOLDER = Path(__file__).parent
CODE = re.compile(r"`([^`\n]+)`")


def environment(*folders: Path) -> Environment:
    """Templates of other folders, and then of this one; whatever they show is escaped."""
    found = Environment(
        loader=FileSystemLoader([*folders, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"points": "{:g}".format, "prose": prose}
    return found


def coloured(code: str, budget: MutableMapping[str, Any]) -> Markup:
    """Code in colours, or where that takes too long of a page's `budget`, without."""
    return Markup(in_time(budget, lambda: kept(highlighted, code), lambda: escape(code)))


def prose(text: str) -> Markup:
    """A line of the kit's or of a heading: text, with code in it."""
    return Markup(CODE.sub(r"<code>\1</code>", escape(text)))


def highlighted(code: str) -> str:
    """HTML in which no element goes over the end of a line."""
    return str(highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))
