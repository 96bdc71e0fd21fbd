"""Where a record stands between due and destroyed, told in one word wherever it is shown.

到期 due → 已鉴定续存 kept (looked at and kept longer), or 拟销毁 proposed → 未批准 refused, or 已批准 approved →
正在销毁 destroying → 已销毁 destroyed. 冻结 held stands before all that is not begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock, loans
from records.leaving import parted
from records.tables import Document
from retention import disposition, holds, material
from retention.disposition import OPEN_STATES
from retention.schedule import Schedule
from retention.tables import Disposal, DisposalLine

Target = tuple[str, int]


@dataclass(frozen=True)
class RecordState:
    """A record's state: due, held, lent, kept, proposed, refused, approved, destroying or destroyed.

    ``on``: since when it is due or destroyed, or until when it is kept; ``disposal``: the list that it stands on, or on
    which it was refused; ``hold``: the hold that keeps it.
    """

    state: str
    on: date | None = None
    disposal: int | None = None
    hold: int | None = None


def of_records(session: Session, schedule: Schedule, targets: Iterable[Target], on: date) -> dict[Target, RecordState]:
    """The states of records, by kind and id; a record that simply is kept under its rule has none."""
    wanted = list(dict.fromkeys(targets))
    lines = _latest_lines(session, wanted)
    found = {target: state for target in wanted if (state := _listed(lines.get(target))) is not None}
    alive = material.find_all(session, [target for target in wanted if target not in found])
    standing = holds.active(session) if alive else []
    kept = disposition.kept_until(session, on) if alive else {}
    lent = loans.unsettled(session) if alive else {}
    due = disposition.still_due(session, schedule, list(alive.values()), on)
    for target, one in alive.items():
        held = holds.stopping(standing, one)
        if held:
            found[target] = RecordState("held", held[0].review_on, hold=held[0].id)
        elif target in kept:
            found[target] = RecordState("kept", kept[target])
        elif target in due:
            paper_out = one.kind == "dossier" and one.id in lent
            found[target] = RecordState("lent") if paper_out else _due(lines.get(target))
    return found


def _listed(line: DisposalLine | None) -> RecordState | None:
    if line is None or line.state not in (*OPEN_STATES, "destroyed"):
        return None
    gone = clock.local_date(line.destroyed_at) if line.destroyed_at else None
    return RecordState(line.state, gone, line.disposal_id)


def _due(line: DisposalLine | None) -> RecordState:
    refused = line is not None and line.state == "refused"
    return RecordState("refused", None, line.disposal_id) if line and refused else RecordState("due")


def _latest_lines(session: Session, targets: Sequence[Target]) -> dict[Target, DisposalLine]:
    """The last line on which each record stands or stood."""
    found: dict[Target, DisposalLine] = {}
    for kind in sorted({kind for kind, _ in targets}):
        for ids in parted([id_ for other, id_ in targets if other == kind]):
            query = select(DisposalLine).where(DisposalLine.target_kind == kind, DisposalLine.target_id.in_(ids))
            for line in session.scalars(query.order_by(DisposalLine.id)):
                found[line.target_kind, line.target_id] = line
    return found


def of_documents(session: Session, schedule: Schedule, document_ids: Sequence[int], on: date) -> dict[int, RecordState]:
    """The states of documents: those of the dossiers, books or documents outside dossiers that they belong to."""
    targets = record_of(session, document_ids)
    found = of_records(session, schedule, targets.values(), on)
    return {id_: found[target] for id_, target in targets.items() if target in found}


def record_of(session: Session, document_ids: Sequence[int]) -> Mapping[int, Target]:
    """The record that each of these documents belongs to."""
    query = select(Document.id, Document.dossier_id, Document.book_id).where(Document.id.in_(document_ids))
    found: dict[int, Target] = {}
    for id_, dossier_id, book_id in session.execute(query):
        found[id_] = ("dossier", dossier_id) if dossier_id else ("book", book_id) if book_id else ("document", id_)
    return found


def refusals(session: Session, targets: Sequence[Target]) -> dict[Target, Disposal]:
    """The lists on which these records stood last and were refused, by record."""
    lines = {target: line for target, line in _latest_lines(session, targets).items() if line.state == "refused"}
    return {target: line.disposal for target, line in lines.items()}
