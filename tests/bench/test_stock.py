"""The stock notebook that the benchmark compares with asks the same of students."""

import pytest
from handing import right_answers

from autograder.authoring.build import build
from autograder.bench.stock import stock_notebook
from autograder.course.sample import filled_in


@pytest.fixture
def demo(demo_course):
    build(demo_course, "demo")
    return demo_course, right_answers(demo_course)


def check_softmax(course, solutions):
    """Run the notebook's code, as nbgrader would, up to the asserts of the first exercise."""
    namespace = {}
    for cell in filled_in(stock_notebook(course, "demo"), solutions).cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "check-softmax":
            assert "HIDDEN TESTS" in cell.source and "check(" not in cell.source
            return


def test_the_reference_passes_the_stock_asserts(demo):
    course, right = demo
    check_softmax(course, right)


def test_a_mistake_fails_the_stock_asserts(demo):
    course, right = demo
    with pytest.raises(AssertionError):
        check_softmax(course, {**right, "softmax": "def softmax(x):\n    return x.softmax(0)"})
