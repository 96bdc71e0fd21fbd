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
from search.tables import place_of

# No run of characters goes across it: the end of one field and the start of the next make no word.
_BORDER = "\n|\n"


@dataclass(frozen=True)
class Source:
    """A filed document as search sees it. ``texts`` in reading order: title, serial, entered values, pages, owners.

    ``numbers``: the telephone and identity numbers of its owners.
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

    @property
    def place(self) -> int:
        """Its place in the order newest first."""
        return place_of(self.dated, self.document_id)

    def analysed(self) -> Analysed:
        """Its tokens and normal forms, with a digest over all that is indexed."""
        folded = analysis.fold(_BORDER.join(self.texts)[: analysis.LONGEST_TEXT])
        names = analysis.fold(_BORDER.join(self.owners))
        tokens = analysis.text_tokens(folded) | analysis.owner_tokens(names) | set(self._facts())
        words, owners = analysis.normal_form(folded), analysis.normal_form(names)
        content = "\n".join([analysis.VERSION, str(self.place), words, owners, *sorted(tokens)])
        return Analysed(tokens, words, owners, hashlib.sha256(content.encode()).hexdigest())

    def _facts(self) -> Iterator[str]:
        yield analysis.scope_token(self.dossier_id)
        yield analysis.form_token(self.form_code)
        yield analysis.mentioned_date(self.dated)
        yield from analysis.series_tokens(self.form_code, self.series)
        if self.section:
            yield analysis.section_token(self.section)
        for number in self.numbers:
            yield from analysis.number_tokens(number)
        if self.unit_code:
            yield from analysis.unit_tokens(self.unit_code)
        if self.serial:
            yield from analysis.serial_tokens(self.serial)


@dataclass(frozen=True)
class Analysed:
    """A source as it is indexed; ``digest`` is a SHA-256 in hexadecimal."""

    tokens: set[str]
    words: str
    owners: str
    digest: str


def gather(session: Session, document_ids: Sequence[int]) -> list[Source]:
    """The sources of those documents that are filed now, in order of id; others are not to be found."""
    filed = (
        select(Document, Unit.code)
        .outerjoin(Unit, Unit.id == Document.unit_id)
        .where(Document.id.in_(document_ids), Document.state == "filed")
        .order_by(Document.id)
        # Fresh rows: another act may have changed what this session has read before.
        .execution_options(populate_existing=True)
    )
    rows = session.execute(filed).all()
    pages = _page_texts(session, [document.id for document, _ in rows])
    owners = _owners(session, {document.dossier_id for document, _ in rows} - {None})
    return [_source(document, code or "", pages[document.id], owners[document.dossier_id]) for document, code in rows]


def _source(document: Document, unit_code: str, pages: Sequence[str], owners: Sequence[Owner]) -> Source:
    people = [text for owner in owners for text in (owner.name, owner.phone, owner.id_number) if text]
    texts = [document.title, document.serial or "", *values_of(document.entered), *pages, unit_code, *people]
    return Source(
        document_id=document.id,
        title=document.title,
        serial=document.serial,
        form_code=document.form_code,
        dossier_id=document.dossier_id,
        series=document.series,
        section=document.section,
        unit_code=unit_code,
        dated=document.dated,
        owners=tuple(owner.name for owner in owners),
        numbers=tuple(number for owner in owners for number in (owner.phone, owner.id_number) if number),
        texts=tuple(text for text in texts if text.strip()),
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
    query = select(Page.document_id, Page.text).where(Page.document_id.in_(document_ids), Page.text != "")
    texts: dict[int, list[str]] = defaultdict(list)
    for document_id, text in session.execute(query.order_by(Page.document_id, Page.position)):
        texts[document_id].append(text)
    return texts


def _owners(session: Session, dossier_ids: set[int | None]) -> dict[int | None, list[Owner]]:
    query = (
        select(Dossier.id, Owner)
        .join(OwnershipOwner, OwnershipOwner.ownership_id == Dossier.ownership_id)
        .join(Owner, Owner.id == OwnershipOwner.owner_id)
        .where(Dossier.id.in_(dossier_ids))
        .order_by(Dossier.id, Owner.id)
    )
    owners: dict[int | None, list[Owner]] = defaultdict(list)
    for dossier_id, owner in session.execute(query):
        owners[dossier_id].append(owner)
    return owners
