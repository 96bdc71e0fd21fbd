"""The command ``yedang``: every command of the office in one group."""

from __future__ import annotations

import sys

import click

from records.settings import Settings
from web.commands import (
    access,
    backups,
    bindings,
    books,
    disposal_runs,
    documents,
    dossiers,
    facts,
    form_files,
    forms,
    holds,
    keys,
    knowing,
    loans,
    log,
    owners,
    packages,
    places,
    retention,
    saving,
    scans,
    schedule,
    searching,
    setting_up,
    supplies,
    transfers,
    tray,
    units,
    upkeep,
    users,
)
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
    setting_up.demo,
    setting_up.user,
    units.group,
    owners.group,
    forms.group,
    books.group,
    dossiers.group,
    documents.group,
    access.group,
    places.group,
    loans.group,
    retention.group,
    schedule.group,
    facts.group,
    scans.group,
    searching.command,
    saving.group,
    log.group,
    packages.group,
    keys.group,
    *backups.COMMANDS,
    *upkeep.COMMANDS,
)
for _command in form_files.COMMANDS:
    forms.group.add_command(_command)
for _command in COMMANDS:
    yedang.add_command(_command)
for _group, _more in (
    (books.group, bindings.COMMANDS),
    (books.group, transfers.COMMANDS),
    (forms.group, supplies.COMMANDS),
    (scans.group, tray.COMMANDS),
    (setting_up.user, users.COMMANDS),
    (access.group, knowing.COMMANDS),
    (retention.group, holds.COMMANDS),
    (retention.group, disposal_runs.COMMANDS),
):
    for _command in _more:
        _group.add_command(_command)


def main() -> None:
    """The program's entry: exits 0, 1 after one sentence on stderr, or 2 for bad usage.

    A fault of ours is told as one sentence too; ``python -X dev -m web.command_line`` shows where it is.
    """
    try:
        yedang(prog_name="yedang")
    except Exception as fault:
        if sys.flags.dev_mode:
            raise
        kind = type(fault).__name__
        click.echo(f"系统内部出错({kind}),本次操作没有生效。 / A fault of ours ({kind}); nothing was done.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
