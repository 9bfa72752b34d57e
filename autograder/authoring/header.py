"""What the build adds: badges, points table, setup, visible key, the question about AI tools."""

from autograder.assignment.cells import Role
from autograder.assignment.source import Source
from autograder.checks.key import Key
from autograder.checks.text.cell_texts import AI_HEADING
from autograder.settings import Course

SETUP = """\
# @title Setup: make the course's checks importable
import importlib.util
import subprocess
import sys
from pathlib import Path

WHEEL_URL = "{url}"
if importlib.util.find_spec("autograder") is None:
    places = [*Path().glob("*.whl"), *Path("/kaggle/input").rglob("*.whl")]
    wheels = [path for path in places if path.name.startswith("coursework_kit-")]
    wheel = str(wheels[-1]) if wheels else WHEEL_URL
    if not wheel:
        raise ImportError(
            "Put the course's wheel, coursework_kit-….whl, beside this notebook and run this again."
        )
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", wheel], check=True)
    importlib.invalidate_caches()"""

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
    """Import if installed; else a wheel beside the notebook or in Kaggle's input; else the web."""
    return SETUP.format(url=course.wheel_url)


def key_cell(key: str) -> str:
    """The cell that hands the visible key to `check`."""
    return KEY.format(text=key)


def badges(assignment: str, course: Course) -> str:
    """Links that open the public notebook on Colab and Kaggle; empty where no repository is set."""
    if not course.repository:
        return ""
    path = f"notebooks/{assignment}/{assignment}.ipynb"
    place = {"repository": course.repository, "branch": course.branch, "path": path}
    return (
        f"\n\n[Open in Colab]({COLAB.format(**place)}) · [Open in Kaggle]({KAGGLE.format(**place)})"
    )


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
