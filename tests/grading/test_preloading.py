"""What an assignment's own cells import is there before any submission begins."""

import sys
from dataclasses import replace

import pytest
from small_jobs import GIVEN, error, evidence, job

from autograder.grading.execute import execute
from autograder.grading.forks.preloading import import_given

ASKS = """
import sys
def f(x):
    if "{module}" not in sys.modules:
        raise ImportError
    return x"""


@pytest.fixture(autouse=True)
def nothing_known():
    import_given.cache_clear()


def forget(*modules: str) -> None:
    for module in modules:
        sys.modules.pop(module, None)


def test_imports_run_once_and_nothing_else_does():
    forget("pyclbr")
    text = "import this_is_nowhere\nimport pyclbr as c\nc.x = 1 / 0\nfrom wave import no_such_name"
    assert import_given(text, "autograder")
    assert "pyclbr" in sys.modules and not hasattr(sys.modules["pyclbr"], "x")
    import_given.cache_clear()
    assert not import_given(text, "autograder")


def test_what_comes_from_the_own_package_is_left_out():
    forget("autograder.tools.live")
    assert not import_given("from autograder.tools.live import LiveFigure", "autograder")
    assert "autograder.tools.live" not in sys.modules


def test_a_submission_finds_what_the_assignment_imports_and_nothing_is_noticed():
    plain = execute(job(ASKS.format(module="pyclbr")))
    assert "ImportError" in str(next(iter(evidence(plain).values())))
    given = replace(job(ASKS.format(module="pyclbr")), given=f"import pyclbr\n{GIVEN}")
    executed = execute(given)
    assert error(executed) is None and executed.noticed == ()
    assert not any(b"ImportError" in found for found in evidence(executed).values())
