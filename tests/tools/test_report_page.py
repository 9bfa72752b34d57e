"""The page of a report: measures, figures and written answers in one file."""

import matplotlib.pyplot as plt
import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from autograder.tools.report_page import write_report


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answers = [
        "**tuning** (6 points, at most 350 words)\n\nlower | is < better",
        "**review** (2 points)\n\nYOUR ANSWER HERE",
    ]
    nbformat.write(new_notebook(cells=[new_markdown_cell(text) for text in answers]), "a.ipynb")
    return tmp_path


def page(folder, **options):
    write_report("r.html", title="A & B", table=(["model", "loss"], [["x", "<1>"]]), **options)
    return (folder / "r.html").read_text(encoding="utf-8")


def test_it_needs_no_other_file(folder):
    figure, _ = plt.subplots()
    text = page(folder, figures=[figure])
    plt.close(figure)
    assert "data:image/png;base64,iVBOR" in text
    assert "http" not in text and "<script" not in text


def test_texts_are_escaped(folder):
    text = page(folder, answers=["tuning"])
    assert "A &amp; B" in text and "&lt;1&gt;" in text
    assert "<pre>lower | is &lt; better</pre>" in text


def test_answers_that_are_not_there_are_named(folder, capsys):
    text = page(folder, answers=["tuning", "review", "theory"])
    assert "YOUR ANSWER" not in text
    assert "answers them: review, theory" in capsys.readouterr().out
