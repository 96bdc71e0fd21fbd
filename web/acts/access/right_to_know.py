"""The owner's right to know 知情: one report of everyone who saw a dossier: when, why, which pages, on whose yes."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.tables import ScanPage
from records import clock, loans
from records.access import knowing
from records.access.knowing import LoggedLook
from records.access.visits import visits_of
from records.audit import Verb
from records.paper.paper_tables import Loan
from records.tables import AccessRequest, AuditEntry, Document, Dossier, Page, User
from records.users import Actor

_CONTENTS_LIST = "档案页(卷内目录、业主与家庭)"
MODES = {"screen": "屏幕查阅", "print": "水印打印", "loan": "借出原件"}


@dataclass(frozen=True)
class Seen:
    """What somebody saw of one document under one request: pages (0 is its particulars), how often, prints made.

    ``as_a_whole``: no document, but the dossier's own page, or its paper that was lent.
    """

    document: str
    pages: tuple[int, ...]
    times: int
    prints: tuple[str, ...] = ()
    as_a_whole: bool = False

    @property
    def text(self) -> str:
        """The document and the pages, in words."""
        if self.as_a_whole:
            return self.document
        shown = [page for page in self.pages if page]
        pages = f"第 {in_short(shown)} 页" if shown else "题名与登记内容"
        printed = f",打印 {'、'.join(self.prints)}" if self.prints else ""
        return f"{self.document} {pages}{printed}"


@dataclass(frozen=True)
class Sighting:
    """One person under one request (or on duty): when, why, by whose yes, who came with them, what they saw."""

    person: str
    kind: str
    first_at: datetime | None
    last_at: datetime | None
    purpose: str
    request_id: int | None = None
    decided: str = ""
    marks: tuple[str, ...] = ()
    registered: str = ""
    visitors: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    ended: str = ""


@dataclass(frozen=True)
class Report:
    """The whole answer to an owner, as it stands at ``made_at``."""

    dossier: Dossier
    made_at: datetime
    made_by: str
    sightings: tuple[Sighting, ...]
    refused: tuple[tuple[str, int], ...] = field(default=())


def report(session: Session, actor: Actor, dossier: Dossier, form: str) -> Report:
    """Gather the report, and log that it was made (``form``: page, pdf, csv). Raises NotAllowed."""
    knowing.log_report(session, actor, dossier, form)
    people = dict(session.execute(select(User.id, User.name)).all())
    looks = knowing.looks(session, dossier)
    by_grant: dict[tuple[int, int | None], list[LoggedLook]] = defaultdict(list)
    for look in looks:
        by_grant[look.actor_id, look.grant_id].append(look)
    names = _documents(session, {look.document_id for look in looks if look.document_id is not None})
    sightings = [
        *_under_requests(session, dossier, people, by_grant, names),
        *(_without_request(people, key[0], found, names) for key, found in by_grant.items() if key[1] is None),
        *_while_filing(session, dossier, people),
    ]
    tried: dict[str, int] = defaultdict(int)
    for look in knowing.refusals(session, dossier):
        tried[people.get(look.actor_id, "—")] += 1
    ordered = sorted(sightings, key=lambda one: (one.first_at is None, one.first_at or clock.now()))
    return Report(dossier, clock.now(), actor.name, tuple(ordered), tuple(sorted(tried.items())))


def _documents(session: Session, ids: Iterable[int]) -> dict[int, str]:
    query = select(Document.id, Document.title, Document.serial).where(Document.id.in_(list(ids)))
    return {id_: " ".join(part for part in (title, serial) if part) for id_, title, serial in session.execute(query)}


def _under_requests(
    session: Session,
    dossier: Dossier,
    people: dict[int, str],
    by_grant: dict[tuple[int, int | None], list[LoggedLook]],
    names: dict[int, str],
) -> list[Sighting]:
    """A sighting for each request that was ever registered, also where nothing was looked at under it."""
    requests = [one for one in knowing.requests_for(session, dossier) if one.registered_at is not None]
    came = visits_of(session, [one.id for one in requests])
    lent = {loan.request_id: loan for loan in loans.history(session, dossier.id)}
    found = []
    for request in requests:
        looks = by_grant.get((request.asker_id, request.id), [])
        loan = lent.get(request.id)
        visitors = tuple(f"{v.person}({v.paper}):{v.shown}" for v in came if v.request_id == request.id)
        times = [look.at for look in looks] + ([loan.handed_out_at] if loan else [])
        found.append(
            Sighting(
                person=request.asker.name,
                kind=MODES[request.mode],
                first_at=min(times, default=None),
                last_at=max(times, default=None),
                purpose=request.purpose,
                request_id=request.id,
                decided=people.get(request.decided_by or 0, "—"),
                marks=marks(request, people),
                registered=people.get(request.registered_by or 0, "—"),
                visitors=visitors,
                seen=_seen(looks, names) + _lent(loan),
                ended=_ended(request),
            )
        )
    return found


def marks(request: AccessRequest, people: dict[int, str]) -> tuple[str, ...]:
    """What every report must say of a decision: 自批, 代批 and for whom, 本人登记."""
    found = ["自批"] if request.self_approved else []
    if request.deputy_for is not None:
        found.append(f"代批(代{people.get(request.deputy_for, '—')})")
    if request.registered_by == request.asker_id:
        found.append("本人登记")
    return tuple(found)


def _ended(request: AccessRequest) -> str:
    if request.returned_at is None:
        return f"至 {clock.local_time(request.ends_at)}"
    word = "撤销" if request.state == "revoked" else "归还"
    return f"{clock.local_time(request.returned_at)} {word}"


def _seen(looks: Sequence[LoggedLook], names: dict[int, str]) -> tuple[Seen, ...]:
    by_document: dict[int | None, list[LoggedLook]] = defaultdict(list)
    for look in looks:
        by_document[look.document_id].append(look)
    return tuple(
        Seen(
            _CONTENTS_LIST if document_id is None else names.get(document_id, f"文件 {document_id}"),
            tuple(sorted({look.page for look in found})),
            sum(look.page > 0 for look in found) or len(found),
            tuple(sorted({look.print_number for look in found if look.print_number})),
            as_a_whole=document_id is None,
        )
        for document_id, found in by_document.items()
    )


def _lent(loan: Loan | None) -> tuple[Seen, ...]:
    if loan is None:
        return ()
    back = clock.local_time(loan.received_at) if loan.received_at else "未还"
    return (Seen(f"原件借出 {clock.local_time(loan.handed_out_at)} 至 {back}", (), 1, as_a_whole=True),)


def _without_request(
    people: dict[int, str], actor_id: int, looks: Sequence[LoggedLook], names: dict[int, str]
) -> Sighting:
    return Sighting(
        person=people.get(actor_id, "—"),
        kind="无查阅申请",
        first_at=looks[0].at,
        last_at=looks[-1].at,
        purpose="归入业主档案之前,按岗位查看业务记录",
        seen=_seen(looks, names),
    )


def _while_filing(session: Session, dossier: Dossier, people: dict[int, str]) -> list[Sighting]:
    """Filing staff who saw a page while it waited in the tray and then went into this dossier."""
    query = (
        select(ScanPage.id, Document.id, Document.title, Document.serial, Page.position)
        .join(Page, Page.id == ScanPage.page_id)
        .join(Document, Document.id == Page.document_id)
        .where(Document.dossier_id == dossier.id)
    )
    scans = {f"scan:{scan}": (id_, title, serial, page) for scan, id_, title, serial, page in session.execute(query)}
    entries = select(AuditEntry).where(AuditEntry.verb == Verb.TRAY_SHOWN, AuditEntry.subject.in_(scans))
    by_person: dict[int, list[LoggedLook]] = defaultdict(list)
    names: dict[int, str] = {}
    for entry in session.scalars(entries.order_by(AuditEntry.seq)):
        document_id, title, serial, page = scans[entry.subject]
        names[document_id] = " ".join(part for part in (title, serial) if part)
        actor_id = int(entry.actor.partition(":")[2])
        at = datetime.fromisoformat(entry.at)
        by_person[actor_id].append(LoggedLook(actor_id, at, document_id, page, None, None))
    return [
        Sighting(
            people.get(actor_id, "—"),
            "归档处理",
            found[0].at,
            found[-1].at,
            "扫描页待处理时归档",
            seen=_seen(found, names),
        )
        for actor_id, found in by_person.items()
    ]


def in_short(pages: Sequence[int]) -> str:
    """Page numbers with runs drawn together.

    >>> in_short([1, 2, 3, 5, 7, 8])
    '1-3、5、7-8'
    """
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return "、".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def rows(found: Report) -> list[dict[str, object]]:
    """The report as a table: one row for each person, request and document; for command, .csv and paper alike."""
    return [
        {
            "person": one.person,
            "kind": one.kind,
            "first_at": one.first_at,
            "last_at": one.last_at,
            "purpose": one.purpose,
            "request": one.request_id,
            "decided_by": one.decided,
            "marks": "、".join(one.marks),
            "registered_by": one.registered,
            "visitors": ";".join(one.visitors),
            "ended": one.ended,
            "seen": seen.text if seen else "未查看",
            "times": seen.times if seen else 0,
        }
        for one in found.sightings
        for seen in (one.seen or (None,))
    ]


HEADINGS = {
    "person": "查阅人", "kind": "方式", "first_at": "最早", "last_at": "最近", "purpose": "事由", "request": "申请号",
    "decided_by": "审批人", "marks": "标注", "registered_by": "登记人", "visitors": "来人与证件", "ended": "授权结束",
    "seen": "看过的内容", "times": "次数",
}  # fmt: skip


def as_csv(found: Report) -> bytes:
    """The report as .csv that a spreadsheet opens in Chinese; a cell never begins a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS.values())
    for row in rows(found):
        writer.writerow([_cell(row[key]) for key in HEADINGS])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    text = clock.local_time(value) if isinstance(value, datetime) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
