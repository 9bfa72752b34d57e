"""Lines with a coloured mark, in HTML that is right on light and on dark pages.

Text has the page's own colour; what is coloured brings its own background.
"""

from html import escape

PASSED, FAILED, WAITING = "#1a7f37", "#cf222e", "#9a6700"
MARK = "color:#fff;border-radius:4px;padding:1px 7px;font-weight:bold;font-family:sans-serif"
MONOSPACED = "var(--jp-code-font-family,monospace)"
TEXT = "white-space:pre-wrap;overflow-wrap:anywhere"


def boxed(colour: str, *parts: str) -> str:
    """Pieces of HTML below each other, beside a line of a colour."""
    style = f"border-left:4px solid {colour};padding:2px 0 2px 10px;margin:2px 0;line-height:1.5"
    return f'<div style="{style}">{"".join(parts)}</div>'


def marked(mark: str, colour: str, said: str, name: str = "") -> str:
    """A line as it is printed, `✓ name  said`, with its mark on a coloured ground."""
    sign = f'<span style="{MARK};background:{colour}">{escape(mark)}</span>'
    bold = f"<b>{escape(name)}</b>  " if name else ""
    return f'<div style="{TEXT}">{sign} {bold}{escape(said)}</div>'


def as_printed(text: str) -> str:
    """Text such as a traceback, as it stands."""
    size = "font-size:90%;margin-top:4px"
    return f'<div style="{TEXT};font-family:{MONOSPACED};{size}">{escape(text)}</div>'
