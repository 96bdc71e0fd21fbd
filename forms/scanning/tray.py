"""The tray 待处理: pages that could not prove where they belong, and a person's decision on each.

Filing staff see a page while it is in the tray and no longer; every look is logged.
"""

from __future__ import annotations

import io

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import books
from forms.catalogue import Form
from forms.marks import PageMark
from forms.scanning import apart, filing
from forms.scanning.filing import ScanDesk
from forms.scanning.masters import UnreadablePage
from forms.tables import ScanBatch, ScanPage, Serial
from records import audit, documents, dossiers
from records.audit import Verb
from records.documents import NewPage, PageAlreadyFiled, Placing
from records.errors import BadInput, NotFound, OfficeError
from records.tables import Blob, Document, Dossier, Page, Unit
from records.users import Actor, Role

IMAGE_TYPE = "image/jpeg"
FILERS = (Role.STAFF, Role.ARCHIVIST)


class NotInTray(OfficeError):
    """The page has left the tray: somebody has decided on it."""

    code = "tray.not_there"
    zh = "此页已不在待处理中(第 {batch} 批第 {position} 页)。"
    en = "The page is no longer in the tray (batch {batch}, page {position})."


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


def waiting(session: Session) -> list[ScanPage]:
    """The pages in the tray, oldest batch first, in the order they were scanned."""
    query = select(ScanPage).where(ScanPage.state == "tray")
    return list(session.scalars(query.order_by(ScanPage.batch_id, ScanPage.position)))


def find(session: Session, scan_page_id: int) -> ScanPage:
    """A page of a batch by its id. Raises NotFound."""
    page = session.get(ScanPage, scan_page_id)
    if page is None:
        raise NotFound(what=f"扫描页 {scan_page_id}")
    return page


def image(session: Session, desk: ScanDesk, actor: Actor, scan_page: ScanPage, dpi: int = 130) -> bytes:
    """The page as a JPEG for the eyes of filing staff; logged. Raises NotAllowed, NotInTray, UnreadablePage."""
    actor.require("查看待处理页", *FILERS)
    _still_here(session, scan_page)
    if scan_page.blob_id is None:
        raise UnreadablePage(why="没有可显示的影像 / there is no picture of it")
    blob = session.get_one(Blob, scan_page.blob_id)
    shown = apart.page_image(desk.vault.open(blob), blob.media_type, scan_page.rotation, dpi)
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=82)
    details = {"batch": scan_page.batch_id, "position": scan_page.position}
    audit.append(session, actor.id, Verb.TRAY_SHOWN, f"scan:{scan_page.id}", details)
    return out.getvalue()


def refuse(session: Session, desk: ScanDesk, actor: Actor, scan_page: ScanPage, reason: str) -> None:
    """Send a page back: it is not filed. The file as received stays sealed. Raises BadInput, NotInTray, NotAllowed."""
    actor.require("退回待处理页", *FILERS)
    if not reason.strip():
        raise BadInput(what="退回须写明原因")
    _still_here(session, scan_page)
    drop_copy(session, desk, scan_page)
    scan_page.state, scan_page.reason = "refused", "refused"
    scan_page.reason_zh = scan_page.reason_en = reason.strip()
    details = {"batch": scan_page.batch_id, "position": scan_page.position}
    audit.append(session, actor.id, Verb.SCAN_REFUSED, f"scan:{scan_page.id}", details)


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
    Raises UnknownForm, NoDossier, BadInput, PageAlreadyFiled, RecordDestroyed, NotInTray, UnreadablePage, NotAllowed.
    """
    actor.require("归入待处理页", *FILERS)
    form = desk.catalogue.form(form_code)
    _still_here(session, scan_page)
    if scan_page.reason == "destroyed":
        raise RecordDestroyed(serial=scan_page.serial)
    if scan_page.blob_id is None:
        raise UnreadablePage(why="影像无法打开,请重新扫描 / it cannot be opened; please scan it again")
    _refuse_twin(session, scan_page)
    target = _target(session, desk, actor, scan_page, form, unit, section)
    page = _move_into(session, desk, scan_page, form, target)
    scan_page.state, scan_page.page_id = "filed", page.id
    details = {"batch": scan_page.batch_id, "position": scan_page.position, "document": target.id, "form": form.code}
    audit.append(session, actor.id, Verb.SCAN_PLACED, f"scan:{scan_page.id}", details)
    return target


def _still_here(session: Session, scan_page: ScanPage) -> None:
    """Two people cannot decide on one page: the log's lock first, then the page as it is now."""
    audit.lock(session)
    session.refresh(scan_page)
    if scan_page.state != "tray":
        raise NotInTray(batch=scan_page.batch_id, position=scan_page.position)


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
) -> Document:
    """The document that the page belongs to: that of its number where it proves one, else a new one."""
    serial = _number(session, scan_page)
    if serial is not None and serial.form_code != form.code:
        raise BadInput(what=f"此页的编号是 {serial.text},只能归为 {serial.form_code}")
    known = documents.find_document(session, serial.text, scan_page.copy or 1) if serial is not None else None
    if known is not None and scan_page.reason == "more_pages":
        return known
    dossier = _dossier_for(session, desk, form, unit, section)
    if serial is None or dossier is None:
        return filing.open_document(session, desk, actor, _by_hand(desk, form, unit, dossier, section))
    if serial.dossier_id not in (None, dossier.id):
        raise BadInput(what=f"{serial.text} 的其他页已归入另一份档案")
    serial.unit_id, serial.dossier_id = unit.id if unit else None, dossier.id
    session.flush()
    books.mark_returned(session, actor, serial)
    mark = PageMark(serial.text, scan_page.page_no or 1, serial.page_count, scan_page.copy or 1, serial.form_version)
    placing = filing.place_serial(session, desk, form, serial, mark, dossier).placing
    return known or filing.open_document(session, desk, actor, placing)


def _number(session: Session, scan_page: ScanPage) -> Serial | None:
    """The number that the page proved, where only its unit or its place among the pages was in question."""
    if scan_page.reason not in ("no_unit", "more_pages"):
        return None
    return session.scalar(select(Serial).where(Serial.text == scan_page.serial))


def suggestion(session: Session, scan_page: ScanPage) -> tuple[str | None, Unit | None]:
    """What the page itself tells of where it belongs: the form's code and the unit, None where it tells nothing."""
    serial = _number(session, scan_page)
    if serial is None:
        return None, None
    return serial.form_code, session.get(Unit, serial.unit_id) if serial.unit_id is not None else None


def _by_hand(desk: ScanDesk, form: Form, unit: Unit | None, dossier: Dossier | None, section: str | None) -> Placing:
    return Placing(
        form_code=form.code,
        title=form.zh,
        rule=filing.rule_for(desk.catalogue, form, {}),
        dossier=dossier,
        section=(section or form.section) if dossier else None,
        series=None if dossier else form.procedure,
        unit=unit,
    )


def _refuse_twin(session: Session, scan_page: ScanPage) -> None:
    """The same bytes may wait in the tray twice; they are filed once."""
    query = select(Page).join(ScanPage, ScanPage.page_id == Page.id)
    filed = session.scalar(query.where(ScanPage.digest == scan_page.digest, ScanPage.state == "filed").limit(1))
    if filed is not None:
        raise PageAlreadyFiled(serial=f"第 {filed.document_id} 号文件", position=filed.position)


def _move_into(session: Session, desk: ScanDesk, scan_page: ScanPage, form: Form, document: Document) -> Page:
    """Seal the page's bytes for its document and let the tray's own copy go."""
    blob = session.get_one(Blob, scan_page.blob_id)
    data, media_type = desk.vault.open(blob), blob.media_type
    serial = _number(session, scan_page)
    by_number = serial is not None and not filing.breaks_itself(form, serial)
    position = scan_page.page_no or 1 if by_number else filing.next_position(session, document)
    new = NewPage(data, media_type, position, scan_page.rotation, scan_page.signatures)
    page = documents.add_page(session, desk.vault, document, new)
    drop_copy(session, desk, scan_page)
    return page


def drop_copy(session: Session, desk: ScanDesk, scan_page: ScanPage) -> None:
    """Forget the tray's copy of the bytes, unless it is the master itself or another tray page's too."""
    blob_id, scan_page.blob_id = scan_page.blob_id, None
    session.flush()
    if blob_id is None:
        return
    pages = select(func.count()).select_from(ScanPage).where(ScanPage.blob_id == blob_id)
    masters = select(func.count()).select_from(ScanBatch).where(ScanBatch.blob_id == blob_id)
    if not session.scalar(pages) and not session.scalar(masters):
        desk.vault.forget(session, session.get_one(Blob, blob_id))
