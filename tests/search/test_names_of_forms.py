"""Every form of the catalogue is found by every name it goes by, the handbook's misspellings among them."""

from __future__ import annotations

from datetime import date

from forms.catalogue import load_catalogue
from records.database import Database
from search.asking import Question, Visible
from search.index import Index
from search.results import search
from tests.search.conftest import put_document

CATALOGUE = load_catalogue()
MISSPELT = {"人住通知书": "RZ-01", "人住登记表": "RZ-11", "客户投拆处理单": "TS-02"}


def test_a_document_is_found_by_every_name_of_its_form(database: Database) -> None:
    names = {form.code: CATALOGUE.names(form) for form in CATALOGUE.forms}
    index = Index(names)
    database.before_commit.append(index.follow)
    with database.transaction() as session:
        ids = {
            code: put_document(session, form_code=code, title="记录", dated=date(2026, 1, 5), series=code[:2]).id
            for code in names
        }
    lost = []
    with database.reading() as session:
        for code, called in names.items():
            for name in called:
                for question in (name, f'"{name}"', f'表单:"{name}"'):
                    found = search(session, index, Question(question), Visible((), True), limit=100)
                    if ids[code] not in {hit.document_id for hit in found.hits}:
                        lost.append((code, question))
    assert lost == []


def test_the_misspellings_of_the_handbook_lead_to_their_form() -> None:
    index = Index({form.code: CATALOGUE.names(form) for form in CATALOGUE.forms})
    assert {name: index.form_named(name) for name in MISSPELT} == {name: [code] for name, code in MISSPELT.items()}
