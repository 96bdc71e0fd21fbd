"""Recognises the text of filed pages (OCR). Work left is a state of the page: claimed with a lease, written once.

A worker that dies leaves its claim behind; it runs out and another worker takes the page. What a worker has read is
written only while its own claim still holds, so that no page is written twice.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from forms.scanning import apart
from forms.scanning.masters import UnreadablePage
from records import audit, clock, documents
from records.database import Database
from records.tables import Blob, Page
from records.vault import KeyGone, ScanAltered, Vault

DPI = 200
LEASE_SECONDS = 180.0
_CJK = "\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_GAP = re.compile(rf"(?<=[{_CJK}])[ \t]+(?=[{_CJK}])")
_FULL_WIDTH = re.compile(r"[\uff01-\uff5e\u3000]")


class Reader(Protocol):
    """Anything that reads the text of an upright page."""

    def read(self, image: Image.Image) -> str:
        """The text, a line for each line of the page."""
        ...


@dataclass(frozen=True)
class Line:
    """A piece of text and its box in px: left, top, right, bottom."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


class Recogniser:
    """The recognition engine; its models come with the wheel and are loaded at the first page (about 0.4 GB)."""

    def __init__(self, threads: int = 2) -> None:
        self.threads = threads

    @cached_property
    def _engine(self) -> Any:
        # Importing the library takes a second that nobody who reads no page should wait for.
        return importlib.import_module("rapidocr").RapidOCR(
            params={
                "Global.log_level": "error",
                # Pages are upright already, by their code; the classifier only costs time.
                "Global.use_cls": False,
                "EngineConfig.onnxruntime.intra_op_num_threads": self.threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, image: Image.Image) -> str:
        """The text of an upright page at about 200 dpi, line by line in reading order."""
        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
        result = self._engine(pixels)
        texts, boxes = getattr(result, "txts", None), getattr(result, "boxes", None)
        return "" if texts is None or boxes is None else joined(_lines(texts, boxes))


def _lines(texts: Iterable[str], boxes: Iterable[NDArray[np.float32]]) -> list[Line]:
    made = []
    for text, box in zip(texts, boxes, strict=True):
        (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
        made.append(Line(text, float(left), float(top), float(right), float(bottom)))
    return made


def joined(lines: Sequence[Line]) -> str:
    """The pieces in reading order: down the page, and from left to right what stands on one line."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom) / 2):
        middle = (line.top + line.bottom) / 2
        if rows and middle < rows[-1][0].bottom - 0.25 * (rows[-1][0].bottom - rows[-1][0].top):
            rows[-1].append(line)
        else:
            rows.append([line])
    return "\n".join("  ".join(clean(part.text) for part in sorted(row, key=lambda part: part.left)) for row in rows)


def clean(text: str) -> str:
    """Text as search expects it: no spaces between Chinese characters, full-width letters and digits as plain ones.

    >>> clean("王 建 国 ＴＥＬ：１３８００００１１１１")
    '王建国 TEL:13800001111'
    """
    plain = _FULL_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return _GAP.sub("", plain).strip()


def claim(session: Session, seconds: float = LEASE_SECONDS, only: Collection[int] | None = None) -> Page | None:
    """Claim the next page to be read for so many seconds; None when nothing waits. Pages never tried go first.

    ``only``: the ids of the documents whose pages are wanted, instead of any.
    """
    now = clock.now()
    lapsed = and_(Page.reading == "claimed", Page.leased_until < now)
    free = select(Page.id).where(or_(Page.reading == "waiting", lapsed))
    if only is not None:
        free = free.where(Page.document_id.in_(only))
    chosen = free.order_by(Page.reading.desc(), Page.id).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    statement = update(Page).where(Page.id == chosen).values(reading="claimed", leased_until=now + _span(seconds))
    page_id = session.scalar(statement.returning(Page.id).execution_options(synchronize_session=False))
    return session.get(Page, page_id, populate_existing=True) if page_id is not None else None


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def waiting(session: Session, only: Collection[int] | None = None) -> int:
    """How many pages (of these documents, or of any) still wait to be read, claimed ones included."""
    query = select(func.count()).select_from(Page).where(Page.reading.in_(("waiting", "claimed")))
    if only is not None:
        query = query.where(Page.document_id.in_(only))
    return session.scalar(query) or 0


def work_once(
    database: Database,
    vault: Vault,
    reader: Reader,
    seconds: float = LEASE_SECONDS,
    only: Collection[int] | None = None,
) -> bool:
    """Read one page (of these documents, or of any) and keep its text; False when none waits.

    The page is claimed in one transaction, read outside any, and written in another only if this claim still holds.
    """
    with database.transaction() as session:
        page = claim(session, seconds, only)
        if page is None or page.leased_until is None:
            return False
        page_id, token, rotation = page.id, page.leased_until, page.rotation
        blob = session.get_one(Blob, page.blob_id)
        session.refresh(blob, ["key"])
    text = _read(vault, reader, blob, rotation)
    with database.transaction() as session:
        _keep(session, page_id, token, text)
    return True


def _read(vault: Vault, reader: Reader, blob: Blob, rotation: int) -> str | None:
    """The text, or None for a page that cannot be read now or ever."""
    try:
        image = apart.page_image(vault.open(blob), blob.media_type, rotation, DPI)
    except (UnreadablePage, ScanAltered, KeyGone):
        return None
    return reader.read(image)


def _keep(session: Session, page_id: int, token: datetime, text: str | None) -> None:
    audit.lock(session)
    mine = select(Page).where(Page.id == page_id, Page.reading == "claimed", Page.leased_until == token)
    page: Any = session.scalar(mine)
    if page is None:
        # Another worker took over, or the page was destroyed while it was being read.
        return
    if text is None:
        page.reading, page.leased_until = "failed", None
    else:
        documents.set_page_text(session, page, text)
