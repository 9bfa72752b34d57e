"""Small parts of syntax that operators look at and make."""

import ast
import copy


def name_of(node: ast.AST) -> str:
    """The last name of a function; empty where it has none."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def receiver(node: ast.Call) -> ast.expr | None:
    """The tensor that a call works on: of a method, or of a function of torch."""
    match node.func:
        case ast.Attribute(value=ast.Name("torch" | "F" | "nn" | "math" | "np" | "functional")):
            return node.args[0] if node.args else None
        case ast.Attribute(value=ast.Name("self")):
            return None
        case ast.Attribute(value=value):
            return value
    return None


def with_argument(node: ast.Call, place: int, value: ast.expr) -> ast.Call:
    """The call with another argument in one place."""
    changed = copy.deepcopy(node)
    changed.args[place] = value
    return changed


def parsed(text: str) -> ast.expr:
    """The expression that a text is."""
    return ast.parse(text, mode="eval").body
