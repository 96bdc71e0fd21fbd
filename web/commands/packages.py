"""yedang package: a dossier, a series or the whole archive as a bag that leaves the office, and taking one in."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from records import users
from records.errors import BadInput
from records.signing_in import attempts
from records.users import Actor, Role
from web import schema
from web.commands.answers import Answer, said
from web.commands.console import Console, OfficeGroup, pass_console
from web.office import Office
from web.packages import joining, reading, writing
from web.packages.writing import Package

SOURCE = "command:package"
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("package", cls=OfficeGroup)
def group() -> None:
    """移交包(BagIt) / Transfer packages (BagIt)."""


@group.command("dossier")
@click.argument("number")
@click.argument("folder", type=FOLDER)
@pass_console
def dossier(console: Console, number: str, folder: Path) -> Answer:
    """一份业主档案;须有有效的借出授权。 / One dossier, under a live grant of loan."""
    office = console.office
    with office.reading() as session:
        actor = console.actor(session)
    with console.progress("写出", "Writing") as progress:
        return _told(writing.write_dossier(office, actor, number, folder, progress))


@group.command("series")
@click.argument("code")
@click.argument("folder", type=FOLDER)
@pass_console
def series(console: Console, code: str, folder: Path) -> Answer:
    """一个档案类别(如 HF)的全部文件。 / All documents of a series."""
    office = console.office
    with office.reading() as session:
        actor = console.actor(session)
    with console.progress("写出", "Writing") as progress:
        return _told(writing.write_series(office, actor, code, folder, progress))


@group.command("archive")
@click.argument("folder", type=FOLDER)
@click.option("--witness", required=True, help="见证人(另一位经理或主管) / a second manager or a supervisor")
@click.option("--password-stdin", is_flag=True, help="从标准输入读取见证人的密码 / the witness's password from stdin")
@click.option("--reason", required=True, help="原因,如物业公司交接 / why")
@pass_console
def archive(console: Console, folder: Path, witness: str, password_stdin: bool, reason: str) -> Answer:
    """全部档案,用于物业公司交接;由两人经办,包内不加密,请妥善保管。 / The whole archive, by two people.

    包内是明文:影像、正文、业主信息。写出后请立即转存到加密介质。
    """
    office = console.office
    with office.reading() as session:
        actor = console.actor(session)
        actor.require("移交全部档案", Role.MANAGER)
    second = _proven(office, witness, sys.stdin.readline().rstrip("\r\n") if password_stdin else _ask(witness))
    with console.progress("写出", "Writing") as progress:
        return _told(writing.write_archive(office, actor, second, reason, folder, progress))


def _proven(office: Office, witness: str, password: str) -> Actor:
    """The witness whom the password proves; wrong ones are counted, slowed and locked as at the door."""
    with office.transaction() as session:
        attempts.begin(session, witness, SOURCE)
    with office.reading() as session:
        user = users.check_password(session, witness, password)
        if user is None:
            raise BadInput(what=f"见证人 {witness} 的密码不正确")
        second = users.as_actor(user)
    with office.transaction() as session:
        attempts.take_back(session, witness, SOURCE, all_of_name=False)
    return second


def _ask(witness: str) -> str:
    return str(click.prompt(f"{witness} 的密码 / Password of {witness}", hide_input=True, err=True))


@group.command("verify")
@click.argument("folder", type=FOLDER)
@pass_console
def verify(_console: Console, folder: Path) -> Answer:
    """核验移交包:每个文件与清单的摘要。 / Prove every file of a package by its digest."""
    info = reading.prove(folder)
    about, size = info.get("External-Description", ""), info.get("Payload-Oxum", "")
    return said({"holds": True, "info": info}, f"移交包完整:{about}({size})。", f"The package holds: {about} ({size}).")


@group.command("take-in")
@click.argument("folder", type=FOLDER)
@pass_console
def take_in(console: Console, folder: Path) -> Answer:
    """接收移交包:全部档案收进空系统,一份档案或一个类别收进任何系统。 / Take a package in.

    全部档案:原有用户均停用。一份档案、一个类别:由档案员或经理接收,已有同一档案或文件的不收。
    """
    if not reading.is_whole(folder):
        return _part_taken_in(console, folder)
    office = Office(console.settings)
    console.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    office.vault.master.create()
    schema.upgrade(office.database)
    try:
        with console.progress("接收", "Taking in") as progress:
            done = reading.take_in(office, folder, progress)
        with console.progress("重建索引", "Rebuilding the index") as progress:
            documents = office.index.rebuild(office.database, progress)
    finally:
        office.database.close()
    return said(
        {"rows": done.rows, "files": done.files, "indexed": documents},
        f"已接收:{done.rows} 条记录,{done.files} 个文件;原有用户均已停用。\n"
        "请用 yedang user add 添加系统管理员,再运行 yedang check。",
        f"Taken in: {done.rows} rows, {done.files} files; its users are deactivated.\n"
        "Add an administrator with yedang user add, then run yedang check.",
    )


def _part_taken_in(console: Console, folder: Path) -> Answer:
    office = console.office
    with office.reading() as session:
        actor = console.actor(session)
    with console.progress("接收", "Taking in") as progress:
        done = joining.join(office, actor, folder, progress)
    return said(
        {"rows": done.rows, "files": done.files},
        f"已接收:{done.rows} 条记录,{done.files} 页影像。",
        f"Taken in: {done.rows} rows, {done.files} pages.",
    )


def _told(package: Package) -> Answer:
    data = {
        "folder": package.folder,
        "dossiers": package.dossiers,
        "series": package.series,
        "documents": package.documents,
        "files": package.files,
    }
    return said(
        data,
        f"已写出到 {package.folder}:档案 {package.dossiers} 份,类别 {package.series} 个,"
        f"文件 {package.documents} 件,影像 {package.files} 个。",
        f"Written to {package.folder}: {package.dossiers} dossiers, {package.series} series, "
        f"{package.documents} documents, {package.files} files.",
    )
