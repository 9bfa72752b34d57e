"""Where training runs: on a GPU where there is one."""

import os

import torch

from autograder.checks.language import _

OVERRIDE = "AUTOGRADER_DEVICE"


def device(wanted: str = "") -> torch.device:
    """The GPU where there is one, else the CPU; says which.

    `device("cpu")`, or the environment variable AUTOGRADER_DEVICE, takes another: "cpu", "cuda:1",
    "mps". Raises ValueError for one that is not there.
    """
    wanted = wanted or os.environ.get(OVERRIDE, "")
    found = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted:
        found = _tried(wanted)
    print(_("training on the {name}").format(name=_name(found)))
    return found


def _tried(wanted: str) -> torch.device:
    try:
        return torch.empty(0, device=wanted).device
    except Exception as error:  # PyTorch has many kinds of them for this
        reason = str(error).partition("\n")[0]
        said = _("no device {wanted!r} here: {reason}").format(wanted=wanted, reason=reason)
        raise ValueError(said) from None


def _name(found: torch.device) -> str:
    match found.type:
        case "cpu":
            return _("CPU ({count} threads)").format(count=torch.get_num_threads())
        case "cuda":
            return _("GPU ({name})").format(name=torch.cuda.get_device_name(found))
    return _("device {name}").format(name=found)
