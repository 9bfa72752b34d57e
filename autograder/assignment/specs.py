"""Running the text of a `checks.py`, for the specifications that it makes."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from autograder.checks.spec import Specs, collecting


def load_specs(text: str, given: ModuleType, path: Path, assignment: str = "") -> Specs:
    """Run the text, which finds what is given by name, or imports it from the assignment."""
    with collecting() as found, _importable(given, assignment):
        namespace = {**vars(given), "__name__": f"checks_of_{assignment}", "__file__": str(path)}
        exec(compile(text, str(path), "exec"), namespace)
    return found


@contextlib.contextmanager
def _importable(given: ModuleType, assignment: str) -> Iterator[None]:
    """Let `from <assignment> import …` find what is given."""
    before = sys.modules.get(assignment)
    sys.modules[assignment] = given
    try:
        yield
    finally:
        if before is None:
            del sys.modules[assignment]
        else:
            sys.modules[assignment] = before
