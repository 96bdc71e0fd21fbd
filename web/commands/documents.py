"""yedang document: what stands on a filed document's pages as text, and putting right what recognition misread."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from records import access, readings
from records.errors import NotFound
from records.tables import Document
from web import viewer
from web.acts.scans.page_texts import field_names
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import Console, OfficeGroup, pass_console
from web.office import Office
from web.wording.words import READINGS

FIELD_COLUMNS = (
    Column("page", "页", "Page"),
    Column("name", "栏目", "Field"),
    Column("key", "代码", "Key"),
    Column("text", "内容", "Text"),
    Column("state", "来源", "State", {**READINGS, "blank": "空白"}),
    Column("confidence", "把握", "Confidence"),
)


@click.group("document", cls=OfficeGroup)
def group() -> None:
    """归档文件上的文字 / The text of filed documents."""


@group.command("text")
@click.argument("number", type=int)
@click.option("--blank", is_flag=True, help="连同没有字迹的栏目 / fields without writing too")
@pass_console
def text(console: Console, number: int, blank: bool) -> Answer:
    """文件各页上的字,按栏目,注明是识别、更正还是打印(留痕)。 / What stands on its pages by field; logged.

    NUMBER 是文件号(检索结果和待处理里的 document)。业主档案里的文件须有查阅授权。
    NUMBER is the document's, as search gives it. One in an owner's dossier needs a grant.
    """
    form, rows = _opened(console, number)
    shown = [row for row in rows if blank or row["state"] != "blank"]
    return answer({"document": number, "form": form, "fields": shown}, Table(FIELD_COLUMNS, shown))


def _opened(console: Console, number: int) -> tuple[str, list[dict[str, object]]]:
    """The form's code and every field of a document that is open to the actor; the look, or its refusal, is logged."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        document, decision = access.judge_document(session, actor, number)
        if document is None or not decision.allowed:
            access.log_document(session, actor, document or number, decision)
        else:
            rows = _rows(session, console.office, document)
            for position in sorted({int(str(row["page"])) for row in rows}):
                readings.log_shown(session, actor, document, position, decision)
            return document.form_code, rows
    raise NotFound(what=f"文件 {number}")


def _rows(session: Session, office: Office, document: Document) -> list[dict[str, object]]:
    names = field_names(office.catalogue, document.form_code)
    return [
        {
            "page": page.position,
            "key": key,
            "name": names[key].zh if key in names else key,
            "text": field.text,
            "state": field.state,
            "confidence": field.confidence,
            "box": field.box,
            "lines": [{"text": line.text, "box": line.box, "confidence": line.confidence} for line in field.lines],
            "corrected_by": field.by,
            "corrected_at": field.at,
        }
        for page in readings.of_documents(session, [document.id]).get(document.id, [])
        for key, field in page.fields.items()
    ]


@group.command("correct")
@click.argument("number", type=int)
@click.argument("text")
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1), help="第几页 / which page")
@click.option("--field", default="", help="栏目代码或名称,默认全页 / the field's key or name, by default the page")
@pass_console
def correct(console: Console, number: int, text: str, page: int, field: str) -> Answer:
    r"""更正识别的文字;以后再识别也以更正为准。 / Put right what was read; later runs never overwrite it.

    TEXT 为该栏目的全部文字,换行写作 \n;空的表示那里没有字。能查阅此页的人都能更正,日志只记更正了哪一栏。
    TEXT is all that the field holds, \n for a new line. Whoever may see the page may correct it.
    """
    office = console.office
    try:
        with office.transaction() as session:
            actor, document = console.actor(session), session.get(Document, number)
            names = field_names(office.catalogue, document.form_code) if document is not None else {}
            key = next((key for key, name in names.items() if field in (name.zh, name.en)), field)
            read = readings.correct(session, actor, number, page, key, text.replace("\\n", "\n"))
    except NotFound:
        with office.transaction() as session:
            _, decision = access.judge_document(session, console.actor(session), number)
            if not decision.allowed:
                viewer.log_look(session, console.actor(session), number, page)
        raise
    data = {"document": number, "page": page, "field": key, "text": read.text, "state": read.state}
    return said(data, f"文件 {number} 第 {page} 页已更正。", f"Page {page} of document {number} is corrected.")


@group.command("read-again")
@click.argument("number", type=int)
@pass_console
def read_again(console: Console, number: int) -> Answer:
    """让 worker 再识别一次,更正过的不动。 / Let the worker read its pages again; corrections stay."""
    with console.office.transaction() as session:
        count = readings.read_again(session, console.actor(session), number)
    return said(
        {"document": number, "pages": count},
        f"文件 {number} 的 {count} 页将重新识别。",
        f"{count} pages of document {number} will be read again.",
    )
