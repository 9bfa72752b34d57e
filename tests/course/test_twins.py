"""Files that several students handed in alike, as `collect` tells them."""

import json

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from autograder.course.collecting.twins import SAME_CELLS, SAME_FILE, twins


def notebook(code, **more):
    return writes(new_notebook(cells=[new_markdown_cell("Title"), new_code_cell(code, **more)]))


RELEASED, MINE = notebook("x = ..."), notebook("x = 1")
RUN = notebook("x = 1", outputs=[new_output("stream", text="ran")], execution_count=3)


@pytest.fixture
def told(tmp_path):
    """A function from {student: content} to what is told of them."""
    released = tmp_path / "released.ipynb"
    released.write_text(RELEASED)

    def of(contents, new=None, teams=(), **others):
        notebooks = {}
        for student, content in contents.items():
            notebooks[student] = tmp_path / student / "demo" / "demo.ipynb"
            notebooks[student].parent.mkdir(parents=True, exist_ok=True)
            notebooks[student].write_text(content)
            (notebooks[student].parent / "timestamp.txt").write_text("2026-10-01 12:00:00 UTC")
            if student in others:
                (notebooks[student].parent / f"{student}_model.pth").write_text(others[student])
        return list(twins(notebooks, [released], contents if new is None else new, teams))

    return of


def test_equal_files_are_told(told):
    assert told({"b": MINE, "a": MINE, "c": notebook("x = 2")}) == [
        f"a, b: {SAME_FILE}: demo.ipynb"
    ]


def test_equal_cells_are_told_whatever_they_printed(told):
    assert told({"a": MINE, "b": RUN, "c": notebook("x = 2")}) == [
        f"a, b: {SAME_CELLS}: demo.ipynb"
    ]


def test_equal_model_files_are_told(told):
    files = {"a": MINE, "b": notebook("x = 2")}
    assert told(files, a="w", b="w") == [f"a, b: {SAME_FILE}: a_model.pth, b_model.pth"]
    assert told(files, a="", b="") == []


def test_an_untouched_notebook_is_nobodys_work(told):
    untouched = json.loads(RELEASED) | {"metadata": {"kernelspec": {"name": "python3"}}}
    assert told({"a": RELEASED, "b": RELEASED, "c": json.dumps(untouched)}) == []


def test_teams_and_what_was_told_before_are_left_out(told):
    both = {"a": MINE, "b": MINE}
    assert told(both, teams=[frozenset("ab")]) == []
    assert told(both, new={"c"}) == [] and told(both, new={"a"})


def test_what_most_have_was_given_to_them(told):
    assert (
        told(
            {str(at): notebook(f"x = {at}") for at in range(8)},
            **{str(at): "data" for at in range(6)},
        )
        == []
    )
    assert told({str(at): MINE for at in range(4)})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', '{"cells": [1]}', "[" * 10_000])
def test_no_file_is_too_broken(told, content):
    lines = told({"a": content, "b": content})
    assert lines == ([f"a, b: {SAME_FILE}: demo.ipynb"] if content else [])
