"""Transfers of ownership 产权变更 as the desk registers them: checked, dated, and back-dated only with a reason.

A transfer that is registered later than it happened leaves documents on the wrong side of the boundary: what was filed
since then lies in the former owner's dossier. Nothing moves by itself; each such document waits for an archivist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from records import audit, clock, dossiers
from records.audit import Verb
from records.dossiers import NewOwner
from records.errors import BadInput, OfficeError
from records.estate import contact_numbers
from records.estate.estate_tables import BoundaryDocument
from records.tables import Document, Dossier, Unit
from records.users import Actor
from records.vault import Vault


class BackDatedWithoutReason(OfficeError):
    """A transfer that happened before today needs its reason."""

    code = "owner.back_dated"
    zh = "变更日期 {on} 早于今天:补登须写明依据(如不动产权证书登记日期)。"
    en = "The transfer of {on} lies before today: say on what it rests (such as the date on the title certificate)."


@dataclass(frozen=True)
class Transfer:
    """A transfer that was registered: the former dossier (None for a first owner), the new one, what waits."""

    former: Dossier | None
    present: Dossier
    waiting: tuple[BoundaryDocument, ...]


def transfer(
    session: Session,
    vault: Vault,
    actor: Actor,
    unit: Unit,
    owners: Sequence[NewOwner],
    on: date,
    reason: str = "",
) -> Transfer:
    """Register a change of owner, or a first owner, on a day; closes the former dossier and opens an empty one.

    ``reason``: needed when there is a former owner and the day lies before today; it stands with the fact that starts
    the former dossier's clock. Raises BackDatedWithoutReason, BadPhone, BadIdentity, BadInput, NotAllowed.
    """
    clean = [checked(owner) for owner in owners]
    former = dossiers.current_dossier(session, unit)
    back_dated = former is not None and on < clock.today()
    if back_dated and not reason.strip():
        raise BackDatedWithoutReason(on=on)
    present = dossiers.start_ownership(session, vault, actor, unit, clean, on, reason)
    if former is None:
        return Transfer(None, present, ())
    waiting = _since(session, former, present, on) if back_dated else []
    if waiting:
        details = {"documents": [one.document_id for one in waiting], "present": present.id}
        audit.append(session, actor.id, Verb.BOUNDARY_FOUND, f"dossier:{former.id}", details)
    return Transfer(former, present, tuple(waiting))


def checked(owner: NewOwner) -> NewOwner:
    """An owner with clean numbers. Raises BadInput (no name, a person's number for a company), BadPhone, BadIdentity.

    >>> checked(NewOwner(" 王建国 ", "138 0000 1111"))
    NewOwner(name='王建国', phone='13800001111', id_number='')
    """
    if not owner.name.strip():
        raise BadInput(what="业主姓名为空")
    number = ""
    if owner.id_number.strip():
        found = contact_numbers.identity(owner.id_number)
        if found.kind == contact_numbers.PERSON and contact_numbers.kind_of(owner.name) == contact_numbers.COMPANY:
            raise BadInput(what=f"{owner.name.strip()} 是单位,须填统一社会信用代码")
        number = found.number
    phone = contact_numbers.phone(owner.phone) if owner.phone.strip() else ""
    return replace(owner, name=owner.name.strip(), phone=phone, id_number=number)


def _since(session: Session, former: Dossier, present: Dossier, on: date) -> list[BoundaryDocument]:
    """Note every document of the former dossier that is dated, or was filed, on the day of the transfer or later."""
    query = select(Document).where(Document.dossier_id == former.id, Document.state == "filed")
    later = or_(Document.dated >= on, Document.filed_at >= clock.start_of(on))
    found = session.scalars(query.where(later).order_by(Document.id))
    rows = [BoundaryDocument(document_id=one.id, former_id=former.id, present_id=present.id) for one in found]
    for row in rows:
        row.state = "waiting"
    session.add_all(rows)
    session.flush()
    return rows


def waiting(session: Session) -> list[BoundaryDocument]:
    """The documents whose side of a boundary is to be decided, oldest transfer first."""
    query = select(BoundaryDocument).where(BoundaryDocument.state == "waiting")
    return list(session.scalars(query.order_by(BoundaryDocument.present_id, BoundaryDocument.document_id)))


def count_waiting(session: Session) -> int:
    """How many documents wait for such a decision."""
    query = select(func.count()).select_from(BoundaryDocument).where(BoundaryDocument.state == "waiting")
    return session.scalar(query) or 0
