"""Choose the words of the pig Latin assignments: `python data/pig_latin.py [FOLDER]`.

They come from `scowl/`, unchanged files of Debian's package `scowl` 2020.12.07-2, whose sizes 10,
20 and 35 say how common a word is. What this writes is committed in the package, because students
have the wheel alone. Translations follow by the rule, `autograder.tools.pig_latin.translate`.
"""

import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path

from autograder.tools.pig_latin import LONGEST, translate

SCOWL = Path(__file__).parent / "scowl"
PACKAGED = Path(__file__).parents[1] / "autograder/tools/pig_latin_words"
SIZES = (10, 20, 35)  # of SCOWL, the most common words first
SEED = "pig Latin 1"
COMMON = {"small_training": 2558, "small_validation": 640}  # the rest of size 10 is held out
FURTHER = {"more_training": 15364, "more_validation": 3840}  # 22,402 with the small ones
VULGAR = re.compile(
    r"(fuck|shit|cunt|nigg|fagg?ot|slut|whor|wank|bitch|bastard|jackass|porn)\w*"
    "|tits?|cocks?|dicks?|dykes?|queers?|ass|asses|raped?|rapes|rapists?"
)


def parts() -> dict[str, list[str]]:
    """The words of each part; no word is in two."""
    common, *rarer = map(shuffled, classes())
    counts = COMMON | {"held_out": len(common) - sum(COMMON.values())}
    further = shuffled(islice((word for words in rarer for word in words), sum(FURTHER.values())))
    return dict(cut(common, counts)) | dict(cut(further, FURTHER))


def classes() -> Iterator[set[str]]:
    """The words of each size that no smaller size has."""
    seen: set[str] = set()
    for size in SIZES:
        lists = (SCOWL / f"{spelling}-words.{size}" for spelling in ("english", "american"))
        found = {word for path in lists for word in path.read_text("latin-1").split()}
        yield {word for word in found if is_wanted(word)} - seen
        seen |= found


def is_wanted(word: str) -> bool:
    """Whether a word has letters from a to z alone, is not too long and offends nobody."""
    plain = re.fullmatch("[a-z]+", word) and not VULGAR.fullmatch(word)
    return bool(plain) and len(translate(word)) <= LONGEST


def shuffled(words: Iterable[str]) -> list[str]:
    """In an order that no version of Python or NumPy changes."""
    return sorted(words, key=lambda word: sha256(f"{SEED} {word}".encode()).digest())


def cut(words: list[str], counts: dict[str, int]) -> Iterator[tuple[str, list[str]]]:
    """Parts of these sizes, one after the other."""
    rest = iter(words)
    for name, count in counts.items():
        yield name, list(islice(rest, count))


def write(folder: Path) -> None:
    """Write `<part>.txt`, a word on each line, and the licence of the words."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, words in parts().items():
        (folder / f"{name}.txt").write_text("\n".join(words) + "\n", encoding="ascii")
    shutil.copyfile(SCOWL / "copyright", folder / "copyright.txt")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGED)
