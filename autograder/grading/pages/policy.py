"""The content-security policy of nbgrader's pages: its own scripts run, and MathJax, nothing else.

It stands in the page, because feedback is opened from a disk or a mailbox, with no server.

Source: "Content Security Policy Level 3", W3C.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbgrader
from markupsafe import Markup

MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/"
FORMGRADER = Path(nbgrader.__file__).with_name("server_extensions") / "formgrader/templates"
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>|\bonclick=\"(.*?)\"", re.S)


def behind_policy(head: str) -> Markup:
    """A page's head, nbgrader's own, with a policy before everything that it asks for.

    MathJax is asked for by its version: to find the newest one is a question to another server.
    """
    head = head.replace(f"{MATHJAX}latest.js", f"{MATHJAX}MathJax.js")
    return Markup(head.replace("<head>", f"<head>\n{_policy(head)}", 1))


def _policy(head: str) -> str:
    scripts = " ".join(dict.fromkeys([*_hashes(head), *_formgraders()]))
    rules = {
        "default-src": "'none'",
        # MathJax evaluates its configuration; formgrader's buttons have handlers
        "script-src": f"'self' {MATHJAX} 'unsafe-eval' 'unsafe-hashes' {scripts}",
        "style-src": f"'self' 'unsafe-inline' {MATHJAX}",
        "font-src": f"'self' data: {MATHJAX}",
        "img-src": f"data: {MATHJAX}",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta http-equiv="x-dns-prefetch-control" content="off">\n'
        '<meta name="referrer" content="same-origin">'
    )


def _hashes(text: str) -> Iterator[str]:
    """Of the scripts that stand in a page itself."""
    for script, handler in INLINE.findall(text):
        digest = hashlib.sha256((script or handler).encode()).digest()
        yield f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _formgraders() -> tuple[str, ...]:
    """Of the scripts in formgrader's navigation, below the head."""
    return tuple(_hashes((FORMGRADER / "formgrade/formgrade_macros.html.j2").read_text("utf-8")))
