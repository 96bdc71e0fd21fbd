"""The mapped classes of the tray: whose it is, what was read on its pages, and the day's acts that may be undone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forms.tables import ScanPage
from records.database import Base


class TrayKeeper(Base):
    """Who has taken over the tray pages of a batch from whoever received it. One keeper at a time."""

    __tablename__ = "tray_keepers"

    batch_id: Mapped[int] = mapped_column(ForeignKey("scan_batches.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    since: Mapped[datetime]


class TrayText(Base):
    """What was read on a page while it waits in the tray, so that the form and the unit can be suggested.

    ``reading``: claimed (until ``leased_until``), done, failed. The row dies when the page leaves the tray.
    """

    __tablename__ = "tray_texts"

    scan_page_id: Mapped[int] = mapped_column(ForeignKey("scan_pages.id"), primary_key=True)
    reading: Mapped[str] = mapped_column(String(8))
    leased_until: Mapped[datetime | None]
    text: Mapped[str] = mapped_column(Text, default="")


class TrayAct(Base):
    """One act of a person in the tray, on one page or on several at once; undone as a whole or not at all.

    ``kind``: placed, joined, numbered, appended, confirmed, refused, rescan, rotated, split. ``on`` is the local date
    whose end ends the undoing. ``log_seq`` is the log's last entry when the act was done: what the log says of its
    documents behind it came later. The rows are deleted when the day is over.
    """

    __tablename__ = "tray_acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    done_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    done_at: Mapped[datetime]
    on: Mapped[date] = mapped_column(index=True)
    log_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    undone_at: Mapped[datetime | None]

    lines: Mapped[list[TrayActLine]] = relationship(back_populates="act", order_by="TrayActLine.id")


class TrayActLine(Base):
    """One page of an act: how it stood before, and the document it went into (``opened``: begun by this act)."""

    __tablename__ = "tray_act_lines"
    __table_args__ = (Index("tray_act_lines_of", "scan_page_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("tray_acts.id"), index=True)
    scan_page_id: Mapped[int] = mapped_column(ForeignKey("scan_pages.id"))
    document_id: Mapped[int | None] = mapped_column(Integer)
    opened: Mapped[bool] = mapped_column(Boolean, default=False)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)

    act: Mapped[TrayAct] = relationship(back_populates="lines")
    page: Mapped[ScanPage] = relationship()
