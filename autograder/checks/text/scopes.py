"""Names in a syntax tree: which scope binds them, to what, and what is evaluated where.

Walks are loops, not recursion: hostile texts are nested as deeply as Python's parser allows.
"""

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
MOST = 20  # bindings of one name, and aliases one after the other, that are looked at


class Bound(NamedTuple):
    """A name, and the definition, expression or dotted name of an import that it is bound to."""

    name: str
    value: ast.AST | None = None
    imported: str = ""


@dataclass(eq=False)
class Binding:
    """A name bound in `scope`, where the names of its value are looked up.

    Of the notebook's own names: `order` counts its statements, and one that is `certain` replaces
    what the name meant before; one below an `if` may.
    """

    name: str
    value: ast.AST | None
    scope: "Scope"
    imported: str = ""
    is_global: bool = False
    order: float = inf
    certain: bool = False
    is_python: bool = True
    line: int = 0

    @property
    def cell(self) -> int:
        """The index of the cell that it stands in."""
        return self.scope.cell


class Meaning(NamedTuple):
    """What an expression may stand for, and the attributes of it that are accessed.

    A string is the dotted name of something imported, or a name that nothing binds, as after
    `import *`; else it is a definition, or an expression that says no more.
    """

    what: str | ast.AST
    attributes: tuple[str, ...]
    scope: "Scope"


@dataclass(eq=False)
class Scope:
    """A function, class or comprehension; or the notebook itself, after `moment` statements."""

    bindings: dict[str, list[Binding]]
    node: ast.AST | None = None
    outer: "Scope | None" = None
    cell: int = -1
    moment: float = inf
    globals: frozenset[str] = frozenset()
    entered: dict[ast.AST, "Scope"] = field(default_factory=dict)  # shared by the whole notebook
    meanings: dict[str, list["Meaning"]] = field(default_factory=dict)  # as far as asked for

    def find(self, name: str) -> list[Binding]:
        """What a name may be bound to, the last first; nothing where no text says it."""
        scope, is_later, is_global = self, False, False
        while scope.outer is not None:
            is_global |= name in scope.globals
            is_visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if name in scope.bindings and is_visible and not is_global:
                return possible(scope.bindings[name])
            is_later |= isinstance(scope.node, Function)
            scope = scope.outer
        return possible(scope.bindings.get(name, []), inf if is_later else scope.moment)

    def find_global(self, name: str) -> list[Binding]:
        """What one of the notebook's own names may be bound to in the end."""
        return possible(self.root.bindings.get(name, []))

    @property
    def root(self) -> "Scope":
        """The notebook."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope

    @property
    def function(self) -> ast.AST | None:
        """The innermost function, if any."""
        scope: Scope | None = self
        while scope is not None and not isinstance(scope.node, Function):
            scope = scope.outer
        return scope.node if scope else None


def possible(bindings: list[Binding], moment: float = inf) -> list[Binding]:
    """The last certain one and those after it, the last first; of later ones if none came yet."""
    ran = bisect_left(bindings, moment, key=_order) if moment < inf else 0
    end = ran or len(bindings)
    found = []
    for binding in reversed(bindings[max(0, end - MOST) : end]):
        found.append(binding)
        if binding.certain:
            break
    return found


def _order(binding: Binding) -> float:
    return binding.order


def walk(roots: Sequence[ast.AST], scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    """Every node below, each with the scope that it is evaluated in; annotations are no code."""
    todo = [(root, scope) for root in reversed(roots)]
    while todo:
        node, scope = todo.pop()
        yield node, scope
        outside, inside = parts(node)
        if inside:
            inner = enter(node, scope)
            todo += [(child, inner) for child in reversed(inside)]
        todo += [(child, scope) for child in reversed(outside)]


def parts(node: ast.AST) -> tuple[list[ast.AST], list[ast.AST]]:
    """What of a node is evaluated where it stands, and what in a scope of its own."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*node.decorator_list, *_defaults(node)], [*node.body]
        case ast.Lambda():
            return _defaults(node), [node.body]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *node.keywords], [*node.body]
        case ast.DictComp():
            return _looped(node.generators, node.key, node.value)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return _looped(node.generators, node.elt)
        case ast.AnnAssign():
            return [node.target, *([node.value] if node.value else [])], []
    return [n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.expr_context)], []


def _defaults(node: Function) -> list[ast.AST]:
    return [*node.args.defaults, *filter(None, node.args.kw_defaults)]


def _looped(
    generators: list[ast.comprehension], *results: ast.expr
) -> tuple[list[ast.AST], list[ast.AST]]:
    first, *others = generators
    return [first.iter], [*results, first.target, *first.ifs, *others]


def enter(node: ast.AST, outer: Scope) -> Scope:
    """The scope that a function, class or comprehension opens."""
    if node not in outer.entered:
        outer.entered[node] = _entered(node, outer)
    return outer.entered[node]


def _entered(node: ast.AST, outer: Scope) -> Scope:
    scope = Scope({}, node, outer, outer.cell, entered=outer.entered)
    if isinstance(node, Comprehension):
        targets = [Bound(n, g.iter) for g in node.generators for n in names_in(g.target)]
        return _filled(scope, targets, scope)
    if isinstance(node, Function):
        _filled(scope, _parameters(node), outer)
    own = list(own_nodes(parts(node)[1]))
    scope.globals = frozenset(n for one in own if isinstance(one, ast.Global) for n in one.names)
    beyond = {n for one in own if isinstance(one, ast.Nonlocal) for n in one.names}
    found = [one for node in own for one in bound(node)]
    for name, value, imported in found:
        if name in scope.globals:  # whoever calls the function binds it
            known = scope.root.bindings.setdefault(name, [])
            known.append(Binding(name, value, scope, imported, is_global=True))
    hidden = scope.globals | beyond
    return _filled(scope, [one for one in found if one.name not in hidden], scope)


def _filled(scope: Scope, found: Sequence[Bound], evaluated: Scope) -> Scope:
    for name, value, imported in found:
        scope.bindings.setdefault(name, []).append(Binding(name, value, evaluated, imported))
    return scope


def _parameters(node: Function) -> list[Bound]:
    """Names of parameters, with their defaults."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
    pairs = [
        *zip(positional, defaults, strict=True),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]
    rest = [(star, None) for star in (args.vararg, args.kwarg) if star]
    return [Bound(parameter.arg, default) for parameter, default in [*pairs, *rest]]


def own_nodes(roots: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The nodes below that bind names where the roots stand: `:=` in a comprehension does, too."""
    todo = [*reversed(roots)]
    while todo:
        node = todo.pop()
        yield node
        outside, inside = parts(node)
        todo += reversed(outside + inside if isinstance(node, Comprehension) else outside)


def bound(node: ast.AST) -> Iterator[Bound]:
    """What one node binds in its scope."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield Bound(node.name, node)
        case ast.Assign():
            yield from (one for target in node.targets for one in _assigned(target, node.value))
        case ast.AnnAssign() | ast.AugAssign() if node.value:
            yield from _assigned(node.target, node.value)
        case ast.NamedExpr():
            yield from _assigned(node.target, node.value)
        case ast.For() | ast.AsyncFor():
            yield from (Bound(name, node.iter) for name in names_in(node.target))
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from (Bound(name, node.context_expr) for name in names_in(target))
        case ast.Import():
            yield from (_imported(alias) for alias in node.names)
        case ast.ImportFrom():
            for alias in node.names:
                yield Bound(alias.asname or alias.name, None, f"{node.module or ''}.{alias.name}")
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield Bound(name)
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield Bound(name)


def _imported(alias: ast.alias) -> Bound:
    if alias.asname:
        return Bound(alias.asname, None, alias.name)
    name = alias.name.partition(".")[0]
    return Bound(name, None, name)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[Bound]:
    """The names of a target, each with its part of the value where that is written out."""
    match target, value:
        case ((ast.Tuple() | ast.List()), (ast.Tuple() | ast.List())) if _are_pairs(target, value):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from (Bound(name, other) for name in names_in(one))
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals"))), _:
            if isinstance(target.slice, ast.Constant):
                yield Bound(str(target.slice.value), value)
        case _:
            yield from (Bound(name, value) for name in names_in(target))


def _are_pairs(target: ast.Tuple | ast.List, value: ast.Tuple | ast.List) -> bool:
    starred = any(isinstance(one, ast.Starred) for one in [*target.elts, *value.elts])
    return len(target.elts) == len(value.elts) and not starred


def names_in(target: ast.expr) -> Iterator[str]:
    """The names that a target binds."""
    todo = [target]
    while todo:
        match todo.pop():
            case ast.Name(id=name):
                yield name
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                todo += reversed(elts)
            case ast.Starred(value=value):
                todo.append(value)
