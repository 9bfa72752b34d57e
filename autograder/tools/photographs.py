"""The photographs that come with scikit-image."""

from importlib.util import find_spec
from pathlib import Path

import matplotlib.image
import torch
from torch import Tensor
from torch.nn import functional as F


def photograph(name: str) -> Tensor:
    """One of them, such as "coffee": (3, H, W), red, green and blue from 0 to 1.

    Raises ImportError where scikit-image is missing, FileNotFoundError for one it does not have.
    """
    package = find_spec("skimage")
    if package is None or package.origin is None:
        raise ImportError("the photographs come with scikit-image: pip install scikit-image")
    found = sorted((Path(package.origin).parent / "data").glob(f"{name}.[pj][np]g"))
    if not found:
        raise FileNotFoundError(f"scikit-image has no photograph {name!r}")
    return _three_colours(torch.from_numpy(matplotlib.image.imread(found[0]).copy()))


def _three_colours(pixels: Tensor) -> Tensor:
    """Pixels (H, W) or (H, W, 3 or 4), whole numbers up to 255 or from 0 to 1, as (3, H, W)."""
    pixels = pixels / 255 if pixels.dtype == torch.uint8 else pixels
    pixels = pixels[..., None].expand(-1, -1, 3) if pixels.dim() == 2 else pixels[..., :3]
    return pixels.permute(2, 0, 1).contiguous()


def square(picture: Tensor, side: int) -> Tensor:
    """The middle of a picture (3, H, W), scaled to (3, side, side)."""
    size = min(picture.shape[1:])
    top, left = ((length - size) // 2 for length in picture.shape[1:])
    middle = picture[None, :, top : top + size, left : left + size]
    return F.interpolate(middle, (side, side), mode="bicubic", antialias=True)[0].clamp(0, 1)
