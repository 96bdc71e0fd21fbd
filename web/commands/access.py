"""yedang access: asking for dossiers, deciding, registering who came, giving back, revoking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import click
from sqlalchemy.orm import Session

from records import access, clock
from records.access.visits import PAPERS, Visitor
from records.tables import AccessRequest
from records.users import Actor
from web.acts.dossiers.dossier_reading import find_dossier
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import DAY, Console, OfficeGroup, pass_console

COLUMNS = (
    Column("id", "申请号", "Request"),
    Column("state", "状态", "State", access.STATE_ZH),
    Column("asker", "申请人", "Asker"),
    Column("dossiers", "档案", "Dossiers"),
    Column("purpose", "事由", "Purpose"),
    Column("asked_at", "申请时间", "Asked"),
    Column("ends_at", "有效期至", "Until"),
    Column("self_approved", "自批", "Own approval"),
    Column("deputised", "代批", "By deputy"),
)


@click.group("access", cls=OfficeGroup)
def group() -> None:
    """查阅申请与授权(DA 4.3) / Asking to see dossiers, and grants."""


@group.command("request")
@click.argument("units", nargs=-1, required=True)
@click.option("--purpose", required=True, help="查阅事由 / what for")
@click.option("--days", default=1, show_default=True, help="期限(天),自登记起 / for how many days from registering")
@click.option("--from", "first", type=DAY, help="自哪天,与 --until 同用 / from this day, with --until")
@click.option("--until", "last", type=DAY, help="至哪天(含),代替 --days / to this day, instead of --days")
@click.option(
    "--mode", default="screen", show_default=True, type=click.Choice(["screen", "print", "loan"]), help="方式 / how"
)
@pass_console
def request(
    console: Console,
    units: tuple[str, ...],
    purpose: str,
    days: int,
    first: date | None,
    last: date | None,
    mode: str,
) -> Answer:
    """申请查阅一户或几户的档案(房号或档号)。 / Ask to see dossiers, by unit or dossier number."""
    if first is not None and last is None:
        raise click.UsageError("--from 须与 --until 同用 / --from needs --until")
    period = (first or clock.today(), last) if last is not None else None
    with console.office.transaction() as session:
        asked = [find_dossier(session, text) for text in units]
        made = access.request_access(session, console.actor(session), asked, purpose, days, mode, period=period)
        row = as_row(made)
    return said(
        {"request": row}, f"申请 {row['id']} 号已提出,待经理批准。", f"Request {row['id']} waits for a manager."
    )


@group.command("approve")
@click.argument("number", type=int)
@click.option("--reason", default="", help="意见 / remark")
@pass_console
def approve(console: Console, number: int, reason: str) -> Answer:
    """经理批准申请。 / A manager approves a request."""
    return _step(console, number, lambda session, actor, found: access.approve(session, actor, found, reason))


@group.command("refuse")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="原因 / why")
@pass_console
def refuse(console: Console, number: int, reason: str) -> Answer:
    """经理拒绝申请,须写明原因。 / A manager refuses a request, with the reason."""
    return _step(console, number, lambda session, actor, found: access.refuse(session, actor, found, reason))


@group.command("register")
@click.argument("number", type=int)
@click.option("--person", default="", help="来人姓名,默认申请人本人 / who came, by default the asker")
@click.option(
    "--paper", default=PAPERS[0], show_default=True, help="证件及号码后四位 / paper, last digits of its number"
)
@click.option("--shown", default="所申请的全部档案", show_default=True, help="出示了什么 / what was shown")
@pass_console
def register(console: Console, number: int, person: str, paper: str, shown: str) -> Answer:
    """档案员登记来人,授权由此生效。 / An archivist registers who came for an approved request; the grant begins."""

    def act(session: Session, actor: Actor, found: AccessRequest) -> None:
        access.register(session, actor, found, Visitor(person or found.asker.name, paper, shown))

    return _step(console, number, act)


@group.command("return")
@click.argument("number", type=int)
@pass_console
def return_(console: Console, number: int) -> Answer:
    """归还:结束授权。 / Give back: the grant ends."""
    return _step(console, number, access.give_back)


@group.command("revoke")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="原因 / why")
@pass_console
def revoke(console: Console, number: int, reason: str) -> Answer:
    """档案员或经理提前撤销授权,须写明原因。 / Archivist or manager ends a grant early, with the reason."""
    return _step(console, number, lambda session, actor, found: access.revoke(session, actor, found, reason))


@group.command("list")
@pass_console
def list_(console: Console) -> Answer:
    """我可以知道的申请,新的在前。 / The requests you may know of, newest first."""
    with console.office.reading() as session:
        rows = [as_row(one) for one in access.list_requests(session, console.actor(session))]
    return answer({"requests": rows}, Table(COLUMNS, rows))


def _step(console: Console, number: int, act: Callable[[Session, Actor, AccessRequest], None]) -> Answer:
    with console.office.transaction() as session:
        actor = console.actor(session)
        found = access.find_request(session, actor, number)
        act(session, actor, found)
        row = as_row(found)
    state = access.STATE_ZH[str(row["state"])]
    return said({"request": row}, f"申请 {number} 号:{state}。", f"Request {number}: {row['state']}.")


def as_row(request: AccessRequest) -> dict[str, object]:
    """A request as a table's row and as JSON."""
    return {
        "id": request.id,
        "state": request.state,
        "asker": request.asker.name,
        "dossiers": [dossier.number for dossier in request.dossiers],
        "purpose": request.purpose,
        "mode": request.mode,
        "asked_at": request.asked_at,
        "starts_at": request.starts_at,
        "ends_at": request.ends_at,
        "decision_reason": request.decision_reason,
        "self_approved": request.self_approved,
        "deputised": request.deputy_for is not None,
        "returned_at": request.returned_at,
        "end_reason": request.end_reason,
    }
