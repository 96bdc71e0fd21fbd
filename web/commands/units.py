"""yedang unit: importing the estate's table, merging and splitting homes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from sqlalchemy.orm import Session

from records import units
from records.dossiers import NewOwner
from records.estate import importing, restructuring
from records.estate.importing import Fate, Plan
from records.estate.restructuring import Restructured
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import DAY, Console, OfficeGroup, pass_console
from web.wording.words import FATES

FATE_COLUMNS = (
    Column("row", "行", "Row"),
    Column("unit", "单元房号", "Unit"),
    Column("fate", "结果", "Fate", FATES),
    Column("notes", "说明", "What"),
)


@click.group("unit", cls=OfficeGroup)
def group() -> None:
    """单元房号 / Homes."""


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只预览每一行的结果,不导入 / show every row's fate, import nothing")
@click.option("--keep-good", is_flag=True, help="有错的行略去,其余照常导入 / leave out rows with mistakes")
@pass_console
def import_(console: Console, file: Path, dry_run: bool, keep_good: bool) -> Answer:
    """导入小区单元与业主(csv 或 xlsx)。 / Import units and owners from csv or xlsx.

    列:小区 estate、楼栋 building、单元房号 unit、业主 owner、电话 phone、身份证号 id、起始日期 from-date。
    先全部检查,有一处错误就什么也不导入;再次导入则更新电话和证件号,旧值存入变更记录。
    业主变更须另有「变更日期」列 transfer-date(可加「变更依据」列 reason),否则按错误处理。
    """
    data = file.read_bytes()
    office = console.office
    if dry_run:
        with office.reading() as session:
            return _previewed(importing.plan(session, console.actor(session), file.name, data))
    with office.transaction() as session, console.progress("导入", "Importing") as progress:
        actor = console.actor(session)
        done = importing.import_units(session, office.vault, actor, file.name, data, progress, keep_good=keep_good)
    counts = {
        "added": done.added,
        "changed": done.changed,
        "transferred": done.transferred,
        "unchanged": done.known,
        "left_out": done.left_out,
    }
    left = f";有错略去 {done.left_out} 行" if done.left_out else ""
    return said(
        counts,
        f"新增 {done.added} 个单元,更新 {done.changed} 个,业主变更 {done.transferred} 个;{done.known} 个未变{left}。",
        f"Added {done.added} units, updated {done.changed}, transferred {done.transferred}; "
        f"{done.known} unchanged, {done.left_out} left out.",
    )


def _previewed(plan: Plan) -> Answer:
    counts = plan.counts
    zh = "、".join(f"{FATES[kind]} {count}" for kind, count in counts.items())
    en = ", ".join(f"{kind} {count}" for kind, count in counts.items())
    rows = [_row(fate) for fate in plan.fates]
    data = {"counts": counts, "rows": rows}
    told = Sentence(f"预览(没有导入):{zh}。", f"Dry run, nothing imported: {en}.")
    return answer(data, Table(FATE_COLUMNS, rows), told)


def _row(fate: Fate) -> dict[str, object]:
    notes, notes_en = [note.zh for note in fate.notes], [note.en for note in fate.notes]
    return {"row": fate.row, "unit": fate.unit, "fate": fate.kind, "notes": notes, "notes_en": notes_en}


def _owners(names: tuple[str, ...], phone: str, number: str) -> list[NewOwner]:
    """The owners given on the command line; phone and number belong to the first."""
    return [NewOwner(name, *((phone, number) if place == 0 else ())) for place, name in enumerate(names)]


@group.command("merge")
@click.argument("old", nargs=-1, required=True)
@click.option("--into", required=True, help="合并后的房号,不得与旧号相同 / the new unit")
@click.option("--on", required=True, type=DAY, help="合并日期 / date")
@click.option("--owner", "names", multiple=True, help="新业主,缺省为原业主 / owners, the old ones unless given")
@click.option("--phone", default="", help="第一位业主的电话 / phone of the first")
@click.option("--id", "id_number", default="", help="第一位业主的证件号 / ID number of the first")
@pass_console
def merge(
    console: Console, old: tuple[str, ...], into: str, on: date, names: tuple[str, ...], phone: str, id_number: str
) -> Answer:
    """合并单元:旧单元注销,档案随其产权期封存,新单元开空档。 / Merge units into a new one."""
    with console.office.transaction() as session:
        return _restructured(console, session, old, (into,), on, _owners(names, phone, id_number))


@group.command("split")
@click.argument("old")
@click.option("--into", required=True, multiple=True, help="分割后的房号,给出两次以上 / the new units")
@click.option("--on", required=True, type=DAY, help="分割日期 / date")
@click.option("--owner", "names", multiple=True, help="新业主,缺省为原业主 / owners, the old ones unless given")
@click.option("--phone", default="", help="第一位业主的电话 / phone of the first")
@click.option("--id", "id_number", default="", help="第一位业主的证件号 / ID number of the first")
@pass_console
def split(
    console: Console, old: str, into: tuple[str, ...], on: date, names: tuple[str, ...], phone: str, id_number: str
) -> Answer:
    """分割单元:旧单元注销,档案随其产权期封存,新单元开空档。 / Split a unit into new ones."""
    with console.office.transaction() as session:
        return _restructured(console, session, (old,), into, on, _owners(names, phone, id_number))


def _restructured(
    console: Console,
    session: Session,
    old: tuple[str, ...],
    new: tuple[str, ...],
    on: date,
    owners: list[NewOwner],
) -> Answer:
    found = [units.find_unit(session, text) for text in old]
    done = restructuring.restructure(session, console.office.vault, console.actor(session), found, new, on, owners)
    return _told(done, on)


def _told(done: Restructured, on: date) -> Answer:
    closed, opened = [unit.code for unit in done.closed], [unit.code for unit in done.opened]
    former, begun = [one.number for one in done.former], [one.number for one in done.dossiers]
    data = {"closed": closed, "opened": opened, "former": former, "dossiers": begun, "on": on}
    return said(
        data,
        f"{'、'.join(closed)} 已注销,现为 {'、'.join(opened)};封存 {'、'.join(former) or '无'},"
        f"新档案 {'、'.join(begun) or '无'}。",
        f"{', '.join(closed)} closed, now {', '.join(opened)}; closed dossiers {', '.join(former) or 'none'}, "
        f"opened {', '.join(begun) or 'none'}.",
    )
