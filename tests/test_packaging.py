"""What is shipped: the student wheel, and environments that agree with each other."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True)
    (path,) = folder.glob("coursework_kit-*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_package_and_nothing_of_the_course(wheel):
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert "autograder/checks/checker.py" in names
    data = (
        *(r"pig_latin_words/\w+\.txt", r"emoji_pictures/\w+\.(png|tsv|txt)"),
        *(r"birth_places/(small|large)/\w+\.(txt|tsv)", r"sentence_pairs/\w+\.\w+\.(gz|txt)"),
        r"\w+\.(csv|safetensors)",
    )
    shown = r"(grading/pages|course|questions)/[\w/]+\.(html\.j2|css|js)|authoring/site\.html"
    languages = r"checks/locale/\w+/LC_MESSAGES/checks\.(po|mo)"
    wanted = rf"autograder/([\w/]+\.py|tools/({'|'.join(data)})|{shown}|{languages})"
    assert [name for name in names if not re.fullmatch(wanted, name)] == []


def test_the_wheel_holds_no_line_of_a_solution_or_mistake(wheel):
    shipped = "\n".join(wheel.read(n).decode() for n in wheel.namelist() if n.endswith(".py"))
    lines = {line.strip() for line in shipped.splitlines()}
    for source in ROOT.glob("solutions/*/*.py"):
        for region in re.findall(r"BEGIN SOLUTION\n(.*?)### END", source.read_text(), re.S):
            answers = {line.strip() for line in region.splitlines() if len(line.strip()) > 25}
            assert not answers & lines
    for mistakes in ROOT.glob("solutions/*/mistakes.toml"):
        exercises = tomllib.loads(mistakes.read_text()).values()
        says = [entry["says"] for entries in exercises for entry in entries.values()]
        assert len(says) > 10 and not [sentence for sentence in says if sentence in shipped]


def test_students_need_the_base_dependencies_only():
    """`checks` and `lab` import nothing that is not among them."""
    code = (
        "import sys, autograder, importlib, pkgutil, autograder.tools\n"
        "for m in pkgutil.iter_modules(autograder.tools.__path__, 'autograder.tools.'):\n"
        "    importlib.import_module(m.name)\n"
        "tools = ('nbgrader', 'nbformat', 'jupytext', 'rich', 'sqlalchemy')\n"
        "print([name for name in tools if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_conda_users_get_what_students_need():
    text = (ROOT / "environment.yml").read_text()
    listed = re.findall(r"^      - (.+)$", text, re.M)
    extras = PROJECT["optional-dependencies"]
    lab = [
        each for each in extras["grade"] if each.startswith(("jupyterlab", "nbgrader", "nbformat"))
    ]
    wanted = sum((extras[name] for name in ("text", "transformers", "pictures")), lab)
    assert sorted(listed) == sorted([*PROJECT["dependencies"], *wanted])
    assert f"  - python{PROJECT['requires-python']}\n" in text
