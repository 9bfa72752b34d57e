"""Checking a model file as students do: the one beside the open notebook."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from autograder.checks.artefact import Artefact
from autograder.checks.key import Exercise
from autograder.checks.language import _
from autograder.checks.measuring import PUBLIC_SEED, build, difference, layout, measure
from autograder.checks.model_file import (
    Configuration,
    ModelError,
    contents,
    model_files,
    none_found,
    read_model,
)
from autograder.checks.verdict import Verdict


def measured(exercise: Exercise, artefact: Artefact) -> Verdict:
    """What the newest model file beside the notebook would earn, on public data.

    It is read as it will be read while grading, into the student's own architecture, which must be
    the given one. Raises ModelError.
    """
    files = model_files(Path.cwd(), artefact.ending)
    with _naming(files):
        model = read_model(contents(files[-1])) if files else None
    _refuse_own_architecture(exercise, artefact, model.configuration if model else {})
    if model is None:
        raise ModelError(none_found(artefact.ending))
    with _naming(files):
        found = measure(artefact, model, PUBLIC_SEED)
    verdict = artefact.judge(exercise.name, exercise.points, found)
    return replace(verdict, feedback=f"{files[-1].name}: {verdict.feedback}")


@contextmanager
def _naming(files: list[Path]) -> Iterator[None]:
    """Let what is wrong with the newest file begin with its name."""
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{files[-1].name} {error}", error.detail) from error.__cause__


def _refuse_own_architecture(
    exercise: Exercise, artefact: Artefact, configuration: Configuration
) -> None:
    """Compare the kind of model that a file holds, or the first kind where there is no file."""
    kind = artefact.kind_of(configuration)
    if len(artefact.kinds) != len(exercise.cases):
        raise ModelError(_("your limits are not the given ones"))
    expected = exercise.cases[kind].expected.value
    if problem := difference(expected, _own_layout(artefact, artefact.kinds[kind])):
        said = _("your architecture is not the given one: {problem}")
        raise ModelError(said.format(problem=problem))


def _own_layout(artefact: Artefact, kind: Configuration) -> dict[str, str]:
    try:
        return layout(build(artefact, kind))
    except ModelError as error:
        unwritten = isinstance(error.__cause__, NotImplementedError)
        said = _("not written yet") if unwritten else _("your architecture cannot be built")
        raise ModelError(said) from error.__cause__
