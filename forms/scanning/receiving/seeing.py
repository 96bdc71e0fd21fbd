"""Looks at a page of an opened file without touching a record: picture, code, registration, ink, quality."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forms.marks import ForeignMark, PageMark
from forms.paper import Paper
from forms.scanning.desk import ScanDesk, Seen
from forms.scanning.looking import codes, emptiness, quality, registration, signatures
from forms.scanning.opening.apart import Far
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.opening.rasters import Picture
from forms.scanning.reading import printed_numbers
from forms.tables import Serial


def look(session: Session, desk: ScanDesk, far: Far, position: int) -> Seen:
    """What is seen on a page, counted from 1. One bad page never fails its neighbours: it is seen as unreadable."""
    try:
        file, picture = far.look(position)
    except UnreadablePage as error:
        return Seen(position, None, None, None, "unreadable", str(error.details["why"]))
    seen = Seen(position, file, hashlib.sha256(file.data).hexdigest(), None)
    if isinstance(picture, UnreadablePage):
        return replace(seen, reason="unreadable", why=str(picture.details["why"]))
    try:
        return _look_at(session, desk, seen, picture)
    except SQLAlchemyError:
        raise
    except Exception as error:  # whatever a reader of pictures trips over
        return replace(seen, reason="unreadable", why=type(error).__name__)


def unseen(far: Far, position: int) -> Seen:
    """A page that nobody looks at any more, because the process died of it before: its bytes, for a person."""
    try:
        file = far.page(position)
    except UnreadablePage:
        return Seen(position, None, None, None, "deadly")
    return Seen(position, file, hashlib.sha256(file.data).hexdigest(), None, "deadly")


def _look_at(session: Session, desk: ScanDesk, seen: Seen, picture: Picture) -> Seen:
    gray = picture.gray
    reading = printed_numbers.read(gray, desk.secret)
    if reading.found is None or isinstance(reading.found.mark, ForeignMark):
        seen = replace(seen, quality=quality.measure(picture))
        return _label(seen, reading, picture) if reading.labels else _without_mark(seen, reading, picture)
    mark = reading.found.mark
    serial = _as_printed(session, mark)
    paper = _paper(serial)
    if paper is not None and paper.is_card and codes.has_another(gray, desk.secret, reading.found):
        return replace(seen, reason="several_cards")
    seen = replace(seen, mark=mark, rotation=reading.found.rotation)
    if serial is None or serial.layout is None or paper is None:
        return replace(seen, quality=quality.measure(picture))
    where = registration.register(gray, reading.found.corners, paper)
    ink = signatures.judge(gray, where, _boxes(serial, mark)) if _boxes(serial, mark) else {}
    return replace(seen, signatures=ink, quality=quality.measure(picture, where, paper))


def _label(seen: Seen, reading: codes.Reading, picture: Picture) -> Seen:
    """A label, or a page on which a label lies: then it waits, for a page must never vanish behind a label."""
    names = "、".join(sorted({mark.spoken for mark, _ in reading.labels}))
    covers_page = emptiness.has_squares_of_ours(picture.gray, [corners for _, corners in reading.labels])
    return replace(seen, reason="label_on_page" if covers_page else "label", why=names)


def _without_mark(seen: Seen, reading: codes.Reading, picture: Picture) -> Seen:
    """A page that proves nothing: is there anything on it, and might it be one of ours?"""
    seen = replace(seen, reason=reading.reason, suggested=reading.suggested)
    if reading.reason != "no_code":
        return seen
    blank = emptiness.is_blank(picture.gray)
    ours = not blank and emptiness.may_be_ours(picture.gray)
    empty = {"empty": 1.0} if blank else {}
    return replace(seen, blank=blank, may_be_ours=ours, quality={**seen.quality, **empty})


def _as_printed(session: Session, mark: PageMark) -> Serial | None:
    """The number that a page bears, or None where the records know none of this version."""
    serial = session.scalar(select(Serial).where(Serial.text == mark.serial))
    return serial if serial is not None and mark.version == serial.form_version else None


def _paper(serial: Serial | None) -> Paper | None:
    return Paper(*serial.layout.paper) if serial is not None and serial.layout is not None else None


def _boxes(serial: Serial, mark: PageMark) -> list[dict[str, Any]]:
    """The boxes for signatures and stamps, at the places they had when this page was printed."""
    if serial.layout is None:
        return []
    page = 1 if serial.book_id is not None else mark.page
    return [box for box in serial.layout.boxes if box["page"] == page and box["kind"] in ("signature", "stamp")]
