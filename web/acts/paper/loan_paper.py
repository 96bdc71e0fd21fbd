"""The out-card 代卷卡 of a loan with its slip 借阅凭条, as PDF."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import pdf
from forms.label_marks import LabelMark
from forms.layout.out_card import OutCard, out_card
from records import audit, clock, identifiers
from records.audit import Verb
from records.paper import places
from records.paper.paper_tables import Loan
from records.tables import User
from records.users import Actor, Role
from web.office import Office


def print_out_card(session: Session, office: Office, actor: Actor, loan: Loan) -> bytes:
    """Draw card and slip of a loan on one sheet; logged. Raises NotAllowed."""
    actor.require("打印代卷卡", Role.ARCHIVIST)
    data = pdf.draw_pages([out_card(_card(session, office, loan))], title=f"代卷卡 借阅{loan.id}号")
    audit.append(session, actor.id, Verb.OUT_CARD_PRINTED, f"dossier:{loan.dossier_id}", {"loan": loan.id})
    return data


def _card(session: Session, office: Office, loan: Loan) -> OutCard:
    stands = places.placement(session, loan.dossier_id)
    code = LabelMark("loan", str(loan.id)).text(office.vault.master.page_secret())
    return OutCard(
        loan=loan.id,
        number=loan.dossier.number,
        unit=identifiers.format(loan.dossier.ownership.unit.code),
        place=stands.place.code if stands else "",
        borrower=loan.borrower.name,
        approved_by=_name(session, loan.request.decided_by),
        handed_out_by=_name(session, loan.handed_out_by),
        handed_out_on=clock.local_date(loan.handed_out_at),
        due_on=loan.due_on,
        documents=len(loan.lines),
        pages=sum(line.pages for line in loan.lines),
        office=office.settings.office,
        secrecy=office.settings.secrecy,
        code=code,
    )


def _name(session: Session, user_id: int | None) -> str:
    user = session.get(User, user_id) if user_id else None
    return user.name if user else ""
