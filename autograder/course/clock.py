"""The course's local clock: due dates as people say them, and lateness as they count it."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from traitlets.config import Config

from autograder.settings import SettingsError

DUE = re.compile(r"(\d{4}-\d\d-\d\d)[T ]+(\d\d?:\d\d)(?::00)?\s*(\S*)")
LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(weeks?|days?|hours?|min(?:ute)?s?|[wdhm])\b")
UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}  # by their first letters
LONGEST = timedelta(days=3650)
HOUR, DAY = 3600, 86400
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


def later(due: datetime, extension: timedelta, zone: tzinfo | None) -> datetime:
    """A due date with an extension, by the clock on the wall; both in UTC."""
    return _moment(local(due, zone) + extension, zone, 1).astimezone(UTC).replace(tzinfo=None)


def read_length(text: str, said_in: str) -> timedelta:
    """A length of time, as `2 days`, `36h` or `1 day 12 hours`. Raises SettingsError."""
    parts = LENGTH.findall(text.casefold())
    if not parts or LENGTH.sub("", text.casefold()).strip(" ,"):
        raise SettingsError(f"{said_in} {text!r}: write it as '2 days', 36h or '1 day 12 hours'")
    try:
        time = sum((timedelta(**{UNITS[unit[0]]: float(n)}) for n, unit in parts), timedelta())
    except OverflowError:
        time = timedelta.max
    if time > LONGEST:
        raise SettingsError(f"{said_in} {text!r}: more than ten years")
    return time


def length(time: timedelta) -> str:
    """In days and hours, or hours where these say it; nothing for none."""
    days, rest = divmod(time.total_seconds(), DAY)
    if rest and time < timedelta(days=3):
        days, rest = 0, time.total_seconds()
    parts = ((days, "day"), (rest / HOUR, "hour"))
    return " ".join(f"{n:g} {unit}{'s' if n != 1 else ''}" for n, unit in parts if n)


def read_due(text: str, zone: tzinfo | None, said_in: str = "--due") -> datetime:
    """A due date in UTC, without a zone; in the course's where the text names none.

    Of an hour that comes twice, the later one is meant. Raises SettingsError.
    """
    found = DUE.fullmatch(text.strip())
    try:
        time = datetime.strptime(f"{found[1]} {found[2]}", "%Y-%m-%d %H:%M") if found else None
    except ValueError:
        time = None
    if found is None or time is None:
        raise SettingsError(f"{said_in} {text!r}: {HOW}")
    return _meant(time, found[3], zone, said_in).astimezone(UTC).replace(tzinfo=None)


def _meant(time: datetime, name: str, zone: tzinfo | None, said_in: str) -> datetime:
    """A time on the wall as a moment, in a zone of this name or offset or in the course's own."""
    here = [_moment(time, zone, fold) for fold in (1, 0)]
    if of_course := [each for each in here if name in ("", each.tzname())]:
        if local(of_course[0].astimezone(UTC), zone) != time:
            raise SettingsError(f"{said_in}: the clocks go forward over {time:%Y-%m-%d %H:%M}")
        return of_course[0]
    with suppress(ValueError):
        return datetime.fromisoformat(f"{time.isoformat()}{name}")
    try:
        return _moment(time, ZoneInfo(name), 1)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"{said_in}: no zone {name!r}: {HOW}") from None


def _moment(time: datetime, zone: tzinfo | None, fold: int) -> datetime:
    time = time.replace(fold=fold)
    return time.replace(tzinfo=zone) if zone else time.astimezone()
