"""Each role's main way through the office, in a real browser."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from forms.scanning.imitation import samples
from forms.tables import Book, Serial
from web.acts.retention import disposal_runs
from web.office import Office

pytestmark = pytest.mark.browser
Walk = Callable[..., Page]


def test_the_desk_finds_fills_in_and_prints_a_form(walk: Walk) -> None:
    page = walk("staff")
    page.keyboard.press("/")
    page.keyboard.type("房屋装修申请表")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="房屋装修申请表 ZX-01").click()
    page.fill("#unit", "3栋2单元1201")
    page.get_by_label("施工人数").fill("3")
    page.get_by_label("方案图纸").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="取号并打印", exact=True).click()
    assert re.fullmatch(r"ZX-01-\d{4}-\d{6}-.\.pdf", download.value.suggested_filename)
    expect(page.get_by_text("下一步：签字后扫描")).to_be_visible()


def test_a_wrong_unit_keeps_what_was_typed(walk: Walk) -> None:
    page = walk("staff")
    page.goto("/forms/ZX-01")
    page.fill("#unit", "9-9-9999")
    page.get_by_label("装修单位").fill("某某装饰")
    page.get_by_role("button", name="取号并打印", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("9-9-9999")
    expect(page.get_by_label("装修单位")).to_have_value("某某装饰")


def test_the_archivist_brings_a_pile_and_places_what_has_no_code(walk: Walk, served: Office, tmp_path: Path) -> None:
    page = walk("archivist")
    page.goto("/forms/ZX-01?unit=3-2-1201")
    with page.expect_download() as download:
        page.get_by_role("button", name="取号并打印", exact=True).click()
    printed = list(samples.rasterise(Path(download.value.path()).read_bytes(), 150))
    pile = tmp_path / "一摞纸.pdf"
    pile.write_bytes(samples.scan_pdf([*printed, Image.new("RGB", (1240, 1754), "gray")], 150))
    broken = tmp_path / "坏文件.pdf"
    broken.write_bytes(b"%PDF-1.7 broken")
    page.goto("/scans/")
    page.set_input_files("#files", [broken, pile])
    expect(page.locator(".uploads li", has_text="坏文件").locator(".refused")).to_be_visible()
    page.get_by_role("link", name="已归档 1 页，待处理 1 页").click()
    expect(page.get_by_role("link", name="DA-3-2-1201-01")).to_be_visible()
    page.get_by_role("link", name="去处理").click()
    picture = page.get_by_alt_text("扫描页")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 800
    page.fill("#form", "验房单")
    page.fill("#unit", "3-2-1201")
    page.get_by_role("button", name="归档", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("DA-3-2-1201-01")


def test_the_supervisor_settles_a_book_page_by_page(walk: Walk, served: Office) -> None:
    with served.reading() as session:
        number = session.scalar(select(Book.number))
        serials = list(session.scalars(select(Serial.text).join(Book).order_by(Serial.page_no)))
    page = walk("supervisor")
    page.goto("/books/")
    page.get_by_role("link", name=str(number)).click()
    assert page.locator(".page-cell.returned").count() == 2  # one page, and the key to the colours
    page.get_by_label(serials[1]).check()
    page.fill("#reason", "写错")
    page.get_by_role("button", name="作废", exact=True).click()
    page.get_by_label(serials[2]).check()
    page.get_by_role("button", name="空白注销", exact=True).click()
    page.get_by_label(serials[3]).check()
    page.fill("#reason", "外出途中遗失")
    page.get_by_role("button", name="报告缺页").click()
    page.get_by_role("button", name="结册").click()
    expect(page.get_by_role("alert")).to_contain_text(serials[3])
    manager = walk("manager")
    manager.get_by_role("link", name="缺页待经理签字").first.click()
    manager.goto(f"/books/{number}")
    manager.get_by_label(serials[3]).check()
    manager.get_by_role("button", name="签字").click()
    page.goto(f"/books/{number}")
    page.get_by_role("button", name="结册").click()
    expect(page.get_by_role("status")).to_contain_text("已结册")


def test_a_dossier_opens_after_a_manager_and_an_archivist_and_shows_marked_pages(walk: Walk) -> None:
    staff = walk("staff")
    staff.goto("/dossiers/DA-3-2-1201-01")
    expect(staff.get_by_text("内容对您关闭")).to_be_visible()
    assert staff.get_by_role("link", name="房屋装修申请表").count() == 0
    manager = walk("manager")
    manager.get_by_role("link", name="业主来电核对验房问题").click()
    manager.get_by_role("button", name="批准").click()
    archivist = walk("archivist")
    archivist.get_by_role("link", name="业主来电核对验房问题").click()
    archivist.get_by_role("button", name="登记并开放").click()
    staff.reload()
    expect(staff.get_by_text("对您开放", exact=True)).to_be_visible()
    staff.get_by_role("link", name="房屋装修申请表").first.click()
    picture = staff.locator(".scan-view img")
    expect(picture).to_be_visible()
    body = staff.request.get(str(picture.get_attribute("src"))).body()
    shown = np.asarray(Image.open(io.BytesIO(body)).convert("RGB"), np.int16)
    marked = shown[:, :, 0] - shown[:, :, 2] > 12
    halves = np.array_split(marked, 4, axis=0)
    assert all(part.mean() > 0.003 for part in halves)  # the marks lie all over the page
    staff.locator("[data-go=larger]").click()
    expect(staff.locator("[data-zoom-shown]")).to_have_text("150%")


def test_a_destruction_is_decided_by_two_people_and_carried_out_by_the_worker(walk: Walk, served: Office) -> None:
    archivist = walk("archivist")
    archivist.goto("/retention/")
    expect(archivist.get_by_text("业主变更；")).to_be_visible()
    archivist.get_by_label("DA-1-1-101-01").check()
    archivist.get_by_role("button", name="勾选的列入销毁清册").click()
    expect(archivist.get_by_text("等待经理批准")).to_be_visible()
    manager = walk("manager")
    manager.get_by_role("link", name="销毁清册 1 号").click()
    with manager.expect_download():
        manager.get_by_role("button", name="批准销毁").click()
    manager.goto("/retention/runs/")
    expect(manager.get_by_text("DA-1-1-101-01").first).to_be_visible()
    manager.on("dialog", lambda dialog: dialog.accept())
    manager.get_by_role("button", name="现在执行").click()
    expect(manager.get_by_text("已安排执行")).to_be_visible()
    disposal_runs.work_once(served)
    manager.reload()
    expect(manager.get_by_role("row", name="DA-1-1-101-01")).to_contain_text("已销毁")
    manager.goto("/dossiers/DA-1-1-101-01")
    expect(manager.get_by_text("此档案已销毁")).to_be_visible()


def test_the_administrator_keeps_users_and_sees_no_content(walk: Walk) -> None:
    page = walk("admin")
    assert page.get_by_role("link", name="单元与档案").count() == 0
    assert page.locator("#search-box").count() == 0
    answer = page.goto("/units/")
    assert answer is not None
    assert answer.status == 403
    page.goto("/users/")
    page.fill("#name", "新来的")
    page.fill("#password", "一句足够长的初始密码甲乙丙")
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_role("status")).to_contain_text("新来的")
    page.goto("/log/")
    page.get_by_role("button", name="核验日志").click()
    expect(page.get_by_role("status")).to_contain_text("日志完整")


PLACES = (
    "/", "/forms", "/forms/RZ-08", "/forms/HF-02", "/books/", "/scans/", "/scans/1", "/tray/", "/units/", "/units/1",
    "/dossiers/DA-3-2-1201-01", "/access/", "/access/new", "/access/1", "/search/?q=HF-01", "/retention/", "/log/",
    "/retention/lists", "/retention/holds/", "/retention/runs/",
)  # fmt: skip


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_no_page_is_wider_than_its_screen(walk: Walk, served: Office, phone: bool) -> None:
    page = walk("archivist", phone=phone)
    with served.reading() as session:
        book, serial = session.execute(select(Book.number, Serial.text).join(Book)).first() or ("", "")
    wide = []
    for place in (*PLACES, f"/books/{book}", f"/numbers/{serial}"):
        page.goto(place)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(place)
    assert wide == []


def test_on_a_phone_the_navigation_opens_and_english_is_a_touch_away(walk: Walk) -> None:
    page = walk("staff", phone=True)
    expect(page.get_by_role("link", name="单元与档案").first).not_to_be_in_viewport()
    page.locator(".menu-button").click()
    page.locator(".places").get_by_role("link", name="单元与档案").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Units and dossiers")).to_be_visible()
