"""Training uses what the machine has, and says so."""

import torch

from autograder.tools.device import device


def test_the_cpu_where_there_is_nothing_else(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device() == torch.device("cpu")
    assert "CPU" in capsys.readouterr().out


def test_a_gpu_where_there_is_one(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    assert device() == torch.device("cuda")
    assert "Tesla T4" in capsys.readouterr().out
