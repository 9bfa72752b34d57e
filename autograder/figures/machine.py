"""What a run ran on, in words."""

import os
import platform
from pathlib import Path

import torch


def device_kind() -> str:
    """cuda where there is a GPU, else cpu."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def machine() -> str:
    """The processor or GPU, and the version of PyTorch."""
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else _processor()
    return f"{name}, PyTorch {torch.__version__.partition('+')[0]}"


def at_once() -> int:
    """How many runs go side by side: one for each core, or one where a GPU does the work."""
    return 1 if torch.cuda.is_available() else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
