"""The destruction list 销毁清册: one person proposes, another, a manager, decides; its lines stay for good."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from records import audit, clock, loans
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.tables import Document, Dossier, User
from records.users import Actor, Role
from retention import holds, material
from retention.disposition import OPEN_STATES, DueRecord, Standing
from retention.tables import Disposal, DisposalLine, DisposalPaper, KeptLonger

PROPOSERS = (Role.ARCHIVIST, Role.SUPERVISOR)
APPRAISERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)

STATE_ZH = {"proposed": "拟销毁,待批准", "approved": "已批准,待执行", "refused": "未批准", "completed": "已执行"}
LINE_ZH = {
    "proposed": "拟销毁",
    "approved": "已批准",
    "refused": "未批准",
    "held": "已冻结,未销毁",
    "kept": "续存,未销毁",
    "destroying": "正在销毁",
    "destroyed": "已销毁",
}


class SamePerson(OfficeError):
    """Who proposes a destruction does not decide on it."""

    code = "retention.same_person"
    zh = "销毁须由两人经办:提出人不能审批自己提出的清册。"
    en = "Two people sign a destruction: who proposed the list does not decide on it."


class AlreadyListed(OfficeError):
    """The record stands in another list that is still open."""

    code = "retention.already_listed"
    zh = "{reference} 已列入另一份未办结的销毁清册。"
    en = "{reference} already stands in another open destruction list."


class OnHold(OfficeError):
    """A held record cannot be proposed for destruction."""

    code = "retention.on_hold"
    zh = "{reference} 已冻结({hold} 号),不能列入销毁清册。"
    en = "{reference} is on hold (no. {hold}); it cannot be listed for destruction."


class OnLoan(OfficeError):
    """A dossier whose paper is out, or came back with pages missing that nobody has signed for."""

    code = "retention.on_loan"
    zh = "{reference} 的原件借出未办结(借阅 {loan} 号),不能列入销毁清册。"
    en = "The paper of {reference} is out on loan {loan}; it cannot be listed for destruction."


class DisposalNotReady(OfficeError):
    """The list is not in the state that this step needs."""

    code = "retention.disposal_state"
    zh = "销毁清册 {disposal} 号目前的状态是「{state}」,现在不能办理此事。"
    en = "Destruction list {disposal} is {state_en}; this cannot be done now."


def propose(session: Session, actor: Actor, records: Sequence[DueRecord]) -> Disposal:
    """Put due records (from ``disposition.due``) on a new destruction list.

    Raises NotAllowed, BadInput (no records), NotFound (a record is gone), AlreadyListed, OnHold.
    """
    actor.require("提出销毁", *PROPOSERS)
    if not records:
        raise BadInput(what="没有选择要销毁的档案")
    holds.take_turns(session)
    for record in records:
        _require_free(session, record)
    disposal = Disposal(
        state="proposed",
        proposed_by=actor.id,
        proposed_at=clock.now(),
        lines=[_line(record) for record in {(r.target_kind, r.target_id): r for r in records}.values()],
    )
    session.add(disposal)
    session.flush()
    targets = [f"{line.target_kind}:{line.target_id}" for line in disposal.lines]
    audit.append(session, actor.id, Verb.DISPOSAL_PROPOSED, f"disposal:{disposal.id}", {"records": targets})
    return disposal


def _require_free(session: Session, record: DueRecord) -> None:
    one = material.find(session, record.target_kind, record.target_id)
    if one is None:
        raise NotFound(what=record.reference)
    if _open_lines(session, record):
        raise AlreadyListed(reference=record.reference)
    standing = holds.held(session, one)
    if standing:
        raise OnHold(reference=record.reference, hold=standing[0].id)
    loan = loans.unsettled(session).get(record.target_id) if record.target_kind == "dossier" else None
    if loan is not None:
        raise OnLoan(reference=record.reference, loan=loan)


def _open_lines(session: Session, record: Standing) -> list[DisposalLine]:
    query = select(DisposalLine).where(
        DisposalLine.target_kind == record.target_kind,
        DisposalLine.target_id == record.target_id,
        DisposalLine.state.in_(OPEN_STATES),
    )
    return list(session.scalars(query))


def _line(record: DueRecord) -> DisposalLine:
    return DisposalLine(
        target_kind=record.target_kind,
        target_id=record.target_id,
        reference=record.reference,
        title_class=record.title_class,
        serials=list(record.serials),
        rule=record.rule,
        schedule_version=record.schedule_version,
        fact_kind=record.fact.kind,
        fact_on=record.fact.on,
        due_on=record.due_on,
        state="proposed",
        outcome={},
    )


def approve(session: Session, actor: Actor, disposal: Disposal, certificate: str) -> None:
    """A manager approves the list; ``certificate`` is the serial that it is printed and kept under.

    Raises NotAllowed, SamePerson, DisposalNotReady, BadInput (no number, or no line is left on the list).
    """
    if not certificate.strip():
        raise BadInput(what="销毁清册没有编号")
    _decide(session, actor, disposal, "approved")
    disposal.certificate = certificate.strip()
    lines = [line.id for line in disposal.lines if line.state == "approved"]
    if not lines:
        raise BadInput(what=f"销毁清册 {disposal.id} 号上已没有要销毁的档案")
    details = {"certificate": disposal.certificate, "lines": len(lines)}
    audit.append(session, actor.id, Verb.DISPOSAL_APPROVED, f"disposal:{disposal.id}", details)


def refuse(session: Session, actor: Actor, disposal: Disposal, reason: str) -> None:
    """A manager refuses the list and says why; its records stay, and may be proposed again.

    Raises as ``approve``; BadInput (no reason).
    """
    if not reason.strip():
        raise BadInput(what="未批准须写明原因")
    _decide(session, actor, disposal, "refused")
    disposal.decision_reason = reason.strip()
    audit.append(session, actor.id, Verb.DISPOSAL_REFUSED, f"disposal:{disposal.id}")


def _decide(session: Session, actor: Actor, disposal: Disposal, state: str) -> None:
    actor.require("审批销毁清册", Role.MANAGER)
    holds.take_turns(session)
    session.flush()
    session.refresh(disposal)
    if disposal.state != "proposed":
        raise DisposalNotReady(disposal=disposal.id, state=STATE_ZH[disposal.state], state_en=disposal.state)
    if disposal.proposed_by == actor.id:
        raise SamePerson()
    disposal.state, disposal.decided_by, disposal.decided_at = state, actor.id, clock.now()
    for line in disposal.lines:
        if line.state == "proposed":
            line.state = state


def keep_longer(session: Session, actor: Actor, record: Standing, until: date, reason: str) -> KeptLonger:
    """Decide at the appraisal 鉴定 that a record stays until a later date; takes it off any list that is open.

    Raises NotAllowed, BadInput (no reason, a date that is not in the future), NotFound.
    """
    actor.require("决定延期保管", *APPRAISERS)
    if not reason.strip():
        raise BadInput(what="延期保管须写明原因")
    if until <= clock.today():
        raise BadInput(what=f"延期至 {until},须在今天之后")
    holds.take_turns(session)
    if material.find(session, record.target_kind, record.target_id) is None:
        raise NotFound(what=record.reference)
    kept = KeptLonger(
        target_kind=record.target_kind,
        target_id=record.target_id,
        until=until,
        reason=reason.strip(),
        decided_by=actor.id,
        decided_at=clock.now(),
        schedule_version=record.schedule_version,
    )
    session.add(kept)
    session.flush()
    for line in _open_lines(session, record):
        line.state, line.outcome = "kept", {"kept_longer": kept.id}
    details = {"kept_longer": kept.id, "until": until.isoformat()}
    audit.append(session, actor.id, Verb.KEPT_LONGER, f"{record.target_kind}:{record.target_id}", details)
    return kept


def step(disposal: Disposal) -> str:
    """How far a list has come: proposed, refused, approved, destroying (some of it at least), completed."""
    begun = any(line.state in ("destroying", "destroyed") for line in disposal.lines)
    return "destroying" if disposal.state == "approved" and begun else disposal.state


def record_paper(session: Session, actor: Actor, disposal: Disposal, on: date, witness: str) -> DisposalPaper:
    """Record that the paper of what was destroyed is destroyed too, on a local date, and who watched 监销人.

    Raises NotAllowed, DisposalNotReady (nothing of it is destroyed yet), BadInput (no witness, a date in the future or
    before the destruction, recorded already).
    """
    actor.require("登记纸质原件销毁", *APPRAISERS)
    holds.take_turns(session)
    session.refresh(disposal, ["state"])
    done = [clock.local_date(line.destroyed_at) for line in disposal.lines if line.destroyed_at is not None]
    if disposal.state != "completed" or not done:
        raise DisposalNotReady(disposal=disposal.id, state=STATE_ZH[disposal.state], state_en=disposal.state)
    if not witness.strip():
        raise BadInput(what="没有写明监销人")
    if not min(done) <= on <= clock.today():
        raise BadInput(what=f"纸质原件销毁日期 {on} 须在 {min(done)} 至今天之间")
    if paper_of(session, disposal) is not None:
        raise BadInput(what=f"销毁清册 {disposal.certificate} 的纸质原件已登记销毁")
    row = DisposalPaper(
        disposal_id=disposal.id, on=on, witness=witness.strip()[:64], recorded_by=actor.id, recorded_at=clock.now()
    )
    session.add(row)
    session.flush()
    details = {"certificate": disposal.certificate, "on": on.isoformat()}
    audit.append(session, actor.id, Verb.PAPER_DESTROYED, f"disposal:{disposal.id}", details)
    return row


def paper_of(session: Session, disposal: Disposal) -> DisposalPaper | None:
    """That the paper of a list's records was destroyed, or None."""
    return session.get(DisposalPaper, disposal.id)


def paper_left(session: Session) -> list[Disposal]:
    """The completed lists that destroyed something and of which nobody has said yet what became of the paper."""
    gone = exists().where(DisposalLine.disposal_id == Disposal.id, DisposalLine.state == "destroyed")
    said = exists().where(DisposalPaper.disposal_id == Disposal.id)
    query = select(Disposal).where(Disposal.state == "completed", gone, ~said)
    return list(session.scalars(query.order_by(Disposal.id)))


def find_disposal(session: Session, text: str) -> Disposal:
    """The list of a number: its own (``3``) or its certificate's serial. Raises NotFound."""
    clean = text.strip()
    query = select(Disposal).where(Disposal.certificate == clean)
    found = session.get(Disposal, int(clean)) if clean.isdecimal() else session.scalar(query)
    if found is None:
        raise NotFound(what=f"销毁清册 {text}")
    return found


def list_disposals(session: Session) -> list[Disposal]:
    """All destruction lists, newest first."""
    return list(session.scalars(select(Disposal).order_by(Disposal.id.desc())))


def certificate_text(session: Session, disposal: Disposal) -> list[str]:
    """What stays after the destruction, line by line: what, under which rule, when, by whom; nothing of content."""
    people = {user.id: user.name for user in session.scalars(select(User))}
    proposed = f"提出 Proposed: {people[disposal.proposed_by]} {_time(disposal.proposed_at)}"
    decided = f"审批 Decided: {people.get(disposal.decided_by or 0, '—')} {_time(disposal.decided_at)}"
    return [
        f"档案销毁清册 Certificate of destruction {disposal.certificate or f'({disposal.id})'}",
        f"状态 State: {STATE_ZH[disposal.state]} {disposal.state}",
        proposed,
        *([decided, f"原因 Reason: {disposal.decision_reason}"] if disposal.decision_reason else [decided]),
        f"执行完毕 Completed: {_time(disposal.completed_at)}",
        *_paper_text(session, disposal),
        *(_line_text(number, line) for number, line in enumerate(disposal.lines, start=1)),
    ]


def _paper_text(session: Session, disposal: Disposal) -> list[str]:
    paper = paper_of(session, disposal)
    return [f"纸质原件 Paper: {paper.on} 销毁,监销人 witnessed by {paper.witness}"] if paper else []


def _line_text(number: int, line: DisposalLine) -> str:
    parts = [
        f"{number}. {line.reference} {line.title_class}",
        f"依据 {line.rule}(保管期限表第 {line.schedule_version} 版;{line.fact_kind} {line.fact_on},到期 {line.due_on})",
        f"编号 {'、'.join(line.serials) or '—'}",
        f"{LINE_ZH[line.state]} {_time(line.destroyed_at)}".rstrip(" —"),
        *([done_to(line)] if line.destroyed_at else []),
    ]
    return " | ".join(parts)


#: What a line's outcome counts, in the order in which it is told.
COUNTED = {
    "documents": ("文件", "documents"),
    "pages": ("页", "pages"),
    "files": ("影像文件", "image files"),
    "keys": ("密钥", "keys"),
    "readings": ("识别文字", "recognised texts"),
    "serials": ("编号", "numbers"),
    "masters": ("扫描原件", "scan masters"),
    "owners": ("业主资料", "owners"),
}


def done_to(line: DisposalLine, language: str = "zh") -> str:
    """What was done to a line's record, counted: 文件 1、页 2、影像文件 2、密钥 1."""
    at = 0 if language == "zh" else 1
    told = [f"{names[at]} {line.outcome[key]}" for key, names in COUNTED.items() if line.outcome.get(key)]
    return ("、" if language == "zh" else ", ").join(told)


def _time(moment: datetime | None) -> str:
    return clock.local_time(moment) if moment else "—"


def tombstone(session: Session, text: str) -> str | None:
    """「此件已于…销毁」 for the serial or dossier number of something destroyed; None where nothing was.

    In any case and width: ``ｒｚ-02…`` is the number that a phone types for RZ-02….
    """
    typed = text.strip()
    return tombstone_of(session, _targets(session, {typed, unicodedata.normalize("NFKC", typed).upper()}))


def tombstone_of(session: Session, targets: Iterable[tuple[str, int]]) -> str | None:
    """The same for records by kind and id: of the first that is gone."""
    line = _gone(session, targets)
    if line is None or line.destroyed_at is None:
        return None
    certificate = session.get_one(Disposal, line.disposal_id).certificate
    day = clock.local_date(line.destroyed_at)
    if line.state == "destroying":
        return f"此件正在销毁:内容已于 {day} 删除,残迹正在清除({line.title_class},销毁清册 {certificate})。"
    return f"此件已于 {day} 销毁({line.title_class},依据 {line.rule},销毁清册 {certificate})。"


def _targets(session: Session, numbers: Collection[str]) -> Iterable[tuple[str, int]]:
    dossier = select(Dossier.id).where(Dossier.number.in_(numbers), Dossier.state == "destroyed")
    yield from (("dossier", id_) for id_ in session.scalars(dossier))
    query = select(Document.id, Document.dossier_id, Document.book_id).where(
        Document.serial.in_(numbers), Document.state == "destroyed"
    )
    for id_, dossier_id, book_id in session.execute(query.order_by(Document.id)):
        yield from [("dossier", dossier_id)] if dossier_id else [("book", book_id)] if book_id else [("document", id_)]


def _gone(session: Session, targets: Iterable[tuple[str, int]]) -> DisposalLine | None:
    for kind, id_ in targets:
        query = select(DisposalLine).where(
            DisposalLine.target_kind == kind, DisposalLine.target_id == id_, DisposalLine.destroyed_at.is_not(None)
        )
        line = session.scalar(query.order_by(DisposalLine.id.desc()))
        if line is not None:
            return line
    return None
