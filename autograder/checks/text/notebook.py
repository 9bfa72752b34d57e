"""The names of a notebook: what its cells bind at their top level, in the order they ran."""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from autograder.checks.text.cells import bound_in_text, parsed
from autograder.checks.text.names import SETTERS, chain, last, stores, text
from autograder.checks.text.scopes import (
    MOST,
    Binding,
    Bound,
    Scope,
    bound,
    enter,
    own_nodes,
    parts,
    walk,
)

MAX_ALL = 300_000  # characters of all cells; what ran before that counts as not Python
A_CELL = 100  # characters that a cell counts for besides its own
BLOCKS = ast.stmt | ast.ExceptHandler | ast.match_case
COMPOUND = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Match
COMPOUND |= ast.Try | ast.TryStar
RECORDS = ("namedtuple", "SimpleNamespace", "make_dataclass")


class Patch(NamedTuple):
    """What is assigned to an attribute or item, and where its names are looked up."""

    name: str
    value: ast.AST
    scope: Scope


class Notebook:
    """What the names of a notebook are bound to.

    `own` are the names of all attributes that its code defines, `patches` what is assigned to
    attributes and items of what a name is bound to. `failed` are the indices of cells that ended
    with an error: what they bind may be bound or not.
    """

    def __init__(
        self, cells: Sequence[str], subject: str, failed: Collection[int] = frozenset()
    ) -> None:
        self.names = Scope({})
        self.own: set[str] = set()
        self._subject, self._order = subject, 0
        self.patches: defaultdict[Binding, list[Patch]] = defaultdict(list)
        roots: list[tuple[list[ast.AST], Scope]] = []
        for index, (source, tree) in enumerate(_trees(cells)):
            if tree is None:
                self._add_by_text(source, index)
            for statement, certain in statements(tree.body if tree else []):
                scope = self._scope(index)
                self._add(statement, scope, certain and index not in failed)
                roots.append((_own_roots(statement), scope))
        for nodes, scope in roots:
            self._look_for_attributes(nodes, scope)

    def _scope(self, cell: int) -> Scope:
        self._order += 1
        names = self.names
        return Scope(names.bindings, cell=cell, moment=self._order, entered=names.entered)

    def _add(self, statement: ast.stmt, scope: Scope, certain: bool) -> None:
        replaces = certain and not isinstance(statement, ast.AugAssign)
        found = [*bound(statement), *(b for n in own_nodes(_head(statement)) for b in bound(n))]
        for one in found:
            self._bind(one, scope, certain=replaces, line=statement.lineno)

    def _bind(self, found: Bound, scope: Scope, **details: Any) -> None:
        details |= {"is_global": True, "order": scope.moment}
        binding = Binding(found.name, found.value, scope, found.imported, **details)
        self.names.bindings.setdefault(found.name, []).append(binding)

    def _add_by_text(self, source: str, cell: int) -> None:
        """A cell that is not Python may define a helper; for the subject it is believed to."""
        for name in bound_in_text(source):
            believed = name == self._subject
            self._bind(Bound(name), self._scope(cell), certain=believed, is_python=False)

    def _look_for_attributes(self, roots: list[ast.AST], scope: Scope) -> None:
        for node, inner in walk(roots, scope):
            if isinstance(node, ast.ClassDef):
                self.own.update(enter(node, inner).bindings)
            for target, name, value in stores(node):
                for binding in _owners(target, inner):
                    self.patches[binding].append(Patch(name, value, inner))
            self.own.update(_attributes(node))


def _trees(cells: Sequence[str]) -> list[tuple[str, ast.Module | None]]:
    """Every cell with its tree, None where it is not Python or there is too much of it."""
    found, left = [], MAX_ALL
    for source in reversed(cells):
        left -= len(source) + A_CELL
        found.append((source, parsed(source) if left >= 0 else None))
    return found[::-1]


def statements(body: list[ast.stmt], certain: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements that run where they stand, and whether they surely do."""
    todo = [(statement, certain) for statement in reversed(body)]
    while todo:
        statement, certain = todo.pop()
        yield statement, certain
        todo += reversed(list(_below(statement, certain)))


def _below(statement: ast.stmt, certain: bool) -> Iterator[tuple[ast.stmt, bool]]:
    match statement:
        case ast.If(test=ast.Constant(value=value)):
            yield from ((one, certain) for one in (statement.body if value else statement.orelse))
        case _ if isinstance(statement, COMPOUND):
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.stmt):
                    yield child, False
                elif isinstance(child, ast.ExceptHandler | ast.match_case):
                    yield from ((one, False) for one in child.body)


def names_bound(source: str) -> set[str]:
    """The names that a cell binds, as far as its text says."""
    tree = parsed(source)
    if tree is None:
        return {*bound_in_text(source)}
    return {one.name for statement, _ in statements(tree.body) for one in bound(statement)}


def _head(statement: ast.stmt) -> list[ast.AST]:
    """What a statement evaluates itself, without the statements below it."""
    return [child for child in parts(statement)[0] if not isinstance(child, BLOCKS)]


def _own_roots(statement: ast.stmt) -> list[ast.AST]:
    return _head(statement) if isinstance(statement, COMPOUND) else [statement]


def _attributes(node: ast.AST) -> Iterator[str]:
    """Names that a node makes attributes of objects."""
    match node:
        case ast.Attribute(ctx=ast.Store(), attr=name):
            yield name
        case ast.Call(func=called, args=[_, key, _]) if last(called) in SETTERS:
            yield text(key) or ""
        case ast.Call(func=called, args=args, keywords=keywords) if last(called) in RECORDS:
            yield from (keyword.arg for keyword in keywords if keyword.arg)
            yield from (word for one in args for word in _words(one))


def _words(node: ast.expr) -> Iterator[str]:
    """The names of fields: in one string or a list of strings."""
    for one in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
        yield from (text(one) or "").replace(",", " ").split()


def _owners(node: ast.AST, scope: Scope) -> Iterator[Binding]:
    """The notebook's own names that a target belongs to, aliases followed."""
    todo = [(node, scope)]
    seen: set[Binding] = set()
    while todo and len(seen) < MOST:
        node, scope = todo.pop()
        root = _root(node)
        for binding in scope.find(root.id) if isinstance(root, ast.Name) else []:
            if binding.is_global and binding not in seen:
                yield binding
            if binding not in seen and binding.value is not None:
                todo.append((binding.value, binding.scope))
            seen.add(binding)


def _root(node: ast.AST) -> ast.AST:
    """The object whose attribute or item a target is."""
    while True:
        node, names, _ = chain(node)
        if isinstance(node, ast.Subscript):
            node = node.value
        elif not names:
            return node
