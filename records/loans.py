"""Loans of paper 借阅: the life of an approved request for the original, from the out-card to the checked return.

Asked for and approved as every access is (records.access, mode ``loan``); an archivist hands out, and takes back page
by page against what went out. Pages that do not come back are an incident, which a manager signs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from records import access, audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.paper.paper_tables import Loan, LoanExtension, LoanLine
from records.tables import AccessRequest, AccessRequestDossier, Document, Dossier, Page, User
from records.users import OFFICE_ROLES, Actor, Role

STATE_ZH = {"out": "借出", "incident": "缺页待经理签字", "returned": "已归还"}
#: A loan in one of these states keeps its dossier from being destroyed.
UNSETTLED = ("out", "incident")


class NotALoan(OfficeError):
    """The request asks for something else than the original."""

    code = "loan.not_asked_for"
    zh = "申请 {request} 号申请的不是借出原件。"
    en = "Request {request} does not ask for the original."


class DossierOut(OfficeError):
    """The paper is with somebody already."""

    code = "loan.out_already"
    zh = "{number} 的原件已借出(借阅 {loan} 号,应于 {due} 归还)。"
    en = "The paper of {number} is out already (loan {loan}, due {due})."


class NothingToLend(OfficeError):
    """A destroyed dossier has no paper."""

    code = "loan.dossier_destroyed"
    zh = "档案 {number} 已销毁,没有原件可借。"
    en = "Dossier {number} has been destroyed; there is no paper to lend."


class LoanNotReady(OfficeError):
    """The loan is not in the state that this step needs."""

    code = "loan.state"
    zh = "借阅 {loan} 号目前的状态是「{state}」,不能{step}。"
    en = "Loan {loan} is {state_en}; it cannot be {step_en} now."


class OwnLoan(OfficeError):
    """Who has the paper, or found its pages missing, does not decide on it."""

    code = "loan.own"
    zh = "借阅 {loan} 号须由借阅人、收回人以外的经理{step}。"
    en = "Loan {loan} must be {step_en} by a manager who is neither borrower nor receiver."


class NotChecked(OfficeError):
    """A document of the loan has not been looked at."""

    code = "loan.not_checked"
    zh = "还有 {count} 件没有逐页核对(第 {positions} 件);请逐件勾选「齐」或写明缺页。"
    en = "{count} documents have not been checked page by page (no. {positions}): tick them or name the missing pages."


def hand_out(session: Session, actor: Actor, request: AccessRequest) -> list[Loan]:
    """Hand out the paper of an approved request; one loan for each of its dossiers, due when the request ends.

    The request is registered with it, where that has not been done. What goes out is noted document by document.
    Raises NotAllowed, NotALoan, DossierOut, NothingToLend, and what access.register raises.
    """
    actor.require("借出原件", Role.ARCHIVIST)
    if request.mode != "loan":
        raise NotALoan(request=request.id)
    audit.lock(session)
    link = AccessRequestDossier
    ended = select(link.dossier_id).where(link.request_id == request.id, link.ended_at.is_not(None))
    over = set(session.scalars(ended))
    # Where an owner has changed since, that dossier's part of the request is over, and its paper stays.
    lent = [dossier for dossier in request.dossiers if dossier.id not in over]
    numbers = {dossier.id: dossier.number for dossier in lent}
    rows = select(Dossier.id, Dossier.state).where(Dossier.id.in_(numbers)).order_by(Dossier.id).with_for_update()
    for id_, state in session.execute(rows).all():
        if state == "destroyed":
            raise NothingToLend(number=numbers[id_])
        present = latest(session, id_)
        if present is not None and present.state == "out":
            raise DossierOut(number=numbers[id_], loan=present.id, due=present.due_on)
    if request.state != "registered" or of_request(session, request):
        access.register(session, actor, request)
    return [_hand_out_one(session, actor, request, dossier) for dossier in lent]


def _hand_out_one(session: Session, actor: Actor, request: AccessRequest, dossier: Dossier) -> Loan:
    loan = Loan(
        request_id=request.id,
        dossier_id=dossier.id,
        borrower_id=request.asker_id,
        state="out",
        handed_out_by=actor.id,
        handed_out_at=clock.now(),
        due_on=clock.local_date(request.ends_at),
        lines=_lines(session, dossier),
    )
    session.add(loan)
    session.flush()
    details = {"loan": loan.id, "request": request.id, "due": loan.due_on.isoformat()}
    details |= {"documents": len(loan.lines), "pages": sum(line.pages for line in loan.lines)}
    audit.append(session, actor.id, Verb.LOAN_HANDED_OUT, f"dossier:{dossier.id}", details)
    return loan


def _lines(session: Session, dossier: Dossier) -> list[LoanLine]:
    """What is in the dossier now, by date as its contents list: each document and its pages."""
    count = func.count(Page.id)
    query = select(Document.id, count).outerjoin(Page, Page.document_id == Document.id)
    query = query.where(Document.dossier_id == dossier.id, Document.state == "filed")
    rows = session.execute(query.group_by(Document.id).order_by(Document.dated, Document.id)).all()
    return [
        LoanLine(document_id=id_, position=position, pages=pages) for position, (id_, pages) in enumerate(rows, start=1)
    ]


def extend(session: Session, actor: Actor, loan: Loan, until: date, reason: str) -> LoanExtension:
    """A manager lets a loan last longer 续借. The paper's due date changes, the grant to look on screen does not.

    Raises NotAllowed, LoanNotReady, OwnLoan, BadInput.
    """
    actor.require("批准续借", Role.MANAGER)
    _lock(session, loan)
    _expect(loan, "out", "续借", "extended")
    if actor.id == loan.borrower_id and _another_manager(session, actor):
        raise OwnLoan(loan=loan.id, step="批准续借", step_en="extended")
    if not reason.strip():
        raise BadInput(what="续借须写明原因")
    latest_day = clock.today() + access.LONGEST_GRANT
    if not max(loan.due_on, clock.today()) < until <= latest_day:
        raise BadInput(what=f"续借至 {until}(须晚于 {loan.due_on} 和今天,最晚 {latest_day})")
    made = LoanExtension(
        loan_id=loan.id,
        from_on=loan.due_on,
        until_on=until,
        reason=reason.strip(),
        decided_by=actor.id,
        decided_at=clock.now(),
    )
    session.add(made)
    loan.due_on = until
    session.flush()
    details = {"loan": loan.id, "from": made.from_on.isoformat(), "until": until.isoformat()}
    audit.append(session, actor.id, Verb.LOAN_EXTENDED, f"dossier:{loan.dossier_id}", details)
    return made


def take_back(
    session: Session, actor: Actor, loan: Loan, missing: Mapping[int, Sequence[int]], story: str = ""
) -> None:
    """Take a loan back, checked page by page: for every line (by its position) the pages that are not there.

    Missing pages need the story of how that was found; the loan is then an incident until a manager signs.
    Raises NotAllowed, LoanNotReady, NotChecked, BadInput.
    """
    actor.require("收回原件", Role.ARCHIVIST)
    _lock(session, loan)
    _expect(loan, "out", "归还", "taken back")
    unchecked = [line.position for line in loan.lines if line.position not in missing]
    if unchecked:
        shown = "、".join(str(position) for position in unchecked[:12])
        raise NotChecked(count=len(unchecked), positions=shown + ("…" if len(unchecked) > 12 else ""))
    for line in loan.lines:
        line.missing = _pages_of(line, missing[line.position])
    lost = sum(len(line.missing or ()) for line in loan.lines)
    if lost and not story.strip():
        raise BadInput(what="有缺页,须写明经过")
    loan.state = "incident" if lost else "returned"
    loan.story, loan.received_by, loan.received_at = story.strip(), actor.id, clock.now()
    session.flush()
    details = {"loan": loan.id, "documents": len(loan.lines), "missing": lost}
    verb = Verb.LOAN_PAGES_MISSING if lost else Verb.LOAN_RETURNED
    audit.append(session, actor.id, verb, f"dossier:{loan.dossier_id}", details)
    _end_grant(session, actor, loan.request)


def _pages_of(line: LoanLine, pages: Sequence[int]) -> list[int]:
    wrong = sorted(page for page in set(pages) if not 1 <= page <= line.pages)
    if wrong:
        raise BadInput(what=f"第 {line.position} 件没有第 {wrong[0]} 页(共 {line.pages} 页)")
    return sorted(set(pages))


def _end_grant(session: Session, actor: Actor, request: AccessRequest) -> None:
    """With the last of its dossiers back, the request is over."""
    still_out = any(loan.state == "out" for loan in of_request(session, request))
    if request.state == "registered" and not still_out:
        access.give_back(session, actor, request)


def sign_incident(session: Session, actor: Actor, loan: Loan) -> None:
    """A manager signs that pages are missing. Raises NotAllowed, LoanNotReady, OwnLoan."""
    actor.require("签认缺页", Role.MANAGER)
    _lock(session, loan)
    _expect(loan, "incident", "签认", "signed for")
    if actor.id in (loan.borrower_id, loan.received_by):
        raise OwnLoan(loan=loan.id, step="签认", step_en="signed for")
    loan.state, loan.signed_by, loan.signed_at = "returned", actor.id, clock.now()
    details = {"loan": loan.id, "missing": missing_pages(loan)}
    audit.append(session, actor.id, Verb.LOAN_MISSING_SIGNED, f"dossier:{loan.dossier_id}", details)


def _lock(session: Session, loan: Loan) -> None:
    """Read a loan afresh and hold it until the transaction ends: two people cannot act on the same old state."""
    audit.lock(session)
    session.refresh(loan, ["state", "due_on", "received_by"], with_for_update=True)


def _expect(loan: Loan, state: str, step: str, step_en: str) -> None:
    if loan.state != state:
        raise LoanNotReady(loan=loan.id, state=STATE_ZH[loan.state], state_en=loan.state, step=step, step_en=step_en)


def _another_manager(session: Session, actor: Actor) -> bool:
    others = select(User.id).where(User.role == Role.MANAGER, User.active, User.id != actor.id)
    return session.scalar(others.limit(1)) is not None


def missing_pages(loan: Loan) -> int:
    """How many pages of a loan did not come back."""
    return sum(len(line.missing or ()) for line in loan.lines)


def find(session: Session, actor: Actor, loan_id: int) -> Loan:
    """A loan that the actor may know of: their own, or any for an archivist or manager. Raises NotFound, NotAllowed."""
    actor.require("查看借阅", *OFFICE_ROLES)
    loan = session.get(Loan, loan_id)
    if loan is None or (loan.borrower_id != actor.id and not keeps_loans(actor)):
        raise NotFound(what=f"借阅 {loan_id} 号")
    return loan


def keeps_loans(actor: Actor) -> bool:
    """Whether everybody's loans are the actor's work."""
    return actor.role in (Role.ARCHIVIST, Role.MANAGER)


def checks(actor: Actor) -> bool:
    """Whether the actor hands out and takes back, and therefore knows what is in the folder (DA 4.1)."""
    return actor.role == Role.ARCHIVIST


def listing(session: Session, actor: Actor, most_returned: int = 200) -> list[Loan]:
    """The loans that the actor may know of: those out first by due date, incidents, the latest that came back."""
    actor.require("查看借阅", *OFFICE_ROLES)
    query = select(Loan).options(joinedload(Loan.dossier), joinedload(Loan.borrower))
    if not keeps_loans(actor):
        query = query.where(Loan.borrower_id == actor.id)
    found = session.scalars(query.where(Loan.state.in_(UNSETTLED)).order_by(Loan.due_on, Loan.id)).all()
    back = query.where(Loan.state == "returned").order_by(Loan.received_at.desc(), Loan.id.desc()).limit(most_returned)
    return [*sorted(found, key=lambda loan: loan.state != "out"), *session.scalars(back)]


def to_hand_out(session: Session, actor: Actor) -> list[AccessRequest]:
    """Approved requests for originals that have not been handed out; everybody's for archivist and manager."""
    handed = select(Loan.request_id)
    query = select(AccessRequest).where(AccessRequest.mode == "loan", AccessRequest.id.not_in(handed))
    query = query.where(AccessRequest.state.in_(("approved", "registered"))).order_by(AccessRequest.id)
    if not keeps_loans(actor):
        query = query.where(AccessRequest.asker_id == actor.id)
    return list(session.scalars(query))


def out_now(session: Session) -> list[Loan]:
    """Everything that is out, the longest due first."""
    query = select(Loan).where(Loan.state == "out").options(joinedload(Loan.dossier), joinedload(Loan.borrower))
    return list(session.scalars(query.order_by(Loan.due_on, Loan.id)))


def overdue(session: Session, on: date) -> list[Loan]:
    """What should have been back before this local date."""
    return [loan for loan in out_now(session) if loan.due_on < on]


def of_request(session: Session, request: AccessRequest) -> list[Loan]:
    """The loans under a request."""
    return list(session.scalars(select(Loan).where(Loan.request_id == request.id).order_by(Loan.id)))


def history(session: Session, dossier_id: int) -> list[Loan]:
    """Every loan of a dossier, the latest first."""
    query = select(Loan).where(Loan.dossier_id == dossier_id).options(joinedload(Loan.borrower))
    return list(session.scalars(query.order_by(Loan.id.desc())))


def latest(session: Session, dossier_id: int) -> Loan | None:
    """The last loan of a dossier, or None."""
    return session.scalar(select(Loan).where(Loan.dossier_id == dossier_id).order_by(Loan.id.desc()).limit(1))


def unsettled(session: Session) -> dict[int, int]:
    """The dossiers that a loan keeps from being destroyed, each with that loan's number."""
    query = select(Loan.dossier_id, Loan.id).where(Loan.state.in_(UNSETTLED)).order_by(Loan.id)
    return dict(session.execute(query).all())


def forget(session: Session, dossier_id: int) -> int:
    """Blank what loans tell of a destroyed dossier: what went out, stories, reasons. How many loans; they stay.

    Part of its destruction. One that was still out (in a backup older than its return) ends with it.
    """
    ids = list(session.scalars(select(Loan.id).where(Loan.dossier_id == dossier_id)))
    session.execute(delete(LoanLine).where(LoanLine.loan_id.in_(ids)))
    session.execute(update(LoanExtension).where(LoanExtension.loan_id.in_(ids)).values(reason=""))
    session.execute(update(Loan).where(Loan.id.in_(ids)).values(story="", state="returned"))
    return len(ids)
