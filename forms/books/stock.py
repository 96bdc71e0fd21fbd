"""How many unused pages of each book form are left, beside what was used lately: print before it runs out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.tables import Book, Serial
from records import clock

#: Local days, today among them, whose use tells how much is needed.
LATELY = 30
_USED = ("returned", "voided")


@dataclass(frozen=True)
class Stock:
    """A book form's unused pages: ``in_stock`` in books not issued, ``in_use`` in issued ones.

    ``used`` pages came back or were voided in the last 30 days. A page that was written on and not scanned yet still
    counts as unused, as nobody has told the office.
    """

    form_code: str
    in_stock: int
    in_use: int
    used: int
    minimum: int

    @property
    def left(self) -> int:
        """All unused pages."""
        return self.in_stock + self.in_use

    @property
    def wanted(self) -> int:
        """What should be left: as much as the last 30 days took, and no less than the form's minimum."""
        return max(self.minimum, self.used)

    @property
    def low(self) -> bool:
        """Whether a book should be printed now."""
        return self.left < self.wanted


def stock(session: Session, catalogue: Catalogue, on: date) -> list[Stock]:
    """Every form that this office has printed books of, those that run out first."""
    minimum = {form.code: form.minimum for form in catalogue.forms if form.mode == "book"}
    left, used = _left(session), _used(session, on)
    codes = [code for code in session.scalars(select(Book.form_code).distinct()) if code in minimum]
    found = [
        Stock(code, left.get((code, "printed"), 0), left.get((code, "issued"), 0), used.get(code, 0), minimum[code])
        for code in codes
    ]
    return sorted(found, key=lambda one: (one.left / max(1, one.wanted), one.form_code))


def _left(session: Session) -> dict[tuple[str, str], int]:
    """Unused pages by form and the state of their book."""
    unused = or_(*(and_(Book.state == state, Serial.state == state) for state in ("printed", "issued")))
    query = select(Book.form_code, Book.state, func.count()).join(Serial, Serial.book_id == Book.id).where(unused)
    rows = session.execute(query.group_by(Book.form_code, Book.state))
    return {(form_code, state): count for form_code, state, count in rows}


def _used(session: Session, on: date) -> dict[str, int]:
    """Pages of books by form that came back or were voided in the 30 local days up to ``on``."""
    days = (on - timedelta(days=LATELY - 1), on + timedelta(days=1))
    first, after = (datetime.combine(day, time.min, clock.OFFICE_ZONE) for day in days)
    query = select(Serial.form_code, func.count()).where(Serial.book_id.is_not(None), Serial.state.in_(_USED))
    rows = session.execute(query.where(Serial.state_at >= first, Serial.state_at < after).group_by(Serial.form_code))
    return {form_code: count for form_code, count in rows}  # noqa: C416 - mypy knows rows as tuples only so
