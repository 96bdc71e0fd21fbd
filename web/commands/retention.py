"""yedang retention: what is due, appraisal, approval, where a record stands."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from records import clock
from records.users import OFFICE_ROLES
from records.vault import write_durably
from retention import certificates, schedule_versions, states
from retention.certificates import STATE_ZH
from retention.disposition import DueRecord, Standing
from retention.states import RecordState
from retention.tables import Disposal
from web.acts.retention import disposals
from web.acts.retention.hold_targets import record_of
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import DAY, Console, OfficeGroup, pass_console

DUE_COLUMNS = (
    Column("reference", "档号/编号", "Reference"),
    Column("title_class", "题名类别", "Class"),
    Column("rule", "规则", "Rule"),
    Column("due_on", "到期", "Due on"),
    Column("state", "状态", "State", {"due": "到期", "refused": "到期(曾未批准)"}),
    Column("because", "依据", "Because"),
)
LIST_COLUMNS = (
    Column("id", "清册", "List"),
    Column("certificate", "编号", "Certificate"),
    Column("state", "状态", "State", {**STATE_ZH, "destroying": "正在销毁"}),
    Column("records", "档案数", "Records"),
    Column("proposed_at", "提出时间", "Proposed"),
)
#: What a record's state is called.
STATES = {
    "": ("按规则保管", "kept under its rule"),
    "due": ("到期", "due"),
    "held": ("冻结", "on hold"),
    "lent": ("到期,原件借出", "due, its paper on loan"),
    "kept": ("已鉴定续存", "reviewed, kept longer"),
    "proposed": ("拟销毁", "proposed"),
    "refused": ("未批准,可再次提出", "refused, may be proposed again"),
    "approved": ("已批准", "approved"),
    "destroying": ("正在销毁", "being destroyed"),
    "destroyed": ("已销毁", "destroyed"),
}


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
        free, taken, refused = disposals.due_and_spoken_for(session, office.catalogue, day)
        rows = [_due(one, "refused" if (one.target_kind, one.target_id) in refused else "due") for one in free]
        spoken_for = [_due(one, now.state) for one, now in taken]
        open_ = [_standing(one) for one in disposals.undecided(session, office.catalogue)]
        again = [
            {**_standing(one), "review_on": one.review_on, "because": one.because_zh}
            for one in disposals.reviews(session, office.catalogue, day)
        ]
    data = {"on": day, "due": rows, "spoken_for": spoken_for, "undecided": open_, "reviews": again}
    also = Sentence(
        f"截至 {day}:到期 {len(rows)} 项;另有 {len(spoken_for)} 项到期但已冻结、续存或在清册上,"
        f"{len(open_)} 项未定保存期限,{len(again)} 项应复核(见 --json)。",
        f"On {day}: {len(rows)} due; {len(spoken_for)} due but held, kept or listed; {len(open_)} without a period,"
        f" {len(again)} to review (see --json).",
    )
    return answer(data, Table(DUE_COLUMNS, rows), also)


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


@group.command("state")
@click.argument("number")
@pass_console
def state(console: Console, number: str) -> Answer:
    """一份档案或文件的处置状态:到期、续存、拟销毁、已批准、正在销毁、已销毁、未批准。 / Where a record stands."""
    office = console.office
    with office.reading() as session:
        console.actor(session).require("查看处置状态", *OFFICE_ROLES)
        kind, id_ = record_of(session, number)
        found = states.of_records(session, schedule_versions.in_force(session), [(kind, id_)], clock.today())
        row = _state(kind, id_, found.get((kind, id_)))
    zh, en = STATES[str(row["state"])]
    return said({"state": row}, f"{number}:{zh}。", f"{number}: {en}.")


def _standing(record: Standing) -> dict[str, object]:
    return {
        "kind": record.target_kind,
        "id": record.target_id,
        "reference": record.reference,
        "title_class": record.title_class,
        "serials": record.serials,
        "rule": record.rule,
    }


def _due(record: DueRecord, state: str) -> dict[str, object]:
    return {
        **_standing(record),
        "state": state,
        "fact": record.fact.kind,
        "fact_on": record.fact.on,
        "due_on": record.due_on,
        "because": record.because_zh,
        "because_en": record.because_en,
    }


def _list(disposal: Disposal) -> dict[str, object]:
    return {
        "id": disposal.id,
        "certificate": disposal.certificate,
        "state": certificates.step(disposal),
        "reason": disposal.decision_reason,
        "records": len(disposal.lines),
        "proposed_at": disposal.proposed_at,
        "decided_at": disposal.decided_at,
        "completed_at": disposal.completed_at,
        "lines": [{"reference": line.reference, "state": line.state} for line in disposal.lines],
    }


def _state(kind: str, id_: int, found: RecordState | None) -> dict[str, object]:
    now = found or RecordState("")
    return {"kind": kind, "id": id_, "state": now.state, "on": now.on, "list": now.disposal, "hold": now.hold}
