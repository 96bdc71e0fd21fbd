"""yedang check, index, serve, worker: keeping the office running and whole."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click
import waitress
from sqlalchemy.orm import Session

from records import audit, checks, verify
from records.audit import Verb
from records.errors import OfficeError
from records.users import Role
from records.vault import write_durably
from search.tables import state_of
from web.application import create_app
from web.background.worker import Worker
from web.checking import advice, report
from web.checking.working import work_off
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeCommand, OfficeGroup, pass_console
from web.office import Office

FINDING_COLUMNS = (
    Column("code", "类别", "Kind"),
    Column("subject", "对象", "Subject"),
    Column("zh", "发现", "Finding"),
    Column("advice", "怎么办", "What to do"),
)


class DoesNotHold(OfficeError):
    """The check found something."""

    code = "check.findings"
    zh = "检查发现 {count} 处问题。"
    en = "The check found {count} things that do not hold."


class CannotListen(OfficeError):
    """The address to serve on is taken, or not this machine's."""

    code = "serve.cannot_listen"
    zh = "无法在 {host}:{port} 提供服务({why});请用 --port 另选端口。"
    en = "Cannot serve on {host}:{port} ({why}); choose another with --port."


@click.command("check", cls=OfficeCommand)
@click.option("--sample", is_flag=True, help="只抽查一部分影像 / open a sample of the images only")
@click.option("--look", is_flag=True, help="逐张解码影像(很慢) / decode every image, which is slow")
@click.option("--sweep", is_flag=True, help="清除无主的影像文件(须无人归档时) / remove stray files, while nobody files")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="检查报告 PDF / the report as PDF")
@pass_console
def check(console: Console, sample: bool, look: bool, sweep: bool, out: Path | None) -> Answer:
    """全面检查:数据库、影像、索引、编号、日志、备份;被打断的接着做。 / Everything that must hold together."""
    office = console.office
    with office.transaction() as session:
        # What a killed purge left behind is finished here.
        swept = verify.sweep_vault(session, office.vault) if sweep else _finish(session, office)
        run_id = checks.ask(session, None, "sample" if sample else "full").id
    with console.progress("检查影像", "Checking images") as progress:
        work_off(office, run_id, progress, look=look)
    with office.reading() as session:
        run = checks.find(session, run_id)
        if out is not None:
            write_durably(out, report.as_pdf(run, office.settings.office))
    data = {"check": run.id, "images": run.done, "holds": not run.findings, "findings": run.findings}
    data |= {"files_removed": swept}
    if run.findings:
        rows = [{**one, "advice": advice.of(one["code"]).zh} for one in run.findings]
        return answer(data, Table(FINDING_COLUMNS, rows), failure=DoesNotHold(count=len(rows)))
    return answer(data, Sentence("检查完毕,没有发现问题。", "Everything holds."))


def _finish(session: Session, office: Office) -> int:
    """Remove what a killed purge or a killed filing left behind; nothing that is not known to be that."""
    return office.vault.discard_forgotten(session) + office.vault.clear_unfiled(session)


@click.group("index", cls=OfficeGroup)
def index() -> None:
    """全文索引 / The full-text index."""


@index.command("rebuild")
@pass_console
def rebuild(console: Console) -> Answer:
    """重建全文索引;可随时进行。 / Write the whole index anew, at any time."""
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        actor.require("重建索引", Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
        audit.append(session, actor.id, Verb.SEARCH_REBUILT, "search")
    with console.progress("重建索引", "Rebuilding") as progress:
        count = office.index.rebuild(office.database, progress)
    return said({"documents": count}, f"索引已重建,共 {count} 件。", f"The index is written anew: {count} documents.")


@index.command("status")
@pass_console
def index_status(console: Console) -> Answer:
    """索引是否现行,重建到了哪里。 / Whether the index is up to date, and how far a rebuild is."""
    office = console.office
    with office.reading() as session:
        console.actor(session)
        state, outdated = state_of(session), office.index.is_outdated(session)
    building = state.building is not None
    data = {"version": state.analysis, "outdated": outdated, "rebuilding": building,
            "done": state.done if building else None, "total": state.total if building else None}  # fmt: skip
    if building:
        return said(
            data,
            f"索引正在重建:{state.done}/{state.total} 件,旧索引照常使用。",
            f"The index is being rebuilt: {state.done} of {state.total}; the old one serves meanwhile.",
        )
    if outdated:
        return said(data, "索引须重建(后台会自动进行)。", "The index needs a rebuild; the worker does it by itself.")
    return said(data, "索引是最新的。", "The index is up to date.")


@click.command("worker", cls=OfficeCommand)
@click.option("--once", is_flag=True, help="做完现有的就结束 / do what waits, then end")
@click.option("--parent", type=int, hidden=True)
@pass_console
def worker(console: Console, once: bool, parent: int | None) -> Answer | None:
    """后台:收取、识别扫描件,续完归档,夜间销毁。 / Takes in the inbox, reads pages, disposes at night."""
    console.office.vault.master.identities()  # where only the public part is there is nothing for a worker to do
    working = Worker(console.office, parent=parent)
    click.echo(working.inbox.sentence()[console.language == "en"], err=True)
    if not once:
        working.run()
        return None
    done = working.run_once()
    return said(
        dict(done),
        f"收件 {done['files']} 份,识别 {done['pages']} 页,完成批次 {done['batches']},清除文件 {done['discarded']},"
        f"销毁 {done['destroyed']} 项。",
        f"{done['files']} files taken in, {done['pages']} pages read, {done['batches']} batches finished, "
        f"{done['discarded']} files removed, {done['destroyed']} records destroyed.",
    )


@click.command("serve", cls=OfficeCommand)
@click.option("--host", default="127.0.0.1", show_default=True, help="地址 / address")
@click.option("--port", default=8000, show_default=True, help="端口 / port")
@click.option("--threads", default=8, show_default=True, help="线程数 / threads")
@click.option("--with-worker", is_flag=True, help="同时运行 worker / run a worker beside it")
@pass_console
def serve(console: Console, host: str, port: int, threads: int, with_worker: bool) -> None:
    """启动网页服务。 / Serve the web pages."""
    app = create_app(console.office)
    try:
        server = waitress.create_server(app, host=host, port=port, threads=threads, ident="yedang")
    except OSError as error:
        raise CannotListen(host=host, port=port, why=os.strerror(error.errno or 0)) from None
    # It warns of every request that waits for a thread; a browser asks for five files at once.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    url = f"http://{host}:{port}/"
    opened = said({"url": url}, f"请打开 {url} (按 Ctrl+C 结束)", f"Open {url} (Ctrl+C ends it)")
    click.echo(opened.json() if console.as_json else opened.text(console.language))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    with _worker_beside() if with_worker else nullcontext():
        server.run()


def _end(_number: int, _frame: object) -> None:
    # waitress closes its sockets and ends its threads on SystemExit.
    raise SystemExit(0)


@contextmanager
def _worker_beside() -> Iterator[None]:
    """A worker in a process of its own, ended with this one."""
    command = [sys.executable, "-m", "web.command_line", "worker", "--parent", str(os.getpid())]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


COMMANDS: tuple[click.Command, ...] = (check, index, worker, serve)
