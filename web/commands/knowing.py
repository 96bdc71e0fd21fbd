"""yedang access explain, report, deputies: why access is open or closed, who has looked, who decides for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from records.access import deputies
from records.access.access_tables import Deputy
from records.access.explaining import Explanation, explain, find_document, find_person
from records.errors import BadInput
from records.vault import write_durably
from web.acts.access.right_to_know import HEADINGS, Report, as_csv, report, rows
from web.acts.access.right_to_know_paper import as_pdf
from web.acts.dossiers.dossier_reading import find_dossier
from web.acts.instants import parse_instant
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import DAY, OUT, Console, OfficeCommand, OfficeGroup, pass_console
from web.wording.typesetting import typeset

_MARK = {True: "✓", False: "✗", None: "·"}
STEPS = (Column("holds", "", ""), Column("zh", "理由", ""), Column("en", "", "Because"))
_SHOWN = ("person", "kind", "first_at", "purpose", "request", "marks", "seen")
SEEN = tuple(Column(key, HEADINGS[key], key) for key in _SHOWN)
DEPUTIES = (
    Column("id", "号", "No."),
    Column("deputy", "代批人", "Deputy"),
    Column("manager", "代谁", "For"),
    Column("from", "自", "From"),
    Column("until", "至", "Until"),
    Column("in_force", "代批中", "In force"),
    Column("reason", "原因", "Reason"),
)


@click.command("explain", cls=OfficeCommand)
@click.argument("person")
@click.argument("dossier")
@click.option("--document", type=int, help="档案内某件文件的号 / a document in it, by its id")
@click.option("--at", default="", help="某个时刻,如 2026-03-31 17:05 / at that instant, not now")
@pass_console
def explain_(console: Console, person: str, dossier: str, document: int | None, at: str) -> Answer:
    """逐条说明某人能不能看某份档案,为什么。 / Why somebody may or may not see a dossier, step by step."""
    instant = parse_instant(at) if at else None
    with console.office.reading() as session:
        actor = console.actor(session)
        user, file = find_person(session, actor, person), find_dossier(session, dossier)
        one = find_document(session, actor, document, file) if document else None
        found = explain(session, user, file, one, instant)
    return _explained(console, person, found)


def _explained(console: Console, person: str, found: Explanation) -> Answer:
    verdict = Sentence(
        f"{person}:{'能看' if found.allowed else '不能看'}。{found.because}。",
        f"{person}: {'yes' if found.allowed else 'no'}. {found.because_en}.",
    )
    steps = [{"holds": _MARK[step.holds], "zh": typeset(step.zh), "en": step.en} for step in found.steps]
    words = STEPS[::2] if console.language == "en" else STEPS[:2]
    return answer({"person": person, **asdict(found)}, verdict, Table(words, steps))


@click.command("report", cls=OfficeCommand)
@click.argument("dossier")
@click.option("--out", type=OUT, help="写入 .pdf 或 .csv 文件 / write a .pdf or .csv file")
@pass_console
def report_(console: Console, dossier: str, out: Path | None) -> Answer:
    """查阅情况报告:谁看过一份档案,何时、为何、哪些页、谁批准。 / Everyone who saw a dossier: when, why, which pages."""
    form = out.suffix.lower().lstrip(".") if out else "page"
    if form not in _WRITERS:
        raise BadInput(what=f"{out}:须为 .pdf 或 .csv")
    with console.office.transaction() as session:
        found = report(session, console.actor(session), find_dossier(session, dossier), form)
        table, data = rows(found), _WRITERS[form](found, console.office.settings.office)
    if out is not None:
        write_durably(out, data)
    refused = [{"person": name, "times": count} for name, count in found.refused]
    zh, en = f"{len(found.sightings)} 条查阅。", f"{len(found.sightings)} entries."
    return answer({"rows": table, "refused": refused, "file": out}, Table(SEEN, table), Sentence(zh, en))


_WRITERS: dict[str, Callable[[Report, str], bytes]] = {
    "page": lambda _found, _office: b"",
    "pdf": as_pdf,
    "csv": lambda found, _office: as_csv(found),
}


@click.group("deputy", cls=OfficeGroup)
def deputy() -> None:
    """代批人:经理不在时由谁审批查阅。 / Deputies: who decides on access for a manager."""


@deputy.command("name")
@click.argument("person")
@click.option("--from", "first", type=DAY, required=True, help="自哪天 / from this day")
@click.option("--until", "last", type=DAY, required=True, help="至哪天(含) / to this day")
@click.option("--reason", default="", help="原因 / why")
@pass_console
def name(console: Console, person: str, first: date, last: date, reason: str) -> Answer:
    """指定代批人(主管或另一位经理)。 / Name a deputy, a supervisor or another manager."""
    with console.office.transaction() as session:
        actor = console.actor(session)
        row = deputies.name_deputy(session, actor, find_person(session, actor, person), first, last, reason)
        shown = _row(row, {one.id for one in deputies.in_force(session)})
    zh = f"{first} 至 {last} 由{person}代批。"
    return said({"deputy": shown}, zh, f"{person} decides from {first} to {last}.")


@deputy.command("end")
@click.argument("number", type=int)
@pass_console
def end(console: Console, number: int) -> Answer:
    """提前结束代批。 / End a deputy's time early."""
    with console.office.transaction() as session:
        shown = _row(deputies.end_deputy(session, console.actor(session), number), set())
    return said({"deputy": shown}, f"代批 {number} 已结束。", f"Deputy {number} has ended.")


@deputy.command("list")
@pass_console
def list_(console: Console) -> Answer:
    """代批安排,新的在前。 / Deputies, newest first."""
    with console.office.reading() as session:
        found = deputies.list_deputies(session, console.actor(session))
        standing = {row.id for row in deputies.in_force(session)}
        shown = [_row(row, standing) for row in found]
    return answer({"deputies": shown}, Table(DEPUTIES, shown))


def _row(row: Deputy, standing: set[int]) -> dict[str, object]:
    return {
        "id": row.id,
        "deputy": row.deputy.name,
        "manager": row.manager.name,
        "from": row.from_on,
        "until": row.until_on,
        "in_force": row.id in standing,
        "ended_at": row.ended_at,
        "reason": row.reason,
    }


COMMANDS: tuple[click.Command, ...] = (explain_, report_, deputy)
