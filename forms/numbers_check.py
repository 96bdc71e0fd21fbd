"""What must hold of numbers and does not: gaps, numbers without a row or a page, wrong check characters, lost scans.

Part of ``yedang check``. It reads the tables afresh and shares only the rule of how a serial reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from forms import numbering
from forms.tables import Book, Counter, PrintRun, Serial
from records.tables import Document
from records.verify import Finding


def findings(session: Session) -> list[Finding]:
    """Everything about numbers that does not hold, named; an empty list when all does."""
    checks = (_gaps, _beyond_counter, _outside_runs, _wrong_text, _returned_without_scan, _book_pages)
    return [finding for check in checks for finding in check(session)]


def _gaps(session: Session) -> Iterator[Finding]:
    """Every number that a counter has given out has its row."""
    counts = select(Serial.form_code, Serial.year, func.count()).group_by(Serial.form_code, Serial.year)
    have = {(form, year): count for form, year, count in session.execute(counts)}
    for counter in session.scalars(select(Counter).order_by(Counter.form_code, Counter.year)):
        if have.get((counter.form_code, counter.year), 0) != counter.last:
            for number in _missing(session, counter):
                text = numbering.compose(counter.form_code, counter.year, number)
                zh, en = f"编号 {text} 已发出但没有登记", f"{text} was given out and is not on record"
                yield Finding("number.gap", f"serial:{text}", zh, en)


def _missing(session: Session, counter: Counter) -> list[int]:
    of_counter = (Serial.form_code == counter.form_code, Serial.year == counter.year)
    there = set(session.scalars(select(Serial.number).where(*of_counter)))
    return sorted(set(range(1, counter.last + 1)) - there)


def _beyond_counter(session: Session) -> Iterator[Finding]:
    """No number is on record that its counter has not reached: it would be given out a second time."""
    counter = (Counter.form_code == Serial.form_code) & (Counter.year == Serial.year) & (Counter.last >= Serial.number)
    query = select(Serial.text).where(~exists().where(counter)).order_by(Serial.id)
    for text in session.scalars(query):
        zh, en = (
            f"编号 {text} 超出计数器,可能被重复发出",
            f"{text} lies beyond its counter and could be given out again",
        )
        yield Finding("number.beyond_counter", f"serial:{text}", zh, en)


def _outside_runs(session: Session) -> Iterator[Finding]:
    """Every number belongs to the print run that took it."""
    run = (
        (PrintRun.id == Serial.run_id)
        & (PrintRun.form_code == Serial.form_code)
        & (PrintRun.year == Serial.year)
        & Serial.number.between(PrintRun.first, PrintRun.last)
    )
    for text in session.scalars(select(Serial.text).where(~exists().where(run)).order_by(Serial.id)):
        zh, en = f"编号 {text} 不在其印制批次内", f"{text} is not in the print run that it names"
        yield Finding("number.no_print_run", f"serial:{text}", zh, en)


def _wrong_text(session: Session) -> Iterator[Finding]:
    """Every serial reads as its form, year and number say, check character included."""
    query = select(Serial.id, Serial.text, Serial.form_code, Serial.year, Serial.number).order_by(Serial.id)
    for id_, text, form_code, year, number in session.execute(query.execution_options(yield_per=5000)):
        right = numbering.compose(form_code, year, number)
        if text != right:
            zh, en = f"编号 {text} 的文字有误,应为 {right}", f"the serial {text} should read {right}"
            yield Finding("number.wrong_text", f"serial:{id_}", zh, en)


def _returned_without_scan(session: Session) -> Iterator[Finding]:
    """A number that came back has its scan on file."""
    filed = exists().where(Document.serial == Serial.text, Document.state != "destroyed")
    query = select(Serial.text).where(Serial.state == "returned", ~filed).order_by(Serial.id)
    for text in session.scalars(query):
        zh, en = (
            f"编号 {text} 标为已交回,但没有归档的扫描件",
            f"{text} is marked as returned, but no scan of it is filed",
        )
        yield Finding("number.no_scan", f"serial:{text}", zh, en)


def _book_pages(session: Session) -> Iterator[Finding]:
    """A book has each of its pages once."""
    pages = select(Serial.book_id, func.count(), func.count(Serial.page_no.distinct()), func.max(Serial.page_no))
    have = {row[0]: tuple(row[1:]) for row in session.execute(pages.group_by(Serial.book_id))}
    for book in session.scalars(select(Book).order_by(Book.id)):
        count, distinct, last = have.get(book.id, (0, 0, 0))
        if not count == distinct == last == book.page_count:
            zh = f"{book.number} 应有 {book.page_count} 页,登记为 {distinct} 页"
            en = f"{book.number} has {book.page_count} pages, of which {distinct} are on record"
            yield Finding("book.pages", f"book:{book.number}", zh, en)
