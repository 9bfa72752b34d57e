"""What is kept beside a notebook: it survives a restart, and harms nothing whatever it holds."""

import json
import os
from datetime import datetime, timedelta

import pytest

from autograder.checks.progress import Progress, Result, fingerprint, kept_progress

NOW = datetime.now().timestamp()
FILE = ".demo-progress.json"


def results(folder, key="key"):
    return kept_progress(folder, "demo", key).results


@pytest.fixture
def kept(tmp_path):
    """A folder in which something passed."""
    kept_progress(tmp_path, "demo", "key").add("f", Result(True, 3.0, NOW, "abc"))
    return tmp_path


def test_results_are_there_after_a_restart(kept):
    assert results(kept) == {"f": Result(True, 3.0, NOW, "abc")}
    assert kept_progress(kept, "demo", "key").now == set()
    assert [path.name for path in kept.iterdir()] == [FILE]


def test_those_of_another_build_are_forgotten(kept):
    assert results(kept, "another key") == {}
    assert kept_progress(kept, "other", "key").results == {}


def damaged(text):
    return [
        "",
        "{",
        "[]",
        "null",
        text[: len(text) // 2],
        text.replace('"time": ', '"time": "x", "x": '),
        text.replace(str(NOW), "1e99"),
        text.replace("results", "result"),
        text + " " * 200_000,
        text.replace('"score": 3.0', '"score": null'),
        text.replace('"score": 3.0', '"score": -3.0'),
        text.replace('"score": 3.0', '"score": NaN'),
    ]


@pytest.mark.parametrize("index", range(12))
def test_a_broken_file_is_as_none(kept, index):
    path = kept / FILE
    path.write_text(damaged(path.read_text())[index])
    assert results(kept) == {}


def test_and_is_replaced(kept):
    (kept / FILE).write_bytes(b"\xff\x00")
    kept_progress(kept, "demo", "key").add("g", Result(False, 0.0, NOW))
    assert set(results(kept)) == {"g"}


def test_passed_is_what_says_so_exactly(kept):
    text = (kept / FILE).read_text()
    (kept / FILE).write_text(text.replace("true", '"yes"'))
    assert not results(kept)["f"].passed


def test_where_nothing_can_be_written_nothing_is_lost(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise PermissionError

    monkeypatch.setattr(os, "replace", refuse)
    progress = kept_progress(tmp_path, "demo", "key")
    progress.add("f", Result(True, 3.0, NOW))
    assert progress.results["f"].passed and list(tmp_path.iterdir()) == []
    gone = kept_progress(tmp_path / "no folder", "demo", "key")
    gone.add("f", Result(True, 3.0, NOW))
    assert gone.now == {"f"}


def test_a_writer_that_is_killed_leaves_the_old_file(kept, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        kept_progress(kept, "demo", "key").add("f", Result(False, 0.0, NOW))
    assert results(kept)["f"].passed
    json.loads((kept / FILE).read_text())


def test_outside_of_notebooks_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Progress().add("f", Result(True, 3.0, NOW))
    assert list(tmp_path.iterdir()) == []


def test_times_of_other_days_have_their_day():
    assert Result(True, 1.0, datetime.now().replace(hour=14, minute=2).timestamp()).when == (
        "at 14:02"
    )
    then = datetime.now().replace(hour=9, minute=5) - timedelta(days=3)
    said = Result(True, 1.0, then.timestamp()).when
    assert said == f"on {then.day} {then:%B} at 09:05"


def test_layout_is_no_change():
    assert fingerprint("def f( x ):\n  return 1") == fingerprint("def f(x):\n    return 1")
    assert fingerprint("def f(x):\n    return 1") != fingerprint("def f(x):\n    return 2")
