"""What waits for whom, counted from the state of the records: a tile of the first page for each kind of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from forms import unsigned
from forms.books import book_transfers, stock
from forms.scanning.tray import in_tray
from forms.tables import Book, Rescan, Serial
from records import audit, clock, loans
from records.database import Base
from records.estate import follow_ups, transfers
from records.paper.paper_tables import Loan
from records.tables import AccessRequest, User
from records.users import Actor, Role
from retention.tables import Disposal, Hold
from web import visit
from web.work.tasks import copies_out

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


def tiles(session: Session, actor: Actor) -> list[Tile]:
    """The counts of a role's work, the urgent ones first."""
    found = [tile(session, actor) for tile in _BY_ROLE[actor.role]]
    return sorted(found, key=lambda tile: not (tile.urgent and tile.count))


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
    count = sum(one.late for one in copies_out(session))
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


def _books_to_go(session: Session, _actor: Actor) -> Tile:
    soon = clock.today() + timedelta(days=_TRANSFER_SOON)
    due = book_transfers.waiting(session, visit.office().catalogue, clock.today())
    count = sum(one.due_on <= soon for one in due)
    return Tile("transfers.listing", "box-seam", _("该移交的册"), count, _("十天内到期或已逾期"), urgent=True)


def _people(session: Session, _actor: Actor) -> Tile:
    return Tile("administration.listing", "people", _("在用用户"), _count(session, User, User.active), _("按岗位"))


def _log(session: Session, _actor: Actor) -> Tile:
    return Tile("log.listing", "shield-check", _("日志条数"), audit.head(session)[0], _("只增不改，前后相连"))


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
