"""Retention 鉴定处置: what is due and because of what, destruction lists, holds, and what nobody has decided yet."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import clock
from records.errors import BadInput
from records.users import Role
from retention import certificates, runs, schedule_versions
from web import visit
from web.acts.retention import disposal_paper, disposals
from web.files import pdf_file
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
    due, spoken_for, refused = disposals.due_and_spoken_for(visit.look(), office.catalogue, on)
    return render_template("due.html", due=due, spoken_for=spoken_for, refused=refused, on=on, today=clock.today())


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
    found = certificates.list_disposals(visit.look())
    steps = {one.id: certificates.step(one) for one in found}
    return render_template("disposals.html", disposals=found, steps=steps, people=visit.people())


@views.get("/lists/<int:number>")
@only(*KEEPERS)
def disposal(number: int) -> ResponseReturnValue:
    """One destruction list: what stays of what it destroys."""
    session = visit.look()
    found = certificates.find_disposal(session, str(number))
    return render_template(
        "disposal.html",
        disposal=found,
        step=certificates.step(found),
        people=visit.people(),
        rules=schedule_versions.in_force(session).rules,
        done_to=certificates.done_to,
        destroyed=any(line.state == "destroyed" for line in found.lines),
        paper=certificates.paper_of(session, found),
        signed=runs.signed_scan(session, found),
        today=clock.today(),
    )


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


@views.post("/lists/<int:number>/paper")
@only(*KEEPERS)
def paper(number: int) -> ResponseReturnValue:
    """Record that the paper of what was destroyed is destroyed too."""
    with visit.act() as session:
        found = certificates.find_disposal(session, str(number))
        on = clock.parse_date(visit.typed("on"))
        certificates.record_paper(session, visit.actor(), found, on, visit.typed("witness"))
    flash(_("已登记纸质原件销毁。"), "success")
    return redirect(url_for("retention.disposal", number=number))


@views.post("/lists/<int:number>/result")
@only(*KEEPERS)
def result(number: int) -> ResponseReturnValue:
    """What became of each record on a list, as PDF, to be kept with the signed list."""
    session = visit.look()
    found = certificates.find_disposal(session, str(number))
    return pdf_file(disposal_paper.as_pdf(session, found, visit.office()), f"销毁结果-{found.certificate}.pdf")
