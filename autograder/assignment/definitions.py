"""The definitions of a source as a module: imports, functions, classes, CONSTANTS; nothing run."""

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from symtable import SymbolTable, symtable
from types import CodeType, ModuleType


def definitions(text: str, path: Path, name: str | None = None) -> ModuleType:
    """Compile only what a source defines; line numbers are those of the file.

    Takes the text, so a mutant or an alternative is a string and never a file.
    """
    module = ModuleType(name or f"definitions_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    define(module, text, path)
    return module


def define(module: ModuleType, text: str, path: Path) -> None:
    """Add to a module, or replace in it, what a text defines."""
    exec(_compiled(text, str(path)), module.__dict__)


@lru_cache(maxsize=32)
def _compiled(text: str, path: str) -> CodeType:
    tree = ast.parse(text, path)
    tree.body = [node for node in tree.body if defines(node)]
    return compile(tree, path, "exec")


def defines(node: ast.stmt) -> bool:
    """Whether a statement is an import, a function, a class or a CONSTANT."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name.isupper() and len(name) > 1  # not W = …, which is mathematics
    return False


def binds(node: ast.stmt) -> set[str]:
    """The names that a definition binds."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return set(map(bound_by, names))
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def bound_by(alias: ast.alias) -> str:
    """The name that one part of an import binds."""
    return (alias.asname or alias.name).partition(".")[0]


def text_of(node: ast.stmt, text: str) -> str:
    """A statement as it stands in a text, with its decorators."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(text.split("\n")[first - 1 : node.end_lineno])


def reached(wanted: set[str], nodes: list[ast.stmt]) -> list[ast.stmt]:
    """The definitions among `nodes` that these names need, in their order."""
    by_name = {name: node for node in nodes for name in binds(node)}
    kept: dict[int, ast.stmt] = {}
    todo = list(wanted)
    while todo:
        node = by_name.get(todo.pop())
        if node is not None and id(node) not in kept:
            kept[id(node)] = node
            todo += words_of(node)
    return [node for node in nodes if id(node) in kept]


def words_of(*nodes: ast.AST) -> set[str]:
    """The names that some syntax takes from outside of itself."""
    return {name for node in nodes for name in words_in(ast.unparse(node))}


@lru_cache(maxsize=1024)
def words_in(text: str) -> frozenset[str]:
    """The same of a text. Raises what reading it as Python raises."""
    return frozenset(_taken_by(symtable(text, "definition", "exec")))


def _taken_by(table: SymbolTable) -> Iterator[str]:
    outermost = table.get_type() == "module"
    for symbol in table.get_symbols():
        own = outermost and symbol.is_assigned()
        if symbol.is_referenced() and symbol.is_global() and not own:
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _taken_by(inner)
