"""What the build adds: badges, points table, setup, visible key, the question about AI tools."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from autograder import __version__
from autograder.assignment.cells import Role
from autograder.assignment.sections import anchor, sections
from autograder.assignment.source import Source
from autograder.checks.key import Key
from autograder.checks.language import N_, _, own_name
from autograder.checks.text.cell_texts import AI_HEADING
from autograder.settings import Course

SETUP = Path(__file__).with_name("setup_cell.py").read_text(encoding="utf-8")
KEY = """\
# @title The numbers that the visible checks compare with (written by the build)
from autograder import check

check.load("{text}")"""

AI_TOOLS = N_(
    """\
Optional and not graded: which AI tools did you use for this notebook, and for what? Write it into
this cell, and paste the prompts that helped you most."""
)

HANDING_IN = N_(
    """\
*Kernel → Restart and run all*, **save the notebook**, and look at the summary. Then run the cell
below, with your own student id and name. It writes {names}, says what looks unfinished, and packs
all into one file, {zip}: upload that one. You may do so again; the last version that you hand in
counts."""
)

CODE = N_(
    """\
- **Code.** Write it where a cell says `TODO`, run the cell, then the check below it. ✓ says that
  your numbers are the right ones, to 1e-5; ✗ shows the first difference and, where it is known,
  its cause. A cell that says `needs 3.3` shows something as soon as that exercise is written."""
)
HIDDEN = N_(
    """\
- **Hidden inputs.** A check uses the inputs in the folded cell above it. Grading runs your code
  on others of the same kind, so solve the exercise, not its check. What cells print is not read."""
)
WRITTEN = N_(
    """\
- **Written answers** stand in the place of `YOUR ANSWER HERE`. People grade them, in any layout."""
)
TRAINED = N_(
    """\
- **What you train** is saved in a file that belongs to what you hand in. A better file is kept when
  you run everything again."""
)
ALLOWED = N_(
    """\
- **What may be used:** all that the notebook imports and PyTorch has, unless an exercise says
  otherwise. Helpers and cells of your own are welcome; names, arguments and results stay."""
)
AI_RULE = N_(
    """\
- **AI tools:** what your course says of them holds. A question at the end asks what you used."""
)
AT_THE_END = N_(
    """\
- **Handing in:** `summary()` lists what passes, also after a restart; the last cell packs all."""
)

KINDS = {
    Role.CHECK: N_("code"),
    Role.ARTEFACT: N_("trained model"),
    Role.ANSWER: N_("written"),
}
GITHUB = "https://github.com/{repository}/blob/{branch}/{path}"
COLAB = "https://colab.research.google.com/github/{repository}/blob/{branch}/{path}"
KAGGLE = (
    "https://kaggle.com/kernels/welcome?src=https://github.com/{repository}/blob/{branch}/{path}"
)


def setup_cell(course: Course) -> str:
    """The notebook's first code cell, which installs this version of the package."""
    text = SETUP
    for name, value in (("VERSION", __version__), ("WHEEL_URL", course.where_the_wheel_is)):
        text = text.replace(f'\n{name} = ""\n', f"\n{name} = {json.dumps(value)}\n")
    says = {message: _(message) for message in _messages(SETUP) if _(message) != message}
    told = json.dumps(says, ensure_ascii=False, indent=4)
    return re.sub(r"(?<=\nSAYS: dict\[str, str\] = )\{\}", lambda empty: told, text).rstrip()


def _messages(script: str) -> Iterator[str]:
    """What a script of its own says by `tr("…")`."""
    for node in ast.walk(ast.parse(script)):
        match node:
            case ast.Call(func=ast.Name("tr"), args=[ast.Constant(str() as message)]):
                yield message


def ai_tools() -> str:
    """The question which AI tools were used."""
    return f"{_(AI_HEADING)}\n\n{_(AI_TOOLS)}"


def key_cell(key: str) -> str:
    """The cell that hands the visible key to `check`."""
    return KEY.format(text=key)


def badges(source: Source, course: Course) -> str:
    """Links that open the public notebook on Colab and Kaggle, and to it in other languages.

    Empty where no repository is set.
    """
    if not course.repository:
        return ""
    place = place_of(source.assignment, course, source.language)
    links = {_("Open in Colab"): COLAB, _("Open in Kaggle"): KAGGLE}
    shown = [f"[{said}]({address.format(**place)})" for said, address in links.items()]
    for language in ["", *source.languages]:
        if language != source.language:
            place = place_of(source.assignment, course, language)
            shown.append(f"[{own_name(language or course.language)}]({GITHUB.format(**place)})")
    return f"\n\n{' · '.join(shown)}"


def place_of(assignment: str, course: Course, language: str = "") -> dict[str, str]:
    """Where its public notebook is, for the addresses of Colab and Kaggle."""
    path = course.released(assignment, language).relative_to(course.root).as_posix()
    return {"repository": course.repository, "branch": course.branch, "path": path}


def handing_in(key: Key) -> str:
    """What to do in the end, and which files are handed in under which names."""
    whose = _("<student id>_<name>")
    word = key.word or key.assignment
    files = [f"{whose}_{word}.ipynb", *(f"{whose}_{ending}.pth" for ending in key.models)]
    files += [f"{whose}_{ending}.txt" for ending in key.predictions]
    names = _(" and ").join(
        filter(None, [", ".join(f"`{f}`" for f in files[:-1]), f"`{files[-1]}`"])
    )
    return _(HANDING_IN).format(names=names, zip=f"`{whose}_{word}.zip`")


def points_table(source: Source) -> str:
    """A Markdown table of exercises and written answers, with links to them, and their points."""
    places = sections(source)
    cells = [cell for cell in (*source.exercises.values(), *source.answers.values()) if cell.role]
    cells.sort(key=lambda cell: cell.line)
    heads = [*([""] if places else []), _("exercise"), _("kind"), _("points")]
    rows = [[f"`{c.name}`", _(KINDS[c.role]), f"{c.points:g}"] for c in cells if c.role]
    if places:
        rows = [[_link(places.get(c.name, "")), *row] for c, row in zip(cells, rows, strict=True)]
    total = f"**{sum(cell.points for cell in cells):g}**"
    last = [*([""] if places else []), _("**total**"), "", total]
    return "\n".join(map(_row, [heads, ["---"] * len(heads), *rows, last]))


def _row(cells: list[str]) -> str:
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|".replace(" --- ", "---")


def _link(number: str) -> str:
    return f"[{number}](#{anchor(number)})" if number else ""


def how_it_works(source: Source) -> str:
    """How the work goes, the same in all notebooks but for what one of them has not."""
    lines = [CODE, HIDDEN]
    lines += [WRITTEN] if source.answers else []
    lines += [TRAINED] if source.artefacts else []
    lines += [ALLOWED, AI_RULE, AT_THE_END]
    return "\n".join([_("**How the work goes**") + "\n", *map(_, lines)])
