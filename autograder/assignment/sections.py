"""Where exercises and answers stand: the numbered heading above each."""

import re

from autograder.assignment.source import Source

HEADING = re.compile(r"^#{2,6} +(\d+(?:\.\d+)*)[ .].*$", re.M)


def sections(source: Source) -> dict[str, str]:
    """The number, such as 3.3, of the heading above each exercise and answer that has one."""
    found: dict[str, str] = {}
    above = ""
    for cell in source.cells:
        if cell.kind == "markdown" and not cell.role:
            above = next(iter(HEADING.findall(cell.source)[::-1]), above)
        if cell.name and above:
            found.setdefault(cell.name, above)
    return found


def anchor(number: str) -> str:
    """What a link to a section names."""
    return f"section-{number.replace('.', '-')}"


def with_anchors(text: str, source: Source) -> str:
    """Markdown in which links find the headings above exercises, in every front end.

    The names that front ends make of headings differ, and some know none in other scripts.
    """
    linked = {*sections(source).values()}
    return HEADING.sub(
        lambda found: (
            f'<a id="{anchor(found[1])}"></a>\n\n{found[0]}' if found[1] in linked else found[0]
        ),
        text,
    )
