"""Failures to sign in: counted in the database, so that all processes count alike; slowed, then locked.

Counted per name as typed, whether anybody has it or not, and per address. An attempt counts before the password is
looked at and is taken back when it was right: many at once cannot slip by.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import OfficeError
from records.signing_in.sign_in_tables import SignInFailure
from records.tables import User
from records.users import Actor, Role


class SignInSlowed(OfficeError):
    """Too many failures; the next try has to wait."""

    code = "sign_in.slowed"
    zh = "多次输入错误,请在 {seconds} 秒后再试。"
    en = "Too many failures; try again in {seconds} seconds."


class SignInLocked(OfficeError):
    """So many failures that nobody signs in by this name, or from this address, for a while."""

    code = "sign_in.locked"
    zh = "多次输入错误,登录已锁定至 {until}。可请系统管理员解除锁定。"
    en = "Too many failures: sign-in is locked until {until}. An administrator can unlock it."


@dataclass(frozen=True)
class Rule:
    """From failure ``free`` + 1 on each doubles the wait up to ``longest``; from ``most`` on it is ``locked``."""

    free: int
    longest: timedelta
    most: int
    locked: timedelta
    forgotten: timedelta

    def wait_after(self, count: int) -> timedelta:
        """How long to wait after so many failures in a row.

        >>> [ACCOUNT.wait_after(count).total_seconds() for count in (4, 5, 6, 9, 10)]
        [0.0, 2.0, 4.0, 32.0, 1800.0]
        """
        if count >= self.most:
            return self.locked
        return min(timedelta(seconds=2 ** (count - self.free)), self.longest) if count > self.free else timedelta()


ACCOUNT = Rule(4, timedelta(minutes=5), 10, timedelta(minutes=30), timedelta(hours=24))
#: A whole office may come from one address: many clerks mistype before it is slowed.
SOURCE = Rule(30, timedelta(seconds=30), 100, timedelta(minutes=15), timedelta(hours=1))


def account_key(name: str) -> str:
    """The name by its digest: people type passwords into the wrong field.

    >>> len(account_key("陈晓"))
    72
    """
    return f"account:{hashlib.sha256(name.strip().encode()).hexdigest()}"


def begin(session: Session, name: str, source: str) -> None:
    """Count an attempt as failed beforehand. Raises SignInSlowed, SignInLocked, and then counts nothing."""
    audit.lock(session)  # attempts take turns: no two processes read the same count
    now, rules = clock.now(), {account_key(name): ACCOUNT, f"source:{source}"[:80]: SOURCE}
    session.execute(delete(SignInFailure).where(SignInFailure.last_at < now - ACCOUNT.forgotten))
    for key, rule in rules.items():
        _require_turn(session.get(SignInFailure, key), rule, now)
    for key, rule in rules.items():
        if _count(session, key, rule, now) == rule.most:
            audit.append(session, None, Verb.USER_LOCKED, _whose(session, name), {"by": key.partition(":")[0]})


def _require_turn(row: SignInFailure | None, rule: Rule, now: datetime) -> None:
    wait = row.last_at + rule.wait_after(row.count) - now if row else timedelta()
    if row is None or wait <= timedelta():
        return
    if row.count >= rule.most:
        raise SignInLocked(until=clock.local_time(now + wait))
    raise SignInSlowed(seconds=math.ceil(wait.total_seconds()))


def _count(session: Session, key: str, rule: Rule, now: datetime) -> int:
    row = session.get(SignInFailure, key)
    if row is None:
        row = SignInFailure(key=key, count=0, last_at=now)
        session.add(row)
    elif row.last_at < now - rule.forgotten:
        row.count = 0
    row.count, row.last_at = row.count + 1, now
    return row.count


def _whose(session: Session, name: str) -> str:
    return f"user:{session.scalar(select(User.id).where(User.name == name.strip())) or 'unknown'}"


def take_back(session: Session, name: str, source: str, *, all_of_name: bool) -> None:
    """The attempt was right. A whole sign-in clears the name; a password before its second factor only itself.

    An address keeps its other failures: whoever has one account must not clear the way for guessing at others.
    """
    audit.lock(session)
    for key in (account_key(name), f"source:{source}"[:80]):
        row = session.get(SignInFailure, key)
        if row is not None:
            row.count = 0 if all_of_name and key.startswith("account:") else max(0, row.count - 1)


def locked_until(session: Session, name: str) -> datetime | None:
    """Until when nobody signs in by this name; None when it is not locked."""
    row = session.get(SignInFailure, account_key(name))
    until = row.last_at + ACCOUNT.locked if row is not None and row.count >= ACCOUNT.most else None
    return until if until is not None and until > clock.now() else None


def unlock(session: Session, actor: Actor, user: User) -> None:
    """Let somebody try again at once. Raises NotAllowed."""
    actor.require("解除锁定", Role.ADMIN)
    session.execute(delete(SignInFailure).where(SignInFailure.key == account_key(user.name)))
    audit.append(session, actor.id, Verb.USER_UNLOCKED, f"user:{user.id}")
