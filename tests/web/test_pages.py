"""What the pages never tell, and what they show under a grant; who may open which stands in the proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select

from forms.printing import issuing
from records import access, users
from records.audit import Verb
from records.database import Database
from records.settings import Settings
from records.tables import AuditEntry
from tests.web import proving
from web.application import create_app
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
SECRET_FORMER, SECRET_TEXT, OWNER = "欧阳旧主", "阳台栏杆松动", "王建国"

EVERYONE = ("staff", "archivist", "supervisor", "manager", "admin")

#: Every page by its rule: an address of it, and the roles that may open it without any grant; a row is added to
#: proof.yaml, where test_proof.py looks for every page, act and command.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    rule: (row["at"], tuple(role for role, told in zip(proving.ROLES, row["answer"], strict=True) if told == "Y"))
    for rule, row in proving.load()["pages"].items()
}


def fill_in(address: str, office: Office) -> str:
    """The address with the office's own numbers in it."""
    return str(proving.filled(address, proving.names_of(office)))


def test_without_signing_in_every_page_leads_to_the_door(office: Office, visitor: Visitor) -> None:
    for address, _roles in PAGES.values():
        answer = visitor.get(fill_in(address, office))
        assert (answer.status_code, answer.location.split("?")[0]) == (302, "/sign-in"), address


def test_without_the_token_of_the_page_nothing_is_changed(app: Flask, sign_in: SignIn) -> None:
    visitor = sign_in("manager")
    visitor.token = "forged"
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or set()):
            path = re.sub(r"<int:\w+>", "1", rule.rule)
            assert visitor.post(re.sub(r"<\w+>", "x", path)).status_code == 400, rule.rule


@pytest.mark.parametrize("name", EVERYONE)
def test_without_a_grant_no_page_tells_of_a_dossiers_content(office: Office, sign_in: SignIn, name: str) -> None:
    visitor = sign_in(name)
    more = ["/search/?q=阳台栏杆", "/units/2", "/dossiers/DA-1-1-101-01", "/search/?q=欧阳旧主", "/units/?q=欧阳旧主"]
    for address in [*(address for address, _roles in PAGES.values()), *more]:
        answer = visitor.get(fill_in(address, office)).data
        assert SECRET_TEXT.encode() not in answer, address
        assert "q=" in address or SECRET_FORMER.encode() not in answer, address


def test_where_a_scan_was_filed_is_told_to_its_filers_alone(office: Office, sign_in: SignIn) -> None:
    number = fill_in("/numbers/{serial}", office)
    assert "DA-3-2-1201-01" in sign_in("archivist").get("/scans/1").text
    for name in ("staff", "supervisor", "manager"):
        visitor = sign_in(name)
        batch = visitor.get("/scans/1").text
        assert "DA-3-2-1201-01" not in batch
        assert "ZX-01" not in batch
        assert "3栋2单元1201" not in visitor.get(number).text


def test_search_counts_nothing_that_is_closed(sign_in: SignIn) -> None:
    answer = sign_in("manager").get("/search/?q=阳台栏杆").text
    assert "没有找到" in answer
    assert "房屋装修申请表" not in answer


def test_an_administrator_reads_no_owner_anywhere(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("admin")
    for address, _roles in PAGES.values():
        assert OWNER.encode() not in visitor.get(fill_in(address, office)).data, address


def test_a_closed_document_and_one_that_is_not_there_read_the_same(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    for address in ("/documents/{}", "/documents/{}/pages/1"):
        closed, unknown = visitor.get(address.format(1)), visitor.get(address.format(9))
        assert closed.status_code == unknown.status_code == 404
        assert closed.text.replace("1", "9") == unknown.text.replace("1", "9")


def test_every_refusal_is_logged(office: Office, sign_in: SignIn) -> None:
    sign_in("staff").get("/documents/1/pages/1")
    assert _logged(office, Verb.PAGE_REFUSED) == ["document:1"]


def _logged(office: Office, verb: Verb) -> list[str]:
    with office.reading() as session:
        return list(session.scalars(select(AuditEntry.subject).where(AuditEntry.verb == verb)))


@pytest.mark.usefixtures("granted")
def test_under_a_grant_a_page_is_shown_marked_and_logged(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    assert SECRET_TEXT in visitor.get("/search/?q=阳台栏杆").text.replace("<mark>", "").replace("</mark>", "")
    assert "/documents/1" in visitor.get("/dossiers/DA-3-2-1201-01").text
    image = visitor.get("/documents/1/pages/1")
    assert (image.status_code, image.mimetype) == (200, "image/jpeg")
    assert image.headers["Cache-Control"] == "no-store, private"
    assert _logged(office, Verb.PAGE_SHOWN) == ["document:1"]


@pytest.mark.usefixtures("granted")
def test_a_grant_is_for_its_asker_alone(sign_in: SignIn) -> None:
    for name in ("staff2", "archivist", "manager", "admin"):
        assert sign_in(name).get("/documents/1").status_code == 404


@pytest.mark.usefixtures("granted")
def test_a_grant_ends_when_it_is_given_back(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    assert visitor.post("/access/1/return").status_code == 302
    assert visitor.get("/documents/1/pages/1").status_code == 404


def test_the_request_of_somebody_else_is_unknown(sign_in: SignIn) -> None:
    assert sign_in("staff2").get("/access/1").status_code == 404
    assert sign_in("supervisor").post("/access/1/approve").status_code == 404


def test_a_manager_sees_the_recent_access_beside_a_request(office: Office, sign_in: SignIn) -> None:
    with office.transaction() as session:
        asked = access.find_request(session, users.find_actor(session, "manager"), 1).dossiers
        access.request_access(session, users.find_actor(session, "staff2"), asked, "另一件事")
    assert "另一件事" in sign_in("manager").get("/access/1").text


def test_the_office_works_with_its_own_series_without_a_grant(sign_in: SignIn) -> None:
    assert sign_in("staff").get("/documents/2/pages/1").status_code == 200
    assert sign_in("admin").get("/documents/2/pages/1").status_code == 404


def test_no_page_fails_on_postgresql(
    postgresql_database: Database,
    tmp_path: Path,
    furnished: Callable[[Settings], Office],
    at_the_door: Callable[[Flask], Visitor],
) -> None:
    url = postgresql_database.engine.url.render_as_string(hide_password=False)
    office = furnished(Settings.read({"YEDANG_HOME": str(tmp_path / "home"), "YEDANG_DATABASE_URL": url}))
    failed = []
    for name in ("archivist", "manager", "admin"):
        visitor = at_the_door(create_app(office))
        visitor.sign_in(name)
        answers = {address: visitor.get(fill_in(address, office)) for address, _roles in PAGES.values()}
        failed += [(name, address) for address, answer in answers.items() if answer.status_code >= 500]
    office.database.close()
    assert failed == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("验房单", "RZ-08"),
        ("yfb", "RZ-08"),
        ("yanfang", "RZ-08"),
        ("人住通知书", "RZ-01"),
        ("hf01", "HF-01"),
        ("owner card", "RZ-07"),
    ],
)
def test_a_form_is_found_by_name_alias_code_and_pinyin(sign_in: SignIn, typed: str, code: str) -> None:
    answer = sign_in("staff").get(f"/forms?q={typed}").text
    assert f"/forms/{code}" in answer
    assert "/forms/YW-01" not in answer


def test_a_book_form_shows_its_stock_and_its_books(office: Office, sign_in: SignIn) -> None:
    with office.transaction() as session:
        supervisor = users.find_actor(session, "supervisor")
        made = issuing.print_book(session, office.shop, supervisor, office.catalogue.form("ZB-02"), 12)
    assert made.book is not None
    answer = sign_in("staff").get("/forms/ZB-02").text
    assert made.book.number in answer
    assert re.search(r"未领用的页</td><td[^>]*>12<", answer)
