"""Users and their roles: who acts, and which acts a role includes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotAllowed, NotFound, OfficeError
from records.tables import User

_HASHER = PasswordHasher()
MINIMUM_PASSWORD = 12


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

#: Roles that work with the office's own records; administration gives no right to content.
OFFICE_ROLES = (Role.STAFF, Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)


class UserExists(OfficeError):
    """The name is taken."""

    code = "user.exists"
    zh = "用户已存在:{name}。"
    en = "There is already a user {name}."


class WeakPassword(OfficeError):
    """A password that is too short."""

    code = "user.weak_password"
    zh = "密码至少需要 {minimum} 个字符。"
    en = "A password needs at least {minimum} characters."


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


def add_user(session: Session, actor: Actor | None, name: str, role: str, password: str) -> User:
    """Add a user. Administrators add users; until there is one, whoever set the system up needs no actor.

    Raises UserExists, WeakPassword, BadInput (unknown role), NotAllowed.
    """
    if actor is not None:
        actor.require("添加用户", Role.ADMIN)
    elif session.scalar(select(User.id).where(User.role == Role.ADMIN, User.active).limit(1)) is not None:
        raise NotAllowed(role="未登录", act="添加用户")
    if role not in list(Role):
        raise BadInput(what=f"岗位 {role}(可选:{'、'.join(Role)})")
    if len(password) < MINIMUM_PASSWORD:
        raise WeakPassword(minimum=MINIMUM_PASSWORD)
    clean = name.strip()
    if not clean:
        raise BadInput(what="用户名为空")
    if session.scalar(select(User.id).where(User.name == clean)) is not None:
        raise UserExists(name=clean)
    user = User(name=clean, role=role, password_hash=_HASHER.hash(password), active=True, created_at=clock.now())
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


def check_password(session: Session, name: str, password: str) -> User | None:
    """The user whom this name and password prove, or None. Takes as long for an unknown name as for a known one."""
    user = session.scalar(select(User).where(User.name == name.strip(), User.active))
    try:
        _HASHER.verify(user.password_hash if user else _NOBODY, password)
    except VerificationError:
        return None
    return user


# Verified against when the name is unknown, so that the time taken does not tell which names exist.
_NOBODY = _HASHER.hash("nobody has this password")
