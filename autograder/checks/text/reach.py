"""What a definition reaches: itself, and every helper of its notebook that it names, recursively.

Nothing else in the notebook counts, so that tests of one's own and unused imports break no rule.
"""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograder.checks.language import _
from autograder.checks.text.names import access, chain, global_name, paths
from autograder.checks.text.notebook import Notebook, Patch
from autograder.checks.text.scopes import Binding, Scope, walk


@dataclass(frozen=True)
class Found:
    """A syntax node that is reached, where its names are looked up, and the name it belongs to."""

    node: ast.AST
    scope: Scope
    part_of: Binding


@dataclass(frozen=True)
class Use:
    """A dotted name of a library that is reached.

    It begins with a dot where the text does not tell whose attribute it is.
    """

    path: str
    found: Found

    @property
    def parts(self) -> list[str]:
        """The names between its dots."""
        return self.path.split(".")


@dataclass(frozen=True)
class Reach:
    """All that the definition of `subject` reaches, and what is patched into it.

    `own` are the attributes that the notebook defines, `cell` is the index of the definition's.
    `problem` says why it cannot be known, and is empty otherwise.
    """

    subject: str
    found: list[Found] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    own: Collection[str] = frozenset()
    cell: int = -1
    problem: str = ""

    @cached_property
    def uses(self) -> list[Use]:
        """Names of libraries, whether as names, attributes or strings that look them up."""
        return list(self._uses())

    def _uses(self) -> Iterator[Use]:
        inside: set[int] = set()
        for found in self.found:
            node = found.node
            is_name = isinstance(node, ast.Name) or global_name(node)
            if id(node) not in inside and (is_name or access(node)):
                _, names, links = chain(node)
                inside.update(map(id, links))
                yield from (Use(path, found) for path in self._paths(found, names))

    def _paths(self, found: Found, names: list[str]) -> list[str]:
        if isinstance(getattr(found.node, "ctx", None), ast.Store | ast.Del):
            return []
        known = list(paths(found.node, found.scope))
        unknown = [name for name in names if name not in self.own]
        return known or ([f".{'.'.join(unknown)}"] if unknown else [])

    def where(self, found: Found) -> str:
        """The line of a node in its cell, and which cell if it is not the definition's own."""
        line, name = getattr(found.node, "lineno", 0), found.part_of.name
        if found.scope.cell == self.cell:
            return _("in line {line}").format(line=line)
        return _("in line {line} of the cell with `{name}`").format(line=line, name=name)


def reach(
    cells: Sequence[str],
    subject: str,
    stop: Collection[str] = frozenset(),
    failed: Collection[int] = frozenset(),
) -> Reach:
    """What the last definition of `subject` in `cells`, in the order they ran, reaches.

    It does not go into the names in `stop`, in whose place something else stands while it runs.
    `failed` are indices of cells that ended with an error.
    """
    notebook = Notebook(cells, subject, failed)
    todo, stop = notebook.names.find(subject), {*stop} - {subject}
    if not todo:
        return Reach(subject, problem=_("is defined in no cell that can be read"))
    found: list[Found] = []
    reached: dict[Binding, None] = {}  # in order
    for binding in todo:  # it grows
        if binding in reached:
            continue
        if not binding.is_python:
            return Reach(subject, problem=_unread(binding.name, subject))
        reached[binding] = None
        new = list(_nodes(notebook, binding, is_subject=binding.name == subject))
        found += new
        todo += [b for one in new for b in _named(one) if b.name not in stop]
    patches = [patch for binding in reached for patch in notebook.patches[binding]]
    return Reach(subject, found, patches, notebook.own, todo[0].cell)


def _nodes(notebook: Notebook, binding: Binding, is_subject: bool) -> Iterator[Found]:
    if is_subject and binding.imported:
        name = ast.Name(binding.name, ast.Load(), lineno=binding.line, col_offset=0)
        yield Found(name, notebook.names, binding)
    values = [] if binding.value is None else [(binding.value, binding.scope)]
    for value, scope in [*values, *((p.value, p.scope) for p in notebook.patches[binding])]:
        for node, inner in walk([value], scope):
            yield Found(node, inner, binding)


def _named(found: Found) -> list[Binding]:
    """What of the notebook's own names a node refers to."""
    known: list[Binding] = []
    if isinstance(found.node, ast.Name) and isinstance(found.node.ctx, ast.Load):
        known = [b for b in found.scope.find(found.node.id) if b.is_global]
    elif name := global_name(found.node):
        known = found.scope.find_global(name)
    return [b for b in known if b.is_python] or known


def _unread(name: str, subject: str) -> str:
    if name == subject:
        return _("holds more than Python, so that its rules cannot be checked")
    said = _(
        "uses `{name}`, whose cell holds more than Python, so that its rules cannot be checked"
    )
    return said.format(name=name)
