"""Search 检索: one box for everything. Permission is part of the question, so that nothing closed is even counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from forms import numbering
from forms.catalogue import UnknownForm
from records import access, audit, clock, identifiers, place_codes, places
from records.audit import Verb
from records.errors import OfficeError
from records.paper_tables import Place
from records.tables import Dossier, Unit
from records.units import successors
from records.users import OFFICE_ROLES
from retention.certificates import tombstone
from search.facets import MOST_COUNTED, facets
from search.results import Order, Visible, search
from search.suggestions import did_you_mean, suggest
from web import facet_links, visit
from web.acts.page_texts import field_names
from web.label_links import led_to
from web.language import language, named, spoken
from web.visit import only
from web.words import READINGS

views = Blueprint("search", __name__, url_prefix="/search")
PER_PAGE = 20
_LONGEST_TYPED = 100


@dataclass(frozen=True)
class Shortcut:
    """Something that the words name outright: a unit, a dossier's number, a form, a page's number."""

    icon: str
    name: str
    text: str
    address: str


@views.get("/")
@only(*OFFICE_ROLES)
def page() -> ResponseReturnValue:
    """What was found, with what the words name outright above it; without words, how to ask."""
    text, number = request.args.get("q", "").strip(), max(1, request.args.get("page", 1, type=int))
    if not text:
        return render_template("search.html", text="", results=None, examples=_examples())
    address = led_to(text)
    if address is not None:
        return redirect(address)
    session, me = visit.look(), visit.actor()
    visible, index, within = _visible(), visit.office().index, request.args.get("within", "").strip()
    how: dict[str, Any] = {
        "visible": visible, "within": within,
        "unit": request.args.get("unit") or None, "form": request.args.get("form") or None,
        "since": _date("since"), "until": _date("until"),
    }  # fmt: skip
    order: Order = "relevance" if request.args.get("order") == "relevance" else "date"
    results = search(session, index, text, order=order, limit=PER_PAGE, offset=(number - 1) * PER_PAGE, **how)
    if number == 1:
        with visit.act() as acting:
            audit.append(acting, me.id, Verb.SEARCHED, "search", {"found": results.total})
    return render_template(
        "search.html",
        text=text,
        within=within,
        order=order,
        results=results,
        groups=facet_links.groups(facets(session, index, text, **how), visit.office().catalogue, text, within),
        most_counted=MOST_COUNTED,
        meant=[] if results.total else did_you_mean(session, index, text, visible=visible, register=True),
        shortcuts=list(_shortcuts(text)),
        gone=tombstone(session, text),
        forms={form.code: form for form in visit.office().catalogue.forms},
        names=partial(field_names, visit.office().catalogue),
        known_by=READINGS,
        page=number,
        pages=max(1, -(-results.total // PER_PAGE)),
        examples=_examples(),
    )


@views.get("/suggestions")
@only(*OFFICE_ROLES)
def suggestions() -> ResponseReturnValue:
    """How the question being typed may go on, for the box on every page."""
    kinds = {"unit": _("单元"), "owner": _("业主"), "form": _("表单"), "serial": _("编号")}
    typed = request.args.get("q", "")[:_LONGEST_TYPED]
    found = suggest(visit.look(), visit.office().index, typed, visible=_visible(), register=True)
    return jsonify(suggestions=[{"kind": kinds[one.kind], "name": one.name, "text": one.text} for one in found])


def _visible() -> Visible:
    session, me = visit.look(), visit.actor()
    return Visible(access.open_dossiers(session, me), access.sees_series(me))


def _date(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    return clock.parse_date(text) if text else None


def _shortcuts(text: str) -> list[Shortcut]:
    finders = (_unit, _dossier, _place, _serial, _form)
    return [found for found in (finder(text) for finder in finders) if found is not None]


def _unit(text: str) -> Shortcut | None:
    if not identifiers.is_valid(text):
        return None
    unit = visit.look().scalar(select(Unit).where(Unit.code == identifiers.validate(text)).limit(1))
    if unit is None:
        return None
    about = unit.estate
    if unit.closed_on is not None:
        about = _("已注销，现为 {units}").format(units="、".join(one.code for one in successors(visit.look(), unit)))
    return Shortcut("buildings", spoken(unit.code), about, url_for("units.page", unit_id=unit.id))


def _dossier(text: str) -> Shortcut | None:
    found = visit.look().scalar(select(Dossier).where(Dossier.number == text.upper()))
    if found is None:
        return None
    return Shortcut("folder2", found.number, _("业主档案"), url_for("dossiers.page", number=found.number))


def _place(text: str) -> Shortcut | None:
    code = places.named(text)
    found = visit.look().scalar(select(Place).where(Place.code == code)) if code else None
    if found is None:
        return None
    return Shortcut("archive", found.code, place_codes.format(found.code), url_for("places.page", code=found.code))


def _serial(text: str) -> Shortcut | None:
    try:
        found = numbering.find_serial(visit.look(), text)
    except OfficeError:
        return None
    return Shortcut("upc-scan", found.text, _("这个编号的去向"), url_for("numbers.page", text=found.text))


def _form(text: str) -> Shortcut | None:
    try:
        form = visit.office().catalogue.form(text)
    except UnknownForm:
        return None
    return Shortcut("file-earmark-text", named(form), form.code, url_for("forms_catalogue.page", code=form.code))


def _examples() -> list[tuple[str, str]]:
    """Questions to learn from, in the language of the page."""
    chinese = language() == "zh"
    return [
        ("漏水 装修", _("两个词都要有")),
        ('"卫生间渗水"', _("原文照写，一字不差")),
        ("漏水 或 渗水" if chinese else "漏水 OR 渗水", _("有一个就行")),
        ("单元:3-2-1201 非 投诉" if chinese else "unit:3-2-1201 NOT 投诉", _("限定单元，排除一词")),
        ("表单:回访记录表" if chinese else "form:HF-01", _("限定表单，名称、别名、代码都可以")),
        ("日期:[2026-01 至 2026-03]" if chinese else "date:[2026-01 to 2026-03]", _("限定日期")),
    ]
