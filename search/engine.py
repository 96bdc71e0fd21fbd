"""What search needs of a full-text engine inside the records' own database: to keep tokens, to find places by them.

An engine keeps a table ``search_words`` beside ``search_entries``: a place and its tokens. It parses no text of its
own: it gets tokens, and holds them as they are. It is asked for the newest places, and stops when there are enough.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import BigInteger, ColumnElement, String, cast, column, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from search.analysis import scope_token, words_tokens
from search.expressions import Expression
from search.tables import LIVE, SearchEntry

#: Every document has it: all documents but some are these without those.
ANY_DOCUMENT = "§"
_SCOPE = re.compile(f" {scope_token(None)}([0-9]+) ")
#: The first and the last place there can be.
FIRST, LAST = 0, (1 << 62)


@dataclass(frozen=True)
class Reach:
    """Where to look: places from ``first`` to ``last``, both included; of these dossiers only, unless None.

    ``rare``: little of what the question names is theirs, so that their own documents are the shorter list to go by.
    """

    first: int = FIRST
    last: int = LAST
    dossiers: tuple[int, ...] | None = None
    rare: bool = False


@dataclass(frozen=True)
class Looked:
    """What was looked at: places that are meant, newest first; how many candidates there were, and the oldest.

    Fewer candidates than asked for are all that there are.
    """

    places: list[int]
    candidates: int
    oldest: int


#: What an entry must be besides having the tokens (``search.walking.decides``); None: nothing.
Decision = ColumnElement[bool] | None
#: A document as the engine takes it: place, words, and facts, as in ``SearchEntry``.
Kept = tuple[int, str, str]
#: Tells all that should be kept, anew each time it is called.
Telling = Callable[[], Iterable[Kept]]


def dossier_in(facts: str) -> int | None:
    """The dossier that an entry's facts name; None: outside all dossiers.

    >>> dossier_in(" a§open d§17 f§hf01 "), dossier_in(" d§ f§hf01 ")
    (17, None)
    """
    found = _SCOPE.search(facts)
    return int(found[1]) if found else None


def tokens_of(words: str, facts: str) -> set[str]:
    """Every token of an entry, by what the entry holds."""
    return {ANY_DOCUMENT, *words_tokens(words), *facts.split()}


class Engine(Protocol):
    """What search needs of a database: to keep tokens by place, and to say which places an expression names."""

    def create(self, connection: Connection, entries: str = LIVE) -> None:
        """Make the engine's own table beside a table of entries."""

    def drop(self, connection: Connection, entries: str = LIVE) -> None:
        """Remove it, and every word in it."""

    def put(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        """Keep the tokens of new places."""

    def remove(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        """Forget places and every token of theirs."""

    def newest(self, session: Session, asked: Expression, reach: Reach, limit: int, decided: Decision) -> Looked:
        """The newest places in an expression of tokens, and which of them are meant; see ``Looked``."""

    def contains(self, inside: ColumnElement[str], fragment: str) -> ColumnElement[bool]:
        """The condition that a text holds a fragment, character by character."""

    def places(self, session: Session) -> set[int]:
        """All places that are kept, for the check."""

    def disagreeing(self, session: Session, kept: Telling) -> set[int]:
        """Places of which other tokens are kept than should be, for the check."""

    def is_outgrown(self, session: Session) -> bool:
        """Whether the newest part has become so large that common words are slow to answer."""

    def is_sound(self, session: Session) -> bool:
        """Whether the engine's own structures are there and agree with themselves."""


def look(session: Session, query: str, values: Mapping[str, object], decided: Decision) -> Looked:
    """Candidates by a query of their places, and what is decided of them, without handing over either row by row."""
    candidates = text(query).columns(column("place", BigInteger)).cte("candidates")
    own, entries = candidates.c.place, SearchEntry.place
    # For each candidate its entry, and not the other way round: the entries are many.
    meant = (
        select(own) if decided is None else select(own).where(select(entries).where(entries == own, decided).exists())
    )
    gather = func.json_group_array if session.get_bind().dialect.name == "sqlite" else func.json_agg
    one = session.execute(
        select(
            select(cast(gather(meant.subquery().c.place), String)).scalar_subquery(),
            select(func.count(own)).scalar_subquery(),
            select(func.min(own)).scalar_subquery(),
        ),
        values,
    ).one()
    return Looked(sorted(json.loads(one[0] or "[]"), reverse=True), one[1], one[2] or FIRST)
