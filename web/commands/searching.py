"""yedang search: finding documents, within what the actor may know of."""

from __future__ import annotations

from datetime import date

import click

from records import access, audit
from records.audit import Verb
from retention.certificates import tombstone
from search.results import Hit, Results, Visible, search
from web.commands.answers import Answer, Column, Sentence, Table, answer
from web.commands.console import DAY, Console, OfficeCommand, pass_console

HIT_COLUMNS = (
    Column("dated", "日期", "Dated"),
    Column("title", "题名", "Title"),
    Column("serial", "编号", "Serial"),
    Column("unit", "单元", "Unit"),
    Column("snippet", "摘录", "Snippet"),
)


@click.command("search", cls=OfficeCommand)
@click.argument("query")
@click.option("--unit", help="单元房号 / within a unit")
@click.option("--form", help="表单代码或名称 / within a form")
@click.option("--from", "since", type=DAY, help="日期起 / from this date")
@click.option("--to", "until", type=DAY, help="日期止 / up to this date")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="最多几条 / at most")
@click.option("--offset", default=0, type=click.IntRange(min=0), help="跳过几条 / leave out the first")
@pass_console
def command(
    console: Console,
    query: str,
    unit: str | None,
    form: str | None,
    since: date | None,
    until: date | None,
    limit: int,
    offset: int,
) -> Answer:
    """全文检索;只找得到有权查阅的。 / Full-text search within what you may see.

    可用「且 或 非」、"短语"、词头*、单元: 业主: 表单: 编号: 日期:[2026-01 至 2026-03]。
    """
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        visible = Visible(access.open_dossiers(session, actor), access.sees_series(actor))
        found = search(
            session,
            office.index,
            query,
            visible=visible,
            unit=unit,
            form=form,
            since=since,
            until=until,
            limit=limit,
            offset=offset,
        )
        gone = tombstone(session, query) if visible.series else None
        audit.append(session, actor.id, Verb.SEARCHED, "search", {"found": found.total})
    hits = [_hit(hit) for hit in found.hits]
    data = {"total": found.total, "hits": hits, "ignored": [one.zh for one in found.ignored], "destroyed": gone}
    return answer(data, Table(HIT_COLUMNS, hits), *_remarks(found, gone))


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "document": hit.document_id,
        "title": hit.title,
        "serial": hit.serial,
        "form": hit.form_code,
        "dossier": hit.dossier_id,
        "series": hit.series,
        "section": hit.section,
        "unit": hit.unit,
        "dated": hit.dated,
        "snippet": "".join(f"【{text}】" if marked else text for text, marked in hit.snippet),
    }


def _remarks(found: Results, gone: str | None) -> list[Sentence]:
    remarks = [Sentence(f"共 {found.total} 件。", f"{found.total} found.")]
    remarks += [Sentence(f"注意:{one.zh}。", f"Note: {one.en}.") for one in found.ignored]
    return [*remarks, Sentence(gone, gone)] if gone else remarks
