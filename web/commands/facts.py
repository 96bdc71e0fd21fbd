"""yedang fact: the dated facts that start retention clocks, recorded and corrected by hand where no act does it."""

from __future__ import annotations

from datetime import date

import click
from sqlalchemy.orm import Session

from forms import books, numbering
from records import facts, identifiers
from records.errors import BadInput, OfficeError
from records.facts import FactKind
from records.tables import Fact
from records.users import OFFICE_ROLES, Role
from web.acts.retention.hold_targets import target_of
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import DAY, Console, OfficeGroup, pass_console
from web.wording.words import FACTS

#: What each kind of fact can be about. A change of owner is an act of its own; here only its date is corrected.
ABOUT = {
    FactKind.OWNERSHIP_CHANGED: ("dossier",),
    FactKind.UNIT_SOLD: ("unit",),
    FactKind.BOOK_COMPLETED: ("book",),
    FactKind.TRANSFERRED: ("book", "document"),
    FactKind.ARCHIVED: ("book", "document"),
    FactKind.LEASE_ENDED: ("book", "document"),
    FactKind.CASE_CLOSED: ("book", "document"),
    FactKind.MOVED_IN: ("dossier",),
    FactKind.RENOVATION_BEGAN: ("dossier",),
}
COLUMNS = (
    Column("id", "事实号", "Fact"),
    Column("kind", "事实", "What", FACTS),
    Column("on", "日期", "On"),
    Column("recorded_at", "登记时间", "Recorded"),
    Column("reason", "原因", "Reason"),
)


class FactDoesNotFit(OfficeError):
    """This kind of fact is not about that kind of thing."""

    code = "fact.does_not_fit"
    zh = "「{fact}」不能记在 {subject} 上。"
    en = "The fact {kind} is not about {subject}."


class UseOwnerChange(OfficeError):
    """A change of owner opens and closes dossiers; it is not recorded as a bare fact."""

    code = "fact.use_owner_change"
    zh = "业主变更请用 yedang owner change 办理;这里只能用 --replaces 更正已登记的日期。"
    en = "Use yedang owner change for a change of owner; here only a recorded date is corrected, with --replaces."


@click.group("fact", cls=OfficeGroup)
def group() -> None:
    """保管期限的起算事实 / The facts that start retention clocks."""


@group.command("record")
@click.argument("kind", type=click.Choice([str(kind) for kind in FactKind]))
@click.argument("subject")
@click.option("--on", required=True, type=DAY, help="发生日期 / the day it happened")
@click.option("--replaces", type=int, help="更正哪一条事实(须写原因) / the fact that this one corrects")
@click.option("--reason", default="", help="更正原因 / why it is corrected")
@pass_console
def record(console: Console, kind: str, subject: str, on: date, replaces: int | None, reason: str) -> Answer:
    """登记或更正一件事实:单元房号、档号、册号或文件编号。 / Record or correct a dated fact."""
    fact_kind = FactKind(kind)
    with console.office.transaction() as session:
        actor = console.actor(session)
        actor.require("登记起算事实", Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)
        about = _subject(session, subject)
        if about[0] not in ABOUT[fact_kind]:
            raise FactDoesNotFit(fact=str(FACTS[kind]), kind=kind, subject=subject)
        earlier = _earlier(session, fact_kind, about, replaces)
        fact = facts.record_fact(session, actor, fact_kind, about, on, replaces=earlier, reason=reason)
        row = _row(fact)
    return said({"fact": row}, f"事实 {fact.id} 号已登记:{on}。", f"Fact {fact.id} recorded: {on}.")


@group.command("list")
@click.argument("subject")
@pass_console
def listing(console: Console, subject: str) -> Answer:
    """一个单元、档案、册或文件的现行事实。 / The facts in force about a unit, dossier, book or document."""
    with console.office.reading() as session:
        console.actor(session).require("查看起算事实", *OFFICE_ROLES)
        kind, id_ = _subject(session, subject)
        rows = [_row(fact) for fact in facts.facts_about(session, kind, [id_])]
    return answer({"facts": rows}, Table(COLUMNS, rows))


def _subject(session: Session, text: str) -> tuple[str, int]:
    """What a fact is about, by how it is written. Raises BadInput, NotFound."""
    clean = text.strip().upper()
    if not (numbering.is_valid(clean) or clean.startswith("DA-") or identifiers.is_valid(text)):
        return "book", books.find_book(session, clean).id
    kind, id_ = target_of(session, text)
    return kind, int(id_)


def _earlier(session: Session, kind: FactKind, about: tuple[str, int], number: int | None) -> Fact | None:
    """The fact in force that a new one corrects. Raises BadInput, UseOwnerChange."""
    if number is None:
        if kind is FactKind.OWNERSHIP_CHANGED:
            raise UseOwnerChange()
        return None
    for fact in facts.facts_about(session, about[0], [about[1]]):
        if fact.id == number and fact.kind == kind:
            return fact
    raise BadInput(what=f"事实 {number} 号不是此对象现行的同类事实")


def _row(fact: Fact) -> dict[str, object]:
    return {key: getattr(fact, key) for key in ("id", "kind", "on", "recorded_at", "reason")}
