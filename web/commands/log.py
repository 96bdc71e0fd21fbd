"""yedang audit: reading the log, proving it, and its head."""

from __future__ import annotations

from collections import deque

import click

from records import audit
from records.errors import OfficeError
from records.tables import AuditEntry
from records.users import Role
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import Console, OfficeGroup, pass_console

COLUMNS = (
    Column("seq", "序号", "No."),
    Column("at", "时间(UTC)", "At (UTC)"),
    Column("actor", "办理人", "Actor"),
    Column("verb", "事项", "What"),
    Column("subject", "对象", "Subject"),
    Column("details", "细节", "Details"),
)


class LogBroken(OfficeError):
    """The log's chain does not hold."""

    code = "audit.broken"
    zh = "审计日志不完整:{zh}。"
    en = "The audit log does not hold: {en}."


@click.group("audit", cls=OfficeGroup)
def group() -> None:
    """审计日志 / The audit log."""


@group.command("log")
@click.option("--last", default=50, show_default=True, help="最近多少条,0 为全部 / how many of the last, 0 for all")
@click.option("--subject", default="", help="只看此对象,如 dossier:12 / only this subject")
@pass_console
def show(console: Console, last: int, subject: str) -> Answer:
    """列出日志。 / List the log."""
    with console.office.reading() as session:
        console.actor(session).require("查看审计日志", Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
        wanted = (entry for entry in audit.entries(session) if not subject or entry.subject == subject)
        rows = [_row(entry) for entry in deque(wanted, maxlen=last or None)]
    return answer({"entries": rows}, Table(COLUMNS, rows))


@group.command("verify")
@pass_console
def verify(console: Console) -> Answer:
    """从头验证日志的哈希链,指出第一条有问题的记录。 / Prove the chain; names the first bad entry."""
    with console.office.reading() as session:
        bad = audit.verify(session)
        seq, head = audit.head(session)
    if bad:
        data = {"holds": False, "first_bad": bad.seq, "why": bad.zh}
        return answer(data, failure=LogBroken(zh=bad.zh, en=bad.en))
    return said({"holds": True, "seq": seq, "head": head}, f"日志完整,共 {seq} 条。", f"The log holds, {seq} entries.")


@group.command("head")
@pass_console
def head(console: Console) -> Answer:
    """日志的最后一条编号和哈希(印在每册末页)。 / Number and hash of the last entry, as printed in each book."""
    with console.office.reading() as session:
        seq, digest = audit.head(session)
    return said({"seq": seq, "head": digest}, f"{seq} {digest}", f"{seq} {digest}")


def _row(entry: AuditEntry) -> dict[str, object]:
    keys = ("seq", "at", "actor", "verb", "subject", "details", "previous", "hash")
    return {key: getattr(entry, key) for key in keys}
