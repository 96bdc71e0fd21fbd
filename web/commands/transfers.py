"""yedang book to-transfer, transfer-list, sign-list: closed books with transfer dates of their own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from forms import books
from forms.books import book_transfers
from forms.books.transfer_tables import TransferList
from records import clock
from records.users import OFFICE_ROLES
from records.vault import write_durably
from web.acts.paper.transfer_paper import print_list
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import DAY, OUT, Console, OfficeCommand, pass_console

COLUMNS = (
    Column("book", "册号", "Book"),
    Column("closed_on", "结册", "Closed"),
    Column("due_on", "应移交", "Due"),
    Column("late", "逾期", "Late"),
    Column("when", "规定", "Rule"),
    Column("list", "移交清单", "List"),
)
LIST_COLUMNS = (
    Column("number", "清单编号", "List"),
    Column("state", "状态", "State", {"made": "待签收", "signed": "已签收"}),
    Column("books", "册", "Books"),
    Column("receiver", "接收人", "Receiver"),
    Column("signed_on", "签收日期", "Signed"),
)


@click.command("to-transfer", cls=OfficeCommand)
@pass_console
def to_transfer(console: Console) -> Answer:
    """该移交的册:按手册规定的日期,先到期的在前。 / Closed books to hand over, first due first."""
    with console.office.reading() as session:
        console.actor(session).require("查看该移交的册", *OFFICE_ROLES)
        rows = [
            {
                "book": one.book.number,
                "closed_on": clock.local_date(one.book.closed_at) if one.book.closed_at else None,
                "due_on": one.due_on,
                "late": one.late,
                "when": f"{one.rule.zh}({one.rule.clause})",
                "list": one.list_number,
            }
            for one in book_transfers.waiting(session, console.office.catalogue, clock.today())
        ]
    return answer({"books": rows}, Table(COLUMNS, rows))


@click.command("transfer-list", cls=OfficeCommand)
@click.argument("numbers", nargs=-1)
@click.option("--out", required=True, type=OUT, help="PDF 文件 / where to write it")
@pass_console
def transfer_list(console: Console, numbers: tuple[str, ...], out: Path) -> Answer:
    """编制并打印移交清单;不写册号即全部该移交的册;写清单编号则重印。 / Make and print a transfer list.

    Without NUMBERS all books that are due to go; a list's own number prints it again.
    """
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        if len(numbers) == 1 and numbers[0].upper().startswith("YJ-"):
            made = book_transfers.find_list(session, numbers[0])
        else:
            due = book_transfers.waiting(session, office.catalogue, clock.today())
            free = [one.book for one in due if not one.list_number]
            chosen = [books.find_book(session, number) for number in numbers] if numbers else free
            made = book_transfers.make_list(session, actor, chosen)
        write_durably(out, print_list(session, office, actor, made))
        row = as_row(made)
    return said(
        {"list": row, "file": out},
        f"移交清单 {row['number']}({row['books']} 册)已写入 {out}。",
        f"Transfer list {row['number']} ({row['books']} books) written to {out}.",
    )


@click.command("sign-list", cls=OfficeCommand)
@click.argument("number")
@click.option("--receiver", required=True, help="接收人 / who signed for the books")
@click.option("--on", type=DAY, default=None, help="签收日期,默认今天 / the date on the paper")
@pass_console
def sign_list(console: Console, number: str, receiver: str, on: date | None) -> Answer:
    """登记已签收的移交清单:其中各册即为移交。 / Record a signed list: its books are transferred."""
    with console.office.transaction() as session:
        made = book_transfers.find_list(session, number)
        gone = book_transfers.record_signed(session, console.actor(session), made, receiver, on or clock.today())
        row = as_row(made)
        names = [book.number for book in gone]
    return said(
        {"list": row, "books": names},
        f"移交清单 {row['number']} 已签收,移交 {len(names)} 册。",
        f"Transfer list {row['number']} is signed; {len(names)} books are transferred.",
    )


@click.command("transfer-lists", cls=OfficeCommand)
@pass_console
def transfer_lists(console: Console) -> Answer:
    """所有移交清单,新的在前。 / All transfer lists, newest first."""
    with console.office.reading() as session:
        console.actor(session).require("查看移交清单", *OFFICE_ROLES)
        rows = [as_row(one) for one in book_transfers.lists(session)]
    return answer({"lists": rows}, Table(LIST_COLUMNS, rows))


def as_row(made: TransferList) -> dict[str, object]:
    """A list as a table's row and as JSON."""
    return {
        "number": made.number,
        "state": made.state,
        "books": len(made.lines),
        "receiver": made.receiver,
        "signed_on": made.signed_on,
    }


COMMANDS = (to_transfer, transfer_list, sign_list, transfer_lists)
