"""How users stand, for the administrator's pages and commands: locked, second factor, signed in where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import users
from records.errors import NotFound
from records.signing_in import attempts, second_factors, sessions
from records.signing_in.sign_in_tables import SignInSession
from records.tables import User
from records.users import Actor
from search import saved


@dataclass(frozen=True)
class Person:
    """A user and how they stand now."""

    user: User
    locked_until: datetime | None
    has_factor: bool
    open_sessions: int
    seen_at: datetime | None


def deactivate(session: Session, actor: Actor, user: User) -> None:
    """Let somebody sign in no more; what they searched for themselves goes, what they shared stays the office's.

    Raises what ``users.deactivate`` raises.
    """
    users.deactivate(session, actor, user)
    saved.forget_of(session, user.id)


def everyone(session: Session) -> list[Person]:
    """All users, the active ones first."""
    known = session.scalars(select(User).order_by(User.active.desc(), User.id))
    return [_standing(session, user) for user in known]


def one(session: Session, user_id: int) -> Person:
    """One user. Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(what=f"用户 {user_id}")
    return _standing(session, user)


def _standing(session: Session, user: User) -> Person:
    return Person(
        user,
        attempts.locked_until(session, user.name),
        second_factors.in_force(session, user.id),
        len(sessions.living(session, user.id)),
        session.scalar(select(func.max(SignInSession.seen_at)).where(SignInSession.user_id == user.id)),
    )
