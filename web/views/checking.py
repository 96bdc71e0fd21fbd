"""Checks 四性检测: the last ones, what each found and what to do, a new one, the report to print."""

from __future__ import annotations

import io

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import checks
from records.check_tables import CheckRun
from records.checks import CHECKERS
from web import visit
from web.checking import advice, report
from web.checking.subjects import in_chinese
from web.visit import only

views = Blueprint("checking", __name__, url_prefix="/checks")


@views.get("/")
@only(*CHECKERS)
def listing() -> ResponseReturnValue:
    """The last checks, and how the one under way stands."""
    runs = checks.history(visit.look())
    under_way = next((run for run in runs if run.state != "finished"), None)
    return render_template("checks.html", runs=runs, under_way=under_way, people=visit.people())


@views.post("/")
@only(*CHECKERS)
def ask() -> ResponseReturnValue:
    """Ask for a check; the worker carries it out."""
    with visit.act() as session:
        run_id = checks.ask(session, visit.actor(), visit.typed("kind", "full")).id
    flash(_("已安排检查，由后台逐件进行，可以离开此页。"), "success")
    return redirect(url_for("checking.page", run_id=run_id))


@views.get("/<int:run_id>")
@only(*CHECKERS)
def page(run_id: int) -> ResponseReturnValue:
    """One check: its findings, each with what to do."""
    run = checks.find(visit.look(), run_id)
    found = [(one, advice.of(one["code"])) for one in run.findings]
    return render_template("check.html", run=run, found=found, people=visit.people(), named=in_chinese)


@views.get("/<int:run_id>/progress")
@only(*CHECKERS)
def progress(run_id: int) -> ResponseReturnValue:
    """How far a check has come, for the progress bar."""
    run: CheckRun = checks.find(visit.look(), run_id)
    return {"done": run.done, "total": run.total, "finished": run.state == "finished"}


@views.get("/<int:run_id>/report")
@only(*CHECKERS)
def paper(run_id: int) -> ResponseReturnValue:
    """The report as PDF."""
    data = report.as_pdf(checks.find(visit.look(), run_id), visit.office().settings.office)
    return send_file(io.BytesIO(data), "application/pdf", download_name=f"check-{run_id}.pdf")
