"""Names that a notebook's own cells and the folded cells of its checks would both bind.

They share one namespace, so that a check which is run again would find the wrong one.
"""

from collections.abc import Iterator

from autograder.assignment.checks_text import ChecksText
from autograder.assignment.source import Cell, Source, SourceError
from autograder.checks.text.cells import parsed
from autograder.checks.text.scopes import bound, own_nodes

Bindings = dict[str, str]  # by name, the package and the part of it that an import binds, if any


def refuse_clashes(source: Source) -> None:
    """Raise SourceError where the text of visible cases and another cell bind the same name."""
    texts = ChecksText(source)
    for exercise in source.checks:
        ours = _bound(texts.visible(exercise))
        for cell in _others(source):
            theirs = _bound(cell.source)
            for name in ours.keys() & theirs.keys() - {"_"}:  # a name for what has none
                if ours[name] != theirs[name] or not ours[name]:
                    raise SourceError(
                        source.path,
                        cell.line,
                        f"binds {name!r}, as {source.checks_path.name} does for {exercise!r}: "
                        "rename one of them",
                    )


def _others(source: Source) -> Iterator[Cell]:
    for cell in source.cells:
        if cell.kind == "code" and not (cell.role and cell.role.is_check):
            yield cell


def _bound(text: str) -> Bindings:
    tree = parsed(text)
    found = [one for node in own_nodes(tree.body if tree else []) for one in bound(node)]
    return {one.name: _origin(one.imported) for one in found}


def _origin(imported: str) -> str:
    """Two ways to the same part of a package are one: packages hand on what their modules hold."""
    package, *inner = imported.split(".")
    return f"{package}:{inner[-1]}" if inner else package
