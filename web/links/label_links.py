"""Where a scanned label leads: a handheld scanner types its text into a box, and the page it names opens."""

from __future__ import annotations

from flask import url_for

from web import visit
from web.acts.paper.place_paper import read_label


def led_to(text: str) -> str | None:
    """The address of what a label names; None for text that is no label of ours. Raises ForgedLabel."""
    label = read_label(visit.office(), text)
    if label is None:
        return None
    if label.kind == "dossier":
        return url_for("dossiers.page", number=label.name)
    if label.kind == "place":
        return url_for("places.page", code=label.name)
    return url_for("loans.page", loan_id=int(label.name))
