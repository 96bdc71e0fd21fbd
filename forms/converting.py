"""Converts agreements to PDF before numbers are taken: LibreOffice needs seconds, for which nobody else should wait."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import entering, numbering
from forms.catalogue import Form
from forms.drawing.qr import no_code
from forms.entering import Values
from forms.issuing import PrintShop
from forms.word import fill_word, office_suite
from forms.word.office_suite import Converted
from records.tables import Unit
from records.users import OFFICE_ROLES, Actor


def convert_ahead(
    session: Session,
    shop: PrintShop,
    actor: Actor,
    form: Form,
    *,
    unit: Unit | None = None,
    values: Values | None = None,
    count: int = 1,
) -> Converted:
    """The documents with the numbers that come next, as PDF, for ``issuing.print_sheets``; nothing is taken.

    Where somebody else has taken the numbers by then, the documents are others, and are converted while printing. So
    no number is ever taken for a document that could not be made. Empty for a form that LibreOffice has no part in.
    Raises as ``print_sheets``.
    """
    actor.require("打印表单", *OFFICE_ROLES)
    if not form.is_word or office_suite.find() is None:
        return {}
    template, entered = shop.shelf.template(form), entering.entered(session, form, unit, values or {})
    documents = [
        fill_word(form, label, entered, serial, no_code(), shop.office, template=template)
        for serial in numbering.coming(session, form, count)
        for label in form.copies or ("",)
    ]
    return dict(zip(documents, office_suite.to_pdf(documents), strict=True))
