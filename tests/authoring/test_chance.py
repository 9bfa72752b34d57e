"""What depends on chance is refused, in this process and in another one."""

import pytest

from autograder.assignment.source import SourceError
from autograder.assignment.validation import read_source
from autograder.authoring.build import build
from autograder.authoring.chance import refuse_chance

INPUTS = "call(rng.normal(3, 5))"
EXPONENT = "x - x.max"


@pytest.fixture
def course_with(make_course, demo_files):
    """A function from what the visible probe asks, imports, and an exponent to a course."""

    def course(asked=INPUTS, imports="", exponent=EXPONENT):
        assert INPUTS in demo_files["checks.py"] and EXPONENT in demo_files["demo.py"]
        checks = f"{imports}\n{demo_files['checks.py'].replace(INPUTS, asked)}"
        text = demo_files["demo.py"].replace(EXPONENT, exponent)
        text = text.replace("import torch\n", "import os, time\n\nimport torch\n")
        return make_course({"demo": {"demo.py": text, "checks.py": checks}})

    return course


CASES = {  # what does not come from the probe's own generator
    "a generator of its own": ("np.random.default_rng().normal()", "import numpy as np"),
    "the time": ("time.time()", "import time"),
    "the process": ("os.getpid()", "import os"),
    "what was drawn before": ("next(COUNT)", "from itertools import count\nCOUNT = count(1)"),
}


@pytest.mark.parametrize("number, imports", CASES.values(), ids=CASES)
def test_a_case_that_depends_on_chance_is_refused_with_its_line(course_with, number, imports):
    course = course_with(f"call((1 + hash({number}) % 997) * rng.normal(3, 5) / 997)", imports)
    line = 7 + imports.count("\n")
    with pytest.raises(SourceError) as raised:
        build(course, "demo")
    path = course.source_path("demo").with_name("checks.py")
    assert str(raised.value) == f"{path}:{line}: rows of 'softmax' answers otherwise when run again"
    assert not course.notebooks.exists() and not (course.build / "source").exists()


REFERENCES = {
    "the time": "1e-4 * (time.time_ns() % 9973) * x - x.max",
    "the process": "1e-4 * (os.getpid() % 9973) * x - x.max",
}


@pytest.mark.parametrize("exponent", REFERENCES.values(), ids=REFERENCES)
def test_so_is_a_reference_that_does(course_with, exponent):
    source = read_source(course_with(exponent=exponent).source_path("demo"))
    with pytest.raises(SourceError, match=r"checks\.py:7: rows of 'softmax' answers otherwise"):
        refuse_chance(source)


@pytest.mark.parametrize("noise", ["torch.rand_like(x)", "torch.randn(x.shape)"])
def test_generators_of_the_case_are_no_chance(course_with, noise):
    """They are seeded by it, so that a grade can be repeated."""
    source = read_source(course_with(exponent=f"{noise} + x - x.max").source_path("demo"))
    refuse_chance(source)


def test_the_golden_assignment_does_not_depend_on_chance(course_with):
    refuse_chance(read_source(course_with().source_path("demo")))


def test_of_probes_of_one_name_the_right_one_is_named(make_course):
    text, checks = "# %%\nimport torch\n", "import time\n\nfrom autograder.checks.spec import *\n"
    for name, factor in (("f", "1"), ("g", "time.time_ns() % 9973")):
        text += f'\n# %% solution="{name}"\ndef {name}(x):\n    ### BEGIN SOLUTION\n    return x\n'
        text += f'    ### END SOLUTION\n\n# %% check="{name}" points=1\ncheck("{name}", {name})\n'
        checks += f'\n@probe("{name}")\ndef rows(rng):\n    return call({factor} * rng.normal(2))\n'
    source = read_source(make_course({"a": {"a.py": text, "checks.py": checks}}).source_path("a"))
    with pytest.raises(SourceError, match=r"checks\.py:9: rows of 'g' answers otherwise"):
        refuse_chance(source)
