"""Reading `checks.py`: the specifications that it makes."""

import ast

from autograder.assignment.checks_text import exercise_of, exercises_of, statements, word_of
from autograder.assignment.definitions import binds, defines, definitions
from autograder.assignment.source import Source, SourceError
from autograder.assignment.specs import load_specs
from autograder.checks.spec import Specs

LOST = (
    "would be lost: write probes and words with the exercise's name as text, functions, classes, "
    "imports and CONSTANTS"
)


def read_specs(source: Source) -> Specs:
    """The specifications of a source's exercises. Raises SourceError.

    The checks see only what is given: they could not rest on a solution if they wanted to.
    """
    path = source.checks_path
    given = definitions(source.given_text, source.path, f"given_{source.assignment}")
    try:
        found = load_specs(source.checks_text, given, path, source.assignment)
    except SyntaxError as error:
        raise SourceError(path, error.lineno or 1, f"not Python: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise SourceError.raised(path, error) from error
    _refuse_unknown(source, found)
    _refuse_needless(source, found)
    _refuse_lost(source)
    _refuse_twice(source)
    _refuse_shared(source)
    return found


def _refuse_unknown(source: Source, found: Specs) -> None:
    for exercise in found:
        if exercise not in source.checks:
            line = _line_of(exercise, source)
            raise SourceError(
                source.checks_path, line, f"{source.path.name} has no check {exercise!r}"
            )
    for exercise, cell in source.checks.items():
        if exercise not in found or not found[exercise].visible:
            raise SourceError(
                source.path, cell.line, f"no visible probe of {exercise!r} in {source.checks_path}"
            )


def _refuse_needless(source: Source, found: Specs) -> None:
    """Refuse stand-ins for what is not there, and exercises whose points no probe carries."""
    own = {name for node in statements(source.text) for name in binds(node)}
    for exercise, spec in found.items():
        line = _line_of(exercise, source)
        for name in spec.stand_ins.keys() - own:
            problem = f"stands in for {name!r}, which {source.path.name} does not define"
            raise SourceError(source.checks_path, line, problem)
        if not any(probe.weight for probe in spec.probes.values()):
            raise SourceError(source.checks_path, line, f"all weights of {exercise!r} are 0")


def _refuse_twice(source: Source) -> None:
    """Refuse a second helper of the same name: probes would use the last one, wherever it is."""
    seen: set[str] = set()
    for node in statements(source.checks_text):
        is_helper = word_of(node) is None and not isinstance(node, ast.Import | ast.ImportFrom)
        names = binds(node) if is_helper else set()
        for name in names & seen:
            raise SourceError(source.checks_path, node.lineno, f"defines {name!r} a second time")
        seen |= names


def _refuse_shared(source: Source) -> None:
    """Refuse what two exercises decorate: students would get it with the first of them only."""
    nodes = statements(source.checks_text)
    for node in nodes:
        first, *others = sorted(set(exercises_of(node, nodes))) or [""]
        if others:
            problem = f"{first!r} and {others[0]!r} share it: let each call the same helper"
            raise SourceError(source.checks_path, node.lineno, problem)


def _refuse_lost(source: Source) -> None:
    """Refuse statements that neither students nor kernels would get."""
    nodes = statements(source.checks_text)
    for node in nodes:
        is_helper = defines(node) and word_of(node) is None
        if not (is_helper or _is_for_authors(node) or exercise_of(node, nodes)):
            raise SourceError(source.checks_path, node.lineno, LOST)


def _is_for_authors(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(ast.Constant()) | ast.Expr(ast.Call(func=ast.Name("free"))):
            return True
    return False


def _line_of(exercise: str, source: Source) -> int:
    """Where a word first names an exercise in its checks."""
    calls = (node for node in ast.walk(ast.parse(source.checks_text)) if isinstance(node, ast.Call))
    lines = (c.lineno for c in calls if c.args and _is_text(c.args[0], exercise))
    return min(lines, default=1)


def _is_text(node: ast.expr, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text
