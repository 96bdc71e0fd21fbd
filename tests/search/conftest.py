"""A small office to search in: two owners of one unit, neighbours, and the office's own series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import changes, clock, dossiers, units
from records.database import Database
from records.tables import Blob, Document, Key, Page, User
from records.users import Actor
from records.vault import Vault
from search import names
from search.asking import Question, Visible
from search.index import Index
from search.results import Results, search

NAMES = {
    "RZ-01": ["入住通知书", "收楼通知书", "人住通知书", "入住通知单"],
    "HF-01": ["客户回访记录表", "回访表"],
    "TS-01": ["客户投诉处理单", "投诉单"],
    "WZ-01": ["违章整改通知书"],
    "ZX-01": ["装修申请表", "二次装修申请表"],
    "YY-01": ["业主意见征询表"],
}
SERIES = {"HF": ["回访工作流程"], "TS": ["投诉处理工作流程"], "ZX": ["装修管理"]}


@pytest.fixture
def index() -> Index:
    """An index that knows a few forms and their aliases."""
    return Index(NAMES, SERIES)


def put_document(session: Session, document_id: int | None = None, **fields: Any) -> Document:
    """A filed document as a row, with the texts of its pages; no bytes behind it."""
    texts = fields.pop("pages", [])
    user_id = session.scalars(select(User.id)).first()
    key_id = session.scalars(select(Key.id)).first()
    if key_id is None:
        key = Key(scope="document", recipient="-", wrapped=None, created_at=clock.now())
        session.add(key)
        session.flush()
        key_id = key.id
    defaults: dict[str, Any] = {
        "form_code": "HF-01", "title": "客户回访记录表", "dated": date(2026, 3, 1), "series": "HF", "entered": {},
        "rule": "Y3", "state": "filed", "filed_at": clock.now(), "filed_by": user_id, "key_id": key_id,
    }  # fmt: skip
    if fields.get("dossier_id"):
        fields["series"] = None
    document = Document(id=document_id, **{**defaults, **fields})
    session.add(document)
    session.flush()
    for position, text in enumerate(texts, start=1):
        put_page(session, document, position, text)
    changes.touch(session, [document.id])
    return document


def put_page(session: Session, document: Document, position: int, text: str) -> Page:
    """A page that recognition has read."""
    blob = Blob(digest=f"{document.id:032x}{position:032x}", key_id=document.key_id, size=1, media_type="image/png")
    session.add(blob)
    session.flush()
    page = Page(document_id=document.id, position=position, blob_id=blob.id, reading="done", text=text)
    session.add(page)
    session.flush()
    return page


@dataclass
class Office:
    """The corpus, by names that tests can read: ``documents["leak"]`` is an id."""

    database: Database
    index: Index
    documents: dict[str, int]
    dossiers: dict[str, int]

    def ask(self, text: str, visible: Visible | None = None, **filters: Any) -> Results:
        """Search as somebody who may see everything, unless told otherwise."""
        everything = Visible(tuple(self.dossiers.values()), True)
        with self.database.reading() as session:
            paged = {name: filters.pop(name) for name in ("limit", "offset", "before") if name in filters}
            question = Question(text, **filters)
            return search(session, self.index, question, visible or everything, **{"limit": 100, **paged})

    def found(self, text: str, visible: Visible | None = None, **filters: Any) -> set[str]:
        """The names of the documents that a question finds."""
        named = {document_id: name for name, document_id in self.documents.items()}
        results = self.ask(text, visible, **filters)
        assert results.total == len(results.hits)
        return {named[hit.document_id] for hit in results.hits}


@pytest.fixture
def office(database: Database, vault: Vault, actors: Any, index: Index) -> Office:
    """The corpus: 12 documents that tests name, and 28 ordinary ones around them."""
    database.before_commit += [index.follow, names.follow]
    with database.transaction() as session:
        homes = _dossiers(session, vault, actors.archivist, actors.manager)
        documents = {name: put_document(session, **fields).id for name, fields in _named(homes).items()}
        for number in range(28):
            ordinary = {
                "dated": date(2025, 1 + number % 12, 1 + number),
                "pages": [f"例行回访第{number}次,业主对保洁与绿化表示满意,无其他意见。"],
                "serial": f"HF-01-2025-{number + 1:06d}-X",
            }
            documents[f"ordinary{number}"] = put_document(session, **ordinary).id
    return Office(database, index, documents, {name: dossier_id for name, (_, dossier_id) in homes.items()})


def _dossiers(session: Session, vault: Vault, archivist: Actor, manager: Actor) -> dict[str, tuple[int, int]]:
    home = units.add_unit(session, manager, "东光花园", "3-2-1201")
    next_door = units.add_unit(session, manager, "东光花园", "3-2-1202")
    people = {
        "zhang": (home, dossiers.NewOwner("张伟强", "13800138000", "11010119900307123X"), date(2015, 5, 1)),
        "ouyang": (home, dossiers.NewOwner("欧阳㼆", "13911112222"), date(2024, 6, 1)),
        "li": (next_door, dossiers.NewOwner("李𬱖", "13700001111"), date(2016, 1, 1)),
    }
    return {
        name: (unit.id, dossiers.start_ownership(session, vault, archivist, unit, [owner], since).id)
        for name, (unit, owner, since) in people.items()
    }


def _named(homes: dict[str, tuple[int, int]]) -> dict[str, dict[str, Any]]:
    def at(name: str) -> dict[str, Any]:
        unit_id, dossier_id = homes[name]
        return {"unit_id": unit_id, "dossier_id": dossier_id, "section": "other"}

    return {
        "notice": {**at("zhang"), "form_code": "RZ-01", "title": "入住通知书", "serial": "RZ-01-2015-000012-A",
                   "dated": date(2015, 5, 2),
                   "entered": {"place": "一楼大堂", "fees": [{"item": "供暖费", "amount": 1250}]}},
        "leak": {**at("ouyang"), "form_code": "TS-01", "title": "客户投诉处理单", "serial": "TS-01-2026-000123-7",
                 "dated": date(2026, 3, 31),
                 "pages": ["业主反映卫生间天花板漏水严重,影响楼下。", "处理结果:已更换水管。"]},
        "spaced": {**at("li"), "form_code": "TS-01", "title": "客户投诉处理单", "serial": "TS-01-2026-000124-*",
                   "dated": date(2026, 4, 2), "pages": ["厨 房 漏\n水 ,联 系 电 话 １３８－００１３－８０００"]},
        "noise": {**at("li"), "form_code": "TS-01", "title": "客户投诉处理单", "dated": date(2026, 4, 3),
                  "pages": ["楼上噪音,晚间装修。已结案。"], "signatures": {}},
        "fitting": {**at("ouyang"), "form_code": "ZX-01", "title": "装修申请表", "dated": date(2024, 7, 15),
                    "entered": {"scope": "卫生间防水、WiFi布线", "agreed": True}},
        "visit": {"form_code": "HF-01", "title": "客户回访记录表", "serial": "HF-01-2026-000007-K",
                  "dated": date(2026, 4, 10), "pages": ["回访3栋2单元1201,漏水已修好。原投诉单TS-01-2026-000123-7。"]},
        "visit_secret": {"form_code": "HF-01", "title": "客户回访记录表", "dated": date(2026, 4, 11),
                         "pages": ["回访3-2-1202,水管渗水,请物业于2026年5月1日前上门。"]},
        "violation": {"form_code": "WZ-01", "title": "违章整改通知书", "series": "WZ", "dated": date(2023, 9, 9),
                      "pages": ["A座1单元302私搭阳台"]},
        "survey": {"form_code": "YY-01", "title": "业主意见征询表", "series": "YY", "dated": date(2022, 12, 31),
                   "pages": ["建议增加充电桩 12栋地下车库。网址 http://example.test/a?b=1"]},
        "english": {"form_code": "YY-01", "title": "业主意见征询表", "series": "YY", "dated": date(2022, 11, 30),
                    "pages": ["Owner says: the lift stops, please repair. ROBERT'); DROP TABLE students;--"]},
        "superseded": {"state": "superseded", "pages": ["漏水 旧扫描件"], "dated": date(2026, 4, 1)},
        "destroyed": {"state": "destroyed", "pages": [], "dated": date(2010, 1, 1)},
    }  # fmt: skip
