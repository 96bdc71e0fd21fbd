"""Users and their roles: who acts, and which acts a role includes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotAllowed, NotFound, OfficeError
from records.signing_in import passwords, sessions
from records.tables import User


class Role(StrEnum):
    """The five roles 岗位 of the handbook's office, and what each is called on screen."""

    STAFF = "staff"
    ARCHIVIST = "archivist"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMIN = "admin"

    @property
    def zh(self) -> str:
        """The role's Chinese name."""
        return _ROLE_ZH[self]


_ROLE_ZH = {
    Role.STAFF: "客服人员",
    Role.ARCHIVIST: "档案员",
    Role.SUPERVISOR: "主管",
    Role.MANAGER: "管理处经理",
    Role.ADMIN: "系统管理员",
}

#: Without these nobody could let people in, or decide.
_NEVER_WITHOUT = (Role.ADMIN, Role.MANAGER)
ONE_TIME = timedelta(days=3)

#: Roles that work with the office's own records; administration gives no right to content.
OFFICE_ROLES = (Role.STAFF, Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)


class UserExists(OfficeError):
    """The name is taken."""

    code = "user.exists"
    zh = "用户已存在:{name}。"
    en = "There is already a user {name}."


class LastOfTheRole(OfficeError):
    """Nobody would be left who can do what this role alone can do."""

    code = "user.last_of_role"
    zh = "{name}是最后一位在用的{role},不能停用。请先添加或恢复另一位。"
    en = "{name} is the last active {role} and cannot be deactivated; add or reactivate another first."


class NotYourself(OfficeError):
    """Deactivating oneself would lock one out in the middle of the act."""

    code = "user.not_yourself"
    zh = "不能停用自己,请由另一位管理员办理。"
    en = "Nobody deactivates themselves; ask another administrator."


class WrongPassword(OfficeError):
    """The present password, asked for again, is not this one."""

    code = "user.wrong_password"
    zh = "现用密码不正确。"
    en = "The present password is wrong."


class PasswordsDiffer(OfficeError):
    """A new password is typed twice, and was typed in two ways."""

    code = "user.passwords_differ"
    zh = "两次输入的新密码不一致。"
    en = "The new password was typed in two ways."


class SamePassword(OfficeError):
    """The new password is the old one."""

    code = "user.same_password"
    zh = "新密码与现用密码相同。"
    en = "The new password is the old one."


@dataclass(frozen=True)
class Actor:
    """On whose behalf an act is done: a user's id, name and role at this moment."""

    id: int
    name: str
    role: Role

    def require(self, act: str, *roles: Role) -> None:
        """Raise NotAllowed unless the actor has one of these roles; ``act`` names the act in Chinese."""
        if self.role not in roles:
            raise NotAllowed(role=self.role.zh, act=act)


def add_user(
    session: Session, actor: Actor | None, name: str, role: str, password: str, *, must_change: bool = False
) -> User:
    """Add a user. Administrators add users; until there is one, whoever set the system up needs no actor.

    ``must_change``: somebody else chose the password, so the first sign-in asks for one of the user's own.
    Raises UserExists, WeakPassword, CommonPassword, LongPassword, BadInput (unknown role), NotAllowed.
    """
    if actor is not None:
        actor.require("添加用户", Role.ADMIN)
    elif session.scalar(select(User.id).where(User.role == Role.ADMIN, User.active).limit(1)) is not None:
        raise NotAllowed(role="未登录", act="添加用户")
    if role not in list(Role):
        raise BadInput(what=f"岗位 {role}(可选:{'、'.join(Role)})")
    clean = name.strip()
    if not clean:
        raise BadInput(what="用户名为空")
    passwords.require_strong(password, clean)
    if session.scalar(select(User.id).where(User.name == clean)) is not None:
        raise UserExists(name=clean)
    user = User(name=clean, role=role, active=True, created_at=clock.now(), must_change=must_change)
    user.password_hash = passwords.digest(password)
    session.add(user)
    session.flush()
    audit.append(session, actor.id if actor else user.id, Verb.USER_ADDED, f"user:{user.id}", {"role": role})
    return user


def as_actor(user: User) -> Actor:
    """The actor that a user is."""
    return Actor(user.id, user.name, Role(user.role))


def find_actor(session: Session, name: str) -> Actor:
    """The actor of that name. Raises NotFound when there is none, or the user is no longer active."""
    user = session.scalar(select(User).where(User.name == name.strip(), User.active))
    if user is None:
        raise NotFound(what=f"用户 {name or '(未指定,请设置 YEDANG_ACTOR)'}")
    return as_actor(user)


def find_user(session: Session, name: str) -> User:
    """The user of that name, active or not. Raises NotFound."""
    user = session.scalar(select(User).where(User.name == name.strip()))
    if user is None:
        raise NotFound(what=f"用户 {name}")
    return user


def check_password(session: Session, name: str, password: str) -> User | None:
    """The user whom this name and password prove, or None. Takes as long for an unknown name as for a known one."""
    user = session.scalar(select(User).where(User.name == name.strip(), User.active))
    if not passwords.fits(user.password_hash if user else passwords.nobody(), password) or user is None:
        return None
    over = user.one_time_until is not None and user.one_time_until <= clock.now()
    return None if over else user


def renew_digest(user: User, password: str) -> None:
    """Hash a password that has just proven right anew, if the parameters have changed since it was set."""
    if passwords.needs_new_digest(user.password_hash):
        user.password_hash = passwords.digest(password)


def change_password(session: Session, actor: Actor, old: str, new: str, *, keep: int | None = None) -> None:
    """Set a password of one's own; every other session of the user ends, ``keep`` is the one that goes on.

    Raises WrongPassword, SamePassword, WeakPassword, CommonPassword, LongPassword.
    """
    user = session.get_one(User, actor.id)
    require_password(user, old)
    if old == new:
        raise SamePassword()
    passwords.require_strong(new, user.name)
    user.password_hash, user.must_change, user.one_time_until = passwords.digest(new), False, None
    sessions.end_all(session, user.id, "password", keep=keep)
    audit.append(session, actor.id, Verb.PASSWORD_CHANGED, f"user:{user.id}")


def require_password(user: User, password: str) -> None:
    """Ask again for the present password before something grave. Raises WrongPassword."""
    if not passwords.fits(user.password_hash, password):
        raise WrongPassword()


def reset_password(session: Session, actor: Actor, user: User) -> str:
    """A password for one sign-in within three days, which then asks for a new one; all sessions of the user end.

    It is told once, to whoever asked for it. Raises NotAllowed.
    """
    actor.require("重置密码", Role.ADMIN)
    word = passwords.one_time()
    user.password_hash, user.must_change = passwords.digest(word), True
    user.one_time_until = clock.now() + ONE_TIME
    sessions.end_all(session, user.id, "reset")
    audit.append(session, actor.id, Verb.PASSWORD_RESET, f"user:{user.id}")
    return word


def deactivate(session: Session, actor: Actor, user: User) -> None:
    """Let somebody sign in no more, and end their sessions at once. Users are never deleted: the log names them.

    Raises NotAllowed, NotYourself, LastOfTheRole.
    """
    actor.require("停用用户", Role.ADMIN)
    if user.id == actor.id:
        raise NotYourself()
    audit.lock(session)  # two administrators must not take away the last two at once
    if user.role in _NEVER_WITHOUT and user.active and _active(session, user.role) < 2:
        raise LastOfTheRole(name=user.name, role=Role(user.role).zh)
    user.active = False
    sessions.end_all(session, user.id, "deactivated")
    audit.append(session, actor.id, Verb.USER_DEACTIVATED, f"user:{user.id}")


def sign_out(session: Session, actor: Actor, user: User) -> int:
    """End every session of a user; how many. Raises NotAllowed."""
    actor.require("结束他人的登录", Role.ADMIN)
    count = sessions.end_all(session, user.id, "elsewhere")
    audit.append(session, actor.id, Verb.SESSIONS_ENDED, f"user:{user.id}", {"sessions": count})
    return count


def reactivate(session: Session, actor: Actor, user: User) -> None:
    """Let somebody sign in again, with the password they had. Raises NotAllowed."""
    actor.require("恢复用户", Role.ADMIN)
    user.active = True
    audit.append(session, actor.id, Verb.USER_REACTIVATED, f"user:{user.id}")


def _active(session: Session, role: str) -> int:
    return session.scalar(select(func.count()).select_from(User).where(User.role == role, User.active)) or 0
