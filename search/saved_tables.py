"""Searches that somebody saved to ask again."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Base


class SavedSearch(Base):
    """A question with its filters under a name. The answer is always that of whoever asks it, never of who saved it.

    ``shared``: the whole office sees the name and the question; a manager shares. ``query`` and ``within`` as typed:
    they may name a person, so a destroyed dossier takes with it those that name its people.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (UniqueConstraint("saved_by", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    saved_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(60))
    shared: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    query: Mapped[str] = mapped_column(Text)
    within: Mapped[str] = mapped_column(Text, default="")
    unit: Mapped[str] = mapped_column(String(32), default="")
    form: Mapped[str] = mapped_column(String(64), default="")
    since: Mapped[date | None]
    until: Mapped[date | None]
    order: Mapped[str] = mapped_column(String(12), default="date")
    saved_at: Mapped[datetime]
