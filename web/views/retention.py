"""Retention 鉴定处置: what is due and because of what, destruction lists, holds, and what nobody has decided yet."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forms.erasing import erase_traces
from records import clock
from records.errors import BadInput
from records.tables import Dossier, Unit
from records.users import Role
from retention import certificates, holds, purge, schedule_versions
from retention.tables import Hold
from web import visit
from web.acts import disposals
from web.acts.hold_targets import target_of
from web.views.forms_catalogue import lay_in
from web.visit import only

views = Blueprint("retention", __name__, url_prefix="/retention")
KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)


@views.get("/")
@only(*KEEPERS)
def listing() -> ResponseReturnValue:
    """What is due today, each with the fact and the rule that made it so."""
    office, on = visit.office(), clock.today()
    if request.args.get("on"):
        on = clock.parse_date(request.args["on"])
    due = disposals.due(visit.look(), office.catalogue, on)
    return render_template("due.html", due=due, on=on, today=clock.today())


@views.post("/propose")
@only(*KEEPERS)
def propose() -> ResponseReturnValue:
    """Put the ticked records on a new destruction list."""
    office = visit.office()
    with visit.act() as session:
        records = disposals.chosen(disposals.due(session, office.catalogue, clock.today()), _ticked())
        disposal = certificates.propose(session, visit.actor(), records)
    flash(_("已提出销毁清册 {number} 号，待经理批准。").format(number=disposal.id), "success")
    return redirect(url_for("retention.disposal", number=disposal.id))


@views.post("/keep")
@only(*KEEPERS)
def keep() -> ResponseReturnValue:
    """Keep the ticked records until a later date."""
    office, until = visit.office(), clock.parse_date(visit.typed("until"))
    with visit.act() as session:
        due = disposals.due(session, office.catalogue, clock.today())
        for record in disposals.chosen(due, _ticked()):
            certificates.keep_longer(session, visit.actor(), record, until, visit.typed("reason"))
    flash(_("已延期保管至 {until}。").format(until=until), "success")
    return redirect(url_for("retention.listing"))


def _ticked() -> list[str]:
    ticked = request.form.getlist("record")
    if not ticked:
        raise BadInput(what=_("没有勾选"))
    return ticked


@views.get("/undecided")
@only(*KEEPERS)
def undecided() -> ResponseReturnValue:
    """Records for which the handbook gives no period, and those kept long-term whose review has come."""
    office, session = visit.office(), visit.look()
    return render_template(
        "undecided.html",
        undecided=disposals.undecided(session, office.catalogue),
        reviews=disposals.reviews(session, office.catalogue, clock.today()),
        rules=schedule_versions.in_force(session).rules,
    )


@views.get("/lists")
@only(*KEEPERS)
def lists() -> ResponseReturnValue:
    """The destruction lists, newest first."""
    return render_template("disposals.html", disposals=certificates.list_disposals(visit.look()), people=visit.people())


@views.get("/lists/<int:number>")
@only(*KEEPERS)
def disposal(number: int) -> ResponseReturnValue:
    """One destruction list: what stays of what it destroys."""
    found = certificates.find_disposal(visit.look(), str(number))
    rules, classes = schedule_versions.in_force(visit.look()).rules, certificates.LINE_ZH
    return render_template("disposal.html", disposal=found, people=visit.people(), rules=rules, lines_zh=classes)


@views.post("/lists/<int:number>/approve")
@only(*KEEPERS)
def approve(number: int) -> ResponseReturnValue:
    """A manager who did not propose it approves the list."""
    with visit.act() as session:
        found = certificates.find_disposal(session, str(number))
        printed = disposals.approve(session, visit.office().shop, visit.actor(), found)
    flash(
        _("已批准，清册编号 {certificate}。夜间或按「执行」时销毁。").format(certificate=found.certificate), "success"
    )
    return redirect(url_for("forms_catalogue.printed", token=lay_in(disposals.CERTIFICATE_FORM, printed)))


@views.post("/lists/<int:number>/refuse")
@only(*KEEPERS)
def refuse(number: int) -> ResponseReturnValue:
    """A manager refuses the list; its records stay."""
    with visit.act() as session:
        found = certificates.find_disposal(session, str(number))
        certificates.refuse(session, visit.actor(), found, visit.typed("reason"))
    flash(_("未批准，档案照旧保管；提出人会看到原因。"), "info")
    return redirect(url_for("retention.disposal", number=number))


@views.post("/lists/run")
@only(*KEEPERS)
def run() -> ResponseReturnValue:
    """Carry out what was approved, or only say what would be done."""
    office, dry = visit.office(), visit.typed("dry") == "yes"
    visit.look_away()
    outcomes = purge.run(
        office.database, office.vault, schedule_versions.in_force, visit.actor(), clock.today(),
        erasers=[erase_traces], dry_run=dry, titles=disposals.titles(office.catalogue),
    )  # fmt: skip
    return render_template("purged.html", outcomes=outcomes, dry=dry)


@views.get("/holds")
@only(*KEEPERS)
def hold_list() -> ResponseReturnValue:
    """The holds that stand."""
    standing = holds.active(visit.look())
    names = {hold.id: _held(hold) for hold in standing}
    return render_template("holds.html", holds=standing, names=names, people=visit.people(), today=clock.today())


def _held(hold: Hold) -> str:
    """What a hold stands on, by the name that people know."""
    session = visit.look()
    if hold.target_kind == "dossier":
        dossier = session.get(Dossier, int(hold.target_id))
        return dossier.number if dossier else hold.target_id
    if hold.target_kind == "unit":
        unit = session.get(Unit, int(hold.target_id))
        return unit.code if unit else hold.target_id
    return hold.target_id


@views.post("/holds")
@only(*KEEPERS)
def place_hold() -> ResponseReturnValue:
    """Hold what was named."""
    review = clock.parse_date(visit.typed("review_on")) if visit.typed("review_on") else None
    with visit.act() as session:
        kind, target = target_of(session, visit.typed("target"))
        holds.place(session, visit.actor(), kind, target, visit.typed("reason"), review)
    flash(_("已冻结。冻结期间任何清册都不会销毁它。"), "success")
    return redirect(url_for("retention.hold_list"))


@views.post("/holds/<int:hold_id>/release")
@only(*KEEPERS)
def release(hold_id: int) -> ResponseReturnValue:
    """A manager releases a hold."""
    with visit.act() as session:
        holds.release(session, visit.actor(), holds.find_hold(session, hold_id))
    flash(_("已解除冻结。"), "success")
    return redirect(url_for("retention.hold_list"))
