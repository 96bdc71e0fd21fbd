"""Printing numbered paper: numbers, rows and the drawn file in one transaction, so that no number is lost to an error.

Sheets go to the counter at once (state issued); books lie in stock until they are issued. What was printed into a
sheet is kept with its number, so that it can be printed again, and is filed with its scan.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.orm import Session

from forms import books, entering, numbering, pdf
from forms.catalogue import Catalogue, Form
from forms.drawing.qr import no_code, qr_png
from forms.drawing.typeface import Typeface
from forms.entering import Values
from forms.layout import Laid, PageIdentity, lay_out
from forms.layout_versions import keep_layout
from forms.marks import PageMark
from forms.paper import A4
from forms.tables import Book, Layout, Reprint, Serial
from forms.word import fill_word, office_suite, prose
from forms.word.office_suite import Converted
from forms.word.templates import WordShelf, WordTemplate
from records import audit, clock, dossiers
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.tables import Unit
from records.users import OFFICE_ROLES, Actor

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

#: Page and page count of a Word document's code: Word breaks its pages itself, every one of them bears the same code.
BROKEN_BY_WORD = 1


class PrintedAsBook(OfficeError):
    """The form comes in books only."""

    code = "print.as_book"
    zh = "《{form}》是成册表单,请按册打印(指定页数)。"
    en = "{form_en} comes in books; say how many pages."


class NotAWordForm(OfficeError):
    """The form has no Word template."""

    code = "print.not_word"
    zh = "《{form}》没有 Word 版本,请输出为 .pdf。"
    en = "{form_en} has no Word version; ask for .pdf."


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


@dataclass(frozen=True)
class PrintShop:
    """What printing needs beside a session. ``secret``: from which the tags on pages are made; ``office``: its name.

    ``shelf``: where the Word templates come from.
    """

    catalogue: Catalogue
    typeface: Typeface
    secret: bytes = field(repr=False)
    office: str
    shelf: WordShelf = field(default_factory=WordShelf)


@dataclass(frozen=True)
class PrintedFile:
    """A file to send to the printer or hand out."""

    name: str
    media_type: str
    data: bytes

    @property
    def suffix(self) -> str:
        """``.pdf`` or ``.docx``."""
        return Path(self.name).suffix


@dataclass(frozen=True)
class Printed:
    """What an act of printing made: one PDF, or a Word document for each number and copy 联."""

    files: tuple[PrintedFile, ...]
    serials: tuple[str, ...]
    book: Book | None = None

    @property
    def data(self) -> bytes:
        """The bytes of the first file."""
        return self.files[0].data

    @property
    def media_type(self) -> str:
        """The media type, the same of all files."""
        return self.files[0].media_type

    @property
    def suffix(self) -> str:
        """``.pdf`` or ``.docx``."""
        return self.files[0].suffix

    def paths(self, out: Path) -> list[tuple[Path, bytes]]:
        """Where each file goes when the first is to be ``out``: the others beside it, as ``out-联2.docx``."""
        beside = [out.with_name(f"{out.stem}-{Path(file.name).stem}{out.suffix}") for file in self.files[1:]]
        if len(self.serials) == 1:
            beside = [out.with_name(f"{out.stem}-联{copy}{out.suffix}") for copy in range(2, len(self.files) + 1)]
        return [(path, file.data) for path, file in zip([out, *beside], self.files, strict=True)]


@dataclass(frozen=True)
class _Job:
    """What is printed, and into which form."""

    shop: PrintShop
    form: Form
    unit: Unit | None
    values: Values
    reprint: bool = False
    template: WordTemplate | None = None
    converted: Converted = field(default_factory=dict, repr=False)

    def laid(self) -> Laid:
        """The pages, placed. Raises MissingGlyph, TooMuchForAPage."""
        estate, code = (self.unit.estate, self.unit.code) if self.unit else ("", "")
        return lay_out(self.form, self.values, office=self.shop.office, estate=estate, unit_code=code)

    @property
    def title(self) -> str:
        """The title of the file."""
        return f"{self.form.code} {self.form.zh}"

    @property
    def copies(self) -> Sequence[str]:
        """The labels of the copies; one without a label where the form has none."""
        return self.form.copies or ("",)


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
    open now. ``converted``: what forms.converting made ready. Raises PrintedAsBook, NotAWordForm, NoOfficeSuite,
    ConversionFailed, UnknownField, BadValue, BadInput, MissingGlyph, TooMuchForAPage, NotAllowed.
    """
    actor.require("打印表单", *OFFICE_ROLES)
    _refuse_wrong_kind(form, word)
    template = shop.shelf.template(form) if form.is_word else None
    job = _Job(shop, form, unit, entering.entered(session, form, unit, values or {}), False, template, converted or {})
    laid = None if form.is_word else job.laid()
    serials = numbering.take_numbers(session, actor, form, count)
    dossier = dossiers.current_dossier(session, unit) if unit is not None and form.unit else None
    for serial in serials:
        serial.state, serial.state_by, serial.entered = "issued", actor.id, dict(job.values)
        serial.unit_id, serial.dossier_id = unit.id if unit else None, dossier.id if dossier else None
        serial.copy_count = len(job.copies)
    if template is not None:
        keep_template(session, form, template, serials)
    files = _draw(session, job, laid, serials) if laid is not None else _write(job, serials, word)
    session.flush()
    details = {"form": form.code, "first": serials[0].text, "last": serials[-1].text, "copies": len(job.copies)}
    audit.append(session, actor.id, Verb.FORM_PRINTED, f"run:{serials[0].run_id}", details)
    return Printed(files, tuple(serial.text for serial in serials))


def _refuse_wrong_kind(form: Form, word: bool) -> None:
    if form.mode == "book":
        raise PrintedAsBook(form=form.zh, form_en=form.en)
    if word and not form.is_word:
        raise NotAWordForm(form=form.zh, form_en=form.en)
    if form.is_word and not word and office_suite.find() is None:
        raise office_suite.NoOfficeSuite(form=form.zh, form_en=form.en)


def _draw(session: Session, job: _Job, laid: Laid, serials: Sequence[Serial]) -> tuple[PrintedFile, ...]:
    """All numbers of a sheet form in one PDF; notes on their rows which layout they have."""
    for serial in serials:
        serial.layout_digest, serial.page_count = keep_layout(session, job.form, laid), len(laid.pages)
    secret, reprint = job.shop.secret, job.reprint
    pages = (identity for one in serials for identity in pdf.sheet_identities(laid, one.text, secret, reprint=reprint))
    out = io.BytesIO()
    pdf.draw(laid, pages, out, title=job.title, author=job.shop.office)
    return (PrintedFile(f"{serials[0].text}.pdf", PDF, out.getvalue()),)


def keep_template(session: Session, form: Form, template: WordTemplate, serials: Sequence[Serial]) -> None:
    """Note on the rows from which Word template they are printed: a layout without boxes, under the file's digest."""
    if session.get(Layout, template.digest) is None:
        paper = [A4.width, A4.height]
        row = Layout(digest=template.digest, form_code=form.code, version=form.version, paper=paper, boxes=[])
        session.add(row)
        session.flush()
    for serial in serials:
        serial.layout_digest = template.digest


def _write(job: _Job, serials: Sequence[Serial], word: bool) -> tuple[PrintedFile, ...]:
    return _write_word(job, serials) if word else _write_pdf(job, serials)


def _write_word(job: _Job, serials: Sequence[Serial]) -> tuple[PrintedFile, ...]:
    """A Word document for each number and copy."""
    files = []
    for serial in serials:
        serial.page_count = BROKEN_BY_WORD
        for copy, label in enumerate(job.copies, start=1):
            mark = PageMark(serial.text, BROKEN_BY_WORD, BROKEN_BY_WORD, copy, job.form.version)
            data = _document(job, serial, label, qr_png(mark.text(job.shop.secret)))
            name = f"{serial.text}-联{copy}.docx" if len(job.copies) > 1 else f"{serial.text}.docx"
            files.append(PrintedFile(name, DOCX, data))
    return tuple(files)


def _write_pdf(job: _Job, serials: Sequence[Serial]) -> tuple[PrintedFile, ...]:
    """All numbers and copies in one PDF; LibreOffice counts the pages, and each gets a code of its own."""
    parts = [(serial, copy, label) for serial in serials for copy, label in enumerate(job.copies, start=1)]
    documents = [_document(job, serial, label, no_code()) for serial, _, label in parts]
    ready = all(document in job.converted for document in documents)
    made = [job.converted[one] for one in documents] if ready else office_suite.to_pdf(documents)
    counts = [office_suite.page_count(one) for one in made]
    for serial in serials:
        serial.page_count = max(counts)
    codes = [
        [
            PageMark(serial.text, page, max(counts), copy, job.form.version).text(job.shop.secret)
            for page in range(1, count + 1)
        ]
        for (serial, copy, _), count in zip(parts, counts, strict=True)
    ]
    return (PrintedFile(f"{serials[0].text}.pdf", PDF, office_suite.stamp(made, codes, job.title)),)


def _document(job: _Job, serial: Serial, label: str, code: bytes) -> bytes:
    office, template = job.shop.office, job.template
    return fill_word(job.form, label, job.values, serial.text, code, office, reprint=job.reprint, template=template)


def print_book(session: Session, shop: PrintShop, actor: Actor, form: Form, pages: int) -> Printed:
    """Print a book: cover, sign-for page, numbered pages, colophon. Raises NotABook, BadInput, NotAllowed."""
    actor.require("打印成册表单", *OFFICE_ROLES)
    laid = _Job(shop, form, None, {}).laid()
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
    files = _draw_again(session, _Job(shop, form, unit, serial.entered, reprint=True), serial)
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


def _draw_again(session: Session, job: _Job, serial: Serial) -> tuple[PrintedFile, ...]:
    """The number's pages as they were. Raises LayoutChanged when they would come out otherwise."""
    if job.form.is_word:
        versions = job.shop.shelf.versions(job.form)
        template = prose.set_from(versions, serial.layout_digest)
        if template is not None:  # a merge set its text as pages of our own
            estate = job.unit.estate if job.unit else ""
            laid = prose.TextSetter(job.form, template, job.shop.office).lay_out(job.values, estate)
            return _draw(session, job, laid, [serial])
        return _write_again(replace(job, template=_first_template(job, serial)), serial)
    if job.form.mode == "external" and serial.layout_digest is None:
        raise StampedPaper(serial=serial.text)
    laid = job.laid()
    if laid.digest != serial.layout_digest:
        raise LayoutChanged(serial=serial.text)
    if serial.book is None:
        return _draw(session, job, laid, [serial])
    out = io.BytesIO()
    pdf.draw(laid, [_book_page(job.shop, serial.book, serial)], out, title=job.title, author=job.shop.office)
    return (PrintedFile(f"{serial.text}.pdf", PDF, out.getvalue()),)


def _first_template(job: _Job, serial: Serial) -> WordTemplate:
    """The template that the number was printed from; the office may have another by now."""
    if serial.layout_digest is None:
        return WordShelf.built_in(job.form)
    found = job.shop.shelf.of_digest(job.form, serial.layout_digest)
    if found is None:
        raise LayoutChanged(serial=serial.text)
    return found


def _write_again(job: _Job, serial: Serial) -> tuple[PrintedFile, ...]:
    pages = serial.page_count  # of a PDF with one page too, whose code is the Word document's
    if pages != BROKEN_BY_WORD and office_suite.find() is None:
        raise office_suite.NoOfficeSuite(form=job.form.zh, form_en=job.form.en)
    files = _write(job, [serial], word=pages == BROKEN_BY_WORD)
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
