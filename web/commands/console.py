"""What every command shares: the office it acts on, on whose behalf, ``--json``, progress, errors told in one place."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from records import clock, users
from records.errors import OfficeError
from records.settings import Settings
from records.users import Actor
from web.commands.answers import Answer
from web.office import Office
from web.wording.typesetting import typeset

Progress = Callable[[int, int], None]


class NoActor(OfficeError):
    """The command acts for somebody, and nobody was named."""

    code = "command.no_actor"
    zh = "未指定办理人:请用 --actor 姓名,或设置 YEDANG_ACTOR。"
    en = "On whose behalf? Give --actor NAME, or set YEDANG_ACTOR."


class DiskFull(OfficeError):
    """No room left; nothing half-done was kept."""

    code = "system.disk_full"
    zh = "磁盘已满,本次操作没有留下任何改动;请腾出空间后重试。"
    en = "The disk is full. Nothing was changed; make room and try again."


class DatabaseUnavailable(OfficeError):
    """The database does not answer, or is busy for too long."""

    code = "system.database"
    zh = "数据库暂时不能使用:{why}。"
    en = "The database cannot be used: {why}."


class DatabaseOfAnotherVersion(OfficeError):
    """The database was brought up to date by a newer program than this one."""

    code = "system.database_version"
    zh = "数据库与程序版本不符({why});请用建立或升级它的版本打开。"
    en = "The database is of another version of the program ({why}); open it with the version that made it."


class DatabaseOutOfDate(OfficeError):
    """The database lacks what this version of the program works with."""

    code = "system.database_out_of_date"
    zh = "数据库需要升级到本版本,请运行 yedang init。"
    en = "The database must be brought up to this version; run yedang init."


class FileTrouble(OfficeError):
    """A file or folder cannot be read or written."""

    code = "system.file"
    zh = "无法读写 {path}:{why}。"
    en = "Cannot read or write {path}: {why_en}."


class Console:
    """One invocation of ``yedang``: its settings, and the office once something needs it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.as_json = False
        self.actor_name = settings.actor

    @property
    def language(self) -> str:
        """``zh`` or ``en``."""
        return self.settings.language

    @cached_property
    def office(self) -> Office:
        """The office in the data folder. Raises NotSetUp."""
        return Office.open(self.settings)

    def actor(self, session: Session) -> Actor:
        """On whose behalf the command acts. Raises NoActor, NotFound."""
        if not self.actor_name:
            raise NoActor()
        return users.find_actor(session, self.actor_name)

    def close(self) -> None:
        """Let go of the database, if it was opened."""
        if "office" in self.__dict__:
            self.office.database.close()

    @contextmanager
    def progress(self, zh: str, en: str) -> Iterator[Progress]:
        """A bar on a terminal's stderr, and silence elsewhere; gives the callback ``(done, total)``."""
        if not sys.stderr.isatty():
            yield lambda _done, _total: None
            return
        label = en if self.language == "en" else zh
        with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

            def show(done: int, total: int) -> None:
                bar.length = max(total, 1)
                bar.update(done - bar.pos)

            yield show


# Help in two languages needs more room than click's 80 columns.
WIDE = {"max_content_width": 120}
pass_console = click.make_pass_decorator(Console)


class OfficeCommand(click.Command):
    """A command that takes ``--json`` and ``--actor`` and prints what its function answers."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **{"context_settings": WIDE, **keywords})
        self.params += [
            click.Option(["--actor"], metavar="NAME", help="办理人,默认取 YEDANG_ACTOR / on whose behalf"),
            click.Option(["--json", "as_json"], is_flag=True, help="输出一份 JSON / one JSON document"),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the function; print its answer; exit with 1 when the answer carries a failure."""
        console: Console = ctx.obj
        console.as_json = bool(ctx.params.pop("as_json"))
        console.actor_name = ctx.params.pop("actor") or console.actor_name
        found = super().invoke(ctx)
        if isinstance(found, Answer):
            click.echo(found.json() if console.as_json else found.text(console.language))
            if found.failure is not None:
                raise found.failure
        return found


class OfficeGroup(click.Group):
    """A group whose commands are office commands, and whose errors are sentences."""

    command_class = OfficeCommand

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **{"context_settings": WIDE, **keywords})

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; tell whatever it refuses as one sentence."""
        try:
            return super().invoke(ctx)
        except (OfficeError, CommandError, DBAPIError, ArgumentError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            raise Refusal(as_office_error(error), ctx.obj.language if ctx.obj else "zh") from error


class Refusal(click.ClickException):
    """An office error on its way to stderr; exit code 1."""

    def __init__(self, error: OfficeError, language: str) -> None:
        sentence = error.sentence(language)
        super().__init__(sentence if language == "en" else typeset(sentence))

    def show(self, file: Any = None) -> None:
        """The sentence and nothing else."""
        click.echo(self.message, err=True, file=file)


def as_office_error(error: Exception) -> OfficeError:
    """Whatever stopped a command, as an error of the office's family."""
    if isinstance(error, OfficeError):
        return error
    if isinstance(error, OSError):
        return _file_trouble(error)
    if isinstance(error, CommandError):
        return DatabaseOfAnotherVersion(why=error)
    told = str(getattr(error, "orig", None) or error).splitlines()[0].strip()
    if "disk is full" in told:
        return DiskFull()
    if _LACKING.search(told):
        return DatabaseOutOfDate()
    return DatabaseUnavailable(why=_DATABASE_ZH.get(told, told))


# What SQLite and PostgreSQL say of a table or column that is not there.
_LACKING = re.compile(r"no such (table|column)|(relation|column) .* does not exist")
_DATABASE_ZH = {
    "database is locked": "正被其他程序占用,请稍后再试 / it is locked by another program, try again",
    "file is not a database": "文件不是数据库或已损坏 / the file is damaged or no database",
}

_FILE_WHY = {
    errno.ENOENT: ("没有这个文件或文件夹", "no such file or folder"),
    errno.EACCES: ("没有权限", "permission denied"),
    errno.EISDIR: ("这是一个文件夹", "it is a folder"),
    errno.ENOTDIR: ("不是文件夹", "not a folder"),
    errno.EROFS: ("磁盘只读", "the disk is read-only"),
}


def _file_trouble(error: OSError) -> OfficeError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull()
    plain = os.strerror(error.errno) if error.errno else str(error)
    why, why_en = _FILE_WHY.get(error.errno or 0, (plain, plain))
    return FileTrouble(path=error.filename or "—", why=why, why_en=why_en)


class Day(click.ParamType[date]):
    """A local date as people write it: 2026-03-31, 2026/3/31, 2026年3月31日."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ARG002
        """Read the date. Raises BadDate, which is told like every other error."""
        return value if isinstance(value, date) else clock.parse_date(value)


DAY = Day()
OUT = click.Path(path_type=Path)
