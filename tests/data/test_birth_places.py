"""The invented people of the MiniGPT assignment: format, statistics, and what is not shipped."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from autograder.tools.birth_places import FILES, PACKAGED, data_file

ROOT = Path(__file__).parents[2]
ANSWERS = ROOT / "solutions/minigpt/test_places.txt"


def lines(name):
    return data_file(name, None).read_text(encoding="utf-8").splitlines()


def pairs(part):
    return [tuple(line.split("\t")) for line in lines(part)]


def names(questions):
    return [q.removeprefix("Where was ").removesuffix(" born?") for q in questions]


PEOPLE = {
    "train": pairs("train"),
    "dev": pairs("dev"),
    "test": list(zip(lines("test"), ANSWERS.read_text(encoding="utf-8").splitlines(), strict=True)),
}
each_part = pytest.mark.parametrize("part", PEOPLE)


def test_the_files_are_what_the_generator_makes(tmp_path):
    """Whatever the order of sets is in the process that makes them."""
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    answers = tmp_path / "answers.txt"
    command = [sys.executable, ROOT / "data/birth_places.py", tmp_path / "made", answers]
    subprocess.run(command, check=True, env=environment)
    assert contents(tmp_path / "made") == contents(PACKAGED)
    assert answers.read_bytes() == ANSWERS.read_bytes()


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_end_with_an_end_of_line_and_have_no_empty_one():
    for name in FILES:
        text = data_file(name, None).read_text(encoding="utf-8")
        assert text.endswith("\n") and "\n\n" not in text


@each_part
def test_london_is_the_most_frequent_place_of_each_part(part):
    (first, count), (_, second), *_ = Counter(place for _, place in PEOPLE[part]).most_common()
    assert (first, count) == ("London", 5) and second < count
    assert len(PEOPLE[part]) == 100


def test_nobody_is_in_two_parts():
    everybody = [name for part in PEOPLE.values() for name in names(q for q, _ in part)]
    assert len(set(everybody)) == len(everybody) == 300


@each_part
def test_some_places_were_not_asked_for_while_training(part):
    known = {place for _, place in PEOPLE["train"]}
    unknown = sum(place not in known for _, place in PEOPLE[part]) / 100
    assert unknown == 0 if part == "train" else 0.03 < unknown < 0.25


def test_every_text_begins_with_the_name_repeats_it_and_has_the_place():
    born = {name: place for part in PEOPLE.values() for (q, place) in part for name in names([q])}
    count = Counter()
    for text in lines("wiki"):
        name, _, rest = text.partition(". ")
        assert name in rest and born[name] in rest
        count[name] += 1
    assert set(count.values()) == {4} and count.keys() == born.keys()


def test_questions_fit_the_block_and_the_vocabulary():
    chars = set(data_file("wiki", None).read_text(encoding="utf-8"))
    for question, place in [pair for part in PEOPLE.values() for pair in part]:
        assert len(question) + len(place) + 2 < 64
        assert set(question + place) <= chars


def test_the_places_of_the_test_are_not_shipped_with_their_questions():
    assert all("\t" not in line for line in lines("test"))
    texts = [path.read_text(encoding="utf-8") for path in PACKAGED.rglob("*.t*")]
    whole = ANSWERS.read_text(encoding="utf-8")
    assert not any(whole in text for text in texts)


def test_own_files_are_taken_where_there_are_some(tmp_path):
    (tmp_path / "wiki.txt").write_text("mine")
    assert data_file("wiki", tmp_path) == tmp_path / "wiki.txt"
    assert data_file("dev", tmp_path) == data_file("dev", None) == PACKAGED / "small/birth_dev.tsv"


def test_the_large_set_has_the_sizes_of_the_original():
    texts = data_file("wiki", None, "large").read_text(encoding="utf-8").splitlines()
    assert len({text.partition(".")[0] for text in texts}) == len(texts) / 4 == 2937
    files = (data_file(part, None, "large") for part in ("train", "dev"))
    sizes = [len(file.read_text(encoding="utf-8").splitlines()) for file in files]
    assert sizes == [2000, 500]
