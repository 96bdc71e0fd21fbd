"""The estate in the browser: a table is previewed before it is imported, what changes is recorded, gaps are listed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import select

from records import clock, dossiers, users
from records.estate import follow_ups, importing, people
from records.tables import Unit
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
HEAD = "小区,单元房号,业主,电话,身份证号,起始日期\n"
GOOD = "东光花园,7-1-101,孙悦,13900000001,,2022-03-01\n"
BAD = "东光花园,7-1-102,吴越,139,,2022-03-01\n"


def upload(visitor: Visitor, text: str) -> str:
    """Hand in a table; gives the address of its preview."""
    data = {"table": (io.BytesIO(text.encode("gbk")), "清册.csv"), "csrf_token": visitor.token}
    answer = visitor.client.post("/import", data=data)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def digest_on(visitor: Visitor, address: str) -> str:
    return visitor.get(address).text.split('name="digest" value="')[1].split('"')[0]


def codes(office: Office) -> set[str]:
    with office.reading() as session:
        return set(session.scalars(select(Unit.code)))


def test_a_table_is_imported_only_once_its_preview_is_confirmed(office: Office, sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    address = upload(archivist, HEAD + GOOD + BAD)
    page = archivist.get(address).text
    assert "「电话」" in page
    assert "孙悦" in page
    assert "孙悦" not in archivist.get(f"{address}?kind=error").text
    assert "7-1-101" not in codes(office)
    digest = digest_on(archivist, address)
    assert archivist.post(f"{address}/confirm", digest=digest).status_code == 400
    assert "7-1-101" not in codes(office)
    assert archivist.post(f"{address}/confirm", digest=digest, keep_good="1").status_code == 302
    assert {"7-1-101", "7-1-102"} & codes(office) == {"7-1-101"}
    assert archivist.get(address).status_code == 404


def test_a_preview_is_its_uploaders_alone_and_for_the_records_as_they_were(office: Office, sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    address = upload(archivist, HEAD + GOOD)
    assert sign_in("manager").get(address).status_code == 404
    digest = digest_on(archivist, address)
    with office.transaction() as session:
        importing.import_units(
            session, office.vault, users.find_actor(session, "manager"), "a.csv", (HEAD + GOOD).encode()
        )
    answer = archivist.post(f"{address}/confirm", digest=digest)
    assert answer.status_code == 400
    assert "不需要导入" in answer.text


def test_a_file_that_is_no_table_is_refused_on_the_page(sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    data = {"table": (io.BytesIO(b"\x00\xff nothing"), "x.csv"), "csrf_token": archivist.token}
    answer = archivist.client.post("/import", data=data)
    assert answer.status_code == 400
    assert "选择表格" in answer.text


def test_changes_are_recorded_without_seeing_and_seen_under_a_grant(office: Office, sign_in: SignIn) -> None:
    staff, number = sign_in("staff"), "DA-3-2-1201-01"
    with office.reading() as session:
        owner = dossiers.find_dossier(session, number).ownership.owners[0].id
    assert staff.post(f"/dossiers/{number}/phone", owner=owner, phone="139 0000 2222").status_code == 302
    assert staff.post(f"/dossiers/{number}/phone", owner=owner, phone="电话").status_code == 400
    typed = {"kind": "family", "name": "王小妹", "relation": "女儿"}
    assert staff.post(f"/dossiers/{number}/person", **typed).status_code == 302
    page = staff.get(f"/dossiers/{number}").text
    assert "变更记录" in page
    assert [secret for secret in ("13900002222", "13800001111", "王小妹") if secret in page] == []
    assert staff.post(f"/dossiers/{number}/ended", ended_name="王小妹", on=clock.today().isoformat()).status_code == 302
    with office.reading() as session:
        found = people.history(session, dossiers.find_dossier(session, number))
    assert [one.what for one in found] == ["person_ended", "person_added", "phone"]


@pytest.mark.usefixtures("granted")
def test_under_a_grant_the_page_shows_history_and_signatures(office: Office, sign_in: SignIn) -> None:
    staff, number = sign_in("staff"), "DA-3-2-1201-01"
    with office.reading() as session:
        owner = dossiers.find_dossier(session, number).ownership.owners[0].id
    staff.post(f"/dossiers/{number}/phone", owner=owner, phone="13900002222")
    page = staff.get(f"/dossiers/{number}").text
    assert "13800001111" in page
    assert "13900002222" in page
    assert "未签" in page


def test_the_list_of_gaps_and_its_workbook_are_in_one_order(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("supervisor")
    page = visitor.get("/completeness").text
    book = openpyxl.load_workbook(io.BytesIO(visitor.get("/completeness/list.xlsx").data))
    numbers = [row[4] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert numbers == sorted(numbers, key=page.index)
    assert numbers[0] == "DA-3-2-1201-01"
    renovation = visitor.get("/completeness?event=renovation").text
    assert "DA-3-2-1201-01" in renovation
    assert "DA-1-1-101-02" not in renovation


def test_an_event_that_begins_asks_for_its_forms(sign_in: SignIn) -> None:
    archivist, number = sign_in("archivist"), "DA-1-1-101-02"
    assert "装修图纸及施工单位资料" not in archivist.get(f"/dossiers/{number}").text
    on = (clock.today() - timedelta(days=200)).isoformat()
    assert archivist.post(f"/dossiers/{number}/event", kind="renovation_began", on=on).status_code == 302
    page = archivist.get(f"/dossiers/{number}").text
    assert "装修图纸及施工单位资料" in page
    assert "ZX 4.2.1" in page


def test_surveys_are_ticked_off_together(office: Office, sign_in: SignIn) -> None:
    staff = sign_in("staff")
    assert "DA-3-2-1201-01" in staff.get("/follow-ups?kind=survey").text
    with office.reading() as session:
        due = [one.dossier_id for one in follow_ups.surveys_due(session, clock.today())]
    typed = {"kind": "survey", "outcome": "unchanged"}
    assert staff.post("/follow-ups/done", dossier=due[:1], on_page=due, **typed).status_code == 302
    assert "没有到期的" not in staff.get("/follow-ups?kind=survey").text
    assert staff.post("/follow-ups/done", on_page=due, whole_page="1", **typed).status_code == 302
    assert "没有到期的" in staff.get("/follow-ups?kind=survey").text
    assert staff.post("/follow-ups/done", kind="survey", outcome="unchanged").status_code == 400


def test_a_merged_unit_leads_to_the_new_one_on_every_way(sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    typed = {"old": "3-2-1201、1-1-101", "new": "3-2-1201A", "on": clock.today().isoformat(), "name": "李秀英"}
    assert archivist.post("/restructuring", **typed).status_code == 302
    for address in ("/units/1", "/units/?q=3-2-1201", "/search/?q=3-2-1201"):
        assert "3-2-1201A" in archivist.get(address).text or "3栋2单元1201A" in archivist.get(address).text, address
    assert "业主变更" not in archivist.get("/units/1").text
