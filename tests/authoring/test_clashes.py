"""Names that a notebook and the folded cells of its checks may not share."""

import pytest

from autograder.assignment.clashes import refuse_clashes
from autograder.assignment.late import refuse_late
from autograder.assignment.source import SourceError
from autograder.assignment.validation import read_source

NOTEBOOK = """# %%
from autograder import check

# %% solution="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="double" points=1
check("double", double)

# %% look
{name}, rest = double(1), 0
"""
CHECKS = """from autograder.checks.spec import call, probe

def drawn(rng):
    return rng.normal(3)

@probe("double")
def numbers(rng):
    return call(drawn(rng))

@numbers.read
def _(answer, _):
    return answer
"""


@pytest.fixture
def source(tmp_path):
    def written(name):
        path = tmp_path / "doubling.py"
        path.write_text(NOTEBOOK.format(name=name))
        path.with_name("checks.py").write_text(CHECKS)
        return read_source(path)

    return written


@pytest.mark.parametrize("name", ["drawn", "numbers", "call"])
def test_a_name_that_both_bind_is_refused_with_its_line(source, name):
    with pytest.raises(SourceError, match=f"binds '{name}'"):
        refuse_clashes(source(name))


@pytest.mark.parametrize("name", ["_", "answer", "rng"])
def test_other_names_are_free(source, name):
    refuse_clashes(source(name))


LATE = NOTEBOOK.replace("# %% look", "# %%\ndef tripled(x):\n    return 3 * x\n\n# %% look")
USING = CHECKS.replace("call(drawn(rng))", "call(tripled(drawn(rng)))").replace(
    "import call, probe", "import call, probe\nfrom demo import tripled"
)


def written(tmp_path, notebook):
    (tmp_path / "demo.py").write_text(notebook.format(name="first"))
    (tmp_path / "checks.py").write_text(USING)
    return read_source(tmp_path / "demo.py")


def test_what_a_check_uses_must_stand_above_it(tmp_path):
    with pytest.raises(SourceError, match=r"demo\.py:13: defines 'tripled' below the check"):
        refuse_late(written(tmp_path, LATE))


def test_there_it_is_found(tmp_path):
    function = "# %%\ndef tripled(x):\n    return 3 * x\n\n"
    early = NOTEBOOK.replace('# %% solution="double"', function + '# %% solution="double"')
    refuse_late(written(tmp_path, early))
