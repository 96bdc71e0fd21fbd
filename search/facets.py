"""Facets: how what was found falls into forms, series, sections, years and buildings; only what one may know of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from records.tables import Document
from search.asking import Question, Visible, ask
from search.index import Index
from search.tables import SearchEntry, chosen
from search.walking import newest

#: Of more than these the newest are counted; ``Facets.counted`` says so.
MOST_COUNTED = 2_000
_MOST_VALUES = 12


@dataclass(frozen=True)
class Value:
    """One value of a facet, how many of the documents have it, and the question that leaves only these."""

    key: str
    count: int
    within: str


@dataclass(frozen=True)
class Facets:
    """The most frequent values of each facet.

    ``counted``: over how many documents, the newest of what was found; ``more``: there are older ones beside.
    """

    counted: int
    more: bool = False
    forms: tuple[Value, ...] = ()
    series: tuple[Value, ...] = ()
    sections: tuple[Value, ...] = ()
    years: tuple[Value, ...] = ()
    buildings: tuple[Value, ...] = ()


def facets(session: Session, index: Index, question: Question, visible: Visible) -> Facets:
    """The facets of a question, asked as ``results.search`` asks it: permission stands outermost in the counts too.

    Raises BadUnitCode, BadInput (no such form).
    """
    asked = ask(index, question, visible)
    if asked.whole is None:
        return Facets(0)
    found = newest(session, asked.whole, MOST_COUNTED + 1)
    if not found:
        return Facets(0)
    groups = _groups(session, found[:MOST_COUNTED])
    return Facets(
        min(len(found), MOST_COUNTED),
        len(found) > MOST_COUNTED,
        _values(groups, lambda row: [row.form_code], "表单:{}"),
        _values(groups, _series, "类别:{}"),
        _values(groups, lambda row: [row.section] if row.section else [], "目录:{}"),
        _values(groups, lambda row: [row.year], "日期:{}"),
        _values(groups, lambda row: [row.unit_code.partition("-")[0]] if row.unit_code else [], "单元:{}栋"),
    )


def _groups(session: Session, places: Sequence[int]) -> Sequence[Any]:
    """Rows of form_code, series, section, year, unit_code and count."""
    year = func.substr(cast(SearchEntry.dated, Text), 1, 4).label("year")
    columns = (SearchEntry.form_code, SearchEntry.series, Document.section, year, SearchEntry.unit_code)
    query = (
        select(*columns, func.count().label("documents"))
        .join(Document, Document.id == SearchEntry.document_id)
        .where(chosen(session, SearchEntry.place, places))
        .group_by(*columns)
    )
    return session.execute(query).all()


def _series(row: Any) -> set[str]:
    return {row.form_code.partition("-")[0], *([row.series] if row.series else [])}


def _values(groups: Sequence[Any], keys: Callable[[Any], Iterable[str]], within: str) -> tuple[Value, ...]:
    counts: Counter[str] = Counter()
    for row in groups:
        for key in keys(row):
            counts[key] += row.documents
    frequent = sorted(counts, key=lambda key: (-counts[key], key))[:_MOST_VALUES]
    return tuple(Value(key, counts[key], within.format(key)) for key in frequent)
