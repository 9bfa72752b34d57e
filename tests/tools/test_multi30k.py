"""Which corpus a notebook gets: a folder, a download, or what the package brings."""

import gzip

import pooch
import pytest

from autograder.tools import multi30k
from autograder.tools.multi30k import GENERATED, MIRRORS, SHA256, VARIABLE, find_corpus


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def put_files(folder):
    folder.mkdir(exist_ok=True)
    for name in SHA256:
        (folder / name).write_bytes(gzip.compress("Ein Satz.\nÄhren\n".encode()))


@pytest.fixture
def asked(monkeypatch):
    """The addresses that are asked; only what a test lets through is there."""
    addresses = []

    def retrieve(url, known_hash, **options):
        addresses.append(url)
        raise OSError("no network")

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    return addresses


def test_without_a_network_it_is_the_generated_one(asked, capsys):
    assert find_corpus() == GENERATED
    assert len(asked) == len(MIRRORS)  # each is given up after its first file
    assert "the generated corpus" in capsys.readouterr().out


def test_a_folder_comes_before_a_download(folder, asked, monkeypatch):
    put_files(folder / "multi30k")
    assert find_corpus().folder.name == "multi30k"
    put_files(folder / "elsewhere")
    monkeypatch.setenv(VARIABLE, str(folder / "elsewhere"))
    corpus = find_corpus()
    assert corpus.folder.name == "elsewhere"
    assert corpus.lines("train", "de") == ["Ein Satz.", "Ähren"]
    assert not asked


def test_a_folder_that_is_not_complete_is_not_taken(folder, asked):
    put_files(folder / "multi30k")
    (folder / "multi30k/val.en.gz").unlink()
    assert find_corpus() == GENERATED


def test_a_mirror_with_other_files_is_left_for_the_next(monkeypatch, capsys):
    hashes = []

    def retrieve(url, known_hash, **options):
        if url.startswith(MIRRORS[0]):
            raise ValueError("hash of downloaded file does not match")
        hashes.append(known_hash)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    corpus = find_corpus()
    assert corpus.name == f"Multi30k, from {MIRRORS[1].split('/')[2]}"
    assert hashes == [f"sha256:{value}" for value in SHA256.values()]
    assert "ValueError" in capsys.readouterr().out


def test_without_pooch_nothing_is_downloaded(monkeypatch, capsys):
    monkeypatch.setattr(multi30k, "find_spec", lambda name: None)
    assert find_corpus() == GENERATED
    assert "not installed" in capsys.readouterr().out
