"""Dotted names: what `F.layer_norm` or `getattr(F, "layer_norm")` stands for, given its scope."""

import ast
from collections.abc import Iterator

from autograder.checks.text.scopes import MOST, Meaning, Scope

# calls whose first argument names what they look up
SETTERS = ("setattr", "__setattr__")
NAMED = ("attrgetter", "methodcaller", "import_module", "__import__")
TABLES = ("globals", "locals", "vars")  # their results map names to what they stand for


def last(node: ast.AST) -> str:
    """The last part of a dotted name; empty for other expressions."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def text(node: ast.AST) -> str | None:
    """A string that is written out, in one piece or two."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.BinOp(ast.Constant(str(a)), ast.Add(), ast.Constant(str(b))):
            return a + b
    return None


def access(node: ast.AST) -> tuple[ast.expr, str] | None:
    """The object and the name of one access to an attribute, in whatever way it is written.

    Of `importlib.import_module("torch.func")` the object is the function, so that the dotted name
    ends as that of the module.
    """
    match node:
        case ast.Attribute(value=base, attr=name):
            return base, name
        case ast.Call(func=ast.Name(id="getattr"), args=[base, key, *_]):
            return _looked_up(base, key)
        case ast.Call(func=ast.Attribute(value=base, attr="__getattribute__"), args=[key]):
            return _looked_up(base, key)
        case ast.Call(func=base, args=[key, *_]) if last(base) in NAMED:
            return _looked_up(base, key)
        case ast.Subscript(value=ast.Call(func=ast.Name(id="vars"), args=[base]), slice=key):
            return _looked_up(base, key)
        case ast.Subscript(value=ast.Attribute(value=base, attr="__dict__"), slice=key):
            return _looked_up(base, key)
        case ast.Subscript(value=ast.Attribute(attr="modules") as base, slice=key):
            return _looked_up(base, key)
    return None


def _looked_up(base: ast.expr, key: ast.expr) -> tuple[ast.expr, str] | None:
    name = text(key)
    return None if name is None else (base, name)


def chain(node: ast.AST) -> tuple[ast.AST, list[str], list[ast.AST]]:
    """The object that a chain of accesses begins with, their names, and the nodes in between."""
    names: list[str] = []
    links = [node]
    while found := access(node):
        node, name = found
        names.append(name)
        links.append(node)
    return node, names[::-1], links


def stores(node: ast.AST) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """Assignments to attributes and items: of what, under which name, and the value."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Attribute):
                    yield target, target.attr, value
                elif isinstance(target, ast.Subscript):
                    yield target, text(target.slice) or "", value
        case ast.AnnAssign(target=ast.Attribute(attr=name) as target, value=ast.expr() as value):
            yield target, name, value
        case ast.Call(func=called, args=[base, key, value]) if last(called) in SETTERS:
            yield base, text(key) or "", value


def global_name(node: ast.AST) -> str | None:
    """The name that `globals()["name"]` looks up, or `vars().get("name")`."""
    match node:
        case ast.Subscript(value=ast.Call(func=ast.Name(id=table), args=[]), slice=key):
            return text(key) if table in TABLES else None
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id=table), args=[]), attr="get" | "__getitem__"
            ),
            args=[key, *_],
        ):
            return text(key) if table in TABLES else None
    return None


def meanings(node: ast.AST, scope: Scope) -> Iterator[Meaning]:
    """All that an expression may stand for, aliases followed."""
    root, names, _ = chain(node)
    for what, attributes, inner in _of_root(root, scope):
        yield Meaning(what, (*attributes, *names), inner)


def _of_root(root: ast.AST, scope: Scope) -> list[Meaning]:
    if not isinstance(root, ast.Name):
        return list(_followed(root, scope))
    if root.id not in scope.meanings:
        scope.meanings[root.id] = list(_followed(root, scope))
    return scope.meanings[root.id]


def _followed(node: ast.AST, scope: Scope) -> Iterator[Meaning]:
    todo, seen = [Meaning(node, (), scope)], set[int]()
    while todo and len(seen) < MOST:
        one = todo.pop()
        if isinstance(one.what, str):
            yield one
        elif id(one.what) not in seen:
            seen.add(id(one.what))
            root, names, _ = chain(one.what)
            one = Meaning(root, (*names, *one.attributes), one.scope)
            others = _others(root, one.scope)
            todo += [Meaning(what, one.attributes, inner) for what, inner in others or []]
            if others is None:
                yield one


def _others(node: ast.AST, scope: Scope) -> list[tuple[str | ast.AST, Scope]] | None:
    """What an alias stands for, the first last; None for what is no alias."""
    match node:
        case ast.Name(id=name):
            found = scope.find(name)
        case ast.Subscript() | ast.Call() if name := global_name(node) or "":
            found = scope.find_global(name)
        case ast.IfExp(body=body, orelse=other):
            return [(other, scope), (body, scope)]
        case ast.BoolOp(values=values):
            return [(value, scope) for value in reversed(values)]
        case ast.NamedExpr(value=value):
            return [(value, scope)]
        case _:
            return None
    known = [(b.imported or b.value, b.scope) for b in found]
    return [(what, inner) for what, inner in known if what] if known else [(name, scope)]


def paths(node: ast.AST, scope: Scope) -> Iterator[str]:
    """The dotted names that an expression may stand for; none where it is the notebook's own."""
    for what, attributes, _ in meanings(node, scope):
        if isinstance(what, str):
            yield ".".join([what, *attributes])
