"""What somebody asks, and may know of: the question as a page or a command has it, and as the engine is asked it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from records import identifiers
from records.errors import BadInput
from search import analysis
from search.expressions import Expression, Scope, Span, Token, either, every
from search.index import Index
from search.query import Ignored, understand
from search.sources import Source
from search.tables import places_between

#: An engine takes this many dossiers as tokens at once; beyond, asking the entries is faster.
_MOST_TOKENS = 50
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)

Order = Literal["date", "relevance"]


@dataclass(frozen=True)
class Question:
    """A question (see ``search.query``), and what narrows it: empty narrows nothing.

    ``within`` is a second question that narrows the first (a facet's). ``unit`` in any spelling, ``form`` by code, name
    or alias; ``since`` and ``until`` are local dates, both included. ``order``: newest first, or by relevance.
    """

    text: str = ""
    within: str = ""
    unit: str = ""
    form: str = ""
    since: date | None = None
    until: date | None = None
    order: Order = "date"


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
class Asked:
    """A question as it is put to the engine: what it means, all that narrows it, and what was not followed.

    ``whole`` is None when there is nothing to look for.
    """

    meaning: Expression | None
    whole: Expression | None
    ignored: tuple[Ignored, ...]


def ask(index: Index, question: Question, visible: Visible) -> Asked:
    """What a question means to this asker. Raises BadUnitCode, BadInput (no such form).

    Permission stands outermost: what is not visible is neither found, counted nor shown. An empty question lists what
    the filters leave, and nothing without a filter.
    """
    words, narrowing = understand(index, question.text), understand(index, question.within)
    filters = list(_filters(index, question))
    filters += [narrowing.meaning] if narrowing.meaning is not None else []
    asked = [words.meaning] if words.meaning is not None else []
    ignored = (*words.ignored, *narrowing.ignored)
    if not asked and (question.text.strip() or not filters):
        return Asked(None, None, ignored)
    return Asked(words.meaning, every([visible.expression(), *filters, *asked]), ignored)


def _filters(index: Index, question: Question) -> Iterator[Expression]:
    if question.unit:
        yield Token("u§" + identifiers.validate(question.unit).lower().replace("-", "x"))
    if question.form:
        codes = index.form_named(question.form)
        if not codes:
            raise BadInput(what=f"表单 {question.form}")
        yield either(Token(analysis.form_token(code)) for code in codes)
    if question.since or question.until:
        yield Span(*places_between(question.since or _FIRST_DAY, question.until or _LAST_DAY))
