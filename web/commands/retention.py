"""yedang retention: what is due, holds, appraisal, approval, destruction."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from forms.erasing import erase_traces
from records import clock
from records.errors import OfficeError
from records.users import OFFICE_ROLES
from records.vault import write_durably
from retention import certificates, holds, purge, schedule_versions
from retention.certificates import STATE_ZH
from retention.disposition import DueRecord, Standing
from retention.holds import HOLD_KINDS
from retention.tables import Disposal, Hold
from web.acts import disposals
from web.acts.hold_targets import target_of
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import DAY, Console, OfficeGroup, pass_console

DUE_COLUMNS = (
    Column("reference", "档号/编号", "Reference"),
    Column("title_class", "题名类别", "Class"),
    Column("rule", "规则", "Rule"),
    Column("due_on", "到期", "Due on"),
    Column("because", "依据", "Because"),
)
STANDING_COLUMNS = (*DUE_COLUMNS[:3],)
HOLD_COLUMNS = (
    Column("id", "冻结号", "Hold"),
    Column("kind", "对象", "What", HOLD_KINDS),
    Column("target", "编号", "Target"),
    Column("reason", "原因", "Reason"),
    Column("review_on", "复核日期", "Review on"),
    Column("placed_at", "冻结时间", "Placed"),
)
LIST_COLUMNS = (
    Column("id", "清册", "List"),
    Column("certificate", "编号", "Certificate"),
    Column("state", "状态", "State", STATE_ZH),
    Column("records", "档案数", "Records"),
    Column("proposed_at", "提出时间", "Proposed"),
)
OUTCOME_COLUMNS = (
    Column("list", "清册", "List"),
    Column("reference", "档号/编号", "Reference"),
    Column("title_class", "题名类别", "Class"),
    Column("zh", "结果", "Outcome"),
)


class NotAllDestroyed(OfficeError):
    """Some lines failed; the next run tries them again."""

    code = "retention.not_all_destroyed"
    zh = "有 {count} 项未能销毁,下次运行会再试。"
    en = "{count} records could not be destroyed; the next run tries again."


@click.group("retention", cls=OfficeGroup)
def group() -> None:
    """保管期限与鉴定处置 / Retention and disposition."""


@group.command("due")
@click.option("--on", type=DAY, help="到这一天为止,默认今天 / up to this date, default today")
@pass_console
def due(console: Console, on: date | None) -> Answer:
    """到期的档案,各附依据的事实与规则;另列未定期限和应复核的。 / What is due, each with its fact and rule."""
    office, day = console.office, on or clock.today()
    with office.reading() as session:
        console.actor(session).require("查看到期档案", *OFFICE_ROLES)
        rows = [_due(one) for one in disposals.due(session, office.catalogue, day)]
        open_ = [_standing(one) for one in disposals.undecided(session, office.catalogue)]
        again = [
            {**_standing(one), "review_on": one.review_on, "because": one.because_zh}
            for one in disposals.reviews(session, office.catalogue, day)
        ]
    data = {"on": day, "due": rows, "undecided": open_, "reviews": again}
    also = Sentence(
        f"截至 {day}:到期 {len(rows)} 项;另有 {len(open_)} 项未定保存期限,{len(again)} 项应复核(见 --json)。",
        f"On {day}: {len(rows)} due; {len(open_)} without a period, {len(again)} to review (see --json).",
    )
    return answer(data, Table(DUE_COLUMNS, rows), also)


@group.command("hold")
@click.argument("target")
@click.option("--reason", required=True, help="冻结原因 / why")
@click.option("--review-on", type=DAY, help="复核日期 / when to look at it again")
@pass_console
def hold(console: Console, target: str, reason: str, review_on: date | None) -> Answer:
    """冻结:房号、档号、文件编号或档案类别(如 HF)。 / Hold a unit, dossier, document serial or series."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        kind, id_ = target_of(session, target)
        row = _hold(holds.place(session, actor, kind, id_, reason, review_on))
    return said({"hold": row}, f"已冻结 {target}(冻结 {row['id']} 号)。", f"{target} is on hold (no. {row['id']}).")


@group.command("release")
@click.argument("hold", type=int)
@pass_console
def release(console: Console, hold: int) -> Answer:
    """经理解除冻结。 / A manager releases a hold."""
    with console.office.transaction() as session:
        found = holds.find_hold(session, hold)
        holds.release(session, console.actor(session), found)
        row = _hold(found)
    return said({"hold": row}, f"冻结 {hold} 号已解除。", f"Hold {hold} is released.")


@group.command("holds")
@pass_console
def list_holds(console: Console) -> Answer:
    """目前有效的冻结。 / The holds that stand."""
    with console.office.reading() as session:
        console.actor(session).require("查看冻结", *OFFICE_ROLES)
        rows = [_hold(one) for one in holds.active(session)]
    return answer({"holds": rows}, Table(HOLD_COLUMNS, rows))


@group.command("review")
@click.argument("references", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="全部到期的 / everything that is due")
@click.option("--on", type=DAY, help="到这一天为止,默认今天 / up to this date, default today")
@click.option("--keep-until", type=DAY, help="不销毁,延期保管至此日 / do not destroy, keep until this date")
@click.option("--reason", default="", help="延期原因 / why it is kept")
@pass_console
def review(
    console: Console,
    references: tuple[str, ...],
    everything: bool,
    on: date | None,
    keep_until: date | None,
    reason: str,
) -> Answer:
    """鉴定:把到期的列入销毁清册,或延期保管。 / Appraise: put due records on a list, or keep them longer."""
    if bool(references) == everything:
        raise click.UsageError("请写明档号,或用 --all / name the records, or give --all")
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        records = disposals.due(session, office.catalogue, on or clock.today())
        picked = disposals.chosen(records, references)
        if keep_until is not None:
            for record in picked:
                certificates.keep_longer(session, actor, record, keep_until, reason)
            kept = [record.reference for record in picked]
            return said(
                {"kept": kept, "until": keep_until},
                f"{len(kept)} 项延期保管至 {keep_until}。",
                f"{len(kept)} records are kept until {keep_until}.",
            )
        row = _list(certificates.propose(session, actor, picked))
    return said(
        {"list": row},
        f"销毁清册 {row['id']} 号已提出({row['records']} 项),待经理批准。",
        f"List {row['id']} with {row['records']} records waits for a manager.",
    )


@group.command("approve")
@click.argument("number")
@click.option("--out", type=click.Path(path_type=Path), help="销毁清册 DA-05 的 PDF / where to write the certificate")
@pass_console
def approve(console: Console, number: str, out: Path | None) -> Answer:
    """经理批准销毁清册(不能是提出人)。 / A manager who did not propose it approves a list."""
    office = console.office
    with office.transaction() as session:
        found = certificates.find_disposal(session, number)
        printed = disposals.approve(session, office.shop, console.actor(session), found)
        if out is not None:
            write_durably(out, printed.data)
        row = _list(found)
    return said(
        {"list": row},
        f"销毁清册 {row['id']} 号已批准,编号 {row['certificate']};由 yedang retention run 执行。",
        f"List {row['id']} is approved as {row['certificate']}; yedang retention run carries it out.",
    )


@group.command("refuse")
@click.argument("number")
@click.option("--reason", required=True, help="为什么不批准 / why not")
@pass_console
def refuse(console: Console, number: str, reason: str) -> Answer:
    """经理不批准,档案照旧保存。 / A manager refuses a list; its records stay."""
    with console.office.transaction() as session:
        found = certificates.find_disposal(session, number)
        certificates.refuse(session, console.actor(session), found, reason)
        row = _list(found)
    return said({"list": row}, f"销毁清册 {row['id']} 号未获批准。", f"List {row['id']} is refused.")


@group.command("list")
@pass_console
def list_(console: Console) -> Answer:
    """各销毁清册,新的在前。 / The destruction lists, newest first."""
    with console.office.reading() as session:
        console.actor(session).require("查看销毁清册", *OFFICE_ROLES)
        rows = [_list(one) for one in certificates.list_disposals(session)]
    return answer({"lists": rows}, Table(LIST_COLUMNS, rows))


@group.command("show")
@click.argument("number")
@pass_console
def show(console: Console, number: str) -> Answer:
    """一份销毁清册的全文。 / One destruction list, as it stays."""
    with console.office.reading() as session:
        console.actor(session).require("查看销毁清册", *OFFICE_ROLES)
        found = certificates.find_disposal(session, number)
        row, lines = _list(found), certificates.certificate_text(session, found)
    return said({"list": row, "lines": lines}, "\n".join(lines), "\n".join(lines))


@group.command("run")
@click.option("--dry-run", is_flag=True, help="只说会做什么 / only say what would be done")
@click.option("--on", type=DAY, help="按这一天判断,默认今天 / as of this date, default today")
@pass_console
def run(console: Console, dry_run: bool, on: date | None) -> Answer:
    """执行已批准的销毁;冻结的不动。 / Destroy what was approved; what is on hold stays."""
    office = console.office
    with office.reading() as session:
        actor = console.actor(session)
    with console.progress("销毁", "Destroying") as progress:
        outcomes = purge.run(
            office.database,
            office.vault,
            schedule_versions.in_force,
            actor,
            on or clock.today(),
            erasers=[erase_traces],
            dry_run=dry_run,
            progress=progress,
            titles=disposals.titles(office.catalogue),
        )
    rows = [
        {
            "list": one.disposal_id,
            "reference": one.reference,
            "title_class": one.title_class,
            "state": one.state,
            "zh": one.zh,
            "en": one.en,
            "counts": dict(one.counts),
        }
        for one in outcomes
    ]
    failed = sum(one.state == "failed" for one in outcomes)
    failure = NotAllDestroyed(count=failed) if failed else None
    return answer({"dry_run": dry_run, "outcomes": rows}, Table(OUTCOME_COLUMNS, rows), failure=failure)


def _standing(record: Standing) -> dict[str, object]:
    return {
        "kind": record.target_kind,
        "id": record.target_id,
        "reference": record.reference,
        "title_class": record.title_class,
        "serials": record.serials,
        "rule": record.rule,
    }


def _due(record: DueRecord) -> dict[str, object]:
    return {
        **_standing(record),
        "fact": record.fact.kind,
        "fact_on": record.fact.on,
        "due_on": record.due_on,
        "because": record.because_zh,
        "because_en": record.because_en,
    }


def _hold(hold: Hold) -> dict[str, object]:
    return {
        "id": hold.id,
        "kind": hold.target_kind,
        "target": hold.target_id,
        "reason": hold.reason,
        "review_on": hold.review_on,
        "placed_at": hold.placed_at,
        "released_at": hold.released_at,
    }


def _list(disposal: Disposal) -> dict[str, object]:
    return {
        "id": disposal.id,
        "certificate": disposal.certificate,
        "state": disposal.state,
        "records": len(disposal.lines),
        "proposed_at": disposal.proposed_at,
        "decided_at": disposal.decided_at,
        "completed_at": disposal.completed_at,
        "lines": [{"reference": line.reference, "state": line.state} for line in disposal.lines],
    }
