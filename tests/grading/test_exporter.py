"""Feedback for hundreds of students: the same pages as nbgrader's, from templates compiled once."""

import jinja2
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.grading.steps.exporter import FeedbackExporter

NOTEBOOK = new_notebook(cells=[new_markdown_cell("# One"), new_code_cell("1 + 1")])
pytestmark = pytest.mark.filterwarnings("ignore")


def test_pages_are_those_of_nbconvert():
    page, _ = HTMLExporter().from_notebook_node(NOTEBOOK)
    for _ in range(2):  # the second from compiled templates
        assert FeedbackExporter().from_notebook_node(NOTEBOOK)[0] == page


def test_templates_are_compiled_once(monkeypatch):
    FeedbackExporter().from_notebook_node(NOTEBOOK)
    monkeypatch.setattr(jinja2.Environment, "compile", lambda *_, **__: pytest.fail("compiled"))
    FeedbackExporter().from_notebook_node(NOTEBOOK)


def test_changed_templates_are_compiled_again():
    first, second = ("{{ nb.cells | length }}", "{{ nb.nbformat }}")
    pages = [
        FeedbackExporter(raw_template=text).from_notebook_node(NOTEBOOK)[0]
        for text in (first, second)
    ]
    assert pages == ["2", "4"]
