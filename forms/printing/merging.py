"""Mail merge: one form for each of many, numbers in a row, all of them or none.

What takes long is done before a number is taken: values, layouts, filled Word documents. Then one transaction takes the
numbers and writes the file, so that no number is lost and others wait for the drawing only. Notices and agreements
become PDF by our own typesetting of their template's text: LibreOffice would hold the log for minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from forms import numbering, pdf
from forms.catalogue import Form
from forms.drawing.qr import qr_png
from forms.layout import Laid, PageIdentity
from forms.layout_versions import keep_layout
from forms.marks import PageMark
from forms.printing import entering
from forms.printing.entering import Values
from forms.printing.job import BROKEN_BY_WORD, Job, expect_kind, keep_template
from forms.printing.recipients import Recipients, open_dossiers
from forms.printing.shop import PrintShop
from forms.tables import Serial
from forms.word import Draft, draft_word
from forms.word.prose import TextSetter
from forms.word.templates import WordTemplate
from records import audit
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.tables import Unit
from records.users import OFFICE_ROLES, Actor

Progress = Callable[[int, int], None]


class ChangedMeanwhile(OfficeError):
    """A unit changed hands between preparing and printing."""

    code = "merge.changed"
    zh = "准备期间 {unit} 的业主有变更,没有打印任何表单;请重新办理。"
    en = "The owner of {unit} changed while this was being prepared; nothing was printed, begin again."


@dataclass(frozen=True)
class Prepared:
    """A merge that waits for its numbers: per recipient the values, and the laid pages or the drafted documents."""

    form: Form
    units: tuple[Unit | None, ...]
    dossiers: tuple[int | None, ...]
    values: tuple[dict[str, Any], ...] = field(repr=False)
    laid: tuple[Laid, ...] = field(repr=False)
    drafts: tuple[tuple[Draft, ...], ...] = field(repr=False)
    template: WordTemplate | None


@dataclass(frozen=True)
class Merged:
    """What a merge printed: the numbers in order, and how many pages."""

    serials: tuple[str, ...]
    pages: int


def prepare(
    session: Session,
    shop: PrintShop,
    form: Form,
    recipients: Recipients,
    *,
    common: Values | None = None,
    word: bool = False,
    progress: Progress | None = None,
) -> Prepared:
    """Fill and lay out every form; touches no number. ``common`` values hold for all, a row's own come first.

    Raises PrintedAsBook, NotAWordForm, TooRichToSet, UnknownField, BadValue, BadInput, MissingGlyph, TooMuchForAPage.
    """
    expect_kind(form, word)
    people = recipients.people
    if len(people) > numbering.MOST_AT_ONCE:
        raise BadInput(what=f"一次最多 {numbering.MOST_AT_ONCE} 份 / at most {numbering.MOST_AT_ONCE} at once")
    template = shop.shelf.template(form) if form.is_word else None
    make = _Maker(shop, form, template, word)
    opened = open_dossiers(session, [person.unit for person in people if person.unit is not None])
    for done, person in enumerate(people, start=1):
        dossier = opened.get(person.unit.id) if person.unit is not None else None
        make.add(
            entering.entered(session, form, person.unit, {**(common or {}), **person.values}, dossier), person.unit
        )
        if progress:
            progress(done, len(people))
    units = tuple(person.unit for person in people)
    return Prepared(
        form,
        units,
        _dossier_ids(session, form, units),
        tuple(make.values),
        tuple(make.laid),
        tuple(make.drafts),
        template,
    )


class _Maker:
    """Makes each recipient's form as far as it goes without a number."""

    def __init__(self, shop: PrintShop, form: Form, template: WordTemplate | None, word: bool) -> None:
        self.shop, self.form, self.template, self.word = shop, form, template, word
        self.values: list[dict[str, Any]] = []
        self.laid: list[Laid] = []
        self.drafts: list[tuple[Draft, ...]] = []
        self._setter = TextSetter(form, template, shop.office) if template and not word else None

    def add(self, values: dict[str, Any], unit: Unit | None) -> None:
        self.values.append(values)
        if self.template is not None and self.word:
            office, template = self.shop.office, self.template
            labels = self.form.copy_labels
            self.drafts.append(tuple(draft_word(self.form, copy, values, office, template) for copy in labels))
        else:
            self.laid.append(self._lay(unit, values))

    def _lay(self, unit: Unit | None, values: dict[str, Any]) -> Laid:
        if self._setter is not None:
            return self._setter.lay_out(values, unit.estate if unit else "")
        return Job(self.shop, self.form, unit, values).laid()


def _dossier_ids(session: Session, form: Form, units: Sequence[Unit | None]) -> tuple[int | None, ...]:
    """Into which dossier each form will be filed: the one that is open now."""
    opened = open_dossiers(session, [unit for unit in units if unit is not None]) if form.unit else {}
    ids = {unit_id: dossier.id for unit_id, dossier in opened.items()}
    return tuple(ids.get(unit.id) if unit is not None else None for unit in units)


def merge_pdf(
    session: Session,
    shop: PrintShop,
    actor: Actor,
    prepared: Prepared,
    out: BinaryIO,
    *,
    progress: Progress | None = None,
) -> Merged:
    """Take the numbers and draw everything into one PDF. Raises NotAllowed, ChangedMeanwhile."""
    serials = _take(session, actor, prepared)
    for serial, laid in zip(serials, prepared.laid, strict=True):
        serial.page_count = len(laid.pages)
        serial.layout_digest = keep_layout(session, prepared.form, laid)
    session.flush()
    runs = _runs(shop, serials, prepared.laid, progress)
    pdf.draw_runs(runs, out, title=f"{prepared.form.code} {prepared.form.zh}", author=shop.office)
    copies = len(prepared.form.copy_labels)
    return _told(session, actor, prepared, serials, copies * sum(len(laid.pages) for laid in prepared.laid))


def _runs(
    shop: PrintShop, serials: Sequence[Serial], laid: Sequence[Laid], progress: Progress | None
) -> Iterator[tuple[Laid, list[PageIdentity]]]:
    for done, (serial, one) in enumerate(zip(serials, laid, strict=True), start=1):
        yield one, pdf.sheet_identities(one, serial.text, shop.secret)
        if progress:
            progress(done, len(serials))


def merge_word(
    session: Session,
    shop: PrintShop,
    actor: Actor,
    prepared: Prepared,
    write: Callable[[str, bytes], None],
    *,
    progress: Progress | None = None,
) -> Merged:
    """Take the numbers and hand every document to ``write`` with its file name. Raises NotAllowed, ChangedMeanwhile."""
    serials = _take(session, actor, prepared)
    if prepared.template is not None:
        keep_template(session, prepared.form, prepared.template, serials)
    form, made = prepared.form, 0
    for done, (serial, drafts) in enumerate(zip(serials, prepared.drafts, strict=True), start=1):
        serial.page_count = BROKEN_BY_WORD
        for copy, draft in enumerate(drafts, start=1):
            mark = PageMark(serial.text, BROKEN_BY_WORD, BROKEN_BY_WORD, copy, form.version)
            name = f"{serial.text.replace('*', '_')}{f'-联{copy}' if len(drafts) > 1 else ''}.docx"
            write(name, draft.numbered(serial.text, qr_png(mark.text(shop.secret))))
            made += 1
        if progress:
            progress(done, len(serials))
    return _told(session, actor, prepared, serials, made)


def _take(session: Session, actor: Actor, prepared: Prepared) -> list[Serial]:
    """The numbers, each with what is printed into its form."""
    actor.require("批量打印", *OFFICE_ROLES)
    serials = numbering.take_numbers(session, actor, prepared.form, len(prepared.values))
    copies = len(prepared.form.copy_labels)
    now = _dossier_ids(session, prepared.form, prepared.units)
    rows = zip(serials, prepared.units, prepared.dossiers, now, prepared.values, strict=True)
    for serial, unit, dossier_id, dossier_now, values in rows:
        if unit is not None and dossier_now != dossier_id:
            raise ChangedMeanwhile(unit=unit.code)
        numbering.send_out(serial, actor, values, unit, dossier_id, copies)
    return serials


def _told(session: Session, actor: Actor, prepared: Prepared, serials: Sequence[Serial], pages: int) -> Merged:
    session.flush()
    texts = tuple(serial.text for serial in serials)
    details = {"form": prepared.form.code, "first": texts[0], "last": texts[-1], "count": len(texts), "pages": pages}
    audit.append(session, actor.id, Verb.FORMS_MERGED, f"run:{serials[0].run_id}", details)
    return Merged(texts, pages)
