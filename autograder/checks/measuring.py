"""Measuring a model: its configuration within the limits, its arrays those of the architecture."""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import torch
from torch import Tensor, nn

from autograder.checks.artefact import Artefact, Bounds
from autograder.checks.key import VISIBLE_SEEDS
from autograder.checks.model_file import Configuration, Model, ModelError, dtype_name
from autograder.checks.running import leaving_no_trace

PUBLIC_SEED = VISIBLE_SEEDS[0]  # of the held-out data that students measure with
LISTED = 3  # names in one sentence


def measure(artefact: Artefact, model: Model, seed: int) -> dict[str, float]:
    """What a model reaches on held-out data, the scored measure first. Raises ModelError.

    Floating-point numbers of any width are taken; all else must be as the architecture has it.
    """
    _refuse_configuration(model.configuration, artefact.limits)
    with leaving_no_trace():
        module = build(artefact, model.configuration)
        _load(module, model.tensors)
        torch.manual_seed(seed)  # should measuring draw numbers
        try:
            with torch.no_grad():
                found = artefact.measure(module.eval(), artefact.held_out(seed))
                numbers = {str(name): float(value) for name, value in found.items()}
        except TimeoutError:
            raise
        except Exception as error:
            said = f"cannot be measured ({type(error).__name__})"
            raise ModelError(said, detail=str(error)) from error
    name, value = next(iter(numbers.items()), ("measure", math.nan))
    if not math.isfinite(value):
        raise ModelError(f"cannot be scored: its {name} is {value}")
    return numbers


def build(artefact: Artefact, configuration: Configuration) -> nn.Module:
    """The architecture of a configuration. Raises ModelError."""
    with leaving_no_trace():
        try:
            return artefact.build(dict(configuration))
        except TimeoutError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:200]
            raise ModelError(f"has a configuration that makes no model ({said})") from error


def layout(module: nn.Module) -> dict[str, str]:
    """Names and shapes of what a model's file holds."""
    return {name: _shape(tensor) for name, tensor in module.state_dict().items()}


def _shape(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape)) or "a number"


def difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """What separates two layouts, in words; empty where nothing does."""
    missing = [name for name in expected if name not in found]
    unknown = sorted(name for name in found if name not in expected)
    said = [f"{_listed(missing)} missing"] if missing else []
    said += [f"{_listed(unknown)} unknown"] if unknown else []
    if not said:
        wrong = [name for name in expected if expected[name] != found[name]]
        said = [f"{_listed([n])} is {found[n]}, not {expected[n]}" for n in wrong[:1]]
    return ", ".join(said)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(repr(name[:80]) for name in names[:LISTED]) + more


def _refuse_configuration(configuration: Configuration, limits: Mapping[str, Bounds]) -> None:
    missing = [key for key in limits if key not in configuration]
    unknown = [key for key in configuration if key not in limits]
    if missing:
        raise ModelError(f"has a configuration without {_listed(missing)}")
    if unknown:
        raise ModelError(f"has a configuration with unknown {_listed(unknown)}")
    for key, bounds in limits.items():
        value = configuration[key]
        if not _is_within(value, bounds):
            raise ModelError(f"has {key} = {repr(value)[:40]}, which must be {_allowed(bounds)}")


def _is_within(value: float | str | bool, bounds: Bounds) -> bool:
    if isinstance(bounds, AbstractSet):
        return any(type(value) is type(choice) and value == choice for choice in bounds)
    if isinstance(value, str | bool) or (_is_whole(bounds) and isinstance(value, float)):
        return False
    return bounds[0] <= value <= bounds[1]


def _is_whole(bounds: tuple[float, float]) -> bool:
    return all(type(bound) is int for bound in bounds)


def _allowed(bounds: Bounds) -> str:
    if isinstance(bounds, AbstractSet):
        return " or ".join(sorted(map(repr, bounds)))
    kind = "a whole number" if _is_whole(bounds) else "a number"
    return f"{kind} from {bounds[0]} to {bounds[1]}"


def _load(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    found = {name: _shape(tensor) for name, tensor in tensors.items()}
    if problem := difference(layout(module), found):
        raise ModelError(f"is not of the given architecture with its configuration: {problem}")
    own = module.state_dict()
    module.load_state_dict({n: _cast(n, tensor, own[n].dtype) for n, tensor in tensors.items()})


def _cast(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    is_float = tensor.is_floating_point() and dtype.is_floating_point
    if tensor.dtype != dtype and not is_float:
        kinds = f"{dtype_name(tensor.dtype)}, not {dtype_name(dtype)}"
        raise ModelError(f"holds {_listed([name])} as {kinds}")
    cast = tensor.to(dtype)
    if is_float and not cast.isfinite().all():
        raise ModelError(f"holds NaN or infinite numbers in {_listed([name])}")
    return cast
