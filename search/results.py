"""Answering: a question in, the documents that the asker may know of out, newest first or by relevance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.orm import Session

from records import identifiers, readings
from records.errors import BadInput
from search import analysis, ranking, snippets
from search.expressions import Expression, Scope, Span, Token, either, every
from search.index import Index
from search.places import Found, found_on
from search.query import Ignored, understand
from search.reasons import reasons
from search.sources import Source, gather
from search.tables import document_at, places_between
from search.walking import newest

#: Beyond this many the number found is not counted: who finds more narrows the question, and no page gets slower.
MOST_COUNTED = 1_000
#: An engine takes this many dossiers as tokens at once; beyond, asking the entries is faster.
_MOST_TOKENS = 50
_BATCH = 200
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Visible:
    """What an asker may know of: dossiers by id (their live grants), and whether the office's own series."""

    dossiers: Sequence[int] = ()
    series: bool = False

    def expression(self) -> Expression:
        """The documents of these dossiers and series; without any, none."""
        if len(self.dossiers) > _MOST_TOKENS:
            return Scope(tuple(self.dossiers), self.series)
        scopes = [Token(analysis.scope_token(dossier_id)) for dossier_id in dict.fromkeys(self.dossiers)]
        return either([*scopes, *([Token(analysis.scope_token(None))] if self.series else [])])

    def includes(self, source: Source) -> bool:
        """Whether a document is among them."""
        return self.series if source.dossier_id is None else source.dossier_id in self.dossiers


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


Order = Literal["date", "relevance"]


@dataclass(frozen=True)
class Asked:
    """A question as it is put to the engine: what it means, all that narrows it, and what was not followed.

    ``whole`` is None when there is nothing to look for.
    """

    meaning: Expression | None
    whole: Expression | None
    ignored: tuple[Ignored, ...]


def ask(
    index: Index,
    text: str,
    *,
    visible: Visible,
    within: str = "",
    unit: str | None = None,
    form: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Asked:
    """What a question means to this asker (see ``search``). Raises BadUnitCode, BadInput (no such form)."""
    question, narrowing = understand(index, text), understand(index, within)
    filters = list(_filters(index, unit, form, since, until))
    filters += [narrowing.meaning] if narrowing.meaning is not None else []
    asked = [question.meaning] if question.meaning is not None else []
    ignored = (*question.ignored, *narrowing.ignored)
    if not asked and (text.strip() or not filters):
        return Asked(None, None, ignored)
    return Asked(question.meaning, every([visible.expression(), *filters, *asked]), ignored)


def search(
    session: Session,
    index: Index,
    text: str,
    *,
    visible: Visible,
    within: str = "",
    unit: str | None = None,
    form: str | None = None,
    since: date | None = None,
    until: date | None = None,
    order: Order = "date",
    limit: int = 20,
    offset: int = 0,
    before: int | None = None,
) -> Results:
    """Find documents by a question (see ``search.query``) within a unit, a form and a range of local dates.

    ``within`` is a second question that narrows the first (a facet's). Newest first, or by relevance, which ranks the
    newest ``ranking.RANKED`` only and leaves older ones to follow by date. ``before`` is ``Results.next`` of the page
    before (by date only, and then ``offset`` says nothing): it costs the same however far one has paged.
    Permission stands outermost in the query: what is not visible is neither found, counted nor shown.
    An empty question lists what the filters leave, and nothing without a filter.
    Raises BadUnitCode, BadInput (no such form).
    """
    asked = ask(index, text, visible=visible, within=within, unit=unit, form=form, since=since, until=until)
    if asked.whole is None:
        return Results(0, (), asked.ignored)
    found = newest(session, asked.whole, max(MOST_COUNTED, offset + limit) + 1)
    following = None
    if order == "relevance" and asked.meaning is not None:
        places = ranking.page(session, found, asked.meaning, limit, offset)
    else:
        rest = found[offset:] if before is None else newest(session, asked.whole, limit + 1, before)
        places = rest[:limit]
        following = places[-1] if len(rest) > limit else None
    hits = tuple(_hits(session, asked.meaning, visible, places))
    return Results(min(len(found), MOST_COUNTED), hits, asked.ignored, following, len(found) > MOST_COUNTED)


def finds_anything(session: Session, index: Index, text: str, *, visible: Visible) -> bool:
    """Whether a question finds at least one document that the asker may know of; counts and shows none."""
    asked = ask(index, text, visible=visible)
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


def _filters(
    index: Index, unit: str | None, form: str | None, since: date | None, until: date | None
) -> Iterator[Expression]:
    if unit:
        yield Token("u§" + identifiers.validate(unit).lower().replace("-", "x"))
    if form:
        codes = index.form_named(form)
        if not codes:
            raise BadInput(what=f"表单 {form}")
        yield either(Token(analysis.form_token(code)) for code in codes)
    if since or until:
        yield Span(*places_between(since or _FIRST_DAY, until or _LAST_DAY))


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
