"""The views: one blueprint per subject. A view reads the submitted form, calls one office act, chooses the page."""

from __future__ import annotations

from web.views import (
    access,
    account,
    administration,
    books,
    deputies,
    documents,
    dossiers,
    forms_catalogue,
    home,
    knowing,
    log,
    merging,
    numbers,
    retention,
    scanning,
    schedule,
    search,
    signing_in,
    tray,
    units,
)

BLUEPRINTS = (
    signing_in.views,
    home.views,
    forms_catalogue.views,
    merging.views,
    numbers.views,
    books.views,
    scanning.views,
    tray.views,
    units.views,
    dossiers.views,
    documents.views,
    access.views,
    deputies.views,
    knowing.views,
    search.views,
    retention.views,
    schedule.views,
    log.views,
    account.views,
    administration.views,
)
