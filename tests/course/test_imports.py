"""Modules that submissions import and the grading machine does not have."""

import json
import sys
from types import ModuleType

import pytest

from autograder.course.imports import lacking


@pytest.fixture
def class_of(tmp_path):
    def written(*sources):
        paths = [tmp_path / f"{at}.ipynb" for at in range(len(sources))]
        for path, source in zip(paths, sources, strict=True):
            cells = [{"cell_type": "code", "source": source.splitlines(keepends=True)}]
            path.write_text(json.dumps({"cells": [*cells, {"source": source}]}))
        return paths

    return written


def test_what_is_missing_is_counted_once_for_each_notebook(class_of):
    first = "import torch\nimport absent_here as a\nfrom absent_here.b import c"
    found = lacking(class_of(first, "x = 1; y\n  import absent_here", "from other_one import z"))
    assert found == {"absent_here": 2, "absent_here.b": 1, "other_one": 1}


def test_a_part_of_a_shared_name_is_looked_for(class_of):
    assert [*lacking(class_of("from google.colab import drive", "import torch.nn"))] == [
        "google.colab"
    ]


def test_prose_imports_nothing(class_of):
    assert lacking(class_of("from the paper we import much\nimport duties rose")) == {}


def test_what_has_no_specification_stops_nothing(class_of, monkeypatch):
    """As `__main__` has none in a program that is started by its name."""
    monkeypatch.setitem(sys.modules, "odd_one", ModuleType("odd_one"))
    assert lacking(class_of("import odd_one\nimport absent_here")) == {"absent_here": 1}


def test_files_that_cannot_be_read_are_left_to_grading(tmp_path):
    assert lacking([tmp_path / "absent.ipynb"]) == {}
