"""yedang scan rescans …, scan again: pages to be scanned again, and recognised text to be made again."""

from __future__ import annotations

from dataclasses import asdict

import click

from forms.scanning.filing import rescans
from records import access, derived
from records.errors import NotFound
from records.tables import Document
from records.users import OFFICE_ROLES
from web.acts.scans import rescans as lists
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeCommand, OfficeGroup, pass_console

#: So many documents lose their text in one transaction.
CHUNK = 200
ASKED = (
    Column("id", "重扫号", "No."),
    Column("serial", "编号", "Serial"),
    Column("form_code", "表单", "Form"),
    Column("page", "页", "Page"),
    Column("why_zh", "原因", "Why"),
    Column("asked_at", "提出", "Asked"),
)
LACKING = (
    Column("document_id", "文件", "Document"),
    Column("serial", "编号", "Serial"),
    Column("form_code", "表单", "Form"),
    Column("missing", "缺页", "Missing"),
    Column("expected", "共", "Of"),
)


@click.group("rescans", cls=OfficeGroup)
def group() -> None:
    """重扫:扫得不好或缺了的页 / Pages to be scanned again."""


@group.command("list")
@pass_console
def list_rescans(console: Console) -> Answer:
    """要重扫的页,和缺页的文件。 / Pages that ask to be scanned again, and documents that lack pages."""
    with console.office.reading() as session:
        actor = console.actor(session)
        actor.require("查看重扫", *OFFICE_ROLES)
        asked = [asdict(one) for one in lists.asked(session, actor)]
        lacking = [asdict(one) for one in lists.lacking(session, actor)]
    return answer(
        {"asked": asked, "lacking": lacking},
        Sentence(f"要重扫的页:{len(asked)}", f"Pages to scan again: {len(asked)}"),
        Table(ASKED, asked),
        Sentence(f"缺页的文件:{len(lacking)}", f"Documents that lack pages: {len(lacking)}"),
        Table(LACKING, lacking),
    )


@group.command("ask")
@click.argument("document", type=int)
@click.option("--page", "position", type=int, default=1, show_default=True, help="第几页 / which page")
@click.option("--reason", required=True, help="原因 / why")
@pass_console
def ask(console: Console, document: int, position: int, reason: str) -> Answer:
    """要求重扫文件的一页;再扫到这一页时自动换下旧的。 / Ask for a page; its next scan takes the old one's place."""
    with console.office.transaction() as session:
        actor, found = console.actor(session), session.get(Document, document)
        if found is None or not access.may_see_document(session, actor, found).allowed:
            raise NotFound(what=f"文件 {document}")
        asked = rescans.ask_rescan(session, actor, lists.page_at(session, document, position), reason)
        data = {"id": asked.id, "document": document, "page": position}
    return said(
        data,
        f"已要求重扫文件 {document} 第 {position} 页(重扫 {data['id']} 号)。",
        f"Page {position} of document {document} is to be scanned again (rescan {data['id']}).",
    )


@group.command("withdraw")
@click.argument("number", type=int)
@pass_console
def withdraw(console: Console, number: int) -> Answer:
    """撤回重扫要求。 / Take an ask back."""
    with console.office.transaction() as session:
        rescans.withdraw_rescan(session, console.actor(session), rescans.find_rescan(session, number))
    return said({"id": number}, f"重扫 {number} 号已撤回。", f"Rescan {number} is withdrawn.")


@click.command("again", cls=OfficeCommand)
@pass_console
def read_all_again(console: Console) -> Answer:
    """丢掉全部识别文字,重新识别;更正过的和原件不动。 / Throw away all recognised text and read it anew.

    由 yedang worker 识别;中断后可再运行。 / The worker reads; corrections and the scans themselves stay.
    """
    office, count = console.office, 0
    with office.reading() as session:
        actor, ids = console.actor(session), derived.with_text(session)
    with console.progress("丢掉识别文字", "Throwing away text") as progress:
        for start in range(0, max(len(ids), 1), CHUNK):
            with office.transaction() as session:
                count += derived.throw_away_text(session, actor, ids[start : start + CHUNK])
            progress(min(start + CHUNK, len(ids)), len(ids))
    return said(
        {"documents": len(ids), "pages": count},
        f"{len(ids)} 份文件的 {count} 页将重新识别。",
        f"{count} pages of {len(ids)} documents will be read again.",
    )
