"""What there is to find in a document, read from the records: the index is fed from here and shows from here."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.tables import Document, Dossier, Owner, OwnershipOwner, Page, Unit
from search import analysis
from search.tables import chosen, place_of

# No run of characters goes across it: the end of one field and the start of the next make no word.
_BORDER = "\n|\n"
_COLUMNS = (
    Document.id,
    Document.title,
    Document.serial,
    Document.form_code,
    Document.dossier_id,
    Document.series,
    Document.section,
    Document.dated,
    Document.entered,
    Document.lacks_signature,
    Unit.code,
    Dossier.state.label("dossier_state"),
)


@dataclass(frozen=True)
class Source:
    """A filed document as search sees it. ``texts`` in reading order: title, serial, entered values, pages, owners.

    ``numbers``: the telephone and identity numbers of its owners. ``states``: of its dossier (open, closed; office
    for the office's own series), and whether a signature is lacking (unsigned, signed).
    """

    document_id: int
    title: str
    serial: str | None
    form_code: str
    dossier_id: int | None
    series: str | None
    section: str | None
    unit_code: str
    dated: date
    owners: tuple[str, ...]
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    states: tuple[str, ...] = ()

    @property
    def place(self) -> int:
        """Its place in the order newest first."""
        return place_of(self.dated, self.document_id)

    def analysed(self) -> Analysed:
        """Its normal forms and the tokens beside its words, with a digest over all that is indexed."""
        folded = analysis.fold(_BORDER.join(self.texts)[: analysis.LONGEST_TEXT])
        names = analysis.fold(_BORDER.join(self.owners))
        beside = {*self._facts(), *analysis.owner_tokens(names), *_named(folded)}
        words, owners = analysis.normal_form(folded), analysis.normal_form(names)
        facts = f" {' '.join(sorted(beside))} "
        content = "\n".join([analysis.VERSION, str(self.place), words, owners, facts])
        return Analysed(words, owners, facts, hashlib.sha256(content.encode()).hexdigest())

    def _facts(self) -> Iterator[str]:
        yield analysis.scope_token(self.dossier_id)
        yield analysis.form_token(self.form_code)
        yield analysis.mentioned_date(self.dated)
        yield from analysis.series_tokens(self.form_code, self.series)
        if self.section:
            yield analysis.section_token(self.section)
        for state in self.states:
            yield analysis.state_token(state)
        for number in self.numbers:
            yield from analysis.number_tokens(number)
        if self.unit_code:
            yield from analysis.unit_tokens(self.unit_code)
        if self.serial:
            yield from analysis.serial_tokens(self.serial)


@dataclass(frozen=True)
class Analysed:
    """A source as it is indexed: its words and its owners' names in normal form, and the tokens that are not of words.

    ``facts``: one space between and around them; ``digest``: a SHA-256 in hexadecimal.
    """

    words: str
    owners: str
    facts: str
    digest: str


def _named(folded: str) -> Iterator[str]:
    """What a text names that has a form of its own: units, serials, dates, telephones."""
    for special in analysis.specials(folded):
        if special.kind == "serial":
            yield from analysis.mentioned_serial(special.token.removeprefix("r§"))
        else:
            yield special.token


def gather(session: Session, document_ids: Sequence[int]) -> list[Source]:
    """The sources of those documents that are filed now, in order of id; others are not to be found."""
    filed = (
        # Columns, not objects: what another act has changed since is read anew, and a rebuild reads every document.
        select(*_COLUMNS)
        .outerjoin(Unit, Unit.id == Document.unit_id)
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .where(chosen(session, Document.id, document_ids), Document.state == "filed")
        .order_by(Document.id)
    )
    rows = session.execute(filed).all()
    pages = _page_texts(session, [row.id for row in rows])
    owners = _owners(session, sorted({row.dossier_id for row in rows} - {None}))
    return [_source(row, pages.get(row.id, ()), owners.get(row.dossier_id, ())) for row in rows]


def _source(row: Any, pages: Sequence[str], owners: Sequence[Any]) -> Source:
    people = [text for owner in owners for text in (owner.name, owner.phone, owner.id_number) if text]
    unit_code = row.code or ""
    texts = [row.title, row.serial or "", *values_of(row.entered), *pages, unit_code, *people]
    return Source(
        document_id=row.id,
        title=row.title,
        serial=row.serial,
        form_code=row.form_code,
        dossier_id=row.dossier_id,
        series=row.series,
        section=row.section,
        unit_code=unit_code,
        dated=row.dated,
        owners=tuple(owner.name for owner in owners),
        numbers=tuple(number for owner in owners for number in (owner.phone, owner.id_number) if number),
        texts=tuple(text for text in texts if text.strip()),
        states=(row.dossier_state or "office", "unsigned" if row.lacks_signature else "signed"),
    )


def values_of(entered: Any) -> Iterator[str]:
    """Every text and number that was entered, however deep in tables it stands.

    >>> list(values_of({"item": "漏水", "rows": [{"fee": 12.5}], "agreed": True}))
    ['漏水', '12.5']
    """
    if isinstance(entered, dict):
        entered = list(entered.values())
    if isinstance(entered, list):
        for value in entered:
            yield from values_of(value)
    elif isinstance(entered, str | int | float) and not isinstance(entered, bool):
        yield str(entered)


def _page_texts(session: Session, document_ids: Sequence[int]) -> dict[int, list[str]]:
    query = select(Page.document_id, Page.text).where(chosen(session, Page.document_id, document_ids), Page.text != "")
    texts: dict[int, list[str]] = defaultdict(list)
    for document_id, text in session.execute(query.order_by(Page.document_id, Page.position)):
        texts[document_id].append(text)
    return texts


def _owners(session: Session, dossier_ids: Sequence[int]) -> dict[int | None, list[Any]]:
    """Rows of name, phone and id_number by dossier."""
    owners: dict[int | None, list[Any]] = defaultdict(list)
    if not dossier_ids:
        return owners
    query = (
        select(Dossier.id, Owner.name, Owner.phone, Owner.id_number)
        .join(OwnershipOwner, OwnershipOwner.ownership_id == Dossier.ownership_id)
        .join(Owner, Owner.id == OwnershipOwner.owner_id)
        .where(chosen(session, Dossier.id, dossier_ids))
        .order_by(Dossier.id, Owner.id)
    )
    for row in session.execute(query):
        owners[row.id].append(row)
    return owners
