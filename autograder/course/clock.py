"""The course's local clock: due dates as people say them, and lateness as they count it."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from traitlets.config import Config

from autograder.settings import SettingsError

DUE = re.compile(r"(\d{4}-\d\d-\d\d)[T ]+(\d\d?:\d\d)(?::00)?\s*(\S*)")
HOW = "write the due date as 2027-03-01 23:59, or with a zone, 2027-03-01 23:59 Europe/Berlin"


def zone_of(config: Config) -> tzinfo | None:
    """The zone of the course, `c.LmsExtractor.timezone`; none is this machine's.

    Raises SettingsError.
    """
    name = config.LmsExtractor.get("timezone", "")
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"c.LmsExtractor.timezone: no zone {name!r}") from None


def local(time: datetime, zone: tzinfo | None) -> datetime:
    """A time in UTC, with a zone or without, as a clock on the wall shows it."""
    return time.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def shown(time: datetime, zone: tzinfo | None) -> str:
    """A time in UTC for people, with the name of the zone."""
    return f"{time.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def clock_seconds_late(
    due: datetime, extension: timedelta, handed_in: datetime, zone: tzinfo | None
) -> float:
    """How far the clock is past the due time, a day always being 24 hours; times in UTC.

    The same time on the next day is one day late, also when clocks were changed in the night.
    """
    return (local(handed_in, zone) - local(due, zone) - extension).total_seconds()


def read_due(text: str, zone: tzinfo | None) -> datetime:
    """A due date in UTC, without a zone; in the course's where the text names none.

    Of an hour that comes twice, the later one is meant. Raises SettingsError.
    """
    found = DUE.fullmatch(text.strip())
    try:
        time = datetime.strptime(f"{found[1]} {found[2]}", "%Y-%m-%d %H:%M") if found else None
    except ValueError:
        time = None
    if found is None or time is None:
        raise SettingsError(f"--due {text!r}: {HOW}")
    return _meant(time, found[3], zone).astimezone(UTC).replace(tzinfo=None)


def _meant(time: datetime, name: str, zone: tzinfo | None) -> datetime:
    """A time on the wall as a moment, in a zone of this name or offset or in the course's own."""
    here = [_moment(time, zone, fold) for fold in (1, 0)]
    if of_course := [each for each in here if name in ("", each.tzname())]:
        if local(of_course[0].astimezone(UTC), zone) != time:
            raise SettingsError(f"--due: the clocks go forward over {time:%Y-%m-%d %H:%M}")
        return of_course[0]
    with suppress(ValueError):
        return datetime.fromisoformat(f"{time.isoformat()}{name}")
    try:
        return _moment(time, ZoneInfo(name), 1)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"--due: no zone {name!r}: {HOW}") from None


def _moment(time: datetime, zone: tzinfo | None, fold: int) -> datetime:
    time = time.replace(fold=fold)
    return time.replace(tzinfo=zone) if zone else time.astimezone()
