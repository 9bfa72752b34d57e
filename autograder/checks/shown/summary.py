"""The summary in HTML: a bar of what passes, and the table."""

from html import escape

from autograder.checks.shown.boxes import FAILED, MARK, PASSED, WAITING
from autograder.checks.summing_up import Row, Summary

BAR = "height:12px;border-radius:6px;overflow:hidden;background:#8884;margin:6px 0;max-width:560px"
TABLE = "display:grid;grid-template-columns:max-content max-content auto;gap:3px 16px"
COLOURS = {"✓": PASSED, "✗": FAILED, "○": WAITING}


def as_html(summary: Summary) -> str:
    """A bar as long as what passes, then every exercise, then what there is to say of them."""
    said, *remarks = summary.lines
    below = "".join(f"<div>{escape(remark)}</div>" for remark in remarks)
    rows = "".join(map(_row, summary.rows))
    return (
        f"<div><b>{escape(said)}</b>{_bar(summary)}"
        f'<div style="{TABLE};line-height:1.5">{rows}</div>{below}</div>'
    )


def _bar(summary: Summary) -> str:
    share = 100 * summary.earned / summary.total if summary.total else 0
    filled = f'<div style="height:100%;width:{share:.1f}%;background:{PASSED}"></div>'
    return f'<div role="img" aria-label="{share:.0f} %" style="{BAR}">{filled}</div>'


def _row(row: Row) -> str:
    number = f'<div style="text-align:right">{row.points:g}</div>'
    return f"<div>{escape(row.name)}</div>{number}<div>{_state(row.state)}</div>"


def _state(state: str) -> str:
    mark, rest = state[:1], state[1:]
    if mark not in COLOURS:
        return f'<span style="opacity:.75">{escape(state)}</span>'
    return f'<span style="{MARK};background:{COLOURS[mark]}">{mark}</span>{escape(rest)}'
