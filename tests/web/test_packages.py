"""A package holds what the archive holds, is proven without us, and makes the same archive in an empty office."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdfium2
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from forms.printing import issuing
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from records import access, audit, documents, dossiers, facts, units, users, verify
from records.access import ContentClosed
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.estate import people
from records.estate.estate_tables import DossierPerson
from records.estate.people import NewPerson
from records.facts import FactKind
from records.readings import PageReading
from records.settings import Settings
from records.tables import Blob, Document, Fact, Page, User
from records.users import Actor
from web.acts.dossiers.dossier_export import FolderNotEmpty
from web.backups.restoring import OfficeNotEmpty, empty_office
from web.command_line import yedang
from web.office import Office
from web.packages import joining, reading, writing
from web.packages.joining import HereAlready
from web.packages.layout import RECORDS, NotForTakingIn, PackageDamaged, travelling_tables
from web.schema import METADATA

NUMBER = "DA-3-2-1201-01"
VERIFIER = Path(__file__).parents[2] / "docs" / "verify_log.py"
# Keys and sign-ins are the new office's own; the log goes on.
_OWN = {"keys", "users", "audit_log"}


def quiet(_done: int, _all: int) -> None:
    """Nobody looks at the progress."""


def person(office: Office, name: str) -> Any:
    with office.reading() as session:
        return users.find_actor(session, name)


def archive(office: Office, folder: Path) -> Path:
    writing.write_archive(office, person(office, "manager"), person(office, "manager2"), "换物业公司", folder, quiet)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Office:
    return Office.init(Settings.read({"YEDANG_HOME": str(tmp_path / "elsewhere")}))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """A new machine, on either database, that was just set up."""
    environment = {"YEDANG_HOME": str(tmp_path / "empty")}
    if request.param == "postgresql":
        database: Database = request.getfixturevalue("postgresql_database")
        with database.transaction() as session:
            empty_office(session, database)
        environment["YEDANG_DATABASE_URL"] = database.engine.url.render_as_string(hide_password=False)
    opened = Office.init(Settings.read(environment))
    yield opened
    opened.database.close()


def test_an_empty_office_becomes_the_same_archive(office: Office, empty: Office, tmp_path: Path) -> None:
    folder = archive(office, tmp_path / "package")
    reading.take_in(empty, folder, quiet)
    with office.reading() as here, empty.reading() as there:
        for name in set(travelling_tables()) - _OWN:
            table = METADATA.tables[name]
            query = select(table).order_by(*table.primary_key)
            assert there.execute(query).all() == here.execute(query).all(), name
        blobs = list(here.scalars(select(Blob).order_by(Blob.id)))
        assert len(blobs) > 4
        for mine in blobs:
            assert empty.vault.open(there.get_one(Blob, mine.id)) == office.vault.open(mine)
        assert audit.verify(there) is None
        assert audit.head(there)[0] == audit.head(here)[0] + 1
        assert list(there.scalars(select(User).where(User.active))) == []
        found = [*verify.check_records(there), *verify.check_keys(there, empty.vault)]
        assert [*found, *verify.check_vault(there, empty.vault, quiet)] == []


def test_a_page_printed_before_the_transfer_is_filed_after_it(
    office: Office, elsewhere: Office, tmp_path: Path
) -> None:
    with office.transaction() as session:
        form, archivist = office.catalogue.form("ZX-01"), users.find_actor(session, "archivist")
        unit = units.find_unit(session, "3-2-1201")
        printed = issuing.print_sheets(session, office.shop, archivist, form, unit=unit).data
    reading.take_in(elsewhere, archive(office, tmp_path / "package"), quiet)
    scan = samples.scan_pdf(list(samples.rasterise(printed, 150)), 150)
    with elsewhere.transaction() as session:
        session.scalars(select(User).where(User.name == "archivist")).one().active = True
        session.flush()
        archivist = users.find_actor(session, "archivist")
        batch = intake.receive(session, elsewhere.desk, archivist, "之后.pdf", scan).id
    fates = batch_work.work_batch(elsewhere.database, elsewhere.desk, archivist, batch)
    assert {fate.state for fate in fates} == {"filed"}
    elsewhere.database.close()


def test_a_package_is_proven_without_us_and_read_without_us(office: Office, tmp_path: Path) -> None:
    folder = archive(office, tmp_path / "package")
    done = subprocess.run([sys.executable, "-m", "bagit", "--validate", str(folder)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=folder, check=False)
    assert sums.returncode == 0
    log = [sys.executable, str(VERIFIER), str(folder / "data" / "log" / "log.json")]
    assert subprocess.run(log, capture_output=True, check=False).returncode == 0
    dossier = folder / "data" / "dossiers" / NUMBER
    with (dossier / "metadata.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and {row["form"] for row in rows} == {"ZX-01"}
    for row in rows:
        assert hashlib.sha256((folder / "data" / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    pages = ElementTree.parse(dossier / "metadata.xml").getroot().findall("page")
    assert [page.findtext("file") for page in pages] == [row["file"] for row in rows]
    with closing(pypdfium2.PdfDocument(dossier / "contents.pdf")) as contents:
        assert "ZX-01" in "".join(page.get_textpage().get_text_bounded() for page in contents)
    assert (folder / "data" / "series" / "HF" / "metadata.csv").stat().st_size > 100


def test_no_password_and_no_key_is_in_a_package(office: Office, tmp_path: Path) -> None:
    folder = archive(office, tmp_path / "package")
    secrets = ["AGE-SECRET-KEY", "$argon2"]
    with office.reading() as session:
        secrets += [user.password_hash for user in session.scalars(select(User))]
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert [secret for secret in secrets if secret.encode() in content] == [], path


@pytest.mark.parametrize("name", ["data/system/files.json", f"data/dossiers/{NUMBER}/metadata.csv"])
def test_a_package_in_which_a_byte_changed_is_not_taken_in(
    office: Office, elsewhere: Office, tmp_path: Path, name: str
) -> None:
    folder = archive(office, tmp_path / "package")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(PackageDamaged):
        reading.take_in(elsewhere, folder, quiet)
    with elsewhere.reading() as session:
        assert audit.head(session)[0] == 0
    elsewhere.database.close()


def test_only_two_people_send_the_whole_archive_away(office: Office, tmp_path: Path) -> None:
    manager, folder = person(office, "manager"), tmp_path / "package"
    for actor, witness in (
        ("archivist", "manager"),
        ("manager", "staff"),
        ("manager", "manager"),
        ("admin", "manager"),
    ):
        with pytest.raises(NotAllowed):
            writing.write_archive(office, person(office, actor), person(office, witness), "移交", folder, quiet)
    with pytest.raises(BadInput):
        writing.write_archive(office, manager, person(office, "supervisor"), " ", folder, quiet)
    assert not folder.exists()
    folder.mkdir()
    (folder / "别的.txt").write_text("已有")
    with pytest.raises(FolderNotEmpty):
        archive(office, folder)


def test_an_office_at_work_takes_no_archive_in(office: Office, tmp_path: Path) -> None:
    folder = archive(office, tmp_path / "package")
    with pytest.raises(OfficeNotEmpty):
        reading.take_in(office, folder, quiet)


def test_a_dossier_leaves_only_under_a_grant_of_loan_and_is_no_whole_archive(
    office: Office, elsewhere: Office, tmp_path: Path
) -> None:
    folder, archivist = tmp_path / "package", person(office, "archivist")
    with pytest.raises(ContentClosed):
        writing.write_dossier(office, archivist, NUMBER, folder, quiet)
    assert not folder.exists()
    with office.transaction() as session:
        dossier = dossiers.find_dossier(session, NUMBER)
        request = access.request_access(session, archivist, [dossier], "法院调取", 1, mode="loan")
        access.approve(session, users.find_actor(session, "manager"), request)
        access.register(session, users.find_actor(session, "archivist"), request)
    package = writing.write_dossier(office, archivist, NUMBER, folder, quiet)
    assert (package.dossiers, package.documents) == (1, 1)
    assert reading.prove(folder)["External-Description"] == f"业主档案 {NUMBER}"
    shown = [one["verb"] for one in json.loads((folder / "data" / "log" / "log.json").read_text())["entries"]]
    assert "document:page:shown" in shown
    with pytest.raises(NotForTakingIn):
        reading.take_in(elsewhere, folder, quiet)
    elsewhere.database.close()


def _granted(office: Office) -> Actor:
    """The archivist, under a grant of loan for the dossier."""
    archivist: Actor = person(office, "archivist")
    with office.transaction() as session:
        dossier = dossiers.find_dossier(session, NUMBER)
        request = access.request_access(session, archivist, [dossier], "物业交接", 1, mode="loan")
        access.approve(session, users.find_actor(session, "manager"), request)
        access.register(session, users.find_actor(session, "archivist"), request)
    return archivist


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """A new office with its own people and nothing else, on either database."""
    database: Database = request.getfixturevalue(f"{request.param}_database")
    url = database.engine.url.render_as_string(hide_password=False)
    opened = Office.init(Settings.read({"YEDANG_HOME": str(tmp_path / "other"), "YEDANG_DATABASE_URL": url}))
    yield opened
    opened.database.close()


def test_a_dossier_becomes_the_same_dossier_elsewhere(office: Office, other: Office, tmp_path: Path) -> None:
    archivist = _granted(office)
    with office.transaction() as session:
        dossier = dossiers.find_dossier(session, NUMBER)
        people.add_person(session, archivist, dossier, NewPerson("tenant", "李租客"), date(2025, 1, 1))
        facts.record_fact(session, archivist, FactKind.MOVED_IN, ("dossier", dossier.id), date(2020, 3, 1))
        page = session.scalars(select(Page).join(Document).where(Document.dossier_id == dossier.id)).first()
        assert page is not None
        documents.set_page_text(session, page, "阳台栏杆松动")
    writing.write_dossier(office, archivist, NUMBER, tmp_path / "package", quiet)
    done = joining.join(other, person(other, "archivist"), tmp_path / "package", quiet)
    assert done.files >= 1
    assert _told(other) == _told(office)
    with other.reading() as session:
        found = [*verify.check_records(session), *verify.check_keys(session, other.vault)]
        assert [*found, *verify.check_vault(session, other.vault, quiet), *other.index.findings(session)] == []
        assert audit.verify(session) is None
    with pytest.raises(HereAlready, match=NUMBER):
        joining.join(other, person(other, "archivist"), tmp_path / "package", quiet)
    with pytest.raises(NotAllowed):
        joining.join(other, person(other, "staff"), tmp_path / "package", quiet)


def _told(office: Office) -> list[object]:
    """All that an office knows of the dossier, without the numbers that are its own."""
    with office.reading() as session:
        dossier = dossiers.find_dossier(session, NUMBER)
        owners = [(one.name, one.phone, one.id_number, one.kind) for one in dossier.ownership.owners]
        unit, held = dossier.ownership.unit, dossier.ownership
        here = [unit.estate, unit.code, held.from_on, held.until_on, dossier.state, dossier.opened_on, owners]
        lives = select(DossierPerson.kind, DossierPerson.name, DossierPerson.from_on)
        here += session.execute(lives.where(DossierPerson.dossier_id == dossier.id)).all()
        about = select(Fact.kind, Fact.on, Fact.recorded_at).where(Fact.subject_id == dossier.id)
        here += session.execute(about.where(Fact.subject_kind == "dossier")).all()
        for one in dossier.documents:
            here += [one.form_code, one.title, one.serial, one.dated, one.filed_at, one.rule, one.section, one.entered]
            here += [one.signatures, one.expected_pages, one.state]
            for page in one.pages:
                here += [page.position, page.rotation, page.reading, page.text, page.signatures]
                here += [office.vault.open(page.blob), session.get(PageReading, page.id) is not None]
        return here


def test_a_series_is_taken_in_by_an_office_at_work(office: Office, other: Office, tmp_path: Path) -> None:
    with office.transaction() as session:
        document = session.scalars(select(Document).where(Document.series == "HF")).one()
        archivist = users.find_actor(session, "archivist")
        facts.record_fact(
            session, archivist, FactKind.BOOK_COMPLETED, ("book", document.book_id or 0), date(2026, 1, 5)
        )
        page = office.vault.open(document.pages[0].blob)
    writing.write_series(office, person(office, "archivist"), "HF", tmp_path / "package", quiet)
    joining.join(other, person(other, "archivist"), tmp_path / "package", quiet)
    with other.reading() as session:
        there = session.scalars(select(Document)).one()
        assert (there.serial, there.series, there.book_id) == (document.serial, "HF", None)
        assert other.vault.open(there.pages[0].blob) == page
        (fact,) = session.scalars(select(Fact))
        assert (fact.subject_kind, fact.subject_id, fact.on) == ("document", there.id, date(2026, 1, 5))
    with pytest.raises(HereAlready):
        joining.join(other, person(other, "archivist"), tmp_path / "package", quiet)


def test_a_part_in_which_a_byte_changed_is_not_taken_in(office: Office, other: Office, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    writing.write_series(office, person(office, "archivist"), "HF", folder, quiet)
    rows = folder / "data" / RECORDS / "documents.jsonl"
    rows.write_bytes(rows.read_bytes().replace(b"HF-01", b"HF-02", 1))
    with pytest.raises(PackageDamaged):
        joining.join(other, person(other, "archivist"), folder, quiet)
    with other.reading() as session:
        assert session.scalar(select(Document.id)) is None


def test_a_series_is_packed_without_the_dossiers(office: Office, tmp_path: Path) -> None:
    package = writing.write_series(office, person(office, "archivist"), "hf", tmp_path / "package", quiet)
    assert (package.documents, package.files) == (1, 1)
    assert not (tmp_path / "package" / "data" / "dossiers").exists()
    with pytest.raises(NotAllowed):
        writing.write_series(office, person(office, "staff"), "HF", tmp_path / "other", quiet)


def test_guessing_at_the_witnesss_password_is_slowed_as_at_the_door(office: Office, tmp_path: Path) -> None:
    def run(actor: str) -> str:
        environment = {"YEDANG_HOME": str(office.settings.home), "YEDANG_ACTOR": actor}
        words = ["package", "archive", str(tmp_path / "out"), "--witness", "manager2", "--reason", "移交"]
        done = CliRunner().invoke(yedang, [*words, "--password-stdin"], input="不是这个密码\n", env=environment)
        assert done.exit_code == 1
        return done.stderr

    assert "密码" not in run("staff")
    told = [run("manager") for _ in range(6)]
    assert "密码不正确" in told[0]
    assert "秒后再试" in told[5]
    assert not (tmp_path / "out").exists()
