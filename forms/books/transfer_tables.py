"""The mapped classes of transfer lists 移交清单: which closed books go to the archive together, signed on paper."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forms.tables import Book
from records.database import Base


class TransferList(Base):
    """A list to be printed and signed. States: made, signed. ``number`` is its own, in a row for each year.

    ``receiver`` is who signed for the books, ``signed_on`` the local date on the paper.
    """

    __tablename__ = "transfer_lists"
    __table_args__ = (UniqueConstraint("year", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    year: Mapped[int] = mapped_column(Integer)
    ordinal: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(8), default="made")
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    receiver: Mapped[str] = mapped_column(String(64), default="")
    signed_on: Mapped[date | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    lines: Mapped[list[TransferLine]] = relationship(back_populates="list", order_by="TransferLine.id")


class TransferLine(Base):
    """A book on a transfer list."""

    __tablename__ = "transfer_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("transfer_lists.id"), index=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)

    list: Mapped[TransferList] = relationship(back_populates="lines")
    book: Mapped[Book] = relationship()
