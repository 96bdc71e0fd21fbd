"""yedang backup, restore: the whole office into a folder, and back onto an empty machine by one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click
from sqlalchemy import select

from records import users
from records.errors import OfficeError
from records.tables import User
from records.users import Actor, Role
from records.vault import key_rotation
from records.vault.master_key import Identity
from web import schema
from web.acts.retention.destroying_again import clear_traces, destroy_again, destroy_named
from web.backups.restoring import Restored, restore_backup
from web.backups.writing import KEEP, Backup, make_backup, prove_backup, shortened
from web.commands.answers import Answer, Sentence, answer, said
from web.commands.console import Console, OfficeCommand, pass_console
from web.commands.keys import in_the_masters_place, typed_in
from web.office import Office

FOLDER = click.Path(path_type=Path, file_okay=False)


class ImagesLacking(OfficeError):
    """The backup or the restored office lacks images that its records name."""

    code = "backup.images_lacking"
    zh = "有 {count} 份影像缺失或损坏:{names}。请运行 yedang check 查明是哪些文件。"
    en = "{count} images are missing or damaged: {names}. Run yedang check to learn whose they are."


@click.command("backup", cls=OfficeCommand)
@click.argument("folder", type=FOLDER)
@click.option("--keep", type=click.IntRange(1), default=KEEP, show_default=True, help="保留几份快照 / how many stay")
@click.option("--verify", is_flag=True, help="只核验已有的备份,逐字节 / only prove the backup that is there")
@pass_console
def backup(console: Console, folder: Path, keep: int, verify: bool) -> Answer:
    """备份到文件夹(不含主密钥);可边工作边备份,只写变了的。 / Back up into a folder; the master key is not in it.

    写完即从磁盘读回核验;每次另核验三十分之一从前的影像。中途断电、断线,之前的快照不受影响。
    """
    office = console.office
    with office.reading() as session:
        actor = console.actor(session) if console.actor_name else None
    if verify:
        return _proven(console, office, folder)
    with console.progress("备份", "Backing up") as progress:
        made = make_backup(
            office.database, office.vault, actor, folder, progress, home=console.settings.home, keep=keep
        )
    told = Sentence(
        f"已备份到 {folder}(快照 {made.snapshot}):{made.rows} 条记录,{made.blobs} 份影像;本次复制 {made.copied} 份,"
        f"{made.bytes / 1e6:.1f} MB,已核验。\n主密钥 {console.settings.master_key} 须另行保管。",
        f"Backed up into {folder} (snapshot {made.snapshot}): {made.rows} rows, {made.blobs} images; {made.copied} "
        f"copied now, {made.bytes / 1e6:.1f} MB, proven.\nKeep the master key {console.settings.master_key} elsewhere.",
    )
    return answer(_data(made, folder), told, failure=_lacking(made.missing))


def _data(made: Backup, folder: Path) -> dict[str, object]:
    data = {"folder": folder, "snapshot": made.snapshot, "rows": made.rows, "blobs": made.blobs}
    return data | {"copied": made.copied, "bytes": made.bytes, "missing": made.missing}


def _proven(console: Console, office: Office, folder: Path) -> Answer:
    with console.progress("核验", "Proving") as progress:
        found = prove_backup(office.database, office.vault, folder, progress)
    told = Sentence(
        f"备份完好(快照 {found.snapshot}):{found.rows} 条记录,{found.blobs} 份影像,逐字节核验。",
        f"The backup holds (snapshot {found.snapshot}): {found.rows} rows, {found.blobs} images, every byte proven.",
    )
    return answer(_data(found, folder), told, failure=_lacking(found.missing))


def _lacking(names: tuple[str, ...]) -> ImagesLacking | None:
    return ImagesLacking(count=len(names), names=shortened(names)) if names else None


@click.command("restore", cls=OfficeCommand)
@click.argument("folder", type=FOLDER)
@click.option("--replace", is_flag=True, help="覆盖现有数据 / put it in the place of what is here")
@click.option("--snapshot", default="", help="快照名,默认最新 / which snapshot; the newest by default")
@click.option("--despite-damage", is_flag=True, help="备份中坏的影像除外,其余照恢复 / leave damaged images out")
@click.option(
    "--destroyed", multiple=True, metavar="编号", help="据纸质清册,备份后已销毁的 / destroyed since, by its certificate"
)
@click.option("--recovery-key", is_flag=True, help="照纸面输入恢复密钥,随即换新主密钥 / with the recovery key on paper")
@click.option("--stdin", "from_stdin", is_flag=True, help="从标准输入读取恢复密钥 / read the key from stdin")
@pass_console
def restore(
    console: Console,
    folder: Path,
    replace: bool,
    snapshot: str,
    despite_damage: bool,
    destroyed: tuple[str, ...],
    recovery_key: bool,
    from_stdin: bool,
) -> Answer:
    """从备份恢复;之后销毁过的再次销毁。 / Restore a backup; what was destroyed since is destroyed again.

    主密钥须先放回 keys/master.key(或由 YEDANG_MASTER_KEY 指明);没有主密钥的,用 --recovery-key 凭纸上的恢复密钥。
    空机器不知道备份之后销毁过什么:照纸质销毁清册逐项写 --destroyed,任何人登录之前即再次销毁。
    """
    office = Office(console.settings)
    paper = _paper_key(console, typed_in(console, from_stdin)) if recovery_key else nullcontext()
    with paper:
        office.vault.master.identity()  # without the key nothing can be restored, and no new one may be made
        console.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        schema.upgrade(office.database)
        try:
            with console.progress("恢复影像", "Restoring images") as progress:
                done = restore_backup(
                    office.database, office.vault, folder, replace=replace, progress=progress,
                    home=console.settings.home, name=snapshot, despite_damage=despite_damage,
                    destroy_again=lambda session, lines: (
                        destroy_again(session, office, lines) + destroy_named(session, office, destroyed)
                    ),
                )  # fmt: skip
            if replace or done.destroyed_again:
                clear_traces(office)
            with console.progress("重建索引", "Rebuilding the index") as progress:
                documents = office.index.rebuild(office.database, progress)
            rotated = _new_master(office) if recovery_key else False
        finally:
            office.database.close()
    return _restored(console, done, documents, rotated)


@contextmanager
def _paper_key(console: Console, identity: Identity) -> Iterator[None]:
    """The recovery key in the master key's place while the office comes back. Raises FileThere."""
    path = in_the_masters_place(console, identity)
    try:
        yield
    except OfficeError:
        path.unlink(missing_ok=True)  # nothing came back: the next try begins anew
        raise


def _new_master(office: Office) -> bool:
    """A master key of its own for the machine, so that the paper can go back into the safe."""
    with office.reading() as session:
        query = select(User).where(User.role == Role.ADMIN.value, User.active).order_by(User.id)
        admin: Actor | None = next((users.as_actor(user) for user in session.scalars(query)), None)
    if admin is None:
        return False
    key_rotation.rotate(office.database, office.vault.master, admin)
    return True


def _restored(console: Console, done: Restored, documents: int, rotated: bool) -> Answer:
    data = {
        "snapshot": done.snapshot,
        "rows": done.rows,
        "blobs": done.blobs,
        "lacking": done.lacking,
        "destroyed_again": done.destroyed_again,
        "indexed": documents,
        "new_master_key": rotated,
    }
    zh, en = "请运行 yedang check。", "Run yedang check."
    if rotated:
        zh += f"\n已换新主密钥 {console.settings.master_key}:请另存一份,恢复密钥纸放回原处,并立即备份一次。"
        en += f"\nThere is a new master key {console.settings.master_key}: keep a copy elsewhere, and back up now."
    told = said(
        data,
        f"已恢复快照 {done.snapshot}:{done.rows} 条记录,{done.blobs} 份影像;再次销毁 {done.destroyed_again} 项。{zh}",
        f"Restored {done.snapshot}: {done.rows} rows, {done.blobs} images; {done.destroyed_again} destroyed anew. {en}",
    )
    return answer(data, *told.parts, failure=_lacking(done.lacking))


COMMANDS: tuple[click.Command, ...] = (backup, restore)
