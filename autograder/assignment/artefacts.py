"""Artefacts of a source: what is declared, and the proof that it can be graded."""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from types import ModuleType

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from autograder.assignment.source import NAME, Source, SourceError
from autograder.checks.artefact import Artefact, Bounds, rounded
from autograder.checks.evidence import Evidence, normalise
from autograder.checks.key import ARCHITECTURE, Case, Exercise
from autograder.checks.measuring import PUBLIC_SEED, build, layout, measure
from autograder.checks.model_file import Configuration, Model, ModelError, pack, unpack
from autograder.checks.predictions import Predictions
from autograder.checks.running import leaving_no_trace


def artefact(source: Source, module: ModuleType, exercise: str) -> Artefact | Predictions:
    """What an exercise checks, as the source declares it. Raises SourceError."""
    name = source.subjects[exercise]
    declared = getattr(module, name, None)
    if not isinstance(declared, Artefact | Predictions):
        line = source.artefacts[exercise].line
        raise SourceError(source.path, line, f"{name} of {exercise!r} is no Artefact")
    return declared


def artefact_exercise(source: Source, module: ModuleType, name: str, *, proved: bool) -> Exercise:
    """An artefact's points, and the layout by which students learn that theirs is another one.

    With `proved`, everything that grading will do is tried first. Raises SourceError.
    """
    declared, cell = artefact(source, module, name), source.artefacts[name]
    try:
        problem = next(_problems(source, declared, cell.points), "") if proved else ""
        if not problem:
            cases = tuple(_layouts(declared))
            return Exercise(name, cell.points, source.subjects[name], cases)
    except ModelError as error:
        problem = f"the smallest model {error}" + (f": {error.detail}" if error.detail else "")
    except Exception as error:  # whatever a wrong declaration provokes
        problem = f"{type(error).__name__}: {error}"
    raise SourceError(source.path, cell.line, problem)


def right_answers(source: Source, predictions: Predictions) -> list[str]:
    """What predictions are compared with, from the file beside the source. Raises OSError."""
    path = source.path.with_name(predictions.answers)
    return [answer.strip() for answer in path.read_text(encoding="utf-8").splitlines()]


def _layouts(artefact: Artefact | Predictions) -> Iterator[Case]:
    """What the files of each kind of model hold, or of predictions: how many lines."""
    if isinstance(artefact, Predictions):
        yield Case(ARCHITECTURE, 0, 0.0, Evidence(normalise({"lines": artefact.count})))
        return
    for index, kind in enumerate(artefact.kinds):
        expected = Evidence(normalise(layout(_untrained(artefact, kind))))
        yield Case(ARCHITECTURE, index, 1.0, expected)


def _problems(source: Source, artefact: Artefact | Predictions, points: float) -> Iterator[str]:
    """Why it cannot be graded, the first reason first; later ones rest on there being no others."""
    if not NAME.fullmatch(artefact.ending):
        yield f"the ending {artefact.ending!r} is no name: letters, digits and _ only"
    yield from _problems_of_tiers(artefact, points)
    if isinstance(artefact, Predictions):
        yield from _problems_of_predictions(artefact, right_answers(source, artefact), points)
        return
    for key, bounds in artefact.limits.items():
        if not _are_bounds(bounds):
            yield f"limits of {key!r} must be (lowest, highest) or a set, not {bounds!r}"
    for kind in artefact.kinds:
        yield from _problems_of_kind(artefact, kind, points)


def _problems_of_predictions(
    predictions: Predictions, answers: list[str], points: float
) -> Iterator[str]:
    (usual, count), *_ = Counter(answers).most_common()
    if len(answers) != predictions.count:
        yield f"{predictions.answers} has {len(answers)} answers, not {predictions.count}"
    if predictions.judge("", points, {"accuracy": count / len(answers)}).passed:
        yield f"{usual!r} for every question reaches the first tier"


def _problems_of_kind(artefact: Artefact, kind: Configuration, points: float) -> Iterator[str]:
    module = _untrained(artefact, kind)
    for name in _constants(module):
        yield f"{name!r} would come from students' files: register it with persistent=False"
    model = Model(kind, dict(module.state_dict()))
    found = measure(artefact, unpack(pack(model)), PUBLIC_SEED)
    name, value = next(iter(found.items()))
    if artefact.judge("", points, found).passed:
        yield f"an untrained model reaches the first tier: its {name} is {rounded(value)}"


def _problems_of_tiers(artefact: Artefact | Predictions, points: float) -> Iterator[str]:
    starts, earned = zip(*artefact.tiers, strict=True) if artefact.tiers else ((), (0,))
    if any(float(rounded(start)) != start for start in starts):
        yield "tiers must start at values of two decimals"
    in_order = [*starts] in (sorted(set(starts)), sorted(set(starts), reverse=True))
    if not in_order or sorted(set(earned)) != [*earned] or earned[0] < 0:
        yield "tiers must rise in points, and rise or fall in values"
    if earned[-1] != points:
        yield f"the highest tier earns {earned[-1]:g} points, the cell line says {points:g}"


def _are_bounds(bounds: Bounds) -> bool:
    if isinstance(bounds, AbstractSet):
        return bool(bounds) and all(type(choice) in (str, bool, int) for choice in bounds)
    numbers = isinstance(bounds, tuple) and all(type(bound) in (int, float) for bound in bounds)
    return numbers and len(bounds) == 2 and bounds[0] <= bounds[1]


def _untrained(artefact: Artefact, kind: Configuration) -> nn.Module:
    """The smallest model of a kind, the same every time."""
    with leaving_no_trace():
        torch.manual_seed(0)
        return build(artefact, kind)


def _constants(module: nn.Module) -> Iterator[str]:
    """Buffers in a module's files, but for what normalisation layers learn."""
    for prefix, inner in module.named_modules():
        if not isinstance(inner, _NormBase):
            held = inner._buffers.keys() - inner._non_persistent_buffers_set
            yield from (f"{prefix}.{name}".lstrip(".") for name in sorted(held))
