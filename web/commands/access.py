"""yedang access: asking for dossiers, deciding, registering, giving back."""

from __future__ import annotations

from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from records import access
from records.tables import AccessRequest
from records.users import Actor
from web.acts.dossier_reading import find_dossier
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import Console, OfficeGroup, pass_console

COLUMNS = (
    Column("id", "申请号", "Request"),
    Column("state", "状态", "State", access.STATE_ZH),
    Column("asker", "申请人", "Asker"),
    Column("dossiers", "档案", "Dossiers"),
    Column("purpose", "事由", "Purpose"),
    Column("asked_at", "申请时间", "Asked"),
    Column("ends_at", "有效期至", "Until"),
    Column("self_approved", "自批", "Own approval"),
)


@click.group("access", cls=OfficeGroup)
def group() -> None:
    """查阅申请与授权(DA 4.3) / Asking to see dossiers, and grants."""


@group.command("request")
@click.argument("units", nargs=-1, required=True)
@click.option("--purpose", required=True, help="查阅事由 / what for")
@click.option("--days", default=1, show_default=True, help="期限(天) / for how many days")
@click.option(
    "--mode", default="screen", show_default=True, type=click.Choice(["screen", "print", "loan"]), help="方式 / how"
)
@pass_console
def request(console: Console, units: tuple[str, ...], purpose: str, days: int, mode: str) -> Answer:
    """申请查阅一户或几户的档案(房号或档号)。 / Ask to see dossiers, by unit or dossier number."""
    with console.office.transaction() as session:
        asked = [find_dossier(session, text) for text in units]
        made = access.request_access(session, console.actor(session), asked, purpose, days, mode)
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
@pass_console
def register(console: Console, number: int) -> Answer:
    """档案员登记已批准的申请,授权由此生效。 / An archivist registers an approved request; the grant begins."""
    return _step(console, number, access.register)


@group.command("return")
@click.argument("number", type=int)
@pass_console
def return_(console: Console, number: int) -> Answer:
    """归还:结束授权。 / Give back: the grant ends."""
    return _step(console, number, access.give_back)


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
    }
