"""Answering: a question in, the documents that the asker may know of out, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import identifiers
from records.errors import BadInput
from search import analysis, snippets
from search.engines import Engine, decides, engine_for
from search.expressions import EVERYTHING, Expression, Scope, Span, Token, either, every, undecided, upper
from search.index import Index
from search.query import Ignored, understand
from search.sources import Source, gather
from search.tables import SearchEntry, document_at, places_between

#: An engine takes this many dossiers as tokens at once; beyond, asking the rows is faster (20,000 documents).
_MOST_TOKENS = 50
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
    """A document found. ``snippet``: raw text as (text, is a hit) parts, to be escaped by whoever shows them."""

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


@dataclass(frozen=True)
class Results:
    """``total`` counts all that was found and may be known of; ``hits`` is the page asked for."""

    total: int
    hits: tuple[Hit, ...]
    ignored: tuple[Ignored, ...]


def search(
    session: Session,
    index: Index,
    text: str,
    *,
    visible: Visible,
    unit: str | None = None,
    form: str | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int = 20,
    offset: int = 0,
) -> Results:
    """Find documents by a question (see ``search.query``) within a unit, a form and a range of local dates.

    Newest first. Permission stands outermost in the query: what is not visible is neither found, counted nor shown.
    An empty question lists what the filters leave, and nothing without a filter.
    Raises BadUnitCode, BadInput (no such form).
    """
    question = understand(index, text)
    filters = list(_filters(index, unit, form, since, until))
    asked = [question.meaning] if question.meaning is not None else []
    if not asked and (text.strip() or not filters):
        return Results(0, (), question.ignored)
    whole = every([visible.expression(), *filters, *asked])
    total, places = _find(session, engine_for(session), whole, limit, offset)
    sources = {source.document_id: source for source in gather(session, [document_at(place) for place in places])}
    found = [sources[document_at(place)] for place in places if document_at(place) in sources]
    hits = tuple(_hit(source, question.meaning) for source in found if visible.includes(source))
    return Results(total, hits, question.ignored)


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


def _find(
    session: Session, engine: Engine, expression: Expression, limit: int, offset: int
) -> tuple[int, Sequence[int]]:
    """How many places an expression names, and those of one page, newest first."""
    found = select(engine.place).where(engine.has(upper(expression)))
    rest = undecided(expression)
    if rest != EVERYTHING:
        found = found.join(SearchEntry, SearchEntry.place == engine.place).where(decides(engine, rest))
    return engine.page(session, found, limit, offset)


def _hit(source: Source, meaning: Expression | None) -> Hit:
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
        snippet=snippets.snippet(source.texts, meaning),
    )
