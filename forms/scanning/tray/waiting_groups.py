"""Papers behind a cover sheet that wait together: which they are, and filing them by a person's decision."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.marks import PageMark
from forms.scanning.desk import ScanDesk
from forms.scanning.filing import deciding
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.reasons import Reason
from forms.scanning.tray import in_tray, placing
from forms.tables import ScanPage, Serial
from records import documents
from records.errors import BadInput
from records.tables import Document
from records.users import Actor


def waiting_with(session: Session, cover: ScanPage) -> list[ScanPage]:
    """The pages of a cover sheet's group that still wait in the tray, in the order of the scan, the cover among them.

    Empty for a page that waits for another reason.
    """
    if not cover.reason.startswith("group_"):
        return []
    query = select(ScanPage).where(ScanPage.batch_id == cover.batch_id, ScanPage.serial == cover.serial)
    query = query.where(ScanPage.state == "tray", ScanPage.reason.startswith("group_"))
    return list(session.scalars(query.order_by(ScanPage.position)))


def file_anyway(session: Session, desk: ScanDesk, actor: Actor, page: ScanPage) -> Document:
    """File what waits of a group by a person's decision, as one document in the order of the scan.

    ``page``: any page of the group. What does not belong to it must be placed or refused before.
    Raises BadInput (no group, papers filed under the cover already, its records contradict), UnreadablePage,
    NumberDestroyed, NotInTray, NotYourTray, NotAllowed.
    """
    in_tray.claim(session, actor, page, "归入待处理页")
    rows = waiting_with(session, page)
    cover = next((row for row in rows if row.page_no == 1), None)
    serial = session.scalar(select(Serial).where(Serial.text == page.serial))
    if cover is None or serial is None:
        raise BadInput(what="此页不在一组待核对的分隔页资料中")
    if documents.find_document(session, serial.text, cover.copy or 1) is not None:
        raise BadInput(what=f"分隔页 {serial.text} 的资料已归档,请逐页归入或退回")
    if any(row.blob_id is None for row in rows):
        raise UnreadablePage(why="组内有无法打开的页,请退回或重新扫描 / a page of the group cannot be opened")
    mark = PageMark(serial.text, 1, serial.page_count, cover.copy or 1, serial.form_version)
    place = deciding.placed(session, desk, mark)
    if isinstance(place, Reason):
        raise BadInput(what=place.zh)
    return placing.file_group(session, desk, actor, rows, serial, place.placing)
