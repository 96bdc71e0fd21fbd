"""What stands on a document's page as text, field by field, and where on its pages a question is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, UnknownForm
from forms.catalogue.rows import Named
from forms.layout import ROWS, cover_sheet
from records import readings
from records.readings import WHOLE, FieldRead, PageRead, Place
from search.places import Found, found_on
from search.query import understand
from web.office import Office

#: Below this a person should look at the picture.
DOUBTFUL = 0.85
_WHOLE_PAGE = Named(zh="全页文字", en="Whole page")
_LINES = Named(zh="各行", en="Lines")
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Shown:
    """A field as it is shown: its name in both languages, what it holds, and whether it shows a hit."""

    key: str
    name: Named
    field: FieldRead
    hit: bool

    @property
    def is_doubtful(self) -> bool:
        """Whether recognition was not sure of it, or saw writing that it could not read."""
        return self.field.state == "recognised" and (self.field.confidence or 0.0) < DOUBTFUL


@dataclass(frozen=True)
class PageText:
    """A page's fields: those with something in them, and those in which no writing was found.

    ``hits``: at how many places of which page of the document the question is answered.
    """

    filled: tuple[Shown, ...]
    blank: tuple[Shown, ...]
    hits: Mapping[int, int]

    def next_hit(self, position: int) -> int | None:
        """The next page behind this one that shows a hit, from the beginning again; None without another."""
        others = [page for page in sorted(self.hits) if page != position]
        return next((page for page in others if page > position), others[0] if others else None)


def field_names(catalogue: Catalogue, form_code: str) -> dict[str, Named]:
    """What the fields of a form are called, by key; the page as a whole and a register's lines included."""
    names = {WHOLE: _WHOLE_PAGE, ROWS: _LINES}
    try:
        form = catalogue.form(form_code)
    except UnknownForm:
        return names
    form = cover_sheet.completed(form) if form.mode == "external" else form
    return {**names, **{field.key: field for field in form.fields}}


def page_text(session: Session, office: Office, document_id: int, form_code: str, position: int, text: str) -> PageText:
    """What the page at a position reads, and where the document answers a question (empty: none is asked)."""
    pages = readings.of_documents(session, [document_id]).get(document_id, [])
    found = _found(office, pages, text)
    names = field_names(office.catalogue, form_code)
    here = {one.field for one in found if one.page == position}
    fields = next((page.fields for page in pages if page.position == position), {})
    shown = [
        Shown(key, names[key] if key in names else Named(zh=key, en=key), field, key in here)
        for key, field in fields.items()
    ]
    hits: dict[int, int] = {}
    for one in found:
        hits[one.page] = hits.get(one.page, 0) + max(1, len(one.boxes))
    return PageText(
        tuple(one for one in shown if one.field.state != "blank"),
        tuple(one for one in shown if one.field.state == "blank"),
        hits,
    )


def _found(office: Office, pages: list[PageRead], text: str) -> tuple[Found, ...]:
    return found_on(pages, understand(office.index, text).meaning) if text.strip() else ()


def marks(
    session: Session, office: Office, document_id: int, position: int, text: str, field: str | None
) -> list[Corners]:
    """Where a page is marked: at the hits of a question, and around a field; left, top, right, bottom (0..1)."""
    if not text.strip() and field is None:
        return []
    pages = [
        page for page in readings.of_documents(session, [document_id]).get(document_id, []) if page.position == position
    ]
    places: list[Place | None] = [box for one in _found(office, pages, text) for box in one.boxes]
    if field is not None:
        places += [one.fields[field].box for one in pages if field in one.fields]
    return [_corners(place) for place in places if place is not None]


def _corners(place: Place) -> Corners:
    left, top, width, height = place
    return left, top, left + width, top + height
