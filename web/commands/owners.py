"""yedang owner: changes of owner, particulars and their history, authorised people, surveys and arrears."""

from __future__ import annotations

from datetime import date

import click
from sqlalchemy.orm import Session

from records import access, clock, units
from records.dossiers import NewOwner
from records.errors import NotFound
from records.estate import follow_ups, people, transfers
from records.estate.estate_tables import DossierPerson, ParticularChange
from records.estate.follow_ups import Due
from records.estate.people import NewPerson
from records.tables import Dossier, Owner
from records.users import OFFICE_ROLES
from web.acts.dossiers.dossier_reading import find_dossier
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import DAY, Console, OfficeGroup, pass_console
from web.wording.words import CHANGES, FOLLOW_UPS, PERSONS

CHANGE_COLUMNS = (
    Column("on", "日期", "On"),
    Column("what", "事项", "What", CHANGES),
    Column("whose", "何人", "Whose"),
    Column("old", "原内容", "Before"),
    Column("new", "新内容", "After"),
    Column("basis", "依据", "Basis"),
    Column("recorded_at", "登记时间", "Recorded"),
)
PERSON_COLUMNS = (
    Column("kind", "类别", "Kind", PERSONS),
    Column("name", "姓名", "Name"),
    Column("relation", "关系", "Relation"),
    Column("authorised", "可代办", "May act"),
    Column("from_on", "自", "From"),
    Column("until_on", "至", "Until"),
)
DUE_COLUMNS = (
    Column("kind", "事项", "What", FOLLOW_UPS),
    Column("unit", "单元房号", "Unit"),
    Column("number", "档号", "Dossier"),
    Column("due_on", "期限", "Due"),
    Column("last_on", "上次", "Last"),
    Column("owing_since", "欠费自", "Owing since"),
)

#: What is put on record where a command back-dates a change and gives no basis: the gap is seen, the work goes on.
UNSAID = "命令补登,未写明依据"


@click.group("owner", cls=OfficeGroup)
def group() -> None:
    """业主、产权期与登记人员 / Owners, their particulars and people."""


@group.command("change")
@click.argument("unit")
@click.option("--name", "names", required=True, multiple=True, help="新业主姓名,可多次给出 / new owner, repeatable")
@click.option("--on", required=True, type=DAY, help="变更日期 / date of the change")
@click.option("--phone", "phones", multiple=True, help="联系电话,与姓名同序 / phones, in the order of the names")
@click.option("--id", "id_numbers", multiple=True, help="身份证号或统一社会信用代码,与姓名同序 / ID numbers, likewise")
@click.option("--reason", default="", help="变更依据,如产权证书登记日期 / on what it rests")
@pass_console
def change(
    console: Console,
    unit: str,
    names: tuple[str, ...],
    on: date,
    phones: tuple[str, ...],
    id_numbers: tuple[str, ...],
    reason: str,
) -> Answer:
    """业主变更:旧档案封存、授权终止,新业主开新档。 / Change of owner: closes the dossier, opens an empty one."""
    office = console.office
    padding = ("",) * len(names)
    owners = [NewOwner(*one) for one in zip(names, phones + padding, id_numbers + padding, strict=False)]
    with office.transaction() as session:
        found = units.find_unit(session, unit)
        basis = reason.strip() or (UNSAID if on < clock.today() else "")
        done = transfers.transfer(session, office.vault, console.actor(session), found, owners, on, basis)
        waiting = [one.document_id for one in done.waiting]
        former = done.former.number if done.former else None
        data = {"unit": found.code, "closed": former, "opened": done.present.number, "on": on, "to_decide": waiting}
    closed = f"旧档案 {former} 已封存;" if former else ""
    late = f"变更日以后归入旧档案的 {len(waiting)} 份文件待档案员决定归属。" if waiting else ""
    late_en = f" {len(waiting)} documents filed since wait for an archivist." if waiting else ""
    return said(
        data,
        f"{data['unit']}:{closed}新档案 {data['opened']} 已开立。{late}",
        f"{data['unit']}: closed {former or 'nothing'}, opened {data['opened']}.{late_en}",
    )


@group.command("phone")
@click.argument("unit")
@click.argument("phone")
@click.option("--owner", "name", default="", help="哪一位业主,缺省为第一位 / whose; the first unless given")
@click.option("--on", type=DAY, help="变更日期,缺省今天 / date, today unless given")
@click.option("--basis", default="", help="依据 / on what it rests")
@pass_console
def phone_(console: Console, unit: str, phone: str, name: str, on: date | None, basis: str) -> Answer:
    """业主更换电话;旧号码存入变更记录(DA 4.2.1)。 / A new phone; the old one stays in the history."""
    with console.office.transaction() as session:
        dossier = find_dossier(session, unit)
        owner = _owner(dossier, name)
        change = people.change_phone(session, console.actor(session), dossier, owner, phone, on or clock.today(), basis)
        data = {"dossier": dossier.number, "change": change.id if change else None}
    if data["change"] is None:
        return said(data, "电话与登记的相同,未变。", "The same number as before; nothing changed.")
    return said(data, f"{data['dossier']}:电话已更新。", f"{data['dossier']}: phone changed.")


def _owner(dossier: Dossier, name: str) -> Owner:
    """The owner meant: of that name, or the first. Raises NotFound."""
    found = [one for one in dossier.ownership.owners if not name or one.name == name.strip()]
    if not found:
        raise NotFound(what=f"业主 {name}")
    return found[0]


@group.command("people")
@click.argument("unit")
@pass_console
def people_(console: Console, unit: str) -> Answer:
    """可代业主办理的人;全部登记人员须有查阅授权。 / Who may act for the owner; everybody only under a grant."""
    with console.office.reading() as session:
        dossier, allowed = _seen(console, session, unit)
        found = people.people_of(session, dossier) if allowed else _register(session, dossier)
        rows = [_person(one, allowed) for one in found]
        data = {"dossier": dossier.number, "open_to_you": allowed, "people": rows}
    return answer(data, Table(PERSON_COLUMNS, rows))


def _register(session: Session, dossier: Dossier) -> list[DossierPerson]:
    """What the desk knows of a present owner without a grant: who may act for them today."""
    return people.may_act_for(session, dossier, clock.today()) if dossier.state == "open" else []


def _seen(console: Console, session: Session, unit: str) -> tuple[Dossier, bool]:
    actor = console.actor(session)
    actor.require("查看登记人员", *OFFICE_ROLES)
    dossier = find_dossier(session, unit)
    return dossier, access.may_see_dossier(session, actor, dossier).allowed


def _person(person: DossierPerson, allowed: bool) -> dict[str, object]:
    keys = ("id", "kind", "name", "relation", "authorised", "from_on", "until_on")
    return {key: getattr(person, key) for key in (*keys, *(("phone", "id_number") if allowed else ()))}


@group.command("add-person")
@click.argument("unit")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(list(people.KINDS)), help="家庭成员、租户、受托人 / kind")
@click.option("--relation", default="", help="与业主关系 / relation to the owner")
@click.option("--phone", default="", help="电话 / phone")
@click.option("--id", "id_number", default="", help="证件号 / ID number")
@click.option("--may-act", is_flag=True, help="可代业主办理(如放行) / may act for the owner")
@click.option("--from", "from_on", type=DAY, help="授权期起 / from")
@click.option("--until", "until_on", type=DAY, help="授权期止 / until")
@click.option("--basis", default="", help="依据 / on what it rests")
@pass_console
def add_person(
    console: Console,
    unit: str,
    name: str,
    kind: str,
    relation: str,
    phone: str,
    id_number: str,
    may_act: bool,
    from_on: date | None,
    until_on: date | None,
    basis: str,
) -> Answer:
    """登记家庭成员、租户或受托人。 / Register a family member, tenant or agent."""
    with console.office.transaction() as session:
        dossier = find_dossier(session, unit)
        person = NewPerson(kind, name, relation, phone, id_number, may_act, from_on, until_on)
        row = people.add_person(session, console.actor(session), dossier, person, clock.today(), basis)
        data = {"dossier": dossier.number, "person": row.id}
    return said(data, f"{data['dossier']}:已登记。", f"{data['dossier']}: registered.")


@group.command("end-person")
@click.argument("unit")
@click.argument("name")
@click.option("--on", type=DAY, help="最后一天,缺省今天 / the last day, today unless given")
@click.option("--basis", default="", help="依据 / on what it rests")
@pass_console
def end_person(console: Console, unit: str, name: str, on: date | None, basis: str) -> Answer:
    """此人不再是家庭成员、租户或受托人(姓名须与登记一致)。 / Somebody is of the home no more."""
    with console.office.transaction() as session:
        dossier = find_dossier(session, unit)
        ended = people.end_person(session, console.actor(session), dossier, name, on or clock.today(), basis)
        data = {"dossier": dossier.number, "ended": len(ended)}
    return said(data, f"{data['dossier']}:已登记 {len(ended)} 人终止。", f"{data['dossier']}: {len(ended)} ended.")


@group.command("history")
@click.argument("unit")
@pass_console
def history(console: Console, unit: str) -> Answer:
    """电话、证件、人员的变更记录;内容须有查阅授权。 / What changed when; contents only under a grant."""
    with console.office.reading() as session:
        dossier, allowed = _seen(console, session, unit)
        found = people.history(session, dossier) if allowed or dossier.state == "open" else []
        rows = [_change(one, allowed) for one in found]
        data = {"dossier": dossier.number, "open_to_you": allowed, "changes": rows}
    return answer(data, Table(CHANGE_COLUMNS, rows))


def _change(change: ParticularChange, allowed: bool) -> dict[str, object]:
    always = {key: getattr(change, key) for key in ("on", "what", "recorded_at", "recorded_by")}
    return always | ({key: getattr(change, key) for key in ("whose", "old", "new", "basis")} if allowed else {})


@group.command("due")
@click.option("--kind", type=click.Choice(list(follow_ups.KINDS)), help="普查或联系方式跟踪 / which")
@click.option("--building", default="", help="楼栋 / building")
@click.option("--on", type=DAY, help="哪一天的情况,缺省今天 / as of, today unless given")
@pass_console
def due(console: Console, kind: str | None, building: str, on: date | None) -> Answer:
    """本季待普查的单元和待跟踪联系方式的欠费业主(DA 4.2.2)。 / Surveys and contact checks that are due."""
    with console.office.reading() as session:
        console.actor(session).require("查看待普查单元", *OFFICE_ROLES)
        day = on or clock.today()
        kinds = [kind] if kind else ["contact", "survey"]
        rows = [_due(one) for each in kinds for one in follow_ups.due(session, day, each, building)]
    return answer({"due": rows}, Table(DUE_COLUMNS, rows))


def _due(one: Due) -> dict[str, object]:
    return {column.key: getattr(one, column.key) for column in DUE_COLUMNS}


@group.command("followed-up")
@click.argument("units_", metavar="UNIT...", nargs=-1, required=True)
@click.option("--kind", required=True, type=click.Choice(list(follow_ups.KINDS)), help="普查或联系方式跟踪 / which")
@click.option("--outcome", required=True, type=click.Choice(list(follow_ups.OUTCOMES)), help="结果 / outcome")
@click.option("--on", type=DAY, help="日期,缺省今天 / date, today unless given")
@click.option("--note", default="", help="备注 / remark")
@pass_console
def followed_up(
    console: Console, units_: tuple[str, ...], kind: str, outcome: str, on: date | None, note: str
) -> Answer:
    """登记已做的普查或跟踪。 / Surveys or contact checks that were done."""
    with console.office.transaction() as session:
        found = [find_dossier(session, text) for text in units_]
        rows = follow_ups.record(session, console.actor(session), found, kind, outcome, on, note)
        data = {"recorded": len(rows)}
    return said(data, f"已登记 {len(rows)} 户。", f"{len(rows)} recorded.")


@group.command("arrears")
@click.argument("unit")
@click.option("--since", type=DAY, help="自何日起欠费 / owing since")
@click.option("--settled", type=DAY, help="何日结清 / paid on")
@pass_console
def arrears(console: Console, unit: str, since: date | None, settled: date | None) -> Answer:
    """登记欠费或结清;欠费一个月以上每 15 天跟踪联系方式。 / Arrears; over a month, contacts are checked."""
    if (since is None) == (settled is None):
        raise click.UsageError("--since 与 --settled 须且只须给出一个 / give one of --since and --settled")
    with console.office.transaction() as session:
        actor, dossier = console.actor(session), find_dossier(session, unit)
        if since is not None:
            row = follow_ups.owe(session, actor, dossier, since)
        else:
            row = follow_ups.settle(session, actor, dossier, settled or clock.today())
        data = {"dossier": dossier.number, "since": row.since, "settled_on": row.settled_on}
    return said(data, f"{data['dossier']}:已登记。", f"{data['dossier']}: recorded.")
