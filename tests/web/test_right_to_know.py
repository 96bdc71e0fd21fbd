"""Prints under a grant, and the report of everyone who saw a dossier: page, paper and table say the same."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from sqlalchemy import select

from records import access, users
from records.access.access_tables import AccessPrint
from records.audit import Verb
from records.dossiers import find_dossier
from records.tables import AuditEntry
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
DOSSIER = "DA-3-2-1201-01"


@pytest.fixture
def to_print(office: Office) -> None:
    """staff2 may print from the dossier, by the decision of manager2."""
    with office.transaction() as session:
        people = {name: users.find_actor(session, name) for name in ("staff2", "manager2", "archivist")}
        request = access.request_access(
            session, people["staff2"], [find_dossier(session, DOSSIER)], "律师取证", 2, "print"
        )
        access.approve(session, people["manager2"], request)
        access.register(session, people["archivist"], request)


def _entries(office: Office, verb: Verb) -> list[str]:
    with office.reading() as session:
        return list(session.scalars(select(AuditEntry.details).where(AuditEntry.verb == verb)))


@pytest.mark.usefixtures("to_print")
def test_a_print_has_its_number_on_paper_in_the_log_and_nowhere_twice(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff2")
    assert "打印这一页" in visitor.get("/documents/1").text
    first, second = (visitor.post("/documents/1/print", page="1") for _ in range(2))
    assert (first.status_code, first.mimetype) == (200, "application/pdf")
    assert first.headers["Cache-Control"] == "no-store, private"
    page = pypdfium2.PdfDocument(first.data)[0]
    assert page.get_textpage().get_text_range() == ""  # a picture with marks, not the stored file
    assert [round(side) for side in page.get_size()] == [595, 842]
    with office.reading() as session:
        numbers = list(session.scalars(select(AccessPrint.number).order_by(AccessPrint.id)))
    assert [number[-6:] for number in numbers] == ["000001", "000002"]
    assert numbers[1] in second.headers["Content-Disposition"]
    shown = [details for details in _entries(office, Verb.PAGE_SHOWN) if '"print"' in details]
    assert len(shown) == len(_entries(office, Verb.ACCESS_PRINTED)) == 2


@pytest.mark.usefixtures("granted")
def test_a_grant_for_the_screen_prints_nothing(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    assert "/documents/1/print" not in visitor.get("/documents/1").text
    answer = visitor.post("/documents/1/print", page="1")
    assert answer.status_code == 403
    assert _entries(office, Verb.ACCESS_PRINTED) == []


@pytest.mark.usefixtures("granted", "to_print")
def test_the_report_names_everyone_who_looked_and_by_whose_yes(office: Office, sign_in: SignIn) -> None:
    staff, printer = sign_in("staff"), sign_in("staff2")
    staff.get("/documents/1/pages/1")
    staff.get("/documents/1/pages/1?zoom=200&turn=90")
    printer.post("/documents/1/print")
    sign_in("supervisor").get("/documents/1/pages/1")
    archivist = sign_in("archivist")
    page = archivist.get(f"/access/report/{DOSSIER}").text
    table = archivist.post(f"/access/report/{DOSSIER}/csv").data.decode("utf-8-sig")
    rows = {row["查阅人"]: row for row in csv.DictReader(io.StringIO(table))}
    assert set(rows) == {"staff", "staff2"}
    assert (rows["staff"]["审批人"], rows["staff2"]["审批人"]) == ("manager", "manager2")
    assert (rows["staff"]["次数"], rows["staff2"]["事由"]) == ("2", "律师取证")
    assert re.search(r"第 1 页,打印 P-\d{4}-000001", rows["staff2"]["看过的内容"])
    assert "supervisor" in page[page.index("被拒绝的查看") :]
    paper = archivist.post(f"/access/report/{DOSSIER}/pdf").data
    words = "".join(one.get_textpage().get_text_range() for one in pypdfium2.PdfDocument(paper))
    for word in ("业主档案查阅情况报告", "律师取证", "manager2", "supervisor 1 次"):
        assert word in words
    assert [
        form
        for form in ("page", "csv", "pdf")
        if f'"form":"{form}"' not in "".join(_entries(office, Verb.ACCESS_REPORTED))
    ] == []


@pytest.mark.usefixtures("granted")
def test_looking_into_a_dossier_is_in_the_report_and_looking_at_a_closed_one_is_not(
    office: Office, sign_in: SignIn
) -> None:
    sign_in("staff2").get(f"/dossiers/{DOSSIER}")
    assert _entries(office, Verb.DOSSIER_SHOWN) == []
    sign_in("staff").get(f"/dossiers/{DOSSIER}")
    table = sign_in("archivist").post(f"/access/report/{DOSSIER}/csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["查阅人"], row["看过的内容"]) for row in rows] == [("staff", "档案页(卷内目录、业主与家庭)")]


def test_a_report_of_what_nobody_saw_says_so(sign_in: SignIn) -> None:
    assert "还没有人看过这份档案" in sign_in("manager").get("/access/report/DA-1-1-101-01").text
