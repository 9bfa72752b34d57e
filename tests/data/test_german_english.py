"""The generated corpus: as the generator makes it, in the format and statistics of Multi30k."""

import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import spacy
from torchtext.data import Field

from autograder.tools.multi30k import GENERATED, PACKAGED, packaged_words, simple_tokens

ROOT = Path(__file__).parents[2]
PARTS = {"train": 8000, "val": 600, "test_2016_flickr": 600, "held_out": 1000}
each_language = pytest.mark.parametrize("language", ["de", "en"])


@cache
def lines(part, language):
    return GENERATED.lines(part, language)


def texts(folder):
    """Unpacked, since other versions of zlib pack in other ways."""
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in folder.iterdir()
    }


def test_the_files_are_what_the_generator_makes(tmp_path):
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, ROOT / "data/german_english.py", tmp_path]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    assert texts(tmp_path) == texts(PACKAGED)


def test_no_german_sentence_is_in_two_parts():
    everything = [line for part in PARTS for line in lines(part, "de")]
    assert len(everything) == len(set(everything)) == sum(PARTS.values())
    for part, count in PARTS.items():
        assert len(lines(part, "de")) == len(lines(part, "en")) == count


@each_language
def test_sentences_look_like_those_of_multi30k(language):
    for line in lines("train", language):
        assert re.fullmatch(r"[A-ZÄÖÜ][\w ,]+\.", line), line
        assert "  " not in line and " ," not in line and ",," not in line


@each_language
def test_lengths_are_those_of_multi30k(language):
    """Whose means are 12.4 words in German and 13.0 in English; some pairs are too long to use."""
    lengths = [len(simple_tokens(line)) for line in lines("train", language)]
    mean = sum(lengths) / len(lengths)
    assert {"de": 12.4, "en": 13.0}[language] == pytest.approx(mean, abs=0.5)
    assert min(lengths) >= 4
    assert 0.8 < sum(length <= 18 for length in lengths) / len(lengths) < 0.95


@each_language
def test_frequencies_fall_as_zipf_says(language):
    """The word of rank 100 is about a hundredth as frequent as the first; words are rare or not."""
    counts = Counter(token for line in lines("train", language) for token in simple_tokens(line))
    ranked = sorted(counts.values(), reverse=True)
    assert 30 < ranked[0] / ranked[99] < 300
    if language == "de":
        assert sum(count == 1 for count in ranked) > 100  # which become <unk>


@each_language
def test_spacy_and_torchtext_find_the_words_that_grading_finds(language):
    tokenizer = spacy.blank(language).tokenizer
    field = Field(
        tokenize=lambda text: [word.text for word in tokenizer(text)],
        lower=True,
        init_token="<sos>",
        eos_token="<eos>",
    )
    sentences = [field.preprocess(line) for line in lines("train", language)]
    assert sentences == [simple_tokens(line) for line in lines("train", language)]
    field.build_vocab(sentences, min_freq=2)
    assert field.vocab.itos == packaged_words(language)


def test_articles_and_endings_agree():
    """Some phrases that a wrong table would make."""
    german = "\n".join(lines("train", "de"))
    for right in (
        "einen kleinen Ball",
        "einem roten Hemd",
        "einer belebten Straße",
        "ein junger Mann",
    ):
        assert right in german or right.capitalize() in german
    assert not re.search(r"\b(eine|einer) \w+ Mann\b|\beinem \w+ Straße\b|\bdie Junge\b", german)
    assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", "\n".join(lines("train", "en")).lower())


def test_verbs_stand_second_or_last_and_come_apart():
    german = lines("train", "de")
    assert any(re.search(r"sieht .* an\.$", line) for line in german)
    assert any(re.search(r"während .* ansieht\.$", line) for line in german)
    assert any(re.search(r"^In einem \w+ (sitzt|steht) ein", line) for line in german)
