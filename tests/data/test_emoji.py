"""The emoji of the CLIP assignment: what is packed, and that nothing leaks between its parts."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch

from autograder.tools.emoji import emoji, pictures

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / "autograder/tools/emoji_pictures"
STYLES = ("noto", "twemoji")


def generator():
    spec = importlib.util.spec_from_file_location("data_emoji", ROOT / "data/emoji.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = generator()


@pytest.mark.parametrize(
    "names",
    [
        ("farmer", "man farmer", "woman farmer"),
        ("person walking: facing right", "woman walking", "man walking"),
        ("backhand index pointing left", "backhand index pointing up"),
        ("merman", "mermaid", "merperson"),
        ("Santa Claus", "Mrs. Claus", "Mx Claus"),
        ("family: man, woman, boy", "family: woman, girl"),
        ("kiss", "kiss: man, man"),
        ("one o’clock", "twelve-thirty"),
        ("people with bunny ears", "men with bunny ears"),
    ],
)
def test_variants_are_one_family(names):
    assert len({GENERATOR.family(name) for name in names}) == 1


def test_other_emoji_are_other_families():
    names = ["red heart", "blue heart", "fox", "cat", "cat with tears of joy", "farmer", "singer"]
    assert len({GENERATOR.family(name) for name in names}) == len(names)


def test_no_family_is_in_two_parts():
    parts_of = defaultdict(set)
    for each in emoji():
        parts_of[GENERATOR.family(each.name)].add(each.part)
    together = Counter(tuple(sorted(parts)) for parts in parts_of.values())
    assert set(together) <= {
        ("training",),
        ("held_out",),
        ("validation",),
        ("held_out", "variants"),
        ("validation", "variants"),
    }
    held_back = [each for part in ("held_out", "validation") for each in emoji(part)]
    assert len({GENERATOR.family(each.name) for each in held_back}) == len(held_back) == 320


def test_sizes():
    assert Counter(each.part for each in emoji()) == {
        "training": 1258,
        "validation": 160,
        "held_out": 160,
        "variants": 58,
    }
    assert len(emoji("training", "validation")) == 1418


def test_names_are_unique_and_there_are_no_flags_and_skin_tones():
    everything = emoji()
    assert len({each.name for each in everything}) == len({each.sign for each in everything})
    assert [each.number for each in everything] == list(range(1636))
    assert not any(re.search(r"flag:|skin tone", each.name) for each in everything)
    assert sum(bool(each.tags) for each in everything) > 1600


@pytest.mark.parametrize("style", STYLES)
def test_pictures_are_cut_where_they_stand(style):
    sheet = matplotlib.image.imread(PACKAGED / f"{style}.png")
    for each in (emoji()[0], emoji()[39], emoji()[40], emoji()[1635]):
        top, left = each.number // 40 * 32, each.number % 40 * 32
        cut = sheet[top : top + 32, left : left + 32]
        assert np.array_equal(pictures([each], style)[0].permute(1, 2, 0).numpy(), cut)


@pytest.mark.parametrize("style", STYLES)
def test_every_picture_shows_something_else(style):
    drawn = pictures(emoji(), style)
    assert drawn.shape == (1636, 3, 32, 32) and drawn.min() >= 0 and drawn.max() <= 1
    assert (drawn.flatten(1).amin(1) < 0.97).all()  # none is white
    assert len(torch.unique(drawn.flatten(1), dim=0)) > 1600  # some symbols look the same


def test_both_styles_show_the_same_emoji():
    """The other style's picture of an emoji is more like it than that of the next emoji: mostly."""
    noto, twemoji = (pictures(emoji(), style).flatten(1) for style in STYLES)
    own = (noto - twemoji).abs().mean(1)
    other = (noto - twemoji.roll(1, 0)).abs().mean(1)
    assert (own < other).float().mean() > 0.75


def test_licences_are_shipped_with_the_pictures():
    for name, said in (
        ("noto", "Apache"),
        ("twemoji", "CC BY 4.0"),
        ("emojibase", "MIT"),
        ("emojilib", "MIT"),
    ):
        text = (PACKAGED / f"{name}.txt").read_text(encoding="utf-8")
        assert said in text
        assert text == (ROOT / f"data/emoji_licences/{name}.txt").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm, and the registry")
def test_the_files_are_what_the_generator_makes(tmp_path):
    versions = {"emojibase-data": "17.0.0", "emojilib": "4.0.3"} | {
        f"emoji-datasource-{package}": "16.0.0" for package in GENERATOR.STYLES.values()
    }
    for name, version in versions.items():
        command = ["npm", "pack", f"{name}@{version}", "--silent"]
        subprocess.run(command, check=True, cwd=tmp_path, env=os.environ)
        (tmp_path / name).mkdir()
        archive = [f"{name}-{version}.tgz", "-C", name, "--strip-components=1"]
        subprocess.run(["tar", "xzf", *archive], check=True, cwd=tmp_path)
    GENERATOR.write(tmp_path, tmp_path / "made")
    made = {path.name for path in (tmp_path / "made").iterdir()}
    assert made == {path.name for path in PACKAGED.iterdir()}
    for name in made:
        one, other = tmp_path / "made" / name, PACKAGED / name
        if one.suffix == ".png":  # compression may differ
            assert np.array_equal(matplotlib.image.imread(one), matplotlib.image.imread(other))
        else:
            assert one.read_bytes() == other.read_bytes()
