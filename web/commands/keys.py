"""yedang key: the master key, the recovery key on paper, and the public part for a place that only files."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import click
from sqlalchemy import select

from forms import pdf
from forms.layout.recovery_page import recovery_page
from records import clock
from records.errors import OfficeError
from records.tables import Key, KeyHolder
from records.users import Role
from records.vault import SIGN_IN, key_rotation, paper_key
from records.vault.key_rotation import Rewrapped
from records.vault.master_key import Identity, public_part, write_secret
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import OUT, Console, OfficeGroup, pass_console
from web.office import NotSetUp

_COLUMNS = (Column("role", "持有人", "Holder", {"master": "主密钥", "recovery": "恢复密钥"}),
            Column("recipient", "公钥", "Public key"), Column("since", "启用", "Since"))  # fmt: skip


class FileThere(OfficeError):
    """A secret is never written over a file that is there."""

    code = "vault.file_there"
    zh = "{path} 已存在;请另选文件名,或先移开。"
    en = "{path} is there already; choose another name, or move it away."


@click.group("key", cls=OfficeGroup)
def group() -> None:
    """主密钥、恢复密钥 / The master key and the recovery key."""


@group.command("status")
@pass_console
def status(console: Console) -> Answer:
    """主密钥和恢复密钥自何时起用,有多少密钥,换密钥是否完成。 / How the vault's keys stand."""
    office = console.office
    with office.reading() as session:
        console.actor(session).require("查看密钥情况", Role.ADMIN)
        found = key_rotation.standing(session, office.vault.master)
        rows = [_row(holder) for holder in (found.master, found.recovery) if holder is not None]
    opens, files = (
        office.vault.master.can_open(),
        len(office.vault.master.identities()) if office.vault.master.can_open() else 0,
    )
    data = {"holders": rows, "keys": found.living, "behind": found.behind, "destroyed": found.destroyed, "opens": opens}
    unfinished = found.behind > 0 or files > 1
    zh = f"密钥 {found.living} 把,已销毁 {found.destroyed} 把。" + (
        "此处只有公开部分,不能打开影像。" if not opens else ""
    )
    zh += "换密钥尚未完成,请运行 yedang key rotate。" if unfinished else ""
    zh += "" if found.recovery else "尚无恢复密钥:请运行 yedang key recovery。"
    en = f"{found.living} keys, {found.destroyed} destroyed." + (" Only the public part is here." if not opens else "")
    en += " A rotation is unfinished: run yedang key rotate." if unfinished else ""
    en += "" if found.recovery else " There is no recovery key: run yedang key recovery."
    return answer(data, Table(_COLUMNS, rows), Sentence(zh, en))


def _row(holder: KeyHolder) -> dict[str, object]:
    return {"role": holder.role, "recipient": holder.recipient, "since": holder.since}


@group.command("rotate")
@pass_console
def rotate(console: Console) -> Answer:
    """更换主密钥:各密钥重新封装,影像不重写;中断后再运行即续完。 / A new master key; run again to finish.

    完成后请另存新的主密钥文件,并立即做一次备份;之前的备份仍可用从前的主密钥或恢复密钥打开。
    """
    office = console.office
    with office.reading() as session:
        actor = console.actor(session)
    with console.progress("更换主密钥", "Rotating") as progress:
        done = key_rotation.rotate(office.database, office.vault.master, actor, progress)
    return _rewrapped(
        console, done, "主密钥已更换" if not done.continued else "上次未完的更换已完成", "The master key is new"
    )


def _rewrapped(console: Console, done: Rewrapped, zh: str, en: str) -> Answer:
    path = console.settings.master_key
    data = {"keys": done.keys, "continued": done.continued, "master_key": path}
    return said(
        data,
        f"{zh},重新封装 {done.keys} 把密钥。\n请另存新的主密钥 {path},并立即备份一次。",
        f"{en}; {done.keys} keys wrapped anew.\nKeep a copy of {path} elsewhere, and make a backup now.",
    )


@group.command("recovery")
@click.option("--out", required=True, type=OUT, help="恢复密钥页(PDF),打印后删除 / the page to print, then delete")
@pass_console
def recovery(console: Console, out: Path) -> Answer:
    """制作恢复密钥:写在纸上,别处不留;之前的恢复密钥作废。 / A recovery key on paper, kept nowhere else."""
    office = console.office
    with office.reading() as session:
        actor = console.actor(session)
        actor.require("制作恢复密钥", Role.ADMIN)
    identity = Identity.generate()
    secret, recipient = str(identity), str(identity.to_public())
    page = recovery_page(console.settings.office, paper_key.lines(secret), secret, f"{recipient[:16]}…", clock.today())
    drawn = pdf.draw_pages([page], title="恢复密钥", author=console.settings.office)
    try:
        # The paper first: keys wrapped for a paper that was never written would help nobody.
        write_secret(out, drawn, replace=False)
    except FileExistsError:
        raise FileThere(path=out) from None
    with console.progress("封装密钥", "Wrapping") as progress:
        done = key_rotation.add_recovery(office.database, office.vault.master, actor, recipient, progress)
    return said(
        {"out": out, "recipient": recipient, "keys": done.keys},
        f"{done.keys} 把密钥已为恢复密钥封装。密钥页:{out}\n请立即打印、密封、另处保管,并删除此文件;"
        "随后运行 yedang key test 照纸面输入一遍。",
        f"The page is in {out}; {done.keys} keys are wrapped for it.\nPrint it, seal it, keep it elsewhere, delete the "
        "file; then run yedang key test and type it in once.",
    )


@group.command("test")
@click.option("--stdin", "from_stdin", is_flag=True, help="从标准输入读取 / read the key from stdin")
@pass_console
def test(console: Console, from_stdin: bool) -> Answer:
    """照纸面输入恢复密钥,核对是否有效;什么也不改变。 / Type in the recovery key and learn whether it is in force."""
    office = console.office
    with office.reading() as session:
        key_rotation.is_recovery_key(session, Identity.generate())  # says at once that there is none
        right = key_rotation.is_recovery_key(session, typed_in(console, from_stdin))
    if not right:
        raise key_rotation.WrongRecoveryKey()
    return said({"in_force": True}, "恢复密钥有效。", "This recovery key is in force.")


@group.command("recover")
@click.option("--stdin", "from_stdin", is_flag=True, help="从标准输入读取 / read the key from stdin")
@pass_console
def recover(console: Console, from_stdin: bool) -> Answer:
    """主密钥遗失时,用纸上的恢复密钥做出新的主密钥。 / Make a working master key from the recovery key on paper.

    机器上只有备份、还没有数据时也用它:先放上恢复密钥,再 yedang restore,最后 yedang key rotate。
    """
    identity = typed_in(console, from_stdin)
    try:
        office = console.office
    except NotSetUp:
        return _onto_an_empty_machine(console, identity)
    with office.reading() as session:
        actor = console.actor(session)
    with console.progress("恢复", "Recovering") as progress:
        done = key_rotation.recover(office.database, office.vault.master, actor, identity, progress)
    return _rewrapped(console, done, "已用恢复密钥做出新的主密钥", "A new master key was made from the recovery key")


def in_the_masters_place(console: Console, identity: Identity) -> Path:
    """Put the recovery key where the master key will be, until it is rotated; where that is. Raises FileThere."""
    path = console.settings.master_key
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        write_secret(path, f"# yedang recovery key, until yedang key rotate\n{identity}\n".encode(), replace=False)
    except FileExistsError:
        raise FileThere(path=path) from None
    return path


def _onto_an_empty_machine(console: Console, identity: Identity) -> Answer:
    path = in_the_masters_place(console, identity)
    return said(
        {"master_key": path, "recovered": False},
        f"恢复密钥已放在 {path}。接着运行 yedang restore 备份文件夹,然后 yedang key rotate 换成新的主密钥。",
        f"The recovery key is in {path}. Now run yedang restore FOLDER, then yedang key rotate for a new master key.",
    )


def typed_in(console: Console, from_stdin: bool) -> Identity:
    """The recovery key, asked for line by line or read whole. Raises PaperKeyMistyped, NoPaperKey."""
    if from_stdin or not sys.stdin.isatty():
        return paper_key.read(sys.stdin.read())
    word = "Line" if console.language == "en" else "第"
    lines = []
    for number in range(1, paper_key.LINES + 1):
        # Told line by line, so that a slip is found while the eye is still on it.
        read = functools.partial(_line, console, number)
        lines.append(click.prompt(f"{word} {number}", value_proc=read, err=True))
    return paper_key.read("".join([paper_key.START, *lines]))


def _line(console: Console, number: int, text: str) -> str:
    try:
        return paper_key.read_line(number, text)
    except paper_key.PaperKeyMistyped as error:
        raise click.UsageError(error.sentence(console.language)) from None


@group.command("public")
@click.option("--out", required=True, type=OUT, help="公开部分的文件 / the file to write")
@pass_console
def public(console: Console, out: Path) -> Answer:
    """取出公开部分:只持有它的机器能打印、收件,不能打开影像。 / For a place that files and cannot read."""
    office = console.office
    master = office.vault.master
    with office.reading() as session:
        console.actor(session).require("取出主密钥的公开部分", Role.ADMIN)
        key = session.scalar(select(Key).where(Key.label == SIGN_IN))
        sign_in = office.vault.identity(key) if key is not None else None
    try:
        content = public_part(master.identity().to_public(), master.page_secret(), sign_in)
        write_secret(out, content.encode(), replace=False)
    except FileExistsError:
        raise FileThere(path=out) from None
    return said(
        {"out": out},
        f"公开部分已写到 {out}。在只收件的机器上把 YEDANG_MASTER_KEY 指向它;影像由持有主密钥的 worker 归档。",
        f"The public part is in {out}. Point YEDANG_MASTER_KEY at it where pages are only taken in; the worker that "
        "holds the master key files them.",
    )
