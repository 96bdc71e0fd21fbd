"""The mapped classes of paper: the places where dossiers stand, and the loans that take them away for a while."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.database import Base
from records.tables import AccessRequest, Document, Dossier, User


class Place(Base):
    """A place 存放位置: a shelf 层 or a box 盒. ``code`` carries its check character; ``name`` is what people say."""

    __tablename__ = "places"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(64), default="")
    added_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[datetime]


class Placement(Base):
    """A dossier put into a place; ``left_at`` None while it belongs there. A move is a new row: history stays."""

    __tablename__ = "placements"

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), index=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), index=True)
    put_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    put_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    dossier: Mapped[Dossier] = relationship()
    place: Mapped[Place] = relationship()


class Loan(Base):
    """A dossier's paper lent out 借阅 under an approved request; ``due_on`` is an office-local date.

    States: out (with the borrower), incident (back with pages missing, a manager has not signed yet), returned.
    ``story`` is what the archivist wrote of missing pages. Erased with the dossier: story, lines, reasons.
    """

    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), index=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), index=True)
    borrower_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="out", index=True)
    handed_out_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    handed_out_at: Mapped[datetime]
    due_on: Mapped[date]
    received_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    received_at: Mapped[datetime | None]
    story: Mapped[str] = mapped_column(Text, default="")
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime | None]

    request: Mapped[AccessRequest] = relationship()
    dossier: Mapped[Dossier] = relationship()
    borrower: Mapped[User] = relationship(foreign_keys=[borrower_id])
    lines: Mapped[list[LoanLine]] = relationship(back_populates="loan", order_by="LoanLine.position")
    extensions: Mapped[list[LoanExtension]] = relationship(back_populates="loan", order_by="LoanExtension.id")


class LoanLine(Base):
    """A document that went out in a loan: how many pages it had then, and which of them did not come back.

    ``missing`` None until it is checked; then page numbers from 1, empty when all are there.
    """

    __tablename__ = "loan_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    pages: Mapped[int] = mapped_column(Integer)
    missing: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))

    loan: Mapped[Loan] = relationship(back_populates="lines")
    document: Mapped[Document] = relationship()


class LoanExtension(Base):
    """A later due date 续借, decided by a manager with a reason."""

    __tablename__ = "loan_extensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime]

    loan: Mapped[Loan] = relationship(back_populates="extensions")
