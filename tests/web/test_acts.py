"""What the pages do: print once, take in scans, place what waits, keep books, decide, destroy; each as a visitor."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pypdfium2
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from forms.scanning.imitation import samples
from forms.tables import Book, ScanPage, Serial
from records import clock
from records.tables import Document
from records.units import find_unit
from web import preview
from web.background.batches import BatchHand
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]


def count_of(office: Office, form_code: str) -> int:
    """How many numbers of a form there are."""
    with office.reading() as session:
        return session.scalar(select(func.count()).select_from(Serial).where(Serial.form_code == form_code)) or 0


def test_printing_takes_one_number_and_the_file_is_for_its_printer(office: Office, sign_in: SignIn) -> None:
    staff = sign_in("staff")
    fields = {"unit": "3栋2单元1201", "f.workers": "4", "f.attached": ["方案图纸", "照片"], "count": "1"}
    printed = staff.post("/forms/ZX-01/print", **fields)
    assert printed.status_code == 302
    page = staff.get(printed.location)
    assert page.status_code == staff.get(printed.location).status_code == 200
    file = staff.get(f"{printed.location}/1")
    assert (file.mimetype, file.data[:5]) == ("application/pdf", b"%PDF-")
    assert count_of(office, "ZX-01") == 2
    assert sign_in("staff2").get(f"{printed.location}/1").status_code == 404


def test_what_cannot_be_printed_takes_no_number_and_keeps_what_was_typed(office: Office, sign_in: SignIn) -> None:
    answer = sign_in("staff").post("/forms/RZ-07/print", **{"unit": "9-9-9999", "f.work": "某单位", "count": "1"})
    assert answer.status_code == 404
    assert 'value="9-9-9999"' in answer.text
    assert count_of(office, "RZ-07") == 0


def test_a_preview_takes_no_number(office: Office, sign_in: SignIn) -> None:
    staff = sign_in("staff")
    answer = staff.post("/forms/ZX-01/preview", **{"unit": "3-2-1201", "f.workers": "4"})
    assert answer.status_code == 200
    assert "data:image/jpeg;base64," in answer.text
    assert staff.post("/forms/HF-01/preview").status_code == 200
    assert count_of(office, "ZX-01") == 1


def test_a_preview_tells_nothing_of_the_owner(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(preview.pdf, "draw_pages", lambda pages, *_args, **_named: shown.append(str(list(pages))))
    monkeypatch.setattr(preview, "_rendered", lambda _data: [])
    with office.reading() as session:
        unit = find_unit(session, "3-2-1201")
        preview.pictures(session, "客服中心", office.catalogue.form("ZX-01"), unit, {"workers": "4"})
    assert "3-2-1201" in shown[0] or "1201" in shown[0]
    assert "王建国" not in shown[0]
    assert "13800001111" not in shown[0]


def test_an_agreement_comes_as_word_for_each_copy(sign_in: SignIn) -> None:
    staff = sign_in("staff")
    printed = staff.post("/forms/RZ-03/print", **{"unit": "3-2-1201", "count": "1", "as": "docx"})
    names = re.findall(r"RZ-03-[\w*-]+?(?:-联\d)?\.docx", staff.get(printed.location).text)
    assert names
    assert staff.get(f"{printed.location}/1").data[:2] == b"PK"


def test_a_reprint_wants_a_reason(office: Office, sign_in: SignIn) -> None:
    staff = sign_in("staff")
    printed = staff.post("/forms/ZX-01/print", unit="3-2-1201", count="1")
    with office.reading() as session:
        text = session.scalar(select(Serial.text).where(Serial.form_code == "ZX-01").order_by(Serial.id.desc()))
    assert printed.status_code == 302
    assert staff.post(f"/numbers/{text}/reprint", reason=" ").status_code == 400
    again = staff.post(f"/numbers/{text}/reprint", reason="卡纸")
    assert "卡纸" in staff.get(f"/numbers/{text}").text
    assert staff.get(f"{again.location}/1").data[:5] == b"%PDF-"


def test_a_scan_sent_by_the_page_is_filed_and_told_page_by_page(app: Flask, office: Office, sign_in: SignIn) -> None:
    staff = sign_in("staff")
    printed = staff.post("/forms/ZX-01/print", unit="3-2-1201", count="1")
    pages = list(samples.rasterise(staff.get(f"{printed.location}/1").data, 150))
    pile = samples.scan_pdf([*pages, Image.new("RGB", (1240, 1754), "gray")], 150)
    answer = staff.post("/scans/", files=(io.BytesIO(pile), "一摞.pdf"), accept="application/json")
    assert answer.json is not None
    hand: BatchHand = app.extensions["yedang_hand"]
    hand.wait()
    progress = staff.get(answer.json["progress"]).json
    told = {"done": 2, "total": 2, "finished": True, "sentence": "已归档 1 页，待处理 1 页"}
    assert progress == {**told, "page": answer.json["page"]}
    assert {**progress, "batch": answer.json["batch"]} in staff.get("/scans/today").json["batches"]
    told = staff.get(answer.json["page"]).text
    assert "DA-3-2-1201-01" in told
    assert "去处理" in told
    repeated = staff.post("/scans/", files=(io.BytesIO(pile), "again.pdf"), accept="application/json").json
    assert (repeated["page"], repeated["again"]) == (answer.json["page"], True)
    assert f"第 {repeated['batch']} 批" in repeated["message"]


def waiting(office: Office) -> list[int]:
    """The ids of the pages in the tray."""
    with office.reading() as session:
        return list(session.scalars(select(ScanPage.id).where(ScanPage.state == "tray").order_by(ScanPage.id)))


def test_a_page_of_the_tray_is_placed_and_then_closed(office: Office, sign_in: SignIn) -> None:
    archivist, page = sign_in("archivist"), waiting(office)[0]
    assert archivist.get(f"/tray/{page}/image").mimetype == "image/jpeg"
    unplaced = archivist.post(f"/tray/{page}/place", form="RZ-08")
    assert unplaced.status_code == 400
    assert "请指定单元" in unplaced.text
    placed = archivist.post(f"/tray/{page}/place", form="RZ-08", unit="3-2-1201")
    assert placed.status_code == 302
    assert archivist.get(f"/tray/{page}/image").status_code == 400
    assert page not in waiting(office)


def test_a_page_of_the_tray_is_refused_with_a_reason(office: Office, sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    for page in waiting(office):
        assert archivist.post(f"/tray/{page}/refuse", reason="空白页").status_code == 302
    assert waiting(office) == []
    assert "没有待处理的页" in archivist.get("/tray/").text


def test_papers_behind_a_cover_sheet_are_confirmed_as_one(office: Office, sign_in: SignIn) -> None:
    staff = sign_in("staff")
    printed = staff.post("/forms/RZ-15/print", unit="3-2-1201", count="1")
    cover = list(samples.rasterise(staff.get(f"{printed.location}/1").data, 150))
    papers = [Image.effect_noise((1240, 1754), spread).convert("RGB") for spread in (40, 60)]
    pile = samples.scan_pdf([*cover, *papers], 150)
    staff.post("/scans/", files=(io.BytesIO(pile), "证件.pdf"))
    staff.client.application.extensions["yedang_hand"].wait()
    group = waiting(office)[-3:]
    page = staff.get(f"/tray/{group[0]}").text
    assert "整组归档" in page
    assert staff.post(f"/tray/{group[1]}/confirm").status_code == 302
    assert not set(group) & set(waiting(office))


def test_a_book_is_settled_page_by_page_and_closed(office: Office, sign_in: SignIn) -> None:
    with office.reading() as session:
        book = session.scalar(select(Book.number))
        pages = list(session.scalars(select(Serial.text).join(Book).order_by(Serial.page_no)))
    supervisor, path = sign_in("supervisor"), f"/books/{book}"
    refused = supervisor.post(f"{path}/close")
    assert refused.status_code == 400
    assert pages[1] in refused.text
    supervisor.post(f"{path}/void", serial=pages[1], reason="写错")
    supervisor.post(f"{path}/cancel", serial=pages[2])
    supervisor.post(f"{path}/missing", serial=pages[3], reason="外出途中遗失")
    assert supervisor.post(f"{path}/sign", serial=pages[3]).status_code == 403
    assert "外出途中遗失" in sign_in("manager").get(path).text
    assert sign_in("manager").post(f"{path}/sign", serial=pages[3]).status_code == 302
    assert supervisor.post(f"{path}/close").status_code == 302
    assert "已结册" in supervisor.get(path).text


def test_a_book_changes_hands_with_its_pages_counted(office: Office, sign_in: SignIn) -> None:
    with office.reading() as session:
        book = session.scalar(select(Book.number))
    staff, path = sign_in("staff"), f"/books/{book}"
    today = clock.today().isoformat()
    miscounted = staff.post(f"{path}/pass", taker="刘悦", counted="3", passed_on=today)
    assert miscounted.status_code == 400
    assert 'value="刘悦"' in miscounted.text
    assert staff.post(f"{path}/pass", taker="刘悦", counted="4", passed_on=today).status_code == 302
    assert "前台 → 刘悦" in staff.get(path).text
    assert staff.post(f"{path}/full", counted="4", passed_on=today).status_code == 302
    assert "已交回" in staff.get(path).text


def test_what_is_out_is_listed_until_it_is_scanned(sign_in: SignIn) -> None:
    staff = sign_in("staff")
    staff.post("/forms/ZX-01/print", unit="3-2-1201", count="1")
    page = staff.get("/forms/outstanding").text
    assert len(re.findall(r"/numbers/ZX-01-", page)) == 1


def test_a_sheet_scanned_unsigned_stands_in_the_list_until_the_paper_is_looked_at(
    app: Flask, office: Office, sign_in: SignIn
) -> None:
    staff = sign_in("staff")
    printed = staff.post("/forms/RZ-08/print", unit="3-2-1201", count="1")
    pages = list(samples.rasterise(staff.get(f"{printed.location}/1").data, 150))
    pile = samples.scan_pdf(pages[1:], 150)
    staff.post("/scans/", files=(io.BytesIO(pile), "验房.pdf"), accept="application/json")
    app.extensions["yedang_hand"].wait()
    with office.reading() as session:
        document = session.scalars(select(Document).where(Document.form_code == "RZ-08")).all()[-1]
        address, serial = f"/signatures/{document.id}", document.serial
    listed = staff.get("/signatures").text
    assert f"/numbers/{serial}" in listed
    assert listed.count(address) == 2
    assert staff.post(address, key="owner", signed="perhaps").status_code == 400
    for key in ("owner", "handover"):
        assert staff.post(address, key=key, signed="yes").status_code == 302
    assert address not in staff.get("/signatures").text


def test_nobody_approves_their_own_request_while_another_manager_is_there(sign_in: SignIn) -> None:
    manager = sign_in("manager")
    made = manager.post("/access/new", dossiers="3-2-1201", purpose="核对", days="1", mode="screen").location
    assert manager.post(f"{made}/approve").status_code == 400
    assert sign_in("manager2").post(f"{made}/approve").status_code == 302
    came = {"person": "王建国", "paper": "身份证", "paper_number": "1234", "shown": "装修申请"}
    assert sign_in("archivist").post(f"{made}/register", **came).status_code == 302
    assert manager.get("/documents/1/pages/1").status_code == 200


def test_a_former_dossier_is_proposed_and_approved_by_another(sign_in: SignIn) -> None:
    archivist, manager = sign_in("archivist"), sign_in("manager")
    assert "DA-1-1-101-01" in archivist.get("/retention/").text
    made = archivist.post("/retention/propose", record="DA-1-1-101-01").location
    assert archivist.post(f"{made}/approve").status_code == 403
    assert manager.post(f"{made}/approve").status_code == 302
    runs_page = manager.get("/retention/runs/")
    assert "DA-1-1-101-01" in runs_page.text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', runs_page.text)
    assert seen is not None
    assert manager.post("/retention/runs/", seen="0" * len(seen[1])).status_code == 400
    run = manager.post("/retention/runs/", seen=seen[1]).location
    assert "DA-1-1-101-01" in manager.get(run).text


def test_what_is_on_hold_is_not_due(sign_in: SignIn) -> None:
    supervisor = sign_in("supervisor")
    assert supervisor.post("/retention/holds/", target="1-1-101", reason="诉讼").status_code == 302
    assert 'value="DA-1-1-101-01"' not in supervisor.get("/retention/").text
    assert supervisor.post("/retention/holds/1/release").status_code == 403
    assert sign_in("manager").post("/retention/holds/1/release").status_code == 302
    assert 'value="DA-1-1-101-01"' in supervisor.get("/retention/").text


def test_due_records_are_kept_longer_with_a_reason(sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    fields = {"record": "DA-1-1-101-01", "until": "2030-01-01"}
    assert archivist.post("/retention/keep", **fields, reason="").status_code == 400
    assert archivist.post("/retention/keep", **fields, reason="尚有往来").status_code == 302
    assert 'value="DA-1-1-101-01"' not in archivist.get("/retention/").text


def test_a_new_owner_gets_an_empty_dossier(sign_in: SignIn) -> None:
    staff = sign_in("staff")
    assert staff.post("/units/1/owner", name="周小梅", phone="", id_number="", on="2999-01-01").status_code == 400
    assert staff.post("/units/1/owner", name="周小梅", phone="", id_number="", on="2024-03-01").status_code == 400
    typed = {"name": "周小梅", "on": "2024-03-01", "reason": "不动产权证书登记日期"}
    assert staff.post("/units/1/owner", **typed).status_code == 302
    page = staff.get("/units/1").text
    assert "周小梅" in page
    assert "王建国" not in page


def test_the_log_is_verified_by_a_button(sign_in: SignIn) -> None:
    supervisor = sign_in("supervisor")
    supervisor.post("/log/verify")
    assert "日志完整" in supervisor.get("/log/").text


def test_an_administrator_adds_users_and_nobody_else_does(sign_in: SignIn, visitor: Visitor) -> None:
    admin = sign_in("admin")
    assert admin.post("/users/", name="新人", role="staff", password="短").status_code == 400
    assert admin.post("/users/", name="新人", role="staff", password="一句足够长的初始密码").status_code in (302, 400)
    assert admin.post("/users/", name="新人二", role="staff", password="一句足够长足够长的初始密码").status_code == 302
    first = visitor.sign_in("新人二", "一句足够长足够长的初始密码")
    assert first.status_code == 302
    assert visitor.get("/").location == "/account/password"
    assert sign_in("manager").post("/users/", name="x", role="staff", password="y" * 20).status_code == 403


@pytest.mark.parametrize("kind", ["cover", "notes", "labels"])
def test_a_dossiers_papers_are_printed_by_the_page(sign_in: SignIn, kind: str) -> None:
    answer = sign_in("staff").post(f"/dossiers/DA-3-2-1201-01/paper/{kind}")
    assert answer.mimetype == "application/pdf"
    assert len(pypdfium2.PdfDocument(answer.data)) >= 1


def test_a_contents_list_is_for_the_archivist_or_under_a_grant(sign_in: SignIn) -> None:
    assert sign_in("staff").post("/dossiers/DA-3-2-1201-01/paper/contents").status_code == 403
    assert sign_in("archivist").post("/dossiers/DA-3-2-1201-01/paper/contents").status_code == 200


def test_a_unit_is_found_from_the_search_box_in_any_spelling(sign_in: SignIn) -> None:
    staff = sign_in("staff")
    for text in ("3-2-1201", "3栋2单元1201", "3#2-1201"):
        assert 'href="/units/1"' in staff.get("/search/?" + urlencode({"q": text})).text
