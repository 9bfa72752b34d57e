"""Results in HTML: the text as ever, colours for all pages, nothing of a student's runs."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.checks.first_difference import Difference
from autograder.checks.shown import front_end
from autograder.checks.shown.boxes import FAILED, as_printed, boxed, marked
from autograder.checks.shown.front_end import show
from autograder.checks.shown.tables import Scale, side_by_side


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook's front end gets."""
    import IPython

    found = []
    kernel = SimpleNamespace(kernel=object())
    monkeypatch.setattr(IPython, "get_ipython", lambda: kernel)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: found.append(data))
    return found


def test_a_notebook_gets_both_forms(displayed, capsys):
    show("✓ f  fine", "<b>fine</b>")
    assert displayed == [{"text/plain": "✓ f  fine", "text/html": "<b>fine</b>"}]
    assert capsys.readouterr().out == ""


def test_text_alone_is_printed_while_nbgrader_executes(displayed, capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    show("✓ f  fine", "<b>fine</b>")
    assert displayed == [] and capsys.readouterr().out == "✓ f  fine\n"


def test_and_where_there_is_no_notebook(capsys, monkeypatch):
    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace())
    assert front_end.shell() is None
    show("✓ f", "<b>f</b>")
    assert capsys.readouterr().out == "✓ f\n"


def test_the_text_in_html_is_that_which_is_printed_and_can_do_nothing():
    said = "raised KeyError: <script>alert(1)</script>"
    html = boxed(FAILED, marked("✗", FAILED, said, "f<b>"), as_printed('<img src="x">'))
    assert "<script" not in html and "<img" not in html and "f<b>" not in html
    assert re.sub("<[^>]*>", "", html).startswith("✗ f&lt;b&gt;  raised KeyError: &lt;script")


def test_small_matrices_are_numbers_and_larger_ones_maps():
    x = np.arange(6.0).reshape(2, 3)
    small = side_by_side(Difference("", x, x + 1))
    assert ">5</div>" in small and "yours − expected (2 × 3)" in small
    large = side_by_side(Difference("d", np.zeros((12, 12)), np.ones((12, 12))))
    assert ">1</div>" not in large and large.count('title="1"') == 2 * 144
    assert len(large) < 60_000


def test_vectors_stand_below_each_other():
    html = side_by_side(Difference("", np.zeros(7), np.ones(7)))
    assert html.count("display:inline-grid") == 1 and "repeat(7," in html
    assert html.index("expected") < html.index("yours") < html.index("yours − expected")


def test_other_shapes_have_no_difference():
    html = side_by_side(Difference("", np.zeros((2, 3)), np.zeros((3, 2))))
    assert "expected (2 × 3)" in html and "yours (3 × 2)" in html and "−" not in html


def test_expected_and_yours_have_one_scale():
    html = side_by_side(Difference("", np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]])))
    colour = Scale(1.0, 4.0).colour(2.0)
    assert html.count(colour) == 2  # of the 2 in both


def test_colours_tell_signs_and_odd_numbers():
    scale = Scale.of(np.array([-2.0, np.nan, 1.0]))
    assert scale == Scale(-2.0, 1.0)
    assert scale.colour(0.0).endswith(",0.00)") and scale.colour(-2.0).endswith(",0.75)")
    assert scale.colour(-1.0)[:9] != scale.colour(1.0)[:9]
    assert "gradient" in scale.colour(np.nan) and "gradient" in scale.colour(np.inf)
    assert Scale.of(np.array([np.nan])).colour(0.0).endswith(",0.00)")
    assert Scale.of(np.array([3.0])).colour(3.0).endswith(",0.00)")


def test_infinities_that_agree_are_no_difference():
    x = np.array([[-np.inf, 1.0]])
    assert "nan" not in side_by_side(Difference("", x, x + 1))
