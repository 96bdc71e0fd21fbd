"""yedang retention hold …: holds by name or by what was found, their review and release."""

from __future__ import annotations

from datetime import date

import click

from records.users import OFFICE_ROLES
from retention import holds
from retention.holds import HOLD_KINDS
from retention.tables import Hold
from search.asking import Question
from web.acts.retention import hold_found as hold_found_acts
from web.acts.retention.hold_targets import target_of
from web.commands.answers import Answer, Column, Table, answer, said
from web.commands.console import DAY, Console, OfficeCommand, pass_console

HOLD_COLUMNS = (
    Column("id", "冻结号", "Hold"),
    Column("kind", "对象", "What", HOLD_KINDS),
    Column("target", "编号", "Target"),
    Column("reason", "原因", "Reason"),
    Column("review_on", "复核日期", "Review on"),
    Column("placed_at", "冻结时间", "Placed"),
)


@click.command("hold", cls=OfficeCommand)
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


@click.command("release", cls=OfficeCommand)
@click.argument("hold", type=int)
@pass_console
def release(console: Console, hold: int) -> Answer:
    """经理解除冻结。 / A manager releases a hold."""
    with console.office.transaction() as session:
        found = holds.find_hold(session, hold)
        holds.release(session, console.actor(session), found)
        row = _hold(found)
    return said({"hold": row}, f"冻结 {hold} 号已解除。", f"Hold {hold} is released.")


@click.command("hold-found", cls=OfficeCommand)
@click.argument("query")
@click.option("--count", type=int, required=True, help="确认的件数,与检索结果一致才冻结 / the number found, as a check")
@click.option("--reason", required=True, help="冻结原因 / why")
@click.option("--review-on", type=DAY, help="复核日期 / when to look at it again")
@pass_console
def hold_found(console: Console, query: str, count: int, reason: str, review_on: date | None) -> Answer:
    """冻结一次检索现在找到的全部文件。 / Hold every document that a question finds now."""
    question = Question(query)
    with console.office.transaction() as session:
        actor = console.actor(session)
        holds.take_turns(session)
        found = hold_found_acts.find(session, console.office, actor, question)
        hold_found_acts.require_count(found, count)
        asked = hold_found_acts.in_one_text(question)
        row = _hold(holds.place_on_found(session, actor, found.document_ids, asked, reason, review_on))
    return said(
        {"hold": row}, f"已冻结 {count} 件(冻结 {row['id']} 号)。", f"{count} documents are on hold (no. {row['id']})."
    )


@click.command("hold-review", cls=OfficeCommand)
@click.argument("hold", type=int)
@click.option("--review-on", type=DAY, required=True, help="下次复核日期 / when to look at it again")
@pass_console
def hold_review(console: Console, hold: int, review_on: date) -> Answer:
    """复核冻结,继续冻结到下次复核。 / Look at a hold again and let it stand."""
    with console.office.transaction() as session:
        found = holds.find_hold(session, hold)
        holds.review(session, console.actor(session), found, review_on)
        row = _hold(found)
    return said({"hold": row}, f"冻结 {hold} 号继续,{review_on} 再复核。", f"Hold {hold} stands until {review_on}.")


@click.command("holds", cls=OfficeCommand)
@pass_console
def list_holds(console: Console) -> Answer:
    """目前有效的冻结。 / The holds that stand."""
    with console.office.reading() as session:
        console.actor(session).require("查看冻结", *OFFICE_ROLES)
        rows = [_hold(one) for one in holds.active(session)]
    return answer({"holds": rows}, Table(HOLD_COLUMNS, rows))


def _hold(hold: Hold) -> dict[str, object]:
    return {
        "id": hold.id,
        "kind": hold.target_kind,
        "target": hold.target_id,
        "reason": hold.reason,
        "documents": len(hold.found),
        "review_on": hold.review_on,
        "placed_at": hold.placed_at,
        "released_at": hold.released_at,
    }


COMMANDS: tuple[click.Command, ...] = (hold, hold_found, hold_review, release, list_holds)
