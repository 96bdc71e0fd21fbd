"""One number 编号: its life so far, and what may still happen to it: reprinted with a reason, voided."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from forms import books
from forms.numbering import find_serial
from forms.printing import reprinting
from forms.tables import PrintRun, Reprint, Serial
from records import access
from records.tables import Document, Dossier, Unit
from records.users import OFFICE_ROLES, Role
from retention import grading
from retention.schedule import Rule
from retention.schedule_versions import in_force
from web import visit
from web.acts.retention.graded import graded_documents
from web.links.label_links import led_to
from web.views.forms_catalogue import lay_in
from web.visit import only

views = Blueprint("numbers", __name__, url_prefix="/numbers")


@views.get("/")
@only(*OFFICE_ROLES)
def find() -> ResponseReturnValue:
    """Go to the number that was typed, or to what the label names that was scanned."""
    typed = request.args.get("number", "")
    address = led_to(typed)
    if address is not None:
        return redirect(address)
    found = find_serial(visit.look(), typed)
    return redirect(url_for("numbers.page", text=found.text))


@views.get("/<text>")
@only(*OFFICE_ROLES)
def page(text: str) -> ResponseReturnValue:
    """Where a number stands, who printed it and when, and every reprint."""
    session = visit.look()
    serial = find_serial(session, text)
    reprints = session.scalars(select(Reprint).where(Reprint.serial_id == serial.id).order_by(Reprint.id))
    return render_template(
        "number.html",
        serial=serial,
        form=visit.office().catalogue.form(serial.form_code),
        run=session.get_one(PrintRun, serial.run_id),
        reprints=list(reprints),
        unit=_unit(serial),
        people=visit.people(),
        documents=_open_documents(serial.text),
        graded=_graded(serial),
    )


def _unit(serial: Serial) -> Unit | None:
    """The unit of a number while the paper is out and has to be asked for; once filed it is the dossier's to tell."""
    session = visit.look()
    if serial.unit_id is None:
        return None
    if serial.dossier_id is not None and serial.state in ("returned", "destroyed"):
        dossier = session.get_one(Dossier, serial.dossier_id)
        if not access.may_see_dossier(session, visit.actor(), dossier).allowed:
            return None
    return session.get(Unit, serial.unit_id)


def _open_documents(serial: str) -> list[Document]:
    """The documents filed under a number, as far as they are open to the visitor."""
    session, me = visit.look(), visit.actor()
    found = session.scalars(select(Document).where(Document.serial == serial, Document.state == "filed"))
    return [document for document in found if access.may_see_document(session, me, document).allowed]


def _graded(serial: Serial) -> tuple[str, dict[str, Rule]] | None:
    """The rule that the number's documents follow and those that its form offers by grade, where a grade chooses."""
    session = visit.look()
    documents, choices = graded_documents(session, visit.office().catalogue, serial)
    schedule = in_force(session)
    return (documents[0].rule, {name: schedule.rule(key) for name, key in choices.items()}) if documents else None


@views.post("/<text>/grade")
@only(Role.SUPERVISOR, Role.MANAGER)
def grade(text: str) -> ResponseReturnValue:
    """Let the documents of a number follow another of their form's rules."""
    with visit.act() as session:
        serial = find_serial(session, text)
        documents, choices = graded_documents(session, visit.office().catalogue, serial)
        for document in documents:
            rules = list(choices.values())
            grading.choose(session, visit.actor(), document, visit.typed("rule"), rules, visit.typed("reason"))
    flash(_("已改定；到期日随之重算。"), "success")
    return redirect(url_for("numbers.page", text=serial.text))


@views.post("/<text>/reprint")
@only(*OFFICE_ROLES)
def reprint(text: str) -> ResponseReturnValue:
    """Print the same number again, marked 重印, with the reason on record."""
    with visit.act() as session:
        serial = find_serial(session, text)
        printed = reprinting.reprint(session, visit.office().shop, visit.actor(), serial.text, visit.typed("reason"))
        form_code = serial.form_code
    return redirect(url_for("forms_catalogue.printed", token=lay_in(form_code, printed)))


@views.post("/<text>/void")
@only(*OFFICE_ROLES)
def void(text: str) -> ResponseReturnValue:
    """Void a spoiled page or sheet; the paper is kept."""
    with visit.act() as session:
        serial = books.void(session, visit.actor(), text, visit.typed("reason"))
    flash(_("{serial} 已作废。请保留纸页。").format(serial=serial.text), "success")
    return redirect(url_for("numbers.page", text=serial.text))
