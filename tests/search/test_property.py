"""Permission holds on every branch: an answer equals the answer over only what its asker may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import dossiers, units
from records.database import Database
from records.tables import Dossier
from records.vault import Vault
from search import names
from search.analysis import fold, fragment_form, normal_form
from search.asking import Question, Visible
from search.facets import facets
from search.index import Index
from search.results import search
from search.suggestions import did_you_mean, suggest
from search.widening import wider
from tests.search.conftest import put_document

WORDS = ["漏水", "卫生间", "天花板漏水", "水", "张伟", "3-2-1201", "12栋", "wifi", "，", " ", "2026-03-31", "结案"]


@dataclass(frozen=True)
class Filed:
    """A random document: whose, which form, when, and what it says."""

    scope: int
    form_code: str
    day: int
    text: str


filed = st.builds(
    Filed,
    st.integers(0, 3),
    st.sampled_from(["HF-01", "RZ-01", "TS-01"]),
    st.integers(1, 5),
    st.lists(st.sampled_from(WORDS), max_size=6).map("".join),
)
leaf = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["业主:王", "业主:李", "单元:3-2-1202", "表单:入住", "日期:2026-03-02", "日期:>2026-03-03",
                     "类别:HF", "状态:在用", "状态:业务", "状态:缺签名",
                     "wang", "业主:wjg", "lls", "wjàn", "13800", "业主:0013", "漏水卫生間",
                     '"漏水卫生间"', '"花板漏"', "生间", "人住通知书", "1201", "3栋", "wi*"]),
)  # fmt: skip
questions = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR ", " 且 ", " 或 ", " "]), inner).map(
            lambda both: f"({both[0]}{both[1]}{both[2]})"
        ),
        inner.map(lambda one: f"(NOT {one})"),
        inner.map(lambda one: f"(漏水 非 {one})"),
    ),
    max_leaves=6,
)
visibles = st.tuples(st.sets(st.integers(1, 3)), st.booleans())
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def corpus(database: Database, index: Index, documents: dict[int, Filed]) -> Iterator[Session]:
    """A session in which exactly these documents are filed and indexed; undone at the end."""
    with Session(database.engine) as session:
        known = [None, *session.scalars(select(Dossier).order_by(Dossier.id))]
        for document_id, one in documents.items():
            dossier = known[one.scope]
            place = {} if dossier is None else {"dossier_id": dossier.id, "unit_id": dossier.ownership.unit_id}
            at = {"form_code": one.form_code, "title": "记录", "dated": date(2026, 3, one.day), "pages": [one.text]}
            at |= {"serial": f"{one.form_code}-2026-{document_id:06d}-*", "section": "other" if place else None}
            put_document(session, document_id, **place, **at)
        index.follow(session)
        names.follow(session)
        session.flush()
        yield session
        session.rollback()


def everything_told(session: Session, index: Index, question: str, visible: Visible) -> list[object]:
    """All that search says to a question: by date, by relevance, narrowed, facets, suggestions, what was meant."""
    typed = question.strip("()").split(" ")[-1][:4]
    return [
        search(session, index, Question(question), visible),
        search(session, index, Question(question, order="relevance"), visible, limit=3),
        search(session, index, Question(question, within="类别:HF 或 漏水"), visible, limit=2),
        search(session, index, Question("水", within=question), visible),
        facets(session, index, Question(question), visible),
        *(
            suggest(session, index, part, visible=visible, register=True)
            for part in (typed, "编号:TS-01-2026", "00000")
        ),
        did_you_mean(session, index, typed.replace("水", "税"), visible=visible, register=True),
        wider(session, index, f"{question} 日期:2019", visible=visible),
    ]


def three_dossiers(database: Database, vault: Vault, actors: Any) -> list[int]:
    """Two owners of one unit, and a neighbour."""
    with database.transaction() as session:
        known = list(session.scalars(select(Dossier.id).order_by(Dossier.id)))
        if known:
            return known
        home = units.add_unit(session, actors.manager, "东光花园", "3-2-1201")
        next_door = units.add_unit(session, actors.manager, "东光花园", "3-2-1202")
        people = [
            (home, "王建国", "13800138000", 2015),
            (home, "李漏水", "13800138111", 2020),
            (next_door, "王结案", "", 2016),
        ]
        return [
            dossiers.start_ownership(
                session, vault, actors.archivist, unit, [dossiers.NewOwner(name, phone)], date(year, 1, 1)
            ).id
            for unit, name, phone, year in people
        ]


@pytest.mark.parametrize("most_tokens", [50, 0], ids=["few grants", "many grants"])
@QUIET
@given(st.lists(filed, max_size=8), st.lists(questions, min_size=1, max_size=4), visibles)
def test_the_answer_is_the_answer_over_only_what_one_may_see(
    database: Database,
    vault: Vault,
    actors: Any,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    most_tokens: int,
    documents: list[Filed],
    asked: list[str],
    may_see: tuple[set[int], bool],
) -> None:
    monkeypatch.setattr("search.asking._MOST_TOKENS", most_tokens)
    ids = three_dossiers(database, vault, actors)
    scopes, series = may_see
    visible = Visible([ids[scope - 1] for scope in scopes], series)
    everything = dict(enumerate(documents, start=1))
    seen = {key: one for key, one in everything.items() if (one.scope in scopes if one.scope else series)}

    def answers(known: dict[int, Filed], to: Visible) -> list[object]:
        with corpus(database, index, known) as session:
            return [answer for question in asked for answer in everything_told(session, index, question, to)]

    assert answers(everything, visible) == answers(seen, Visible(ids, True))


@QUIET
@given(st.lists(filed, min_size=1, max_size=8), st.data())
def test_any_fragment_is_found_wherever_it_stands_and_nowhere_else(
    database: Database, vault: Vault, actors: Any, index: Index, documents: list[Filed], data: st.DataObject
) -> None:
    ids = three_dossiers(database, vault, actors)
    text = data.draw(st.sampled_from(documents)).text
    start = data.draw(st.integers(0, len(text)))
    fragment = text[start : data.draw(st.integers(start, len(text)))]
    wanted = fragment_form(fold(fragment))
    if not wanted or any(character.isdigit() for character in fragment):
        return
    with corpus(database, index, dict(enumerate(documents, start=1))) as session:
        owners = dict(zip(ids, ["王建国", "李漏水", "王结案"], strict=True))
        found = {hit.document_id for hit in search(session, index, Question(f'"{fragment}"'), Visible(ids, True)).hits}
    expected = {
        number
        for number, one in enumerate(documents, start=1)
        if wanted in normal_form(fold(one.text)) or (one.scope and wanted in normal_form(owners[ids[one.scope - 1]]))
    }
    assert found == expected
