"""The definitions of a source as a module: imports, functions, classes, CONSTANTS; nothing run."""

import ast
import sys
from functools import lru_cache
from pathlib import Path
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
