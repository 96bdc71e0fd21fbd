"""Forms 表单: find one by any of its names, fill it in on screen, print it with its number."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import books
from forms import outstanding as coming_back
from forms.books import stock
from forms.catalogue import Form, Procedure
from forms.layout import cover_sheet
from forms.printing import converting, issuing
from forms.printing.shop import Printed
from forms.tables import Serial
from records import clock
from records.errors import BadInput, NotFound
from records.tables import Unit
from records.units import find_unit
from records.users import OFFICE_ROLES
from web import entered, preview, visit
from web.background.outbox import Parcel
from web.background.shelf import Shelf
from web.choosing import goes_by, plain
from web.visit import only

views = Blueprint("forms_catalogue", __name__)
MOST_BOOK_PAGES = 500
MOST_SHEETS = 200


@views.get("/forms")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """All forms by procedure, or those that go by what was typed."""
    text, mode = request.args.get("q", "").strip(), request.args.get("mode", "")
    catalogue = visit.office().catalogue
    found = [(one, forms) for one in catalogue.procedures if (forms := _called(one, text, mode))]
    modes = list(dict.fromkeys(form.mode for form in catalogue.forms))
    return render_template("forms.html", found=found, text=text, mode=mode, modes=modes)


def _called(procedure: Procedure, text: str, mode: str) -> list[Form]:
    """The forms of a procedure, in one mode where asked, by code, name, alias, pinyin or procedure."""
    return [form for form in _named(procedure, text) if mode in ("", form.mode)]


def _named(procedure: Procedure, text: str) -> list[Form]:
    wanted = plain(text)
    if wanted in plain(procedure.key + procedure.zh + procedure.en):
        return list(procedure.forms)
    names = visit.office().catalogue.names
    return [form for form in procedure.forms if any(goes_by(plain(name), wanted) for name in names(form))]


@views.get("/forms/outstanding")
@only(*OFFICE_ROLES)
def outstanding() -> ResponseReturnValue:
    """Copies that must come back, the late ones first; and every other sheet printed and not scanned yet."""
    coming = coming_back.outstanding(visit.look(), visit.office().catalogue, clock.today())
    query = select(Serial).where(Serial.state == "issued", Serial.book_id.is_(None)).order_by(Serial.id.desc())
    names = {form.code: form for form in visit.office().catalogue.forms}
    listed = {copy.serial for copy in coming}
    serials = [one for one in visit.look().scalars(query.limit(500)) if one.text not in listed]
    return render_template("outstanding.html", serials=serials, coming=coming, forms=names)


@views.get("/forms/<code>")
@only(*OFFICE_ROLES)
def page(code: str) -> ResponseReturnValue:
    """One form: what the catalogue knows of it, and its fields to fill in."""
    catalogue = visit.office().catalogue
    form = catalogue.form(code)
    recent = select(Serial).where(Serial.form_code == form.code, Serial.book_id.is_(None)).order_by(Serial.id.desc())
    return render_template(
        "form.html",
        form=form,
        procedure=next(one for one in catalogue.procedures if one.key == form.procedure),
        rules=[catalogue.rules[key] for key in form.retention],
        section=catalogue.section(form.section) if form.section else None,
        unit=request.args.get("unit", ""),
        fields=[field for field in _completed(form).fields if not (form.unit and field.key == "unit")],
        recent=list(visit.look().scalars(recent.limit(8))),
        books=books.list_books(visit.look(), form.code)[:-9:-1],
        stock=next(
            (one for one in stock.stock(visit.look(), catalogue, clock.today()) if one.form_code == form.code), None
        ),
        today=clock.today(),
    )


@views.post("/forms/<code>/preview")
@only(*OFFICE_ROLES)
def look_before(code: str) -> ResponseReturnValue:
    """The form as it would be printed, without taking a number."""
    form, session = visit.office().catalogue.form(code), visit.look()
    unit = find_unit(session, visit.typed("unit")) if visit.typed("unit") else None
    values = entered.values(_completed(form), request.form)
    pages = preview.pictures(session, visit.office().settings.office, form, unit, values)
    return render_template("preview.html", form=form, pages=pages)


@views.post("/forms/<code>/print")
@only(*OFFICE_ROLES)
def print_form(code: str) -> ResponseReturnValue:
    """Print: numbers are allotted and recorded, the file waits in the outbox for its printer."""
    form, shop, me = visit.office().catalogue.form(code), visit.office().shop, visit.actor()
    if form.mode == "book":
        pages = _within(visit.number("pages", 50), MOST_BOOK_PAGES)
        with visit.act() as session:
            printed = issuing.print_book(session, shop, me, form, pages)
    else:
        count = _within(visit.number("count", 1), MOST_SHEETS)
        values = entered.values(_completed(form), request.form)
        word, converted = form.is_word and visit.typed("as") != "pdf", None
        if form.is_word and not word:
            home = _chosen_unit(visit.look(), form)
            converted = converting.convert_ahead(visit.look(), shop, me, form, unit=home, values=values, count=count)
        with visit.act() as session:
            printed = issuing.print_sheets(
                session, shop, me, form, unit=_chosen_unit(session, form), values=values, count=count, word=word,
                converted=converted,
            )  # fmt: skip
    return redirect(url_for("forms_catalogue.printed", token=lay_in(form.code, printed)))


def _completed(form: Form) -> Form:
    """The form with the fields of its cover sheet, where its papers come from outside."""
    return cover_sheet.completed(form) if form.mode == "external" else form


def _chosen_unit(session: Session, form: Form) -> Unit | None:
    unit = find_unit(session, visit.typed("unit")) if visit.typed("unit") else None
    if form.unit and form.section and unit is None:
        raise BadInput(what=_("没有指定单元，此表单归入业主档案"))
    return unit


def _within(count: int, most: int) -> int:
    if not 1 <= count <= most:
        raise BadInput(what=f"{count}(1 – {most})")
    return count


def lay_in(form_code: str, printed: Printed) -> str:
    """Lay what was printed in the outbox; returns its token."""
    book = printed.book.number if printed.book else None
    return _outbox().put(Parcel(printed.files, visit.actor().id, printed.serials, form_code, book))


def _outbox() -> Shelf[Parcel]:
    outbox: Shelf[Parcel] = current_app.extensions["yedang_outbox"]
    return outbox


@views.get("/printed/<token>")
@only(*OFFICE_ROLES)
def printed(token: str) -> ResponseReturnValue:
    """What has just been printed: its numbers, and what to do next."""
    parcel = _outbox().get(token, visit.actor().id)
    return render_template(
        "printed.html", parcel=parcel, token=token, form=visit.office().catalogue.form(parcel.form_code)
    )


@views.get("/printed/<token>/<int:number>")
@only(*OFFICE_ROLES)
def printed_file(token: str, number: int) -> ResponseReturnValue:
    """One of the printed files."""
    files = _outbox().get(token, visit.actor().id).files
    if not 0 < number <= len(files):
        raise NotFound(what=f"打印文件 {number}")
    file = files[number - 1]
    answer = Response(file.data, mimetype=file.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name.replace("*", "_"))
    return answer
