"""Counting words: what one is, and finding the notebook to count in."""

import json
import sys
import time
from types import SimpleNamespace

import pytest

from autograder.authoring.build import build
from autograder.tools.words import count_words, word_counts

COUNTED = {
    "": 0,
    "YOUR ANSWER HERE": 0,
    "**review** (10 points, at most 350 words)\n\nTwo words": 2,
    "one, two; (three) – four!": 4,
    "state-of-the-art isn't e.g. https://example.org/a_b": 4,
    "## Heading\n\n- *one*\n- **two**\n* `three`\n> four\n\n---\n***": 5,
    "1. one\n2) two\n   10. three": 3,
    "In 2017 about 3.5 %": 4,
    "$x + y$ is $$\n\\sum_i x_i\n$$ here": 4,
    "\\begin{align}\na &= b\n\\end{align} holds": 2,
    "from $5 to $6, or \\$7": 6,
    "word—word": 2,
    "| a | b |\n|---|:-:|\n|c|d|": 4,
    "```python\nx = 1\n```": 2,
    "<b>bold</b> x < 3 and y > 2<br>end &lt; &nbsp; fine": 8,
    "注意力是加权平均。": 8,
    "用 RNN 学习ナガイ列": 8,
    "한국어 문장 두 개": 4,
}


@pytest.mark.parametrize("text, words", COUNTED.items(), ids=map(repr, COUNTED))
def test_words_are_counted_as_people_count_them(text, words):
    assert count_words(text) == words


@pytest.mark.parametrize("piece", ["$a ", "$$", "$", "\\begin{a}", "<a ", "> ", "1", "&", "|"])
def test_no_text_takes_long_to_count(piece):
    start = time.process_time()
    count_words(piece * 100_000)
    assert time.process_time() - start < 5


@pytest.fixture
def notebook(demo_course, monkeypatch):
    """The golden notebook, built, alone in the current folder and known to no server."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    path = build(demo_course, "demo")
    monkeypatch.chdir(path.parent)
    return path


def answer(path, text):
    source = path.read_text(encoding="utf-8")
    assert "YOUR ANSWER HERE" in source
    path.write_text(source.replace("YOUR ANSWER HERE", text), encoding="utf-8")


COUNT = "why_shift  {:5} of at most 40 words{}\nCounted in demo.ipynb as saved at "


@pytest.mark.parametrize(
    "text, words, over", [("YOUR ANSWER HERE", 0, ""), ("a " * 40, 40, ""), ("a " * 42, 42, 2)]
)
def test_every_limited_answer_is_counted(notebook, capsys, text, words, over):
    answer(notebook, text)
    word_counts()
    expected = COUNT.format(words, over and f"   ✗ {over} too many")
    assert capsys.readouterr().out.startswith(expected)


def test_the_file_that_jupyter_names_goes_before_others(notebook, capsys, monkeypatch):
    (notebook.parent / "other.ipynb").write_text('{"cells": []}')
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    word_counts()
    assert capsys.readouterr().out.startswith("why_shift ")


def test_a_file_may_be_named(notebook, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    word_counts(notebook)
    assert capsys.readouterr().out.startswith("why_shift ")


def test_several_files_and_no_name_count_nothing(notebook, capsys):
    (notebook.parent / "other.ipynb").write_text('{"cells": []}')
    word_counts()
    assert capsys.readouterr().out.startswith("Nothing was counted: the file of this notebook was")


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"cells": [1]}', '{"cells": 1}', "\0"])
def test_a_damaged_file_counts_nothing(notebook, capsys, damage):
    notebook.write_text(damage)
    word_counts()
    assert capsys.readouterr().out.startswith("Nothing was counted")


@pytest.fixture
def colab(monkeypatch):
    """Colab's way of asking the browser, with the reply that it will give."""
    replies = []
    message = SimpleNamespace(blocking_request=lambda *_, **__: replies[0])
    monkeypatch.setitem(sys.modules, "google", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace(_message=message))
    return replies


def test_on_colab_the_browser_is_asked(notebook, colab, capsys):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    colab.append({"ipynb": {"cells": cells}})
    word_counts()
    out = capsys.readouterr().out
    assert out.startswith(
        "why_shift      0 of at most 40 words\nCounted in the notebook as it is on"
    )


def test_a_browser_that_does_not_reply_counts_nothing(notebook, colab, capsys):
    colab.append(None)
    word_counts()
    assert capsys.readouterr().out.startswith("Nothing was counted")
