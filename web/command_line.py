"""The command ``yedang``: every command of the office in one group."""

from __future__ import annotations

import click

from records.settings import Settings
from web.commands import access, books, dossiers, log, setting_up
from web.commands.console import Console, OfficeGroup


@click.group("yedang", cls=OfficeGroup)
@click.version_option(package_name="yedang")
@click.pass_context
def yedang(ctx: click.Context) -> None:
    """业档:物业客服档案与编号表单。 / Records and numbered forms for a property-service office.

    YEDANG_HOME 为数据目录,YEDANG_DATABASE_URL 为数据库,YEDANG_ACTOR 为办理人。
    """
    ctx.obj = Console(Settings.read())
    ctx.call_on_close(ctx.obj.close)


COMMANDS: tuple[click.Command, ...] = (
    setting_up.init,
    setting_up.user,
    setting_up.unit,
    setting_up.owner,
    books.group,
    dossiers.group,
    access.group,
    log.group,
)
for _command in COMMANDS:
    yedang.add_command(_command)


def main() -> None:
    """The program's entry: exits 0, 1 after one sentence on stderr, or 2 for bad usage."""
    yedang(prog_name="yedang")


if __name__ == "__main__":
    main()
