"""A report as one page that a browser opens: what was measured, figures, written answers."""

import base64
import html
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from autograder.checks.checker import check
from autograder.checks.text.cell_texts import UNANSWERED
from autograder.checks.text.open_notebook import NotebookError, notebook_in, open_notebook

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
STYLE = """\
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
td, th { border: 1px solid #aaa; padding: .3rem .6rem; text-align: left; vertical-align: top }
table { border-collapse: collapse } img { max-width: 100% } pre { white-space: pre-wrap }"""


def write_report(
    path: str | Path,
    *,
    title: str,
    table: Table,
    figures: Sequence[Figure] = (),
    answers: Sequence[str] = (),
) -> None:
    """Write an HTML page that needs no other file.

    `table` has heads and rows. The answers of these names are taken as they were saved last, from
    the open notebook or another one in this folder; a line says which ones are not there yet.
    """
    written = _answers(answers)
    parts = [f"<h1>{html.escape(title)}</h1>", _table(table), *map(_figure, figures)]
    parts += [f"<h2>{name}</h2>\n<pre>{html.escape(text)}</pre>" for name, text in written.items()]
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    page = "\n".join([f"<!doctype html>{head}", *parts])
    Path(path).write_text(page, encoding="utf-8")
    print(f"saved {path}")
    if missing := [name for name in answers if name not in written]:
        print(f"  not in it, because no saved notebook here answers them: {', '.join(missing)}")


def _table(table: Table) -> str:
    heads, rows = table
    lines = [_row("th", heads), *(_row("td", row) for row in rows)]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"


def _figure(figure: Figure) -> str:
    """The picture itself, in the page."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=120)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<p><img alt="figure" src="data:image/png;base64,{data}"></p>'


def _answers(names: Sequence[str]) -> dict[str, str]:
    """Those that are written, in the order of their names, without the line that names them."""
    found = {name: text for notebook in _saved() for name, text in notebook.items()}
    texts = {name: found[name].partition("\n")[2].strip() for name in names if name in found}
    return {name: text for name, text in texts.items() if UNANSWERED not in text}


def _saved() -> Iterator[dict[str, str]]:
    """The answers of each notebook in this folder, those of the open one last."""
    for path in sorted(Path.cwd().glob("*.ipynb")):
        try:
            yield notebook_in(path).answers
        except NotebookError:
            continue
    try:
        yield open_notebook(check.runner.key).answers
    except NotebookError:
        return
