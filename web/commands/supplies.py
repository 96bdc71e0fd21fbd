"""yedang form outstanding, unsigned and stock: paper that must come back, lacks a signature, or runs out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import click

from forms.books.stock import Stock, stock
from forms.catalogue import Form
from forms.outstanding import Outstanding, outstanding
from forms.unsigned import Unsigned, names, unsigned
from records import clock
from records.users import OFFICE_ROLES
from web.commands.answers import Answer, Column, Sentence, Table, answer
from web.commands.console import DAY, Console, OfficeCommand, pass_console

OUTSTANDING_COLUMNS = (
    Column("serial", "编号", "Serial"),
    Column("name", "表单", "Form"),
    Column("copy", "联", "Copy"),
    Column("label", "联名", "Label"),
    Column("unit", "单元", "Unit"),
    Column("issued_on", "发出", "Issued"),
    Column("due_on", "应交回", "Due"),
    Column("late", "逾期", "Late"),
)
UNSIGNED_COLUMNS = (
    Column("serial", "编号", "Serial"),
    Column("name", "表单", "Form"),
    Column("copy", "联", "Copy"),
    Column("unit", "单元", "Unit"),
    Column("since", "归档", "Filed"),
    Column("missing", "未签", "Not signed"),
    Column("unclear", "看不清", "Unclear"),
    Column("document_id", "文件", "Document"),
)
STOCK_COLUMNS = (
    Column("form", "代码", "Code"),
    Column("name", "名称", "Name"),
    Column("left", "剩余页", "Pages left"),
    Column("in_stock", "未领用", "Not issued"),
    Column("in_use", "在用册内", "In books in use"),
    Column("used", "近30天用", "Used in 30 days"),
    Column("wanted", "应备", "Wanted"),
    Column("low", "该印了", "Low"),
)


@click.command("outstanding", cls=OfficeCommand)
@click.option("--on", type=DAY, help="截至哪一天,默认今天 / as of which day (today)")
@pass_console
def list_outstanding(console: Console, on: date | None) -> Answer:
    """应交回而未扫描的联,逾期的在前。 / Copies that must come back and are not scanned yet, the late first."""
    catalogue, day = console.office.catalogue, on or clock.today()
    names = {form.code: form.zh for form in catalogue.forms}
    with console.office.reading() as session:
        console.actor(session).require("查看未交回的联", *OFFICE_ROLES)
        rows = [_out(one, names) for one in outstanding(session, catalogue, day)]
    late = sum(bool(row["late"]) for row in rows)
    said = Sentence(f"未交回 {len(rows)} 联,逾期 {late} 联。", f"{len(rows)} copies are out, {late} of them late.")
    return answer({"on": day, "outstanding": rows, "late": late}, Table(OUTSTANDING_COLUMNS, rows), said)


def _out(one: Outstanding, names: dict[str, str]) -> dict[str, object]:
    return {**asdict(one), "name": names[one.form_code]}


@click.command("unsigned", cls=OfficeCommand)
@pass_console
def list_unsigned(console: Console) -> Answer:
    """已归档而签名不全的表单,最早的在前。 / Filed sheets that lack a signature, the longest waiting first."""
    catalogue = console.office.catalogue
    with console.office.reading() as session:
        console.actor(session).require("查看签名不全的表单", *OFFICE_ROLES)
        rows = [_unsigned(one, catalogue.form(one.form_code)) for one in unsigned(session, catalogue)]
    said = Sentence(f"签名不全 {len(rows)} 份。", f"{len(rows)} sheets lack a signature.")
    return answer({"unsigned": rows}, Table(UNSIGNED_COLUMNS, rows), said)


def _unsigned(one: Unsigned, form: Form) -> dict[str, object]:
    called = {key: zh for key, (zh, _) in names(form).items()}
    places = {"missing": [called[key] for key in one.missing], "unclear": [called[key] for key in one.unclear]}
    return {**asdict(one), "name": form.zh, **places}


@click.command("stock", cls=OfficeCommand)
@pass_console
def show_stock(console: Console) -> Answer:
    """各成册表单剩余的空白页;快用完的在前。 / Unused pages of each book form, those that run out first."""
    catalogue = console.office.catalogue
    names = {form.code: form.zh for form in catalogue.forms}
    with console.office.reading() as session:
        console.actor(session).require("查看成册表单", *OFFICE_ROLES)
        rows = [_stock(one, names) for one in stock(session, catalogue, clock.today())]
    return answer({"stock": rows}, Table(STOCK_COLUMNS, rows))


def _stock(one: Stock, names: dict[str, str]) -> dict[str, object]:
    return {
        "form": one.form_code,
        "name": names[one.form_code],
        "left": one.left,
        "in_stock": one.in_stock,
        "in_use": one.in_use,
        "used": one.used,
        "wanted": one.wanted,
        "low": one.low,
    }


COMMANDS = (list_outstanding, list_unsigned, show_stock)
