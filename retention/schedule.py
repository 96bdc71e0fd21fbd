"""The schedule 保管期限表: rules of keeping as rows, and the day on which a rule lets a record go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

import templates
from records.errors import OfficeError
from records.facts import FactKind

#: The rule of a dossier while its owner owns the unit (handbook DA 4.4), and from the day of change on (DA 4.2.3).
OWNER_RULE = "OWNER"
FORMER_RULE = "FORMER"

# How strongly a rule keeps, where two apply and no period decides between them: what is never destroyed comes first.
_STRENGTH = {"undecided": 1, "long_term": 2, "permanent": 3}


class UnknownRule(OfficeError):
    """No rule of that key in the schedule."""

    code = "retention.unknown_rule"
    zh = "保管期限表中没有 {key} 这一条。"
    en = "The schedule has no rule {key}."


class Years(BaseModel):
    """A period in calendar years."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    years: int = Field(ge=1, le=1000)


class Rule(BaseModel):
    """A row of the schedule.

    ``starts``: the kind of fact that starts the clock. ``count_from``: ``event`` counts from the fact's own day,
    ``next_january`` from 1 January after it, as Chinese archive offices do. ``review_years``: how often a record
    kept long-term comes up for review. ``transfer_by``: when the handbook wants the records handed over, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1, max_length=16)
    zh: str
    en: str
    clause: str | None
    period: Years | Literal["permanent", "long_term", "undecided"]
    review_years: int | None = Field(default=None, ge=1, le=1000)
    starts: FactKind | None = None
    count_from: Literal["event", "next_january"] = "event"
    transfer_by: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        if isinstance(self.period, Years) and self.starts is None:
            raise ValueError(f"{self.key}: a period needs the fact that starts it")
        if self.period == "long_term" and self.review_years is None:
            raise ValueError(f"{self.key}: what is kept long-term needs review_years")
        return self

    @property
    def years(self) -> int | None:
        """The period in years, or None where no date of destruction ever comes by itself."""
        return self.period.years if isinstance(self.period, Years) else None

    @property
    def strength(self) -> tuple[int, int]:
        """Orders rules by how long they keep: permanent, long-term, undecided, then by years."""
        return (0, self.period.years) if isinstance(self.period, Years) else (_STRENGTH[self.period], 0)


class Schedule:
    """All rules of keeping, by key. Raises ValueError for rows that are no schedule (a test holds our own to it).

    ``decided``: the rule that a manager chose for a form whose own rule gives no period (未定保存期限). ``version``:
    0 is the handbook's; each change that a manager adopts is one more (``schedule_versions``).
    """

    def __init__(
        self,
        rows: Iterable[Rule | Mapping[str, Any]],
        decided: Mapping[str, str] | None = None,
        version: int = 0,
    ) -> None:
        rules = [row if isinstance(row, Rule) else Rule.model_validate(row) for row in rows]
        self.rules: dict[str, Rule] = {rule.key: rule for rule in rules}
        if len(self.rules) != len(rules):
            raise ValueError("a rule stands in the schedule twice")
        #: The rules with a period in years: only under these is anything ever due.
        self.limited: dict[str, Rule] = {key: rule for key, rule in self.rules.items() if rule.years is not None}
        self.decided: dict[str, str] = dict(decided or {})
        self.version = version
        for key in self.decided.values():
            self.rule(key)

    def key_for(self, key: str, form_code: str) -> str:
        """The key of the rule that a document of this form follows: its own, or the one decided for the form."""
        rule = self.rules.get(key)
        undecided = rule is None or rule.period == "undecided"
        return self.decided.get(form_code, key) if undecided else key

    def with_rule(self, rule: Rule) -> Schedule:
        """The schedule in which this row replaces the one of its key, or is added."""
        return Schedule({**self.rules, rule.key: rule}.values(), self.decided, self.version)

    def with_decision(self, form_code: str, key: str) -> Schedule:
        """The schedule in which a form without a period follows this rule. Raises UnknownRule."""
        return Schedule(self.rules.values(), {**self.decided, form_code: key}, self.version)

    def rule(self, key: str) -> Rule:
        """The rule of a key. Raises UnknownRule."""
        if key not in self.rules:
            raise UnknownRule(key=key)
        return self.rules[key]

    def longest(self, keys: Iterable[str]) -> Rule:
        """Of several rules on one record the one that keeps longest. Raises UnknownRule, ValueError (no keys)."""
        return max((self.rule(key) for key in keys), key=lambda rule: rule.strength)

    def due_on(self, rule: Rule | str, fact_on: date) -> date | None:
        """The first day on which the rule lets go of a record whose clock began on ``fact_on``; None for never."""
        found = self.rule(rule) if isinstance(rule, str) else rule
        return None if found.years is None else _counted(found, fact_on, found.years)

    def review_on(self, rule: Rule | str, since: date) -> date | None:
        """The day of the first review of a record kept long-term since that date; None for any other rule."""
        found = self.rule(rule) if isinstance(rule, str) else rule
        if found.period != "long_term" or found.review_years is None:
            return None
        return _counted(found, since, found.review_years)

    def keys(self, *periods: str) -> list[str]:
        """The keys of the rules with one of these periods: permanent, long_term, undecided."""
        return [key for key, rule in self.rules.items() if rule.period in periods]


def _counted(rule: Rule, start: date, years: int) -> date:
    first = date(start.year + 1, 1, 1) if rule.count_from == "next_january" else start
    return years_after(first, years)


def years_after(day: date, years: int) -> date:
    """The same day some calendar years later; 29 February becomes 28 February where there is none.

    >>> years_after(date(2024, 2, 29), 1), years_after(date(2024, 2, 29), 4)
    (datetime.date(2025, 2, 28), datetime.date(2028, 2, 29))
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def latest_start(rule: Rule, on: date) -> date | None:
    """The latest day on which a clock may have begun that has run out on ``on``; None where none ever runs out.

    >>> rule = Rule(key="R", zh="", en="", clause=None, period=Years(years=1), starts=FactKind.ARCHIVED)
    >>> latest_start(rule, date(2025, 2, 28)), latest_start(rule, date(2025, 2, 27))
    (datetime.date(2024, 2, 29), datetime.date(2024, 2, 27))
    """
    if rule.years is None:
        return None
    # A day later than any that can have run out; the calendar's leap days are at most one day of difference.
    day = min(years_after(on, -rule.years) + timedelta(days=1), on)
    while _counted(rule, day, rule.years) > on:
        day = day - timedelta(days=1) if rule.count_from == "event" else date(day.year - 1, 12, 31)
    return day


@cache
def load_schedule() -> Schedule:
    """The handbook's schedule, version 0, as the project's data files give it."""
    return Schedule(yaml.safe_load(templates.read_text("retention_rules.yaml")))
