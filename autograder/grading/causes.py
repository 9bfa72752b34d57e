"""Why cells failed, and which names are missing for that.

What a student reads of it is told by the text that they wrote, and by no word of what ran: code
that fails might have put hidden inputs into its message.
"""

import builtins
import re
import sys
from collections.abc import Mapping, Sequence

from autograder.checks.language import _
from autograder.checks.text.notebook import names_bound
from autograder.grading.forks.requests import Step

MISSING = re.compile(r"name '(\w+)' is not defined")
SAID = re.compile(r"(?:line (\d{1,6}): )?(\w+)")  # by a fork, of an error
LOADING = ("SyntaxError", "IndentationError", "TabError", "ImportError", "ModuleNotFoundError")
HERE = sys.version_info[:2]
NEWER = {  # what a line looks like that only a newer Python reads, and since when
    r"\s*type\s+\w+.*=": (3, 12),
    r"\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[": (3, 12),
    r""".*\b[rR]?[fF]["'].*\{""": (3, 12),
    r"\s*except\*?\s+[\w.]+\s*,": (3, 14),
    r""".*\b[rR]?[tT]["'].*\{""": (3, 14),
}
LONGEST = 80  # characters of a line that are told
MATCHED = 500  # of one that is looked at: matching takes quadratic time


def told(text: str, error: str) -> str:
    """What became of a cell, for its student: where it failed, at which text, with which error."""
    found = SAID.match(error)
    line, kind = (int(found[1] or 0), found[2]) if found else (0, "")
    lines = text.split("\n")
    where = _where(line, lines[line - 1]) if 0 < line <= len(lines) else ""
    named = kind if isinstance(getattr(builtins, kind, None), type) else _("an error of its own")
    newer = _newer(lines[line - 1]) if kind == "SyntaxError" and where else ""
    return ": ".join(filter(None, [where, named])) + newer


def _where(line: int, text: str) -> str:
    return _("line {line}, `{text}`").format(line=line, text=text.strip()[:LONGEST])


def _newer(line: str) -> str:
    """A line that only a newer Python reads, as far as its look tells."""
    line = line[:MATCHED]
    since = [version for look, version in NEWER.items() if re.match(look, line) and version > HERE]
    if not since:
        return ""
    (major, minor), (own_major, own_minor) = min(since), HERE
    said = _(" (Python {major}.{minor} syntax; this grades on {own_major}.{own_minor})")
    return said.format(major=major, minor=minor, own_major=own_major, own_minor=own_minor)


def failed_to_load(cells: Sequence[Step], failures: Mapping[int, str]) -> list[str]:
    """The cells that are no Python here, or import what is not to be had: each told in a line."""
    found = {at: SAID.match(error) for at, error in failures.items()}
    return [
        told(cells[at].text, failures[at])
        for at, kind in found.items()
        if kind and kind[2] in LOADING
    ]


def missing(said: str, cells: Sequence[Step], failures: Mapping[int, str]) -> str:
    """Where a name that an error found missing should have come from; empty where no text says."""
    found = MISSING.search(said)
    if not found:
        return ""
    tried = ((cells[at].text, failures[at]) for at in sorted(failures, reverse=True))
    failed = next((told(*each) for each in tried if found[1] in names_bound(each[0])), "")
    said = _("{name!r} should come from a cell that failed: {failed}")
    return failed and said.format(name=found[1], failed=failed)
