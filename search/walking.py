"""Newest first, and no further than asked: the engine names candidates, and the entries decide what tokens cannot.

Both databases walk alike: candidates in chunks from the newest back, of each chunk the entries that are meant, until
there are enough. So a page of a question costs little however much there is to find, and a count ends at a limit.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlalchemy.orm import Session

from search.analysis import is_han
from search.engine import FIRST, LAST, Engine, Reach
from search.engines import engine_for
from search.expressions import (
    EVERYTHING,
    NOTHING,
    Either,
    Every,
    Expression,
    Fragment,
    Scope,
    Span,
    Token,
    Without,
    every,
    is_exact,
    upper,
)
from search.tables import SearchEntry, chosen

#: The token of documents outside all dossiers (``analysis.scope_token``).
_OFFICE = Token("d§")
#: Candidates that are looked at together, at least and at most.
_FEWEST, _MOST = 100, 20_000
#: One in so many is rare.
_RARE = 20


@dataclass(frozen=True)
class _Way:
    """One way to walk: tokens for the engine, where it looks, and what is left to the entries."""

    asked: Expression
    reach: Reach
    rest: Expression


def newest(session: Session, meant: Expression, most: int, before: int | None = None) -> list[int]:
    """The newest places that an expression names, at most so many, newest first; those before a place, where given."""
    ways = [_walk(session, way, most) for way in _ways(meant, LAST if before is None else before - 1)]
    if len(ways) == 1:
        return list(islice(ways[0], most))
    # The ways have no document in common.
    return list(islice(heapq.merge(*ways, reverse=True), most))


def _ways(meant: Expression, last: int) -> list[_Way]:
    parts = meant.children if isinstance(meant, Every) else (meant,)
    first = FIRST
    scopes: list[Scope] = []
    others: list[Expression] = []
    for part in parts:
        if isinstance(part, Span):
            first, last = max(first, part.first), min(last, part.last)
        elif isinstance(part, Scope) and not scopes:
            scopes.append(part)
        else:
            others.append(part)
    asked = every(upper(part) for part in others)
    rest = every(part for part in others if not is_exact(part))
    if not scopes:
        return [_Way(asked, Reach(first, last), rest)]
    ways = [_Way(asked, Reach(first, last, scopes[0].dossiers), rest)]
    if scopes[0].series:
        ways.append(_Way(every([asked, _OFFICE]), Reach(first, last), rest))
    return ways


def _walk(session: Session, way: _Way, most: int) -> Iterator[int]:
    engine, first, dossiers = engine_for(session), way.reach.first, way.reach.dossiers
    last, size, found, seen = way.reach.last, most, 0, 0
    decided = None if way.rest == EVERYTHING else decides(session, way.rest)
    while way.asked != NOTHING:
        # Where the asker's documents are not too rare among the candidates these are looked at one by one.
        reach = Reach(first, last, dossiers, rare=found * _RARE < seen)
        looked = engine.newest(session, way.asked, reach, size, decided)
        yield from looked.places
        if looked.candidates < size:
            return
        found, seen = found + len(looked.places), seen + looked.candidates
        last = looked.oldest - 1
        # As many as are likely to hold what is missing: each costs a look at its entry.
        likely = min(seen // (found + 1) + 1, _RARE)
        size = min(max(_FEWEST, (most - found) * likely), _MOST)


def decides(session: Session, expression: Expression) -> ColumnElement[bool]:
    """The condition that an entry is in an expression, by what the entry itself holds."""
    decided: ColumnElement[bool]
    match expression:
        case Token():
            decided = _has(engine_for(session), expression)
        case Fragment(name, fragment):
            inside = SearchEntry.owners if name == "owners" else SearchEntry.words
            decided = engine_for(session).contains(inside.expression, fragment)
        case Span(first, last):
            decided = SearchEntry.place.between(first, last)
        case Scope(dossiers, series):
            whose = SearchEntry.dossier_id
            office = and_(whose.is_(None), true() if series else false())
            # A sum is no reason to look through the key of the dossiers: the candidates are few.
            decided = or_(chosen(session, whose + 0, dossiers), office)
        case Every(children):
            decided = and_(true(), *(decides(session, child) for child in children))
        case Either(children):
            decided = or_(false(), *(decides(session, child) for child in children))
        case Without(child):
            decided = not_(decides(session, child))
    return decided


def _has(engine: Engine, token: Token) -> ColumnElement[bool]:
    if is_han(token.text):
        return engine.contains(SearchEntry.words.expression, token.text)
    shown = f" {token.text}{'' if token.prefix else ' '}"
    fact = engine.contains(SearchEntry.facts.expression, shown)
    return fact if "§" in token.text else or_(fact, engine.contains(SearchEntry.words.expression, shown))
