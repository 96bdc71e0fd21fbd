"""yedang book: the life of a book, page by page."""

from __future__ import annotations

from datetime import date

import click

from forms import books
from forms.books import BOOK_STATES, PAGE_STATES, Reconciliation, handovers
from forms.books.handovers import Step
from forms.tables import Book, Serial
from records import clock
from records.users import OFFICE_ROLES
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import DAY, Console, OfficeGroup, pass_console

BOOK_COLUMNS = (
    Column("number", "册号", "Book"),
    Column("form", "表单", "Form"),
    Column("pages", "页数", "Pages"),
    Column("state", "状态", "State", {key: zh for key, (zh, _) in BOOK_STATES.items()}),
    Column("issued_to", "领用人", "Issued to"),
    Column("issued_at", "领用时间", "Issued"),
    Column("closed_at", "结册时间", "Closed"),
)
STEP_COLUMNS = (
    Column("on", "日期", "Date"),
    Column("zh", "经过", "Step"),
    Column("who", "经手", "By"),
)
PAGE_COLUMNS = (
    Column("page", "页", "Page"),
    Column("serial", "编号", "Serial"),
    Column("state", "状态", "State", {key: zh for key, (zh, _) in PAGE_STATES.items()}),
    Column("settled", "已落实", "Settled"),
)


@click.group("book", cls=OfficeGroup)
def group() -> None:
    """成册表单:领用、作废、核对、结册 / Books of numbered pages."""


@group.command("list")
@click.option("--form", "form_name", default="", help="表单代码或名称 / only this form")
@click.option("--state", type=click.Choice(list(BOOK_STATES)), help="状态 / only in this state")
@pass_console
def list_(console: Console, form_name: str, state: str | None) -> Answer:
    """列出各册及其状态。 / List the books and their states."""
    code = console.office.catalogue.form(form_name).code if form_name else None
    with console.office.reading() as session:
        console.actor(session).require("查看成册表单", *OFFICE_ROLES)
        rows = [_book(one) for one in books.list_books(session, code, state)]
    return answer({"books": rows}, Table(BOOK_COLUMNS, rows))


@group.command("show")
@click.argument("book")
@pass_console
def show(console: Console, book: str) -> Answer:
    """一册的情况和每页的状态。 / One book and where each of its pages stands."""
    with console.office.reading() as session:
        console.actor(session).require("查看成册表单", *OFFICE_ROLES)
        found = books.find_book(session, book)
        row, account = _book(found), books.reconcile(session, found)
        row |= {"log_seq": found.log_seq, "log_head": found.log_head, "holder": handovers.holder(session, found)}
        steps = [_step(one) for one in handovers.life(session, found)]
    parts = (Table(BOOK_COLUMNS, [row]), Table(STEP_COLUMNS, steps), _pages(account))
    return answer({"book": row, "life": steps, **_account(account)}, *parts)


def _step(step: Step) -> dict[str, object]:
    return {"step": step.key, "zh": step.zh, "en": step.en, "on": step.on, "who": step.who}


@group.command("issue")
@click.argument("book")
@click.option("--to", required=True, help="领用人 / who takes it")
@pass_console
def issue(console: Console, book: str, to: str) -> Answer:
    """领用:把一册交给领用人。 / Hand a printed book to somebody."""
    with console.office.transaction() as session:
        found = books.find_book(session, book)
        books.issue(session, console.actor(session), found, to)
        row = _book(found)
    return said({"book": row}, f"{row['number']} 已由 {to} 领用。", f"{row['number']} is issued to {to}.")


@group.command("handover")
@click.argument("book")
@click.option("--to", required=True, help="接收人 / who takes it over")
@click.option("--counted", required=True, type=int, help="清点页数 / pages counted")
@click.option("--on", type=DAY, help="交接日期,默认今天 / date (today)")
@pass_console
def handover(console: Console, book: str, to: str, counted: int, on: date | None) -> Answer:
    """交接:使用中的册清点页数后转给他人。 / Pass a book in use on to somebody, its pages counted."""
    with console.office.transaction() as session:
        found = books.find_book(session, book)
        row = handovers.hand_over(session, console.actor(session), found, to, on or clock.today(), counted)
        data = {"book": found.number, "giver": row.giver, "taker": row.taker, "on": row.on, "counted": row.counted}
    zh = f"{data['book']} 已由 {data['giver']} 交给 {data['taker']}。"
    return said(data, zh, f"{data['book']} has passed from {data['giver']} to {data['taker']}.")


@group.command("full")
@click.argument("book")
@click.option("--counted", required=True, type=int, help="清点页数 / pages counted")
@click.option("--on", type=DAY, help="交回日期,默认今天 / date (today)")
@pass_console
def full(console: Console, book: str, counted: int, on: date | None) -> Answer:
    """用完交回:清点页数后收回,等待核对、结册。 / Take a full book back, its pages counted."""
    with console.office.transaction() as session:
        found = books.find_book(session, book)
        row = handovers.bring_back(session, console.actor(session), found, on or clock.today(), counted)
        data = {"book": _book(found), "giver": row.giver, "on": row.on, "counted": row.counted}
    return said(data, f"{book} 已由 {data['giver']} 交回。", f"{book} was brought back by {data['giver']}.")


@group.command("void")
@click.argument("serial")
@click.option("--reason", required=True, help="作废原因 / why")
@pass_console
def void(console: Console, serial: str, reason: str) -> Answer:
    """作废一页;纸页须保留。 / Void a spoiled page; the paper is kept."""
    with console.office.transaction() as session:
        row = _serial(books.void(session, console.actor(session), serial, reason))
    return said({"page": row}, f"{row['serial']} 已作废,请保留纸页。", f"{row['serial']} is void; keep the paper.")


@group.command("blank")
@click.argument("book")
@click.argument("serials", nargs=-1)
@click.option("--from", "first", default="", help="从此编号到末页全部注销 / this page and all behind it")
@pass_console
def blank(console: Console, book: str, serials: tuple[str, ...], first: str) -> Answer:
    """主管注销未用的空白页,或用 --from 一次注销册尾。 / A supervisor cancels unused pages, or the whole tail."""
    if bool(serials) == bool(first):
        raise click.UsageError("请给出编号,或 --from 编号,二者取一 / give serials, or --from SERIAL")
    with console.office.transaction() as session:
        found, actor = books.find_book(session, book), console.actor(session)
        if first:
            done = books.cancel_tail(session, actor, found, first)
        else:
            done = books.cancel_blank(session, actor, found, serials)
        rows = [_serial(one) for one in done]
    return said({"pages": rows}, f"已注销 {len(rows)} 页空白页。", f"{len(rows)} unused pages are cancelled.")


@group.command("missing")
@click.argument("serial")
@click.option("--story", required=True, help="缺失经过 / what happened")
@click.option("--finder", default="", help="发现人,默认为报告人 / who noticed it (you)")
@pass_console
def missing(console: Console, serial: str, story: str, finder: str) -> Answer:
    """主管报告缺页,写明经过;待经理签字。 / A supervisor reports a page missing; a manager signs next."""
    with console.office.transaction() as session:
        row = _serial(books.report_missing(session, console.actor(session), serial, story, finder))
    return said(
        {"page": row},
        f"{row['serial']} 已报缺失,待经理签字。",
        f"{row['serial']} is reported missing; a manager signs next.",
    )


@group.command("sign")
@click.argument("serial")
@pass_console
def sign(console: Console, serial: str) -> Answer:
    """经理签署缺页报告。 / A manager signs for a missing page."""
    with console.office.transaction() as session:
        row = _serial(books.sign_missing(session, console.actor(session), serial))
    return said({"page": row}, f"{row['serial']} 的缺页报告已签字。", f"The report on {row['serial']} is signed.")


@group.command("reconcile")
@click.argument("book")
@click.option("--record", is_flag=True, help="主管核对,记入日志 / a supervisor's reconciliation, kept in the log")
@pass_console
def reconcile(console: Console, book: str, record: bool) -> Answer:
    """逐页核对:已用、作废、空白、缺失、未交回。 / Every page: used, void, blank, missing or still out."""
    account = _reconciled(console, book, record)
    still = len(account.open)
    verdict = (
        Sentence(f"还有 {still} 页没有着落,不能结册。", f"{still} pages keep it from closing.")
        if still
        else Sentence("每页都有着落,可以结册。", "Every page is accounted for; it may be closed.")
    )
    return answer(_account(account), _pages(account), verdict)


def _reconciled(console: Console, book: str, record: bool) -> Reconciliation:
    if record:
        with console.office.transaction() as session:
            return books.record_reconciliation(session, console.actor(session), books.find_book(session, book))
    with console.office.reading() as session:
        console.actor(session).require("核对成册表单", *OFFICE_ROLES)
        return books.reconcile(session, books.find_book(session, book))


@group.command("close")
@click.argument("book")
@pass_console
def close(console: Console, book: str) -> Answer:
    """主管结册;有一页没有着落就不能结册。 / A supervisor closes a book whose every page is accounted for."""
    with console.office.transaction() as session:
        found = books.find_book(session, book)
        account = books.close(session, console.actor(session), found)
        row = _book(found)
    return said({"book": row, **_account(account)}, f"{row['number']} 已结册。", f"{row['number']} is closed.")


@group.command("transfer")
@click.argument("book")
@click.option("--on", required=True, type=DAY, help="移交日期 / date handed over")
@pass_console
def transfer(console: Console, book: str, on: date) -> Answer:
    """移交已结的册,保管期限由此起算(HF 4.7)。 / Hand a closed book to the archive."""
    with console.office.transaction() as session:
        found = books.find_book(session, book)
        books.transfer(session, console.actor(session), found, on)
        row = _book(found)
    return said({"book": row}, f"{row['number']} 已于 {on} 移交。", f"{row['number']} was handed over on {on}.")


def _book(book: Book) -> dict[str, object]:
    return {
        "number": book.number,
        "form": book.form_code,
        "pages": book.page_count,
        "state": book.state,
        "issued_to": book.issued_to,
        "issued_at": book.issued_at,
        "closed_at": book.closed_at,
    }


def _serial(serial: Serial) -> dict[str, object]:
    book = serial.book.number if serial.book else None
    return {"serial": serial.text, "page": serial.page_no, "state": serial.state, "book": book}


def _account(account: Reconciliation) -> dict[str, object]:
    pages = [
        {"page": one.page_no, "serial": one.serial, "state": one.state, "zh": one.zh, "settled": one.settled}
        for one in account.pages
    ]
    return {"counts": account.counts, "open": [one.serial for one in account.open], "page_states": pages}


def _pages(account: Reconciliation) -> Table:
    rows = [
        {"page": one.page_no, "serial": one.serial, "state": one.state, "settled": one.settled} for one in account.pages
    ]
    return Table(PAGE_COLUMNS, rows)
