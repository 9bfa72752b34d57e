"""Saving a model: the better one stays, unless its author wants otherwise."""

from io import BytesIO
from zipfile import ZipFile

import pytest
import torch
from torch import nn

from autograder.checks.artefact import Artefact
from autograder.checks.model_file import contents, read_model
from autograder.tools.saving import save_model

FILE = "1_Ada_model.pth"


def artefact(tiers=((0.5, 1), (0.9, 2))):
    return Artefact(
        ending="model",
        build=lambda configuration: nn.Linear(1, 1, bias=False),
        limits={"width": (1, 4)},
        held_out=lambda seed: None,
        measure=lambda model, data: {"accuracy": float(model.weight)},
        tiers=tiers,
    )


def model(reached):
    linear = nn.Linear(1, 1, bias=False)
    nn.init.constant_(linear.weight, reached)
    return linear


@pytest.fixture
def save(tmp_path, capsys):
    """Save a model that reaches a number; what was returned and printed."""

    usual = artefact()

    def run(reached, width=1, artefact=usual, **options):
        owner = {"student_id": "1", "name": "Ada", "folder": tmp_path, "artefact": artefact}
        saved = save_model(model(reached), {"width": width}, **owner, **options)
        return saved, capsys.readouterr().out

    return run


@pytest.fixture
def reached(tmp_path):
    """What the model in the file reaches."""
    return lambda: read_model(contents(tmp_path / FILE)).tensors["weight"].item()


def test_a_worse_model_does_not_take_the_place_of_a_better_one(save, reached):
    assert save(0.75)[0] is True
    saved, out = save(0.5)
    assert saved is False and reached() == 0.75
    assert out == (
        f"kept {FILE}: its accuracy is 0.75, that of the new model 0.5; "
        "save_model(…, overwrite=True) replaces it\n"
    )


@pytest.mark.parametrize("now", [0.75, 1.0])
def test_one_as_good_or_better_does(save, reached, now):
    save(0.75)
    saved, out = save(now)
    assert saved and out.startswith(f"saved {FILE}") and reached() == now


def test_of_a_loss_the_lower_one_stays(save, reached):
    falling = artefact(tiers=((4.0, 1), (2.0, 2)))
    save(1.5, artefact=falling)
    assert save(3.0, artefact=falling)[0] is False
    assert save(1.0, artefact=falling)[0] is True and reached() == 1.0


def test_overwriting_can_be_wanted(save, reached):
    save(0.75)
    assert save(0.5, overwrite=True)[0] and reached() == 0.5


def test_without_an_artefact_nothing_is_compared(save, reached):
    save(0.75)
    assert save(0.5, artefact=None)[0] and reached() == 0.5


def test_a_file_that_cannot_be_graded_is_replaced(save, tmp_path, reached):
    (tmp_path / FILE).write_bytes(b"broken")
    assert save(0.1)[0]
    save(0.9, width=9, artefact=None)
    assert save(0.2)[0] and reached() == pytest.approx(0.2)


def test_a_model_that_cannot_be_graded_replaces_none(save, reached):
    save(0.75)
    saved, out = save(0.9, width=9)
    assert not saved and "the new model has width = 9" in out and reached() == 0.75
    assert save(float("nan"))[0] is False


def test_writing_that_is_cut_off_leaves_the_file_before(save, tmp_path, reached, monkeypatch):
    save(0.75)
    monkeypatch.setattr("pathlib.Path.replace", lambda *names: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(0.9)
    assert reached() == 0.75
    assert torch.load(tmp_path / FILE, weights_only=True)["configuration"] == {"width": 1}


CPU, GPU = b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"  # as pickle writes them


def test_a_file_from_a_gpu_is_read_without_one():
    file, from_gpu = BytesIO(), BytesIO()
    torch.save({"configuration": {"width": 1}, "state_dict": model(0.5).state_dict()}, file)
    with ZipFile(file) as old, ZipFile(from_gpu, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(CPU, GPU))
    assert b"cuda:0" in from_gpu.getvalue()
    weight = read_model(from_gpu.getvalue()).tensors["weight"]
    assert (weight.device.type, weight.item()) == ("cpu", 0.5)
