"""A person's decision on pages in the tray: what they are, where they belong, and which are one document.

Whatever way pages are filed by hand, it is one act of one person in one transaction, which the day's journal can take
back (``undoing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import books, numbering
from forms.catalogue import Form
from forms.marks import PageMark
from forms.scanning.desk import ScanDesk
from forms.scanning.filing import deciding
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.reasons import Reason
from forms.scanning.tray import in_tray, tray_journal
from forms.tables import ScanPage, Serial
from records import audit, documents, dossiers
from records.audit import Verb
from records.documents import NewPage, PageAlreadyFiled, Placing
from records.errors import BadInput, OfficeError
from records.tables import Blob, Document, Dossier, Page, Unit
from records.users import Actor

_ACT = "归入待处理页"


class RecordDestroyed(OfficeError):
    """A page that proves to be of a destroyed record can only be refused."""

    code = "tray.record_destroyed"
    zh = "此页({serial})所属的档案已经销毁,只能退回,不能归入别处。"
    en = "The record that this page ({serial}) belongs to has been destroyed; it can only be refused."


class NoDossier(OfficeError):
    """A unit without an owner on record has no dossier to file in."""

    code = "tray.no_dossier"
    zh = "单元 {unit} 没有在册业主,还没有业主档案。"
    en = "The unit {unit} has no owner on record, so it has no dossier yet."


class NotThatNumber(OfficeError):
    """A page cannot be filed under the number that a person reads on it."""

    code = "tray.not_that_number"
    zh = "不能按编号 {serial} 归档:{why}。"
    en = "It cannot be filed under {serial}: {why_en}."


def place(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    scan_page: ScanPage,
    *,
    form_code: str,
    unit: Unit | None = None,
    section: str | None = None,
) -> Document:
    """File a page by a person's decision: into the open dossier of ``unit``, or without one into the form's series.

    ``section`` is the dossier's section where the form's own does not fit. A page that proves its number keeps it; the
    unit given for it then holds for the number's other pages and copies too.
    Raises UnknownForm, NoDossier, BadInput, PageAlreadyFiled, RecordDestroyed, NotInTray, NotYourTray, UnreadablePage,
    NotAllowed.
    """
    [document] = place_each(session, desk, actor, [scan_page], form_code=form_code, unit=unit, section=section)
    return document


def place_each(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    pages: Sequence[ScanPage],
    *,
    form_code: str,
    unit: Unit | None = None,
    section: str | None = None,
) -> list[Document]:
    """File several pages alike, each as a document of its own, in one act. Raises what ``place`` raises."""
    form = desk.catalogue.form(form_code)
    act = tray_journal.begin(session, actor, "placed", pages)
    made = []
    for page in pages:
        _ready(session, actor, page)
        number = _number(session, page)
        line = tray_journal.note(session, act, page, number)
        _leave_group(page)
        target, opened = _target(session, desk, actor, page, form, unit, section)
        tray_journal.went_into(line, target, opened)
        _move_into(session, desk, actor, page, target, _position(session, form, page, number, target))
        made.append(target)
    tray_journal.finish(session, act)
    return made


def join(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    pages: Sequence[ScanPage],
    *,
    form_code: str,
    unit: Unit | None = None,
    section: str | None = None,
) -> Document:
    """File several pages as one document, in the order given. Raises what ``place`` raises.

    A page that bears a number of ours is filed under it, not joined to others: BadInput.
    """
    form = desk.catalogue.form(form_code)
    act = tray_journal.begin(session, actor, "joined", pages)
    for page in pages:
        _ready(session, actor, page)
        if _number(session, page) is not None:
            raise BadInput(what=f"第 {page.position} 页有编号 {page.serial},请单独归入")
    dossier = _dossier_for(session, desk, form, unit, section)
    document = deciding.open_document(session, desk, actor, _by_hand(desk, form, unit, dossier, section))
    document.expected_pages = len(pages)
    for position, page in enumerate(pages, start=1):
        line = tray_journal.note(session, act, page)
        _leave_group(page)
        tray_journal.went_into(line, document, opened=True)
        _move_into(session, desk, actor, page, document, position)
    tray_journal.finish(session, act)
    return document


def append(session: Session, desk: ScanDesk, actor: Actor, pages: Sequence[ScanPage], document: Document) -> Document:
    """File pages behind the last page of a document that came in the same batch, in the order given.

    Only a document whose pages nobody counted takes more: one without a number, behind a cover sheet, or of Word.
    Raises BadInput, PageAlreadyFiled, RecordDestroyed, NotInTray, NotYourTray, UnreadablePage, NotAllowed.
    """
    act = tray_journal.begin(session, actor, "appended", pages)
    for page in pages:
        _ready(session, actor, page)
        if document.id not in neighbours(session, page):
            raise BadInput(what=f"文件 {document.id} 没有同一批的页")
    if document.state != "filed" or not takes_more(session, desk, document):
        raise BadInput(what=f"文件 {document.id} 的页数是印好的,请按编号归入")
    for page in pages:
        line = tray_journal.note(session, act, page)
        _leave_group(page)
        tray_journal.went_into(line, document, opened=False)
        position = deciding.next_position(session, document)
        _move_into(session, desk, actor, page, document, position)
        document.expected_pages = max(document.expected_pages, position)
    tray_journal.finish(session, act)
    return document


def neighbours(session: Session, page: ScanPage) -> set[int]:
    """The documents that have a page of the same batch."""
    query = select(Page.document_id).join(ScanPage, ScanPage.page_id == Page.id)
    return set(session.scalars(query.where(ScanPage.batch_id == page.batch_id, ScanPage.state == "filed")))


def takes_more(session: Session, desk: ScanDesk, document: Document) -> bool:
    """Whether a page may be laid behind the document's last one."""
    if document.serial is None:
        return True
    form = desk.catalogue.form(document.form_code)
    serial = session.scalar(select(Serial).where(Serial.text == document.serial))
    return form.mode == "external" or (serial is not None and deciding.breaks_itself(form, serial))


def place_under_number(
    session: Session, desk: ScanDesk, actor: Actor, scan_page: ScanPage, serial: str, page_no: int = 1, copy: int = 1
) -> Document:
    """File a page under the number that a person reads on it where the code is spoiled, as if it had proved it.

    In a book the number tells its page. Raises BadSerial, UnknownSerial, NotThatNumber, PageAlreadyFiled, NotInTray,
    NotYourTray, UnreadablePage, NotAllowed, NumberDestroyed.
    """
    act = tray_journal.begin(session, actor, "numbered", [scan_page])
    _ready(session, actor, scan_page)
    row = numbering.lock_serial(session, serial)
    line = tray_journal.note(session, act, scan_page, row)
    number = row.page_no if row.book_id is not None else page_no
    place = deciding.placed(session, desk, PageMark(row.text, number, row.page_count, copy, row.form_version))
    if isinstance(place, Reason):
        raise NotThatNumber(serial=row.text, why=place.zh, why_en=place.en)
    known = documents.find_document(session, row.text, copy)
    position = place.position or (deciding.next_position(session, known) if known is not None else 1)
    if deciding.page_of(session, known, position) is not None:
        raise PageAlreadyFiled(serial=row.text, position=position)
    target = known or deciding.open_document(session, desk, actor, place.placing)
    tray_journal.went_into(line, target, opened=known is None)
    scan_page.serial, scan_page.page_no, scan_page.copy = row.text, number, copy
    _move_into(session, desk, actor, scan_page, target, position)
    books.mark_returned(session, actor, row)
    tray_journal.finish(session, act)
    return target


def _ready(session: Session, actor: Actor, page: ScanPage) -> None:
    """The page is the actor's to decide on, can be opened, and is not filed already."""
    in_tray.claim(session, actor, page, _ACT)
    if page.reason == "destroyed":
        raise RecordDestroyed(serial=page.serial)
    if page.blob_id is None or page.reason == "unreadable":
        raise UnreadablePage(why="影像无法打开,请重新扫描 / it cannot be opened; please scan it again")
    filed = deciding.same_bytes(session, page.digest)
    if filed is not None:
        raise PageAlreadyFiled(serial=f"第 {filed.document_id} 号文件", position=filed.position)


def _leave_group(page: ScanPage) -> None:
    """A paper that a person files by itself has no longer the number of the cover sheet that it lay behind."""
    if page.reason.startswith("group_") and page.page_no is None:
        page.serial = None


def _dossier_for(
    session: Session, desk: ScanDesk, form: Form, unit: Unit | None, section: str | None
) -> Dossier | None:
    if section is not None and section not in {known.key for known in desk.catalogue.sections}:
        raise BadInput(what=f"档案没有「{section}」这一部分")
    if unit is None:
        if section is not None or (form.unit and form.section):
            raise BadInput(what=f"{form.zh}归入业主档案,请指定单元")
        return None
    if not (section or form.section):
        return None
    dossier = dossiers.current_dossier(session, unit)
    if dossier is None:
        raise NoDossier(unit=unit.code)
    return dossier


def _target(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    scan_page: ScanPage,
    form: Form,
    unit: Unit | None,
    section: str | None,
) -> tuple[Document, bool]:
    """The document that the page belongs to, and whether it is new: that of its number where it proves one."""
    serial = _number(session, scan_page)
    if serial is not None and serial.form_code != form.code:
        raise BadInput(what=f"此页的编号是 {serial.text},只能归为 {serial.form_code}")
    known = documents.find_document(session, serial.text, scan_page.copy or 1) if serial is not None else None
    if known is not None and scan_page.reason == "more_pages":
        return known, False
    dossier = _dossier_for(session, desk, form, unit, section)
    if serial is None or dossier is None:
        return deciding.open_document(session, desk, actor, _by_hand(desk, form, unit, dossier, section)), True
    if serial.dossier_id not in (None, dossier.id):
        raise BadInput(what=f"{serial.text} 的其他页已归入另一份档案")
    serial.unit_id, serial.dossier_id = unit.id if unit else None, dossier.id
    session.flush()
    books.mark_returned(session, actor, serial)
    mark = PageMark(serial.text, scan_page.page_no or 1, serial.page_count, scan_page.copy or 1, serial.form_version)
    placing = deciding.place_serial(session, desk, form, serial, mark, dossier).placing
    return (known, False) if known else (deciding.open_document(session, desk, actor, placing), True)


def _number(session: Session, scan_page: ScanPage) -> Serial | None:
    """The number that the page proved, where only its unit or its place among the pages was in question."""
    if scan_page.reason not in ("no_unit", "more_pages"):
        return None
    return session.scalar(select(Serial).where(Serial.text == scan_page.serial))


def suggestion(session: Session, scan_page: ScanPage) -> tuple[str | None, Unit | None]:
    """What the page itself proves of where it belongs: the form's code and the unit, None where it proves nothing."""
    serial = _number(session, scan_page)
    if serial is None:
        return None, None
    return serial.form_code, session.get(Unit, serial.unit_id) if serial.unit_id is not None else None


def _by_hand(desk: ScanDesk, form: Form, unit: Unit | None, dossier: Dossier | None, section: str | None) -> Placing:
    return Placing(
        form_code=form.code,
        title=form.zh,
        rule=deciding.rule_for(desk.catalogue, form, {}),
        dossier=dossier,
        section=(section or form.section) if dossier else None,
        series=None if dossier else form.procedure,
        unit=unit,
    )


def _position(session: Session, form: Form, page: ScanPage, number: Serial | None, document: Document) -> int:
    by_number = number is not None and not deciding.breaks_itself(form, number)
    return page.page_no or 1 if by_number else deciding.next_position(session, document)


def _move_into(
    session: Session, desk: ScanDesk, actor: Actor, scan_page: ScanPage, document: Document, position: int
) -> Page:
    """Seal the page's bytes for its document and let the tray's own copy go."""
    blob = session.get_one(Blob, scan_page.blob_id)
    new = NewPage(desk.vault.open(blob), blob.media_type, position, scan_page.rotation, scan_page.signatures)
    page = documents.add_page(session, desk.vault, document, new)
    in_tray.leave(session, desk, scan_page)
    scan_page.state, scan_page.page_id = "filed", page.id
    details = {"batch": scan_page.batch_id, "position": scan_page.position, "document": document.id}
    audit.append(session, actor.id, Verb.SCAN_PLACED, f"scan:{scan_page.id}", details | {"form": document.form_code})
    return page


def file_group(
    session: Session, desk: ScanDesk, actor: Actor, rows: Sequence[ScanPage], serial: Serial, placing: Placing
) -> Document:
    """File the pages of a cover sheet's group as one document in the order given; ``waiting_groups`` asks for it."""
    act = tray_journal.begin(session, actor, "confirmed", rows)
    document = deciding.open_document(session, desk, actor, replace(placing, expected_pages=len(rows)))
    for position, row in enumerate(rows, start=1):
        in_tray.claim(session, actor, row, _ACT)
        line = tray_journal.note(session, act, row, serial)
        tray_journal.went_into(line, document, opened=True)
        _move_into(session, desk, actor, row, document, position)
    books.mark_returned(session, actor, serial)
    tray_journal.finish(session, act)
    return document
