"""Names that a notebook's own cells and the folded cells of its checks would both bind.

They share one namespace, so that a check which is run again would find the wrong one.
"""

import ast
from collections.abc import Iterator

from autograder.assignment.checks_file import ChecksText
from autograder.assignment.definitions import binds
from autograder.assignment.source import Cell, Source, SourceError

Bound = dict[str, str]  # a name and what it is bound to, where an import says so


def refuse_clashes(source: Source) -> None:
    """Raise SourceError where the text of visible cases and another cell bind the same name."""
    texts = ChecksText(source)
    for exercise in source.checks:
        ours = _bound(ast.parse(texts.visible(exercise)))
        for cell in _others(source):
            theirs = _bound(ast.parse(_without_magics(cell.source)))
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


def _bound(tree: ast.Module) -> Bound:
    found: Bound = {}
    for node in tree.body:
        found |= dict.fromkeys({*binds(node), *_assigned(node)}, "")
        found |= dict(_imported(node))
    return found


def _imported(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Names and what they are, for an import: the package, and its name there."""
    match node:
        case ast.Import(names=names):
            yield from ((name, alias.name) for alias, name in zip(names, _own(node), strict=True))
        case ast.ImportFrom(module=str(module), names=names):
            package = module.partition(".")[0]
            for alias in names:
                yield alias.asname or alias.name, f"{package}:{alias.name}"


def _own(node: ast.Import) -> list[str]:
    return [(alias.asname or alias.name).split(".")[0] for alias in node.names]


def _assigned(node: ast.AST) -> Iterator[str]:
    """Variables that a statement sets, those of functions and classes left out."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.comprehension):
            yield from _assigned(inner)


def _without_magics(text: str) -> str:
    return "\n".join("" if line.startswith(("%", "!")) else line for line in text.split("\n"))
