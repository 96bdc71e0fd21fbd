"""A change to the schedule as a manager types it, on a page or in a command: one rule, or one form without a period."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from records.errors import BadInput
from records.facts import FactKind
from retention import schedule_versions
from retention.disposition import FACT_EN
from retention.schedule import Rule, Schedule, Years
from retention.schedule_versions import Moved
from web.acts.retention.disposals import book_numbers, titles

PERIODS = ("years", "permanent", "long_term", "undecided")
_KEY = re.compile(r"[A-Z][A-Z0-9_-]{1,15}")
_REVIEW_YEARS = 10


@dataclass(frozen=True)
class Change:
    """What was typed. With ``form`` that form is to follow ``rule``; else the rule itself becomes what is given.

    ``years``: for the period ``years``, and how often to review for ``long_term``. Empty texts keep what is there.
    """

    rule: str
    form: str = ""
    period: str = ""
    years: int | None = None
    starts: str = ""
    count_from: str = ""
    zh: str = ""
    clause: str = ""


def proposed(session: Session, catalogue: Catalogue, change: Change) -> Schedule:
    """The schedule in force with the change in it. Raises BadInput, UnknownRule, UnknownForm."""
    current = schedule_versions.in_force(session)
    key = change.rule.strip().upper()
    if change.form:
        form = catalogue.form(change.form)
        if "UNSET" not in form.retention and form.code not in current.decided:
            raise BadInput(what=f"{form.code} {form.zh} 的保管期限手册已有规定,请改规则本身")
        return current.with_decision(form.code, current.rule(key).key)
    return current.with_rule(_rule(current.rules.get(key), key, change))


def _rule(old: Rule | None, key: str, change: Change) -> Rule:
    if old is None and not (_KEY.fullmatch(key) and change.zh.strip()):
        raise BadInput(what="新规则须有代号(大写字母、数字,2 至 16 位)和名称")
    if change.period and change.period not in PERIODS:
        raise BadInput(what=f"期限 {change.period}(可选:{'、'.join(PERIODS)})")
    row: dict[str, object] = old.model_dump() if old else {"key": key, "clause": None, "period": "undecided"}
    row |= _period(change, row) if change.period else {}
    row |= {"starts": change.starts} if change.starts else {}
    row |= {"count_from": change.count_from} if change.count_from else {}
    row |= {"zh": change.zh.strip() or row["zh"], "clause": change.clause.strip() or row["clause"]}
    try:
        made = Rule.model_validate({**row, "en": row.get("en", key)})
    except ValidationError as error:
        raise BadInput(what=f"这条规则不完整:{error.errors()[0]['msg']}") from None
    return made if old and made.period == old.period and made.starts == old.starts else _in_english(made)


def _period(change: Change, row: dict[str, object]) -> dict[str, object]:
    if change.period == "years":
        if not change.years:
            raise BadInput(what="请填写年数")
        return {"period": {"years": change.years}}
    more = {"review_years": change.years or row.get("review_years") or _REVIEW_YEARS}
    return {"period": change.period, **(more if change.period == "long_term" else {})}


def _in_english(rule: Rule) -> Rule:
    """The rule with an English name that says what it says now: people type the Chinese one."""
    since = FACT_EN.get(FactKind(rule.starts), rule.starts) if rule.starts else ""
    said = {
        "permanent": "kept permanently",
        "long_term": f"kept long-term, reviewed every {rule.review_years} years",
        "undecided": "no period decided",
    }
    period = rule.period
    en = f"kept for {period.years} years from: {since}" if isinstance(period, Years) else said[period]
    return rule.model_copy(update={"en": en})


def years_named(rule: Rule) -> int | None:
    """The years that a rule's Chinese name speaks of, where they are not the rule's own; None where all is well.

    A rule whose period was changed and whose name was not would tell people the old period on every list.
    """
    found = re.search(r"(\d+|[一二两三四五六七八九十]+)年", rule.zh)
    if found is None:
        return None
    named = int(found[1]) if found[1].isdecimal() else _counted(found[1])
    return named if named != rule.years else None


def _counted(numeral: str) -> int:
    """A numeral up to 99: 三, 十, 十五, 二十.

    >>> [_counted(one) for one in ("三", "两", "十", "十五", "二十", "三十五")]
    [3, 2, 10, 15, 20, 35]
    """
    digit = {"": 0, "两": 2, **{one: value for value, one in enumerate("一二三四五六七八九", start=1)}}
    tens, ten, ones = numeral.rpartition("十")
    return (digit[tens] or 1) * 10 + digit[ones] if ten else digit.get(numeral, 0)


def preview(session: Session, catalogue: Catalogue, wanted: Schedule) -> list[Moved]:
    """Every record whose day the schedule would change, under the names that people know."""
    return schedule_versions.preview(session, wanted, titles(catalogue), book_numbers(session))
