"""The folder for students: all that they need, nothing that they should not have."""

import shutil

import pytest
from handing import GOLDEN

from autograder.__main__ import main
from autograder.authoring.site import SiteError, write_site
from autograder.settings import WHEEL


@pytest.fixture
def course(demo_course):
    """A course with a released notebook, a wheel, and data beside their generator."""
    demo_course.released("demo").parent.mkdir(parents=True)
    shutil.copy(GOLDEN / "demo/demo.ipynb", demo_course.released("demo"))
    demo_course.build.mkdir(exist_ok=True)
    (demo_course.build / WHEEL).write_bytes(b"wheel")
    for name in ("words.txt", "make.py", "sub/licence"):
        path = demo_course.root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return demo_course


def files_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_holds_notebooks_wheel_data_and_a_page_alone(course, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    assert main(["site"]) == 0
    folder = course.build / "site"
    wanted = {
        "index.html",
        WHEEL,
        "notebooks/demo/demo.ipynb",
        "data/words.txt",
        "data/sub/licence",
    }
    assert files_in(folder) == wanted
    assert "5 files, none with solutions" in capsys.readouterr().out
    text = "".join((folder / name).read_text() for name in wanted)
    assert "BEGIN SOLUTION" not in text and "Model answer" not in text
    assert (folder / "notebooks/demo/demo.ipynb").read_bytes() == course.released(
        "demo"
    ).read_bytes()


def test_the_page_leads_to_notebooks_and_where_they_open(course, tmp_path):
    write_site(course, tmp_path / "one")
    page = (tmp_path / "one/index.html").read_text()
    assert 'href="notebooks/demo/demo.ipynb"' in page and f'href="{WHEEL}"' in page
    assert "colab" not in page
    course.repository = "someone/course"
    write_site(course, tmp_path / "two")
    page = (tmp_path / "two/index.html").read_text()
    where = "someone/course/blob/main/notebooks/demo/demo.ipynb"
    assert f"colab.research.google.com/github/{where}" in page and "kaggle.com" in page
    assert course.where_the_wheel_is == f"https://github.com/someone/course/raw/main/{WHEEL}"


def test_a_second_time_replaces_older_wheels_and_keeps_what_else_is_there(course, tmp_path):
    folder = tmp_path / "site"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git/config").write_text("kept")
    (folder / "coursework_kit-0.0.1-py3-none-any.whl").touch()
    write_site(course, folder)
    write_site(course, folder)
    assert (folder / ".git/config").read_text() == "kept"
    assert [path.name for path in folder.glob("*.whl")] == [WHEEL]


def no_wheel(course):
    (course.build / WHEEL).unlink()


def no_notebook(course):
    course.released("demo").unlink()


def solved(course):
    shutil.copy(GOLDEN / "demo/demo.py", course.released("demo"))


@pytest.mark.parametrize(
    "damage, says",
    [(no_wheel, "make wheel"), (no_notebook, "is missing"), (solved, "holds a solution")],
)
def test_what_is_missing_or_tells_answers_is_refused_and_nothing_written(
    course, tmp_path, damage, says
):
    damage(course)
    with pytest.raises(SiteError, match=says):
        write_site(course, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_folders_with_solutions_are_none_to_publish(course):
    for folder in (course.root, course.solutions, course.solutions / "site"):
        with pytest.raises(SiteError, match="holds solutions"):
            write_site(course, folder)
