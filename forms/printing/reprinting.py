"""Printing a number again as it was, marked 重印: only while its paper cannot be anywhere else."""

from __future__ import annotations

import io
from dataclasses import replace

from sqlalchemy.orm import Session

from forms import books, numbering, pdf
from forms.layout import PageIdentity
from forms.marks import PageMark
from forms.printing.job import BROKEN_BY_WORD, Job, draw, write
from forms.printing.shop import PDF, Printed, PrintedFile, PrintShop
from forms.tables import Book, Reprint, Serial
from forms.word import office_suite, prose
from forms.word.templates import WordShelf, WordTemplate
from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.tables import Unit
from records.users import OFFICE_ROLES, Actor


class ReprintTooLate(OfficeError):
    """A page that left the counter, came back, or is settled, is not printed again."""

    code = "print.reprint_too_late"
    zh = "{serial} 现为「{state}」,不能重印。册页只在领用前重印;其他请作废后另印新号。"
    en = "{serial} is {state_en} and is not printed again. Book pages only before issue; else void it, print a new one."


class LayoutChanged(OfficeError):
    """The form was revised since: its old pages cannot be drawn any more."""

    code = "print.layout_changed"
    zh = "{serial} 印制后表单已改版,原样不能重印;请作废原号,另印新号。"
    en = "The form was revised after {serial} was printed; void it and print a new one."


class StampedPaper(OfficeError):
    """A number on papers from elsewhere: the office does not keep the file they came in."""

    code = "print.stamped_paper"
    zh = "{serial} 加盖在外来文件上,系统不存原文件,不能重印;请作废原号,重新加盖。"
    en = "{serial} is on papers from elsewhere, whose file is not kept here; void it and stamp them anew."


def reprint(session: Session, shop: PrintShop, actor: Actor, serial_text: str, reason: str) -> Printed:
    """Print a number again as it was, marked 重印: a sheet that has not come back, or a page of a book in stock.

    The same serial and the same codes; the reason is kept. Raises BadInput (no reason), BadSerial, UnknownSerial,
    ReprintTooLate, LayoutChanged, UnknownForm, NotAllowed.
    """
    actor.require("重印", *OFFICE_ROLES)
    why = reason.strip()
    if not why:
        raise BadInput(what="请写明重印原因")
    serial = numbering.lock_serial(session, serial_text)
    _refuse_late(serial)
    form = shop.catalogue.form(serial.form_code)
    if form.version != serial.form_version:
        raise LayoutChanged(serial=serial.text)
    unit = session.get(Unit, serial.unit_id) if serial.unit_id is not None else None
    files = _draw_again(session, Job(shop, form, unit, serial.entered, reprint=True), serial)
    row = Reprint(serial_id=serial.id, reason=why, printed_by=actor.id, printed_at=clock.now())
    session.add(row)
    session.flush()
    audit.append(session, actor.id, Verb.FORM_REPRINTED, f"serial:{serial.text}", {"reprint": row.id})
    return Printed(files, (serial.text,), serial.book)


def _refuse_late(serial: Serial) -> None:
    in_stock = serial.state == "printed" and (serial.book is None or serial.book.state == "printed")
    if not in_stock and not (serial.book is None and serial.state == "issued"):
        zh, en = books.PAGE_STATES[serial.state]
        raise ReprintTooLate(serial=serial.text, state=zh, state_en=en)


def _draw_again(session: Session, job: Job, serial: Serial) -> tuple[PrintedFile, ...]:
    """The number's pages as they were. Raises LayoutChanged when they would come out otherwise."""
    if job.form.is_word:
        versions = job.shop.shelf.versions(job.form)
        template = prose.set_from(versions, serial.layout_digest)
        if template is not None:  # a merge set its text as pages of our own
            estate = job.unit.estate if job.unit else ""
            laid = prose.TextSetter(job.form, template, job.shop.office).lay_out(job.values, estate)
            return draw(session, job, laid, [serial])
        return _write_again(replace(job, template=_first_template(job, serial)), serial)
    if job.form.mode == "external" and serial.layout_digest is None:
        raise StampedPaper(serial=serial.text)
    laid = job.laid()
    if laid.digest != serial.layout_digest:
        raise LayoutChanged(serial=serial.text)
    if serial.book is None:
        return draw(session, job, laid, [serial])
    out = io.BytesIO()
    pdf.draw(laid, [_book_page(job.shop, serial.book, serial)], out, title=job.title, author=job.shop.office)
    return (PrintedFile(f"{serial.text}.pdf", PDF, out.getvalue()),)


def _first_template(job: Job, serial: Serial) -> WordTemplate:
    """The template that the number was printed from; the office may have another by now."""
    if serial.layout_digest is None:
        return WordShelf.built_in(job.form)
    found = job.shop.shelf.of_digest(job.form, serial.layout_digest)
    if found is None:
        raise LayoutChanged(serial=serial.text)
    return found


def _write_again(job: Job, serial: Serial) -> tuple[PrintedFile, ...]:
    pages = serial.page_count  # of a PDF with one page too, whose code is the Word document's
    if pages != BROKEN_BY_WORD and office_suite.find() is None:
        raise office_suite.NoOfficeSuite(form=job.form.zh, form_en=job.form.en)
    files = write(job, [serial], word=pages == BROKEN_BY_WORD)
    if serial.page_count != pages:
        raise LayoutChanged(serial=serial.text)
    return files


def _book_page(shop: PrintShop, book: Book, serial: Serial) -> PageIdentity:
    neighbours = [None, *(one.text for one in book.serials), None]
    return PageIdentity(
        PageMark(serial.text, serial.page_no, serial.page_count, 1, serial.form_version),
        book_number=book.number,
        reprint=True,
        secret=shop.secret,
        before=neighbours[serial.page_no - 1],
        after=neighbours[serial.page_no + 1],
    )
