"""What an assignment's own cells import is imported once, and not again by each submission."""

import ast
import contextlib
import sys
from functools import cache


@cache
def import_given(text: str, own_package: str) -> bool:
    """Run the imports at the top of what an assignment gives; whether any module came in.

    Those of the own package are left out, and so are those that fail here. The text is the
    author's, never a student's.
    """
    before = len(sys.modules)
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom) and own_package not in _packages(node):
            with contextlib.suppress(Exception):  # students will see it, where it matters
                exec(compile(ast.Module([node], []), "<given>", "exec"), {})
    return len(sys.modules) > before


def _packages(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
    return {name.partition(".")[0] for name in names if name}
