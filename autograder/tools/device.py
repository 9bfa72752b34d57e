"""Where training runs: on a GPU where there is one."""

import torch


def device() -> torch.device:
    """The GPU where there is one, else the CPU; says which."""
    if torch.cuda.is_available():
        print(f"training on the GPU ({torch.cuda.get_device_name()})")
        return torch.device("cuda")
    print(f"training on the CPU ({torch.get_num_threads()} threads)")
    return torch.device("cpu")
