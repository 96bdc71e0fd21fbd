"""Converts agreements to PDF before numbers are taken: LibreOffice needs seconds, for which nobody else should wait."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import numbering
from forms.catalogue import Form
from forms.printing import entering
from forms.printing.entering import Values
from forms.printing.job import Job
from forms.printing.shop import PrintShop
from forms.word import office_suite
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
    entered = entering.entered(session, form, unit, values or {})
    documents = Job(shop, form, unit, entered, template=shop.shelf.template(form)).documents(
        numbering.coming(session, form, count)
    )
    return dict(zip(documents, office_suite.to_pdf(documents), strict=True))
