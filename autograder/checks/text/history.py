"""The cells that ran in the notebook that is open."""

import re
import sys
from typing import Any


def cells_so_far() -> list[str]:
    """The texts of the cells, in order, each where it ran last; nothing outside a notebook."""
    shell = _shell()
    texts = shell.history_manager.input_hist_raw if shell is not None else []
    return list(dict.fromkeys(reversed(texts)))[::-1]


def cell_name(filename: str) -> str:
    """`In [33]` for the file under which IPython compiled a cell; empty for all others."""
    known = re.match(r"<ipython-input-(\d+)-", filename)
    if known:
        return f"In [{known[1]}]"
    said = getattr(getattr(_shell(), "compile", None), "format_code_name", lambda _: None)(filename)
    return said[1].replace("In[", "In [") if said else ""


def _shell() -> Any:
    """IPython's shell. Students' machines may be without IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
