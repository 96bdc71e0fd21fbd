"""yedang search: finding documents, within what the actor may know of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import click
from sqlalchemy.orm import Session

from forms.catalogue.rows import Named
from records import access, audit
from records.audit import Verb
from records.users import OFFICE_ROLES
from retention.certificates import tombstone
from search import saved as saved_searches
from search.asking import Order, Question, Visible, ask
from search.facets import Facets, Value, facets
from search.results import Hit, Results, every_hit, search
from search.suggestions import did_you_mean
from web.acts import found_sheet
from web.acts.scans.page_texts import field_names
from web.commands.answers import Answer, Column, Sentence, Table, answer
from web.commands.console import DAY, Console, OfficeCommand, pass_console
from web.office import Office

FACETS = {
    "forms": ("表单", "Forms"),
    "series": ("类别", "Series"),
    "sections": ("目录", "Sections"),
    "years": ("年份", "Years"),
    "buildings": ("楼栋", "Buildings"),
}
HIT_COLUMNS = (
    Column("dated", "日期", "Dated"),
    Column("title", "题名", "Title"),
    Column("serial", "编号", "Serial"),
    Column("unit", "单元", "Unit"),
    Column("snippet", "摘录", "Snippet"),
)


@click.command("search", cls=OfficeCommand)
@click.argument("query", required=False, default="")
@click.option("--unit", help="单元房号 / within a unit")
@click.option("--form", help="表单代码或名称 / within a form")
@click.option("--from", "since", type=DAY, help="日期起 / from this date")
@click.option("--to", "until", type=DAY, help="日期止 / up to this date")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="最多几条 / at most")
@click.option("--offset", default=0, type=click.IntRange(min=0), help="跳过几条 / leave out the first")
@click.option(
    "--before", type=int, metavar="NEXT",
    help="接上一页:上一页 --json 的 next(按日期) / the page after the one whose --json says this next (by date)",
)  # fmt: skip
@click.option(
    "--sort", "order", default="date", show_default=True, type=click.Choice(["date", "relevance"]),
    help="按日期或相关程度排列 / newest first, or by relevance",
)  # fmt: skip
@click.option("--facets", "faceted", is_flag=True, help="附各表单、类别、目录、年份、楼栋的件数 / with counts by facet")
@click.option(
    "--xlsx", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="全部结果另存为 .xlsx / all results as a worksheet",
)  # fmt: skip
@click.option("--saved", metavar="NAME", help="打开已存检索 / ask a saved search")
@click.option("--save", metavar="NAME", help="以此名称保存 / save under this name")
@click.option("--share", is_flag=True, help="与全办公室共享(经理) / share with the office (manager)")
@pass_console
def command(
    console: Console,
    /,
    query: str,
    limit: int,
    offset: int,
    before: int | None,
    order: Order,
    faceted: bool,
    xlsx: Path | None,
    saved: str | None,
    save: str | None,
    share: bool,
    unit: str | None,
    form: str | None,
    since: date | None,
    until: date | None,
) -> Answer:
    """全文检索;只找得到有权查阅的。 / Full-text search within what you may see.

    可用「且 或 非」、"短语"、词头*、单元: 业主: 表单: 编号: 类别: 目录: 日期:[2026-01 至 2026-03]。
    """
    if bool(query) == bool(saved) or (share and not save):
        zh, en = "给出检索词或 --saved 名称;--share 须同 --save", "give QUERY or --saved NAME; --share goes with --save"
        raise click.UsageError(f"{zh} / {en}")
    office = console.office
    question = Question(query, "", unit or "", form or "", since, until, order)
    with office.transaction() as session:
        actor = console.actor(session)
        if saved:
            question = saved_searches.question_of(saved_searches.find(session, actor, saved))
        if save:
            saved_searches.save(session, actor, save, question, shared=share)
        visible = Visible(access.open_dossiers(session, actor), access.sees_series(actor))
        found = search(session, office.index, question, visible, limit=limit, offset=offset, before=before)
        gone = tombstone(session, question.text) if visible.series else None
        counted = facets(session, office.index, question, visible) if faceted else None
        meant = [] if found.total else did_you_mean(
            session, office.index, question.text, visible=visible, register=actor.role in OFFICE_ROLES
        )  # fmt: skip
        written = _write(session, office, question, visible, xlsx) if xlsx else 0
        audit.append(session, actor.id, Verb.SEARCHED, "search", {"found": found.total, "written": written})
    hits = [_hit(hit, field_names(office.catalogue, hit.form_code)) for hit in found.hits]
    ignored = [one.zh for one in found.ignored]
    data = {
        "total": found.total, "more": found.more, "hits": hits, "next": found.next, "ignored": ignored,
        "destroyed": gone, "did_you_mean": meant,
    }  # fmt: skip
    if counted is not None:
        data["facets"] = {name: _values(getattr(counted, name)) for name in FACETS}
        data["facets_over"] = {"newest": counted.counted, "more": counted.more}
    remarks = [*_remarks(found, gone), *_more(counted, meant, written, xlsx)]
    return answer(data, Table(HIT_COLUMNS, hits), *remarks)


def _write(session: Session, office: Office, question: Question, visible: Visible, path: Path) -> int:
    asked = ask(office.index, question, visible)
    return found_sheet.write(every_hit(session, asked, visible, found_sheet.MOST_ROWS), path)


def _values(values: Sequence[Value]) -> list[dict[str, object]]:
    return [{"key": value.key, "count": value.count, "within": value.within} for value in values]


def _more(counted: Facets | None, meant: Sequence[str], written: int, xlsx: Path | None) -> list[Sentence]:
    lines = []
    for name, (zh, en) in FACETS.items() if counted is not None else ():
        told = "、".join(f"{value.key}({value.count})" for value in getattr(counted, name))
        lines += [Sentence(f"{zh}:{told}", f"{en}: {told}")] if told else []
    if meant:
        lines.append(Sentence(f"您要找的是:{'、'.join(meant)}?", f"Did you mean: {', '.join(meant)}?"))
    if xlsx:
        lines.append(Sentence(f"已将 {written} 件写入 {xlsx}。", f"{written} written to {xlsx}."))
    return lines


def _hit(hit: Hit, names: Mapping[str, Named]) -> dict[str, object]:
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
        "reasons": hit.reasons,
        "snippet": "".join(f"【{text}】" if marked else text for text, marked in hit.snippet),
        "found": [
            {
                "page": one.page,
                "field": one.field,
                "name": names[one.field].zh if one.field in names else one.field,
                "state": one.state,
                "boxes": one.boxes,
            }
            for one in hit.found
        ],
    }


def _remarks(found: Results, gone: str | None) -> list[Sentence]:
    more = Sentence(f"共 {found.total} 件以上。", f"More than {found.total} found.")
    remarks = [more if found.more else Sentence(f"共 {found.total} 件。", f"{found.total} found.")]
    remarks += [Sentence(f"注意:{one.zh}。", f"Note: {one.en}.") for one in found.ignored]
    return [*remarks, Sentence(gone, gone)] if gone else remarks
