"""yedang scan tray|place|join|…: what waits for a person, and every decision on it, with its way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from sqlalchemy.orm import Session

from forms.scanning.tray import in_tray, placing, suggesting, tray_journal, waiting_groups
from forms.scanning.tray.suggesting import Suggestion
from forms.scanning.tray.tray_tables import TrayAct
from forms.tables import ScanPage
from records.errors import NotFound
from records.tables import Document
from records.users import OFFICE_ROLES
from records.vault import write_durably
from web.acts.scans import tray_placing, tray_undo
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import Console, OfficeCommand, pass_console

TRAY_COLUMNS = (
    Column("id", "待处理号", "No."),
    Column("file", "扫描文件", "Scan"),
    Column("position", "第几页", "Page"),
    Column("serial", "编号", "Serial"),
    Column("reason_zh", "原因", "Why"),
    Column("suggested", "建议", "Suggested"),
    Column("received_at", "收到", "Received"),
)
OTHERS_COLUMNS = (
    Column("batch", "批次", "Batch"),
    Column("keeper", "在谁那里", "With whom"),
    Column("pages", "页数", "Pages"),
)
ACT_COLUMNS = (
    Column("id", "操作号", "Act"),
    Column("kind_zh", "做了什么", "What"),
    Column("pages", "待处理号", "Pages"),
    Column("documents", "文件", "Documents"),
    Column("done_at", "时间", "When"),
    Column("undone_at", "撤销", "Undone"),
)
_numbers = click.argument("numbers", type=int, nargs=-1, required=True, metavar="NUMBER...")
_number = click.argument("number", type=int)
_form = click.option("--form", "form", required=True, help="表单代码、名称或拼音 / which form it is")
_unit = click.option("--unit", "unit", default="", help="单元房号 / the unit whose dossier it belongs to")
_section = click.option("--section", "section", default="", help="档案内的项目(默认按表单) / the dossier's section")
_reason = click.option("--reason", required=True, help="原因 / why")


@click.command("tray", cls=OfficeCommand)
@pass_console
def list_tray(console: Console) -> Answer:
    """待处理:等您决定归到哪里的页;在别人那里的只报页数。 / What waits for you; of others' trays only how much."""
    with console.office.reading() as session:
        actor = console.actor(session)
        actor.require("查看待处理", *OFFICE_ROLES)
        rows = [_waiting(console, session, page) for page in in_tray.waiting(session, actor)]
        others = [
            {"batch": o.batch_id, "keeper": o.keeper, "pages": o.pages} for o in in_tray.with_others(session, actor)
        ]
    tables = [Table(TRAY_COLUMNS, rows), *([Table(OTHERS_COLUMNS, others)] if others else [])]
    return answer({"tray": rows, "others": others}, *tables)


def _waiting(console: Console, session: Session, page: ScanPage) -> dict[str, object]:
    likely = suggesting.suggestions(session, console.office.desk, page)
    return {
        "id": page.id,
        "file": page.batch.name,
        "batch": page.batch_id,
        "position": page.position,
        "serial": page.serial,
        "page_no": page.page_no,
        "reason": page.reason,
        "reason_zh": page.reason_zh,
        "reason_en": page.reason_en,
        "received_at": page.batch.received_at,
        "suggested": _in_words(likely[0]) if likely else None,
        "suggestions": [_suggestion(one) for one in likely],
    }


def _in_words(one: Suggestion) -> str:
    unit = one.unit.code if one.unit else None
    return " ".join(part for part in (one.form_code, one.serial, unit) if part)


def _suggestion(one: Suggestion) -> dict[str, object]:
    unit = one.unit.code if one.unit else None
    return {
        "kind": one.kind,
        "form": one.form_code,
        "unit": unit,
        "serial": one.serial,
        "page_no": one.page_no,
        "copy": one.copy,
        "document": one.document_id,
        "because_zh": one.because_zh,
        "because_en": one.because_en,
    }


@click.command("look", cls=OfficeCommand)
@_number
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JPEG 文件 / where to write the picture")
@pass_console
def look(console: Console, number: int, out: Path) -> Answer:
    """看一张待处理的页(留痕)。 / Look at a page in the tray; it is logged."""
    office = console.office
    with office.transaction() as session:
        picture = in_tray.image(session, office.desk, console.actor(session), in_tray.find(session, number))
    write_durably(out, picture)
    return said(
        {"id": number, "file": out}, f"待处理 {number} 号的影像已写入 {out}。", f"Page {number} written to {out}."
    )


@click.command("place", cls=OfficeCommand)
@_numbers
@_form
@_unit
@_section
@pass_console
def place(console: Console, numbers: tuple[int, ...], form: str, unit: str, section: str) -> Answer:
    """把待处理的页归入某户档案,或所属档案类别;多页各为一份。 / Place pages in a dossier or a series, each alone."""
    return _placed(console, numbers, {"form": form, "unit": unit, "section": section}, together=False)


@click.command("join", cls=OfficeCommand)
@_numbers
@_form
@_unit
@_section
@pass_console
def join(console: Console, numbers: tuple[int, ...], form: str, unit: str, section: str) -> Answer:
    """把几张待处理的页按所写的先后合为一份文件归档。 / File pages as one document, in the order written."""
    return _placed(console, numbers, {"form": form, "unit": unit, "section": section}, together=True)


def _placed(console: Console, numbers: Sequence[int], typed: dict[str, str], *, together: bool) -> Answer:
    office = console.office
    with office.transaction() as session:
        pages = _pages(session, numbers)
        filed = tray_placing.place(session, office.desk, console.actor(session), pages, typed, together=together)
        act = tray_journal.last_of(session, console.actor(session))
        data = {"id": numbers[0], "ids": list(numbers), "act": act.id if act else None} | _document(filed[0])
        data["documents"] = [one.id for one in filed]
        where = filed[0].dossier.number if filed[0].dossier else filed[0].series
    told = "、".join(str(number) for number in numbers)
    zh = f"待处理 {told} 号已归入 {where}(文件 {filed[0].id})。"
    return said(data, zh, f"Page {', '.join(map(str, numbers))} is filed in {where}.")


def _pages(session: Session, numbers: Iterable[int]) -> list[ScanPage]:
    return [in_tray.find(session, number) for number in numbers]


def _document(filed: Document) -> dict[str, object]:
    return {"document": filed.id, "serial": filed.serial, "form": filed.form_code, "section": filed.section}


@click.command("number", cls=OfficeCommand)
@_number
@click.argument("serial")
@click.option("--page", "page_no", type=int, default=1, help="第几页 / which page of it")
@click.option("--copy", "copy", type=int, default=1, help="第几联 / which copy")
@pass_console
def number(console: Console, number: int, serial: str, page_no: int, copy: int) -> Answer:
    """码认不出而编号看得清:按编号归档。 / File a page under the number that you read on it."""
    office = console.office
    with office.transaction() as session:
        actor, page = console.actor(session), in_tray.find(session, number)
        filed = placing.place_under_number(session, office.desk, actor, page, serial, page_no, copy)
        data = {"id": number} | _document(filed)
    zh = f"待处理 {number} 号已按编号 {filed.serial} 归档(文件 {filed.id})。"
    return said(data, zh, f"Page {number} is filed under {filed.serial}.")


@click.command("append", cls=OfficeCommand)
@_numbers
@click.option("--document", "document_id", type=int, required=True, help="文件号 / the document's number")
@pass_console
def append(console: Console, numbers: tuple[int, ...], document_id: int) -> Answer:
    """把页接在同一批的某份文件之后。 / Lay pages behind the last one of a document of the same batch."""
    office = console.office
    with office.transaction() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise NotFound(what=f"文件 {document_id}")
        actor = console.actor(session)
        placing.append(session, office.desk, actor, _pages(session, numbers), document)
        data = {"ids": list(numbers)} | _document(document)
    return said(data, f"已接在文件 {document_id} 之后。", f"Laid behind document {document_id}.")


@click.command("confirm", cls=OfficeCommand)
@_number
@pass_console
def confirm(console: Console, number: int) -> Answer:
    """核对无误,把分隔页和其后的资料整组归档。 / File a cover sheet's group as one, having looked at it.

    NUMBER 是组内任一页的待处理号;不属于这一组的页先归入别处或退回。
    NUMBER is any page of the group; place or refuse before what does not belong to it.
    """
    office = console.office
    with office.transaction() as session:
        filed = waiting_groups.file_anyway(session, office.desk, console.actor(session), in_tray.find(session, number))
        data = {"id": number, "document": filed.id, "serial": filed.serial, "pages": filed.expected_pages}
    return said(
        data,
        f"{data['serial']} 整组 {data['pages']} 页已归档(文件 {data['document']})。",
        f"{data['serial']} is filed with its {data['pages']} pages.",
    )


@click.command("split", cls=OfficeCommand)
@_numbers
@pass_console
def split(console: Console, numbers: tuple[int, ...]) -> Answer:
    """把页从分隔页的一组中拆出,单独处理。 / Take pages out of a cover sheet's group."""
    with console.office.transaction() as session:
        in_tray.split(session, console.actor(session), _pages(session, numbers))
    return said({"ids": list(numbers)}, f"已拆出 {len(numbers)} 页。", f"{len(numbers)} pages taken out.")


@click.command("rotate", cls=OfficeCommand)
@_numbers
@click.option("--by", "turn", type=click.Choice(["90", "180", "270"]), required=True, help="顺时针度数 / clockwise")
@pass_console
def rotate(console: Console, numbers: tuple[int, ...], turn: str) -> Answer:
    """把页转正(只记转角,原件不动)。 / Turn pages for the eye; the bytes stay as received."""
    with console.office.transaction() as session:
        pages = _pages(session, numbers)
        in_tray.rotate(session, console.actor(session), pages, int(turn))
        data = {"ids": list(numbers), "rotation": [page.rotation for page in pages]}
    return said(data, f"已转动 {len(numbers)} 页。", f"{len(numbers)} pages turned.")


@click.command("refuse", cls=OfficeCommand)
@_numbers
@_reason
@pass_console
def refuse(console: Console, numbers: tuple[int, ...], reason: str) -> Answer:
    """退回待处理的页,不归档。 / Send pages back; they are not filed."""
    return _sent_back(console, numbers, reason, rescan=False)


@click.command("rescan", cls=OfficeCommand)
@_numbers
@_reason
@pass_console
def rescan(console: Console, numbers: tuple[int, ...], reason: str) -> Answer:
    """要求把待处理的页重新扫描。 / Ask for pages of the tray to be scanned again."""
    return _sent_back(console, numbers, reason, rescan=True)


def _sent_back(console: Console, numbers: Sequence[int], reason: str, *, rescan: bool) -> Answer:
    office = console.office
    with office.transaction() as session:
        pages = _pages(session, numbers)
        in_tray.send_back(session, office.desk, console.actor(session), pages, reason, rescan=rescan)
        state = pages[0].state
    told, what = "、".join(str(number) for number in numbers), "已要求重扫" if rescan else "已退回"
    data = {"id": numbers[0], "ids": list(numbers), "state": state}
    english = "is to be scanned again" if rescan else "is sent back"
    return said(data, f"待处理 {told} 号{what}。", f"Page {', '.join(map(str, numbers))} {english}.")


@click.command("acts", cls=OfficeCommand)
@pass_console
def acts(console: Console) -> Answer:
    """今天在待处理中做过、还能撤销的操作。 / What was done in the tray today, with the number to undo it by."""
    with console.office.reading() as session:
        rows = [_act(act) for act in tray_journal.today(session, console.actor(session))]
    return answer({"acts": rows}, Table(ACT_COLUMNS, rows))


def _act(act: TrayAct) -> dict[str, object]:
    zh, en = tray_journal.KINDS[act.kind]
    return {
        "id": act.id,
        "kind": act.kind,
        "kind_zh": zh,
        "kind_en": en,
        "pages": [line.scan_page_id for line in act.lines],
        "documents": sorted({line.document_id for line in act.lines if line.document_id is not None}),
        "done_at": act.done_at,
        "undone_at": act.undone_at,
    }


@click.command("undo", cls=OfficeCommand)
@click.argument("act", type=int)
@pass_console
def undo(console: Console, act: int) -> Answer:
    """撤销今天的一项操作(操作号见 yedang scan acts)。 / Take an act of today back."""
    office = console.office
    with office.transaction() as session:
        pages = tray_undo.undo(session, office.desk, console.actor(session), act)
        data = {"act": act, "tray": [page.id for page in pages]}
    return said(data, f"操作 {act} 号已撤销,{len(pages)} 页又在待处理中。", f"Act {act} is undone.")


@click.command("take", cls=OfficeCommand)
@click.argument("batch", type=int)
@pass_console
def take(console: Console, batch: int) -> Answer:
    """接手别人收的一批待处理页(记入日志)。 / Take over a colleague's batch; it is logged."""
    with console.office.transaction() as session:
        count = in_tray.take_over(session, console.actor(session), tray_placing.batch(session, batch))
    return said({"batch": batch, "pages": count}, f"已接手第 {batch} 批的 {count} 页。", f"{count} pages taken over.")


COMMANDS = (list_tray, look, place, join, number, append, confirm, split, rotate, refuse, rescan, acts, undo, take)
