"""What a `figures.py` declares: runs, and the figures that each of them gives."""

import ast
import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from autograder.assignment.definitions import binds, reached, words_of
from autograder.assignment.source import SourceError, read_text
from autograder.checks.evidence import printable

FILE = "figures.py"
SEEDS = (0, 1, 2)
Values = Mapping[str, float]
Measure = Callable[[ModuleType, int], Values]


@dataclass(frozen=True)
class Figure:
    """A number that a text states: what it is, and what it stands beside.

    `baseline` is what one gets without learning, `original` what the handout's own model reached;
    either may be a text, with `[[run.figure:.2f]]` in it where it was measured too.
    """

    title: str
    form: str = ".3g"
    baseline: float | str = ""
    original: float | str = ""


@dataclass(frozen=True)
class Run:
    """A function of an assignment's definitions and a seed, and the figures that it returns."""

    measure: Measure
    figures: Mapping[str, Figure]
    seeds: tuple[int, ...]
    lacks: Callable[[], str]  # what this machine lacks to do it; empty where nothing

    @property
    def name(self) -> str:
        """That of its function."""
        return self.measure.__name__

    @property
    def title(self) -> str:
        """The first line of its docstring."""
        return (self.measure.__doc__ or self.name).partition("\n")[0].rstrip(".")


def run(
    *, seeds: tuple[int, ...] = SEEDS, lacks: Callable[[], str] = lambda: "", **figures: Figure
) -> Callable[[Measure], Run]:
    """Declare that a function measures these figures, by name, with each of these seeds."""
    return lambda measure: Run(measure, figures, seeds, lacks)


def read_runs(folder: Path) -> dict[str, Run]:
    """The runs that an assignment's folder declares, by name, in order. Raises SourceError."""
    path = folder / FILE
    if not path.is_file():
        return {}
    spec = importlib.util.spec_from_file_location(f"figures_of_{folder.name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SourceError.raised(path, error) from None
    return {made.name: made for made in vars(module).values() if isinstance(made, Run)}


def digest(run_name: str, folder: Path) -> str:
    """A name for the code that a run depends on: what it reaches in `figures.py` and the source.

    Comments, layout and all else of the assignment do not change it.
    """
    own = _reached({run_name}, folder / FILE)
    named = words_of(*own) | {name for node in own for name in _attributes(node)}
    lab = _reached(named, folder / f"{folder.name}.py")
    text = "\n".join(ast.unparse(_bare(node)) for node in (*own, *lab))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _reached(names: set[str], path: Path) -> list[ast.stmt]:
    nodes = [node for node in ast.parse(read_text(path)).body if binds(node)]
    return reached(names, nodes)


def _attributes(node: ast.AST) -> set[str]:
    """The attributes that it takes, as `train` in `lab.train`."""
    return {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}


def _bare(node: ast.stmt) -> ast.stmt:
    """A definition without its docstring and without what a run is declared with."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        node.decorator_list = []
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return node


def told(value: float | str, form: str) -> str:
    """A baseline or an original's value as text."""
    return value if isinstance(value, str) else printable(format(value, form))
