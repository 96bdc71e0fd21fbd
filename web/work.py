"""The day's work by role: what waits for whom, counted from the state of the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from forms import outstanding, unsigned
from forms.books import book_transfers, stock
from forms.outstanding import Outstanding
from forms.scanning.tray import in_tray
from forms.tables import Book, Rescan, Serial
from records import audit, clock, loans
from records.access.deputies import decides_for
from records.database import Base
from records.estate import follow_ups, transfers
from records.paper.paper_tables import Loan
from records.tables import AccessRequest, User
from records.users import Actor, Role
from retention import certificates, holds, runs
from retention.tables import Disposal, Hold
from web import visit
from web.hold_names import hold_name
from web.language import moment, spoken, told

#: Of each kind of task, so many stand on the first page.
MOST_TASKS = 5
_OUT = "yedang_copies_out"
#: So long a refused list stays on its proposer's first page.
_REFUSAL_SHOWN = timedelta(days=14)
#: So many days ahead a transfer shows.
_TRANSFER_SOON = 10


@dataclass(frozen=True)
class Tile:
    """A count with its place: ``urgent`` ones want a decision of whoever looks."""

    endpoint: str
    icon: str
    title: str
    count: int
    text: str
    urgent: bool = False
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One thing that waits: where, what, and a remark; the first of each kind, so that work can begin from here."""

    address: str
    icon: str
    title: str
    text: str


@dataclass(frozen=True)
class Way:
    """A way to begin: where, and what one does there."""

    endpoint: str
    icon: str
    title: str
    text: str


def tiles(session: Session, actor: Actor) -> list[Tile]:
    """The counts of a role's work, the urgent ones first."""
    found = [tile(session, actor) for tile in _BY_ROLE[actor.role]]
    return sorted(found, key=lambda tile: not (tile.urgent and tile.count))


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


def _copies_out(session: Session) -> list[Outstanding]:
    """The copies that are out, asked for once by tile and tasks: the session is this visit's own."""
    if _OUT not in session.info:
        session.info[_OUT] = outstanding.outstanding(session, visit.office().catalogue, clock.today())
    found: list[Outstanding] = session.info[_OUT]
    return found


def _copies_due(session: Session, _actor: Actor) -> list[Task]:
    """Copies that should be back today or before."""
    today = clock.today()
    due = [one for one in _copies_out(session) if one.due_on is not None and one.due_on <= today]
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


def ways(actor: Actor) -> list[Way]:
    """The acts that a role begins most often."""
    every = {
        "print": Way("forms_catalogue.listing", "printer", _("打印表单"), _("单页、协议、通知、成册")),
        "scan": Way("scanning.listing", "upc-scan", _("上传扫描件"), _("自动识别编号并归档")),
        "whole": Way("completeness.listing", "clipboard-check", _("档案完整性"), _("全小区缺什么，缺得多的在前")),
        "unit": Way("units.listing", "buildings", _("查单元与档案"), _("档案是否齐全，缺什么")),
        "ask": Way("access.asking", "key", _("申请查阅"), _("写明事由，经理批准后查看")),
        "books": Way("books.listing", "journal-check", _("核对册"), _("逐页核对、结册")),
        "due": Way("retention.listing", "hourglass-split", _("鉴定处置"), _("到期档案、冻结、销毁清册")),
        "log": Way("log.listing", "shield-check", _("审计日志"), _("核验日志是否完整")),
        "users": Way("administration.listing", "person-plus", _("添加用户"), _("姓名、岗位、初始密码")),
    }
    keys = {
        Role.STAFF: ("print", "scan", "unit", "ask"),
        Role.ARCHIVIST: ("scan", "whole", "unit", "due", "print"),
        Role.SUPERVISOR: ("books", "due", "unit", "log"),
        Role.MANAGER: ("ask", "due", "books", "log"),
        Role.ADMIN: ("users", "log"),
    }
    return [every[key] for key in keys[actor.role]]


def _count(session: Session, model: type[Base], *conditions: ColumnElement[bool] | InstrumentedAttribute[bool]) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def _tray(session: Session, actor: Actor) -> Tile:
    count, others = len(in_tray.waiting(session, actor)), sum(one.pages for one in in_tray.with_others(session, actor))
    text = _("另有 {count} 页在别人的待处理中").format(count=others) if others else _("系统认不准去处的页，等人看一眼")
    return Tile("tray.listing", "inbox", _("待处理的扫描页"), count, text, urgent=True)


def _rescans(session: Session, _actor: Actor) -> Tile:
    count = _count(session, Rescan, Rescan.state == "asked")
    return Tile("rescans.listing", "arrow-clockwise", _("要重扫的页"), count, _("找出原件再扫一次，自动换下旧的"))


def _to_decide(session: Session, actor: Actor) -> Tile:
    count = _count(session, AccessRequest, AccessRequest.state == "requested", AccessRequest.asker_id != actor.id)
    return Tile("access.listing", "key", _("待批准的查阅"), count, _("看事由和近期查阅再决定"), urgent=True)


def _to_register(session: Session, _actor: Actor) -> Tile:
    count = _count(session, AccessRequest, AccessRequest.state == "approved")
    return Tile("access.listing", "pencil-square", _("待登记的查阅"), count, _("经理已批准，登记后生效"), urgent=True)


def _my_grants(session: Session, actor: Actor) -> Tile:
    live = (AccessRequest.state == "registered", AccessRequest.ends_at > clock.now())
    count = _count(session, AccessRequest, AccessRequest.asker_id == actor.id, *live)
    return Tile("access.listing", "unlock", _("我的有效授权"), count, _("看完请归还"))


def _my_requests(session: Session, actor: Actor) -> Tile:
    waiting = AccessRequest.state.in_(("requested", "approved"))
    count = _count(session, AccessRequest, AccessRequest.asker_id == actor.id, waiting)
    return Tile("access.listing", "hourglass", _("我的申请"), count, _("等待批准或登记"))


def _outstanding(session: Session, _actor: Actor) -> Tile:
    count = _count(session, Serial, Serial.state == "issued", Serial.book_id.is_(None))
    return Tile(
        "forms_catalogue.outstanding", "file-earmark-arrow-up", _("未扫描回来的表单"), count, _("已打印，签好后请扫描")
    )


def _unsigned(session: Session, _actor: Actor) -> Tile:
    count = len(unsigned.unsigned(session, visit.office().catalogue))
    return Tile("signatures.listing", "pencil-square", _("签名不全"), count, _("已归档，请补签后重新扫描"), urgent=True)


def _books_in_use(session: Session, _actor: Actor) -> Tile:
    count = _count(session, Book, Book.state == "issued")
    return Tile("books.listing", "journal-bookmark", _("使用中的册"), count, _("用完后逐页核对、结册"))


def _late(session: Session, _actor: Actor) -> Tile:
    count = sum(one.late for one in _copies_out(session))
    return Tile(
        "forms_catalogue.outstanding", "alarm", _("逾期未交回的联"), count, _("催一催，签好后扫描"), urgent=True
    )


def _low_stock(session: Session, _actor: Actor) -> Tile:
    count = sum(one.low for one in stock.stock(session, visit.office().catalogue, clock.today()))
    return Tile("books.listing", "stack", _("快用完的成册表单"), count, _("按近 30 天的用量"), urgent=True)


def _missing_unsigned(session: Session, _actor: Actor) -> Tile:
    count = _count(session, Serial, Serial.state == "missing", Serial.signed_by.is_(None))
    return Tile("books.listing", "exclamation-diamond", _("缺页待经理签字"), count, _("主管已写明经过"), urgent=True)


def _disposals_to_decide(session: Session, actor: Actor) -> Tile:
    count = _count(session, Disposal, Disposal.state == "proposed", Disposal.proposed_by != actor.id)
    return Tile("retention.listing", "trash3", _("待批准的销毁清册"), count, _("提出人不能自己批准"), urgent=True)


def _holds(session: Session, _actor: Actor) -> Tile:
    count = _count(session, Hold, Hold.released_at.is_(None))
    return Tile("retention.listing", "snow", _("冻结中"), count, _("冻结期间不销毁"))


def _surveys(session: Session, _actor: Actor) -> Tile:
    count = follow_ups.count_surveys_due(session, clock.today())
    return Tile(
        "follow_ups.listing", "clipboard-check", _("本季待普查的户"), count, _("每季度一次（DA 4.2.2）"),
        arguments={"kind": "survey"},
    )  # fmt: skip


def _contacts(session: Session, _actor: Actor) -> Tile:
    count = len(follow_ups.contacts_due(session, clock.today()))
    return Tile(
        "follow_ups.listing", "telephone", _("待跟踪的欠费业主"), count, _("至少每 15 天联系一次"), urgent=True,
        arguments={"kind": "contact"},
    )  # fmt: skip


def _boundaries(session: Session, _actor: Actor) -> Tile:
    count = transfers.count_waiting(session)
    return Tile(
        "boundaries.listing", "signpost-split", _("待定归属的文件"), count, _("补登业主变更后留下的"), urgent=True
    )


def _contacts_due(session: Session, _actor: Actor) -> list[Task]:
    """Owners in arrears whose contact is to be checked, the longest due first."""
    return [
        Task(
            url_for("dossiers.page", number=one.number), "telephone", _("跟踪欠费业主的联系方式"),
            f"{spoken(one.unit)} · {one.due_on}",
        )
        for one in follow_ups.contacts_due(session, clock.today())[:MOST_TASKS]
    ]  # fmt: skip


def _loans_overdue(session: Session, _actor: Actor) -> Tile:
    count = _count(session, Loan, Loan.state == "out", Loan.due_on < clock.today())
    return Tile("loans.listing", "alarm", _("逾期未还的案卷"), count, _("催还，或由经理批准续借"), urgent=True)


def _loans_to_hand_out(session: Session, actor: Actor) -> Tile:
    count = len(loans.to_hand_out(session, actor))
    return Tile("loans.listing", "box-arrow-up-right", _("待发放的原件"), count, _("立代卷卡，到期催还"), urgent=True)


def _loan_incidents(session: Session, _actor: Actor) -> Tile:
    count = _count(session, Loan, Loan.state == "incident")
    return Tile("loans.listing", "file-earmark-x", _("借阅缺页待签认"), count, _("收回时逐页核对发现"), urgent=True)


def _my_loans(session: Session, actor: Actor) -> Tile:
    mine = _count(session, Loan, Loan.state == "out", Loan.borrower_id == actor.id)
    late = _count(session, Loan, Loan.state == "out", Loan.borrower_id == actor.id, Loan.due_on < clock.today())
    text = _("有 {count} 卷逾期，请归还").format(count=late) if late else _("用完请归还档案员")
    return Tile("loans.listing", "box-arrow-up-right", _("我借的案卷"), mine, text, urgent=bool(late))


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


def _books_to_go(session: Session, _actor: Actor) -> Tile:
    soon = clock.today() + timedelta(days=_TRANSFER_SOON)
    due = book_transfers.waiting(session, visit.office().catalogue, clock.today())
    count = sum(one.due_on <= soon for one in due)
    return Tile("transfers.listing", "box-seam", _("该移交的册"), count, _("十天内到期或已逾期"), urgent=True)


def _transfers_late(session: Session, _actor: Actor) -> list[Task]:
    """Books that should have been handed over already."""
    due = book_transfers.waiting(session, visit.office().catalogue, clock.today())
    late = [one for one in due if one.late][:MOST_TASKS]
    return [
        Task(url_for("transfers.listing"), "box-seam", _("逾期未移交的册"), f"{one.book.number} · {one.due_on}")
        for one in late
    ]


def _people(session: Session, _actor: Actor) -> Tile:
    return Tile("administration.listing", "people", _("在用用户"), _count(session, User, User.active), _("按岗位"))


def _log(session: Session, _actor: Actor) -> Tile:
    return Tile("log.listing", "shield-check", _("日志条数"), audit.head(session)[0], _("只增不改，前后相连"))


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
_BY_ROLE: dict[Role, tuple[Callable[[Session, Actor], Tile], ...]] = {
    Role.STAFF: (
        _tray,
        _rescans,
        _unsigned,
        _contacts,
        _surveys,
        _low_stock,
        _outstanding,
        _my_grants,
        _my_requests,
        _my_loans,
    ),
    Role.ARCHIVIST: (
        _tray,
        _rescans,
        _unsigned,
        _to_register,
        _loans_overdue,
        _loans_to_hand_out,
        _boundaries,
        _surveys,
        _books_to_go,
        _books_in_use,
        _holds,
    ),
    Role.SUPERVISOR: (_late, _contacts, _low_stock, _books_to_go, _books_in_use, _holds),
    Role.MANAGER: (_to_decide, _disposals_to_decide, _missing_unsigned, _loan_incidents, _loans_overdue, _books_in_use),
    Role.ADMIN: (_people, _log),
}
