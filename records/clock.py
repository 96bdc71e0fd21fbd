"""The office's time: instants in UTC for the log, local dates for everything that counts days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from records.errors import OfficeError

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")


class BadDate(OfficeError):
    """A date that cannot be read or cannot be (2026-02-30)."""

    code = "input.bad_date"
    zh = "日期无法识别:{text}(请写作 2026-03-31)。"
    en = "Not a date: {text} (write it as 2026-03-31)."


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The office's local date now: retention and deadlines count local days, whatever zone the server runs in."""
    return local_date(now())


def local_date(instant: datetime) -> date:
    """The office's local date of a UTC instant."""
    return instant.astimezone(OFFICE_ZONE).date()


def local_time(instant: datetime) -> str:
    """An instant as people read it in the office, ``2026-03-31 17:05``."""
    return instant.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")


def start_of(day: date) -> datetime:
    """The instant at which a local date begins in the office."""
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE_ZONE)


def parse_date(text: str) -> date:
    """Read a local date as people write it: ``2026-03-31``, ``2026/3/31``, ``2026年3月31日``.

    Raises BadDate.

    >>> parse_date("2026年3月31日")
    datetime.date(2026, 3, 31)
    """
    clean = text.strip().replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    try:
        year, month, day = (int(part) for part in clean.split("-"))
        return date(year, month, day)
    except ValueError:
        raise BadDate(text=text) from None
