"""What a `figures.py` declares: runs, and the figures that each of them gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from autograder.assignment.source import SourceError, read_text

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
    module = ModuleType(f"figures_of_{folder.name}")
    module.__file__ = str(path)
    try:  # not imported: Python would keep a compiled copy, and take it within the same second
        exec(compile(read_text(path), str(path), "exec"), vars(module))
    except Exception as error:
        raise SourceError.raised(path, error) from None
    return {made.name: made for made in vars(module).values() if isinstance(made, Run)}
