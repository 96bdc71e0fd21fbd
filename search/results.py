"""Answering: a question in, the documents that the asker may know of out, newest first or by relevance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from records import readings
from search import ranking, snippets
from search.asking import Asked, Question, Visible, ask
from search.expressions import Expression
from search.index import Index
from search.places import Found, found_on
from search.query import Ignored
from search.reasons import reasons
from search.sources import Source, gather
from search.tables import document_at
from search.walking import newest

#: Beyond this many the number found is not counted: who finds more narrows the question, and no page gets slower.
MOST_COUNTED = 1_000
_BATCH = 200


@dataclass(frozen=True)
class Hit:
    """A document found. ``snippet``: raw text as (text, is a hit) parts, to be escaped by whoever shows them.

    ``found``: in which fields of which pages, and where on their pictures. ``reasons``: see ``search.reasons``.
    ``heading``: the title with the hits marked; the snippet is of the rest.
    """

    document_id: int
    title: str
    serial: str | None
    form_code: str
    dossier_id: int | None
    series: str | None
    section: str | None
    unit: str
    dated: date
    snippet: tuple[snippets.Part, ...]
    found: tuple[Found, ...] = ()
    reasons: tuple[str, ...] = ()
    heading: tuple[snippets.Part, ...] = ()


@dataclass(frozen=True)
class Results:
    """``total`` counts what was found and may be known of, up to ``MOST_COUNTED``; ``hits`` is the page asked for.

    ``more``: there are more than ``total``. ``next`` is where the page after it begins (see ``search``); None at the
    end, and by relevance.
    """

    total: int
    hits: tuple[Hit, ...]
    ignored: tuple[Ignored, ...]
    next: int | None = None
    more: bool = False


def search(
    session: Session,
    index: Index,
    question: Question,
    visible: Visible,
    *,
    limit: int = 20,
    offset: int = 0,
    before: int | None = None,
) -> Results:
    """Find the documents that a question means, of those that the asker may know of (see ``search.asking``).

    Newest first, or by relevance, which ranks the newest ``ranking.RANKED`` only and leaves older ones to follow by
    date. ``before`` is ``Results.next`` of the page before (by date only, and then ``offset`` says nothing): it costs
    the same however far one has paged. Raises BadUnitCode, BadInput (no such form).
    """
    asked = ask(index, question, visible)
    if asked.whole is None:
        return Results(0, (), asked.ignored)
    found = newest(session, asked.whole, max(MOST_COUNTED, offset + limit) + 1)
    following = None
    if question.order == "relevance" and asked.meaning is not None:
        places = ranking.page(session, found, asked.meaning, limit, offset)
    else:
        rest = found[offset:] if before is None else newest(session, asked.whole, limit + 1, before)
        places = rest[:limit]
        following = places[-1] if len(rest) > limit else None
    hits = tuple(_hits(session, asked.meaning, visible, places))
    return Results(min(len(found), MOST_COUNTED), hits, asked.ignored, following, len(found) > MOST_COUNTED)


def finds_anything(session: Session, index: Index, text: str, visible: Visible) -> bool:
    """Whether a question finds at least one document that the asker may know of; counts and shows none."""
    asked = ask(index, Question(text), visible)
    return asked.whole is not None and bool(newest(session, asked.whole, 1))


def every_hit(session: Session, asked: Asked, visible: Visible, most: int) -> Iterator[Hit]:
    """All that a question finds, newest first, up to ``most``, in batches of which each follows on the one before.

    Without the places of the hits: a list of thousands shows none.
    """
    before: int | None = None
    while asked.whole is not None and most > 0:
        places = newest(session, asked.whole, min(_BATCH, most), before)
        yield from _hits(session, asked.meaning, visible, places, placed=False)
        if len(places) < _BATCH:
            return
        before, most = places[-1], most - len(places)


def _hits(
    session: Session, meaning: Expression | None, visible: Visible, places: Sequence[int], *, placed: bool = True
) -> Iterator[Hit]:
    sources = {source.document_id: source for source in gather(session, [document_at(place) for place in places])}
    shown = [source.document_id for source in sources.values() if visible.includes(source)]
    pages = readings.of_documents(session, shown) if placed and meaning is not None else {}
    for place in places:
        source = sources.get(document_at(place))
        if source is not None and visible.includes(source):
            yield _hit(source, meaning, found_on(pages.get(source.document_id, ()), meaning))


def _hit(source: Source, meaning: Expression | None, found: tuple[Found, ...]) -> Hit:
    headed = {source.title, source.serial}
    return Hit(
        document_id=source.document_id,
        title=source.title,
        serial=source.serial,
        form_code=source.form_code,
        dossier_id=source.dossier_id,
        series=source.series,
        section=source.section,
        unit=source.unit_code,
        dated=source.dated,
        snippet=snippets.snippet([text for text in source.texts if text not in headed], meaning),
        heading=snippets.marked(source.title, meaning),
        found=found,
        reasons=reasons(source, meaning),
    )
