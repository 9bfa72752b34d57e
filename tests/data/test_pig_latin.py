"""The words of the pig Latin assignments, and the rule of their translations."""

import os
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from autograder.tools.pig_latin import LONGEST, held_out_words, translate, words

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / "autograder/tools/pig_latin_words"

RULE = {
    "apple": "appleway",  # a vowel at the beginning
    "eye": "eyeway",
    "cat": "atcay",
    "street": "eetstray",  # every consonant before the first vowel
    "school": "oolschay",
    "queen": "eenquay",  # qu moves as one
    "squid": "idsquay",
    "quay": "ayquay",
    "qatar": "atarqay",
    "yet": "etyay",  # y is a consonant at the beginning
    "you": "ouyay",
    "sly": "yslay",  # and a vowel later
    "rhythm": "ythmrhay",
    "my": "ymay",
    "hmm": "hmmay",  # no vowel at all
    "well-known": "ellway-ownknay",  # parts of their own
    "the quick fox": "ethay ickquay oxfay",
}


@pytest.mark.parametrize(("english", "pig_latin"), RULE.items())
def test_the_rule(english, pig_latin):
    assert translate(english) == pig_latin


def test_the_files_are_what_the_generator_makes(tmp_path):
    """Whatever the order of sets is in the process that makes them."""
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    command = [sys.executable, ROOT / "data/pig_latin.py", tmp_path]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in PACKAGED.iterdir()}


def test_no_word_is_in_two_parts():
    parts = {path.stem: path.read_text().split() for path in PACKAGED.glob("*.txt")}
    del parts["copyright"]
    assert sum(map(len, parts.values())) == 3198 + 22402 - 3198 + 775
    for (_, a), (_, b) in combinations(parts.items(), 2):
        assert not set(a) & set(b)
    assert all(len(set(part)) == len(part) for part in parts.values())


def test_the_sizes_of_the_sets():
    sizes = {
        (size, part): len(words(size, part))
        for size in ("small", "large")
        for part in ("training", "validation")
    }
    assert sizes == {
        ("small", "training"): 2558,
        ("small", "validation"): 640,
        ("large", "training"): 17922,
        ("large", "validation"): 4480,
    }
    assert len(held_out_words()) == 775


def test_a_small_set_is_a_part_of_the_large_one():
    for part in ("training", "validation"):
        assert set(words("small", part)) < set(words("large", part))


def test_words_are_plain_and_their_translations_not_too_long():
    everything = [*words("large", "training"), *words("large", "validation"), *held_out_words()]
    assert all(re.fullmatch("[a-z]+", word) for word in everything)
    assert max(len(translate(word)) for word in everything) == LONGEST
    assert len(set(map(translate, everything))) > 0.99 * len(everything)


def test_the_parts_of_a_set_are_alike():
    """Shuffled, not cut from an alphabetical list: each has about as long words."""
    lengths = [
        sum(map(len, part)) / len(part)
        for part in (words("small", "training"), words("small", "validation"), held_out_words())
    ]
    assert max(lengths) - min(lengths) < 0.4


def test_the_licence_is_shipped_with_the_words():
    assert "Kevin Atkinson" in (PACKAGED / "copyright.txt").read_text(encoding="utf-8")
