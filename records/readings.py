"""What stands on a filed page, field by field with its place: read by recognition, printed, or corrected by a person.

A correction wins: a later run of recognition keeps every field that a person has corrected. All writers take the
log's lock first, so that a run and a correction of the same page come one after the other, whichever is first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import access, audit, changes, clock
from records.access import Decision
from records.audit import Verb
from records.database import Base
from records.errors import BadInput, NotFound
from records.tables import Document, Page
from records.users import Actor
from records.verify import Finding

#: The key under which a page without known fields is kept as a whole.
WHOLE = ""
#: What a person types into one field at most; a page of dense writing has about 1,500 characters.
LONGEST = 5_000
#: Parts the fields in a page's text: no word goes across it (see ``search.analysis``).
_BETWEEN = "\n·\n"

Place = tuple[float, float, float, float]


class PageReading(Base):
    """The fields of one page as JSON: {key: see ``FieldRead``}, in the order they stand on the page."""

    __tablename__ = "page_readings"

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), primary_key=True, autoincrement=False)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)


@dataclass(frozen=True)
class LineRead:
    """A line of writing. ``box``: left, top, width, height as fractions 0..1 of the upright page; confidence 0..1."""

    text: str
    box: Place
    confidence: float | None = None


@dataclass(frozen=True)
class FieldRead:
    """What a field holds, and how that is known.

    ``state``: recognised (by a program), corrected (by a person, ``by`` whom and ``at`` when in UTC), printed (what was
    entered before printing), blank (no ink was found). ``box`` is None where the field's place is not known.
    """

    text: str
    state: str
    box: Place | None = None
    lines: tuple[LineRead, ...] = ()
    confidence: float | None = None
    by: int | None = None
    at: str | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> FieldRead:
        """A field as it was kept."""
        lines = tuple(LineRead(one["text"], _place(one["box"]), one["confidence"]) for one in kept["lines"])
        box = _place(kept["box"]) if kept["box"] is not None else None
        return cls(**{**kept, "box": box, "lines": lines})


@dataclass(frozen=True)
class PageRead:
    """One page of a document as it reads: its position, and its fields by key."""

    page_id: int
    position: int
    fields: Mapping[str, FieldRead] = field(default_factory=dict)


def _place(numbers: Sequence[float]) -> Place:
    left, top, width, height = numbers
    return left, top, width, height


def of_documents(session: Session, document_ids: Iterable[int]) -> dict[int, list[PageRead]]:
    """What is known of the pages of these documents, by document, in the order of the pages.

    A page that was read before fields were known is one field ``WHOLE`` without a place.
    """
    query = (
        select(Page.document_id, Page.id, Page.position, Page.text, PageReading.fields)
        .outerjoin(PageReading, PageReading.page_id == Page.id)
        .where(Page.document_id.in_(list(document_ids)))
        .order_by(Page.document_id, Page.position)
    )
    found: dict[int, list[PageRead]] = {}
    for document_id, page_id, position, text, kept in session.execute(query):
        found.setdefault(document_id, []).append(PageRead(page_id, position, _fields(kept, text)))
    return found


def _fields(kept: Mapping[str, Any] | None, text: str) -> dict[str, FieldRead]:
    if kept is not None:
        return {key: FieldRead.of(one) for key, one in kept.items()}
    return {WHOLE: FieldRead(text, "recognised")} if text else {}


def keep(session: Session, page: Page, fields: Mapping[str, FieldRead]) -> None:
    """Keep what recognition read on a page, but for what a person has corrected there; the index follows."""
    audit.lock(session)
    row = session.get(PageReading, page.id, populate_existing=True)
    before = _fields(row.fields, "") if row is not None else {}
    corrected = {key: one for key, one in before.items() if one.state == "corrected"}
    _write(session, page, row, merged(fields, corrected))
    page.reading, page.leased_until = "done", None
    audit.append(session, None, Verb.PAGE_READ, f"document:{page.document_id}", {"page": page.position})


def merged(fields: Mapping[str, FieldRead], corrected: Mapping[str, FieldRead]) -> dict[str, FieldRead]:
    """A new run's fields with the corrections in their places.

    A page that a person corrected as a whole stays as it was put, whatever fields are known of it by now.
    """
    if WHOLE in corrected:
        return dict(corrected)
    return {**fields, **corrected}


def _write(session: Session, page: Page, row: PageReading | None, fields: Mapping[str, FieldRead]) -> None:
    kept = {key: asdict(one) for key, one in fields.items()}
    if row is None:
        session.add(PageReading(page_id=page.id, fields=kept))
    else:
        row.fields = kept
    page.text = text_of(fields)
    changes.touch(session, [page.document_id])


def text_of(fields: Mapping[str, FieldRead]) -> str:
    """The page's text for search: what was written by hand or stands on a page without fields.

    What was printed is kept with the document already.
    """
    return _BETWEEN.join(one.text for one in fields.values() if one.text and one.state != "printed")


def correct(session: Session, actor: Actor, document_id: int, position: int, key: str, text: str) -> FieldRead:
    """Put right what was read in a field of a page; empty text says that nothing is written there.

    Whoever may see the page may correct it. Raises NotFound (also for what the actor may not see, and for a field that
    the page does not have), BadInput (too long; a printed field, which stays as it was printed).
    """
    audit.lock(session)
    document, decision = access.judge_document(session, actor, document_id)
    page = session.scalar(select(Page).where(Page.document_id == document_id, Page.position == position))
    if document is None or page is None or not decision.allowed:
        raise NotFound(what=f"文件 {document_id} 第 {position} 页")
    row = session.get(PageReading, page.id, populate_existing=True)
    fields = _fields(row.fields if row is not None else None, page.text) or {WHOLE: FieldRead("", "blank")}
    if key not in fields:
        raise NotFound(what=f"文件 {document_id} 第 {position} 页的「{key}」")
    if fields[key].state == "printed":
        raise BadInput(what="打印的内容以表单为准,不在此更正")
    fields[key] = corrected(fields[key], typed(text), actor.id)
    _write(session, page, row, fields)
    details = {"page": position, "field": key, "grant": decision.grant_id, "dossier": document.dossier_id}
    audit.append(session, actor.id, Verb.PAGE_CORRECTED, f"document:{document_id}", details)
    return fields[key]


def log_shown(session: Session, actor: Actor, document: Document, position: int, decision: Decision) -> None:
    """Log that what stands on a page was shown as text."""
    details = {"page": position, "grant": decision.grant_id, "dossier": document.dossier_id}
    audit.append(session, actor.id, Verb.PAGE_TEXT_SHOWN, f"document:{document.id}", details)


def typed(text: str) -> str:
    """What a person typed, as it is kept: line ends alike, nothing that no page can hold. Raises BadInput."""
    lines = [" ".join(line.split()) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    clean = "".join(one for one in "\n".join(lines).strip() if one == "\n" or unicodedata.category(one)[0] != "C")
    if len(clean) > LONGEST:
        raise BadInput(what=f"一项不超过 {LONGEST} 个字")
    return clean


def corrected(before: FieldRead, text: str, actor_id: int) -> FieldRead:
    """A field with a person's words: its lines keep their places where there are as many as were read."""
    written = text.split("\n") if text else []
    if len(written) == len(before.lines):
        lines = tuple(LineRead(one, line.box) for one, line in zip(written, before.lines, strict=True))
    else:
        lines = (LineRead(text, before.box),) if text and before.box is not None else ()
    now = clock.now().isoformat(timespec="seconds")
    return FieldRead(text, "corrected", before.box, lines, None, actor_id, now)


def read_again(session: Session, actor: Actor, document_id: int) -> int:
    """Let recognition read every page of a document once more; corrections stay. Returns how many pages wait now.

    Raises NotFound (also for what the actor may not see).
    """
    audit.lock(session)
    document = session.get(Document, document_id, populate_existing=True)
    if document is None or not access.may_see_document(session, actor, document).allowed:
        raise NotFound(what=f"文件 {document_id}")
    pages = session.scalars(select(Page).where(Page.document_id == document_id, Page.reading.in_(("done", "failed"))))
    count = 0
    for page in pages:
        page.reading, page.leased_until = "waiting", None
        count += 1
    audit.append(session, actor.id, Verb.PAGE_TO_READ_AGAIN, f"document:{document_id}", {"pages": count})
    return count


def findings(session: Session) -> Iterator[Finding]:
    """Pages whose text for search is not what their fields say."""
    query = select(Page.document_id, Page.position, Page.text, PageReading.fields)
    for document_id, position, text, kept in session.execute(query.join(PageReading, PageReading.page_id == Page.id)):
        if text_of(_fields(kept, "")) != text:
            zh = f"文件 {document_id} 第 {position} 页的正文与各栏目识别的文字不一致"
            en = f"the text of page {position} of document {document_id} is not what its fields say"
            yield Finding("reading.text", f"document:{document_id}", zh, en)
