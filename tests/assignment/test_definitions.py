import traceback
from pathlib import Path

import pytest

from autograder.assignment.definitions import definitions

TEXT = """\
import math
from dataclasses import dataclass

LIMIT = 3
TABLE: dict = {"a": 1}
lower = 4
Mixed = 5
LIMIT += 1
A, B = 1, 2
raise RuntimeError("a demonstration ran")
for LOOP in range(3):
    pass
if True:
    INSIDE = 1


@dataclass
class Point:
    x: int


def area(r):
    return math.pi * r**2


def uses_lower():
    return lower


def fails():
    raise ValueError("here")
"""


@pytest.fixture
def module():
    return definitions(TEXT, Path("folder/some_source.py"))


def test_imports_definitions_and_constants_are_kept(module):
    assert (module.LIMIT, module.TABLE) == (3, {"a": 1})
    assert module.area(1) == module.math.pi
    assert module.Point(2).x == 2


def test_nothing_else_is_run(module):
    left_out = ("lower", "Mixed", "A", "B", "LOOP", "INSIDE")
    assert not [name for name in left_out if hasattr(module, name)]


def test_a_function_that_needs_a_lowercase_global_fails_by_its_name(module):
    with pytest.raises(NameError, match="lower"):
        module.uses_lower()


def test_tracebacks_show_file_and_line_of_the_source(module):
    with pytest.raises(ValueError) as raised:
        module.fails()
    last = traceback.extract_tb(raised.value.__traceback__)[-1]
    line = TEXT.splitlines().index('    raise ValueError("here")') + 1
    assert (last.filename, last.lineno) == ("folder/some_source.py", line)


def test_the_module_is_named_after_its_file(module):
    assert (module.__name__, module.__file__) == (
        "definitions_some_source",
        "folder/some_source.py",
    )
    assert definitions("", Path("x.py"), "chosen").__name__ == "chosen"


def test_every_call_makes_a_new_module(module):
    again = definitions(TEXT.replace("LIMIT = 3", "LIMIT = 5"), Path("folder/some_source.py"))
    assert (module.LIMIT, again.LIMIT) == (3, 5)
