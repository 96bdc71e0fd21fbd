"""The way in and the tray as the browser meets them: files each by themselves, one filer, a way back that can close."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import waitress
from flask import Flask
from sqlalchemy import func, select

from forms.scanning.imitation import samples
from forms.scanning.tray import tray_journal
from forms.scanning.tray.tray_tables import TrayAct
from forms.tables import ScanBatch, ScanPage
from records import users
from records.tables import Document
from retention import holds
from retention.tables import Disposal, DisposalLine
from tests.web.browser.test_tray_walks import paper, pile
from web.acts.scans import tray_undo
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]


def waiting(office: Office) -> list[int]:
    """The ids of the pages in the tray."""
    with office.reading() as session:
        return list(session.scalars(select(ScanPage.id).where(ScanPage.state == "tray").order_by(ScanPage.id)))


def batches(office: Office) -> list[str]:
    """The names of what was received."""
    with office.reading() as session:
        return list(session.scalars(select(ScanBatch.name).order_by(ScanBatch.id)))


def test_a_plain_form_takes_in_each_file_by_itself(app: Flask, office: Office, sign_in: SignIn) -> None:
    archivist, before = sign_in("archivist"), len(batches(office))
    good, bad = pile(51), b"%PDF-1.7 torn off"
    files = [(io.BytesIO(good), "一.pdf"), (io.BytesIO(bad), "坏.pdf"), (io.BytesIO(pile(52)), "二.pdf")]
    answer = archivist.post("/scans/", files=files)
    app.extensions["yedang_hand"].wait()
    told = archivist.get(answer.location).text
    assert batches(office)[before:] == ["一.pdf", "二.pdf"]
    assert "坏.pdf」已损坏或不完整" in told
    again = archivist.post("/scans/", files=(io.BytesIO(good), "又一.pdf"))
    assert "收过" in archivist.get(again.location).text
    assert len(batches(office)) == before + 2


def test_a_file_of_which_only_a_part_arrives_is_not_received(app: Flask, office: Office, sign_in: SignIn) -> None:
    archivist, before = sign_in("archivist"), batches(office)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=1)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    boundary, data = b"cut", pile(61, 62)
    head = b'--cut\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
    token = f'--cut\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{archivist.token}\r\n'.encode()
    cookie = archivist.client.get_cookie("yedang")
    assert cookie is not None
    body = token + head + data + b"\r\n--cut--\r\n"
    lines = (
        "POST /scans/ HTTP/1.1", "Host: localhost", f"Cookie: yedang={cookie.value}", "Accept: application/json",
        f"Content-Type: multipart/form-data; boundary={boundary.decode()}", f"Content-Length: {len(body)}", "", "",
    )  # fmt: skip
    for sent in (len(body) // 2, len(body)):
        with socket.create_connection(("127.0.0.1", server.effective_port)) as line:
            line.sendall("\r\n".join(lines).encode() + body[:sent])
            if sent == len(body):
                assert line.recv(12) == b"HTTP/1.1 200"
        if sent < len(body):
            assert batches(office) == before
    assert batches(office) == [*before, "a.pdf"]
    app.extensions["yedang_hand"].wait()
    server.close()
    thread.join(timeout=5)


def test_only_the_filer_sees_a_page_and_its_text_until_it_is_taken_over(office: Office, sign_in: SignIn) -> None:
    page = waiting(office)[0]
    staff, archivist = sign_in("staff"), sign_in("archivist")
    for address in (f"/tray/{page}", f"/tray/{page}/image"):
        assert archivist.get(address).status_code == 200
        assert staff.get(address).status_code in (400, 404)
    listed = staff.get("/tray/").text
    assert "archivist" in listed
    assert "散页.pdf" not in listed
    assert staff.post("/tray/take", batch="3").status_code == 403
    assert staff.post(f"/tray/{page}/refuse", reason="不是我们的").status_code == 400
    with office.transaction() as session:
        admin = users.find_actor(session, "admin")
        users.add_user(session, admin, "archivist2", "archivist", "一间办公室的长密码123")
    second = sign_in("archivist2")
    assert second.get(f"/tray/{page}").status_code == 404
    assert second.post("/tray/take", batch="3").status_code == 302
    assert second.get(f"/tray/{page}/image").status_code == 200
    assert archivist.get(f"/tray/{page}").status_code == 404


def test_several_pages_are_decided_on_at_once_and_taken_back_at_once(office: Office, sign_in: SignIn) -> None:
    archivist, pages = sign_in("archivist"), waiting(office)
    fields = {"pages": [str(one) for one in pages], "act": "join", "order": f"{pages[1]},{pages[0]}"}
    refused = archivist.post("/tray/", **fields, form="验房单")
    assert refused.status_code == 400
    assert "请指定单元" in refused.text
    archivist.post("/tray/", **fields, form="验房单", unit="3-2-1201", section="3")
    with office.reading() as session:
        document = session.scalars(select(Document).order_by(Document.id.desc())).first()
        assert document is not None
        assert (document.form_code, document.section, document.expected_pages) == ("RZ-08", "safety", 2)
    today = archivist.get("/tray/today").text
    assert "合并归入" in today
    assert archivist.post("/tray/today/undo", act="1").status_code == 302
    assert waiting(office) == pages
    again = archivist.post("/tray/today/undo", act="1")
    assert again.status_code == 400
    assert "已经撤销" in again.text
    archivist.post("/tray/", pages=fields["pages"], act="refuse", reason="重复")
    assert waiting(office) == []


def place_one(office: Office, sign_in: SignIn) -> int:
    """A page of the tray is filed in 3-2-1201's dossier; its document."""
    sign_in("archivist").post(f"/tray/{waiting(office)[0]}/place", form="RZ-08", unit="3-2-1201")
    with office.reading() as session:
        return session.scalar(select(func.max(Document.id))) or 0


def refused_because(office: Office, sign_in: SignIn) -> str:
    """What the page says when the last act cannot be taken back."""
    with office.reading() as session:
        act = tray_journal.last_of(session, users.find_actor(session, "archivist"))
        assert act is not None
    answer = sign_in("archivist").post("/tray/today/undo", act=str(act.id))
    assert answer.status_code == 400
    return str(answer.text)


def test_a_hold_closes_the_way_back(office: Office, sign_in: SignIn) -> None:
    place_one(office, sign_in)
    with office.transaction() as session:
        holds.place(session, users.find_actor(session, "manager"), "dossier", 1, "诉讼")
    assert "已被冻结" in refused_because(office, sign_in)


def test_a_destruction_list_closes_the_way_back(office: Office, sign_in: SignIn) -> None:
    document = place_one(office, sign_in)
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
        act = session.scalars(select(TrayAct)).one()
        line = DisposalLine(
            target_kind="document", target_id=document, reference="RZ-08", title_class="验房", serials=[], rule="OWNER",
            fact_kind="archived", fact_on=act.on, due_on=act.on, state="proposed",
        )  # fmt: skip
        session.add(Disposal(state="proposed", proposed_by=archivist.id, proposed_at=act.done_at, lines=[line]))
    assert "销毁清册 1 号" in refused_because(office, sign_in)


@pytest.mark.usefixtures("granted")
def test_a_look_under_a_grant_closes_the_way_back(office: Office, sign_in: SignIn) -> None:
    document = place_one(office, sign_in)
    assert sign_in("staff").get(f"/documents/{document}/pages/1").status_code == 200
    assert "已经有人查看" in refused_because(office, sign_in)


def test_what_was_taken_back_is_not_found_and_opens_for_nobody(office: Office, sign_in: SignIn) -> None:
    document = place_one(office, sign_in)
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
        act = tray_journal.last_of(session, archivist)
        assert act is not None
        tray_undo.undo(session, office.desk, archivist, act.id)
    with office.reading() as session:
        assert list(office.index.findings(session)) == []
    for name in ("archivist", "staff", "manager"):
        assert sign_in(name).get(f"/documents/{document}").status_code == 404
    assert f"/documents/{document}" not in sign_in("archivist").get("/dossiers/DA-3-2-1201-01").text


def test_forms_units_and_sections_are_offered_by_any_name(sign_in: SignIn) -> None:
    archivist = sign_in("archivist")

    def offered(field: str, text: str) -> list[str]:
        found = archivist.get(f"/tray/choices?field={field}&q={text}").json
        return [one["value"] for one in found["choices"]]

    assert offered("form", "yfb")[0].startswith("RZ-08")
    assert offered("form", "收楼通知")[0].startswith("RZ-01")
    assert offered("unit", "1201") == offered("unit", "王建") == ["3-2-1201"]
    assert offered("section", "供暖")[0] == "5 供暖协议书"
    assert offered("section", "nothing of the kind") == []


def test_a_scan_of_ours_is_filed_while_its_neighbours_wait(app: Flask, office: Office, sign_in: SignIn) -> None:
    archivist, before = sign_in("archivist"), len(waiting(office))
    data = samples.scan_pdf([paper(71), paper(72)], 100)
    archivist.post("/scans/", files=(io.BytesIO(data), "两页.pdf"))
    app.extensions["yedang_hand"].wait()
    one = waiting(office)[before]
    onward = archivist.post(f"/tray/{one}/refuse", reason="不是我们的", act="rescan")
    assert onward.location.endswith(f"/tray/{waiting(office)[before]}")
    told = archivist.get("/scans/today").json
    assert told is not None
    assert "待重扫 1 页" in told["batches"][0]["sentence"]
