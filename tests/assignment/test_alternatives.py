import ast
from pathlib import Path

import pytest

from autograder.assignment.alternatives import read_alternatives
from autograder.assignment.source import SourceError, parse

TEXT = '''\
# %% solution="double"
def double(x: float) -> float:
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% solution="scale"
class Scale(Base):
    """Multiplies."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.factor = factor
        ### END SOLUTION

    @wrapped
    def forward(self, x: float) -> float:
        """Times the factor."""
        ### BEGIN SOLUTION
        return self.factor * x
        ### END SOLUTION
'''


@pytest.fixture
def alternatives(tmp_path):
    """What is read from cells of an alternatives.py."""

    def read(*cells):
        (tmp_path / "alternatives.py").write_text("\n\n".join(cells), encoding="utf-8")
        return read_alternatives(parse(TEXT, tmp_path / "demo.py"))

    return read


def code(text):
    return ast.unparse(ast.parse(text))


def test_an_alternative_has_exercise_and_title(alternatives):
    first, second = alternatives(
        '# %% a sum, twice alternative="double"\nreturn x + x',
        '# %% alternative="double"\nreturn x',
    )
    assert (first.exercise, first.title) == ("double", "a sum, twice")
    assert second.title == "alternative"


def test_statements_that_return_stand_in_the_region(alternatives):
    (found,) = alternatives('# %% alternative="double"\nif x > 0:\n    return x + x')
    assert found.solution == code(
        'def double(x: float) -> float:\n    """Twice x."""\n    if x > 0:\n        return x + x'
    )


def test_of_several_regions_it_is_the_last(alternatives):
    (found,) = alternatives('# %% alternative="scale"\nreturn x * self.factor')
    reference = parse(TEXT, Path("demo.py")).solutions["scale"].source
    assert found.solution == code(reference.replace("self.factor * x", "x * self.factor"))


def test_definitions_are_taken_as_they_are(alternatives):
    text = "import math\n\ndef half(x):\n    return x / 2\n\ndef double(x):\n    return 4 * half(x)"
    (found,) = alternatives(f'# %% alternative="double"\n{text}')
    assert found.solution == text


def test_a_class_takes_what_it_leaves_out_from_the_reference(alternatives):
    own = "class Scale(Base):\n    def forward(self, x):\n        return x * self.factor"
    (found,) = alternatives(f'# %% alternative="scale"\n{own}')
    assert found.solution == code(
        own + "\n    def __init__(self, factor: float) -> None:"
        "\n        super().__init__()\n        self.factor = factor"
    )


def test_it_takes_decorated_methods_too(alternatives):
    own = "class Scale(Base):\n    def __init__(self, f):\n        self.factor = f"
    (found,) = alternatives(f'# %% alternative="scale"\n{own}')
    assert "@wrapped\n    def forward(self, x: float)" in found.solution
    assert found.solution.count("__init__") == 1


def test_a_class_with_other_bases_inherits_and_takes_nothing(alternatives):
    own = "class Scale(Other):\n\n    def __init__(self, factor):\n        super().__init__(factor)"
    (found,) = alternatives(f'# %% alternative="scale"\n{own}')
    assert found.solution == own


def test_no_file_of_alternatives_is_no_error(tmp_path):
    assert read_alternatives(parse(TEXT, tmp_path / "demo.py")) == []


@pytest.mark.parametrize("wrong", ['alternative="triple"', 'solution="double"', ""])
def test_an_alternative_to_nothing_is_an_error(alternatives, wrong):
    with pytest.raises(SourceError, match=r"alternatives\.py:4: no solution"):
        alternatives('# %% alternative="double"\nreturn 2', f"# %% {wrong}\nreturn x + x")


def test_neither_a_return_nor_the_definition_is_an_error(alternatives):
    with pytest.raises(SourceError, match=r"alternatives\.py:1: neither returns nor defines"):
        alternatives('# %% alternative="double"\ndef duoble(x):\n    return x + x')
