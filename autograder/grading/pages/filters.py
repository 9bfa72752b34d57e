"""What stands in for nbconvert's filters, in all pages that it makes: see `nbgrader_config.py`.

Readers of Markdown, code and terminal colours take quadratic time or worse on some texts. One that
takes too long, or cannot be read, is shown as it was written, and the rest of the page as ever.
"""

import time
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from html import escape
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from mistune import import_plugin
from nbconvert.filters import Highlight2HTML, ansi2html, strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.grading.limits import at_most
from autograder.grading.pages.allowed import harmless

TEXT_SECONDS, PAGE_SECONDS = 2.0, 20.0  # of processor time, for one text and for all of a page
LEFT = "seconds_left"  # among the resources of a page
KEPT, KEPT_LENGTH = 1024, 20_000  # texts, most of them the same for all students; and characters
PLUGINS = ("strikethrough", "table", "url", "def_list")  # nbconvert's, but for boxes to tick
AS_WRITTEN = "<p><em>Cannot be laid out, or not in time: here it is as it was written.</em></p>"


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """The HTML of a Markdown text, with its attachments, and nothing in it but what is allowed."""
    attachments = context.get("cell", {}).get("attachments") or {}
    if attachments:
        return in_time(
            context["resources"], lambda: _laid_out(source, attachments), lambda: plain(source)
        )
    return in_time(context["resources"], lambda: kept(_laid_out, source), lambda: plain(source))


@pass_context
def clean_html(context: Context, source: str) -> str:
    """HTML of an output or a raw cell, with nothing in it but what is allowed."""
    return in_time(context["resources"], lambda: harmless(source), lambda: plain(source))


@pass_context
def highlight_code(context: Context, source: str, metadata: object = None) -> str:
    """The HTML of a code cell, in colours of the notebook's language."""
    info = context["nb"].metadata.get("language_info", {})
    language = info.get("pygments_lexer") or info.get("name") or "ipython3"
    return in_time(
        context["resources"], lambda: kept(_highlighted, source, language), lambda: plain(source)
    )


@pass_context
def coloured(context: Context, text: str) -> str:
    """The HTML of what was printed, in a terminal's colours."""
    return in_time(context["resources"], lambda: ansi2html(text), lambda: escape(strip_ansi(text)))


def strip_files_prefix(html: str) -> str:
    """The same: nothing that is allowed has such a prefix, and looking for it takes long."""
    return html


def in_time(
    resources: MutableMapping[str, Any], work: Callable[[], str], instead: Callable[[], str]
) -> str:
    """What comes of some work for a page; where that fails or takes long, what stands in for it."""
    left, begun = resources.get(LEFT, PAGE_SECONDS), time.process_time()
    if left <= 0:
        return instead()
    try:
        with at_most(min(TEXT_SECONDS, left)):
            return work()
    except Exception:  # whatever a text provokes
        return instead()
    finally:
        resources[LEFT] = left - (time.process_time() - begun)


def kept(work: Callable[..., str], source: str, *more: str) -> str:
    """What comes of work on a text, remembered: most texts are the same for all students."""
    return (_remembered if len(source) < KEPT_LENGTH else _done)(work, source, *more)


def _done(work: Callable[..., str], *arguments: str) -> str:
    return work(*arguments)


_remembered = lru_cache(KEPT)(_done)


def _laid_out(source: str, attachments: dict[str, dict[str, str]] | None = None) -> str:
    renderer = IPythonRenderer(
        escape=False, exclude_anchor_links=True, attachments=attachments or {}
    )
    plugins = map(import_plugin, PLUGINS)
    return harmless(MarkdownWithMath(renderer, plugins=plugins).render(source))


def _highlighted(source: str, language: str) -> str:
    return str(Highlight2HTML(pygments_lexer=language)(source))


def plain(text: str) -> str:
    """A text as it was written, and that it is."""
    return f"{AS_WRITTEN}\n<pre>{escape(text)}</pre>"
