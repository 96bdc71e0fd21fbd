"""yedang loan: paper handed out, extended, overdue, taken back page by page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from records import access, clock, loans
from records.errors import BadInput
from records.paper.paper_tables import Loan, LoanLine
from records.vault import write_durably
from web.acts.paper.loan_paper import print_out_card
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import DAY, OUT, Console, OfficeGroup, pass_console

COLUMNS = (
    Column("id", "借阅号", "Loan"),
    Column("state", "状态", "State", loans.STATE_ZH),
    Column("dossier", "档号", "Dossier"),
    Column("borrower", "借阅人", "Borrower"),
    Column("handed_out_at", "借出", "Handed out"),
    Column("due_on", "应还", "Due"),
    Column("overdue", "逾期", "Overdue"),
    Column("missing", "缺页", "Missing pages"),
)
LINE_COLUMNS = (
    Column("position", "件", "No."),
    Column("serial", "编号", "Serial"),
    Column("title", "题名", "Title"),
    Column("pages", "页数", "Pages"),
    Column("missing", "缺页", "Missing pages"),
)


@click.group("loan", cls=OfficeGroup)
def group() -> None:
    """借出原件:先用 access request --mode loan 申请 / Loans of paper, asked for by access request --mode loan."""


@group.command("list")
@click.option("--overdue", is_flag=True, help="只列逾期未还 / only what is overdue")
@pass_console
def list_(console: Console, overdue: bool) -> Answer:
    """借出的在前,按应还日期。 / Those out first, by due date."""
    with console.office.reading() as session:
        found = loans.listing(session, console.actor(session))
        rows = [row for row in map(as_row, found) if row["overdue"] or not overdue]
    return answer({"loans": rows}, Table(COLUMNS, rows))


@group.command("show")
@click.argument("number", type=int)
@pass_console
def show(console: Console, number: int) -> Answer:
    """一次借阅;档案员可见借出时的卷内各件。 / One loan; the archivist sees what went out."""
    with console.office.reading() as session:
        actor = console.actor(session)
        loan = loans.find(session, actor, number)
        row = as_row(loan)
        inside = loans.checks(actor) or access.may_see_dossier(session, actor, loan.dossier).allowed
        lines = [_line(one, inside) for one in loan.lines]
        times = [(one.from_on, one.until_on) for one in loan.extensions]
    extended = [{"from": before, "until": until} for before, until in times]
    return answer(
        {"loan": row, "lines": lines, "extended": extended}, Table(COLUMNS, [row]), Table(LINE_COLUMNS, lines)
    )


def _line(one: LoanLine, inside: bool) -> dict[str, object]:
    document = one.document
    return {
        "position": one.position,
        "serial": document.serial if inside else None,
        "title": document.title if inside else None,
        "pages": one.pages,
        "missing": one.missing,
    }


@group.command("hand-out")
@click.argument("request", type=int)
@click.option("--card", type=OUT, help="代卷卡和借阅凭条的 PDF / where to write the out-card")
@pass_console
def hand_out(console: Console, request: int, card: Path | None) -> Answer:
    """档案员按已批准的申请 REQUEST 发放原件。 / The archivist hands out the paper of an approved request."""
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        made = loans.hand_out(session, actor, access.find_request(session, actor, request))
        if card is not None:
            if len(made) > 1:
                raise BadInput(what="一次借出几卷时,请用 loan card 逐卷打印代卷卡")
            write_durably(card, print_out_card(session, office, actor, made[0]))
        rows = [as_row(one) for one in made]
    numbers = "、".join(str(row["id"]) for row in rows)
    due = rows[0]["due_on"]
    return said(
        {"loans": rows}, f"已借出:借阅 {numbers} 号,应于 {due} 归还。", f"Handed out: loan {numbers}, due {due}."
    )


@group.command("card")
@click.argument("number", type=int)
@click.option("--out", required=True, type=OUT, help="PDF 文件 / where to write it")
@pass_console
def card(console: Console, number: int, out: Path) -> Answer:
    """打印代卷卡和借阅凭条。 / Print the out-card and the slip."""
    office = console.office
    with office.transaction() as session:
        actor = console.actor(session)
        write_durably(out, print_out_card(session, office, actor, loans.find(session, actor, number)))
    return said({"loan": number, "file": out}, f"代卷卡已写入 {out}。", f"Out-card written to {out}.")


@group.command("extend")
@click.argument("number", type=int)
@click.option("--until", required=True, type=DAY, help="新的应还日期 / the new due date")
@click.option("--reason", required=True, help="原因 / why")
@pass_console
def extend(console: Console, number: int, until: date, reason: str) -> Answer:
    """经理批准续借。 / A manager lets it last longer."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        loan = loans.find(session, actor, number)
        loans.extend(session, actor, loan, until, reason)
        row = as_row(loan)
    return said({"loan": row}, f"借阅 {number} 号续借至 {until}。", f"Loan {number} lasts until {until}.")


@group.command("return")
@click.argument("number", type=int)
@click.option("--complete", is_flag=True, help="已逐件逐页核对,其余齐全 / checked page by page, the rest is there")
@click.option(
    "--missing", multiple=True, metavar="件:页,页", help="缺页,如 3:2,4 即第 3 件缺第 2、4 页 / missing pages"
)
@click.option("--story", default="", help="有缺页时写明经过 / how it was found")
@pass_console
def return_(console: Console, number: int, complete: bool, missing: tuple[str, ...], story: str) -> Answer:
    """档案员逐页核对后收回。 / The archivist takes it back, checked page by page."""
    lost = dict(_missing(text) for text in missing)
    with console.office.transaction() as session:
        actor = console.actor(session)
        loan = loans.find(session, actor, number)
        checked: dict[int, list[int]] = {line.position: [] for line in loan.lines} if complete else {}
        loans.take_back(session, actor, loan, checked | lost, story)
        row = as_row(loan)
    zh = f"有 {row['missing']} 页缺失,待经理签认" if row["missing"] else "已归还,页数齐全"
    en = f"{row['missing']} pages are missing; a manager must sign" if row["missing"] else "back, complete"
    return said({"loan": row}, f"借阅 {number} 号:{zh}。", f"Loan {number}: {en}.")


def _missing(text: str) -> tuple[int, list[int]]:
    """``3:2,4`` as (3, [2, 4]). Raises BadInput."""
    try:
        position, pages = text.replace("：", ":").replace("，", ",").replace("、", ",").split(":")
        return int(position), [int(page) for page in pages.split(",")]
    except ValueError:
        raise BadInput(what=f"缺页写作 件:页,页,如 3:2,4;读不懂 {text}") from None


@group.command("sign")
@click.argument("number", type=int)
@pass_console
def sign(console: Console, number: int) -> Answer:
    """经理签认归还时的缺页。 / A manager signs for pages that did not come back."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        loan = loans.find(session, actor, number)
        loans.sign_incident(session, actor, loan)
        row = as_row(loan)
    return said({"loan": row}, f"借阅 {number} 号的缺页已签认。", f"The missing pages of loan {number} are signed for.")


@group.command("waiting")
@pass_console
def waiting(console: Console) -> Answer:
    """已批准、等待发放的借阅申请。 / Approved requests whose paper has not been handed out."""
    columns = (
        Column("request", "申请号", "Request"),
        Column("asker", "申请人", "Asker"),
        Column("dossiers", "档案", "Dossiers"),
    )
    with console.office.reading() as session:
        found = loans.to_hand_out(session, console.actor(session))
        rows = [
            {"request": one.id, "asker": one.asker.name, "dossiers": [dossier.number for dossier in one.dossiers]}
            for one in found
        ]
    return answer(
        {"requests": rows}, Sentence(f"{len(rows)} 件待发放", f"{len(rows)} to hand out"), Table(columns, rows)
    )


def as_row(loan: Loan) -> dict[str, object]:
    """A loan as a table's row and as JSON."""
    return {
        "id": loan.id,
        "state": loan.state,
        "request": loan.request_id,
        "dossier": loan.dossier.number,
        "borrower": loan.borrower.name,
        "handed_out_at": loan.handed_out_at,
        "due_on": loan.due_on,
        "overdue": loan.state == "out" and loan.due_on < clock.today(),
        "received_at": loan.received_at,
        "missing": loans.missing_pages(loan),
    }
