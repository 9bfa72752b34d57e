"""`submit`: the right files under the right names, and a word on whatever looks unfinished."""

import copy
import json
import os
import re
import sys
import time
import types
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import torch
from handing import right_answers
from nbclient import NotebookClient
from safetensors.torch import save_file

from autograder.assignment.released import KEY_TEXT
from autograder.checks.checker import check
from autograder.checks.visible import VisibleChecks
from autograder.course.collecting.names import Names
from autograder.course.collecting.people import People, Student
from autograder.course.sample import filled_in
from autograder.tools import handing_in
from autograder.tools.handing_in import submit

CHECK = 'check("softmax", softmax)'
MODEL = {"configuration": {"width": 3}, "state_dict": torch.nn.Linear(2, 3).state_dict()}


@pytest.fixture(scope="module")
def solved(module_demo_course, released):
    return filled_in(released, right_answers(module_demo_course))


@pytest.fixture
def folder(tmp_path, monkeypatch, solved):
    """A student's folder: the notebook, solved and saved, its cells run, and a model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "runner", VisibleChecks())
    key = next(found.group(1) for c in solved.cells if (found := KEY_TEXT.search(c.source)))
    check.load(key)
    nbformat.write(solved, "demo.ipynb")
    torch.save(MODEL, "model.pth")
    return tmp_path


def said(capsys, *arguments, **options):
    """As an assignment called lab3 with a model would have it."""
    options = {"notebook": "lab3", "artefacts": ("model",)} | options
    submit(*(arguments or ("20260001", "张三")), **options)
    return capsys.readouterr().out


def test_files_and_zip_have_their_proper_names(folder, capsys):
    out = said(capsys)
    names = ["20260001_张三_lab3.ipynb", "20260001_张三_model.pth"]
    with zipfile.ZipFile("20260001_张三_lab3.zip") as archive:
        assert archive.namelist() == names
    assert (folder / names[0]).read_bytes() == (folder / "demo.ipynb").read_bytes()
    marks = [line.split("  ")[0] for line in out.splitlines()]
    assert marks[:-1] == [*(f"✓ {name}" for name in names), "✓ 20260001_张三_lab3.zip"]
    assert marks[-1].startswith("Upload 20260001_张三_lab3.zip")


def test_what_belongs_to_it_the_assignment_says(folder, capsys, monkeypatch):
    (folder / "predictions.txt").write_text("Ost\n")
    submit("1", "a")
    assert "✓ 1_a_demo.zip" in capsys.readouterr().out and not Path("1_a_model.pth").exists()
    key = replace(check.runner.key, word="lab7", models=("model",), predictions=("predictions",))
    monkeypatch.setattr(check.runner, "key", key)
    submit("1", "a")
    with zipfile.ZipFile("1_a_lab7.zip") as archive:
        names = archive.namelist()
    assert names == ["1_a_lab7.ipynb", "1_a_model.pth", "1_a_predictions.txt"]
    assert "the files above" in capsys.readouterr().out


def test_a_key_of_old_says_the_assignment(folder, capsys, monkeypatch):
    monkeypatch.setattr(check.runner, "key", replace(check.runner.key, word=""))
    submit("1", "a")
    assert "✓ 1_a_demo.ipynb" in capsys.readouterr().out


def test_predictions_are_handed_in_under_their_proper_name(folder, capsys):
    (folder / "first_predictions.txt").write_text("Ost\nTorin\n", encoding="utf-8")
    out = said(capsys, predictions=("predictions",))
    assert "✓ 20260001_张三_predictions.txt" in out and "the files above" in out
    with zipfile.ZipFile("20260001_张三_lab3.zip") as archive:
        assert archive.read("20260001_张三_predictions.txt").split() == [b"Ost", b"Torin"]


@pytest.mark.parametrize("data", [None, b"\xff\xfe\x00O"])
def test_predictions_that_are_missing_or_no_text_have_a_line(folder, capsys, data):
    if data is not None:
        (folder / "predictions.txt").write_bytes(data)
    out = said(capsys, predictions=("predictions",))
    assert "✗ no file …_predictions.txt" in out or "✗ predictions.txt is no text in UTF-8" in out
    assert "not complete" in out


def test_solutions_as_modules_and_further_files_are_in_the_zip(folder, capsys):
    name, *_ = check.runner.key.exercises
    Path("report.html").write_text("<p>")
    said(capsys, modules={"models/All.py": (name, "gone")}, beside=("report.html",))
    with zipfile.ZipFile("20260001_张三_lab3.zip") as archive:
        assert archive.namelist()[-2:] == ["report.html", "models/All.py"]
        text = archive.read("models/All.py").decode()
    assert f"exercise: {name}" in text and "# gone is missing" in text
    compile(text, "All.py", "exec")


def test_a_further_file_that_is_missing_is_told(folder, capsys):
    out = said(capsys, beside=("report.html",))
    assert "✗ report.html is not there" in out and "not complete" in out


def test_modules_in_the_zip_are_nobodys_to_collect():
    names = Names({"lab3": "demo"}, People([Student("20260001", "", "张三")]))
    (reading,) = names.readings(("20260001_张三_lab3.zip", "models", "All.py"))
    assert reading.student == ""


def test_what_is_written_is_what_collecting_reads(folder, capsys):
    said(capsys, "s-1.2@x", "Zoé  da Silva", notebook="lab 4")
    names = Names({"lab 4": "demo"}, People([Student("s-1.2@x", "", "Zoé da Silva")]))
    files = [path.name for path in folder.glob("*Zo*") if path.suffix != ".zip"]
    readings = [reading for file in files for reading in names.readings((file,))]
    assert {(r.student, r.file, r.says) for r in readings} == {
        ("s-1.2@x", "demo.ipynb", ""),
        ("s-1.2@x", "s-1.2@x_model.pth", ""),
    }


def test_a_second_time_takes_what_was_saved_since(folder, capsys, solved):
    said(capsys)
    later = copy.deepcopy(solved)
    later.cells.append(nbformat.v4.new_markdown_cell("later"))
    nbformat.write(later, "demo.ipynb")
    os.utime("demo.ipynb", (time.time() + 5,) * 2)
    said(capsys)
    assert "later" in Path("20260001_张三_lab3.ipynb").read_text(encoding="utf-8")


def test_a_notebook_that_has_its_proper_name_already_is_taken_as_it_is(folder, capsys):
    os.rename("demo.ipynb", "20260001_张三_lab3.ipynb")
    assert "✓ 20260001_张三_lab3.ipynb" in said(capsys)


def test_of_several_notebooks_the_newest_of_this_assignment_is_taken(folder, capsys, solved):
    nbformat.write(nbformat.v4.new_notebook(), "another.ipynb")
    (folder / "broken.ipynb").write_text("{")
    old = copy.deepcopy(solved)
    old.cells.append(nbformat.v4.new_markdown_cell("old"))
    nbformat.write(old, "old.ipynb")
    os.utime("old.ipynb", (time.time() - 900,) * 2)
    said(capsys)
    assert '"old"' not in Path("20260001_张三_lab3.ipynb").read_text(encoding="utf-8")


def test_unfinished_work_is_named_and_handed_in_all_the_same(folder, capsys, released):
    unfinished = copy.deepcopy(released)
    del unfinished.cells[
        next(i for i, c in enumerate(unfinished.cells) if c.source.startswith("check("))
    ]
    nbformat.write(unfinished, "demo.ipynb")
    out = said(capsys)
    assert "  the check of softmax: not there any more" in out
    assert "  softmax, why_shift: still to do" in out
    assert "✓ 20260001_张三_lab3.zip" in out


def test_a_notebook_not_saved_lately_is_said(folder, capsys):
    os.utime("demo.ipynb", (time.time() - 1500,) * 2)
    assert "demo.ipynb: was saved 25 minutes ago" in said(capsys)


def test_a_cell_that_ran_after_saving_is_said(folder, capsys, monkeypatch):
    ran = ["", "# exercise: softmax\ndef softmax(x): return x"]
    monkeypatch.setattr(handing_in, "_inputs", lambda: ran)
    assert "softmax: what you ran is not what is saved" in said(capsys)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((20260001, "张三"), "put id and name in quotes"),
        (("your id", "张三"), "'your id' is no student id"),
        (("", "张三"), "'' is no student id"),
        (("00000000", "张三"), 'put your own id and name where "00000000" and "name" stand'),
        (("20260001", " Name"), 'put your own id and name where "00000000" and "name" stand'),
        (("../1", "张三"), "is no student id"),
        (("20260001", ""), "cannot stand in a file's name"),
        (("20260001", "a/b"), "cannot stand in a file's name"),
        (("20260001", "x" * 61), "cannot stand in a file's name"),
    ],
)
def test_ids_and_names_that_are_none_are_refused_in_one_line(folder, capsys, arguments, message):
    before = set(folder.iterdir())
    out = said(capsys, *arguments)
    assert out.startswith("✗ ") and message in out and out.count("\n") == 1
    assert set(folder.iterdir()) == before


def no_model(folder):
    (folder / "model.pth").unlink()


def empty(folder):
    (folder / "model.pth").write_bytes(b"")


def whole_module(folder):
    torch.save(torch.nn.Linear(2, 3), folder / "model.pth")


def weights_alone(folder):
    torch.save(MODEL["state_dict"], folder / "model.pth")


def cut_off(folder):
    data = (folder / "model.pth").read_bytes()
    (folder / "model.pth").write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    "damage, message",
    [
        (no_model, "no model file …_model.pth or .safetensors beside the notebook: save_model"),
        (empty, "model.pth is empty"),
        (whole_module, "model.pth holds more than arrays and plain values"),
        (weights_alone, "model.pth holds no 'configuration' and 'state_dict'"),
        (cut_off, "model.pth is damaged"),
    ],
)
def test_a_model_that_cannot_be_graded_costs_not_the_notebook(folder, capsys, damage, message):
    damage(folder)
    lines = said(capsys).splitlines()
    assert lines[0].startswith("✓ 20260001_张三_lab3.ipynb")
    assert lines[1].startswith("✗ ") and message in lines[1]
    assert lines[2].startswith("✗ 20260001_张三_lab3.zip")
    with zipfile.ZipFile("20260001_张三_lab3.zip") as archive:
        assert archive.namelist() == ["20260001_张三_lab3.ipynb"]


def test_safetensors_and_no_model_at_all(folder, capsys):
    (folder / "model.pth").unlink()
    save_file({"w": torch.ones(2)}, folder / "model.safetensors", {"configuration": "{}"})
    assert "✓ 20260001_张三_model.safetensors" in said(capsys)
    assert "model" not in said(capsys, "1", "a", artefacts=())


def test_before_the_key_is_loaded_and_without_a_notebook_it_says_what_to_do(folder, capsys):
    (folder / "demo.ipynb").unlink()
    assert "✗ no saved notebook of demo in" in said(capsys)
    check.runner = VisibleChecks()
    assert said(capsys).startswith("✗ run the cells at the top of the notebook first")


def test_colab_is_asked_for_what_it_shows_and_downloads_the_zip(
    folder, capsys, monkeypatch, solved
):
    (folder / "demo.ipynb").unlink()
    downloaded = []
    colab = types.ModuleType("google.colab")
    colab._message = types.SimpleNamespace(
        blocking_request=lambda name, **_: {"ipynb": json.loads(nbformat.writes(solved))}
    )
    colab.files = types.SimpleNamespace(download=downloaded.append)
    for name, module in {"google": types.ModuleType("google"), "google.colab": colab}.items():
        monkeypatch.setitem(sys.modules, name, module)
    assert "✓ 20260001_张三_lab3.ipynb" in said(capsys)
    assert downloaded == ["20260001_张三_lab3.zip"]
    colab._message.blocking_request = lambda name, **_: None
    assert said(capsys).startswith("✗ Colab did not hand over the notebook")


def test_in_grading_it_does_nothing(folder, capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert said(capsys) == ""


def test_in_a_running_notebook(folder, solved):
    nb = copy.deepcopy(solved)
    code = "from autograder.tools.handing_in import submit\nsubmit('1', 'a', artefacts=())"
    nb.cells.append(nbformat.v4.new_code_cell(code))
    nbformat.write(nb, "demo.ipynb")
    NotebookClient(nb, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    lines = "".join(output.text for output in nb.cells[-1].outputs).splitlines()
    assert [line.split("  ")[0] for line in lines[:2]] == ["✓ 1_a_demo.ipynb", "✓ 1_a_demo.zip"]


def test_results_in_a_running_notebook_are_drawn_and_kept(folder, solved):
    nb = copy.deepcopy(solved)
    client = NotebookClient(nb, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    shown = [cell.outputs[0].data for cell in nb.cells if cell.source in (CHECK, "summary()")]
    assert [data["text/plain"].splitlines()[0][:9] for data in shown] == ["✓ softmax", "exercise "]
    assert all("<div" in data["text/html"] for data in shown)
    kept = json.loads((folder / ".demo-progress.json").read_text())
    assert kept["results"]["softmax"]["passed"] is True
    again = copy.deepcopy(solved)
    again.cells = [cell for cell in again.cells if cell.source != CHECK]
    NotebookClient(again, timeout=120, resources=client.resources).execute()
    assert re.search("softmax +3  ✓ passed at", again.cells[-1].outputs[0].data["text/plain"])
