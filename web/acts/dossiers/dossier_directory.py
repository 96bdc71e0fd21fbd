"""The estate's list of dossiers 业主档案目录 (handbook DA 5.0): present owners by name, former ones by number alone.

It puts every owner of the estate on one paper, so it is for those who keep and oversee the dossiers (DA 3.1, 4.1). How
much is in a dossier is told to the archivist alone. It has no number of ours and nothing of it is kept: a stored copy
would outlive the dossiers that it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from forms import pdf
from forms.layout.dossier_pages import DirectoryLine, directory_pages
from forms.paper import A4_LANDSCAPE
from records import audit, clock, identifiers, loans
from records.audit import Verb
from records.errors import NotFound
from records.paper import places
from records.tables import Document, Dossier, Ownership, Page, Unit
from records.users import Actor, Role
from retention.schedule import FORMER_RULE, OWNER_RULE
from retention.schedule_versions import in_force
from web import completeness
from web.office import Office

READERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)
Estates = list[tuple[str, list[tuple[str, list[DirectoryLine]]]]]


def print_directory(session: Session, office: Office, actor: Actor, building: str = "") -> bytes:
    """Draw the list as PDF, of one building or of all; logged. Raises NotAllowed, NotFound (nothing there)."""
    actor.require("打印业主档案目录", *READERS)
    found = _dossiers(session, building.strip().removesuffix("栋").upper())
    estates = _grouped(found, _lines(session, office, actor, found))
    pages = directory_pages(office.settings.office, estates, clock.today())
    data = pdf.draw_pages(pages, title="业主档案目录", author=office.settings.office, paper=A4_LANDSCAPE)
    details = {"paper": "directory", "dossiers": len(found)}
    audit.append(session, actor.id, Verb.DOSSIER_PRINTED, "dossier:all", details)
    return data


def _dossiers(session: Session, building: str) -> list[Dossier]:
    query = select(Dossier).join(Ownership).join(Unit, Unit.id == Ownership.unit_id).where(Dossier.state != "destroyed")
    if building:
        query = query.where(Unit.building == building)
    ownership = joinedload(Dossier.ownership)
    query = query.options(ownership.joinedload(Ownership.unit), ownership.selectinload(Ownership.owners))
    found = sorted(session.scalars(query).unique(), key=places.place_order)
    if not found:
        raise NotFound(what="业主档案")
    return found


def _grouped(found: Sequence[Dossier], lines: Sequence[DirectoryLine]) -> Estates:
    """By estate and building, in the order in which the dossiers come."""
    pairs = list(zip(found, lines, strict=True))
    return [
        (
            estate,
            [
                (building, [line for _, line in group])
                for building, group in groupby(of_estate, lambda pair: pair[0].ownership.unit.building)
            ],
        )
        for estate, of_estate in groupby(pairs, lambda pair: pair[0].ownership.unit.estate)
    ]


def _lines(session: Session, office: Office, actor: Actor, found: Sequence[Dossier]) -> list[DirectoryLine]:
    ids = [dossier.id for dossier in found]
    stands = places.codes_of(session, ids)
    amounts = _amounts(session) if actor.role == Role.ARCHIVIST else {}
    lacking = completeness.lacking(session, office, ids)
    away = {loan.dossier_id: loan.due_on for loan in loans.out_now(session)}
    schedule = in_force(session)
    rules = {"open": schedule.rule(OWNER_RULE).zh, "closed": schedule.rule(FORMER_RULE).zh}
    lines = []
    for dossier in found:
        present = dossier.state == "open"
        documents, pages = amounts.get(dossier.id, (0, 0)) if amounts else (None, None)
        ownership = dossier.ownership
        lines.append(
            DirectoryLine(
                dossier.number,
                identifiers.format(ownership.unit.code),
                [owner.name for owner in ownership.owners] if present else [],
                ownership.from_on,
                ownership.until_on,
                documents,
                pages,
                rules.get(dossier.state, ""),
                stands.get(dossier.id, ""),
                _remark(present, lacking.get(dossier.id, 0), away.get(dossier.id)),
            )
        )
    return lines


def _amounts(session: Session) -> dict[int, tuple[int, int]]:
    """How many documents and pages each dossier holds, in one query."""
    counts = func.count(func.distinct(Document.id)), func.count(Page.id)
    query = select(Document.dossier_id, *counts).outerjoin(Page, Page.document_id == Document.id)
    query = query.where(Document.state == "filed").group_by(Document.dossier_id)
    rows = session.execute(query)
    return {dossier_id: (documents, pages) for dossier_id, documents, pages in rows if dossier_id is not None}


def _remark(present: bool, lacking: int, due_on: date | None) -> str:
    parts = [] if present else ["原业主，另置保管"]
    if present and lacking:
        parts.append(f"缺 {lacking} 件")
    if due_on:
        parts.append(f"借出，应还 {due_on}")
    return "；".join(parts)
