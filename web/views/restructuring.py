"""Merging and splitting units: what was becomes something else on a day, and every old code leads to the new."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import clock, units
from records.dossiers import NewOwner
from records.estate import restructuring
from web import visit
from web.visit import only

views = Blueprint("restructuring", __name__, url_prefix="/restructuring")


@views.get("")
@only(*restructuring.KEEPERS)
def start() -> ResponseReturnValue:
    """The form: which units, into which, on what day, whose they are then."""
    return render_template("restructuring.html", today=clock.today(), unit=request.args.get("unit", ""))


@views.post("")
@only(*restructuring.KEEPERS)
def carry_out() -> ResponseReturnValue:
    """Merge or split; leads to the first of the new units."""
    name = visit.typed("name")
    owners = [NewOwner(name, visit.typed("phone"), visit.typed("id_number"))] if name else []
    with visit.act() as session:
        old = [units.find_unit(session, code) for code in _codes("old")]
        done = restructuring.restructure(
            session,
            visit.office().vault,
            visit.actor(),
            old,
            _codes("new"),
            clock.parse_date(visit.typed("on")),
            owners,
        )
    told = _("{old} 已注销，现为 {new}；原档案随原产权期封存，新档案从空白开始。")
    old_codes, new_codes = ("、".join(one.code for one in some) for some in (done.closed, done.opened))
    flash(told.format(old=old_codes, new=new_codes), "success")
    return redirect(url_for("units.page", unit_id=done.opened[0].id))


def _codes(field: str) -> list[str]:
    return [one for one in re.split(r"[\s、,，;；]+", visit.typed(field)) if one]
