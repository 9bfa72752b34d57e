"""Saving a trained model as the file that is handed in."""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import torch
from torch import nn

from autograder.checks.artefact import Artefact
from autograder.checks.language import _, word
from autograder.checks.measuring import PUBLIC_SEED, measure
from autograder.checks.model_file import Model, ModelError, contents, read_model

NO_NAME = re.compile(r'[/\\:*?"<>|\x00-\x1f]+')  # what file systems do not allow in names


def save_model(
    model: nn.Module,
    configuration: Mapping[str, int | float | str | bool],
    *,
    student_id: str,
    name: str,
    ending: str = "model",
    folder: str | Path = ".",
    artefact: Artefact | None = None,
    overwrite: bool = False,
) -> bool:
    """Write `<student id>_<name>_<ending>.pth`: the configuration and the weights, on the CPU.

    With an `artefact` a file that reaches more by its measure is kept, unless `overwrite` says
    otherwise. Returns whether this model was written. Raises ValueError where grading would not
    read it, such as a configuration of tensors.
    """
    weights = {key: tensor.detach().cpu().clone() for key, tensor in model.state_dict().items()}
    file = BytesIO()
    torch.save({"configuration": dict(configuration), "state_dict": weights}, file)
    try:
        new = read_model(file.getvalue())
    except ModelError as error:
        raise ValueError(_("the model file {problem}").format(problem=error)) from None
    path = Path(folder) / NO_NAME.sub("-", f"{student_id}_{name}_{ending}.pth")
    path.parent.mkdir(parents=True, exist_ok=True)
    if artefact is not None and not overwrite and (reason := _why_kept(path, new, artefact)):
        said = _("kept {file}: {reason}; save_model(…, overwrite=True) replaces it")
        print(said.format(file=path.name, reason=reason))
        return False
    _write(path, file.getvalue())
    said = _("saved {file}, {size:.2f} MB")
    print(said.format(file=path.name, size=path.stat().st_size / 1e6))
    return True


def _write(path: Path, data: bytes) -> None:
    """A whole file, or the one before it, whatever happens meanwhile."""
    half = path.with_name(f"{path.name}.half")
    half.write_bytes(data)
    half.replace(path)


def _why_kept(path: Path, new: Model, artefact: Artefact) -> str:
    """Why the file that is there is better than a new model; empty where it is not."""
    if not path.is_file():
        return ""
    try:
        old = _measured(read_model(contents(path)), artefact)
    except ModelError:
        return ""
    try:
        found = _measured(new, artefact)
    except ModelError as error:
        return _("the new model {problem}").format(problem=error)
    (name, before), now = old, found[1]
    is_better = before < now if artefact.lower_is_better else before > now
    said = _("its {name} is {before:.4g}, that of the new model {now:.4g}")
    return said.format(name=word(name), before=before, now=now) if is_better else ""


def _measured(model: Model, artefact: Artefact) -> tuple[str, float]:
    """The measure that decides, on public data. Raises ModelError."""
    return next(iter(measure(artefact, model, PUBLIC_SEED).items()))
