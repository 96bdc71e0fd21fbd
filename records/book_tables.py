"""The mapped class of a bound book as a record: what its keeping follows, with or without a filed page."""

from __future__ import annotations

from sqlalchemy import Boolean, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Base


class BookRecord(Base):
    """A book 册 as something kept: its form and rule, noted when it is printed.

    A book all of whose pages were voided or cancelled has no filed document to tell its rule, yet its paper is kept
    and destroyed like any other. ``book_id`` is the book's, as documents and facts name it.
    """

    __tablename__ = "book_records"

    book_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    form_code: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(16), index=True)
    destroyed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
