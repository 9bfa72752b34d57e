"""The definitions of a source as a module: imports, functions, classes, CONSTANTS; nothing run."""

import ast
import sys
from pathlib import Path
from types import ModuleType


def definitions(text: str, path: Path, name: str | None = None) -> ModuleType:
    """Compile only what a source defines; line numbers are those of the file.

    Takes the text, so a mutant or an alternative is a string and never a file.
    """
    tree = ast.parse(text, str(path))
    tree.body = [node for node in tree.body if _defines(node)]
    module = ModuleType(name or f"definitions_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(tree, str(path), "exec"), module.__dict__)
    return module


def _defines(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name.isupper()
    return False
