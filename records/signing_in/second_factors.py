"""The second factor: codes of an authenticator (RFC 6238, by pyotp), each taken once, and recovery codes on paper.

The authenticator's secret lies sealed under the sign-in's key, which is wrapped for the master key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import OfficeError
from records.signing_in.sign_in_tables import RecoveryCode, SecondFactor
from records.tables import User
from records.users import Actor, Role
from records.vault import Vault

STEP = 30
#: A clock that goes wrong by half a minute is forgiven, no more.
_AROUND = (0, -1, 1)
RECOVERY_CODES = 10
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
#: A secret that nobody confirmed is not shown for ever.
_ENROLMENT = timedelta(minutes=30)


class WrongCode(OfficeError):
    """A code that does not fit now, or was taken before."""

    code = "sign_in.wrong_code"
    zh = "验证码不正确或已用过,请等下一个验证码再试。"
    en = "The code is wrong or was used before; wait for the next one."


class NoFactorBegun(OfficeError):
    """There is no enrolment to confirm."""

    code = "sign_in.no_factor_begun"
    zh = "请先开始启用动态验证码。"
    en = "Begin setting up the authenticator first."


class FactorRequired(OfficeError):
    """The office demands the second factor of this role."""

    code = "sign_in.factor_required"
    zh = "本岗位必须使用动态验证码,不能停用。"
    en = "This role must use an authenticator; it cannot be removed."


def in_force(session: Session, user_id: int) -> bool:
    """Whether the user has a second factor."""
    row = session.get(SecondFactor, user_id)
    return row is not None and row.confirmed_at is not None


def begin(session: Session, vault: Vault, actor: Actor) -> str:
    """Make a secret for the actor's authenticator; in force only once ``confirm`` has seen a code of it."""
    secret = pyotp.random_base32()
    sealed = vault.seal_for_sign_in(session, secret.encode())
    row = session.get(SecondFactor, actor.id)
    if row is None:
        session.add(SecondFactor(user_id=actor.id, sealed=sealed, made_at=clock.now()))
    elif row.confirmed_at is None:
        row.sealed, row.made_at, row.last_step = sealed, clock.now(), None
    session.flush()
    return secret


def begun(session: Session, vault: Vault, actor: Actor) -> str | None:
    """The secret of an enrolment that waits to be confirmed, or None."""
    row = session.get(SecondFactor, actor.id)
    if row is None or row.confirmed_at is not None or row.made_at < clock.now() - _ENROLMENT:
        return None
    return vault.open_for_sign_in(session, row.sealed).decode()


def address(secret: str, name: str, office: str) -> str:
    """What the code on the screen says to an authenticator (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=office)


def confirm(session: Session, vault: Vault, actor: Actor, code: str) -> list[str]:
    """Put the authenticator in force; returns recovery codes, told this once. Raises NoFactorBegun, WrongCode."""
    if begun(session, vault, actor) is None:
        raise NoFactorBegun()
    if not take_code(session, vault, actor.id, code):
        raise WrongCode()
    session.get_one(SecondFactor, actor.id).confirmed_at = clock.now()
    audit.append(session, actor.id, Verb.FACTOR_SET, f"user:{actor.id}")
    return _new_recovery_codes(session, actor.id)


def take_code(session: Session, vault: Vault, user_id: int, code: str) -> bool:
    """Whether this is a code of the user's authenticator now; it is taken then, and serves nobody again."""
    row = session.get(SecondFactor, user_id)
    digits = "".join(code.split())
    if row is None or not digits.isdecimal():
        return False
    generator = pyotp.TOTP(vault.open_for_sign_in(session, row.sealed).decode(), interval=STEP)
    present = int(clock.now().timestamp()) // STEP
    found = [present + near for near in _AROUND if hmac.compare_digest(generator.at((present + near) * STEP), digits)]
    if not found:
        return False
    unused = or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < found[0])
    taken = update(SecondFactor).where(SecondFactor.user_id == user_id, unused).values(last_step=found[0])
    return bool(session.execute(taken).rowcount)  # type: ignore[attr-defined]  # an update's result has it


def take_recovery_code(session: Session, user_id: int, code: str) -> bool:
    """Whether this is an unused recovery code of the user; it is used then."""
    clean = "".join(letter for letter in code.upper() if letter.isalnum())
    mine = update(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    used = session.execute(mine.where(RecoveryCode.digest == _digest(clean)).values(used_at=clock.now()))
    if not used.rowcount:  # type: ignore[attr-defined]  # an update's result has it
        return False
    left = {"left": recovery_codes_left(session, user_id)}
    audit.append(session, user_id, Verb.FACTOR_CODE_USED, f"user:{user_id}", left)
    return True


def recovery_codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes are unused."""
    query = select(func.count()).select_from(RecoveryCode)
    return session.scalar(query.where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))) or 0


def renew_recovery_codes(session: Session, actor: Actor) -> list[str]:
    """New recovery codes in the place of the old ones, told this once. Raises NoFactorBegun."""
    if not in_force(session, actor.id):
        raise NoFactorBegun()
    audit.append(session, actor.id, Verb.FACTOR_SET, f"user:{actor.id}", {"recovery_codes": RECOVERY_CODES})
    return _new_recovery_codes(session, actor.id)


def remove(session: Session, actor: Actor, user: User, *, required: bool = False) -> None:
    """Put a second factor out of force: one's own, where the office does not require it, or anybody's by an admin.

    ``required``: the office's setting demands it of the user's role. Raises NotAllowed, FactorRequired.
    """
    if user.id != actor.id:
        actor.require("停用他人的动态验证码", Role.ADMIN)
    elif required:
        raise FactorRequired()
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user.id))
    audit.append(session, actor.id, Verb.FACTOR_REMOVED, f"user:{user.id}")


def _new_recovery_codes(session: Session, user_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user_id, digest=_digest(code)) for code in codes)
    session.flush()
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def _digest(code: str) -> str:
    # Seventy-nine bits of chance: nothing is gained by a slow hash.
    return hashlib.sha256(code.encode()).hexdigest()
