"""Copies 联 that must come back to the office and are not scanned yet: each with its date, and whether it is late.

Which copy comes back and how soon is data of the form (``comes_back``). A copy counts as back when it is scanned;
a voided number is no longer waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, Form
from forms.catalogue.coming_back import ComesBack
from forms.tables import PrintRun, Serial
from records import clock
from records.tables import Document, Unit


@dataclass(frozen=True)
class Outstanding:
    """A copy still out: ``copy`` counted from 1 and its ``label`` (empty where the form has one copy).

    ``issued_on`` and ``due_on`` are local dates; ``due_on`` None: it comes back, and no date is set for it.
    """

    serial: str
    form_code: str
    copy: int
    label: str
    unit: str
    issued_on: date
    due_on: date | None
    late: bool


def outstanding(session: Session, catalogue: Catalogue, on: date) -> list[Outstanding]:
    """What is out on a local date, the longest overdue first; what has no date comes last."""
    found = [one for form in catalogue.forms if form.comes_back for one in _of_form(session, form, form.comes_back, on)]
    return sorted(found, key=lambda one: (one.due_on or date.max, one.issued_on, one.serial))


def _of_form(session: Session, form: Form, rule: ComesBack, on: date) -> Iterator[Outstanding]:
    scanned = exists().where(Document.serial == Serial.text, Document.copy == rule.part)
    query = (
        select(Serial.text, PrintRun.printed_at, Unit.code)
        .join(PrintRun, PrintRun.id == Serial.run_id)
        .outerjoin(Unit, Unit.id == Serial.unit_id)
        .where(Serial.form_code == form.code, Serial.book_id.is_(None), ~scanned)
        .order_by(Serial.id)
    )
    # Of a form with one copy a returned number is back; only of several may another one have come.
    query = query.where(Serial.state.in_(("issued", "returned") if len(form.copies) > 1 else ("issued",)))
    label = form.copies[rule.part - 1] if form.copies else ""
    for serial, printed_at, unit in session.execute(query):
        issued_on = clock.local_date(printed_at)
        if issued_on <= on:
            due_on = issued_on + timedelta(days=rule.within.days) if rule.within else None
            late = due_on is not None and due_on < on
            yield Outstanding(serial, form.code, rule.part, label, unit or "", issued_on, due_on, late)
