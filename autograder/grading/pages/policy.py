"""Content-security policies: of nbgrader's pages, and of the kit's own, in which nothing runs.

In nbgrader's, its own scripts run, and MathJax, nothing else. They are known by a word that nobody
can foresee, and not by where they lie: the server has files of students', too. A policy stands in
the page, because feedback is opened from a disk or a mailbox, with no server.

Source: "Content Security Policy Level 3", W3C.
"""

import base64
import hashlib
import re
import secrets
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
    nonce = secrets.token_urlsafe(16)
    head = head.replace("<script", f'<script nonce="{nonce}"')
    return Markup(head.replace("<head>", f"<head>\n{_policy(nonce)}", 1))


def nothing_runs() -> Markup:
    """The policy of a page that is whole in itself: its own style, pictures that it holds."""
    rules = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    return Markup(_as_tags({**rules, "style-src": "'unsafe-inline'", "img-src": "data:"}))


def _policy(nonce: str) -> str:
    # MathJax loads its parts and evaluates its configuration; formgrader's buttons have handlers
    for_mathjax, for_buttons = "'strict-dynamic' 'unsafe-eval'", "'unsafe-hashes'"
    rules = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}' {for_mathjax} {for_buttons} {_below_the_head()}",
        "style-src": f"'self' 'unsafe-inline' {MATHJAX}",
        "font-src": f"'self' data: {MATHJAX}",
        "img-src": f"data: {MATHJAX}",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return _as_tags(rules)


def _as_tags(rules: dict[str, str]) -> str:
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta http-equiv="x-dns-prefetch-control" content="off">\n'
        '<meta name="referrer" content="same-origin">'
    )


@cache
def _below_the_head() -> str:
    """Hashes of the scripts that stand in the formgrader's navigation."""
    navigation = (FORMGRADER / "formgrade/formgrade_macros.html.j2").read_text("utf-8")
    found = [script or handler for script, handler in INLINE.findall(navigation)]
    digests = [hashlib.sha256(text.encode()).digest() for text in found]
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
