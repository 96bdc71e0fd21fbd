"""Printing numbered paper: numbers, rows and the drawn file in one transaction, so that no number is lost to an error.

Sheets go to the counter at once (state issued); books lie in stock until they are issued. What was printed into a
sheet is kept with its number, so that it can be printed again, and is filed with its scan.
"""

from __future__ import annotations

import io

from sqlalchemy.orm import Session

from forms import books, numbering, pdf
from forms.catalogue import Form
from forms.layout_versions import keep_layout
from forms.printing import entering
from forms.printing.entering import Values
from forms.printing.job import Job, draw, expect_kind, keep_template, write
from forms.printing.shop import PDF, Printed, PrintedFile, PrintShop
from forms.tables import Book
from forms.word import office_suite
from forms.word.office_suite import Converted
from records import audit, clock, dossiers
from records.audit import Verb
from records.tables import Unit
from records.users import OFFICE_ROLES, Actor


def print_sheets(
    session: Session,
    shop: PrintShop,
    actor: Actor,
    form: Form,
    *,
    unit: Unit | None = None,
    values: Values | None = None,
    count: int = 1,
    word: bool = False,
    converted: Converted | None = None,
) -> Printed:
    """Print ``count`` numbers of a form with the same values, as PDF or (agreements, notices) as Word documents.

    Of a unit's form the records fill in what the clerk left out, and its scan will be filed in the dossier that is
    open now. ``converted``: what ``converting`` made ready.
    Raises PrintedAsBook, NotAWordForm, NoOfficeSuite, ConversionFailed, UnknownField, BadValue, BadInput, MissingGlyph,
    TooMuchForAPage, NotAllowed.
    """
    actor.require("打印表单", *OFFICE_ROLES)
    expect_kind(form, word)
    if form.is_word and not word and office_suite.find() is None:
        raise office_suite.NoOfficeSuite(form=form.zh, form_en=form.en)
    template = shop.shelf.template(form) if form.is_word else None
    job = Job(shop, form, unit, entering.entered(session, form, unit, values or {}), False, template, converted or {})
    laid = None if form.is_word else job.laid()
    serials = numbering.take_numbers(session, actor, form, count)
    dossier = dossiers.current_dossier(session, unit) if unit is not None and form.unit else None
    for serial in serials:
        numbering.send_out(serial, actor, job.values, unit, dossier.id if dossier else None, len(job.copies))
    if template is not None:
        keep_template(session, form, template, serials)
    files = draw(session, job, laid, serials) if laid is not None else write(job, serials, word)
    session.flush()
    details = {"form": form.code, "first": serials[0].text, "last": serials[-1].text, "copies": len(job.copies)}
    audit.append(session, actor.id, Verb.FORM_PRINTED, f"run:{serials[0].run_id}", details)
    return Printed(files, tuple(serial.text for serial in serials))


def print_book(session: Session, shop: PrintShop, actor: Actor, form: Form, pages: int) -> Printed:
    """Print a book: cover, sign-for page, numbered pages, colophon. Raises NotABook, BadInput, NotAllowed."""
    actor.require("打印成册表单", *OFFICE_ROLES)
    laid = Job(shop, form, None, {}).laid()
    book = books.create(session, actor, form, pages)
    digest = keep_layout(session, form, laid)
    for serial in book.serials:
        serial.layout_digest = digest
    serials = [serial.text for serial in book.serials]
    out = io.BytesIO()
    identities = pdf.book_identities(laid, serials, book.number, shop.secret)
    pdf.draw_book(laid, identities, _facts(shop, form, book), out)
    session.flush()
    return Printed((PrintedFile(f"{book.number}.pdf", PDF, out.getvalue()),), tuple(serials), book)


def _facts(shop: PrintShop, form: Form, book: Book) -> pdf.BookFacts:
    return pdf.BookFacts(
        number=book.number,
        form_code=form.code,
        form_zh=form.zh,
        version=form.version,
        year=book.year,
        first=book.serials[0].text,
        last=book.serials[-1].text,
        page_count=book.page_count,
        office=shop.office,
        retention="、".join(shop.catalogue.rules[key].zh for key in form.retention),
        printed_on=clock.today(),
        log_seq=book.log_seq,
        log_head=book.log_head,
    )
