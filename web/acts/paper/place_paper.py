"""Labels of places as PDF, and labels read back: what a scanned or typed text names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from forms import label_marks, pdf
from forms.label_marks import LabelMark
from forms.layout import labels
from forms.layout.labels import PlaceFacts
from records import audit
from records.audit import Verb
from records.errors import BadInput
from records.paper import place_codes, places
from records.paper.paper_tables import Place
from records.users import Actor
from web.office import Office


def print_labels(session: Session, office: Office, actor: Actor, wanted: Sequence[Place], skip: int = 0) -> bytes:
    """Draw the labels of these places as PDF; logged by count. Raises NotAllowed, BadInput (none, skip)."""
    actor.require("打印位置标签", places.KEEPER)
    if not wanted:
        raise BadInput(what="没有选择存放位置")
    size = labels.sizes()["place"]
    drawn = [labels.place(size, _facts(office, place)) for place in wanted]
    title = f"{size.zh} {len(wanted)} 张"
    data = pdf.draw_pages(labels.label_sheets(size, drawn, skip), title=title, author=office.settings.office)
    audit.append(session, actor.id, Verb.PLACE_LABELS_PRINTED, f"place:{wanted[0].code}", {"labels": len(wanted)})
    return data


def _facts(office: Office, place: Place) -> PlaceFacts:
    code = LabelMark("place", place.code).text(office.vault.master.page_secret())
    return PlaceFacts(place.code, place_codes.format(place.code), place.name, office.settings.office, code)


def read_label(office: Office, text: str) -> LabelMark | None:
    """What a scanner typed, as a label; None for other text. Raises ForgedLabel."""
    return label_marks.read(office.vault.master.page_secret(), text)


def found_lines(office: Office, text: str) -> Iterator[tuple[str, str]]:
    """What was found at a stocktaking, a label or number to a line or parted by blanks: (kind, name).

    Labels as scanned, and dossier numbers and place codes as typed; an out-card counts for nothing, the records know
    of the loan. Raises ForgedLabel, BadInput for what is none of these.
    """
    for word in re.split(r"[\s,，、;；]+", text):
        if not word:
            continue
        label = read_label(office, word)
        code = places.named(word)
        if label is not None:
            yield label.kind, label.name
        elif word.upper().startswith("DA-"):
            yield "dossier", word.upper()
        elif code is not None:
            yield "place", code
        else:
            raise BadInput(what=f"「{word[:40]}」不是标签、档号或位置号")
