"""The mapped classes around a grant: deputies who decide, visitors who came, prints that went out."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.database import Base
from records.tables import AccessRequest, User


class Deputy(Base):
    """Who decides on access for a manager 代批, from one local day to another, both included; ended early or not."""

    __tablename__ = "access_deputies"

    id: Mapped[int] = mapped_column(primary_key=True)
    manager_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text, default="")
    named_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    manager: Mapped[User] = relationship(foreign_keys=[manager_id])
    deputy: Mapped[User] = relationship(foreign_keys=[deputy_id])


class Visit(Base):
    """Who came under a grant 来查阅的人, the paper that proved them 证件, and what they were shown (DA 4.3)."""

    __tablename__ = "access_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), index=True)
    person: Mapped[str] = mapped_column(String(64))
    paper: Mapped[str] = mapped_column(String(96))
    shown: Mapped[str] = mapped_column(Text)
    came_at: Mapped[datetime]
    registered_by: Mapped[int] = mapped_column(ForeignKey("users.id"))

    request: Mapped[AccessRequest] = relationship()


class AccessPrint(Base):
    """A watermarked print 查阅打印 under a grant: its number stands on the paper and in the log."""

    __tablename__ = "access_prints"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    page_count: Mapped[int] = mapped_column(Integer)
    printed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    printed_at: Mapped[datetime]
