"""The transfer list 移交清单 as PDF: the books, their ranges, what became of their pages, where both hands sign."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import books, pdf
from forms.books import book_transfers
from forms.books.transfer_tables import TransferList
from forms.layout.dossier_pages import day
from forms.layout.listing import Cells, ListColumn, Listing, Note, Row, Signing
from forms.tables import Book
from records import audit, clock
from records.audit import Verb
from records.users import Actor
from web.office import Office

_COLUMNS = (
    ListColumn("顺序号", 1.1),
    ListColumn("册号", 2.8, "left"),
    ListColumn("表单", 3.4, "left"),
    ListColumn("编号范围", 5.4, "left"),
    ListColumn("页数", 1.0),
    ListColumn("各页情况", 4.0, "left"),
    ListColumn("结册日期", 2.0),
    ListColumn("应移交日期", 2.0),
    ListColumn("保管期限", 3.4, "left"),
)
_SIGNING = ("移交人（签字）", "接收人（签字）", "监交人（签字）", "移交日期", "接收部门（盖章）")


def print_list(session: Session, office: Office, actor: Actor, made: TransferList) -> bytes:
    """Draw a list as PDF; logged. Raises NotAllowed."""
    actor.require("打印移交清单", *book_transfers.KEEPERS)
    rows: list[Row] = [_row(session, office, number, line.book) for number, line in enumerate(made.lines, start=1)]
    pages = sum(line.book.page_count for line in made.lines)
    rows.append(Note(f"合计 {len(made.lines)} 册 {pages} 页；双方已逐册清点，编号连续，作废、注销、缺失各页均已登记。"))
    rows.append(Signing(_SIGNING))
    beside = f"{office.settings.office}　编号 {made.number}"
    foot = f"编制于 {day(clock.local_date(made.made_at))}"
    listing = Listing("移交清单", beside, _COLUMNS, rows, foot=foot)
    data = pdf.draw_listing(listing, title=f"移交清单 {made.number}", author=office.settings.office)
    audit.append(session, actor.id, Verb.TRANSFER_PRINTED, f"transfer:{made.number}", {"books": len(made.lines)})
    return data


def _row(session: Session, office: Office, number: int, book: Book) -> Cells:
    form = office.catalogue.form(book.form_code)
    closed_on = clock.local_date(book.closed_at) if book.closed_at else None
    key = next((key for key in form.retention if key in book_transfers.rules()), form.retention[0])
    rule = book_transfers.rules().get(key)
    counts = books.reconcile(session, book).counts
    pages = "、".join(f"{books.PAGE_STATES[state][0]} {count}" for state, count in counts.items())
    return Cells(
        (
            str(number),
            book.number,
            form.zh,
            f"{book.serials[0].text} 至 {book.serials[-1].text}",
            str(book.page_count),
            pages,
            f"{closed_on:%Y-%m-%d}" if closed_on else "",
            f"{rule.due_on(closed_on):%Y-%m-%d}" if rule and closed_on else "",
            office.catalogue.rules[key].zh,
        )
    )
