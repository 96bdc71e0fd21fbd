"""The mapped class of a check 检查: how far it has come, and what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Base


class CheckRun(Base):
    """A check of the archive 四性检测 (DA/T 70), worked off piece by piece so that a killed one goes on.

    ``kind``: full, or sample (every ``step``-th image, another set each time). States: waiting, running, finished.
    ``last_blob``: the images up to this id have been opened. ``findings``: [{"code", "subject", "zh", "en"}], naming
    numbers and ids only: a report outlives what it tells of.
    """

    __tablename__ = "check_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="waiting", index=True)
    step: Mapped[int] = mapped_column(default=1)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    last_blob: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
