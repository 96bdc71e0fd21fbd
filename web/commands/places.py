"""yedang place: shelves and boxes, what stands in them, their labels, stocktaking."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from records.paper import place_codes, places
from records.paper.paper_tables import Placement
from records.paper.places import Filled, Stock
from records.users import OFFICE_ROLES
from records.vault import write_durably
from web.acts.dossiers.dossier_reading import find_dossier
from web.acts.paper.place_paper import found_lines, print_labels
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import OUT, Console, OfficeGroup, pass_console

COLUMNS = (
    Column("code", "位置号", "Place"),
    Column("spoken", "位置", "In words"),
    Column("name", "说明", "Name"),
    Column("dossiers", "案卷", "Dossiers"),
)
HELD_COLUMNS = (Column("dossier", "档号", "Dossier"), Column("unit", "房号", "Unit"), Column("put_at", "放入", "Put"))
STOCK_COLUMNS = (
    Column("place", "位置号", "Place"),
    Column("right", "在位", "Right"),
    Column("out", "借出", "On loan"),
    Column("missing", "缺少", "Missing"),
    Column("back", "应在借出中", "Found though lent"),
    Column("misplaced", "放错", "Misplaced"),
    Column("foreign", "来历不明", "Foreign"),
)


@click.group("place", cls=OfficeGroup)
def group() -> None:
    """案卷存放位置 / Where dossiers stand."""


@group.command("add")
@click.argument("code")
@click.option("--boxes", default=0, show_default=True, help="该层的盒数,自 01 起 / boxes on the shelf, from 01")
@click.option("--name", default="", help="说明,如「东墙」 / what people call it")
@pass_console
def add(console: Console, code: str, boxes: int, name: str) -> Answer:
    """登记一层或一盒(如 A-03-2、A-03-2-05)。 / Register a shelf or a box."""
    with console.office.transaction() as session:
        made = [place.code for place in places.add(session, console.actor(session), code, name, boxes)]
    return said({"places": made}, f"已登记 {len(made)} 个位置:{'、'.join(made)}。", f"Registered: {', '.join(made)}.")


@group.command("list")
@pass_console
def list_(console: Console) -> Answer:
    """所有位置和其中的卷数。 / All places, and how many dossiers belong into each."""
    with console.office.reading() as session:
        console.actor(session).require("查看存放位置", *OFFICE_ROLES)
        rows = [_row(one) for one in places.listing(session)]
    return answer({"places": rows}, Table(COLUMNS, rows))


def _row(one: Filled) -> dict[str, object]:
    code = one.place.code
    return {"code": code, "spoken": place_codes.format(code), "name": one.place.name, "dossiers": one.count}


@group.command("show")
@click.argument("code")
@pass_console
def show(console: Console, code: str) -> Answer:
    """一个位置里应有哪些案卷。 / What should be in a place."""
    with console.office.reading() as session:
        console.actor(session).require("查看存放位置", *OFFICE_ROLES)
        place = places.find(session, code)
        rows = [_held(one) for one in places.holdings(session, place)]
        data = {"place": place.code, "name": place.name, "dossiers": rows}
    zh, en = f"{data['place']} {place_codes.format(code)}:{len(rows)} 卷", f"{data['place']}: {len(rows)} dossiers"
    return answer(data, Sentence(zh, en), Table(HELD_COLUMNS, rows))


def _held(one: Placement) -> dict[str, object]:
    return {"dossier": one.dossier.number, "unit": one.dossier.ownership.unit.code, "put_at": one.put_at}


@group.command("put")
@click.argument("dossiers", nargs=-1, required=True)
@click.argument("code")
@pass_console
def put(console: Console, dossiers: tuple[str, ...], code: str) -> Answer:
    """把一卷或几卷放入一个位置;已在别处的即为移动。 / Put dossiers into a place; from elsewhere it is a move."""
    with console.office.transaction() as session:
        actor, place = console.actor(session), places.find(session, code)
        put_in = [places.put(session, actor, find_dossier(session, text), place) for text in dossiers]
        data = {"place": place.code, "dossiers": [one.dossier_id for one in put_in], "count": len(put_in)}
    where = f"{data['place']}({place_codes.format(code)})"
    return said(data, f"{len(put_in)} 卷已放入 {where}。", f"{len(put_in)} dossiers are in {data['place']} now.")


@group.command("labels")
@click.argument("codes", nargs=-1)
@click.option("--skip", default=0, show_default=True, help="首张已用去的标签位 / labels of the first sheet used before")
@click.option("--out", required=True, type=OUT, help="PDF 文件 / where to write it")
@pass_console
def labels(console: Console, codes: tuple[str, ...], skip: int, out: Path) -> Answer:
    """打印位置标签;不写位置即全部。 / Print labels of places; of all without CODES."""
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        wanted = [places.find(session, code) for code in codes] or [one.place for one in places.listing(session)]
        write_durably(out, print_labels(session, office, actor, wanted, skip))
        data = {"labels": len(wanted), "file": out}
    return said(data, f"{data['labels']} 张位置标签已写入 {out}。", f"{data['labels']} labels written to {out}.")


@group.command("check")
@click.argument("found", type=click.File("r", encoding="utf-8"))
@click.option("--place", "code", default="", help="在哪里找到的;文件中有位置标签时可不写 / where it was found")
@pass_console
def check(console: Console, found: TextIO, code: str) -> Answer:
    """盘点:FOUND 为扫到的标签或档号,一行一个(- 为标准输入)。 / Stocktaking from what was scanned, one a line."""
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        first = places.find(session, code).code if code else ""
        lines = list(found_lines(office, found.read()))
        parts = places.split_found([first] if first else [], lines, first)
        stocks = [places.take_stock(session, actor, places.find(session, at), names) for at, names in parts.items()]
    rows = [_stock(one) for one in stocks]
    good = all(one.is_clean for one in stocks)
    zh, en = ("与记录相符。", "All as recorded.") if good else ("与记录不符,见上表。", "Not as recorded, see above.")
    return answer({"places": rows, "clean": good}, Table(STOCK_COLUMNS, rows), Sentence(zh, en))


def _stock(one: Stock) -> dict[str, object]:
    return {
        "place": one.place.code,
        "right": list(one.right),
        "out": list(one.out),
        "missing": list(one.missing),
        "back": list(one.back),
        "misplaced": [f"{number}→{home or '无位置'}" for number, home in one.misplaced],
        "foreign": list(one.foreign),
    }
