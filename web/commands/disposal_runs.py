"""yedang retention run …: carrying out what was approved, the runs so far, and what became of the paper."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from records import clock
from records.errors import OfficeError
from records.users import OFFICE_ROLES
from records.vault import write_durably
from retention import certificates, runs
from retention.purge import Outcome
from retention.runs import Night
from retention.tables import DisposalRun
from web.acts.retention import disposal_paper, disposal_runs
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import DAY, Console, OfficeCommand, pass_console

OUTCOME_COLUMNS = (
    Column("list", "清册", "List"),
    Column("reference", "档号/编号", "Reference"),
    Column("title_class", "题名类别", "Class"),
    Column("zh", "结果", "Outcome"),
)
RUN_COLUMNS = (
    Column("id", "任务", "Run"),
    Column("kind", "方式", "Kind", {"hand": "手工", "night": "夜间"}),
    Column("state", "状态", "State", {"waiting": "等待后台", "running": "进行中", "finished": "已完成"}),
    Column("done", "已办", "Done"),
    Column("total", "共", "Of"),
    Column("documents", "件数", "Documents"),
)


class NotAllDestroyed(OfficeError):
    """Some lines failed; the next run tries them again."""

    code = "retention.not_all_destroyed"
    zh = "有 {count} 项未能销毁,下次运行会再试。"
    en = "{count} records could not be destroyed; the next run tries again."


@click.command("run", cls=OfficeCommand)
@click.option("--dry-run", is_flag=True, help="只说会做什么 / only say what would be done")
@click.option("--on", type=DAY, help="按这一天判断,默认今天 / as of this date, default today")
@click.option("--limit", type=click.IntRange(min=1), help="最多这么多件文件 / at most so many documents")
@pass_console
def run(console: Console, dry_run: bool, on: date | None, limit: int | None) -> Answer:
    """执行已批准的销毁;冻结的不动。 / Destroy what was approved; what is on hold stays."""
    office, day = console.office, on or clock.today()
    with office.reading() as session:
        actor, night = console.actor(session), disposal_runs.tonight(session, office)
    if dry_run:
        outcomes = list(disposal_runs.foresee(office, actor, day).outcomes)
    else:
        with console.progress("销毁", "Destroying") as progress:
            outcomes = disposal_runs.run_now(office, actor, day, limit, progress)
    rows = [_outcome(one) for one in outcomes]
    failed = sum(one.state == "failed" for one in outcomes)
    failure = NotAllDestroyed(count=failed) if failed else None
    data = {"dry_run": dry_run, "outcomes": rows, "night": {"on": night.on, "most": night.most, "left": night.left}}
    return answer(data, Table(OUTCOME_COLUMNS, rows), _told(night), failure=failure)


def _told(night: Night) -> Sentence:
    if not night.most:
        return Sentence("夜间执行的件数不限。", "The nightly job has no limit.")
    zh = f"夜间执行({night.on})最多 {night.most} 件,还余 {night.left} 件;手工执行不占。"
    return Sentence(zh, f"The night of {night.on} takes {night.most} documents at most, {night.left} left.")


def _outcome(one: Outcome) -> dict[str, object]:
    return {
        "list": one.disposal_id,
        "reference": one.reference,
        "title_class": one.title_class,
        "state": one.state,
        "zh": one.zh,
        "en": one.en,
        "counts": dict(one.counts),
    }


@click.command("runs", cls=OfficeCommand)
@pass_console
def list_runs(console: Console) -> Answer:
    """执行记录:进度与结果,新的在前。 / The runs of destruction, how far they have come, newest first."""
    with console.office.reading() as session:
        console.actor(session).require("查看销毁清册", *OFFICE_ROLES)
        rows = [_run(one) for one in runs.history(session)]
    return answer({"runs": rows}, Table(RUN_COLUMNS, rows))


def _run(run: DisposalRun) -> dict[str, object]:
    return {
        "id": run.id,
        "kind": run.kind,
        "state": run.state,
        "stage": run.stage,
        "done": run.done,
        "total": run.total,
        "documents": run.documents,
        "left_out": run.left_out,
        "asked_at": run.asked_at,
        "finished_at": run.finished_at,
        "outcomes": run.outcomes,
    }


@click.command("paper", cls=OfficeCommand)
@click.argument("number")
@click.option("--on", type=DAY, help="销毁日期,默认今天 / the date, default today")
@click.option("--witness", required=True, help="监销人 / who watched")
@click.option("--out", type=click.Path(path_type=Path), help="执行结果的 PDF / where to write what was done to each")
@pass_console
def paper(console: Console, number: str, on: date | None, witness: str, out: Path | None) -> Answer:
    """登记清册所列纸质原件已销毁。 / Record that the paper of a completed list was destroyed."""
    office = console.office
    with office.transaction() as session:
        found = certificates.find_disposal(session, number)
        made = certificates.record_paper(session, console.actor(session), found, on or clock.today(), witness)
        row = {"list": found.id, "on": made.on, "witness": made.witness}
        if out is not None:
            write_durably(out, disposal_paper.as_pdf(session, found, office))
    return said({"paper": row}, "纸质原件的销毁已登记。", "That the paper was destroyed is recorded.")


COMMANDS: tuple[click.Command, ...] = (run, list_runs, paper)
