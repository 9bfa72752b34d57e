"""Figures: declared, measured once for each seed, kept, in their places in the text."""

import re
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.assignment.measured import (
    Measured,
    Row,
    filled,
    measured,
    read_table,
    with_numbers,
)
from autograder.assignment.source import SourceError, parse
from autograder.checks.language import speaking
from autograder.figures.code import digest
from autograder.figures.declared import read_runs
from autograder.figures.page import page
from autograder.figures.reproduce import reproduce, wanted
from autograder.figures.running import Done, Task, keep, results, tasks
from autograder.settings import SettingsError, find_course

FIGURES = '''\
from autograder.figures import Figure, run


@run(score=Figure("share right", form=".2f", baseline="[[coin.score:.1f]]", original=0.9))
def trained(lab, seed):
    """Trained with care."""
    return {"score": helped(lab, seed)}


@run(score=Figure("share right"), seeds=(0,))
def coin(lab, seed):
    return {"score": 0.5}


@run(score=Figure("share right"), lacks=lambda: "a corpus")
def elsewhere(lab, seed):
    return {"score": 1.0}


def helped(lab, seed):
    return lab.learn(seed)
'''
SOURCE = '''\
# %% [markdown]
# Expect [[trained.score:.2f]].

# %%
def learn(seed):
    """It learns."""
    print("a bar")
    return 0.9 + base() / 100 + seed / 1000

def base():
    return 1

def other():
    return 2
'''
MACHINE = "a processor"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "solutions" / "lab"
    folder.mkdir(parents=True)
    (folder / "figures.py").write_text(FIGURES)
    (folder / "lab.py").write_text(SOURCE)
    (tmp_path / "nbgrader_config.py").write_text("")
    return folder


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def row(run: str, seed: int, value: float, code: str = "", figure: str = "score") -> Row:
    return Row(run, seed, figure, value, code, "cpu", MACHINE)


def done(folder: Path, run: str, seed: int, value: float) -> Done:
    code = digest(run, folder)
    rows = [row(run, seed, value, code), row(run, seed, 12.0, code, "seconds")]
    return Done(Task(folder, run, seed, code), rows)


def keep_all(folder: Path) -> None:
    for seed in range(3):
        keep(done(folder, "trained", seed, 0.91 + seed / 100))
    keep(done(folder, "coin", 0, 0.5))


def test_runs_in_processes_give_rows_and_the_page(folder, capfd):
    course = find_course(folder)
    todo = wanted(course, ["lab"], [], again=False)
    assert [(task.run, task.seed) for task in todo] == [
        *(("trained", s) for s in range(3)),
        ("coin", 0),
    ]
    assert reproduce(course, todo, workers=1) == 0
    rows = {(r.run, r.seed): r.value for r in read_table(folder) if r.figure == "score"}
    assert rows == {
        ("trained", 0): 0.91,
        ("trained", 1): 0.911,
        ("trained", 2): 0.912,
        ("coin", 0): 0.5,
    }
    assert wanted(course, ["lab"], [], again=False) == []
    assert "a bar" not in capfd.readouterr().out
    text = (course.root / "FIGURES.md").read_text()
    assert "| Trained with care | share right | 0.90 | **0.91** | 0.5 | 0 |" in text
    assert "†" not in text
    assert "| elsewhere | share right |  | not measured |  |  |" in text


def test_what_runs_is_told_meanwhile(folder, tmp_path):
    said = []
    assert len([*results(tasks(folder), tmp_path / "work", 1, said.append)]) == 4
    assert {"lab trained, seed 2", ""} <= {*said} <= {"", *map(str, tasks(folder))}


def test_a_run_that_raises_or_returns_something_else_is_told_and_the_others_go_on(folder, capsys):
    change(folder / "figures.py", 'return {"score": 0.5}', 'return {"scores": 0.5}')
    change(
        folder / "lab.py", "    return 0.9 +", "    assert seed != 1, 'no luck'\n    return 0.9 +"
    )
    course = find_course(folder)
    assert reproduce(course, wanted(course, [], [], again=False), workers=1) == 1
    said = capsys.readouterr().out
    assert "lab trained, seed 1: AssertionError: no luck" in said
    assert "RunError: declares ['score'] and returned ['scores', 'seconds']" in said
    assert [task.run for task in tasks(folder)] == ["trained", "coin"]
    assert "| 0.90 | **0.91** | not measured | 0 |" in (course.root / "FIGURES.md").read_text()


def test_what_was_stopped_is_kept_and_goes_on(folder):
    keep(done(folder, "trained", 1, 0.93))
    assert [(task.run, task.seed) for task in tasks(folder)] == [
        ("trained", 0), ("trained", 2), ("coin", 0),
    ]  # fmt: skip


def test_again_does_all_and_knows_how_long_it_took(folder):
    keep_all(folder)
    assert tasks(folder) == []
    assert [task.expected for task in tasks(folder, again=True)] == [12.0] * 4


@pytest.mark.parametrize(
    ("file", "old", "new", "run_again"),
    [
        ("lab.py", "return 1", "return 3", True),
        ("lab.py", "return 2", "return 3", False),
        ("lab.py", "It learns", "It learns much", False),
        ("lab.py", "def base", "# a comment\ndef base", False),
        ("figures.py", "return lab.learn(seed)", "return lab.learn(seed) / 2", True),
        ("figures.py", '"share right", form', '"share of right ones", form', False),
    ],
)
def test_a_run_is_measured_again_when_its_own_code_changed(folder, file, old, new, run_again):
    keep_all(folder)
    change(folder / file, old, new)
    assert bool(tasks(folder)) == run_again
    assert ("†" in page([folder])) == run_again


def test_a_new_measurement_takes_the_place_of_the_old_in_order(folder):
    keep_all(folder)
    keep(done(folder, "trained", 1, 0.5))
    values = [(r.run, r.seed, r.value) for r in read_table(folder) if r.figure == "score"]
    assert values == [
        ("trained", 0, 0.91),
        ("trained", 1, 0.5),
        ("trained", 2, 0.93),
        ("coin", 0, 0.5),
    ]


def test_rows_of_a_run_that_is_no_more_go(folder):
    keep_all(folder)
    change(folder / "figures.py", "def coin", "def dice")
    keep(done(folder, "trained", 1, 0.5))
    assert {row.run for row in read_table(folder)} == {"trained"}


def test_rows_of_a_seed_that_is_no_more_go(folder):
    keep_all(folder)
    change(folder / "figures.py", "original=0.9))", "original=0.9), seeds=(0, 1))")
    keep(done(folder, "coin", 0, 0.5))
    assert {row.seed for row in read_table(folder) if row.run == "trained"} == {0, 1}


def test_numbers_in_a_text():
    runs = measured([row("best", seed, 0.911 + seed / 100) for seed in range(3)])
    one, two = "[[best.score:.1f]], [[best.score:.2f]]", "[[best.score.seeds[2]:.3f]]"
    assert with_numbers(f"{one}, {two}", runs) == "0.9, 0.91 to 0.93, 0.931"
    assert with_numbers("[[best.score.mean:.0%]]", runs) == "92%"
    assert with_numbers("[[1, 2], [3, 4]] and {x}", runs) == "[[1, 2], [3, 4]] and {x}"


def test_minutes_are_seconds():
    runs = measured([row("best", 0, 90.0, figure="seconds")])
    assert with_numbers("[[best.minutes:.1f]] minutes", runs) == "1.5 minutes"


def test_a_gpu_does_not_speak_for_the_cpu(folder):
    keep_all(folder)
    fast = [Row("trained", 0, "score", 0.1, "", "cuda", "a GPU")]
    keep(
        Done(
            Task(folder, "trained", 0, ""),
            [*fast, Row("trained", 0, "seconds", 2, "", "cuda", "a GPU")],
        )
    )
    assert measured(read_table(folder))["trained"].score == Measured((0.91, 0.92, 0.93))
    assert "12, 2 on a GPU" in page([folder])


def test_the_text_says_what_was_measured(folder):
    keep_all(folder)
    source = filled(parse(SOURCE, folder / "lab.py"))
    assert source.cells[0].source == "Expect 0.91 to 0.93."


def test_a_range_is_worded_in_the_language_that_is_built(folder):
    keep_all(folder)
    with speaking("zh"):
        source = filled(parse(SOURCE, folder / "lab.py"))
    assert source.cells[0].source == "Expect 0.91–0.93."


@pytest.mark.parametrize(
    "place", ["[[trained.score:.2f]]", "[[x.y]]", "[[coin.no]]", "[[coin.score:q]]"]
)
def test_a_number_that_is_not_there_is_refused_with_its_line(folder, place):
    keep(done(folder, "coin", 0, 0.5))
    text = f"# %% [markdown]\n# A line.\n# Expect {place}.\n"
    said = re.escape(f"lab.py:3: {place} is not in figures.csv: `autograder reproduce lab`")
    with pytest.raises(SourceError, match=said):
        filled(parse(text, folder / "lab.py"))


def test_a_broken_table_or_declaration_is_told(folder):
    (folder / "figures.csv").write_text("run,seed\nx,y\n")
    with pytest.raises(SourceError, match=r"figures.csv:1: not a table of figures"):
        read_table(folder)
    (folder / "figures.py").write_text("from autograder.figures import run\n\nrun(1)\n")
    with pytest.raises(SourceError, match=r"figures.py:3: TypeError"):
        read_runs(folder)


def test_the_command_lists_what_is_missing(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parents[1])
    assert main(["reproduce", "lab", "--run", "coin", "--list"]) == 1
    assert "coin" in capsys.readouterr().out


def test_an_unknown_run_is_told(folder):
    with pytest.raises(SettingsError, match=r"no run 'dice' \(there: coin, elsewhere, trained\)"):
        wanted(find_course(folder), ["lab"], ["dice"], again=False)
