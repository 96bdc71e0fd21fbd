"""The former owner's dossier goes its own way at once: whoever serves the new owner meets nothing of it by the unit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from forms.tables import Serial
from records import clock, users
from records.access import ContentClosed
from records.dossiers import find_dossier
from web.acts.dossiers.dossier_export import export_dossier
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
SECRET_TEXT, FORMER_OWNER = "阳台栏杆松动", "王建国"
FORMER = "DA-3-2-1201-01"


@pytest.fixture
def sold(granted: None, sign_in: SignIn) -> None:
    """Staff held a live grant, the household was registered, and then the home was sold."""
    del granted
    staff = sign_in("staff")
    assert SECRET_TEXT in staff.get("/search/?q=阳台栏杆").text.replace("<mark>", "").replace("</mark>", "")
    typed = {"kind": "tenant", "name": "旧租客某", "person_phone": "13811112222", "authorised": "1"}
    assert staff.post(f"/dossiers/{FORMER}/person", **typed).status_code == 302
    typed = {"name": "李秀英", "on": clock.today().isoformat()}
    assert staff.post("/units/1/owner", **typed).status_code == 302


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("name", ["staff", "archivist", "supervisor", "manager"])
def test_no_page_search_or_number_leads_into_the_former_dossier(office: Office, sign_in: SignIn, name: str) -> None:
    with office.reading() as session:
        serial = session.scalar(select(Serial.text).where(Serial.form_code == "ZX-01"))
    visitor = sign_in(name)
    addresses = [
        "/units/1", "/units/?q=3-2-1201", f"/dossiers/{FORMER}", "/dossiers/DA-3-2-1201-02", "/documents/1",
        "/documents/1/pages/1", "/search/?q=阳台栏杆", "/search/?q=3-2-1201", "/search/?q=旧租客", f"/numbers/{serial}",
        f"/search/?q={serial}", "/completeness", "/follow-ups?kind=survey", f"/search/suggestions?q={serial}",
        "/search/suggestions?q=王建", "/search/suggestions?q=旧租", "/boundaries",
    ]  # fmt: skip
    for address in addresses:
        text = visitor.get(address).text
        for secret in (SECRET_TEXT, "旧租客某", "13811112222"):
            assert secret not in text, (address, secret)
        assert FORMER_OWNER not in text, address
    answer = visitor.get("/completeness/list.xlsx")
    inside = zipfile.ZipFile(io.BytesIO(answer.data))
    told = b"".join(inside.read(part) for part in inside.namelist()).decode()
    assert "DA-3-2-1201-02" in told
    assert FORMER not in told


@pytest.mark.usefixtures("sold")
def test_the_ended_grant_exports_nothing_and_says_why(office: Office, sign_in: SignIn) -> None:
    with office.transaction() as session, pytest.raises(ContentClosed):
        actor, dossier = users.find_actor(session, "staff"), find_dossier(session, FORMER)
        folder = office.settings.home / "export"
        export_dossier(session, office.vault, office.catalogue, actor, dossier, folder, lambda _done, _total: None)
    assert not (office.settings.home / "export").exists()
    assert "内容对您关闭" in sign_in("staff").get(f"/dossiers/{FORMER}").text


@pytest.mark.usefixtures("sold")
def test_what_was_filed_on_the_day_of_the_sale_waits_for_nobody_when_it_was_registered_that_day(
    sign_in: SignIn,
) -> None:
    assert "没有待定的文件" in sign_in("archivist").get("/boundaries").text
