"""Reads an instant as people write it, in the office's time."""

from __future__ import annotations

from datetime import datetime, time

from records import clock
from records.clock import BadDate


def parse_instant(text: str) -> datetime:
    """``2026-03-31 17:05`` (also with T, as browsers send it), or a day alone: its end. Raises BadDate.

    >>> parse_instant("2026-03-31T17:05").isoformat()
    '2026-03-31T17:05:00+08:00'
    """
    day, _, hour = text.strip().replace("T", " ").partition(" ")
    try:
        at = time.fromisoformat(hour.strip()) if hour.strip() else time(23, 59, 59)
    except ValueError:
        raise BadDate(text=text) from None
    return datetime.combine(clock.parse_date(day), at.replace(tzinfo=None), clock.OFFICE_ZONE)
