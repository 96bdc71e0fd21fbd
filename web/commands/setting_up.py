"""yedang init, demo, user add: the office and its people."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from sqlalchemy import select

from records import users
from records.tables import User
from records.users import Role
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeCommand, OfficeGroup, pass_console
from web.demo.estate import ADMIN, ESTATE, PEOPLE
from web.demo.story import Story
from web.office import Office
from web.wording.words import ROLES

_OPEN = Sentence(
    "打开 http://127.0.0.1:8000/ (make run,或 yedang serve --with-worker),用以下用户登录:",
    "Open http://127.0.0.1:8000/ (make run, or yedang serve --with-worker) and sign in as:",
)
PEOPLE_COLUMNS = (
    Column("role", "岗位", "Role", ROLES),
    Column("name", "用户名", "User"),
    Column("password", "密码", "Password"),
)


@click.command("init", cls=OfficeCommand)
@pass_console
def init(console: Console) -> Answer:
    """建立数据目录、数据库和密钥;可以重复运行。 / Data folder, database, keys; safe to repeat."""
    office = Office.init(console.settings)
    office.database.close()
    data = {"home": console.settings.home, "master_key": console.settings.master_key}
    return said(
        data,
        f"数据目录已就绪:{console.settings.home}\n主密钥:{console.settings.master_key}(请另存一份,备份中不含此文件)",
        f"The office is ready in {console.settings.home}\n"
        f"Master key: {console.settings.master_key} (keep a copy elsewhere: no backup holds it)",
    )


@click.command("demo", cls=OfficeCommand)
@pass_console
def demo(console: Console) -> Answer:
    """在空的数据目录中建立演示小区;已有数据时不作任何改动。 / A small estate to try; changes nothing where data is.

    3 栋 120 户,各岗位用户,编号表单、册、带签名的扫描件、待处理、查阅申请、到期档案。
    """
    office = Office.init(console.settings)
    try:
        with office.reading() as session:
            there = session.scalar(select(User.id).limit(1)) is not None
            known = there and users.check_password(session, ADMIN.name, ADMIN.password) is not None
        if not there:
            with console.progress("建立演示小区", "Building the demonstration") as progress:
                Story(office).tell(progress)
    finally:
        office.database.close()
    home = console.settings.home
    done = Sentence(f"演示小区「{ESTATE}」已建好。", f"The demonstration is built in {home}.")
    if there:
        done = Sentence(f"{home} 中已有数据,未作改动。", f"{home} holds data; nothing changed.")
    people = [] if there and not known else [{**asdict(one), "password": one.password} for one in PEOPLE]
    parts = (_OPEN, Table(PEOPLE_COLUMNS, people)) if people else ()
    return answer({"built": not there, "home": home, "people": people}, done, *parts)


@click.group("user", cls=OfficeGroup)
def user() -> None:
    """用户与岗位 / People and their roles."""


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="岗位 / role")
@click.option("--password-stdin", is_flag=True, help="从标准输入读取密码 / read the password from stdin")
@pass_console
def add(console: Console, name: str, role: str, password_stdin: bool) -> Answer:
    """添加用户;还没有管理员时不需要办理人。 / Add a user; needs no actor until there is an administrator."""
    office = console.office
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _ask_password(console)
    with office.transaction() as session:
        actor = console.actor(session) if console.actor_name else None
        # Whoever sets the system up chooses a password of their own; everybody else is given one.
        added = users.add_user(session, actor, name, role, password, must_change=actor is not None)
        data = {"id": added.id, "name": added.name, "role": added.role}
    return said(data, f"已添加用户 {data['name']}({Role(role).zh})。", f"Added {data['name']} as {role}.")


def _ask_password(console: Console) -> str:
    words = ("Password", "Again") if console.language == "en" else ("密码", "再次输入")
    asked: str = click.prompt(words[0], hide_input=True, confirmation_prompt=words[1], err=True)
    return asked
