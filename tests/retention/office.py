"""What tests of the retention floor share outside fixtures: rules of every kind, and a list that two people signed."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from retention import certificates, disposition
from retention.schedule import Schedule
from retention.tables import Disposal

ROWS: list[dict[str, Any]] = [
    {"key": "OWNER", "zh": "业主档案永久保存", "en": "permanent", "clause": "DA 4.4", "period": "permanent"},
    {"key": "FORMER", "zh": "原业主档案另置保管三年", "en": "kept apart for 3 years", "clause": "DA 4.2.3",
     "period": {"years": 3}, "starts": "ownership_changed"},
    {"key": "KEYS", "zh": "钥匙记录保存2年", "en": "2 years", "clause": "YS 4.4.6", "period": {"years": 2},
     "starts": "archived"},
    {"key": "DUTY", "zh": "值班记录保管3年", "en": "3 years", "clause": "ZB 4.1.8", "period": {"years": 3},
     "starts": "book_completed"},
    {"key": "VACANT", "zh": "售出后一年", "en": "1 year after the sale", "clause": "KZ 4.7.3", "period": {"years": 1},
     "starts": "unit_sold"},
    {"key": "JANUARY", "zh": "次年一月一日起两年", "en": "2 years from January", "clause": None, "period": {"years": 2},
     "starts": "archived", "count_from": "next_january"},
    {"key": "COMMITTEE", "zh": "长期", "en": "long-term", "clause": "YW 4.7", "period": "long_term",
     "review_years": 10, "starts": "archived"},
    {"key": "UNSET", "zh": "手册未规定", "en": "undecided", "clause": None, "period": "undecided"},
]  # fmt: skip


def agree(session: Session, actors: Any, schedule: Schedule, on: date, certificate: str) -> Disposal:
    """A list of everything due on that date, proposed by the archivist and approved by the manager."""
    found = disposition.due(session, schedule, on)
    disposal = certificates.propose(session, actors.archivist, found)
    certificates.approve(session, actors.manager, disposal, certificate)
    return disposal


def plainly(day: date, years: int, count_from: str) -> date:
    """The reference: a calendar on the wall."""
    if count_from == "next_january":
        day = date(day.year + 1, 1, 1)
    for last in (day.day, 28):
        try:
            return date(day.year + years, day.month, last)
        except ValueError:
            continue
    raise AssertionError(day)
