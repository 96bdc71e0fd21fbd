"""Paper in the browser: labels that lead somewhere, stocktaking, loans there and back, prints of a building."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from sqlalchemy import select

from forms import books
from forms.books import book_transfers
from forms.erasing import erase_traces
from forms.label_marks import LabelMark
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import ScanBatch, ScanPage
from records import access, clock, dossiers, loans, users
from records.leaving import Leaving
from records.paper import places
from records.paper.paper_tables import Loan
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
NUMBER, BOX = "DA-3-2-1201-01", "A-03-2-05-Q"
FORMER = "欧阳旧主"


@pytest.fixture
def lent(office: Office) -> int:
    """The dossier of the furnished office in its box, asked for as a loan, handed out: the loan's number."""
    with office.transaction() as session:
        who = {name: users.find_actor(session, name) for name in ("staff", "manager", "archivist")}
        dossier = dossiers.find_dossier(session, NUMBER)
        places.put(session, who["archivist"], dossier, places.add(session, who["archivist"], BOX)[0])
        request = access.request_access(session, who["staff"], [dossier], "核对原件上的签名", 7, "loan")
        access.approve(session, who["manager"], request)
        return loans.hand_out(session, who["archivist"], request)[0].id


def code(office: Office, kind: str, name: str) -> str:
    return LabelMark(kind, name).text(office.vault.master.page_secret())  # type: ignore[arg-type]  # a test's own kinds


def words(data: bytes) -> str:
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))


def codes(data: bytes, page: int = 0) -> set[str]:
    picture = np.asarray(pypdfium2.PdfDocument(data)[page].render(scale=3).to_pil().convert("L"))
    return {
        found.text
        for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    }


@pytest.mark.parametrize("typed", [str, str.lower, lambda text: text.replace(":", "：") + "\r"])
def test_a_label_typed_by_a_scanner_opens_what_it_names(
    office: Office, sign_in: SignIn, lent: int, typed: Callable[[str], str]
) -> None:
    staff = sign_in("staff")
    wanted = {
        "dossier": (NUMBER, f"/dossiers/{NUMBER}"),
        "place": (BOX, f"/places/{BOX}"),
        "loan": (str(lent), f"/loans/{lent}"),
    }
    for kind, (name, address) in wanted.items():
        text = typed(code(office, kind, name))
        for box in (f"/search/?q={text}", f"/numbers/?number={text}"):
            answer = staff.get(box)
            assert (answer.status_code, answer.location) == (302, address)
            assert staff.get(address).status_code == 200


def test_a_label_made_elsewhere_opens_nothing(sign_in: SignIn) -> None:
    answer = sign_in("staff").get(f"/search/?q=YDL:D:{NUMBER}:ABCD2345")
    assert (answer.status_code, "没有通过校验" in answer.text) == (400, True)


def test_the_printed_labels_bear_the_codes_that_open_them(office: Office, sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    archivist.post("/places/add", code="A-03-2", boxes="2", name="东墙")
    for kind in ("labels", "bags"):
        assert codes(archivist.post(f"/dossiers/{NUMBER}/paper/{kind}").data) == {code(office, "dossier", NUMBER)}
    sheet = archivist.post("/places/labels", code="A-03-2-01", skip="3").data
    box = next(text for text in words(sheet).split() if text.startswith("A-03-2-01-"))
    assert codes(sheet) == {code(office, "place", box)}


def test_a_scanned_label_is_named_and_nothing_is_filed(office: Office, sign_in: SignIn) -> None:
    data = sign_in("archivist").post(f"/dossiers/{NUMBER}/paper/bags").data
    sheet = next(iter(samples.rasterise(data, 150)))
    photo = Image.new("RGB", (1500, 1100), (90, 80, 70))
    photo.paste(sheet.crop((60, 50, 620, 420)).rotate(8, expand=True, fillcolor=(90, 80, 70)), (300, 200))
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
        file = samples.scan_pdf([sheet, photo], 150)
        batch = intake.receive(session, office.desk, archivist, "标签.pdf", file).id
    fates = batch_work.work_batch(office.database, office.desk, archivist, batch)
    assert [(one.state, one.reason, one.document_id) for one in fates] == [("refused", "label", None)] * 2
    assert all(NUMBER in one.reason_zh and "不是页" in one.reason_zh for one in fates)
    assert sign_in("archivist").get(f"/scans/{batch}").status_code == 200


def test_a_destroyed_dossiers_scanned_label_goes_with_it(office: Office, sign_in: SignIn) -> None:
    data = sign_in("archivist").post(f"/dossiers/{NUMBER}/paper/bags").data
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
        file = samples.scan_pdf(samples.rasterise(data, 150), 150)
        batch = intake.receive(session, office.desk, archivist, "王建国的标签.pdf", file).id
    batch_work.work_batch(office.database, office.desk, archivist, batch)
    from_label = select(ScanPage).where(ScanPage.batch_id == batch)
    with office.transaction() as session:
        erase_traces(session, office.vault, [Leaving((), dossiers.find_dossier(session, NUMBER).id)])
        assert (session.get_one(ScanBatch, batch).blob_id, session.get_one(ScanBatch, batch).name) == (None, "")
        assert [(page.state, page.reason_zh) for page in session.scalars(from_label)] == [("destroyed", "")]


def test_whose_paper_tells_what_to_whom(sign_in: SignIn) -> None:
    staff, archivist = sign_in("staff2"), sign_in("archivist")
    cover, known = (one.post(f"/dossiers/{NUMBER}/paper/cover").data for one in (staff, archivist))
    assert "王建国" in words(cover)
    assert "1 件" not in words(cover)
    assert "1 件" in words(known)
    for kind in ("cover", "notes", "labels", "bags", "contents"):
        answer = staff.post(f"/dossiers/DA-1-1-101-01/paper/{kind}")
        assert (answer.status_code, FORMER.encode() in answer.data) == (403, False)
        assert archivist.post(f"/dossiers/DA-1-1-101-01/paper/{kind}").status_code == 200
        assert sign_in("admin").post(f"/dossiers/{NUMBER}/paper/{kind}").status_code == 403


def test_papers_of_a_building_are_printed_beside_the_visitor(app: Flask, sign_in: SignIn) -> None:
    archivist = sign_in("archivist")
    begun = archivist.post("/places/print", kind="labels", building="3栋")
    assert begun.status_code == 302
    app.extensions["yedang_print_jobs"].wait()
    assert archivist.get(f"{begun.location}/progress").json == {"done": 1, "total": 1, "finished": True}
    assert "下载" in archivist.get(begun.location).text
    file = archivist.get(f"{begun.location}/file")
    assert NUMBER in words(file.data)
    # A name in Chinese goes out encoded: the server sends headers in Latin-1 alone.
    assert "filename*=UTF-8''" in file.headers["Content-Disposition"].encode("latin-1").decode()
    assert sign_in("staff").get(f"{begun.location}/file").status_code == 404
    assert archivist.post("/places/print", kind="labels", building="99").status_code == 404
    refused = sign_in("staff2").post("/places/print", kind="contents", building="3")
    app.extensions["yedang_print_jobs"].wait()
    assert refused.status_code == 302


def test_the_list_of_dossiers_names_present_owners_to_their_keepers_alone(app: Flask, sign_in: SignIn) -> None:
    told = {}
    for name in ("archivist", "manager"):
        visitor = sign_in(name)
        begun = visitor.post("/places/print", kind="directory", building="")
        app.extensions["yedang_print_jobs"].wait()
        page = pypdfium2.PdfDocument(io.BytesIO(visitor.get(f"{begun.location}/file").data))[0]
        text = told[name] = page.get_textpage().get_text_range()
        assert page.get_width() > page.get_height()
        assert "王建国" in text
        assert "DA-1-1-101-01" in text
        assert FORMER not in text
    # How many documents and pages is told to the archivist alone: two figures for each of the three dossiers.
    assert len(re.findall(r"\d+", told["archivist"])) - len(re.findall(r"\d+", told["manager"])) == 6
    assert sign_in("staff").post("/places/print", kind="directory", building="").status_code == 403


def test_stocktaking_in_the_browser_tells_what_is_out_and_what_is_foreign(
    sign_in: SignIn, office: Office, lent: int
) -> None:
    archivist = sign_in("archivist")
    found = "\n".join([code(office, "place", BOX), code(office, "dossier", "DA-1-1-101-02"), "DA-9-9-901-01"])
    page = archivist.post("/places/stock", code="", found=found).text
    for told in ("不符", "DA-1-1-101-02", "还没有存放位置", "DA-9-9-901-01", NUMBER, "借出"):
        assert told in page
    assert archivist.post("/places/stock", code="", found=NUMBER).status_code == 400
    assert archivist.post("/places/stock", code=BOX, found="什么").status_code == 400
    assert sign_in("staff").post("/places/stock", code=BOX, found=NUMBER).status_code == 403
    assert "借出，应还" in archivist.get(f"/places/{BOX}").text


def test_a_loan_is_asked_for_handed_out_and_taken_back_page_by_page(sign_in: SignIn, lent: int, office: Office) -> None:
    archivist, staff, manager = sign_in("archivist"), sign_in("staff"), sign_in("manager")
    assert "借出" in staff.get(f"/dossiers/{NUMBER}").text
    assert words(archivist.post(f"/loans/{lent}/card").data).count(NUMBER) == 2
    assert archivist.post(f"/loans/{lent}/return").status_code == 400
    assert archivist.post(f"/loans/{lent}/return", **{"missing-1": "1"}).status_code == 400
    lacking = {"missing-1": "1", "story": "归还时第一页不在"}
    assert archivist.post(f"/loans/{lent}/return", **lacking).status_code == 302
    assert "缺第 1 页" in archivist.get(f"/loans/{lent}").text
    assert staff.post(f"/loans/{lent}/sign").status_code == 403
    assert manager.post(f"/loans/{lent}/sign").status_code == 302
    with office.reading() as session:
        assert session.get_one(Loan, lent).state == "returned"
    assert "签认" in words(archivist.post(f"/dossiers/{NUMBER}/paper/notes").data)


def test_an_approved_loan_waits_on_the_first_page_until_it_is_handed_out(sign_in: SignIn) -> None:
    staff, manager, archivist = sign_in("staff2"), sign_in("manager"), sign_in("archivist")
    asked = staff.post("/access/new", dossiers=NUMBER, purpose="核对", mode="loan", days="5", **_period())
    number = asked.location.rsplit("/", 1)[1]
    assert manager.post(f"/access/{number}/approve").status_code == 302
    assert "发放原件" in archivist.get("/loans/").text
    assert staff.post(f"/loans/hand-out/{number}").status_code == 403
    out = archivist.post(f"/loans/hand-out/{number}")
    assert (out.status_code, out.location) == (302, "/loans/1")
    assert sign_in("supervisor").get("/loans/1").status_code == 404


def _period() -> dict[str, str]:
    return {"from": str(clock.today()), "until": str(clock.today() + timedelta(days=4))}


def test_what_is_overdue_stands_on_the_first_page(sign_in: SignIn, lent: int, office: Office) -> None:
    with office.transaction() as session:
        session.get_one(Loan, lent).due_on = clock.today() - timedelta(days=3)
    for name in ("archivist", "manager", "staff"):
        assert "案卷逾期未还" in sign_in(name).get("/").text
    assert "逾期 3 天" in sign_in("archivist").get("/loans/").text
    until = clock.today() + timedelta(days=5)
    assert sign_in("archivist").post(f"/loans/{lent}/extend", until=until, reason="还没核对完").status_code == 403
    assert sign_in("manager").post(f"/loans/{lent}/extend", until=until, reason="还没核对完").status_code == 302
    assert "案卷逾期未还" not in sign_in("archivist").get("/").text


def test_a_book_that_must_go_is_listed_printed_signed_and_transferred(office: Office, sign_in: SignIn) -> None:
    with office.transaction() as session:
        who = {name: users.find_actor(session, name) for name in ("staff", "supervisor")}
        book = books.create(session, who["staff"], office.catalogue.form("XC-01"), 2)
        books.issue(session, who["staff"], book, "前台")
        books.cancel_blank(session, who["supervisor"], book, [serial.text for serial in book.serials])
        books.close(session, who["supervisor"], book)
        number = book.number
    supervisor, staff = sign_in("supervisor"), sign_in("staff")
    assert number in supervisor.get("/transfers/").text
    assert staff.post("/transfers/", book=number).status_code == 403
    assert supervisor.post("/transfers/", book=number).status_code == 302
    with office.reading() as session:
        made = book_transfers.lists(session)[0].number
    paper = words(supervisor.post(f"/transfers/{made}/print").data)
    assert all(told in paper for told in (number, made, "接收人"))
    assert supervisor.post(f"/transfers/{made}/sign", receiver="", on=clock.today()).status_code == 400
    assert supervisor.post(f"/transfers/{made}/sign", receiver="林经理", on=clock.today()).status_code == 302
    with office.reading() as session:
        assert books.find_book(session, number).state == "transferred"
    assert "没有该移交的册" in supervisor.get("/transfers/").text
