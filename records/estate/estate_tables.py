"""The mapped classes around an ownership: who lives there and may act, what changed, what to follow up, what became."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.database import Base
from records.tables import Document, Dossier, Unit


class DossierPerson(Base):
    """A family member 家庭成员, tenant 租户 or agent 受托人 of a dossier. Destroyed with the dossier.

    ``authorised``: may act for the owner 可代业主办理 (handbook FX 4.3.1). ``from_on``–``until_on``: the period, both
    days included; open at either end.
    """

    __tablename__ = "dossier_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(128))
    relation: Mapped[str] = mapped_column(String(32), default="")
    phone: Mapped[str] = mapped_column(String(64), default="")
    id_number: Mapped[str] = mapped_column(String(32), default="")
    authorised: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]


class ParticularChange(Base):
    """A change of an owner's particulars or of the household (DA 4.2.1): who changed what when, old value kept.

    ``what``: phone, id_number, person_added, person_ended. Destroyed with the dossier.
    """

    __tablename__ = "particular_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), index=True)
    what: Mapped[str] = mapped_column(String(16))
    whose: Mapped[str] = mapped_column(String(128))
    old: Mapped[str] = mapped_column(Text, default="")
    new: Mapped[str] = mapped_column(Text, default="")
    on: Mapped[date]
    basis: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))


class FollowUp(Base):
    """A quarterly household survey 普查 or a check of an owner's contact 联系方式跟踪 that was done (DA 4.2.2).

    ``kind``: survey, contact. ``outcome``: unchanged, changed, unreachable. Destroyed with the dossier.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (Index("follow_ups_done", "dossier_id", "kind", "on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"))
    kind: Mapped[str] = mapped_column(String(8))
    on: Mapped[date]
    outcome: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))


class Arrears(Base):
    """Since when an owner owes charges 拖欠, and until when: over a month, contacts are checked every 15 days."""

    __tablename__ = "arrears"

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), index=True)
    since: Mapped[date]
    settled_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))


class UnitSuccession(Base):
    """What became of a unit that was merged 合并 or split 分割: one row for each old and new unit."""

    __tablename__ = "unit_successions"
    __table_args__ = (UniqueConstraint("old_id", "new_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    old_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    new_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))

    old: Mapped[Unit] = relationship(foreign_keys=[old_id])
    new: Mapped[Unit] = relationship(foreign_keys=[new_id])


class BoundaryDocument(Base):
    """A document in the former dossier that is of the day of a back-dated transfer or later: an archivist decides.

    States: waiting, stays, moved. Nothing moves by itself.
    """

    __tablename__ = "boundary_documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), unique=True)
    former_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), index=True)
    present_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), index=True)
    state: Mapped[str] = mapped_column(String(8), default="waiting", index=True)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]

    document: Mapped[Document] = relationship()
    former: Mapped[Dossier] = relationship(foreign_keys=[former_id])
    present: Mapped[Dossier] = relationship(foreign_keys=[present_id])
