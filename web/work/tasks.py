"""What waits for somebody, one by one: the first of each kind, so that work can begin from the first page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import outstanding
from forms.books import book_transfers
from forms.outstanding import Outstanding
from forms.scanning.tray import in_tray
from forms.tables import Book, Serial
from records import clock, loans
from records.access.deputies import decides_for
from records.estate import follow_ups
from records.tables import AccessRequest
from records.users import Actor, Role
from retention import certificates, holds, runs
from retention.tables import Disposal
from web import visit
from web.wording.hold_names import hold_name
from web.wording.language import moment, spoken, told

#: Of each kind of task, so many stand on the first page.
MOST_TASKS = 5
_OUT = "yedang_copies_out"
#: So long a refused list stays on its proposer's first page.
_REFUSAL_SHOWN = timedelta(days=14)


@dataclass(frozen=True)
class Task:
    """One thing that waits: where, what, and a remark; the first of each kind, so that work can begin from here."""

    address: str
    icon: str
    title: str
    text: str


def tasks(session: Session, actor: Actor) -> list[Task]:
    """The things that wait for this role, oldest first, a handful of each kind."""
    return [task for finder in _TASKS[actor.role] for task in finder(session, actor)]


def _tray_pages(session: Session, actor: Actor) -> list[Task]:
    return [
        Task(url_for("tray.page", page_id=page.id), "inbox", told(page.reason_zh, page.reason_en), page.batch.name)
        for page in in_tray.waiting(session, actor)[:MOST_TASKS]
    ]


def _requests(session: Session, actor: Actor) -> list[Task]:
    state = "approved" if actor.role == Role.ARCHIVIST else "requested"
    query = select(AccessRequest).where(AccessRequest.state == state, AccessRequest.asker_id != actor.id)
    return [
        Task(url_for("access.page", request_id=one.id), "key", one.purpose, f"{one.asker.name} · {_numbers(one)}")
        for one in session.scalars(query.order_by(AccessRequest.id).limit(MOST_TASKS))
    ]


def _deputed(session: Session, actor: Actor) -> list[Task]:
    """The requests that wait for whoever stands in for a manager just now."""
    return _requests(session, actor) if decides_for(session, actor) else []


def _grants(session: Session, actor: Actor) -> list[Task]:
    query = select(AccessRequest).where(AccessRequest.asker_id == actor.id, AccessRequest.state == "registered")
    live = query.where(AccessRequest.ends_at > clock.now()).order_by(AccessRequest.ends_at).limit(MOST_TASKS)
    return [
        Task(
            url_for("access.page", request_id=one.id), "unlock", one.purpose, f"{_numbers(one)} · {moment(one.ends_at)}"
        )
        for one in session.scalars(live)
    ]


def _numbers(request: AccessRequest) -> str:
    return "、".join(dossier.number for dossier in request.dossiers[:3])


def _books_with_gaps(session: Session, _actor: Actor) -> list[Task]:
    lost = select(Serial.book_id).where(Serial.state == "missing", Serial.signed_by.is_(None))
    query = select(Book).where(Book.id.in_(lost)).order_by(Book.number).limit(MOST_TASKS)
    return [
        Task(url_for("books.page", number=book.number), "exclamation-diamond", _("缺页待经理签字"), book.number)
        for book in session.scalars(query)
    ]


def copies_out(session: Session) -> list[Outstanding]:
    """The copies that are out, asked for once by tile and tasks: the session is this visit's own."""
    if _OUT not in session.info:
        session.info[_OUT] = outstanding.outstanding(session, visit.office().catalogue, clock.today())
    found: list[Outstanding] = session.info[_OUT]
    return found


def _copies_due(session: Session, _actor: Actor) -> list[Task]:
    """Copies that should be back today or before."""
    today = clock.today()
    due = [one for one in copies_out(session) if one.due_on is not None and one.due_on <= today]
    return [
        Task(
            url_for("numbers.page", text=one.serial),
            "alarm",
            _("逾期未交回的联") if one.late else _("应交回"),
            f"{one.serial} · {one.label} · {one.due_on}",
        )
        for one in due[:MOST_TASKS]
    ]


def _lists(session: Session, actor: Actor) -> list[Task]:
    query = select(Disposal).where(Disposal.state == "proposed", Disposal.proposed_by != actor.id)
    return [
        Task(
            url_for("retention.disposal", number=one.id), "trash3",
            _("销毁清册 {number} 号").format(number=one.id), _("{count} 件").format(count=len(one.lines)),
        )
        for one in session.scalars(query.order_by(Disposal.id).limit(MOST_TASKS))
    ]  # fmt: skip


def _refused_lists(session: Session, actor: Actor) -> list[Task]:
    """One's own lists that a manager refused of late, with the reason."""
    since = clock.now() - _REFUSAL_SHOWN
    query = select(Disposal).where(
        Disposal.state == "refused", Disposal.proposed_by == actor.id, Disposal.decided_at > since
    )
    return [
        Task(
            url_for("retention.disposal", number=one.id), "x-octagon",
            _("销毁清册 {number} 号未批准").format(number=one.id), one.decision_reason,
        )
        for one in session.scalars(query.order_by(Disposal.id.desc()).limit(MOST_TASKS))
    ]  # fmt: skip


def _lists_to_finish(session: Session, _actor: Actor) -> list[Task]:
    """Lists whose signed paper is to be scanned, and those whose records' paper is to be destroyed."""
    kinds = ((_("签好的销毁清册待扫描归档"), runs.unsigned), (_("纸质原件待销毁"), certificates.paper_left))
    return [
        Task(url_for("retention.disposal", number=one.id), "file-earmark-x", title, one.certificate or "")
        for title, waiting in kinds
        for one in waiting(session)[:MOST_TASKS]
    ]


def _holds_to_review(session: Session, _actor: Actor) -> list[Task]:
    """Holds whose review date has come, the longest overdue first."""
    due = sorted(holds.to_review(session, clock.today()), key=lambda hold: hold.review_on or clock.today())
    return [
        Task(
            url_for("holds.listing"), "snow", _("待复核的冻结"),
            f"{hold_name(session, hold)} · {hold.review_on} · {hold.reason}",
        )
        for hold in due[:MOST_TASKS]
    ]  # fmt: skip


def _contacts_due(session: Session, _actor: Actor) -> list[Task]:
    """Owners in arrears whose contact is to be checked, the longest due first."""
    return [
        Task(
            url_for("dossiers.page", number=one.number), "telephone", _("跟踪欠费业主的联系方式"),
            f"{spoken(one.unit)} · {one.due_on}",
        )
        for one in follow_ups.contacts_due(session, clock.today())[:MOST_TASKS]
    ]  # fmt: skip


def _overdue_loans(session: Session, actor: Actor) -> list[Task]:
    """Paper that should be back: everybody's for archivist and manager, one's own for others."""
    keeps = loans.keeps_loans(actor)
    late = [loan for loan in loans.overdue(session, clock.today()) if loan.borrower_id == actor.id or keeps]
    return [
        Task(
            url_for("loans.page", loan_id=loan.id), "alarm",
            _("案卷逾期未还"), f"{loan.dossier.number} · {loan.borrower.name} · {loan.due_on}",
        )
        for loan in late[:MOST_TASKS]
    ]  # fmt: skip


def _transfers_late(session: Session, _actor: Actor) -> list[Task]:
    """Books that should have been handed over already."""
    due = book_transfers.waiting(session, visit.office().catalogue, clock.today())
    late = [one for one in due if one.late][:MOST_TASKS]
    return [
        Task(url_for("transfers.listing"), "box-seam", _("逾期未移交的册"), f"{one.book.number} · {one.due_on}")
        for one in late
    ]


_TASKS: dict[Role, tuple[Callable[[Session, Actor], list[Task]], ...]] = {
    Role.STAFF: (_copies_due, _overdue_loans, _contacts_due, _tray_pages, _grants),
    Role.ARCHIVIST: (_requests, _overdue_loans, _refused_lists, _lists_to_finish, _tray_pages),
    Role.SUPERVISOR: (
        _deputed,
        _copies_due,
        _transfers_late,
        _books_with_gaps,
        _holds_to_review,
        _refused_lists,
        _grants,
    ),
    Role.MANAGER: (_requests, _overdue_loans, _lists, _holds_to_review, _books_with_gaps),
    Role.ADMIN: (),
}
