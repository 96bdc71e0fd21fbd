"""yedang schedule: the rules of keeping, a change with everything that it would move, and the versions before."""

from __future__ import annotations

import click

from forms.numbering import find_serial
from records.errors import NotFound
from records.users import OFFICE_ROLES, Role
from retention import grading, schedule_versions
from retention.disposition import FACT_EN
from retention.schedule import Rule, Years
from retention.schedule_versions import Moved
from web.acts.retention import schedule_changes
from web.acts.retention.graded import graded_documents
from web.acts.retention.schedule_changes import PERIODS, Change
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeGroup, pass_console
from web.wording.words import FACTS

RULE_COLUMNS = (
    Column("key", "代号", "Key"),
    Column("zh", "规则", "Rule"),
    Column("years", "年数", "Years"),
    Column("period", "期限", "Period"),
    Column("starts", "起算", "Starts", FACTS),
    Column("clause", "依据", "Clause"),
)
MOVED_COLUMNS = (
    Column("reference", "档号/编号", "Reference"),
    Column("title_class", "题名类别", "Class"),
    Column("before", "现在到期", "Due now"),
    Column("after", "改后到期", "Due then"),
)
VERSION_COLUMNS = (
    Column("version", "版", "Version"),
    Column("reason", "原因", "Reason"),
    Column("adopted_at", "采用时间", "Adopted"),
)


@click.group("schedule", cls=OfficeGroup)
def group() -> None:
    """保管期限表 / The retention schedule."""


@group.command("show")
@pass_console
def show(console: Console) -> Answer:
    """现行的规则,和为未定期限的表单所定的。 / The rules in force, and what was decided for forms without one."""
    with console.office.reading() as session:
        console.actor(session).require("查看保管期限表", *OFFICE_ROLES)
        schedule = schedule_versions.in_force(session)
    rows = [_rule(rule) for rule in schedule.rules.values()]
    decided = "、".join(f"{form}→{key}" for form, key in schedule.decided.items()) or "—"
    also = Sentence(
        f"第 {schedule.version} 版;已为表单定期限:{decided}。",
        f"Version {schedule.version}; decided for forms: {decided}.",
    )
    data = {"version": schedule.version, "rules": rows, "decided": schedule.decided}
    return answer(data, Table(RULE_COLUMNS, rows), also)


@group.command("history")
@pass_console
def history(console: Console) -> Answer:
    """各版,新的在前;第 0 版是手册的规定。 / Its versions, newest first; version 0 is the handbook's."""
    with console.office.reading() as session:
        console.actor(session).require("查看保管期限表", *OFFICE_ROLES)
        rows = [
            {"version": one.id, "reason": one.reason, "adopted_at": one.adopted_at, "rules": one.rules}
            for one in schedule_versions.history(session)
        ]
    return answer({"versions": rows}, Table(VERSION_COLUMNS, rows))


@group.command("change")
@click.argument("rule")
@click.option("--period", type=click.Choice(PERIODS), help="期限:years 按年、permanent 永久、long_term 长期")
@click.option("--years", type=click.IntRange(1, 1000), help="年数(长期的为复核间隔) / years")
@click.option("--starts", type=click.Choice(list(FACT_EN)), help="从哪件事起算 / the fact that starts it")
@click.option("--count-from", type=click.Choice(["event", "next_january"]), help="当日或次年 1 月 1 日起")
@click.option("--zh", default="", help="名称 / what it is called")
@click.option("--clause", default="", help="依据 / its authority")
@click.option("--reason", default="", help="原因 / why")
@click.option("--dry-run", is_flag=True, help="只看影响 / only show what would move")
@pass_console
def change(
    console: Console,
    rule: str,
    period: str | None,
    years: int | None,
    starts: str | None,
    count_from: str | None,
    zh: str,
    clause: str,
    reason: str,
    dry_run: bool,
) -> Answer:
    """经理修改或增加一条规则,先列出到期日会变的。 / A manager changes or adds a rule; shows what moves."""
    length = period or ("years" if years else "")
    wanted = Change(rule, "", length, years, starts or "", count_from or "", zh, clause)
    return _adopt(console, wanted, reason, dry_run)


@group.command("decide")
@click.argument("form")
@click.argument("rule")
@click.option("--reason", default="", help="原因 / why")
@click.option("--dry-run", is_flag=True, help="只看影响 / only show what would move")
@pass_console
def decide(console: Console, form: str, rule: str, reason: str, dry_run: bool) -> Answer:
    """经理为手册未定期限的表单定一条规则。 / A manager decides a rule for a form without a period."""
    return _adopt(console, Change(rule, form), reason, dry_run)


def _adopt(console: Console, wanted: Change, reason: str, dry_run: bool) -> Answer:
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        actor.require("修改保管期限表", Role.MANAGER)
        schedule = schedule_changes.proposed(session, office.catalogue, wanted)
        moved = schedule_changes.preview(session, office.catalogue, schedule)
        version = None if dry_run else schedule_versions.adopt(session, actor, schedule, reason).id
    rows = [_moved(one) for one in moved]
    sooner = sum(one.sooner for one in moved)
    done = ("已采用为第 {} 版", "Adopted as version {}") if version else ("未改动(预演)", "Nothing changed (dry run)")
    also = Sentence(
        f"{done[0].format(version)}:{len(rows)} 件的到期日{'已' if version else '会'}变,其中 {sooner} 件更早。",
        f"{done[1].format(version)}: {len(rows)} records move, {sooner} of them to an earlier day.",
    )
    return answer({"version": version, "moved": rows}, Table(MOVED_COLUMNS, rows), also)


@group.command("grade")
@click.argument("serial")
@click.argument("rule")
@click.option("--reason", required=True, help="原因 / why")
@pass_console
def grade(console: Console, serial: str, rule: str, reason: str) -> Answer:
    """改定一件的等级所对应的规则(如违章:一般、重大)。 / Let a document follow another of its form's rules."""
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        found = find_serial(session, serial)
        documents, choices = graded_documents(session, office.catalogue, found)
        if not documents:
            raise NotFound(what=f"{found.text} 可改定等级的文件")
        key = choices.get(rule, rule.upper())
        for document in documents:
            grading.choose(session, actor, document, key, list(choices.values()), reason)
    return said(
        {"serial": found.text, "rule": key}, f"{found.text} 改按 {key} 保管。", f"{found.text} follows {key} now."
    )


def _rule(rule: Rule) -> dict[str, object]:
    kind = "years" if isinstance(rule.period, Years) else rule.period
    row = {key: getattr(rule, key) for key in ("key", "zh", "en", "clause", "starts", "count_from", "review_years")}
    return {**row, "period": kind, "years": rule.years}


def _moved(one: Moved) -> dict[str, object]:
    names = ("kind", "id", "reference", "title_class", "before", "after", "sooner")
    return {key: getattr(one, key) for key in names}
