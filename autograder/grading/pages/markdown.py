"""Markdown as HTML for the students' pages: formulas in MathML, nothing that runs or is loaded."""

import re
from collections.abc import Mapping, MutableMapping
from html import escape
from typing import Any

from mistune import import_plugin
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.grading.limits import TookTooLongError
from autograder.grading.pages.allowed import harmless
from autograder.grading.pages.filters import PLUGINS, in_time, kept, plain
from autograder.grading.pages.mathml import as_mathml

MARK = "\ue000"  # around the number of a formula, while the rest of the text is made harmless
PLACE = re.compile(f"<span>{MARK}([0-9]+){MARK}</span>")
HEADING = 3  # all of a text's are below the page's own
Attachments = Mapping[str, Mapping[str, str]]


def as_html(
    text: str, budget: MutableMapping[str, Any], attachments: Attachments | None = None
) -> str:
    """A Markdown text, or where that takes too long of a page's `budget`, as it was written."""
    if attachments:
        return in_time(budget, lambda: _laid_out(text, attachments), lambda: plain(text))
    return in_time(budget, lambda: kept(_laid_out, text), lambda: plain(text))


def _laid_out(text: str, attachments: Attachments | None = None) -> str:
    renderer = _Renderer({name: dict(of) for name, of in (attachments or {}).items()})
    parser = MarkdownWithMath(renderer, plugins=map(import_plugin, PLUGINS))
    html = harmless(parser.render(text.replace(MARK, "")))
    html = PLACE.sub(lambda place: renderer.formulas.pop(int(place[1]), ""), html)
    return _scrolled(html.replace(MARK, ""))


def _scrolled(html: str) -> str:
    """The same, with tables that scroll where they are wider than a telephone."""
    opening = '<div class="wide" role="group" aria-label="Table" tabindex="0"><table'
    return html.replace("<table", opening).replace("</table>", "</table></div>")


class _Renderer(IPythonRenderer):
    """nbconvert's, with formulas put aside, by number, until all else has been cleaned."""

    def __init__(self, attachments: dict[str, dict[str, str]]) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, attachments=attachments)
        self.formulas: dict[int, str] = {}

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        """A heading of one level: what level the page needs, no text knows."""
        return f"<h{HEADING}>{text}</h{HEADING}>\n"

    def inline_math(self, body: str) -> str:
        """A formula in a line."""
        return self._formula(body, display=False)

    def block_math(self, body: str) -> str:
        """A formula on a line of its own."""
        return self._formula(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        """Lines of formulas."""
        inner = (
            body if name.rstrip("*") == "equation" else f"\\begin{{{name}}}{body}\\end{{{name}}}"
        )
        return self._formula(inner, display=True)

    def _formula(self, latex: str, *, display: bool) -> str:
        """A place for it; where it cannot be read, its text."""
        number = len(self.formulas)
        try:
            self.formulas[number] = as_mathml(latex.strip(), display=display)
        except TookTooLongError:
            raise
        except Exception:  # whatever a text provokes
            return f"<code>{escape(latex)}</code>"
        return f"<span>{MARK}{number}{MARK}</span>"
