"""What shows a notebook's output: one that draws HTML, or one that has text alone."""

import os
import sys
from typing import Any


def shell() -> Any:
    """IPython's shell behind a notebook that somebody reads; None where there is no such one.

    While nbgrader executes a notebook, nobody reads, and outputs are text that it may search.
    """
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython is not None else None
    is_read = hasattr(found, "kernel") and "NBGRADER_EXECUTION" not in os.environ
    return found if is_read else None


def show(text: str, html: str) -> None:
    """Show one of two forms of the same: HTML in a notebook, its text to all that have no HTML."""
    if shell() is None:
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": html}, raw=True)
