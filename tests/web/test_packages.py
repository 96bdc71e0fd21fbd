"""A package holds what the archive holds, is proven without us, and makes the same archive in an empty office."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdfium2
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from forms import issuing
from forms.scanning import intake, samples
from records import access, audit, dossiers, units, users, verify
from records.access import ContentClosed
from records.errors import BadInput, NotAllowed
from records.settings import Settings
from records.tables import Blob, User
from web.acts.dossier_export import FolderNotEmpty
from web.backups.restoring import OfficeNotEmpty
from web.command_line import yedang
from web.office import Office
from web.packages import reading, writing
from web.packages.layout import NotWholeArchive, PackageDamaged, travelling_tables
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


def test_an_empty_office_becomes_the_same_archive(office: Office, elsewhere: Office, tmp_path: Path) -> None:
    folder = archive(office, tmp_path / "package")
    reading.take_in(elsewhere, folder, quiet)
    with office.reading() as here, elsewhere.reading() as there:
        for name in set(travelling_tables()) - _OWN:
            table = METADATA.tables[name]
            query = select(table).order_by(*table.primary_key)
            assert there.execute(query).all() == here.execute(query).all(), name
        blobs = list(here.scalars(select(Blob).order_by(Blob.id)))
        assert len(blobs) > 4
        for mine in blobs:
            assert elsewhere.vault.open(there.get_one(Blob, mine.id)) == office.vault.open(mine)
        assert audit.verify(there) is None
        assert audit.head(there)[0] == audit.head(here)[0] + 1
        assert list(there.scalars(select(User).where(User.active))) == []
        found = [*verify.check_records(there), *verify.check_keys(there, elsewhere.vault)]
        assert [*found, *verify.check_vault(there, elsewhere.vault, quiet)] == []
    elsewhere.database.close()


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
    fates = intake.work_batch(elsewhere.database, elsewhere.desk, archivist, batch)
    assert {fate.state for fate in fates} == {"filed"}
    elsewhere.database.close()


def test_a_package_is_proven_without_us_and_read_without_us(office: Office, tmp_path: Path) -> None:
    folder = archive(office, tmp_path / "package")
    done = subprocess.run([sys.executable, "-m", "bagit", "--validate", str(folder)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
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
    with pytest.raises(NotWholeArchive):
        reading.take_in(elsewhere, folder, quiet)
    elsewhere.database.close()


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
