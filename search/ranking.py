"""Order by relevance, alike on both engines: the newest of what was found are ranked here by how often they say it.

Neither engine keeps how often a word stands in a document (that would double the index), and both would have to read
every document found to rank it. So the newest ``RANKED`` are ranked, and older ones follow by date: what it trades is
that an old document never rises above a newer page of results, however well it fits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from search.analysis import form_token, is_han, unit_tokens
from search.expressions import Expression, Fragment, Token, wanted
from search.tables import SearchEntry, chosen

#: How many of the newest documents found are ranked.
RANKED = 1000
# BM25's usual constants: how soon more of the same word stops to count, and how much long texts are held back.
_SATURATION, _LENGTH = 1.2, 0.75
#: The title stands first in a text; a word in it counts as often as this more.
_IN_TITLE, _TITLE = 2, 24
#: What a fact about the document (its form, its unit) counts as, against words in its text.
_FACT = 4


@dataclass(frozen=True)
class Ranked:
    """What ranking looks at: a document's words in normal form, and the tokens of its form and unit."""

    place: int
    words: str
    facts: frozenset[str]


Counter = Callable[[Ranked], float]


def page(session: Session, found: Sequence[int], meaning: Expression, limit: int, offset: int) -> Sequence[int]:
    """Of the places that were found, newest first, those of one page by relevance; of equal ones the newest first."""
    if offset >= RANKED:
        return found[offset : offset + limit]
    best = ranked(_read(session, found[:RANKED]), meaning)
    return [*best, *found[RANKED:]][offset : offset + limit]


def ranked(documents: Sequence[Ranked], meaning: Expression) -> list[int]:
    """Places, the most relevant first."""
    scores = dict.fromkeys((one.place for one in documents), 0.0)
    mean = sum(len(one.words) for one in documents) / max(1, len(documents))
    for leaf in dict.fromkeys(wanted(meaning)):
        counter = _counter(leaf)
        counts = {one.place: count for one in documents if (count := counter(one))}
        rarity = math.log(1 + (len(documents) - len(counts) + 0.5) / (len(counts) + 0.5))
        lengths = {one.place: len(one.words) / mean for one in documents if one.place in counts}
        for place, count in counts.items():
            scores[place] += rarity * _saturated(count, lengths[place])
    return sorted(scores, key=lambda place: (-scores[place], -place))


def _saturated(count: float, length: float) -> float:
    return count * (_SATURATION + 1) / (count + _SATURATION * (1 - _LENGTH + _LENGTH * length))


def _counter(leaf: Token | Fragment) -> Counter:
    text = leaf.text.removeprefix("o§")
    if "§" in text:
        return lambda one: _FACT if text in one.facts else 0
    # Letters and digits stand between spaces in a normal form; Chinese joins what is around it.
    shown = text if isinstance(leaf, Fragment) or is_han(text) else f" {text}{'' if leaf.prefix else ' '}"
    return lambda one: one.words.count(shown) + (_IN_TITLE if shown in one.words[:_TITLE] else 0)


def _read(session: Session, places: Sequence[int]) -> list[Ranked]:
    query = select(SearchEntry.place, SearchEntry.words, SearchEntry.form_code, SearchEntry.unit_code)
    query = query.where(chosen(session, SearchEntry.place, places))
    rows: Mapping[int, Ranked] = {
        place: Ranked(place, words, _facts(form_code, unit_code))
        for place, words, form_code, unit_code in session.execute(query)
    }
    return [rows[place] for place in places if place in rows]


def _facts(form_code: str, unit_code: str) -> frozenset[str]:
    return frozenset([form_token(form_code), *(unit_tokens(unit_code)[:4] if unit_code else [])])
