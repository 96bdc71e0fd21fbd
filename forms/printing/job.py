"""One job of printing: what goes into which form, drawn by ourselves as PDF or written into a Word document."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from forms import pdf
from forms.catalogue import Form
from forms.drawing.qr import no_code, qr_png
from forms.layout import Laid, lay_out
from forms.layout_versions import keep_layout
from forms.marks import PageMark
from forms.paper import A4
from forms.printing.entering import Values
from forms.printing.shop import DOCX, PDF, PrintedFile, PrintShop
from forms.tables import Layout, Serial
from forms.word import fill_word, office_suite
from forms.word.office_suite import Converted
from forms.word.templates import WordTemplate
from records.errors import OfficeError
from records.tables import Unit

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


def expect_kind(form: Form, word: bool) -> None:
    """Raises PrintedAsBook for what comes in books, NotAWordForm where Word is asked for and there is no template."""
    if form.mode == "book":
        raise PrintedAsBook(form=form.zh, form_en=form.en)
    if word and not form.is_word:
        raise NotAWordForm(form=form.zh, form_en=form.en)


@dataclass(frozen=True)
class Job:
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
        return self.form.copy_labels

    def documents(self, serials: Sequence[str]) -> list[bytes]:
        """The filled Word documents without codes: every copy of the first number, then of the next."""
        return [self.document(serial, label, no_code()) for serial in serials for label in self.copies]

    def document(self, serial: str, label: str, code: bytes) -> bytes:
        """One copy of one number as a filled Word document; ``code``: its picture."""
        office, template = self.shop.office, self.template
        return fill_word(self.form, label, self.values, serial, code, office, reprint=self.reprint, template=template)


def draw(session: Session, job: Job, laid: Laid, serials: Sequence[Serial]) -> tuple[PrintedFile, ...]:
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


def write(job: Job, serials: Sequence[Serial], word: bool) -> tuple[PrintedFile, ...]:
    """All numbers of an agreement or notice, as Word documents or as one PDF; notes on their rows how many pages."""
    return _write_word(job, serials) if word else _write_pdf(job, serials)


def _write_word(job: Job, serials: Sequence[Serial]) -> tuple[PrintedFile, ...]:
    """A Word document for each number and copy."""
    files = []
    for serial in serials:
        serial.page_count = BROKEN_BY_WORD
        for copy, label in enumerate(job.copies, start=1):
            mark = PageMark(serial.text, BROKEN_BY_WORD, BROKEN_BY_WORD, copy, job.form.version)
            data = job.document(serial.text, label, qr_png(mark.text(job.shop.secret)))
            name = f"{serial.text}-联{copy}.docx" if len(job.copies) > 1 else f"{serial.text}.docx"
            files.append(PrintedFile(name, DOCX, data))
    return tuple(files)


def _write_pdf(job: Job, serials: Sequence[Serial]) -> tuple[PrintedFile, ...]:
    """All numbers and copies in one PDF; LibreOffice counts the pages, and each gets a code of its own."""
    parts = [(serial, copy) for serial in serials for copy, _ in enumerate(job.copies, start=1)]
    documents = job.documents([serial.text for serial in serials])
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
        for (serial, copy), count in zip(parts, counts, strict=True)
    ]
    return (PrintedFile(f"{serials[0].text}.pdf", PDF, office_suite.stamp(made, codes, job.title)),)
