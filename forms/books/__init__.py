"""Books 册: their life, what a scanned page tells of them, in whose hands they are, and where they go when closed."""

from __future__ import annotations

from forms.books.life import (
    BOOK_STATES,
    cancel_blank,
    cancel_tail,
    close,
    create,
    find_book,
    issue,
    list_books,
    mark_returned,
    record_reconciliation,
    report_missing,
    sign_missing,
    transfer,
    void,
)
from forms.books.reconciling import PAGE_STATES, Reconciliation, reconcile, settled_counts

__all__ = [
    "BOOK_STATES",
    "PAGE_STATES",
    "Reconciliation",
    "cancel_blank",
    "cancel_tail",
    "close",
    "create",
    "find_book",
    "issue",
    "list_books",
    "mark_returned",
    "reconcile",
    "record_reconciliation",
    "report_missing",
    "settled_counts",
    "sign_missing",
    "transfer",
    "void",
]
