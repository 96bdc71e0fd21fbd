"""The mapped classes of the sign-in: sessions kept here and not in the browser, failures, second factors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.database import Base, Digest
from records.tables import User


class SignInSession(Base):
    """A visit from a browser. The browser holds the token, this row its digest: ended here, it is ended at once.

    ``why`` it ended: signed_out, elsewhere (ended from another session), idle, longest, password, deactivated, reset.
    """

    __tablename__ = "sign_in_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(String(16), default="")
    source: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(80), default="")

    user: Mapped[User] = relationship()


class SignInFailure(Base):
    """Failures in a row: of a name as typed (``account:`` and its digest, known or not) or from an address."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(Integer, default=0)
    last_at: Mapped[datetime]


class SecondFactor(Base):
    """The secret of a user's authenticator, sealed under the sign-in's key; in force once confirmed.

    ``last_step`` is the last time step (30 s) whose code was taken: no code serves twice.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A code that stands in for the authenticator once; only its digest is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    digest: Mapped[str] = mapped_column(Digest)
    used_at: Mapped[datetime | None]
