"""What the build adds: badges, points table, setup, visible key, the question about AI tools."""

import json
from pathlib import Path

from autograder import __version__
from autograder.assignment.cells import Role
from autograder.assignment.source import Source
from autograder.checks.key import Key
from autograder.checks.text.cell_texts import AI_HEADING
from autograder.settings import Course

SETUP = Path(__file__).with_name("setup_cell.py").read_text(encoding="utf-8")
KEY = """\
# @title The numbers that the visible checks compare with (written by the build)
from autograder import check

check.load("{text}")"""

AI_TOOLS = f"""\
{AI_HEADING}

Optional and not graded: which AI tools did you use for this notebook, and for what? Write it into
this cell, and paste the prompts that helped you most."""

HANDING_IN = """\
*Kernel → Restart and run all*, **save the notebook**, and look at the summary. Then run the cell
below, with your own student id and name. It writes {names}, says what looks unfinished, and packs
all into one file, {zip}: upload that one. You may do so again; the last version that you hand in
counts."""

KINDS = {Role.CHECK: "code", Role.ARTEFACT: "trained model", Role.ANSWER: "written"}
COLAB = "https://colab.research.google.com/github/{repository}/blob/{branch}/{path}"
KAGGLE = (
    "https://kaggle.com/kernels/welcome?src=https://github.com/{repository}/blob/{branch}/{path}"
)


def setup_cell(course: Course) -> str:
    """The notebook's first code cell, which installs this version of the package."""
    text = SETUP
    for name, value in (("VERSION", __version__), ("WHEEL_URL", course.where_the_wheel_is)):
        text = text.replace(f'\n{name} = ""\n', f"\n{name} = {json.dumps(value)}\n")
    return text.rstrip()


def key_cell(key: str) -> str:
    """The cell that hands the visible key to `check`."""
    return KEY.format(text=key)


def badges(assignment: str, course: Course) -> str:
    """Links that open the public notebook on Colab and Kaggle; empty where no repository is set."""
    if not course.repository:
        return ""
    place = place_of(assignment, course)
    return (
        f"\n\n[Open in Colab]({COLAB.format(**place)}) · [Open in Kaggle]({KAGGLE.format(**place)})"
    )


def place_of(assignment: str, course: Course) -> dict[str, str]:
    """Where its public notebook is, for the addresses of Colab and Kaggle."""
    path = f"notebooks/{assignment}/{assignment}.ipynb"
    return {"repository": course.repository, "branch": course.branch, "path": path}


def handing_in(key: Key) -> str:
    """What to do in the end, and which files are handed in under which names."""
    whose = "<student id>_<name>"
    word = key.word or key.assignment
    files = [f"{whose}_{word}.ipynb", *(f"{whose}_{ending}.pth" for ending in key.models)]
    files += [f"{whose}_{ending}.txt" for ending in key.predictions]
    names = " and ".join(filter(None, [", ".join(f"`{f}`" for f in files[:-1]), f"`{files[-1]}`"]))
    return HANDING_IN.format(names=names, zip=f"`{whose}_{word}.zip`")


def points_table(source: Source) -> str:
    """A Markdown table of exercises and written answers with their points."""
    cells = *source.exercises.values(), *source.answers.values()
    rows = [f"| `{c.name}` | {KINDS[c.role]} | {c.points:g} |" for c in cells if c.role]
    total = sum(cell.points for cell in cells)
    return "\n".join(
        ["| exercise | kind | points |", "|---|---|---|", *rows, f"| **total** | | **{total:g}** |"]
    )
