"""A furnished office for the pages: people, two homes, a filed scan, a book in use, a full tray, a request that waits.

It is built once through the office's own acts and copied for each test, so that every test may change what it likes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from forms import books
from forms.printing import issuing
from forms.scanning.desk import ScanDesk
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from records import access, dossiers, units, users
from records.dossiers import NewOwner
from records.settings import Settings
from records.users import Actor, Role
from web.application import create_app
from web.office import Office

PASSWORD = "一间办公室的长密码123"
PEOPLE = {
    "admin": Role.ADMIN,
    "staff": Role.STAFF,
    "staff2": Role.STAFF,
    "archivist": Role.ARCHIVIST,
    "supervisor": Role.SUPERVISOR,
    "manager": Role.MANAGER,
    "manager2": Role.MANAGER,
}
#: What nobody may read on any page without a grant: a former owner, and what was filled into a form.
SECRET_FORMER, SECRET_TEXT = "欧阳旧主", "阳台栏杆松动"
OWNER = "王建国"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Visitor:
    """Somebody at a browser: looks at pages, sends forms with the token that the page gave."""

    client: FlaskClient
    name: str = ""
    token: str = field(default="")

    def sign_in(self, name: str, password: str = PASSWORD, onward: str = "") -> TestResponse:
        """Sign in by the page, wanting to go on to an address."""
        self.token = self._token_on("/sign-in")
        query = {"query_string": {"next": onward}} if onward else {}
        fields = {"name": name, "password": password, "csrf_token": self.token}
        answer = self.client.post("/sign-in", data=fields, **query)
        if answer.status_code == 302:
            self.name, self.token = name, self._token_on("/")
        return answer

    def _token_on(self, path: str) -> str:
        found = _TOKEN.search(self.client.get(path, follow_redirects=True).text)
        assert found is not None
        return found[1]

    def get(self, path: str, **headers: str) -> TestResponse:
        """Look at a page."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, files: Any = None, accept: str = "", **fields: Any) -> TestResponse:
        """Send a form."""
        data = {key: value for key, value in fields.items() if value is not None} | {"csrf_token": self.token}
        headers = {"Accept": accept} if accept else {}
        return self.client.post(path, data=data | ({"files": files} if files else {}), headers=headers)


@pytest.fixture(scope="session")
def furnished_home(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The data folder of the furnished office, to be copied."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "yedang.sqlite")
    office = Office.init(settings_of(home))
    furnish(office)
    with office.database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    office.database.close()
    return home


def settings_of(home: Path) -> Settings:
    """The settings of an office in a folder, whatever the environment says."""
    return Settings.read({"YEDANG_HOME": str(home)})


def furnish(office: Office) -> None:
    """Everything that the tests find in the office."""
    people = _sign_up(office)
    _house(office, people)
    _file_a_sheet(office, people)
    _use_a_book(office, people)
    _fill_the_tray(office, people["archivist"])
    with office.transaction() as session:
        dossier = dossiers.find_dossier(session, "DA-3-2-1201-01")
        access.request_access(session, people["staff"], [dossier], "业主来电核对验房问题", 3)


def _sign_up(office: Office) -> dict[str, Actor]:
    """The people of the template database, and a second front-desk clerk."""
    with office.transaction() as session:
        admin = users.find_actor(session, "admin")
        users.add_user(session, admin, "staff2", Role.STAFF, PASSWORD)
        return {name: users.find_actor(session, name) for name in PEOPLE}


def _house(office: Office, people: dict[str, Actor]) -> None:
    archivist, vault = people["archivist"], office.vault
    with office.transaction() as session:
        home = units.add_unit(session, archivist, "东光花园", "3-2-1201")
        dossiers.start_ownership(session, vault, archivist, home, [NewOwner(OWNER, "13800001111")], date(2020, 1, 15))
        sold = units.add_unit(session, archivist, "东光花园", "1-1-101")
        dossiers.start_ownership(session, vault, archivist, sold, [NewOwner(SECRET_FORMER)], date(2012, 5, 1))
        dossiers.start_ownership(session, vault, archivist, sold, [NewOwner("李秀英")], date(2018, 5, 1))


def _file_a_sheet(office: Office, people: dict[str, Actor]) -> None:
    """A renovation form of the home, printed, signed, scanned and filed in its dossier: document 1."""
    form = office.catalogue.form("ZX-01")
    with office.transaction() as session:
        unit = units.find_unit(session, "3-2-1201")
        values = {"works": SECRET_TEXT}
        printed = issuing.print_sheets(session, office.shop, people["staff"], form, unit=unit, values=values)
    scan(office, people["archivist"], "装修.pdf", list(samples.rasterise(printed.data, 150)))


def _use_a_book(office: Office, people: dict[str, Actor]) -> None:
    """A book of four pages, issued, its first page scanned: document 2."""
    with office.transaction() as session:
        printed = issuing.print_book(session, office.shop, people["staff"], office.catalogue.form("HF-01"), 4)
        assert printed.book is not None
        books.issue(session, people["supervisor"], books.find_book(session, printed.book.number), "前台")
    pages = list(samples.rasterise(printed.data, 150))
    scan(office, people["archivist"], "回访.pdf", pages[2:3])


def _fill_the_tray(office: Office, archivist: Actor) -> None:
    blank = [Image.new("RGB", (1240, 1754), (250 - shade, 250, 250)) for shade in (0, 20)]
    scan(office, archivist, "散页.pdf", blank)


def scan(office: Office, actor: Actor, name: str, pages: list[Image.Image]) -> int:
    """Hand in pages as a scan and file them; returns the batch."""
    desk: ScanDesk = office.desk
    with office.transaction() as session:
        batch = intake.receive(session, desk, actor, name, samples.scan_pdf(pages, 150)).id
    batch_work.work_batch(office.database, desk, actor, batch)
    return batch


@pytest.fixture
def furnished() -> Callable[[Settings], Office]:
    """Furnish an office elsewhere, on another database: ``furnished(settings)``."""

    def make(settings: Settings) -> Office:
        office = Office.init(settings)
        furnish(office)
        return office

    return make


@pytest.fixture
def at_the_door() -> Callable[[Flask], Visitor]:
    """Somebody who has not signed in to that application."""
    return lambda app: Visitor(app.test_client())


@pytest.fixture
def office(furnished_home: Path, tmp_path: Path) -> Iterator[Office]:
    """A furnished office of the test's own."""
    home = tmp_path / "office"
    shutil.copytree(furnished_home, home)
    opened = Office.open(settings_of(home))
    yield opened
    opened.database.close()


@pytest.fixture
def app(office: Office) -> Flask:
    """The web application of the office."""
    return create_app(office)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], Visitor]:
    """Sign somebody in: ``sign_in("manager")``."""

    def come_in(name: str) -> Visitor:
        visitor = Visitor(app.test_client())
        assert visitor.sign_in(name).status_code == 302
        return visitor

    return come_in


@pytest.fixture
def granted(office: Office) -> None:
    """The request that waits is approved and registered: staff may see into DA-3-2-1201-01."""
    with office.transaction() as session:
        request = access.find_request(session, users.find_actor(session, "staff"), 1)
        access.approve(session, users.find_actor(session, "manager"), request)
        access.register(session, users.find_actor(session, "archivist"), request)
