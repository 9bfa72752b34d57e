"""Model files whose configuration says what the model is made of, in students' own checks."""

import pytest
from torch import nn

from autograder.checks.artefact import Artefact
from autograder.checks.evidence import Evidence, normalise
from autograder.checks.key import ARCHITECTURE, Case, Exercise, Key, encode
from autograder.checks.measuring import build, layout
from autograder.checks.visible import VisibleChecks
from autograder.tools.saving import save_model


def artefact(own, choices=("mine", "torch")):
    """A model of a student's own layer, or of the library's."""
    kinds = {"mine": own, "torch": lambda width: nn.Sequential(nn.Linear(width, 1))}
    return Artefact(
        ending="model",
        build=lambda configuration: kinds[configuration["parts"]](configuration["width"]),
        limits={"width": (2, 4), "parts": set(choices)},
        held_out=lambda seed: seed,
        measure=lambda module, data: {"accuracy": 0.9},
        tiers=((0.50, 4),),
    )


def right(width):
    return nn.Linear(width, 1)


def without_bias(width):
    return nn.Linear(width, 1, bias=False)


def unwritten(width):
    raise NotImplementedError


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """What the check of an artefact prints, by the key of the right one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NBGRADER_VALIDATING", raising=False)
    layouts = [layout(build(artefact(right), kind)) for kind in artefact(right).kinds]
    cases = [
        Case(ARCHITECTURE, i, 1.0, Evidence(normalise(names))) for i, names in enumerate(layouts)
    ]
    checks = VisibleChecks()
    exercise = Exercise("trained_model", 4.0, "MODEL", tuple(cases))
    checks.load(encode(Key("demo", {"trained_model": exercise})))

    def run(checked):
        capsys.readouterr()
        checks.check("trained_model", checked, {})
        return capsys.readouterr().out

    return run


def save(checked, parts):
    configuration = {"width": 3, "parts": parts}
    save_model(build(checked, configuration), configuration, student_id="1", name="Ada")


@pytest.mark.parametrize("own", [right, without_bias, unwritten])
def test_a_model_of_the_librarys_parts_does_not_need_own_ones(said, own):
    save(artefact(own), "torch")
    assert said(artefact(own)).startswith("✓ trained_model  1_Ada_model.pth: accuracy 0.90")


def test_a_model_of_right_parts_passes(said):
    save(artefact(right), "mine")
    assert said(artefact(right)).startswith("✓")


def test_a_model_of_parts_of_another_layout_is_told_before_grading(said):
    save(artefact(without_bias), "mine")
    problem = "your architecture is not the given one: 'bias' missing"
    assert said(artefact(without_bias)) == f"✗ trained_model  {problem}\n"


def test_without_a_file_the_own_parts_are_looked_at_first(said):
    assert said(artefact(unwritten)) == "✗ trained_model  not written yet\n"


def test_other_limits_than_the_given_ones_are_told(said):
    changed = artefact(right, choices=("mine", "torch", "both"))
    assert said(changed) == "✗ trained_model  your limits are not the given ones\n"
