"""Saving a trained model as the file that is handed in."""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import torch
from torch import nn

from autograder.checks.model_file import ModelError, read_model

NO_NAME = re.compile(r'[/\\:*?"<>|\x00-\x1f]+')  # what file systems do not allow in names


def save_model(
    model: nn.Module,
    configuration: Mapping[str, int | float | str | bool],
    *,
    student_id: str,
    name: str,
    ending: str = "model",
    folder: str | Path = ".",
) -> None:
    """Write `<student id>_<name>_<ending>.pth`: the configuration and the weights, on the CPU.

    Raises ValueError where grading would not read it, such as a configuration of tensors.
    """
    weights = {key: tensor.detach().cpu().clone() for key, tensor in model.state_dict().items()}
    file = BytesIO()
    torch.save({"configuration": dict(configuration), "state_dict": weights}, file)
    try:
        read_model(file.getvalue())
    except ModelError as error:
        raise ValueError(f"the model file {error}") from None
    path = Path(folder) / NO_NAME.sub("-", f"{student_id}_{name}_{ending}.pth")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())
    print(f"saved {path.name}, {path.stat().st_size / 1e6:.2f} MB")
