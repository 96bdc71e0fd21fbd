"""What open dossiers still lack, by life event: from form codes, dates and facts alone; no title or content is read."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import openpyxl
from flask_babel import gettext as _
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from records import clock
from records.dossiers import Expected
from records.estate import completeness
from records.estate.completeness import EventStanding, Requirement, Standing
from web.office import Office
from web.wording.language import named


def standings(
    session: Session, office: Office, *, dossier_ids: Iterable[int] | None = None, building: str = "", event: str = ""
) -> list[Standing]:
    """How complete open dossiers are today, worst first. ``event``: counted by that event alone, where it has begun."""
    events = [one for one in office.life_events if not event or one.key == event]
    found = completeness.standings(session, events, clock.today(), dossier_ids=dossier_ids, building=building)
    return [one for one in found if one.events] if event else found


def lacking(session: Session, office: Office, dossier_ids: Sequence[int]) -> dict[int, int]:
    """How many forms each of these dossiers lacks; those that are not open lack nothing."""
    counts = dict.fromkeys(dossier_ids, 0)
    return counts | {one.dossier_id: len(one.missing) for one in standings(session, office, dossier_ids=dossier_ids)}


def sections(catalogue: Catalogue) -> list[tuple[str, str]]:
    """The dossier's sections (key, name) in the handbook's order, named in the visitor's language."""
    return [(section.key, named(section)) for section in catalogue.sections]


def expected(catalogue: Catalogue, events: Sequence[EventStanding]) -> list[Expected]:
    """What these events miss, named in the visitor's language, each form once with the clause that asks for it."""
    missing: dict[str, Requirement] = {}
    for event in events:
        for one in event.missing:
            missing.setdefault(one.form, one)
    forms = [(catalogue.form(code), one) for code, one in missing.items()]
    return [Expected(form.code, named(form), form.section or "", one.clause) for form, one in forms]


def workbook(catalogue: Catalogue, found: Sequence[Standing]) -> bytes:
    """The list as .xlsx, in the same order: a line a dossier, with what is missing and unsigned by event. No names."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = _("档案完整性")
    heads = [
        (_("序号"), 6), (_("小区"), 14), (_("楼栋"), 6), (_("单元房号"), 12), (_("档号"), 20), (_("事件"), 18),
        (_("缺少件数"), 9), (_("缺少的文件及依据"), 60), (_("未签件数"), 9), (_("未签的文件"), 36),
    ]  # fmt: skip
    sheet.append([head for head, _width in heads])
    for number, one in enumerate(found, start=1):
        sheet.append(_line(catalogue, number, one))
    for column, (_head, width) in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.cell(1, column).font = Font(bold=True)
    for row in sheet.iter_rows(min_row=2, min_col=8, max_col=10):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _line(catalogue: Catalogue, number: int, one: Standing) -> list[object]:
    missing = {asked.form: asked for event in one.events for asked in event.missing}
    why = "\n".join(f"{code} {named(catalogue.form(code))} ({asked.clause})" for code, asked in missing.items())
    unsigned = "\n".join(f"{code} {named(catalogue.form(code))}" for code in one.unsigned)
    events = "、".join(named(event.event) for event in one.events)
    return [
        number, one.estate, one.building, one.unit, one.number, events, len(missing), why, len(one.unsigned), unsigned
    ]  # fmt: skip
