"""What a model costs, counted by a profiler: parameters, FLOPs, memory for the backward pass."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from IPython.display import Markdown
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from autograder.checks.language import N_, _

NAMES = {"parameters": N_("parameters"), "flops": N_("flops"), "saved_bytes": N_("saved bytes")}


@dataclass(frozen=True)
class Counts:
    """Parameters; FLOPs of the forward pass; bytes that it keeps for the backward pass."""

    parameters: int
    flops: int
    saved_bytes: int


def counts(model: nn.Module, *inputs: Any) -> Counts:
    """What a call of a model with these inputs costs.

    Shared parameters count once. FLOPs are those of matrix products and convolutions, a
    multiplication and an addition as two, as `torch.utils.flop_counter` has them. What autograd
    saves counts once however many operations need it; parameters among it, which lie in memory
    anyway, do not count. Attention is made to run as plain matrix products, so that its weights are
    seen.
    """
    saved: dict[int, int] = {}
    own = {_place(parameter) for parameter in model.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        if _place(tensor) not in own:
            saved[_place(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    plain = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    flops = FlopCounterMode(display=False)
    with plain, flops, saved_tensors_hooks(keep, lambda tensor: tensor):
        result = model(*inputs)  # lives until all is counted, so that no place is used twice
    del result
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Counts(parameters, flops.get_total_flops(), sum(saved.values()))


def side_by_side(mine: Mapping[str, float], counted: Counts) -> Markdown:
    """A table of your counts beside the profiler's; `mine` names the ones that were counted."""
    found = asdict(counted)
    heads = _("counted by hand"), _("by the profiler"), _("ratio")
    lines = [f"| | {' | '.join(heads)} |", "|---|---:|---:|---:|"]
    lines += [_row(_(NAMES[name]), value, found[name]) for name, value in mine.items()]
    return Markdown("\n".join(lines))


def _place(tensor: Tensor) -> int:
    """Where a tensor's numbers lie; views of one tensor lie in the same place."""
    return tensor.untyped_storage().data_ptr()


def _row(name: str, mine: float, counted: int) -> str:
    ratio = f"{mine / counted:.3f}" if counted else "–"
    return f"| {name} | {mine:,.0f} | {counted:,} | {ratio} |"
