"""Where a dossier's paper is: its place, its loan, and their history for whoever keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from records import clock, loans
from records.paper import places
from records.paper.paper_tables import Loan, Place, Placement
from records.tables import Dossier
from records.users import Actor


@dataclass(frozen=True)
class Whereabouts:
    """What a dossier's page says of its paper. ``knows``: the reader may know who has it; the histories only then."""

    place: Place | None
    loan: Loan | None
    late: bool
    knows: bool
    moves: Sequence[Placement] = ()
    loans: Sequence[Loan] = ()


def whereabouts(session: Session, actor: Actor, dossier: Dossier) -> Whereabouts | None:
    """Where the paper is and should be; None for a destroyed dossier, which has none."""
    if dossier.state == "destroyed":
        return None
    stands, last = places.placement(session, dossier.id), loans.latest(session, dossier.id)
    out = last if last is not None and last.state == "out" else None
    keeper = loans.keeps_loans(actor)
    return Whereabouts(
        place=stands.place if stands else None,
        loan=out,
        late=out is not None and out.due_on < clock.today(),
        knows=keeper or (out is not None and out.borrower_id == actor.id),
        moves=places.history(session, dossier.id) if keeper else (),
        loans=loans.history(session, dossier.id) if keeper else (),
    )
