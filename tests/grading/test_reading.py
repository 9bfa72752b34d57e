"""Reading: every file is a valid notebook, or one line that says what it is instead."""

import copy
import io
import json
import re
import zipfile

import nbformat
import pytest

from autograder.grading.repair.matching import Release
from autograder.grading.repair.normalise import normalised
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.grading.repair.rebuild import repair

ANSWER = "# exercise: softmax\ndef softmax(x):\n    return x.softmax(-1)"


@pytest.fixture
def raw(released):
    """A submission as plain JSON values."""
    nb = copy.deepcopy(released)
    solution(nb).source = ANSWER
    return json.loads(nbformat.writes(nb))


@pytest.fixture
def read(tmp_path):
    """A function from a file's content to the notebook that is read."""

    def read(content, name="demo.ipynb"):
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        (tmp_path / name).write_bytes(content)
        nb = read_notebook(tmp_path / name)
        nbformat.validate(nb)
        return nb

    return read


def solution(nb):
    return next(c for c in nb.cells if c.source.startswith("# exercise: softmax"))


def one_string(raw):
    for cell in raw["cells"]:
        cell["source"] = "".join(cell["source"])


def crlf(raw):
    for cell in raw["cells"]:
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]


def lines_without_ends(raw):
    for cell in raw["cells"]:
        cell["source"] = [line.rstrip("\n") for line in cell["source"]]


def without_ids(raw):
    raw["nbformat_minor"] = 4
    for cell in raw["cells"]:
        del cell["id"]


def colab_outputs(raw):
    out = {"output_type": "stream", "name": "stdout", "metadata": {"tags": []}, "text": ["a\n"]}
    for cell in raw["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [out, {"output_type": "display_data", "data": {"text/plain": "b"}}]


def of_the_future(raw):
    raw["nbformat"], raw["nbformat_minor"] = 5, 99


SHAPES = [one_string, crlf, lines_without_ends, without_ids, colab_outputs, of_the_future]


@pytest.mark.parametrize("change", SHAPES)
def test_shapes_of_version_4(raw, read, released, change):
    change(raw)
    nb = read(raw)
    assert [c.source for c in nb.cells if c.source != ANSWER] == [
        c.source for c in released.cells if not c.source.startswith("# exercise")
    ]
    repaired = repair(nb, Release(released))
    assert repaired.repairs == []
    assert solution(repaired.notebook).source == ANSWER


def test_outputs_as_colab_writes_them_are_kept(raw, read):
    colab_outputs(raw)
    assert [o.output_type for o in solution(read(raw)).outputs] == ["stream", "display_data"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks(raw, read, encoding):
    text = json.dumps(raw, ensure_ascii=False, indent=1).replace("\n", "\r\n")
    assert solution(read(text.encode(encoding))).source == ANSWER


def test_any_name_will_do(raw, read):
    assert solution(read(raw, "Copy of demo (1).json")).source == ANSWER


def test_a_released_notebook_is_read_as_it_was_written(raw, read):
    assert read(raw) == nbformat.reads(json.dumps(raw), as_version=4)


@pytest.mark.parametrize("version", [2, 3])
def test_old_versions(released, read, version):
    cells = [as_version_3(cell) for cell in released.cells]
    out = {"output_type": "pyout", "prompt_number": 1, "text": ["1"], "metadata": {}}
    cells[4] |= {"input": ANSWER.split("\n"), "prompt_number": 1, "outputs": [out]}
    cells.append({"cell_type": "heading", "level": 2, "source": ["More"], "metadata": {}})
    cells += [None, {"cell_type": "code", "outputs": 5}, {"cell_type": "html", "source": 3}]
    sheets = [{"cells": cells[:3]}, {"cells": cells[3:]}, None, {"cells": 1}]
    repaired = repair(read({"nbformat": version, "worksheets": sheets}), Release(released))
    assert solution(repaired.notebook).source == ANSWER
    assert solution(repaired.notebook).outputs[0].output_type == "execute_result"
    assert "## More" in [c.source for c in repaired.notebook.cells]
    assert repaired.repairs[0] == f"notebook: was saved in format {version}, converted"


def as_version_3(cell):
    if cell.cell_type != "code":
        return {"cell_type": cell.cell_type, "source": cell.source, "metadata": {}}
    other = {"language": "python", "collapsed": False, "outputs": [], "metadata": {}}
    return {"cell_type": "code", "input": cell.source, **other}


def archive():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("demo.ipynb", "{}")
    return data.getvalue()


NOT_NOTEBOOKS = {
    "empty": (b" \n", "the file is empty"),
    "html": (b"\n<!DOCTYPE html><html></html>", "a web page"),
    "zip": (archive(), "a zip archive"),
    "pdf": (b"%PDF-1.7", "a PDF"),
    "binary": (bytes(range(256)) * 9, "a text or binary file"),
    "script": (b"import torch\n", "a text or binary file"),
    "conflict": (b"<<<<<<< HEAD\n{}", "merge conflicts"),
    "truncated": (b'{"cells": [{"cell_type": "code", "source": "def f', "cut off"),
    "truncated between": (b'{"cells": [', "cut off"),
    "broken": (b'{"cells": [}, {}, {}, {}]}', "broken at line 1, column 12"),
    "two": (b'{"cells": []} {"cells": []}', "broken"),
    "list": (b"[]", "no list of cells"),
    "no cells": (b'{"nbformat": 4}', "no list of cells"),
    "cells no list": (b'{"cells": {"0": {}}}', "no list of cells"),
    "too many": (b'{"cells": [' + b"{}," * 20_000 + b"{}]}", "more than 20000 cells"),
    "deep": (b'{"cells": ' + b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("name", NOT_NOTEBOOKS)
def test_what_is_no_notebook_is_named_in_one_line(read, name):
    content, said = NOT_NOTEBOOKS[name]
    with pytest.raises(SubmissionError, match=re.escape(said)) as raised:
        read(content)
    assert "demo.ipynb: not a Jupyter notebook: " in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_unreadable_and_huge_files(tmp_path):
    with pytest.raises(SubmissionError, match="no such file"):
        read_notebook(tmp_path / "demo.ipynb")
    with pytest.raises(SubmissionError, match="not a file"):
        read_notebook(tmp_path)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(SubmissionError, match="larger than 100 MB"):
        read_notebook(tmp_path / "huge")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


HOSTILE_CELLS = [
    None,
    "text",
    [],
    {},
    {"cell_type": ["code"], "source": {}},
    {"cell_type": "code", "metadata": [], "source": [1, None, "x = 1\n", ["y"]], "outputs": {}},
    {"cell_type": "code", "metadata": {"tags": [1, "a,b", "a", "a"]}, "outputs": [None, {}, 1]},
    {"cell_type": "code", "metadata": {"collapsed": 3, "nbgrader": []}, "execution_count": -1},
    {"cell_type": "code", "outputs": [{"output_type": ["stream"]}, {"output_type": "error"}]},
    {"cell_type": "code", "outputs": [{"output_type": "stream", "text": {"a": 1}}]},
    {"cell_type": "code", "execution_count": True, "outputs": nested(100), "id": "no id!"},
    {"cell_type": "markdown", "attachments": 3, "metadata": {"nbgrader": {"grade_id": {}}}},
    {"cell_type": "markdown", "attachments": {"a": 3}, "metadata": {"a": nested(100)}},
    {"cell_type": "markdown", "metadata": {"id": [], "name": 3, "x": float("nan")}, "id": "a" * 99},
    {"cell_type": "code", "source": "nul \0 and \ud800 lone", "metadata": {"\udfff": "\ud800"}},
    {"cell_type": "code", "source": "-" * 100_000 + "1"},
    {"cell_type": "code", "source": "x" * 3_000_000},
]


@pytest.mark.parametrize("cell", HOSTILE_CELLS, ids=range(len(HOSTILE_CELLS)))
def test_hostile_cells_cost_themselves_only(raw, read, released, cell, tmp_path):
    raw["cells"].insert(4, cell)
    repaired = repair(read(raw), Release(released)).notebook
    assert solution(repaired).source == ANSWER
    nbformat.validate(repaired)
    nbformat.write(repaired, tmp_path / "repaired.ipynb")  # nothing that cannot be encoded


def test_nbgraders_own_reading_may_hand_over_what_is_not_valid(raw, released):
    """nbformat only logs that a notebook is invalid."""
    raw["cells"] += [cell for cell in HOSTILE_CELLS if isinstance(cell, dict)]
    repaired = repair(normalised(raw), Release(released)).notebook
    nbformat.validate(repaired)
    assert solution(repaired).source == ANSWER


@pytest.mark.parametrize(
    "metadata", [[], None, {"kernelspec": 3}, {"orig_nbformat": "x"}, {"a": float("inf")}]
)
def test_hostile_notebook_metadata(raw, read, released, metadata):
    raw["metadata"] = metadata
    repaired = repair(read(raw), Release(released))
    assert (repaired.notebook.metadata, repaired.repairs) == (released.metadata, [])


def test_numbers_and_keys_that_json_does_not_have(raw, read):
    text = json.dumps(raw)
    text = text.replace('"execution_count": null', '"execution_count": ' + "9" * 5000)
    text = text.replace('"nbformat": 4', '"x": NaN, "y": -Infinity, "nbformat": 3, "nbformat": 4')
    assert solution(read(text.encode())).source == ANSWER


def test_wrong_bytes_cost_their_characters_only(raw, read):
    text = json.dumps(raw).replace("return x", "return '\xe9' and x")
    assert "return '\ufffd' and x" in solution(read(text.encode("latin-1"))).source
