"""Days, months, quarters and years as people write them: with or without the year, in digits or in words."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

_DAYS = re.compile(r"(?:([0-9]{4})(?:年|[-/.])?|([0-9]{2})年)(?:([0-9]{1,2})(?:月|[-/.])?(?:([0-9]{1,2})[日号]?)?)?")
_OF_THIS_YEAR = re.compile(r"([0-9]{1,2})月(?:([0-9]{1,2})[日号]?)?")
_PART = re.compile(r"([0-9]{4})年?(?:第?([一二三四1-4])季度?|q([1-4])|([上下])半年)")
_LATELY = re.compile(r"(?:最近|近)([0-9]{1,3})(天|日|周|个?月|年)")
_LENGTHS = {"天": 1, "日": 1, "周": 7, "月": 30, "个月": 30, "年": 365}
_EARLIEST = 1900
_DIGITS = "零一二三四"

Days = tuple[date, date]


def days(folded: str, today: date) -> Days | None:
    """The first and the last day that a folded text names, as seen from today; None where it names none.

    >>> today = date(2026, 8, 5)
    >>> [str(day) for day in days("26年3月", today)], [str(day) for day in days("2026年第1季度", today)]
    (['2026-03-01', '2026-03-31'], ['2026-01-01', '2026-03-31'])
    >>> [str(day) for day in days("9月1日", today)], [str(day) for day in days("上月", today)], days("明天", today)
    (['2025-09-01', '2025-09-01'], ['2026-07-01', '2026-07-31'], None)
    """
    text = re.sub(r"\s", "", folded)
    try:
        return _written(text) or _without_year(text, today) or _in_words(text, today)
    except (ValueError, OverflowError):
        return None


def _written(text: str) -> Days | None:
    if match := _PART.fullmatch(text):
        year, spoken, short, half = match.groups()
        if half:
            return _months(int(year), 1 if half == "上" else 7, 6)
        quarter = int(short or (spoken if spoken.isdecimal() else _DIGITS.index(spoken)))
        return _months(int(year), 3 * quarter - 2, 3)
    match = _DAYS.fullmatch(text)
    if not match:
        return None
    year, month, day = int(match[1] or f"20{match[2]}"), match[3], match[4]
    if not _EARLIEST <= year <= 2999:
        return None
    if day:
        return (only := date(year, int(month), int(day))), only
    return _months(year, int(month), 1) if month else _months(year, 1, 12)


def _without_year(text: str, today: date) -> Days | None:
    """A day or month of this year, or of the last where it is still to come."""
    match = _OF_THIS_YEAR.fullmatch(text)
    if not match:
        return None
    for year in (today.year, today.year - 1):
        found = _written(f"{year}年{text}")
        if found is not None and (found[0] <= today or year < today.year):
            return found
    return None


def _in_words(text: str, today: date) -> Days | None:
    if match := _LATELY.fullmatch(text):
        first = today - timedelta(days=int(match[1]) * _LENGTHS[match[2]] - 1)
        return (first, today) if first.year >= _EARLIEST else None
    back = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}.get(text)
    if back is not None:
        return (day := today - timedelta(days=back)), day
    monday = today - timedelta(days=today.weekday())
    last = date(today.year, today.month, 1) - timedelta(days=1)
    quarter = 3 * ((today.month - 1) // 3) + 1
    known = {
        "本周": (monday, monday + timedelta(days=6)),
        "上周": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "本月": _months(today.year, today.month, 1),
        "上月": _months(last.year, last.month, 1),
        "本季度": _months(today.year, quarter, 3),
        "今年": _months(today.year, 1, 12),
        "本年": _months(today.year, 1, 12),
        "去年": _months(today.year - 1, 1, 12),
        "前年": _months(today.year - 2, 1, 12),
    }
    return known.get(text.replace("这", "本").replace("上个月", "上月").replace("本个月", "本月"))


def _months(year: int, month: int, many: int) -> Days:
    last = month + many - 1
    return date(year, month, 1), date(year, last, calendar.monthrange(year, last)[1])
