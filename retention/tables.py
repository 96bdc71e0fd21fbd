"""The mapped classes of the retention floor: holds, decisions to keep, disposals and their certificate lines."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.database import Base


class Hold(Base):
    """A hold 冻结: while it stands, nothing that it covers is destroyed.

    ``target_kind``: dossier, unit, series, document, or search (the documents then found, ``HeldDocument``; its
    ``target_id`` is the beginning of the question's digest, never the question).
    """

    __tablename__ = "holds"
    __table_args__ = (Index("holds_on", "target_kind", "target_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    target_kind: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
    review_on: Mapped[date | None]
    placed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    placed_at: Mapped[datetime]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[datetime | None]

    found: Mapped[list[HeldDocument]] = relationship(lazy="selectin")

    @cached_property
    def documents(self) -> frozenset[int]:
        """The ids of the documents that a hold on a search result covers; they never change."""
        return frozenset(one.document_id for one in self.found)


class HeldDocument(Base):
    """A document that a hold on a search result covers: those found when it was placed, whatever is found later."""

    __tablename__ = "held_documents"

    hold_id: Mapped[int] = mapped_column(ForeignKey("holds.id"), primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True, index=True)


class HoldReview(Base):
    """A hold looked at again 复核 and left standing until the next review date."""

    __tablename__ = "hold_reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    hold_id: Mapped[int] = mapped_column(ForeignKey("holds.id"), index=True)
    review_on: Mapped[date]
    reviewed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reviewed_at: Mapped[datetime]


class KeptLonger(Base):
    """A decision at the appraisal 鉴定 to keep a due record until a later date, with its reason."""

    __tablename__ = "kept_longer"

    id: Mapped[int] = mapped_column(primary_key=True)
    target_kind: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[int]
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime]
    schedule_version: Mapped[int] = mapped_column(default=0, server_default="0")


class ScheduleVersion(Base):
    """A version of the schedule 保管期限表 that a manager adopted; the last one is in force, and none is ever changed.

    ``rules``: all its rows (``schedule.Rule``); ``decided``: rule by form code, for forms without a period of their
    own. Version 0, the handbook's, is no row: it is a data file.
    """

    __tablename__ = "schedule_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    decided: Mapped[dict[str, str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    adopted_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    adopted_at: Mapped[datetime]


class RuleChoice(Base):
    """Which of its form's rules a document follows, chosen anew with a reason (WZ 4.6: minor or major)."""

    __tablename__ = "rule_choices"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    chosen_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    chosen_at: Mapped[datetime]


class Disposal(Base):
    """A destruction list 销毁清册. States: proposed, approved, refused, completed.

    ``certificate`` is its own serial (form DA-05), given on approval; it outlives what it lists. ``decision_reason``
    says why a list was refused.
    """

    __tablename__ = "disposals"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate: Mapped[str | None] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="proposed", index=True)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    lines: Mapped[list[DisposalLine]] = relationship(back_populates="disposal", order_by="DisposalLine.id")


class DisposalLine(Base):
    """One line of the list: which record, under which rule, because of which fact; nothing of its content.

    States: proposed, approved, refused, held (a hold stopped it), kept (kept longer, or not due any more),
    destroying (deleted, traces not yet removed), destroyed. What stays after destruction is this line: dossier or
    document number, class of title, serials, rule, dates, who approved. ``outcome`` counts what went.
    """

    __tablename__ = "disposal_lines"
    __table_args__ = (Index("disposal_lines_target", "target_kind", "target_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    disposal_id: Mapped[int] = mapped_column(ForeignKey("disposals.id"), index=True)
    target_kind: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[int]
    reference: Mapped[str] = mapped_column(String(64))
    title_class: Mapped[str] = mapped_column(String(120))
    serials: Mapped[list[str]] = mapped_column(JSON)
    rule: Mapped[str] = mapped_column(String(16))
    schedule_version: Mapped[int] = mapped_column(default=0, server_default="0")
    fact_kind: Mapped[str] = mapped_column(String(32))
    fact_on: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12), default="proposed", index=True)
    destroyed_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    disposal: Mapped[Disposal] = relationship(back_populates="lines")


class DisposalPaper(Base):
    """That the paper of a list's records was destroyed too: on which local date, and who watched 监销."""

    __tablename__ = "disposal_papers"

    disposal_id: Mapped[int] = mapped_column(ForeignKey("disposals.id"), primary_key=True, autoincrement=False)
    on: Mapped[date]
    witness: Mapped[str] = mapped_column(String(64))
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]


class DisposalRun(Base):
    """A run of what was approved: how far it has come; worked off by the worker or a command, resumed after a kill.

    ``kind``: hand (somebody asked, ``asked_by``) or night. States: waiting, running, finished. ``lines``: the ids of
    the lines that it is for, as they were seen before it began. ``stage``: what is being done, erasing or scrubbing.
    ``documents``: how many documents went. ``left_out``: lines left for another night by the limit. ``outcomes``:
    [{"line", "state", "zh", "en"}], naming numbers only.
    """

    __tablename__ = "disposal_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="waiting", index=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    on: Mapped[date]
    lines: Mapped[list[int]] = mapped_column(JSON)
    left_out: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(String(12), default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    documents: Mapped[int] = mapped_column(default=0)
    outcomes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
