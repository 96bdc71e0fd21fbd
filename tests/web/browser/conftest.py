"""One server and one real Chromium for all walks; without a Chromium the walks are skipped, and say so."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import waitress
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from records.settings import Settings
from web.application import create_app
from web.office import Office

PASSWORD = "一间办公室的长密码123"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
WIDE, PHONE = {"width": 1360, "height": 850}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or another that is there."""
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine: the walks through the pages are skipped (apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield running
        running.close()


@pytest.fixture(scope="session")
def served(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office that the walks share, with its address in ``YEDANG_ADDRESS`` of the application's settings."""
    home = tmp_path_factory.mktemp("walks") / "office"
    shutil.copytree(furnished_home, home)
    office = Office.open(Settings.read({"YEDANG_HOME": str(home)}))
    yield office
    office.database.close()


@pytest.fixture(scope="session")
def address(served: Office) -> Iterator[str]:
    """Where the pages are served."""
    server = waitress.create_server(create_app(served), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


Walk = Callable[..., Page]


@pytest.fixture
def walk(browser: Browser, address: str) -> Iterator[Walk]:
    """Sit somebody down at a browser: ``walk("staff")``. Whatever a page complains of in the console fails the test."""
    complaints: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        # A refusal that a walk provokes on purpose is reported by the browser too.
        if message.type == "error" and "status of 40" not in message.text:
            complaints.append(message.text)

    def sit_down(name: str = "", phone: bool = False) -> Page:
        context = browser.new_context(
            base_url=address, viewport=PHONE if phone else WIDE, locale="zh-CN", accept_downloads=True
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if name:
            page.goto("/sign-in")
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.click(".gate-form button")
            page.wait_for_url("**/")
        return page

    yield sit_down
    for context in contexts:
        context.close()
    assert complaints == []
