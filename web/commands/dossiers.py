"""yedang dossier: what a dossier holds and lacks, its paper, and its export."""

from __future__ import annotations

from pathlib import Path

import click

from records import access, dossiers, identifiers
from records.dossiers import SectionContents
from records.errors import BadInput
from records.estate import transfers
from records.estate.completeness import EventStanding, Standing
from records.estate.estate_tables import BoundaryDocument
from records.tables import Document, Dossier
from records.users import OFFICE_ROLES, Role
from records.vault import write_durably
from web import completeness
from web.acts.dossiers import boundaries
from web.acts.dossiers.dossier_directory import print_directory
from web.acts.dossiers.dossier_export import export_dossier
from web.acts.dossiers.dossier_paper import KINDS, of_building, print_many
from web.acts.dossiers.dossier_reading import contents, find_dossier
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeGroup, pass_console
from web.wording.words import DOSSIERS

DIRECTORY = "directory"
SECTION_COLUMNS = (
    Column("name", "内容", "Section"),
    Column("present", "已归档", "Filed"),
    Column("documents", "文件", "Documents"),
    Column("missing", "缺少", "Missing"),
)

STANDING_COLUMNS = (
    Column("unit", "单元房号", "Unit"),
    Column("dossier", "档号", "Dossier"),
    Column("events", "事件", "Events"),
    Column("count", "缺少", "Missing"),
    Column("missing", "缺少的表单", "Forms missing"),
    Column("unsigned", "未签", "Unsigned"),
)
WAITING_COLUMNS = (
    Column("id", "序号", "No."),
    Column("form", "表单", "Form"),
    Column("serial", "编号", "Serial"),
    Column("dated", "日期", "Dated"),
    Column("former", "原档案", "Former"),
    Column("present", "新档案", "Present"),
)


@click.group("dossier", cls=OfficeGroup)
def group() -> None:
    """业主档案(DA 4.1) / Owner dossiers."""


@group.command("show")
@click.argument("unit")
@pass_console
def show(console: Console, unit: str) -> Answer:
    """各项内容是否齐全;文件名称须有查阅授权。 / Sections and what is missing; titles only under a grant.

    UNIT 为房号(现业主)或档号,如 3-2-1201、3栋2单元1201、DA-3-2-1201-01。
    """
    with console.office.transaction() as session:
        actor = console.actor(session)
        actor.require("查看业主档案", *OFFICE_ROLES)
        dossier = find_dossier(session, unit)
        decision = access.may_see_dossier(session, actor, dossier)
        if decision.allowed:
            access.log_dossier(session, actor, dossier, decision)
        standing = next(iter(completeness.standings(session, console.office, dossier_ids=[dossier.id])), None)
        # A former owner's dossier tells without a grant only that it exists.
        shown = decision.allowed or dossier.state == "open"
        found = contents(session, console.office.catalogue, dossier, standing) if shown else []
        sections = [_section(one, decision.allowed) for one in found]
        data = {
            **_about(dossier),
            "former": [
                one.number for one in dossiers.dossiers_of(session, dossier.ownership.unit) if one is not dossier
            ],
            "open_to_you": decision.allowed,
            "because": decision.because,
            "owners": [owner.name for owner in dossier.ownership.owners] if decision.allowed else None,
            "complete": (not standing.missing if standing else None) if shown else None,
            "events": [_event(one) for one in standing.events] if standing else [],
            "sections": sections,
        }
    return answer(data, _heading(data, decision.because_en), Table(SECTION_COLUMNS, [_row(one) for one in sections]))


def _about(dossier: Dossier) -> dict[str, object]:
    unit = dossier.ownership.unit
    return {
        "number": dossier.number,
        "estate": unit.estate,
        "unit": unit.code,
        "state": dossier.state,
        "opened_on": dossier.opened_on,
        "closed_on": dossier.closed_on,
    }


def _heading(data: dict[str, object], because_en: str) -> Sentence:
    unit, state = str(data["unit"]), str(data["state"])
    former = data["former"]
    assert isinstance(former, list)
    owners = data["owners"]
    names = "、".join(owners) if isinstance(owners, list) else "—"
    also = f";另有 {'、'.join(former)}" if former else ""
    return Sentence(
        f"{data['number']} {data['estate']} {identifiers.format(unit)} {DOSSIERS[state]} 业主:{names}{also}\n"
        f"查阅:{data['because']}。",
        f"{data['number']} {data['estate']} {unit} {state}, owners: {names}; also {', '.join(former) or '—'}\n"
        f"Access: {because_en}.",
    )


def _section(section: SectionContents, titles: bool) -> dict[str, object]:
    """A section for JSON; which documents it holds only where the actor may see them."""
    return {
        "key": section.key,
        "name": section.name,
        "present": len(section.documents) if titles else None,
        "missing": [{"form": one.form_code, "name": one.name, "clause": one.clause} for one in section.missing],
        "documents": [_document(one) for one in section.documents] if titles else None,
    }


def _event(standing: EventStanding) -> dict[str, object]:
    """What a life event asks for, by form codes."""
    lists = {"missing": standing.missing, "unsigned": standing.unsigned, "later": standing.later}
    return {"event": standing.event.key} | {key: [one.form for one in found] for key, found in lists.items()}


def _document(document: Document) -> dict[str, object]:
    return {
        "id": document.id,
        "title": document.title,
        "form": document.form_code,
        "serial": document.serial,
        "copy": document.copy,
        "dated": document.dated,
        "pages": len(document.pages),
        "expected_pages": document.expected_pages,
        "signatures": document.signatures,
    }


def _row(section: dict[str, object]) -> dict[str, object]:
    documents, missing = section["documents"], section["missing"]
    assert isinstance(missing, list)
    shown = (
        [f"{one['title']} {one['serial'] or ''}".strip() for one in documents] if isinstance(documents, list) else []
    )
    return {**section, "documents": shown, "missing": [one["name"] for one in missing]}


@group.command("completeness")
@click.option("--building", default="", help="楼栋 / of one building")
@click.option("--event", default="", help="事件:move_in、renovation、transfer / by one life event")
@click.option("--out", type=click.Path(path_type=Path), help="另存为 xlsx / also write it as .xlsx")
@pass_console
def completeness_(console: Console, building: str, event: str, out: Path | None) -> Answer:
    """全小区档案完整性,缺得多的在前。 / The whole estate's completeness, worst first; names no owner."""
    office = console.office
    known = [one.key for one in office.life_events]
    if event and event not in known:
        raise BadInput(what=f"事件 {event}(可选:{'、'.join(known)})")
    with office.reading() as session:
        console.actor(session).require("查看档案完整性", *OFFICE_ROLES)
        found = completeness.standings(session, office, building=building, event=event)
        if out is not None:
            write_durably(out, completeness.workbook(office.catalogue, found))
    rows = [_standing(one) for one in found]
    return answer({"dossiers": rows, "file": out}, Table(STANDING_COLUMNS, rows))


def _standing(one: Standing) -> dict[str, object]:
    return {
        "estate": one.estate,
        "unit": one.unit,
        "dossier": one.number,
        "events": [event.event.key for event in one.events],
        "count": len(one.missing),
        "missing": list(one.missing),
        "unsigned": list(one.unsigned),
    }


@group.command("boundary")
@pass_console
def boundary(console: Console) -> Answer:
    """补登业主变更后待定归属的文件。 / Documents after a back-dated transfer that wait for a decision."""
    with console.office.reading() as session:
        console.actor(session).require("查看待定归属的文件", Role.ARCHIVIST)
        rows = [_waiting(one) for one in transfers.waiting(session)]
    return answer({"waiting": rows}, Table(WAITING_COLUMNS, rows))


def _waiting(row: BoundaryDocument) -> dict[str, object]:
    document = row.document
    return {
        "id": row.id,
        "form": document.form_code,
        "serial": document.serial,
        "dated": document.dated,
        "former": row.former.number,
        "present": row.present.number,
    }


@group.command("decide")
@click.argument("row", type=int)
@click.argument("decision", type=click.Choice(boundaries.DECISIONS))
@pass_console
def decide(console: Console, row: int, decision: str) -> Answer:
    """决定一份文件留在原档案还是移入新档案(只由档案员)。 / Decide where such a document belongs."""
    with console.office.transaction() as session:
        done = boundaries.decide(session, console.office.vault, console.actor(session), row, decision)
        data = {"id": done.id, "document": done.document_id, "state": done.state}
    return said(data, f"第 {row} 份已决定。", f"Decided on {row}: {decision}.")


@group.command("print")
@click.argument("units", nargs=-1)
@click.argument("paper", type=click.Choice([*KINDS, DIRECTORY]))
@click.option("--building", default="", help="整栋楼 / a whole building")
@click.option("--former", is_flag=True, help="整栋楼时连同原业主档案 / former owners' dossiers of the building too")
@click.option("--skip", default=0, show_default=True, help="首张已用去的标签位 / labels of the first sheet used before")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PDF 文件 / where to write it")
@pass_console
def print_(
    console: Console, units: tuple[str, ...], paper: str, building: str, former: bool, skip: int, out: Path
) -> Answer:
    """打印封面、卷内目录、备考表、标签;一户、几户或整栋。 / Print a folder's paper, of units or of a building.

    directory 为业主档案目录,全部或一栋。 / directory: the list of dossiers, of all or of a building.
    """
    office = console.office
    if paper == DIRECTORY:
        with office.transaction() as session:
            write_durably(out, print_directory(session, office, console.actor(session), building))
        return said({"paper": paper, "file": out}, f"业主档案目录已写入 {out}。", f"The list is written to {out}.")
    with office.reading() as session:
        actor = console.actor(session)
        found = [find_dossier(session, text).id for text in units]
        found += of_building(session, building, former) if building else []
    if not found:
        raise BadInput(what="请写明房号、档号,或用 --building 指定楼栋")
    with console.progress("打印", "Printing") as progress:
        write_durably(out, print_many(office, actor, found, paper, skip, progress))
    data = {"dossiers": len(found), "paper": paper, "file": out}
    name = KINDS[paper][0]
    return said(data, f"{len(found)} 卷的{name}已写入 {out}。", f"{paper} of {len(found)} dossiers written to {out}.")


@group.command("export")
@click.argument("unit")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="空文件夹 / an empty folder")
@pass_console
def export(console: Console, unit: str, out: Path) -> Answer:
    """导出影像原件和目录,须有查阅授权。 / Page bytes as filed, with a list; only under a grant."""
    office = console.office
    with office.transaction() as session, console.progress("导出", "Exporting") as progress:
        actor = console.actor(session)
        dossier = find_dossier(session, unit)
        pages = export_dossier(session, office.vault, office.catalogue, actor, dossier, out, progress)
        data = {"dossier": dossier.number, "folder": out, "pages": len(pages)}
    return said(
        data,
        f"{data['dossier']}:已导出 {len(pages)} 页到 {out}。内容敏感,用后请按规定处理。",
        f"{data['dossier']}: {len(pages)} pages written to {out}. Sensitive: dispose of them properly.",
    )
