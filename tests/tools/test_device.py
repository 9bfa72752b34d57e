"""Training uses what the machine has, or what is wished, and says so."""

import pytest
import torch

from autograder.tools.device import device


def test_the_cpu_where_there_is_nothing_else(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device() == torch.device("cpu")
    assert "CPU" in capsys.readouterr().out


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Tesla T4")


def test_a_gpu_where_there_is_one(gpu, capsys):
    assert device() == torch.device("cuda")
    assert capsys.readouterr().out == "training on the GPU (Tesla T4)\n"


def test_the_cpu_where_it_is_wished(gpu, monkeypatch):
    assert device("cpu") == torch.device("cpu")
    monkeypatch.setenv("AUTOGRADER_DEVICE", "cpu")
    assert device() == torch.device("cpu")


def test_any_device_that_pytorch_has(capsys):
    assert device("meta") == torch.device("meta")
    assert capsys.readouterr().out == "training on the device meta\n"


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "mps"])
def test_one_that_is_not_there_is_told_in_one_line(name):
    with pytest.raises(ValueError, match=f"^no device '{name}' here: .+$"):
        device(name)
