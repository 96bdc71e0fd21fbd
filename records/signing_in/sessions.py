"""Sessions, kept here and not in the browser: what is ended here has ended at once, wherever it was opened.

The browser holds a random token; the table its digest. A session ends when nobody touched it for ``IDLE``, after
``LONGEST`` in any case, and when it is signed out, its user deactivated, or the password changed.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from records import clock
from records.signing_in.sign_in_tables import SecondFactor, SignInSession
from records.tables import User

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
#: How often a look is noted: each note is a write, and a page is many looks.
NOTED_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Standing:
    """What a token stands for: the session and its user, or ``why`` it has ended (idle, longest, password, ...)."""

    row: SignInSession | None
    user: User | None
    has_factor: bool = False
    why: str = ""


def open_session(session: Session, user: User, source: str, browser: str) -> str:
    """Open a session; returns the token that the browser keeps. Sessions long over are swept away."""
    token, now = secrets.token_urlsafe(32), clock.now()
    session.execute(delete(SignInSession).where(SignInSession.seen_at < now - _KEPT))
    session.add(
        SignInSession(
            digest=_digest(token),
            user_id=user.id,
            opened_at=now,
            seen_at=now,
            source=source[:64],
            browser=browser_name(browser),
        )
    )
    session.flush()
    return token


def find(session: Session, token: str) -> Standing:
    """What the token stands for now; one query, since every page asks."""
    query = select(SignInSession, User, SecondFactor.confirmed_at).join(User, User.id == SignInSession.user_id)
    query = query.outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    found = session.execute(query.where(SignInSession.digest == _digest(token))).one_or_none()
    if found is None:
        return Standing(None, None)
    row, user, confirmed = found
    why = _why_over(row, user, clock.now())
    return Standing(None, None, why=why) if why else Standing(row, user, confirmed is not None)


def _why_over(row: SignInSession, user: User, now: datetime) -> str:
    if row.ended_at is not None:
        return row.why
    if not user.active:
        return "deactivated"
    if now - row.opened_at > LONGEST:
        return "longest"
    return "idle" if now - row.seen_at > IDLE else ""


def wants_note(row: SignInSession) -> bool:
    """Whether the last look was noted so long ago that this one should be."""
    return clock.now() - row.seen_at > NOTED_EVERY


def note(session: Session, session_id: int) -> None:
    """Note that the session's user is still there."""
    living = update(SignInSession).where(SignInSession.id == session_id, SignInSession.ended_at.is_(None))
    session.execute(living.values(seen_at=clock.now()))


def living(session: Session, user_id: int) -> list[SignInSession]:
    """A user's sessions that are still open, the latest first."""
    now = clock.now()
    query = select(SignInSession).where(
        SignInSession.user_id == user_id,
        SignInSession.ended_at.is_(None),
        SignInSession.seen_at > now - IDLE,
        SignInSession.opened_at > now - LONGEST,
    )
    return list(session.scalars(query.order_by(SignInSession.seen_at.desc())))


def end(session: Session, user_id: int, session_id: int, why: str) -> bool:
    """End one session of a user; whether it was there and open."""
    mine = update(SignInSession).where(SignInSession.id == session_id, SignInSession.user_id == user_id)
    open_still = mine.where(SignInSession.ended_at.is_(None))
    return session.scalar(open_still.values(ended_at=clock.now(), why=why).returning(SignInSession.id)) is not None


def end_all(session: Session, user_id: int, why: str, *, keep: int | None = None) -> int:
    """End every open session of a user, but ``keep``; how many."""
    theirs = update(SignInSession).where(SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
    if keep is not None:
        theirs = theirs.where(SignInSession.id != keep)
    ended = theirs.values(ended_at=clock.now(), why=why).returning(SignInSession.id)
    return len(session.scalars(ended).all())


_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(agent: str) -> str:
    """What a browser calls itself, in two words, so that people recognise their own.

    >>> browser_name("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537 Chrome/130 Safari/537 Edg/130")
    'Edge · Windows'
    """
    found = [next((name for sign, name in signs if sign in agent), "") for signs in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in found if name)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
