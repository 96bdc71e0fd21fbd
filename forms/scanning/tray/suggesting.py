"""What a page in the tray most likely is and where it belongs: suggestions, the surest first, that a person presses.

Nothing here is proof: a number read as text, the title on the page, the unit written on it, and what lies beside it in
the pile. A suggestion is never filed by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

import templates
from forms import numbering
from forms.catalogue import Catalogue, Form, UnknownForm
from forms.catalogue.checks import spelling
from forms.catalogue.strict_yaml import StrictLoader
from forms.marks import PageMark
from forms.scanning.desk import ScanDesk
from forms.scanning.filing import deciding
from forms.scanning.reasons import Reason
from forms.scanning.tray import placing, tray_texts
from forms.tables import ScanPage, Serial
from records import dossiers, identifiers
from records.tables import Document, Page, Unit

MOST = 6
_TITLE_LINES = 8
_SHORTEST_NAME = 3
_SERIAL = re.compile(r"[A-Z]{2}-?\d{2}-\d{4}-\d{6}-?[0-9A-Z*]")
_UNIT = re.compile(
    r"(?<![\d-])\d{1,3}-\d{1,2}-\d{3,4}[A-Z]?(?![\d-])|\d{1,3}(?:栋|幢|座|号楼)\d{1,2}(?:单元|门)\d{3,4}"
)


@dataclass(frozen=True)
class Suggestion:
    """One way to file the page with one press, and why it is suggested.

    ``kind``: place (form, unit), number (serial, page_no, copy), append (document_id).
    """

    kind: str
    form_code: str
    because_zh: str
    because_en: str
    unit: Unit | None = None
    serial: str | None = None
    page_no: int = 1
    copy: int = 1
    document_id: int | None = None


@dataclass(frozen=True)
class Guess:
    """What the fields are filled with beforehand: the form and the unit that seem likely, each perhaps None."""

    form_code: str | None
    unit: Unit | None


def suggestions(session: Session, desk: ScanDesk, page: ScanPage) -> list[Suggestion]:
    """The likeliest ways to file a page, the surest first, at most MOST; none twice."""
    seen: dict[tuple[object, ...], Suggestion] = {}
    for one in _all(session, desk, page):
        unit = one.unit.id if one.unit else None
        seen.setdefault((one.form_code, unit, one.serial, one.page_no, one.copy, one.document_id), one)
    return list(seen.values())[:MOST]


def guess(session: Session, desk: ScanDesk, page: ScanPage) -> Guess:
    """The form and the unit to fill in beforehand."""
    proven, home = placing.suggestion(session, page)
    text = tray_texts.text_of(session, page)
    form = proven or titled(desk.catalogue, text) or _known_form(desk, page)
    beside = [one.unit for one in _beside(session, page)]
    homes = [home, _printed_for(session, page), *units_in(session, text), *beside]
    return Guess(form, next((one for one in homes if one is not None), None))


def _printed_for(session: Session, page: ScanPage) -> Unit | None:
    """The unit that the page's number, or that of the cover sheet it lies behind, was printed for."""
    number = select(Unit).join(Serial, Serial.unit_id == Unit.id).where(Serial.text == page.serial)
    return session.scalar(number) if page.serial else None


def _known_form(desk: ScanDesk, page: ScanPage) -> str | None:
    try:
        return desk.catalogue.form(numbering.parse(page.serial).form_code).code if page.serial else None
    except (UnknownForm, numbering.BadSerial):
        return None


def _all(session: Session, desk: ScanDesk, page: ScanPage) -> Iterator[Suggestion]:
    if page.reason.startswith("group_") and page.page_no is not None:
        return  # a cover sheet is filed with its group, not alone
    text, beside = tray_texts.text_of(session, page), _beside(session, page)
    yield from _proven(session, page)
    yield from _numbers(session, desk, f"{page.suggested or ''}\n{text}")
    yield from _missing_beside(session, desk, beside)
    title = titled(desk.catalogue, text)
    if title is not None:
        yield from _by_title(session, desk.catalogue.form(title), text, beside)
    yield from _longer(session, desk, beside)


def _proven(session: Session, page: ScanPage) -> Iterator[Suggestion]:
    form, unit = placing.suggestion(session, page)
    if form is not None and unit is not None:
        yield Suggestion("place", form, "编号已核对", "its number is proven", unit)


def _numbers(session: Session, desk: ScanDesk, text: str) -> Iterator[Suggestion]:
    """Numbers that stand on the page and are on record; the check character agrees."""
    for one in dict.fromkeys(_SERIAL.findall(unicodedata.normalize("NFKC", text).upper().replace(" ", ""))):
        if not numbering.is_valid(one):
            continue
        serial = session.scalar(select(Serial).where(Serial.text == numbering.validate(one)))
        if serial is not None:
            yield from _pages_missing(session, desk, serial, "页上印的编号", "the number printed on it")


def _pages_missing(session: Session, desk: ScanDesk, serial: Serial, zh: str, en: str) -> Iterator[Suggestion]:
    """The first page and copy of a number that is not filed yet."""
    filed = select(Document.copy, Page.position).join(Page, Page.document_id == Document.id)
    there = {tuple(row) for row in session.execute(filed.where(Document.serial == serial.text))}
    in_book = serial.book_id is not None
    mark = PageMark(serial.text, serial.page_no, serial.page_count, 1, serial.form_version)
    if isinstance(deciding.placed(session, desk, mark), Reason):
        return  # destroyed, or printed without a unit: pressing would only be refused
    pages = [serial.page_no] if in_book else range(1, serial.page_count + 1)
    for copy in range(serial.copy_count, 0, -1):  # the last copy is the archive's
        for number in pages:
            if (copy, 1 if in_book else number) not in there:
                yield Suggestion("number", serial.form_code, zh, en, None, serial.text, number, copy)
                return


def _beside(session: Session, page: ScanPage) -> list[Document]:
    """The documents of the nearest filed pages before and behind in the batch, each once."""
    query = select(Document).join(Page, Page.document_id == Document.id).join(ScanPage, ScanPage.page_id == Page.id)
    query = query.where(ScanPage.batch_id == page.batch_id, ScanPage.state == "filed").limit(1)
    before = query.where(ScanPage.position < page.position).order_by(ScanPage.position.desc())
    behind = query.where(ScanPage.position > page.position).order_by(ScanPage.position)
    found = [session.scalar(before), session.scalar(behind)]
    return list({one.id: one for one in found if one is not None}.values())


def _missing_beside(session: Session, desk: ScanDesk, beside: Sequence[Document]) -> Iterator[Suggestion]:
    """A neighbour in the pile lacks a page."""
    for document in beside:
        serial = session.scalar(select(Serial).where(Serial.text == document.serial)) if document.serial else None
        if serial is None or serial.book_id is not None or serial.page_count < 2:
            continue
        count = len(session.scalars(select(Page.id).where(Page.document_id == document.id)).all())
        if count < serial.page_count:
            yield from _pages_missing(session, desk, serial, "邻页的文件缺页", "its neighbour lacks a page")


def _longer(session: Session, desk: ScanDesk, beside: Sequence[Document]) -> Iterator[Suggestion]:
    """Behind the last page of the neighbour's document."""
    for document in beside:
        if document.state == "filed" and placing.takes_more(session, desk, document):
            yield Suggestion(
                "append", document.form_code, "接在邻页的文件之后", "behind its neighbour's document",
                document.unit, document.serial, document_id=document.id,
            )  # fmt: skip


def _by_title(session: Session, form: Form, text: str, beside: Sequence[Document]) -> Iterator[Suggestion]:
    if not (form.unit or form.section):
        yield Suggestion("place", form.code, "页上的标题", "the title on it")
        return
    for unit in units_in(session, text):
        if dossiers.current_dossier(session, unit) is not None or not form.section:
            yield Suggestion("place", form.code, "页上的标题和房号", "the title and the unit on it", unit)
    for document in beside:
        if document.unit is not None:
            zh, en = "页上的标题,与邻页同户", "the title on it; its neighbour's unit"
            yield Suggestion("place", form.code, zh, en, document.unit)


def titled(catalogue: Catalogue, text: str) -> str | None:
    """The code of the form whose name stands at the head of the page; of several the longest name, the higher line."""
    lines = [spelling(line) for line in text.splitlines() if line.strip()][:_TITLE_LINES]
    best: tuple[float, str] | None = None
    for place, line in enumerate(lines):
        for name, code in catalogue.all_names().items():
            if len(name) >= _SHORTEST_NAME and name in line and not name.isascii():
                score = len(name) + 4 * (name == line) - 0.5 * place
                best = max(best, (score, code)) if best else (score, code)
    return best[1] if best else _from_elsewhere(catalogue, text)


def _from_elsewhere(catalogue: Catalogue, text: str) -> str | None:
    plain = spelling(text)
    codes = {form.code for form in catalogue.forms}
    return next((code for code, words in _words() if code in codes and any(one in plain for one in words)), None)


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = yaml.load(templates.read_text("page_titles.yaml"), StrictLoader)
    return tuple((row["form"], tuple(spelling(word) for word in row["words"])) for row in rows)


def units_in(session: Session, text: str) -> list[Unit]:
    """The units on record whose code stands in the text, in that order; one that two estates have is left out."""
    plain = unicodedata.normalize("NFKC", text).upper().replace(" ", "")
    codes = dict.fromkeys(identifiers.validate(one) for one in _UNIT.findall(plain) if identifiers.is_valid(one))
    rows = session.scalars(select(Unit).where(Unit.code.in_(codes))).all()
    known = {code: [unit for unit in rows if unit.code == code] for code in codes}
    return [units[0] for units in known.values() if len(units) == 1]
