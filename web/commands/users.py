"""yedang user list, reset, unlock, deactivate, reactivate, sign-out, forget-factor: people who sign in."""

from __future__ import annotations

import click

from records import users
from records.signing_in import attempts, second_factors
from records.users import Role
from web.acts import people
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeCommand, pass_console
from web.wording.words import ROLES

_COLUMNS = (
    Column("name", "用户名", "User"),
    Column("role", "岗位", "Role", ROLES),
    Column("active", "在用", "Active"),
    Column("must_change", "待改密码", "Must change password"),
    Column("second_factor", "动态验证码", "Authenticator"),
    Column("locked_until", "锁定至", "Locked until"),
    Column("sessions", "登录中", "Sessions"),
    Column("seen_at", "最近操作", "Last seen"),
)


@click.command("list", cls=OfficeCommand)
@pass_console
def list_(console: Console) -> Answer:
    """全部用户:岗位、是否在用、锁定、动态验证码、登录情况。 / All users and how they stand."""
    with console.office.reading() as session:
        console.actor(session).require("查看用户", Role.ADMIN)
        rows = [
            {
                "name": one.user.name,
                "role": one.user.role,
                "active": one.user.active,
                "must_change": one.user.must_change,
                "second_factor": one.has_factor,
                "locked_until": one.locked_until,
                "sessions": one.open_sessions,
                "seen_at": one.seen_at,
            }
            for one in people.everyone(session)
        ]
    return answer({"users": rows}, Table(_COLUMNS, rows))


@click.command("reset", cls=OfficeCommand)
@click.argument("name")
@pass_console
def reset(console: Console, name: str) -> Answer:
    """重置密码:给出一次性密码(3 天内有效),登录后须换掉。 / A one-time password, to be replaced at sign-in."""
    with console.office.transaction() as session:
        word = users.reset_password(session, console.actor(session), users.find_user(session, name))
    told = Sentence(
        f"{name} 的一次性密码:{word}\n请当面告知;{users.ONE_TIME.days} 天内有效,登录后须换成自己的密码。",
        f"One-time password of {name}: {word}\nTell it in person; valid for {users.ONE_TIME.days} days.",
    )
    return answer({"name": name, "one_time_password": word}, told)


@click.command("unlock", cls=OfficeCommand)
@click.argument("name")
@pass_console
def unlock(console: Console, name: str) -> Answer:
    """解除登录锁定。 / Unlock somebody after too many failures."""
    with console.office.transaction() as session:
        attempts.unlock(session, console.actor(session), users.find_user(session, name))
    return said({"name": name}, f"{name} 已解除锁定。", f"{name} is unlocked.")


@click.command("deactivate", cls=OfficeCommand)
@click.argument("name")
@pass_console
def deactivate(console: Console, name: str) -> Answer:
    """停用用户,立即结束其全部登录;经手的记录不变。 / Let somebody sign in no more; users are never deleted."""
    with console.office.transaction() as session:
        people.deactivate(session, console.actor(session), users.find_user(session, name))
    return said({"name": name, "active": False}, f"{name} 已停用。", f"{name} is deactivated.")


@click.command("reactivate", cls=OfficeCommand)
@click.argument("name")
@pass_console
def reactivate(console: Console, name: str) -> Answer:
    """恢复停用的用户。 / Let a deactivated user sign in again."""
    with console.office.transaction() as session:
        users.reactivate(session, console.actor(session), users.find_user(session, name))
    return said({"name": name, "active": True}, f"{name} 已恢复。", f"{name} is active again.")


@click.command("sign-out", cls=OfficeCommand)
@click.argument("name")
@pass_console
def sign_out(console: Console, name: str) -> Answer:
    """结束用户在各处的登录。 / End every session of a user."""
    with console.office.transaction() as session:
        count = users.sign_out(session, console.actor(session), users.find_user(session, name))
    return said(
        {"name": name, "sessions": count}, f"已结束 {name} 的 {count} 处登录。", f"Ended {count} sessions of {name}."
    )


@click.command("forget-factor", cls=OfficeCommand)
@click.argument("name")
@pass_console
def forget_factor(console: Console, name: str) -> Answer:
    """停用用户的动态验证码(手机遗失时)。 / Remove somebody's authenticator, for a lost telephone."""
    with console.office.transaction() as session:
        second_factors.remove(session, console.actor(session), users.find_user(session, name))
    return said({"name": name}, f"{name} 的动态验证码已停用。", f"The authenticator of {name} is removed.")


COMMANDS: tuple[click.Command, ...] = (list_, reset, unlock, deactivate, reactivate, sign_out, forget_factor)
