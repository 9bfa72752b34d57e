"""Texts in further languages: `lang="zh"` on a cell that stands behind the cell it translates."""

import re
from collections.abc import Iterator
from dataclasses import replace

from autograder.assignment.measured import PLACE
from autograder.assignment.sections import HEADING
from autograder.assignment.source import Cell, Source, SourceError

BUILT = re.compile(r"\{(?:points|handing_in|ai_tools)\}")  # what the build puts in


def with_translations(source: Source) -> Source:
    """A source whose translations stand apart from its cells. Raises SourceError.

    Where one cell is translated to a language, every text is.
    """
    found = (replace(cell, translates=of.line) for cell, of in _with_originals(source))
    cells = tuple(cell for cell in source.cells if not cell.language)
    divided = replace(source, cells=cells, translations=tuple(found))
    for language in divided.languages:
        _refuse_gaps(divided, language)
    return divided


def _with_originals(source: Source) -> Iterator[tuple[Cell, Cell]]:
    """Each translation with the cell that it translates."""
    original: Cell | None = None
    taken: dict[str, int] = {}  # lines of the original's translations
    for cell in source.cells:
        if not cell.language:
            original, taken = cell, {}
            continue
        if original is None or original.kind != "markdown":
            problem = "translates nothing: it belongs behind the Markdown cell that it translates"
            raise SourceError(source.path, cell.line, problem)
        if cell.language in taken:
            problem = f"line {taken[cell.language]} translates the cell of line {original.line}"
            raise SourceError(source.path, cell.line, f"{problem} to {cell.language!r} already")
        taken[cell.language] = cell.line
        _refuse_other_parts(source, cell, original)
        yield cell, original


def _refuse_other_parts(source: Source, cell: Cell, original: Cell) -> None:
    """Numbers of headings, figures and what the build puts in are the same in all languages."""
    kinds = {
        "headings with the numbers": HEADING,
        "figures": PLACE,
        "places for the build": BUILT,
    }
    for what, pattern in kinds.items():
        own, wanted = sorted(pattern.findall(cell.source)), sorted(pattern.findall(original.source))
        if own != wanted:
            here, there = (", ".join(each) or "none" for each in (own, wanted))
            problem = f"has {what} {here}, and the cell of line {original.line} has {there}"
            raise SourceError(source.path, cell.line, problem)


def _refuse_gaps(source: Source, language: str) -> None:
    known = {cell.translates for cell in source.translations if cell.language == language}
    for cell in source.cells:
        is_text = cell.kind == "markdown" and BUILT.sub("", cell.source).strip()
        if is_text and cell.line not in known:
            problem = f"has no translation to {language!r}, as other cells have"
            raise SourceError(source.path, cell.line, problem)


def in_language(source: Source, language: str) -> Source:
    """The source whose texts are those of one of its languages."""
    texts = {c.translates: c.source for c in source.translations if c.language == language}
    cells = (replace(c, source=texts.get(c.line, c.source)) for c in source.cells)
    return replace(source, cells=tuple(cells), language=language)
