"""Due dates as people write them, in the zones where they live."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from handing import ROOT

from autograder.__main__ import main
from autograder.course.clock import read_due, shown
from autograder.settings import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")
MEANT = {
    "2027-03-01 23:59": "2027-03-01 22:59",
    "2027-07-01T23:59": "2027-07-01 21:59",
    "2027-03-01 23:59 UTC": "2027-03-01 23:59",
    "2027-03-01 23:59 Asia/Shanghai": "2027-03-01 15:59",
    "2027-03-01 23:59+05:30": "2027-03-01 18:29",
    "2027-03-01T23:59:00Z": "2027-03-01 23:59",
    "2027-07-01 23:59 CEST": "2027-07-01 21:59",
    "2027-10-31 02:30": "2027-10-31 01:30",  # the later of two
    "2027-10-31 02:30 CEST": "2027-10-31 00:30",
}


@pytest.mark.parametrize("text", MEANT)
def test_a_time_without_a_zone_is_the_courses(text):
    assert read_due(text, BERLIN) == datetime.fromisoformat(MEANT[text])


@pytest.mark.parametrize(
    "text, message",
    [
        ("tomorrow", "--due 'tomorrow': write the due date as 2027-03-01 23:59"),
        ("2027-13-01 23:59", "write the due date as"),
        ("2027-03-01", "write the due date as"),
        ("2027-03-01 23:59 Berlin", "no zone 'Berlin'"),
        ("2027-03-01 23:59 ../UTC", "no zone '../UTC'"),
        ("2027-03-28 02:30", "the clocks go forward over 2027-03-28 02:30"),
    ],
)
def test_what_is_no_time_is_said(text, message):
    with pytest.raises(SettingsError, match=message.replace(".", r"\.")) as raised:
        read_due(text, BERLIN)
    assert "\n" not in str(raised.value)


def test_without_a_zone_of_the_course_it_is_the_machines():
    due = datetime(2027, 3, 1, 23, 59)
    assert read_due("2027-03-01 23:59", None) == datetime.fromtimestamp(
        due.timestamp(), ZoneInfo("UTC")
    ).replace(tzinfo=None)


def test_the_zone_is_shown():
    assert shown(datetime(2027, 7, 1, 21, 59), BERLIN) == "2027-07-01 23:59 CEST"


def test_the_command_says_it_in_a_line(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["release", "attention", "--due", "tomorrow"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
