"""Every kind of damage that the check knows is made for real, and named with what to do about it."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import select, text

from records import access, checks, clock, documents, dossiers, users, verify
from records.audit import Verb
from records.documents import NewPage, Placing
from records.tables import Blob
from records.vault import blob_path
from retention import holds
from web.checking import advice
from web.checking.working import at_once
from web.office import Office

ROOT = Path(__file__).parents[1]


def sql(*statements: str) -> Callable[[Office], None]:
    """Damage done behind the program's back, to the tables."""

    def damage(office: Office) -> None:
        with office.database.engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for statement in statements:
                connection.exec_driver_sql(statement)

    return damage


def image(office: Office) -> Path:
    """The sealed file of the newest image."""
    with office.reading() as session:
        blob = session.scalars(select(Blob).order_by(Blob.id.desc())).first()
        assert blob is not None
        return office.vault.folder / blob_path(blob.digest, blob.key_id)


def flip(office: Office) -> None:
    """One byte of an image on the disk is another."""
    content = bytearray(image(office).read_bytes())
    content[-20] ^= 1
    image(office).write_bytes(content)


def no_image(office: Office) -> None:
    """Something was filed as an image that is none."""
    with office.transaction() as session:
        dossier = dossiers.find_dossier(session, "DA-3-2-1201-01")
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=dossier, section="inspection")
        archivist = users.find_actor(session, "archivist")
        document = documents.file_document(session, office.vault, archivist, placing)
        documents.add_page(session, office.vault, document, NewPage(os.urandom(500), "image/png"))


def stray(office: Office) -> None:
    """A file in the vault that no record knows."""
    (office.vault.folder / "无主.age").write_bytes(b"x")


def leftover(office: Office) -> None:
    """A purge was killed before it removed a file."""
    (office.vault.folder / "ab").mkdir(exist_ok=True)
    (office.vault.folder / "ab" / "gone.age").write_bytes(b"x")
    sql("INSERT INTO discards (path) VALUES ('ab/gone.age')")(office)


def no_master(office: Office) -> None:
    """The file of the master key is gone."""
    office.vault.master.path.unlink()


def foreign_master(office: Office) -> None:
    """Another office's master key lies in the place of ours."""
    office.vault.master.path.unlink()
    office.vault.master.create()


def closed_key(office: Office) -> None:
    """A key is wrapped for somebody else."""
    stranger = pyrage.x25519.Identity.generate().to_public()
    wrapped = base64.b64encode(pyrage.encrypt(b"x", [stranger])).decode()
    sql(f"UPDATE keys SET wrapped = '{wrapped}' WHERE id = (SELECT min(key_id) FROM dossiers)")(office)


def lost_hold(office: Office) -> None:
    """What was on hold is gone all the same."""
    with office.transaction() as session:
        manager = users.find_actor(session, "manager")
        dossier = dossiers.find_dossier(session, "DA-3-2-1201-01")
        holds.place(session, manager, "dossier", dossier.id, "诉讼")
    sql("UPDATE dossiers SET state = 'destroyed'")(office)


def grant_of_nothing(office: Office) -> None:
    """A grant is in force for a dossier that is gone."""
    with office.transaction() as session:
        request = access.find_request(session, users.find_actor(session, "staff"), 1)
        access.approve(session, users.find_actor(session, "manager"), request)
        access.register(session, users.find_actor(session, "archivist"), request)
    sql("UPDATE dossiers SET state = 'destroyed'")(office)


def old_backup(office: Office) -> None:
    """The last backup is a month old, and so is what was filed."""
    before = (clock.now() - timedelta(days=30)).replace(tzinfo=None)
    entry = f"INSERT INTO audit_log SELECT seq + 1, '{before.isoformat()}+00:00', 'system', '{Verb.BACKUP_MADE}',"
    entry += " 'system', '{}', hash, hash FROM audit_log ORDER BY seq DESC LIMIT 1"
    sql(f"UPDATE documents SET filed_at = '{before}'", entry)(office)


def month_without_backup(office: Office) -> None:
    """Nobody ever made a backup."""
    sql(f"UPDATE documents SET filed_at = '{(clock.now() - timedelta(days=30)).replace(tzinfo=None)}'")(office)


DAMAGES: dict[str, Callable[[Office], None]] = {
    "log.broken": sql("DROP TRIGGER audit_log_no_update", "UPDATE audit_log SET actor = 'user:9' WHERE seq = 3"),
    "document.incomplete": sql("UPDATE documents SET expected_pages = 5"),
    "dossier.several_open": sql("UPDATE dossiers SET state = 'open'"),
    "ownership.overlap": sql("UPDATE ownerships SET until_on = '2030-01-01' WHERE until_on IS NOT NULL"),
    "dossier.key_gone": sql("UPDATE keys SET wrapped = NULL WHERE id = (SELECT min(key_id) FROM dossiers)"),
    "dossier.key_left": sql("UPDATE dossiers SET state = 'destroyed'"),
    "vault.blob": flip,
    "vault.unreadable": no_image,
    "vault.stray": stray,
    "vault.leftover": leftover,
    "vault.no_master": no_master,
    "vault.foreign_master": foreign_master,
    "vault.key_closed": closed_key,
    "vault.keys_behind": sql("UPDATE keys SET wrapped_for = 'somebody' WHERE parent_id IS NULL"),
    "number.gap": sql(
        "DELETE FROM serials WHERE state != 'returned' AND number = (SELECT max(number) FROM serials s "
        "WHERE s.form_code = serials.form_code)"
    ),
    "number.beyond_counter": sql("UPDATE counters SET last = last - 1"),
    "number.no_print_run": sql("UPDATE print_runs SET last = last - 1"),
    "number.wrong_text": sql("UPDATE serials SET text = 'XX-' || text WHERE id = (SELECT min(id) FROM serials)"),
    "number.no_scan": sql("UPDATE serials SET state = 'returned'"),
    "book.pages": sql("UPDATE books SET page_count = page_count + 1"),
    "tray.text_left": sql(
        "INSERT INTO tray_texts (scan_page_id, text, reading) SELECT id, '残留', 'done' FROM scan_pages "
        "WHERE state != 'tray' LIMIT 1"
    ),
    "hold.lost": lost_hold,
    "grant.destroyed": grant_of_nothing,
    "backup.none": month_without_backup,
    "backup.old": old_backup,
}


def found(office: Office) -> dict[str, str]:
    """What a check finds, every image decoded: sentence by code."""
    with office.transaction() as session:
        run = checks.ask(session, None, "sample")
        run.step = 1
    with office.reading() as session:
        piece = checks.open_piece(session, office.vault, run)
    lying = verify.lying(office.vault)
    with office.transaction() as session:
        run = checks.find(session, run.id)
        checks.note(session, office.vault, run, piece)
        told = {one["code"]: one["zh"] for one in run.findings}
        return told | {one.code: one.zh for one in at_once(session, office, lying)}


def test_the_furnished_office_is_sound(office: Office) -> None:
    assert found(office) == {}


@pytest.mark.parametrize("code", DAMAGES)
def test_it_is_named(office: Office, code: str) -> None:
    DAMAGES[code](office)
    assert code in found(office)
    assert advice.of(code).zh


def test_every_finding_has_its_damage() -> None:
    """Here, or in the test of the part that it is about."""
    elsewhere = "".join(
        path.read_text(encoding="utf-8") for path in ROOT.rglob("test_*.py") if path.name != Path(__file__).name
    )
    untried = {code for code in advice.codes() - set(DAMAGES) if f'"{code}"' not in elsewhere}
    assert untried == set()


def test_nothing_personal_stands_in_a_finding(office: Office) -> None:
    """Owners' names and phones, titles and what was written on a form: a report outlives what it tells of."""
    for code in ("document.incomplete", "dossier.several_open", "ownership.overlap", "number.no_scan", "book.pages"):
        DAMAGES[code](office)
    flip(office)
    with office.reading() as session:
        names = session.scalars(text("SELECT name FROM owners")).all()
        titles = session.scalars(text("SELECT title FROM documents")).all()
    told = "".join(found(office).values())
    assert told
    assert [word for word in (*names, *titles, "13800001111", "阳台栏杆松动") if word in told] == []
