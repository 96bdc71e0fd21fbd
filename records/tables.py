"""The mapped classes of the records floor: who lives where, what is filed, who may see it, what happened."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.database import Base, Digest, SerialText


def where_known(name: str, column: str) -> Index:
    """An index of the rows that have a value: a planner without statistics would use it to find all that have none."""
    known = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=known, postgresql_where=known)


class User(Base):
    """A person who signs in. Roles: staff, archivist, supervisor, manager, admin."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(256))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]
    must_change: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    one_time_until: Mapped[datetime | None]


class Unit(Base):
    """A home 单元房号: ``3-2-1201`` is building 3, entrance 2, door 1201 of an estate 小区.

    ``closed_on``: since when it is no home of its own any more, merged or split (UnitSuccession says into what).
    """

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("estate", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    estate: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(32), index=True)
    building: Mapped[str] = mapped_column(String(16))
    closed_on: Mapped[date | None]

    ownerships: Mapped[list[Ownership]] = relationship(back_populates="unit", order_by="Ownership.from_on")


class Owner(Base):
    """An owner 业主, a person or a company. Erased with the last dossier that needs the name.

    ``id_number``: of a person the resident ID or another paper's number, of a company 统一社会信用代码.
    """

    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    phone: Mapped[str] = mapped_column(String(64), default="")
    id_number: Mapped[str] = mapped_column(String(32), default="")
    kind: Mapped[str] = mapped_column(String(8), default="person", server_default="person")


class Ownership(Base):
    """A period of ownership 产权期: one unit, one owner or several, from a date until the next owner's date."""

    __tablename__ = "ownerships"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date | None]

    unit: Mapped[Unit] = relationship(back_populates="ownerships")
    owners: Mapped[list[Owner]] = relationship(secondary="ownership_owners", order_by="Owner.id")
    dossier: Mapped[Dossier] = relationship(back_populates="ownership")


class OwnershipOwner(Base):
    """Who owned a unit in a period."""

    __tablename__ = "ownership_owners"

    ownership_id: Mapped[int] = mapped_column(ForeignKey("ownerships.id"), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), primary_key=True, index=True)


class Key(Base):
    """A vault key: an age recipient in the clear, its identity wrapped. Destroyed: no identity.

    Wrapped for the key ``parent_id`` (a document outside dossiers for its series), otherwise for the key holders
    that ``wrapped_for`` names. ``label`` finds the one key of a series (``series:TS``) or of the sign-in.
    """

    __tablename__ = "keys"
    __table_args__ = (Index("keys_label", "label", unique=True), Index("keys_wrapped_for", "wrapped_for"))

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(80))
    wrapped: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]
    parent_id: Mapped[int | None] = mapped_column(Integer)
    label: Mapped[str | None] = mapped_column(String(24))
    wrapped_for: Mapped[str | None] = mapped_column(String(40))


class KeyHolder(Base):
    """For whom vault keys are wrapped: the master key, the recovery key on paper, and masters of former times.

    Only public parts lie here. ``pages`` is the secret of the page tags, sealed for this holder; ``identity`` is a
    former master, sealed for the present holders, so that backups written before a rotation can still be read.
    """

    __tablename__ = "key_holders"

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(12), index=True)
    recipient: Mapped[str] = mapped_column(String(80), unique=True)
    pages: Mapped[str | None] = mapped_column(Text)
    identity: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime]


class Dossier(Base):
    """An owner dossier 业主档案: exactly one per ownership. States: open, closed (owner changed), destroyed."""

    __tablename__ = "dossiers"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(48), unique=True)
    ownership_id: Mapped[int] = mapped_column(ForeignKey("ownerships.id"), unique=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("keys.id"))
    state: Mapped[str] = mapped_column(String(16), default="open")
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]

    ownership: Mapped[Ownership] = relationship(back_populates="dossier")
    key: Mapped[Key] = relationship()
    documents: Mapped[list[Document]] = relationship(back_populates="dossier", order_by="Document.id")


class Blob(Base):
    """Encrypted bytes in the vault, addressed by the digest of the plain bytes and the key they are sealed for."""

    __tablename__ = "blobs"
    __table_args__ = (UniqueConstraint("digest", "key_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Digest)
    key_id: Mapped[int] = mapped_column(ForeignKey("keys.id"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(64))

    key: Mapped[Key] = relationship()


class Discard(Base):
    """A vault file whose record is gone but whose bytes may still lie there: removed after commit, or by check."""

    __tablename__ = "discards"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(160), unique=True)


class Document(Base):
    """One filed thing 文件: in a dossier's section, or in the series of its procedure.

    States: filed, superseded (a better scan took its place), destroyed (a tombstone without content),
    withdrawn (its filing was taken back the same day: a tombstone too, of which only the log tells).
    ``lacks_signature`` follows ``signatures``, so that the few are found among the many.
    ``entered`` holds what was typed in when the form was printed; recognised text is kept per page.
    """

    __tablename__ = "documents"
    __table_args__ = (
        where_known("ix_documents_dossier_id", "dossier_id"),
        where_known("ix_documents_book_id", "book_id"),
        Index("documents_lacking", "lacks_signature", "filed_at"),
        Index("documents_serial_copy", "serial", "copy"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int | None] = mapped_column(ForeignKey("dossiers.id"))
    series: Mapped[str | None] = mapped_column(String(8), index=True)
    section: Mapped[str | None] = mapped_column(String(24))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    form_code: Mapped[str] = mapped_column(String(16), index=True)
    title: Mapped[str] = mapped_column(String(200))
    serial: Mapped[str | None] = mapped_column(SerialText, index=True)
    copy: Mapped[int] = mapped_column(Integer, default=1)
    book_id: Mapped[int | None] = mapped_column(Integer)
    dated: Mapped[date] = mapped_column(index=True)
    filed_at: Mapped[datetime]
    filed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    rule: Mapped[str] = mapped_column(String(16), index=True)
    state: Mapped[str] = mapped_column(String(16), default="filed", index=True)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    key_id: Mapped[int] = mapped_column(ForeignKey("keys.id"))
    entered: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    expected_pages: Mapped[int] = mapped_column(Integer, default=1)
    signatures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    lacks_signature: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())

    dossier: Mapped[Dossier | None] = relationship(back_populates="documents")
    unit: Mapped[Unit | None] = relationship()
    key: Mapped[Key] = relationship()
    pages: Mapped[list[Page]] = relationship(back_populates="document", order_by="Page.position")

    @validates("signatures")
    def _note_signatures(self, _name: str, value: dict[str, Any]) -> dict[str, Any]:
        self.lacks_signature = any(isinstance(one, dict) and one.get("signed") is not True for one in value.values())
        return value


class Page(Base):
    """A filed page 页: its place in the document, its sealed bytes, and what recognition read on it.

    ``reading``: waiting, claimed (until ``leased_until``), done, failed; work left is a state of the record.
    ``rotation`` is the clockwise turn in degrees that puts the stored page upright.
    """

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("document_id", "position"),
        Index("pages_to_read", "reading", "leased_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    position: Mapped[int]
    blob_id: Mapped[int] = mapped_column(ForeignKey("blobs.id"), index=True)
    rotation: Mapped[int] = mapped_column(Integer, default=0)
    reading: Mapped[str] = mapped_column(String(8), default="waiting")
    leased_until: Mapped[datetime | None]
    text: Mapped[str] = mapped_column(Text, default="")
    signatures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    document: Mapped[Document] = relationship(back_populates="pages")
    blob: Mapped[Blob] = relationship()


class Fact(Base):
    """A dated fact that starts a clock: ownership_changed, unit_sold, book_completed, transferred, archived.

    A correction is a new fact that replaces an older one; nothing is overwritten.
    """

    __tablename__ = "facts"
    __table_args__ = (
        Index("facts_about", "subject_kind", "subject_id", "kind"),
        Index("facts_started", "kind", "on", "subject_kind", "subject_id"),
        where_known("facts_replaced", "replaces_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int]
    on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("facts.id"))
    reason: Mapped[str] = mapped_column(Text, default="")


class AccessRequest(Base):
    """A request to see dossiers 查阅申请; approved and registered, it is the grant 查阅授权.

    States: requested, approved, refused, registered, returned, revoked. ``dated``: the asker named the period's days;
    otherwise its length counts from the registering. ``deputy_for`` is the manager for whom a deputy decided 代批.
    """

    __tablename__ = "access_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(String(8), default="screen")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="requested", index=True)
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(Text, default="")
    self_approved: Mapped[bool] = mapped_column(Boolean, default=False)
    registered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    registered_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    dated: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    deputy_for: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    end_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    asker: Mapped[User] = relationship(foreign_keys=[asker_id])
    dossiers: Mapped[list[Dossier]] = relationship(secondary="access_request_dossiers", order_by="Dossier.id")


class AccessRequestDossier(Base):
    """Which dossiers a request names. ``ended_at``: the request opens this one no longer, whatever it still opens."""

    __tablename__ = "access_request_dossiers"

    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"), primary_key=True, index=True)
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(Text, default="", server_default="")


class AuditEntry(Base):
    """One line of the hash-chained log: ids, verbs and digests only, never personal content."""

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(32))
    verb: Mapped[str] = mapped_column(String(48), index=True)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    details: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(Digest)
    hash: Mapped[str] = mapped_column(Digest)
