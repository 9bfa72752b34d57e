"""Emoji: their pictures in two styles, their names and tags."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Literal, NamedTuple

import matplotlib.image
import torch
from torch import Tensor

SIDE, COLUMNS = 32, 40  # pixels of a picture, pictures in a row of a sheet
Part = Literal["training", "validation", "held_out", "variants"]
Style = Literal["noto", "twemoji"]


class Emoji(NamedTuple):
    """An emoji in words; `number` is its place in the sheets of pictures."""

    number: int
    sign: str
    part: str
    group: str
    kind: str
    name: str
    tags: tuple[str, ...]


def emoji(*parts: Part) -> list[Emoji]:
    """The emoji of some parts, or all 1636, in the order of Unicode, without flags and skin tones.

    No emoji of one part has a variant in another, by gender or direction; of what is held out or
    for validation the variants are a part of their own. Names, kinds and tags come
    from emojibase, further tags from emojilib.
    """
    return [each for each in _everything() if not parts or each.part in parts]


@cache
def _everything() -> tuple[Emoji, ...]:
    lines = (_folder() / "emoji.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return tuple(_entry(number, line) for number, line in enumerate(lines))


def _entry(number: int, line: str) -> Emoji:
    sign, part, group, kind, name, tags = line.split("\t")
    return Emoji(number, sign, part, group, kind, name, tuple(tags.split(", ")) if tags else ())


def pictures(of: Sequence[Emoji], style: Style = "noto") -> Tensor:
    """Pictures (n, 3, 32, 32) on white, red, green and blue from 0 to 1.

    Those of Noto Emoji (Apache 2.0) or Twemoji (CC BY 4.0); `emoji_pictures/` has the licences.
    """
    packed = BytesIO((_folder() / f"{style}.png").read_bytes())
    sheet = torch.from_numpy(matplotlib.image.imread(packed))  # (rows · 32, 40 · 32, 3)
    cells = sheet.unflatten(0, (-1, SIDE)).unflatten(2, (COLUMNS, SIDE))  # (rows, 32, 40, 32, 3)
    numbers = torch.tensor([each.number for each in of], dtype=torch.int64)
    return cells.permute(0, 2, 4, 1, 3).flatten(0, 1)[numbers].contiguous()


def _folder() -> Traversable:
    return files("autograder.tools") / "emoji_pictures"
