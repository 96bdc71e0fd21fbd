"""yedang saved: the searches that one saved, or that are shared with the office."""

from __future__ import annotations

import click

from search import saved
from search.saved_tables import SavedSearch
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeGroup, pass_console

COLUMNS = (
    Column("name", "名称", "Name"),
    Column("query", "检索词", "Query"),
    Column("within", "范围", "Within"),
    Column("shared", "共享", "Shared"),
    Column("own", "本人", "Own"),
)


@click.group("saved", cls=OfficeGroup)
def group() -> None:
    """已存检索;保存用 search --save,打开用 search --saved。 / Saved searches."""


@group.command("list")
@pass_console
def list_(console: Console) -> Answer:
    """自己保存的和共享的检索。 / One's own, and those shared with the office."""
    with console.office.reading() as session:
        actor = console.actor(session)
        rows = [_row(one, actor.id) for one in saved.listed(session, actor)]
    told = Sentence(f"共 {len(rows)} 个。", f"{len(rows)} saved.")
    return answer({"saved": rows}, Table(COLUMNS, rows), told)


@group.command("rename")
@click.argument("name")
@click.argument("new")
@pass_console
def rename(console: Console, name: str, new: str) -> Answer:
    """更改名称。 / Give another name."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        saved.rename(session, actor, saved.find(session, actor, name), new)
    return said({"name": new}, f"已改名为「{new}」。", f"Renamed to “{new}”.")


@group.command("share")
@click.argument("name")
@click.option("--stop", is_flag=True, help="不再共享 / no longer")
@pass_console
def share(console: Console, name: str, stop: bool) -> Answer:
    """与全办公室共享(经理)。 / Share with the whole office (manager)."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        saved.share(session, actor, saved.find(session, actor, name), not stop)
    zh, en = ("不再共享", "no longer shared") if stop else ("已共享", "shared")
    return said({"name": name, "shared": not stop}, f"「{name}」{zh}。", f"“{name}” is {en}.")


@group.command("forget")
@click.argument("name")
@pass_console
def forget(console: Console, name: str) -> Answer:
    """删除。 / Forget it."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        saved.forget(session, actor, saved.find(session, actor, name))
    return said({"name": name}, f"已删除「{name}」。", f"“{name}” is forgotten.")


def _row(one: SavedSearch, actor_id: int) -> dict[str, object]:
    return {
        "name": one.name, "query": one.query, "within": one.within, "unit": one.unit, "form": one.form,
        "from": one.since, "to": one.until, "sort": one.order, "shared": one.shared, "own": one.saved_by == actor_id,
    }  # fmt: skip
