"""Runs of destruction 执行销毁: what one would do, asking for it, how far it has come, and what it did."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import clock
from records.users import Role
from retention import certificates, runs
from web import visit
from web.acts.retention import disposal_runs
from web.visit import only
from web.wording.language import told

views = Blueprint("disposal_runs", __name__, url_prefix="/retention/runs")
KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)
SHOWN = 500


@views.get("/")
@only(*KEEPERS)
def listing() -> ResponseReturnValue:
    """What would be destroyed now and at night, the run under way, and the last ones."""
    office = visit.office()
    foreseen = disposal_runs.foresee(office, visit.actor(), clock.today())
    session = visit.look()
    return render_template(
        "runs.html",
        foreseen=foreseen,
        outcomes=foreseen.outcomes[:SHOWN],
        tonight=disposal_runs.tonight(session, office),
        hours=office.settings.night,
        signed_first=office.settings.signed_first,
        under_way=runs.under_way(session),
        begun=runs.being_destroyed(session),
        history=runs.history(session),
        people=visit.people(),
    )


@views.post("/")
@only(*KEEPERS)
def ask() -> ResponseReturnValue:
    """Ask for a run of what was shown; the worker carries it out."""
    most = visit.number("most", 0) or None
    visit.look_away()
    run_id = disposal_runs.ask(visit.office(), visit.actor(), clock.today(), visit.typed("seen"), most)
    flash(_("已安排执行，由后台进行，可以离开此页。"), "success")
    return redirect(url_for("disposal_runs.page", run_id=run_id))


@views.get("/<int:run_id>")
@only(*KEEPERS)
def page(run_id: int) -> ResponseReturnValue:
    """One run: how far it has come, what it did to each record, and what it could not do."""
    session = visit.look()
    run = runs.find_run(session, run_id)
    return render_template(
        "run.html",
        run=run,
        lines=runs.lines_of(session, run),
        said={one["line"]: one for one in run.outcomes},
        done_to=certificates.done_to,
        stage=told(*disposal_runs.stage(run)),
        unattended=runs.unattended(run),
        people=visit.people(),
    )


@views.get("/<int:run_id>/progress")
@only(*KEEPERS)
def progress(run_id: int) -> ResponseReturnValue:
    """How far a run has come, for the progress bar."""
    run = runs.find_run(visit.look(), run_id)
    text = _("{done} / {total} 项").format(done=run.done, total=run.total)
    return {
        "done": run.done, "total": run.total, "finished": run.state == "finished",
        "text": f"{text} · {told(*disposal_runs.stage(run))}",
    }  # fmt: skip
