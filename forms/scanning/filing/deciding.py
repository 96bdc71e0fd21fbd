"""Decides where a page belongs and files it there: the one rule for pages that prove who they are.

A page of a unit's form goes into the dossier that was open when the form was printed, in the form's section; every
other page into the series of its procedure. A page of a book is a document of its own; the pages of one copy 联 of a
sheet are one document. Identity that is not proven, or that the records contradict, never files: it goes to the tray.

What an archivist expects of the odd cases: a voided, cancelled or late page, one reported missing, and a page of a
book that nobody has signed for are evidence, so they are filed where they belong, and the clerk is told. A page of a
destroyed record, or of a unit's form that was printed without a unit, waits for a person.

Word breaks the pages of its documents itself, so that all pages of a copy bear the same code: those of one batch are
one document in the order they were scanned, and a page that comes later waits for a person, because nobody can tell a
further page from the same one again.

A blank back has no record but its row: it is dropped from view behind pages that proved their numbers in the same
batch. Papers behind a cover sheet are forms.scanning.filing.groups' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import books
from forms.catalogue import Catalogue, Form, RetentionRule, UnknownForm, Years
from forms.marks import PageMark
from forms.scanning.desk import ScanDesk, Seen
from forms.scanning.filing import rescans
from forms.scanning.looking import quality
from forms.scanning.opening.masters import PageFile
from forms.scanning.reasons import Reason, reason
from forms.tables import ScanBatch, ScanPage, Serial
from records import audit, clock, documents, facts
from records.audit import Verb
from records.documents import NewPage, Placing
from records.facts import FactKind
from records.tables import Document, Dossier, Key, Page, Unit
from records.users import Actor


@dataclass(frozen=True)
class Place:
    """Where a page goes: its document's placing, its position there, and a remark for the clerk where one is due.

    ``position`` is None where the code cannot tell it (Word breaks the pages).
    """

    placing: Placing
    position: int | None
    serial: Serial
    remark: Reason | None


def file_page(session: Session, desk: ScanDesk, actor: Actor, batch: ScanBatch, row: ScanPage, seen: Seen) -> None:
    """Give a page of a batch its fate: filed, duplicate, blank, or the tray. The caller holds the log's lock."""
    if seen.reason == "label" or (seen.blank and _is_back(session, row)):
        leave = leave_label if seen.reason == "label" else drop_blank
        leave(session, actor, row, seen)
        return
    row.digest, row.rotation, row.signatures = seen.digest, seen.rotation, dict(seen.signatures)
    row.quality, row.suggested = dict(seen.quality), seen.suggested or None
    if seen.mark is not None:
        row.serial, row.page_no, row.copy = seen.mark.serial[:32], seen.mark.page, seen.mark.copy
    filed = same_bytes(session, seen.digest)
    if filed is not None:
        repeated(session, actor, row, filed)
        return
    if seen.mark is None:
        to_tray(session, desk, actor, batch, row, seen.file, reason(seen.reason, why=seen.why, name=seen.why))
        return
    place = placed(session, desk, seen.mark)
    if isinstance(place, Reason):
        to_tray(session, desk, actor, batch, row, seen.file, place)
        return
    document = documents.find_document(session, place.serial.text, place.placing.copy)
    if place.position is None and document is not None and not _came_with(session, document, batch):
        to_tray(session, desk, actor, batch, row, seen.file, reason("more_pages", serial=place.serial.text))
        return
    filed = page_of(session, document, place.position)
    if filed is not None:
        again(session, desk, actor, row, seen, filed)
        return
    put(session, desk, actor, row, seen, place, document)


def again(session: Session, desk: ScanDesk, actor: Actor, row: ScanPage, seen: Seen, filed: Page) -> None:
    """A page that is filed already: where a rescan was asked for, a better scan takes its place; else a duplicate."""
    if seen.file is None or rescans.asked_for(session, filed) is None:
        repeated(session, actor, row, filed)
    elif rescans.is_better(session, filed, seen.quality):
        new = NewPage(seen.file.data, seen.file.media_type, filed.position, seen.rotation, seen.signatures)
        rescans.take(session, desk.vault, actor, row, filed, new)
        rescans.ask_by_quality(session, filed, seen.quality)
    else:
        repeated(session, actor, row, filed)
        why = "、".join(fault.zh for fault in quality.faults(seen.quality) if fault.rescan)
        told = reason("rescan_no_better", document=filed.document_id, page=filed.position, why=why)
        row.reason, row.reason_zh, row.reason_en = told.key, told.zh, told.en


def _is_back(session: Session, row: ScanPage) -> bool:
    """Whether pages that proved their numbers came before: a pile laid in wrong side up must not vanish as blank."""
    before = select(ScanPage.id).where(ScanPage.batch_id == row.batch_id, ScanPage.position < row.position)
    return session.scalar(before.where(ScanPage.serial.is_not(None)).limit(1)) is not None


def drop_blank(session: Session, actor: Actor, row: ScanPage, seen: Seen) -> None:
    """Leave a blank back out of view. It is counted, and stays in the file as received."""
    told = reason("blank_back")
    row.digest, row.state = seen.digest, "blank"
    row.reason, row.reason_zh, row.reason_en = told.key, told.zh, told.en
    details = {"batch": row.batch_id, "position": row.position}
    audit.append(session, actor.id, Verb.SCAN_BLANK, f"scan:{row.id}", details)


def leave_label(session: Session, actor: Actor, row: ScanPage, seen: Seen) -> None:
    """A label of a dossier, a place or a loan is no page: it is named and not filed.

    Its name stays in the row's sentence, by which a destroyed dossier finds the master that shows its label.
    """
    told = reason("label", name=seen.why)
    row.digest, row.state = seen.digest, "refused"
    row.reason, row.reason_zh, row.reason_en = told.key, told.zh, told.en
    details = {"batch": row.batch_id, "position": row.position, "reason": told.key}
    audit.append(session, actor.id, Verb.SCAN_REFUSED, f"scan:{row.id}", details)


def put(
    session: Session, desk: ScanDesk, actor: Actor, row: ScanPage, seen: Seen, place: Place, document: Document | None
) -> None:
    """File a page at its place, in its document or a new one."""
    if seen.file is None:
        raise ValueError("a page with a mark has its bytes")
    target = document or open_document(session, desk, actor, place.placing)
    position = place.position or next_position(session, target)
    new = NewPage(seen.file.data, seen.file.media_type, position, seen.rotation, seen.signatures)
    page = documents.add_page(session, desk.vault, target, new)
    target.expected_pages = max(target.expected_pages, position)
    books.mark_returned(session, actor, place.serial)
    row.state, row.page_id = "filed", page.id
    rescans.ask_by_quality(session, page, seen.quality)
    rescans.settle_tray(session, actor, row)
    if place.remark is not None:
        row.reason, row.reason_zh, row.reason_en = place.remark.key, place.remark.zh, place.remark.en
    details = {"batch": row.batch_id, "position": row.position, "document": target.id, "serial": row.serial}
    details |= {"page": row.page_no, "copy": row.copy, "digest": row.digest}
    audit.append(session, actor.id, Verb.SCAN_FILED, f"scan:{row.id}", details)


def open_document(session: Session, desk: ScanDesk, actor: Actor, placing: Placing) -> Document:
    """Begin a document. A sheet outside dossiers is archived by being filed; a book when it is handed over whole."""
    document = documents.file_document(session, desk.vault, actor, placing)
    if placing.dossier is None and placing.book_id is None:
        facts.record_fact(session, actor, FactKind.ARCHIVED, ("document", document.id), clock.today())
    return document


def to_tray(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    batch: ScanBatch,
    row: ScanPage,
    file: PageFile | None,
    why: Reason,
) -> None:
    """Lay a page into the tray with its reason; its bytes are sealed for the batch until a person decides."""
    if file is not None:
        key = session.get_one(Key, batch.key_id)
        row.blob_id = desk.vault.store(session, key, file.data, file.media_type).id
    row.state, row.reason, row.reason_zh, row.reason_en = "tray", why.key, why.zh, why.en
    details = {"batch": row.batch_id, "position": row.position, "reason": why.key}
    audit.append(session, actor.id, Verb.SCAN_TO_TRAY, f"scan:{row.id}", details)


def repeated(session: Session, actor: Actor, row: ScanPage, filed: Page) -> None:
    """A page that is filed already. It stays linked to that page, so that a destruction finds this master too."""
    told = reason("duplicate", document=filed.document_id, page=filed.position)
    row.state, row.page_id = "duplicate", filed.id
    row.reason, row.reason_zh, row.reason_en = told.key, told.zh, told.en
    details = {"batch": row.batch_id, "position": row.position, "document": filed.document_id}
    audit.append(session, actor.id, Verb.SCAN_REPEATED, f"scan:{row.id}", details)


def same_bytes(session: Session, digest: str | None) -> Page | None:
    """The filed page that came from the same bytes, or None."""
    if digest is None:
        return None
    query = select(Page).join(ScanPage, ScanPage.page_id == Page.id).where(ScanPage.digest == digest)
    return session.scalar(query.where(ScanPage.state == "filed").limit(1))


def page_of(session: Session, document: Document | None, position: int | None) -> Page | None:
    """The page at a position of a document, or None."""
    if document is None or position is None:
        return None
    return session.scalar(select(Page).where(Page.document_id == document.id, Page.position == position))


def _came_with(session: Session, document: Document, batch: ScanBatch) -> bool:
    """Whether a page of the document was scanned in this batch."""
    query = select(ScanPage.id).join(Page, Page.id == ScanPage.page_id)
    mine = query.where(Page.document_id == document.id, ScanPage.batch_id == batch.id, ScanPage.state == "filed")
    return session.scalar(mine.limit(1)) is not None


def next_position(session: Session, document: Document) -> int:
    """The position behind a document's last page."""
    last = session.scalar(select(func.max(Page.position)).where(Page.document_id == document.id))
    return (last or 0) + 1


def placed(session: Session, desk: ScanDesk, mark: PageMark) -> Place | Reason:
    """Where a proven page belongs, or why a person must decide."""
    serial = session.scalar(select(Serial).where(Serial.text == mark.serial))
    if serial is None:
        return reason("unknown_serial", serial=mark.serial)
    if not _agrees(serial, mark):
        return reason("contradicts", serial=mark.serial, page=mark.page, copy=mark.copy)
    try:
        form = desk.catalogue.form(serial.form_code)
    except UnknownForm:
        return reason("unknown_form", form=serial.form_code)
    dossier = session.get(Dossier, serial.dossier_id) if serial.dossier_id is not None else None
    if serial.state == "destroyed" or (dossier is not None and dossier.state == "destroyed"):
        day = clock.local_date(serial.state_at) if serial.state == "destroyed" and serial.state_at else "—"
        return reason("destroyed", serial=mark.serial, day=day)
    if form.unit and form.section and dossier is None:
        return reason("no_unit", serial=mark.serial)
    return place_serial(session, desk, form, serial, mark, dossier)


def _agrees(serial: Serial, mark: PageMark) -> bool:
    """Whether the page that the mark names is one that was printed under this number."""
    in_pages = mark.page == serial.page_no if serial.book_id is not None else 1 <= mark.page <= serial.page_count
    return in_pages and mark.pages == serial.page_count and 1 <= mark.copy <= serial.copy_count


def place_serial(
    session: Session, desk: ScanDesk, form: Form, serial: Serial, mark: PageMark, dossier: Dossier | None
) -> Place:
    """The place of a page under its number; ``dossier`` is where a unit's form belongs."""
    in_book = serial.book_id is not None
    in_dossier = dossier if form.section else None
    placing = Placing(
        form_code=form.code,
        title=_title(form, serial, mark),
        rule=rule_for(desk.catalogue, form, serial.entered),
        dossier=in_dossier,
        section=form.section if in_dossier else None,
        series=None if in_dossier else form.procedure,
        unit=session.get(Unit, serial.unit_id) if serial.unit_id is not None else None,
        serial=serial.text,
        copy=mark.copy,
        book_id=serial.book_id,
        entered=serial.entered,
        expected_pages=1 if in_book else mark.pages,
    )
    position = None if breaks_itself(form, serial) else 1 if in_book else mark.page
    return Place(placing, position, serial, _remark(serial))


def breaks_itself(form: Form, serial: Serial) -> bool:
    """Whether it went out as a Word document, whose pages nobody counted: all of them bear the code of page 1 of 1."""
    return form.is_word and serial.page_count <= 1


def _title(form: Form, serial: Serial, mark: PageMark) -> str:
    if serial.book is not None:
        return f"{form.zh} {serial.book.number} 第{serial.page_no}页"
    label = form.copies[mark.copy - 1] if mark.copy <= len(form.copies) else ""
    return f"{form.zh} · {label}" if label else form.zh


def _remark(serial: Serial) -> Reason | None:
    if serial.state in ("voided", "blank_cancelled", "missing"):
        return reason(serial.state)
    if serial.book is not None and serial.book.state == "printed":
        return reason("book_not_issued")
    if serial.book is not None and serial.book.state in ("closed", "transferred"):
        return reason("book_ended")
    return None


def rule_for(catalogue: Catalogue, form: Form, values: Mapping[str, object]) -> str:
    """The key of the retention rule of a page with these values; of several the one that keeps longest."""
    return max(form.rules_for(values), key=lambda key: _keeps(catalogue.rules[key]))


def _keeps(rule: RetentionRule) -> float:
    if isinstance(rule.period, Years):
        return rule.period.years
    return {"permanent": 3000, "undecided": 2000, "long_term": 1000}[rule.period]
