"""Pack the emoji of the CLIP assignment: `python data/emoji.py PACKAGES [FOLDER]`.

PACKAGES holds four unpacked npm packages: `emoji-datasource-google` and
`emoji-datasource-twitter`, version 16.0.0, for pictures in two styles, and `emojibase-data`,
version 17.0.0, and `emojilib`, version 4.0.3, for names and tags. What this writes is committed in
the package, because students have the wheel alone.
"""

import json
import re
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

LICENCES = Path(__file__).parent / "emoji_licences"
PACKAGED = Path(__file__).parents[1] / "autograder/tools/emoji_pictures"
STYLES = {"noto": "google", "twemoji": "twitter"}  # and what the packages call them
SIDE, COLUMNS = 32, 40  # pixels of a picture, pictures in a row of a sheet
SEED = "emoji 1"
HEAD = ("sign", "part", "group", "kind", "name", "tags")
HELD_BACK = {"held_out": 160, "validation": 160}  # the rest is for training
COMPONENTS, FLAGS = "component", "flags"  # groups that are left out
# emoji that differ only in these show nearly the same
VARIANTS = re.compile(
    r"\b(m[ae]n|wom[ae]n|person|people|boy|girl|mr|mrs|mx|santa|prince|princess|"
    r"mer(man|maid|person)|left|right|up|down|leftwards|rightwards|upwards|downwards|facing|and)\b"
)
CLOCK = re.compile(r"\w+( o.clock|-thirty)")
SAME = {"people with bunny ears": "bunny", "with crown": "royal", "": "person"}


class Emoji(NamedTuple):
    """An emoji in words, and the name of the file that shows it."""

    sign: str
    name: str
    tags: tuple[str, ...]
    group: str
    kind: str
    image: str


def emoji(packages: Path) -> list[Emoji]:
    """All emoji that both styles have, in the order of Unicode, without flags and skin tones."""
    meta = read(packages / "emojibase-data/meta/groups.json")
    keywords = read(packages / "emojilib/dist/emoji-en-US.json")
    images = {
        code: entry["image"]
        for entry in read(packages / "emoji-datasource-google/emoji.json")
        for code in (entry["unified"], entry["non_qualified"])
        if all(entry[f"has_img_{package}"] for package in STYLES.values())
    }
    found = []
    for entry in read(packages / "emojibase-data/en/data.json"):
        group = meta["groups"].get(str(entry.get("group")), COMPONENTS)
        code, sign = entry["hexcode"], entry["emoji"]
        image = images.get(code) or images.get(f"{code}-FE0F")
        if image and group not in (COMPONENTS, FLAGS):
            more = keywords.get(sign) or keywords.get(sign.replace("\ufe0f", ""), [])
            kind = meta["subgroups"][str(entry["subgroup"])]
            each = Emoji(sign, entry["label"], tags(entry, more), group, kind, image)
            found.append((entry["order"], each))
    return [each for _, each in sorted(found)]


def read(path: Path) -> Any:
    """What a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def tags(entry: dict[str, Any], more: list[str]) -> tuple[str, ...]:
    """The tags of emojibase, then the keywords of emojilib that are not among them."""
    words = [*entry.get("tags", ()), *(keyword.replace("_", " ") for keyword in more)]
    name = " ".join(re.findall(r"\w+", entry["label"].lower()))
    return tuple(dict.fromkeys(word for word in words if word.strip() and word != name))


def family(name: str) -> str:
    """What an emoji shows, whatever gender or direction it has; all clock faces are one family."""
    shown = re.sub("^(family|kiss|couple with heart):.*", r"\1", name.lower())
    if CLOCK.fullmatch(shown):
        return "clock"
    shown = " ".join(VARIANTS.sub(" ", re.sub(r"[^\w\s]", " ", shown)).split())
    return SAME.get(shown, shown)


def parts(everything: list[Emoji]) -> list[str]:
    """The part of each emoji: of a family that is held back the first, its variants in no part."""
    families = [family(each.name) for each in everything]
    order = sorted(set(families), key=lambda name: sha256(f"{SEED} {name}".encode()).digest())
    names = [name for name, count in HELD_BACK.items() for _ in range(count)]
    of_family = dict(zip(order, names, strict=False))
    seen: set[str] = set()
    chosen = []
    for name in families:
        part = of_family.get(name, "training")
        chosen.append("variants" if name in seen and part != "training" else part)
        seen.add(name)
    return chosen


def picture(path: Path) -> Image.Image:
    """An emoji on white, 32 × 32."""
    drawn = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", drawn.size, "white")
    white.alpha_composite(drawn)
    return white.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)


def sheet(paths: list[Path]) -> Image.Image:
    """Pictures beside each other, in rows of 40."""
    rows = -(-len(paths) // COLUMNS)
    together = Image.new("RGB", (COLUMNS * SIDE, rows * SIDE), "white")
    for i, path in enumerate(paths):
        together.paste(picture(path), (i % COLUMNS * SIDE, i // COLUMNS * SIDE))
    return together


def write(packages: Path, folder: Path) -> None:
    """Write `emoji.tsv`, a sheet of pictures for each style, and the licences."""
    folder.mkdir(parents=True, exist_ok=True)
    everything = emoji(packages)
    rows = [
        (each.sign, part, each.group, each.kind, each.name, ", ".join(each.tags))
        for each, part in zip(everything, parts(everything), strict=True)
    ]
    lines = ["\t".join(row) for row in [HEAD, *rows]]
    (folder / "emoji.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for style, package in STYLES.items():
        drawn = packages / f"emoji-datasource-{package}/img/{package}/64"
        sheet([drawn / each.image for each in everything]).save(
            folder / f"{style}.png", optimize=True
        )
    for licence in sorted(LICENCES.iterdir()):
        shutil.copyfile(licence, folder / licence.name)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else PACKAGED)
