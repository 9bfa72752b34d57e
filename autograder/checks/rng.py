"""Inputs for probes, from NumPy's legacy generator, whose stream is frozen for ever (NEP 19)."""

import zlib
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


class Rng:
    """A seeded source of tensors: the same seed and stream give the same numbers everywhere.

    torch's own generators promise no such thing across versions and devices.
    """

    def __init__(self, seed: int, stream: str = "") -> None:
        self._state = np.random.RandomState([seed, zlib.crc32(stream.encode())])
        self._handed_out: list[tuple[Tensor, Tensor]] = []

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Independent standard normal numbers."""
        return self._remember(torch.as_tensor(self._state.standard_normal(shape), dtype=dtype))

    def uniform(
        self, *shape: int, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Independent numbers, uniform in [low, high)."""
        return self._remember(torch.as_tensor(self._state.uniform(low, high, shape), dtype=dtype))

    def integers(self, *shape: int, low: int = 0, high: int) -> Tensor:
        """Independent integers (int64), uniform in low, …, high − 1."""
        return self._remember(
            torch.as_tensor(self._state.randint(low, high, shape), dtype=torch.int64)
        )

    def integer(self, low: int, high: int) -> int:
        """One Python integer, uniform in low, …, high − 1."""
        return int(self._state.randint(low, high))

    def permutation(self, n: int) -> Tensor:
        """The integers 0, …, n − 1 (int64) in random order."""
        return self._remember(torch.as_tensor(self._state.permutation(n), dtype=torch.int64))

    def orthonormal(self, n: int, d: int) -> Tensor:
        """`n` orthonormal rows of length `d` (float64), n ≤ d, in general position."""
        q, r = np.linalg.qr(self._state.standard_normal((d, n)))
        return self._remember(torch.as_tensor((q * np.sign(np.diag(r))).T.copy()))

    def fill(self, module: Module, scale: float = 0.5) -> Module:
        """Give every parameter its own normal numbers, by its name, and switch to eval mode.

        By name, so that the order in which layers are created does not matter. Raises TypeError
        for what is no module.
        """
        if not isinstance(module, nn.Module):
            raise TypeError(f"a {type(module).__name__} is built, which is no torch.nn.Module")
        base = self._state.randint(2**31)
        own = np.random.RandomState(0)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                own.seed([base, zlib.crc32(name.encode())])
                parameter.copy_(
                    torch.as_tensor(scale * own.standard_normal(tuple(parameter.shape)))
                )
        return module.eval()

    def untouched(self) -> bool:
        """Whether every tensor handed out still holds the numbers it was handed out with."""
        return all(
            now.dtype == then.dtype and torch.equal(now.detach(), then)
            for now, then in self._handed_out
        )

    def _remember(self, tensor: Tensor) -> Tensor:
        self._handed_out.append((tensor, tensor.clone()))
        return tensor


def shapes(module: nn.Module) -> dict[str, str]:
    """The names and shapes of a module's parameters, to be compared like any other evidence."""
    return {name: str(tuple(p.shape)) for name, p in sorted(module.named_parameters())}
