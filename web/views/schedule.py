"""The schedule 保管期限表: its rules, a change with everything that it would move, its versions."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records.errors import BadInput
from records.users import Role
from retention import schedule_versions
from retention.disposition import FACT_EN
from retention.schedule import load_schedule
from web import visit
from web.acts.retention import schedule_changes
from web.acts.retention.schedule_changes import PERIODS, Change
from web.visit import only

views = Blueprint("schedule", __name__, url_prefix="/schedule")
KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)
SHOWN = 500


@views.get("/")
@only(*KEEPERS)
def page() -> ResponseReturnValue:
    """The rules in force, what was decided for forms, and every version before."""
    session = visit.look()
    return render_template(
        "schedule.html",
        schedule=schedule_versions.in_force(session),
        handbook=load_schedule().rules,
        history=schedule_versions.history(session),
        forms=[form for form in visit.office().catalogue.forms if "UNSET" in form.retention],
        people=visit.people(),
        periods=PERIODS,
        facts=list(FACT_EN),
    )


@views.post("/preview")
@only(Role.MANAGER)
def preview() -> ResponseReturnValue:
    """What a change would move, before anything is changed."""
    session, catalogue, change = visit.look(), visit.office().catalogue, _typed()
    wanted = schedule_changes.proposed(session, catalogue, change)
    if not visit.typed("reason"):
        raise BadInput(what=_("修改保管期限须写明原因"))
    moved = schedule_changes.preview(session, catalogue, wanted)
    return render_template(
        "schedule_preview.html",
        change=change,
        rule=wanted.rule(change.rule.strip().upper()),
        before=schedule_versions.in_force(session),
        reason=visit.typed("reason"),
        moved=moved[:SHOWN],
        count=len(moved),
        sooner=sum(one.sooner for one in moved),
        version=wanted.version,
        misnamed=None if change.form else schedule_changes.years_named(wanted.rule(change.rule.strip().upper())),
    )


@views.post("/adopt")
@only(Role.MANAGER)
def adopt() -> ResponseReturnValue:
    """Adopt the change that was looked at."""
    with visit.act() as session:
        wanted = schedule_changes.proposed(session, visit.office().catalogue, _typed())
        wanted.version = visit.number("version", wanted.version)
        version = schedule_versions.adopt(session, visit.actor(), wanted, visit.typed("reason"))
    flash(_("已采用，现行为保管期限表第 {version} 版。").format(version=version.id), "success")
    return redirect(url_for("schedule.page"))


def _typed() -> Change:
    names = ("rule", "form", "period", "starts", "count_from", "zh", "clause")
    return Change(**{name: visit.typed(name) for name in names}, years=visit.number("years", 0) or None)
