"""Measuring a model: its configuration within the limits, its arrays those of the architecture."""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import torch
from torch import Tensor, nn

from autograder.checks.artefact import Artefact, Bounds
from autograder.checks.key import VISIBLE_SEEDS
from autograder.checks.language import _, word
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
            said = _("cannot be measured ({error})").format(error=type(error).__name__)
            raise ModelError(said, detail=str(error)) from error
    name, value = next(iter(numbers.items()), ("measure", math.nan))
    if not math.isfinite(value):
        said = _("cannot be scored: its {name} is {value}")
        raise ModelError(said.format(name=word(name), value=value))
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
            told = _("has a configuration that makes no model ({error})").format(error=said)
            raise ModelError(told) from error


def layout(module: nn.Module) -> dict[str, str]:
    """Names and shapes of what a model's file holds."""
    return {name: _shape(tensor) for name, tensor in module.state_dict().items()}


def _shape(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape)) or _("a number")


def difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """What separates two layouts, in words; empty where nothing does."""
    missing = [name for name in expected if name not in found]
    unknown = sorted(name for name in found if name not in expected)
    said = [_("{names} missing").format(names=_listed(missing))] if missing else []
    said += [_("{names} unknown").format(names=_listed(unknown))] if unknown else []
    if not said:
        wrong = [name for name in expected if expected[name] != found[name]]
        told = _("{name} is {found}, not {expected}")
        said = [
            told.format(name=_listed([n]), found=found[n], expected=expected[n]) for n in wrong[:1]
        ]
    return ", ".join(said)


def _listed(names: Sequence[str]) -> str:
    more = _(" and {count} more").format(count=len(names) - LISTED)
    listed = ", ".join(repr(name[:80]) for name in names[:LISTED])
    return listed + (more if len(names) > LISTED else "")


def _refuse_configuration(configuration: Configuration, limits: Mapping[str, Bounds]) -> None:
    missing = [key for key in limits if key not in configuration]
    unknown = [key for key in configuration if key not in limits]
    if missing:
        said = _("has a configuration without {names}")
        raise ModelError(said.format(names=_listed(missing)))
    if unknown:
        said = _("has a configuration with unknown {names}")
        raise ModelError(said.format(names=_listed(unknown)))
    for key, bounds in limits.items():
        value = configuration[key]
        if not _is_within(value, bounds):
            said = _("has {key} = {value}, which must be {allowed}")
            value, allowed = repr(value)[:40], _allowed(bounds)
            raise ModelError(said.format(key=key, value=value, allowed=allowed))


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
        return _(" or ").join(sorted(map(repr, bounds)))
    said = _("a number from {low} to {high}")
    if _is_whole(bounds):
        said = _("a whole number from {low} to {high}")
    return said.format(low=bounds[0], high=bounds[1])


def _load(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    found = {name: _shape(tensor) for name, tensor in tensors.items()}
    if problem := difference(layout(module), found):
        said = _("is not of the given architecture with its configuration: {problem}")
        raise ModelError(said.format(problem=problem))
    own = module.state_dict()
    module.load_state_dict({n: _cast(n, tensor, own[n].dtype) for n, tensor in tensors.items()})


def _cast(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    is_float = tensor.is_floating_point() and dtype.is_floating_point
    if tensor.dtype != dtype and not is_float:
        said = _("holds {name} as {found}, not {expected}")
        kinds = {"found": dtype_name(tensor.dtype), "expected": dtype_name(dtype)}
        raise ModelError(said.format(name=_listed([name]), **kinds))
    cast = tensor.to(dtype)
    if is_float and not cast.isfinite().all():
        said = _("holds NaN or infinite numbers in {name}")
        raise ModelError(said.format(name=_listed([name])))
    return cast
