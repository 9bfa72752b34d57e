"""Checks of an artefact: what students see of the model file beside their notebook."""

import os
from dataclasses import replace

import pytest
import torch
from torch import nn

from autograder.checks.artefact import Artefact
from autograder.checks.evidence import Evidence, normalise
from autograder.checks.key import ARCHITECTURE, Case, Exercise, Key, encode
from autograder.checks.measuring import PUBLIC_SEED, layout
from autograder.checks.visible import CheckFailed, VisibleChecks
from autograder.tools.saving import save_model

seeds = []


def held_out(seed):
    seeds.append(seed)
    return seed


ARTEFACT = Artefact(
    ending="model",
    build=lambda configuration: nn.Linear(configuration["width"], 1),
    limits={"width": (2, 4)},
    held_out=held_out,
    measure=lambda module, data: {"accuracy": module.bias.item()},
    tiers=((0.50, 1), (0.80, 4)),
)
LINE = "trained_model  1_Ada_model.pth: accuracy"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NBGRADER_VALIDATING", raising=False)
    return tmp_path


@pytest.fixture
def check():
    expected = Evidence(normalise(layout(nn.Linear(2, 1))))
    exercise = Exercise("trained_model", 4.0, "MODEL", (Case(ARCHITECTURE, 0, 1.0, expected),))
    checker = VisibleChecks()
    checker.load(encode(Key("demo", {"trained_model": exercise})))
    return checker


def save(accuracy, width=3, name="Ada", **options):
    model = nn.Linear(width, 1)
    nn.init.constant_(model.bias, accuracy)
    save_model(model, {"width": width}, student_id="1", name=name, **options)


@pytest.fixture
def said(check, capsys):
    def run(artefact=ARTEFACT):
        capsys.readouterr()
        check.check("trained_model", artefact, {})
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


def test_a_good_model_gets_its_measures_tier_and_points(said):
    save(0.795)
    assert said() == f"✓ {LINE} 0.80: reaches 0.80, 4 of 4 points\n"
    assert seeds[-1] == PUBLIC_SEED


def test_a_model_half_way_gets_what_comes_next(said, check, capsys):
    save(0.6)
    assert said() == f"✓ {LINE} 0.60: reaches 0.50, 1 of 4 points; 4 from 0.80 on\n"
    check.summary()
    text = capsys.readouterr().out
    assert "trained_model       4  ✓ 1 of 4 points" in text
    assert "1 of 4 points pass their checks" in text


def test_a_model_below_the_first_tier_fails(said):
    save(0.4)
    assert said() == f"✗ {LINE} 0.40: below 0.50, 0 of 4 points\n"


def test_the_newest_file_counts(said, folder):
    save(0.9)
    save(0.6, name="Bob")
    os.utime(folder / "1_Ada_model.pth", (1, 1))
    assert "1_Bob_model.pth: accuracy 0.60" in said()


def test_no_file_is_told(said):
    text = "no model file …_model.pth or .safetensors beside the notebook"
    assert said() == f"✗ trained_model  {text}\n"


def test_a_wrong_file_is_told_by_name(said, folder):
    (folder / "1_Ada_model.pth").write_text("no model")
    assert said() == "✗ trained_model  1_Ada_model.pth is not a model file\n"


def test_a_configuration_out_of_limits_is_told(said):
    save(0.9, width=5)
    problem = "has width = 5, which must be a whole number from 2 to 4"
    assert said() == f"✗ trained_model  1_Ada_model.pth {problem}\n"


def test_another_architecture_is_told_before_any_file_is_read(said):
    own = replace(ARTEFACT, build=lambda configuration: nn.Linear(configuration["width"], 2))
    problem = "your architecture is not the given one: 'weight' is 2 × 2, not 1 × 2"
    assert said(own) == f"✗ trained_model  {problem}\n"


def test_an_architecture_not_written_yet_is_no_traceback(said):
    def stub(configuration):
        raise NotImplementedError

    assert said(replace(ARTEFACT, build=stub)) == "✗ trained_model  not written yet\n"


def test_the_students_own_exceptions_keep_their_traceback(said):
    def broken(configuration):
        return {}["missing"]

    text = said(replace(ARTEFACT, build=broken))
    assert text.startswith("✗ trained_model  your architecture cannot be built\nTraceback")
    assert 'return {}["missing"]' in text and text.endswith("KeyError: 'missing'\n")


def test_validation_raises_on_a_failed_check(said, monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(CheckFailed, match="trained_model: no model file"):
        said()
    save(0.9)
    assert said().startswith("✓")


def test_without_a_key_the_line_says_what_to_do(capsys):
    VisibleChecks().check("trained_model", ARTEFACT, {})
    assert "run the cells at the top of the notebook first" in capsys.readouterr().out


@pytest.mark.parametrize(
    "configuration", [{"width": torch.tensor(3)}, {"width": None}, {3: 3}, {"width": [3]}]
)
def test_what_could_not_be_graded_is_not_saved(configuration, folder):
    with pytest.raises(ValueError, match="holds more than"):
        save_model(nn.Linear(3, 1), configuration, student_id="1", name="Ada")
    assert not list(folder.iterdir())


def test_saving_takes_copies_to_the_cpu(folder, capsys):
    model = nn.Linear(3, 1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_model(model, {"width": 3}, student_id="1", name="Ada", ending="small", folder=folder)
    assert capsys.readouterr().out == "saved 1_Ada_small.pth, 0.00 MB\n"
    found = torch.load(folder / "1_Ada_small.pth", weights_only=True)
    assert found["configuration"] == {"width": 3}
    assert all(torch.equal(found["state_dict"][name], before[name]) for name in before)
