"""The mapped classes of the forms floor: numbers, books, print runs, and scans coming back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.database import Base, Digest, SerialText
from records.tables import where_known


class Counter(Base):
    """The last number allotted for a form in a year; the row is locked while numbers are taken from it."""

    __tablename__ = "counters"

    form_code: Mapped[str] = mapped_column(String(16), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]


class Layout(Base):
    """Where the boxes of a printed layout lie, kept for as long as its pages may come back (by digest).

    ``boxes``: [{"page": 1, "key": "owner", "kind": "signature"|"stamp"|"field", "x","y","w","h" in mm from the top
    left}, …]; ``paper``: [width, height] in mm. Pages of every older layout are read at the right places.
    """

    __tablename__ = "layouts"

    digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    form_code: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    paper: Mapped[list[float]] = mapped_column(JSON)
    boxes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class PrintRun(Base):
    """One act of printing: which numbers of which form left the printer, by whom, when."""

    __tablename__ = "print_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_code: Mapped[str] = mapped_column(String(16), index=True)
    form_version: Mapped[int]
    year: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    printed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    printed_at: Mapped[datetime]


class Book(Base):
    """A book 册 of pre-numbered pages. States: printed, issued, full (用完交回), closed, transferred, destroyed.

    ``number`` reads ``HF-01-2026-C003`` (third book of that form in that year). ``log_head`` is the head of the
    audit log that its colophon shows.
    """

    __tablename__ = "books"
    __table_args__ = (UniqueConstraint("form_code", "year", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    form_code: Mapped[str] = mapped_column(String(16), index=True)
    year: Mapped[int]
    ordinal: Mapped[int]
    page_count: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="printed", index=True)
    log_seq: Mapped[int]
    log_head: Mapped[str] = mapped_column(Digest)
    issued_to: Mapped[str] = mapped_column(String(64), default="")
    issued_at: Mapped[datetime | None]
    full_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]

    serials: Mapped[list[Serial]] = relationship(back_populates="book", order_by="Serial.page_no")


class BookHandover(Base):
    """A book in use passed from one hand to the next 交接, or brought back full 交回; the pages were counted.

    ``kind``: handover, return. ``on`` is the local date in the book's sign-for page.
    """

    __tablename__ = "book_handovers"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    giver: Mapped[str] = mapped_column(String(64))
    taker: Mapped[str] = mapped_column(String(64))
    on: Mapped[date]
    counted: Mapped[int]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]


class Serial(Base):
    """A number 编号 and the one state it is in.

    States: allotted, printed, issued, returned (scanned), voided, blank_cancelled, missing, destroyed.
    In a book each page has a serial of its own (``page_no`` of ``page_count``); a sheet form has one serial for all
    its pages and copies 联 (``page_count`` pages in each of ``copy_count`` copies).
    ``entered`` is what was printed into it. ``finder`` is who noticed that a missing page is gone.
    """

    __tablename__ = "serials"
    __table_args__ = (
        UniqueConstraint("form_code", "year", "number"),
        Index("serials_in_state", "state", "state_at", "book_id", "form_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(SerialText, unique=True)
    form_code: Mapped[str] = mapped_column(String(16), index=True)
    form_version: Mapped[int]
    year: Mapped[int]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="allotted", index=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("print_runs.id"), index=True)
    layout_digest: Mapped[str | None] = mapped_column(ForeignKey("layouts.digest"))
    book_id: Mapped[int | None] = mapped_column(ForeignKey("books.id"), index=True)
    page_no: Mapped[int] = mapped_column(Integer, default=1)
    page_count: Mapped[int] = mapped_column(Integer, default=1)
    copy_count: Mapped[int] = mapped_column(Integer, default=1)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    dossier_id: Mapped[int | None] = mapped_column(ForeignKey("dossiers.id"), index=True)
    entered: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state_reason: Mapped[str] = mapped_column(Text, default="")
    finder: Mapped[str | None] = mapped_column(String(64))
    state_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    state_at: Mapped[datetime | None]
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime | None]

    book: Mapped[Book | None] = relationship(back_populates="serials")
    layout: Mapped[Layout | None] = relationship()


class Reprint(Base):
    """A recorded act: the same number printed again, with the reason, marked 重印 on paper."""

    __tablename__ = "reprints"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial_id: Mapped[int] = mapped_column(ForeignKey("serials.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    printed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    printed_at: Mapped[datetime]


class ScanBatch(Base):
    """A file as received 扫描批次: its master lies sealed in the vault under a key of its own.

    States: received, filed (every page has its fate). A batch is claimed by ``leased_until`` while being filed.
    ``blob_id`` is None once the master was destroyed with the first dossier that had a page in it.
    """

    __tablename__ = "scan_batches"
    __table_args__ = (where_known("ix_scan_batches_blob_id", "blob_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    page_count: Mapped[int]
    key_id: Mapped[int] = mapped_column(ForeignKey("keys.id"))
    blob_id: Mapped[int | None] = mapped_column(ForeignKey("blobs.id"))
    state: Mapped[str] = mapped_column(String(16), default="received", index=True)
    leased_until: Mapped[datetime | None]
    received_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    received_at: Mapped[datetime]

    pages: Mapped[list[ScanPage]] = relationship(back_populates="batch", order_by="ScanPage.position")


class ScanPage(Base):
    """One page of a batch and its fate.

    States: received, filed, tray (待处理, with ``reason``), duplicate, refused, rescan (asked for from the tray),
    blank (a blank back, only in the file as received), destroyed (with its record). A page behind a cover sheet has the
    sheet's ``serial`` and no ``page_no``. In the tray its bytes lie sealed under the batch's key (``blob_id``); once
    filed they lie under the document's key (``page_id``).
    ``quality``: what was measured while filing (forms.scanning.looking.quality). ``attempts``: how often somebody
    began to look at the page and never came to an end. ``suggested``: a number that could be made out and not proven.
    """

    __tablename__ = "scan_pages"
    __table_args__ = (UniqueConstraint("batch_id", "position"), where_known("ix_scan_pages_blob_id", "blob_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("scan_batches.id"), index=True)
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="received", index=True)
    reason: Mapped[str] = mapped_column(String(32), default="", index=True)
    reason_zh: Mapped[str] = mapped_column(Text, default="")
    reason_en: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str | None] = mapped_column(Digest, index=True)
    blob_id: Mapped[int | None] = mapped_column(ForeignKey("blobs.id"))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id"), index=True)
    serial: Mapped[str | None] = mapped_column(SerialText, index=True)
    page_no: Mapped[int | None]
    copy: Mapped[int | None]
    rotation: Mapped[int] = mapped_column(Integer, default=0)
    signatures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    quality: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    suggested: Mapped[str | None] = mapped_column(SerialText)

    batch: Mapped[ScanBatch] = relationship(back_populates="pages")


class Rescan(Base):
    """A page that somebody asked to be scanned again 重扫: filed (``page_id``), or in the tray (``scan_page_id``).

    States: asked, done (a better scan took its place), withdrawn. ``cause``: person, quality (measured while filing;
    ``reason`` then holds the faults' keys). ``older_id`` is the document that keeps the scan which was replaced.
    """

    __tablename__ = "rescans"

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id"), index=True)
    scan_page_id: Mapped[int | None] = mapped_column(ForeignKey("scan_pages.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="asked", index=True)
    cause: Mapped[str] = mapped_column(String(12), default="person")
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    settled_at: Mapped[datetime | None]
    older_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
