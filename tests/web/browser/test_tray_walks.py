"""The tray and the way in, in a real browser: files dropped, pages placed by keys alone, joined, taken back."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from sqlalchemy import select

from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import ScanPage
from records import users
from records.tables import Document
from records.tables import Page as FiledPage
from web.office import Office

pytestmark = pytest.mark.browser
Walk = Callable[..., Page]

#: What a browser does when files are let go over the page.
DROP = """files => {
  const carried = new DataTransfer();
  for (const one of files) {
    const bytes = Uint8Array.from(atob(one.data), letter => letter.charCodeAt(0));
    carried.items.add(new File([bytes], one.name, { type: "application/pdf" }));
  }
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector(".head").dispatchEvent(
      new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def paper(seed: int) -> Image.Image:
    """A page from elsewhere, unlike any other."""
    image = Image.new("RGB", (827, 1169), "white")
    draw = ImageDraw.Draw(image)
    for line in range(3 + seed % 9):
        draw.rectangle((100, 150 + 40 * line, 300 + 31 * (seed % 13), 165 + 40 * line), fill=(20, 20, 20))
    return image


def pile(*seeds: int) -> bytes:
    """A scan of such pages."""
    return samples.scan_pdf([paper(seed) for seed in seeds], 100)


def scanned(office: Office, name: str, *seeds: int) -> list[int]:
    """A batch of the archivist's with such pages, all in the tray: their ids."""
    with office.transaction() as session:
        actor = users.find_actor(session, "archivist")
        batch = intake.receive(session, office.desk, actor, name, pile(*seeds)).id
    batch_work.work_batch(office.database, office.desk, actor, batch)
    with office.reading() as session:
        query = select(ScanPage.id).where(ScanPage.batch_id == batch).order_by(ScanPage.position)
        return list(session.scalars(query))


def filed_in(office: Office, page_id: int) -> Document | None:
    """The document that a scanned page is filed in now."""
    with office.reading() as session:
        query = select(Document).join(FiledPage).join(ScanPage, ScanPage.page_id == FiledPage.id)
        return session.scalar(query.where(ScanPage.id == page_id))


def test_files_dropped_on_the_page_are_each_taken_in_and_a_bad_one_is_told(walk: Walk, served: Office) -> None:
    page = walk("archivist")
    page.goto("/scans/")
    again = pile(101)
    files = {"一.pdf": again, "坏.pdf": b"PK\x03\x04 a zip", "二.pdf": pile(102, 103)}
    page.evaluate(DROP, [{"name": name, "data": base64.b64encode(data).decode()} for name, data in files.items()])
    lines = page.locator(".uploads li")
    expect(lines).to_have_count(3)
    expect(lines.filter(has_text="坏.pdf").locator(".refused")).to_contain_text("没有收下")
    expect(lines.filter(has_text="一.pdf").get_by_role("link", name="待处理 1 页")).to_be_visible()
    expect(lines.filter(has_text="二.pdf").get_by_role("link", name="待处理 2 页")).to_be_visible()
    # Coming back, the day's batches stand there; the same file again leads to its batch.
    page.goto("/scans/")
    expect(page.get_by_role("cell", name="二.pdf")).to_be_visible()
    page.set_input_files("#files", [{"name": "又一.pdf", "mimeType": "application/pdf", "buffer": again}])
    page.get_by_role("link", name=re.compile("收过")).click()
    expect(page.get_by_role("heading", name=re.compile("^第 [0-9]+ 批$"))).to_be_visible()


def test_a_closed_tab_loses_nothing_that_was_sent(walk: Walk, served: Office) -> None:
    page = walk("archivist")
    page.goto("/scans/")
    with page.expect_response("**/scans/"):
        page.set_input_files("#files", [{"name": "走开.pdf", "mimeType": "application/pdf", "buffer": pile(7, 8, 9)}])
    page.close()
    later = walk("archivist")
    later.goto("/scans/")
    expect(later.get_by_role("row", name=re.compile("走开")).get_by_text(re.compile("待处理 3"))).to_be_visible()


def test_three_pages_are_placed_by_keys_alone(walk: Walk, served: Office) -> None:
    ids = scanned(served, "键盘.pdf", 21, 22, 23)
    page = walk("archivist")
    page.goto(f"/tray/{ids[0]}")
    keyboard = page.keyboard
    for page_id in ids:
        expect(page).to_have_url(re.compile(f"/tray/{page_id}$"))
        keyboard.press("f")
        keyboard.press("Control+a")
        keyboard.type("zjfyj")
        expect(page.locator("#form-choices li[aria-selected=true]")).to_contain_text("RZ-15")
        keyboard.press("Enter")
        keyboard.press("Tab")
        keyboard.press("Control+a")
        keyboard.type("3-2-1201")
        expect(page.locator("#unit-choices li[aria-selected=true]")).to_contain_text("3-2-1201")
        keyboard.press("Escape")
        keyboard.press("Enter")
        expect(page).not_to_have_url(re.compile(f"/tray/{page_id}$"))
    assert [found.form_code for one in ids if (found := filed_in(served, one))] == ["RZ-15"] * 3


def test_pages_are_joined_in_the_order_of_ticking_and_taken_back(walk: Walk, served: Office) -> None:
    ids = scanned(served, "合并.pdf", 31, 32, 33)
    page = walk("archivist")
    page.goto("/tray/")
    for one in (ids[2], ids[0]):
        page.locator(f"input[name=pages][value='{one}']").check()
    expect(page.locator(".tray-card.chosen .nth")).to_have_text(["2", "1"])
    page.fill("#form", "业主证件复印件")
    page.fill("#unit", "3-2-1201")
    page.locator("#section").press("Escape")
    page.get_by_role("button", name="合为一份归档").click()
    expect(page.get_by_role("status")).to_contain_text("2 页已归入 DA-3-2-1201-01")
    with served.reading() as session:
        query = select(ScanPage.id).join(FiledPage).order_by(FiledPage.position)
        joined = filed_in(served, ids[0])
        assert joined is not None
        assert list(session.scalars(query.where(FiledPage.document_id == joined.id))) == [ids[2], ids[0]]
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("status")).to_contain_text("已撤销")
    page.goto("/tray/today")
    expect(page.get_by_role("row", name=re.compile("合并归入")).get_by_text("已撤销")).to_be_visible()
    assert filed_in(served, ids[0]) is None


def test_the_list_of_keys_opens_and_pages_turn(walk: Walk, served: Office) -> None:
    [one] = scanned(served, "横放.pdf", 41)
    page = walk("archivist")
    page.goto(f"/tray/{one}")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    picture = page.get_by_alt_text("扫描页")
    expect(picture).to_have_attribute("src", re.compile("turned=90"))
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth > image.naturalHeight)")
    page.keyboard.press("z")
    expect(picture).to_have_attribute("src", re.compile("turned=0"))
