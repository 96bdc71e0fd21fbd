"""What is due and the lists made of it, with the names that only the catalogue and the books know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.erasing import erase_traces
from forms.layout import ROWS
from forms.printing import issuing
from forms.printing.shop import Printed, PrintShop
from forms.tables import Book
from records.errors import BadInput
from records.tables import Page
from records.users import Actor
from retention import certificates, disposition, holds, material, states
from retention.disposition import BookNumbers, DueRecord, ReviewRecord, Standing, Titles
from retention.schedule_versions import in_force
from retention.states import RecordState
from retention.tables import Disposal, DisposalLine
from search.saved import erase_telling

CERTIFICATE_FORM = "DA-05"
#: What every floor above the records removes of a record that is destroyed.
ERASERS = (erase_traces, erase_telling)


def titles(catalogue: Catalogue) -> Titles:
    """The class title of a form code: the form's name, or the code of a form that is no longer in the catalogue."""
    names = {form.code: form.zh for form in catalogue.forms}
    return lambda code: names.get(code, code)


def book_numbers(session: Session) -> BookNumbers:
    """The printed number of a book by its id."""

    def number(book_id: int) -> str:
        book = session.get(Book, book_id)
        return book.number if book else disposition.plain_book(book_id)

    return number


def due(session: Session, catalogue: Catalogue, on: date) -> list[DueRecord]:
    """The records that may be destroyed on a local date, each with the fact and the rule that made it so."""
    return disposition.due(session, in_force(session), on, titles(catalogue), book_numbers(session))


def due_and_spoken_for(
    session: Session, catalogue: Catalogue, on: date
) -> tuple[list[DueRecord], list[tuple[DueRecord, RecordState]], dict[tuple[str, int], Disposal]]:
    """What is due; what is due but held, kept or listed, with its state; the refused lists of what is due."""
    schedule = in_force(session)
    free, taken = disposition.due_and_spoken_for(session, schedule, on, titles(catalogue), book_numbers(session))
    known = states.of_records(session, schedule, [(one.target_kind, one.target_id) for one in taken], on)
    told = [(one, known.get((one.target_kind, one.target_id), RecordState("due"))) for one in taken]
    return free, told, states.refusals(session, [(one.target_kind, one.target_id) for one in free])


def undecided(session: Session, catalogue: Catalogue) -> list[Standing]:
    """The records whose period nobody has decided."""
    return disposition.undecided(session, in_force(session), titles(catalogue), book_numbers(session))


def reviews(session: Session, catalogue: Catalogue, on: date) -> list[ReviewRecord]:
    """The records kept long-term that come up for review."""
    return disposition.reviews(session, in_force(session), on, titles(catalogue), book_numbers(session))


def chosen(records: Sequence[DueRecord], references: Sequence[str]) -> list[DueRecord]:
    """Those of the due records that the references name; all of them for none. Raises BadInput for one not due."""
    by_reference = {record.reference.casefold(): record for record in records}
    unknown = [reference for reference in references if reference.strip().casefold() not in by_reference]
    if unknown:
        raise BadInput(what=f"{'、'.join(unknown)} 未到期,或已列入清册、已冻结")
    return [by_reference[reference.strip().casefold()] for reference in references] if references else list(records)


def approve(session: Session, shop: PrintShop, actor: Actor, disposal: Disposal) -> Printed:
    """A manager approves a list; its certificate (form DA-05) is printed and gives it its number.

    Raises NotAllowed, SamePerson, DisposalNotReady.
    """
    # Before the log is locked by printing: a running purge takes the two locks in this order.
    holds.take_turns(session)
    form = shop.catalogue.form(CERTIFICATE_FORM)
    rows = [_row(session, number, line) for number, line in enumerate(disposal.lines, start=1)]
    printed = issuing.print_sheets(session, shop, actor, form, values={ROWS: rows})
    certificates.approve(session, actor, disposal, printed.serials[0])
    return printed


def _row(session: Session, number: int, line: DisposalLine) -> dict[str, object]:
    """A line of the certificate: what goes, under which rule, because of what; nothing of its content."""
    rule = in_force(session).rule(line.rule)
    return {
        "seq": number,
        "serial": line.reference,
        "title": line.title_class,
        "pages": _pages(session, line),
        "rule": f"{rule.zh}({rule.clause})" if rule.clause else rule.zh,
        "started_on": line.fact_on,
        "due_on": line.due_on,
    }


def _pages(session: Session, line: DisposalLine) -> int:
    """How many pages of paper: of a book all that were bound, filed or not; of anything else those that were filed."""
    book = session.get(Book, line.target_id) if line.target_kind == "book" else None
    if book is not None:
        return book.page_count
    one = material.find(session, line.target_kind, line.target_id)
    ids = [piece.id for piece in one.pieces] if one else []
    return session.scalar(select(func.count(Page.id)).where(Page.document_id.in_(ids))) or 0
