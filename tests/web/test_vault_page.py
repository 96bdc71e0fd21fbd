"""docs/vault.md is true: a dossier comes out with the ordinary age program, and with nothing of ours imported."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from records import users
from records.tables import Blob, Document, Dossier, Page
from records.vault import key_rotation
from records.vault.master_key import Identity
from web.office import Office

PAGE = Path(__file__).parents[2] / "docs" / "vault.md"
NUMBER = "DA-3-2-1201-01"
needs_age = pytest.mark.skipif(
    shutil.which("age") is None or shutil.which("sqlite3") is None,
    reason="没有 age 或 sqlite3 程序 / the programs age and sqlite3 are not installed (apt-get install age sqlite3)",
)
#: The same three steps with age's library and the standard library.
SCRIPT = """
import base64, hashlib, sqlite3, sys
import pyrage
number, master = sys.argv[1:]
text = next(line for line in open(master) if line.startswith("AGE-SECRET-KEY-")).strip()
holder = pyrage.x25519.Identity.from_str(text)
rows = sqlite3.connect("yedang.sqlite").execute
wrapped, = rows("SELECT wrapped FROM keys JOIN dossiers ON keys.id = key_id WHERE number = ?", [number]).fetchone()
key = pyrage.x25519.Identity.from_str(pyrage.decrypt(base64.b64decode(wrapped), [holder]).decode())
inside = "FROM dossiers s JOIN documents d ON d.dossier_id = s.id JOIN pages p ON p.document_id = d.id"
pages = f"SELECT digest, b.key_id {inside} JOIN blobs b ON b.id = p.blob_id WHERE number = ?"
for digest, key_id in rows(pages, [number]):
    path = f"vault/{digest[:2]}/{digest[2:4]}/{digest}-{key_id}.age"
    print(hashlib.sha256(pyrage.decrypt(open(path, "rb").read(), [key])).hexdigest())
assert not {"records", "web", "forms"} & set(sys.modules)
"""


def blocks() -> list[str]:
    """The command lines of the page, as they stand there."""
    return re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)


def run(office: Office, commands: str, **variables: str) -> None:
    subprocess.run(
        ["sh", "-e", "-c", commands],
        cwd=office.settings.home, env={**os.environ, **variables}, check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def digests(office: Office) -> list[str]:
    """The digests of the dossier's pages, as they were filed."""
    with office.reading() as session:
        query = select(Blob.digest).join(Page, Page.blob_id == Blob.id).join(Document).join(Dossier)
        return sorted(session.scalars(query.where(Dossier.number == NUMBER)))


def found(folder: Path) -> list[str]:
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir())


@needs_age
def test_the_steps_of_the_page_get_a_dossier_out_with_the_master_key(office: Office) -> None:
    run(office, blocks()[0], NUMBER=NUMBER)
    assert found(office.settings.home / "out") == digests(office) != []


@needs_age
def test_the_recovery_key_typed_into_a_file_does_the_same(office: Office) -> None:
    paper = Identity.generate()
    with office.reading() as session:
        admin = users.find_actor(session, "admin")
    key_rotation.add_recovery(office.database, office.vault.master, admin, str(paper.to_public()))
    office.settings.master_key.write_text(f"{paper}\n")
    run(office, blocks()[0], NUMBER=NUMBER)
    assert found(office.settings.home / "out") == digests(office) != []


@needs_age
def test_a_document_of_a_series_opens_by_way_of_its_series(office: Office) -> None:
    with office.reading() as session:
        document = session.scalars(select(Document).where(Document.dossier_id.is_(None))).first()
        assert document is not None
        blob = document.pages[0].blob
        path = f"vault/{blob.digest[:2]}/{blob.digest[2:4]}/{blob.digest}-{blob.key_id}.age"
        number, series, digest = str(document.id), str(document.series), blob.digest
    opening = f"age -d -i document.key {path} > page"
    run(office, f"{blocks()[1]}\n{opening}", SERIES=series, DOCUMENT=number)
    assert hashlib.sha256((office.settings.home / "page").read_bytes()).hexdigest() == digest


def test_ages_library_alone_does_it_too(office: Office) -> None:
    """Run outside of this project, with nothing of it on the path."""
    command = [sys.executable, "-I", "-c", SCRIPT, NUMBER, str(office.settings.master_key)]
    done = subprocess.run(command, cwd=office.settings.home, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == digests(office) != []


def test_every_command_of_the_page_is_one_of_ours() -> None:
    commands = (PAGE.parent / "commands.md").read_text()
    for name in re.findall(r"^ {4}(?:\S+=\S+ )?(yedang [a-z]+(?: [a-z-]+)?)", PAGE.read_text(), re.MULTILINE):
        assert f"# {name.replace(' FOLDER', '')}\n" in commands or f"# {' '.join(name.split()[:2])}\n" in commands, name
