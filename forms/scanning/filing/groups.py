"""Papers without numbers behind their cover sheet 归档分隔页: filed together as one document, or waiting together.

What follows a proven cover sheet and bears no code of ours belongs to it until the next code of ours. The group is one
decision in one transaction. It is filed only when everything speaks for it: the pages that lie there are as many as
were entered when the sheet was printed, and none of them might be a form of ours whose code is spoiled. Otherwise,
also where no number was entered, the whole group waits for a person, who files it in one act
(``tray.waiting_groups``): a page in the wrong dossier is worse than a page that waits.

Blank pages do not count, and are dropped when the group is filed. One that only seems blank makes the count fall short,
so that the group waits with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from forms import numbering
from forms.catalogue import Catalogue, UnknownForm
from forms.marks import PageMark
from forms.numbering import BadSerial
from forms.scanning.desk import ScanDesk, Seen
from forms.scanning.filing import deciding
from forms.scanning.filing.deciding import Place
from forms.scanning.opening.masters import PageFile, UnreadablePage
from forms.scanning.reasons import Reason, reason
from forms.tables import ScanBatch, ScanPage, Serial
from records import documents
from records.tables import Document
from records.users import Actor

Group = Sequence[Seen]
Fetch = Callable[[int], PageFile]


def parted(catalogue: Catalogue, pages: Iterable[Seen]) -> list[list[Seen]]:
    """Pages in the order of the scan, each alone, or a cover sheet with all that belongs to it."""
    parts: list[list[Seen]] = []
    for page in pages:
        if parts and is_group(catalogue, parts[-1]) and _belongs(page, parts[-1][0]):
            parts[-1].append(page)
        else:
            parts.append([page])
    return parts


def is_group(catalogue: Catalogue, part: Sequence[Seen]) -> bool:
    """Whether the first of these pages is a cover sheet."""
    mark = part[0].mark
    if mark is None:
        return False
    try:
        return catalogue.form(numbering.parse(mark.serial).form_code).mode == "external"
    except (UnknownForm, BadSerial):
        return False


def _belongs(page: Seen, cover: Seen) -> bool:
    return page.mark is None or (cover.mark is not None and page.mark.serial == cover.mark.serial)


class Pile:
    """Hands on pages as soon as it is clear with which others they must be decided: a group is never cut in two."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._open: list[Seen] = []

    def add(self, pages: Iterable[Seen]) -> list[Seen]:
        """Lay further pages on; the pages that no later one can change any more."""
        parts = parted(self._catalogue, [*self._open, *pages])
        still_open = bool(parts) and is_group(self._catalogue, parts[-1])
        # Bytes are cut from the master again when the group is decided: a group may be as long as the file.
        self._open = [replace(page, file=None) for page in parts.pop()] if still_open else []
        return [page for part in parts for page in part]

    def rest(self) -> list[Seen]:
        """What is left at the end of the file."""
        left, self._open = self._open, []
        return left


def file_group(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    batch: ScanBatch,
    rows: Mapping[int, ScanPage],
    group: Group,
    fetch: Fetch,
) -> None:
    """Give every page of a group its fate. ``rows``: by position; ``fetch`` cuts a page's bytes from the master."""
    cover = _mark(group[0])
    for page in group:
        row = rows[page.position]
        row.digest, row.rotation, row.serial, row.signatures = page.digest, page.rotation, cover.serial, {}
        row.quality = dict(page.quality)
        if page.mark is not None:
            row.page_no, row.copy, row.signatures = page.mark.page, page.mark.copy, dict(page.signatures)
    place = deciding.placed(session, desk, cover)
    if isinstance(place, Reason):
        _all_to_tray(session, desk, actor, batch, rows, group, fetch, place)
        return
    if place.serial.layout_digest is None:  # no cover sheet was printed: every page of this number bears its own code
        for page in group:
            own = replace(page, file=_bytes_of(page, fetch))
            rows[page.position].serial = None
            deciding.file_page(session, desk, actor, batch, rows[page.position], own)
        return
    document = documents.find_document(session, cover.serial, cover.copy)
    if document is not None and _all_known(session, document, group):
        for page in group:
            _repeat(session, actor, rows[page.position], page)
        return
    why = _objection(session, place, document, group)
    if why is not None:
        _all_to_tray(session, desk, actor, batch, rows, group, fetch, why)
        return
    _file_all(session, desk, actor, rows, group, fetch, place)


def _mark(cover: Seen) -> PageMark:
    if cover.mark is None:
        raise ValueError("a group begins with a proven cover sheet")
    return cover.mark


def _objection(session: Session, place: Place, document: Document | None, group: Group) -> Reason | None:
    """Why the group must wait, or None when everything speaks for it."""
    serial, marks = place.serial.text, [page.mark for page in group if page.mark is not None]
    if [mark.page for mark in marks] != list(range(1, place.serial.page_count + 1)) or len(set(marks)) != len(marks):
        return reason("group_cover", serial=serial)
    if document is not None:
        return reason("group_again", serial=serial, document=document.id)
    if place.remark is not None and place.remark.key != "missing":
        return reason("group_void", serial=serial)
    stranger = next((page for page in group if _is_suspicious(page)), None)
    if stranger is not None:
        return reason("group_stranger", serial=serial, position=stranger.position)
    return _miscount(place.serial, group) or _same_again(session, serial, group)


def _is_suspicious(page: Seen) -> bool:
    return page.mark is None and (page.reason != "no_code" or page.may_be_ours)


def _miscount(serial: Serial, group: Group) -> Reason | None:
    papers = [page for page in group if page.mark is None]
    blank = sum(page.blank for page in papers)
    found, wanted = len(papers) - blank, expected(serial)
    if wanted is None:
        return reason("group_uncounted", serial=serial.text, found=found)
    if found != wanted:
        return reason("group_pages", serial=serial.text, expected=wanted, found=found, blank=blank)
    return None


def expected(serial: Serial) -> int | None:
    """How many pages a cover sheet was printed for, or None where that was not entered as a whole number."""
    text = str(serial.entered.get("expected_pages", "")).strip().removesuffix("页").strip()
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _same_again(session: Session, serial: str, group: Group) -> Reason | None:
    """Paper is never scanned twice into the same bytes: a page that came before tells of a mixed-up file."""
    seen: set[str | None] = set()
    for page in (page for page in group if not page.blank):
        if page.digest in seen or deciding.same_bytes(session, page.digest) is not None:
            return reason("group_known", serial=serial, position=page.position)
        seen.add(page.digest)
    return None


def _all_known(session: Session, document: Document, group: Group) -> bool:
    """Whether exactly this was filed before: every page's bytes are those of a page of the document."""
    filed = [deciding.same_bytes(session, page.digest) for page in group if not page.blank]
    return all(page is not None and page.document_id == document.id for page in filed)


def _repeat(session: Session, actor: Actor, row: ScanPage, page: Seen) -> None:
    filed = deciding.same_bytes(session, page.digest)
    if filed is None or page.blank:
        deciding.drop_blank(session, actor, row, page)
    else:
        deciding.repeated(session, actor, row, filed)


def _file_all(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    rows: Mapping[int, ScanPage],
    group: Group,
    fetch: Fetch,
    place: Place,
) -> None:
    document, position = None, 0
    for page in group:
        row = rows[page.position]
        if page.blank:
            deciding.drop_blank(session, actor, row, page)
            continue
        position += 1
        whole = replace(page, file=page.file or fetch(page.position))
        deciding.put(session, desk, actor, row, whole, replace(place, position=position), document)
        document = documents.find_document(session, place.serial.text, place.placing.copy)


def _all_to_tray(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    batch: ScanBatch,
    rows: Mapping[int, ScanPage],
    group: Group,
    fetch: Fetch,
    why: Reason,
) -> None:
    for page in group:
        deciding.to_tray(session, desk, actor, batch, rows[page.position], _bytes_of(page, fetch), why)


def _bytes_of(page: Seen, fetch: Fetch) -> PageFile | None:
    """The page's own bytes, cut from the master where need be; None where it cannot be cut, and waits without them."""
    try:
        return page.file or fetch(page.position)
    except UnreadablePage:
        return None
