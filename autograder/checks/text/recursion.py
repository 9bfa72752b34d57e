"""Functions that call themselves, on whatever way: the cycles of the graph of calls."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import islice

from autograder.checks.language import _
from autograder.checks.text.names import access, chain, global_name, meanings, stores, text
from autograder.checks.text.notebook import Patch
from autograder.checks.text.reach import Found, Reach
from autograder.checks.text.scopes import MOST, Function, Scope, own_nodes

CONSTRUCTION = ("__init__", "__new__", "__post_init__")
CALLING = ("forward", "__call__")  # what calling an object runs, of modules and others
Functions = Iterator[ast.AST]


def recursion(reach: Reach) -> str:
    """Which function calls itself, in words; empty where none does."""
    for found in reach.found:
        if _applied_to_itself(found.node):
            said = _("calls a function with itself {where}")
            return said.format(where=reach.where(found))
    try:
        TopologicalSorter(_Calls(reach).graph()).prepare()
    except CycleError as error:
        return _described(reach, error.args[1])
    return ""


def _applied_to_itself(node: ast.AST) -> bool:
    """`f(f, x)`: recursion without a name."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args):
            return any(isinstance(one, ast.Name) and one.id == name for one in args)
    return False


def _described(reach: Reach, cycle: list[ast.AST]) -> str:
    first = next(found for found in reach.found if found.node in cycle)
    others = [_name(node) for node in cycle[1:] if node is not first.node]
    said = _("{name} calls itself {where}")
    if others:
        said = _("{name} calls itself through {other} {where}")
    other = next(iter(others), "")
    return said.format(name=_name(first.node), other=other, where=reach.where(first))


def _name(node: ast.AST) -> str:
    return f"`{getattr(node, 'name', 'lambda')}`"


class _Calls:
    """Which of the functions that are reached may run which others."""

    def __init__(self, reach: Reach) -> None:
        self._found = reach.found
        self._methods: defaultdict[str, dict[ast.AST | None, list[ast.AST]]] = defaultdict(dict)
        self._bases: defaultdict[ast.AST | None, list[ast.AST]] = defaultdict(list)
        self._parts: dict[ast.AST, list[ast.AST]] = {}  # of expressions that are called
        self._stored: defaultdict[str, list[ast.AST]] = defaultdict(list)
        self._patched: set[ast.AST | None] = set()  # functions stored under some name
        for found in self._found:
            self._note_methods(found)
        for found in self._found:
            self._note_stores([Patch(n, v, found.scope) for _, n, v in stores(found.node)])
        self._note_stores(reach.patches)

    def graph(self) -> dict[ast.AST, set[ast.AST]]:
        """The functions that each function may run; one inside another may be run by it."""
        graph: defaultdict[ast.AST, set[ast.AST]] = defaultdict(set)
        bases = {id(base[0]) for one in self._found if (base := access(one.node))}
        for found in self._found:
            if caller := found.scope.function:
                graph[caller].update(self._runs(found, id(found.node) in bases))
        return graph

    def _note_methods(self, found: Found) -> None:
        if isinstance(found.node, ast.ClassDef):
            bases = [m.what for base in found.node.bases for m in meanings(base, found.scope)]
            self._bases[found.node] += [base for base in bases if isinstance(base, ast.ClassDef)]
            inner = found.scope.entered[found.node]
            for name, bindings in inner.bindings.items():
                values = [b.value for b in bindings if b.value is not None]
                functions = [f for value in values for f in _aliased(value, inner)]
                self._methods[name][found.node] = functions

    def _note_stores(self, patches: Iterable[Patch]) -> None:
        for name, value, scope in patches:
            if name and len(self._stored[name]) < MOST:
                methods = self._accessed(value, scope) if access(value) else ()
                self._stored[name] += [*_aliased(value, scope), *methods]
                self._patched.update(self._stored[name])

    def _runs(self, found: Found, is_base: bool) -> Functions:
        node, scope = found.node, found.scope
        if isinstance(node, Function):
            yield node
        elif isinstance(node, ast.Name) and not is_base:
            yield from _aliased(node, scope)
        elif isinstance(node, ast.Call):
            yield from self._called(node.func, scope)
        if access(node):
            yield from self._accessed(node, scope)

    def _accessed(self, node: ast.AST, scope: Scope) -> Functions:
        """Methods: `self.step`, `Class.step`; and `f.__call__`."""
        root, names, _ = chain(node)
        if (method := _method_of_self(root, scope)) is not None:
            yield from self._under(names[-1] if "__class__" in names else names[0], method)
        for what, attributes, __ in meanings(node, scope):
            if isinstance(what, ast.ClassDef) and attributes:
                yield from (*self._inherited(what, attributes[0]), *self._stored[attributes[0]])
            elif isinstance(what, Function) and attributes[:1] in (("__call__",), ("__wrapped__",)):
                yield what

    def _under(self, name: str, method: Scope) -> Functions:
        """The methods that a method of the same object finds under a name.

        Where its class has none, the object may be of a class below.
        """
        owner = method.outer.node if method.outer else None
        if isinstance(owner, ast.ClassDef) or method.node in self._patched:
            others = (f for functions in self._methods[name].values() for f in functions)
            yield from self._inherited(owner, name) or islice(others, MOST)
            yield from self._stored[name]

    def _inherited(self, owner: ast.AST | None, name: str) -> list[ast.AST]:
        """The methods of a class, or of its bases."""
        todo, seen = [owner], set[ast.AST | None]()
        while todo:
            one = todo.pop()
            if one in self._methods[name]:
                return self._methods[name][one]
            todo += [base for base in self._bases[one] if base not in seen]
            seen.add(one)
        return []

    def _called(self, node: ast.expr, scope: Scope) -> Functions:
        """What calling an expression may run besides the functions that it names."""
        if (method := _method_of_self(node, scope)) is not None:
            yield from (f for name in CALLING for f in self._under(name, method))
        while isinstance(node, ast.Subscript) and global_name(node) is None:
            yield from self._stored[text(node.slice) or ""]
            node = node.value
        for what, attributes, inner in meanings(node, scope):
            if isinstance(what, ast.ClassDef) and not attributes:
                yield from (f for name in CONSTRUCTION for f in self._inherited(what, name))
            elif isinstance(what, Function) and not attributes:
                yield what
            elif isinstance(what, ast.expr) and not attributes:
                if what not in self._parts:
                    self._parts[what] = list(self._contained(what, inner))
                yield from self._parts[what]

    def _contained(self, node: ast.expr, scope: Scope) -> Functions:
        """The functions that an expression is made of, such as `partial(f, 1)` or `[f, g]`."""
        for one in own_nodes([node]):
            if isinstance(one, ast.Lambda):
                yield one
            elif isinstance(one, ast.Name):
                yield from _aliased(one, scope)
            elif isinstance(one, ast.Call):
                classes = [m.what for m in meanings(one.func, scope) if not m.attributes]
                made = [what for what in classes if isinstance(what, ast.ClassDef)]
                yield from (f for c in made for n in CALLING for f in self._inherited(c, n))


def _aliased(node: ast.AST, scope: Scope) -> Functions:
    """The functions that an expression stands for."""
    for what, attributes, __ in meanings(node, scope):
        if isinstance(what, Function) and not attributes:
            yield what


def _method_of_self(node: ast.AST, inside: Scope) -> Scope | None:
    """The function whose first parameter an expression is, or the type of it."""
    match node:
        case ast.Name(id=name) | ast.Call(func=ast.Name("type"), args=[ast.Name(id=name)]):
            scope: Scope | None = inside
        case _:
            return None
    while scope is not None and name not in scope.bindings:
        scope = scope.outer
    if scope is None or not isinstance(scope.node, ast.FunctionDef):
        return None
    parameters = [*scope.node.args.posonlyargs, *scope.node.args.args]
    return scope if parameters and parameters[0].arg == name else None
