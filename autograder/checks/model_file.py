"""Model files: a configuration and arrays, read as data and as nothing else.

While grading, `read_model` runs in a confined process that does nothing but this.
"""

import json
import math
import os
import re
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from autograder.checks.language import _
from autograder.checks.metadata import metadata_of

MAX_MODEL = 100_000_000  # of a file, and of what it holds; nbgrader collects no larger files
MAX_ENTRIES, MAX_KEY, MAX_TEXT = 10_000, 500, 200
NUMBERS = (  # what the elements of an array may be
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
)
FOREIGN = re.compile(r"GLOBAL ([\w.]+)")  # in the message of torch
# no links, and no waiting for a pipe; Windows has neither flag
NO_TRICKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

Configuration = dict[str, int | float | str | bool]


class ModelError(Exception):
    """A model that cannot be scored; the message says why, after "the model file …".

    `detail` is for instructors only: it may tell of hidden data.
    """

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.detail = detail


@dataclass(frozen=True, eq=False)
class Model:
    """What a model file holds: hyper-parameters and, by name, dense arrays on the CPU."""

    configuration: Configuration
    tensors: dict[str, Tensor]


def model_files(folder: Path, ending: str) -> list[Path]:
    """The files `<student id>_<name>_<ending>.pth` or `.safetensors` of a folder, oldest first."""
    return handed_in_files(folder, ending, "pth|safetensors")


def handed_in_files(folder: Path, ending: str, extensions: str) -> list[Path]:
    """The files `<student id>_<name>_<ending>.<extension>` of a folder, oldest first.

    Browsers' copies, as in `…_model (1).pth`, are among them; links and folders are not.
    """
    name = re.compile(rf"(.*_)?{re.escape(ending)}( ?\(\d+\))?\.({extensions})", re.I | re.S)
    found = [path for path in folder.iterdir() if name.fullmatch(path.name)]
    dated = [(path.lstat().st_mtime_ns, path.name, path) for path in found if _is_file(path)]
    return [path for _, _, path in sorted(dated)]


def none_found(ending: str) -> str:
    """What is said where a folder has no model file."""
    said = _("no model file …_{ending}.pth or .safetensors beside the notebook")
    return said.format(ending=ending)


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def contents(path: Path) -> bytes:
    """A file's bytes, if it is a file, no link, and not too large. Raises ModelError."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | NO_TRICKS)) as file:
            size = os.fstat(file.fileno()).st_size
            if problem := too_large(size):
                raise ModelError(problem)
            return file.read(MAX_MODEL + 1)
    except OSError as error:
        said = _("cannot be read ({error})").format(error=error.strerror)
        raise ModelError(said) from None


def too_large(size: int) -> str:
    """What is wrong with a file of so many bytes; empty where it may be read."""
    if size <= MAX_MODEL:
        return ""
    said = _("is larger than {most} MB ({size} MB)")
    return said.format(most=MAX_MODEL // 10**6, size=size // 10**6)


def read_model(data: bytes) -> Model:
    """The model in a file of `save_model` or safetensors. Raises ModelError.

    Source: `torch.load` with `weights_only`, which unpickles nothing but arrays and plain values.
    Arrays saved on an accelerator come to the CPU; views are copied out of what they view.
    """
    if problem := too_large(len(data)):
        raise ModelError(problem)
    if data.startswith(b"PK"):
        configuration, state = _from_torch(data)
    elif data[8:9] == b"{":
        configuration, state = _from_safetensors(data)
    else:
        raise ModelError(_("is not a model file") if data else _("is empty"))
    return Model(_plain(configuration), _dense(state))


def _from_torch(data: bytes) -> tuple[Any, Any]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            sizes = [entry.file_size for entry in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise ModelError(_("is damaged; the upload may have been interrupted")) from None
    if sum(sizes) > MAX_MODEL or len(sizes) > MAX_ENTRIES:
        said = _("would unpack to more than {most} MB").format(most=MAX_MODEL // 10**6)
        raise ModelError(said)
    try:
        found = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a hostile file provokes
        raise ModelError(_why_not(error)) from None
    match found:
        case {"configuration": configuration, "state_dict": state}:
            return configuration, state
    raise ModelError(_("holds no 'configuration' and 'state_dict'; write it with save_model"))


def _why_not(error: Exception) -> str:
    found = FOREIGN.search(str(error))
    if found is None:
        return _("is damaged or not a model file")
    said = _("holds more than arrays and plain values ({name})")
    return said.format(name=found.group(1)[:MAX_TEXT])


def _from_safetensors(data: bytes) -> tuple[Any, Any]:
    state = _tensors(data)
    try:
        return json.loads(metadata_of(data)["configuration"]), state
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ModelError(_("has no 'configuration' in its metadata, as JSON")) from None


def _tensors(data: bytes) -> dict[str, Tensor]:
    try:
        return load_tensors(data)
    except (SafetensorError, KeyError, ValueError, RuntimeError):
        raise ModelError(_("is damaged or not a model file")) from None


def _plain(configuration: Any) -> Configuration:
    """The configuration, of short names and plain values only."""
    if not isinstance(configuration, Mapping) or len(configuration) > MAX_ENTRIES:
        raise ModelError(_("has a configuration that is no dictionary"))
    for key, value in configuration.items():
        if not isinstance(key, str) or len(key) > MAX_KEY or not _is_plain(value):
            said = _("has a configuration that holds more than plain numbers and texts")
            raise ModelError(said)
    return dict(configuration)


def _is_plain(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < 2**63
    return type(value) in (bool, float) or (type(value) is str and len(value) <= MAX_TEXT)


def _dense(state: Any) -> dict[str, Tensor]:
    """The arrays, each on its own; nothing is copied before it is known how large all are."""
    if not isinstance(state, Mapping) or len(state) > MAX_ENTRIES:
        raise ModelError(_("has a state_dict that is no dictionary of arrays"))
    for name, tensor in state.items():
        if not isinstance(name, str) or len(name) > MAX_KEY or name == "__metadata__":
            raise ModelError(_("has a state_dict whose keys are no names"))
        if type(tensor) not in (Tensor, nn.Parameter):
            raise ModelError(_("has a state_dict whose {name!r} is no array").format(name=name))
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested:
            said = _("holds {name!r} as a sparse or quantised array")
            raise ModelError(said.format(name=name))
        if tensor.device.type != "cpu":
            raise ModelError(_("holds no numbers for {name!r}").format(name=name))
        if tensor.dtype not in NUMBERS:
            said = _("holds {name!r} as {dtype}")
            raise ModelError(said.format(name=name, dtype=dtype_name(tensor.dtype)))
    size = sum(math.prod(tensor.shape) * tensor.element_size() for tensor in state.values())
    if problem := too_large(size):
        raise ModelError(problem)
    return {name: _copy(tensor) for name, tensor in state.items()}


def dtype_name(dtype: torch.dtype) -> str:
    """A dtype without its package."""
    return str(dtype).removeprefix("torch.")


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def pack(model: Model) -> bytes:
    """A model in the one form that leaves the process which read its file."""
    return save_tensors(model.tensors, {"configuration": json.dumps(model.configuration)})


def unpack(data: bytes) -> Model:
    """A model from `pack`, or from whatever else came instead. Raises ModelError."""
    if data[8:9] != b"{":
        raise ModelError(_("is not a model file"))
    configuration, state = _from_safetensors(data)
    return Model(_plain(configuration), _dense(state))
