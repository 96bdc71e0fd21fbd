"""The web application: one office, one blueprint per subject, everything behind a sign-in."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_login import current_user

from web import addresses, failures, guard, icons, signing_in, views, visit
from web.background.batches import BatchHand
from web.background.outbox import outbox
from web.background.print_jobs import PrintJobs
from web.background.uploads import uploads
from web.links import navigation
from web.office import Office
from web.wording import language, record_states, words


def create_app(office: Office) -> Flask:
    """The application that serves this office. The caller has opened the office and closes it."""
    app = Flask("web", template_folder="pages", static_folder="static")
    app.url_map.converters["int"] = addresses.IdConverter
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.extensions["yedang_outbox"] = outbox()
    app.extensions["yedang_uploads"] = uploads()
    app.extensions["yedang_hand"] = BatchHand(office)
    app.extensions["yedang_print_jobs"] = PrintJobs()
    visit.prepare(app, office)
    guard.prepare(app, office.settings.home, https=office.settings.https)
    language.prepare(app, office.settings.language)
    signing_in.prepare(app, office.settings.second_factor)
    failures.prepare(app)
    Bootstrap5(app)
    for blueprint in views.BLUEPRINTS:
        app.register_blueprint(blueprint)
    _furnish(app, office)
    return app


def _furnish(app: Flask, office: Office) -> None:
    """What every template may use."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        icon=icons.icon,
        submitted=visit.submitted,
        picked=visit.picked,
        word=words.word,
        record_now=record_states.record_now,
        records_now=record_states.records_now,
        record_gone=record_states.record_gone,
        office=office.settings,
        asset_version=_asset_version(app),
    )
    app.context_processor(_for_this_visitor)


def _for_this_visitor() -> dict[str, object]:
    if not current_user.is_authenticated:
        return {"me": None, "places": []}
    return {"me": current_user.actor, "places": navigation.places(current_user.actor.role)}


def _asset_version(app: Flask) -> str:
    """A short digest of our own style and script: a browser fetches them again when, and only when, they changed."""
    digest = hashlib.sha256()
    for path in sorted(Path(app.static_folder or "").glob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
