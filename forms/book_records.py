"""Books as records: which rule a bound book follows is noted when it is printed, so that an unused one is kept too."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, Form, UnknownForm
from forms.tables import Book
from records.book_tables import BookRecord

_NO_PERIOD = "UNSET"


def note(session: Session, book: Book, form: Form) -> None:
    """Note the form and rule of a book that was just made."""
    session.add(BookRecord(book_id=book.id, form_code=form.code, rule=form.retention[0]))


def note_missing(session: Session, catalogue: Catalogue) -> int:
    """Note the books that were printed before they were noted at printing; how many. Safe to repeat."""
    known = select(BookRecord.book_id)
    books = session.scalars(select(Book).where(Book.id.not_in(known)).order_by(Book.id)).all()
    for book in books:
        gone = book.state == "destroyed"
        rule = _rule(catalogue, book.form_code)
        session.add(BookRecord(book_id=book.id, form_code=book.form_code, rule=rule, destroyed=gone))
    return len(books)


def _rule(catalogue: Catalogue, form_code: str) -> str:
    try:
        return catalogue.form(form_code).retention[0]
    except UnknownForm:
        # A form of the office's own that is gone: undecided, so that it is never due by mistake.
        return _NO_PERIOD
