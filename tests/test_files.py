"""Files are there whole or not at all."""

import csv
import os
import resource
import signal
import stat

import pytest

from autograder.files import PRIVATE, PUBLIC, write_rows, write_whole


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("content", ["text é\n", b"\0\xff"])
def test_what_is_written_is_there_and_nothing_else(tmp_path, content):
    path = tmp_path / "a" / "b" / "file"
    write_whole(path, content)
    expected = content.encode() if isinstance(content, str) else content
    assert path.read_bytes() == expected and os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("wanted", [PUBLIC, PRIVATE])
def test_who_may_read_it_is_said(tmp_path, wanted):
    old = os.umask(0o077)
    try:
        write_whole(tmp_path / "file", "x", wanted)
    finally:
        os.umask(old)
    assert mode(tmp_path / "file") == wanted


def test_a_private_file_was_never_readable_by_others(tmp_path, monkeypatch):
    seen, chmod = [], os.chmod

    def noting(path, wanted):
        seen.append(stat.S_IMODE(os.stat(path).st_mode))
        chmod(path, wanted)

    monkeypatch.setattr(os, "chmod", noting)
    write_whole(tmp_path / "file", "x", PRIVATE)
    assert seen == [PRIVATE]


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "file"
    write_whole(path, "first")
    with path.open() as reading:
        write_whole(path, "second")
        assert reading.read() == "first"
    assert path.read_text() == "second"


def test_where_writing_fails_the_old_file_stays_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, "first")

    def fails(*_):
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, "second")
    assert path.read_text() == "first" and os.listdir(tmp_path) == ["file"]


def test_a_file_that_is_too_large_leaves_no_part_of_itself(tmp_path):
    """As where the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(tmp_path / "file", b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(tmp_path) == []


def test_no_cell_of_a_table_is_a_formula(tmp_path):
    row = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "-1.5e-05",
        "+3",
        -2,
        "a=b",
        None,
    ]
    write_rows(tmp_path / "x.csv", [row])
    with (tmp_path / "x.csv").open(newline="") as file:
        (found,) = csv.reader(file)
    assert found[:5] == [f"'{cell}" for cell in row[:5]]
    assert found[5:] == ["-1.5e-05", "+3", "-2", "a=b", ""]
