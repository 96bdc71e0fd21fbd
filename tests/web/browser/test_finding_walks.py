"""Results as one types: few requests, one at a time, by keyboard, with a history that leads back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, Request, expect

from tests.search.conftest import put_document
from web.office import Office

pytestmark = pytest.mark.browser
Walk = Callable[..., Page]
TWENTY = "巡楼记事一则二则三则四则五则六则七则八"


@pytest.fixture(scope="module")
def patrols(served: Office) -> None:
    """Some patrol notes to find."""
    with served.transaction() as session:
        for day in (1, 2, 3):
            kept = {"form_code": "XC-01", "series": "XC", "dated": date(2026, 3, day)}
            put_document(session, title="楼宇巡查记录", pages=[f"巡楼记事第{day}则"], **kept)


def watched(page: Page) -> tuple[list[str], list[int]]:
    """The live requests of a page, and how many were under way at once whenever one began."""
    asked: list[str] = []
    under_way: set[Request] = set()
    at_once: list[int] = []

    def begun(request: Request) -> None:
        if "live=1" in request.url or "/suggestions" in request.url:
            under_way.add(request)
            asked.append(request.url)
            at_once.append(len(under_way))

    def ended(request: Request) -> None:
        under_way.discard(request)

    page.on("request", begun)
    page.on("requestfinished", ended)
    page.on("requestfailed", ended)
    return asked, at_once


def test_twenty_letters_typed_quickly_are_a_few_requests_one_at_a_time(walk: Walk, patrols: None) -> None:
    page = walk("staff")
    page.goto("/search/")
    asked, at_once = watched(page)
    page.keyboard.press("/")
    for letter in TWENTY[:19] + "楼":
        page.keyboard.insert_text(letter)
        page.wait_for_timeout(60)
    expect(page.locator("#answer h1")).to_have_text(TWENTY[:19] + "楼")
    assert len(asked) <= 2 and max(at_once) == 1
    page.fill("#search-box", "")
    page.wait_for_timeout(500)
    asked.clear()
    for letter in "巡楼记事":
        page.keyboard.insert_text(letter)
        page.wait_for_timeout(450)
    expect(page.locator("#answer mark").first).to_have_text("巡楼记事")
    assert len(asked) <= 4 and max(at_once) == 1


def test_results_are_walked_by_keyboard_and_back_leads_to_the_question_before(walk: Walk, patrols: None) -> None:
    page = walk("staff")
    page.goto("/search/")
    page.keyboard.press("/")
    page.keyboard.insert_text("巡楼记事")
    expect(page.locator("#answer-said")).to_have_text("找到 3 件")
    assert "q=%E5%B7%A1" in page.url and page.title().startswith("巡楼记事 · ")
    page.wait_for_timeout(1600)
    page.keyboard.insert_text("第2则")
    expect(page.locator("#answer-said")).to_have_text("找到 1 件")
    page.go_back()
    expect(page.locator("#answer-said")).to_have_text("找到 3 件")
    expect(page.locator("#search-box")).to_have_value("巡楼记事")
    page.focus("#search-box")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#answer a.result").nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#answer a.result").nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search-box")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search-box")).to_have_value("")
    expect(page.locator("#answer h1")).to_have_text("检索")
    page.go_back()
    expect(page.locator("#answer-said")).to_have_text("找到 3 件")
    page.focus("#search-box")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/**")
    page.go_back()
    expect(page.locator("#answer h1")).to_have_text("巡楼记事")


def test_without_script_the_box_answers_as_ever_and_a_search_is_saved(walk: Walk, patrols: None) -> None:
    page = walk("manager")
    page.goto("/search/?q=巡楼记事")
    page.get_by_text("保存此检索").click()
    page.get_by_label("名称").fill("巡楼")
    page.get_by_label("共享给全办公室").check()
    page.get_by_role("button", name="保存", exact=True).click()
    page.goto("/search/")
    page.get_by_role("link", name="巡楼", exact=True).click()
    expect(page.locator(".hit")).to_have_count(3)
    colleague = walk("staff")
    colleague.goto("/search/")
    expect(colleague.get_by_role("link", name="巡楼", exact=True)).to_be_visible()
    expect(colleague.get_by_text("管理", exact=True)).to_have_count(0)
