"""Backup and restore: everything comes back, damage is noticed, and what was destroyed stays destroyed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from records import audit, clock, documents
from records.audit import Verb
from records.database import Database
from records.documents import NewPage, Placing
from records.tables import AuditEntry, Blob, Dossier, Owner, Page, Unit
from records.vault import MasterKey, Vault
from retention.tables import Disposal, DisposalLine
from web import schema
from web.backups.folder import KEYRING, BackupDamaged, NoBackupThere
from web.backups.restoring import OfficeNotEmpty, restore_backup
from web.backups.writing import make_backup
from web.schema import METADATA

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def _office(database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session, owner="欧阳建国")
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=dossier, section="inspection", unit=unit)
        document = documents.file_document(session, vault, actors.archivist, placing)
        page = documents.add_page(session, vault, document, NewPage("验房 漏水".encode(), "image/png"))
        documents.set_page_text(session, page, "卫生间漏水")


def _empty_office(tmp_path: Path, vault: Vault) -> tuple[Database, Vault]:
    home = tmp_path / "elsewhere"
    home.mkdir()
    database = Database(f"sqlite+pysqlite:///{home / 'yedang.sqlite'}")
    schema.upgrade(database)
    return database, Vault(home / "vault", vault.master)


def _rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    tables = [table for table in METADATA.sorted_tables if table.name != "audit_log"]
    with database.reading() as session:
        return {t.name: [tuple(row) for row in session.execute(select(t).order_by(*t.primary_key))] for t in tables}


def test_an_empty_machine_gets_everything_back(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    made = make_backup(database, vault, actors.admin, tmp_path / "backup")
    elsewhere, its_vault = _empty_office(tmp_path, vault)
    restored = restore_backup(elsewhere, its_vault, tmp_path / "backup")
    assert restored.rows == made.rows
    assert _rows(elsewhere) == _rows(database)
    with elsewhere.reading() as session:
        assert its_vault.open(session.scalars(select(Page)).one().blob) == "验房 漏水".encode()
        assert audit.verify(session) is None
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert last is not None
        assert last.verb == Verb.RESTORED
    with elsewhere.transaction() as session:  # ids go on behind the restored ones
        session.add(Owner(name="新业主"))
    elsewhere.close()


def test_a_second_backup_copies_only_what_is_new(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    assert make_backup(database, vault, None, tmp_path / "backup").copied == 1
    assert make_backup(database, vault, None, tmp_path / "backup").copied == 0


def test_nothing_in_the_folder_is_readable_without_the_master_key(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    make_backup(database, vault, None, tmp_path / "backup")
    everything = b"".join(path.read_bytes() for path in (tmp_path / "backup").rglob("*") if path.is_file())
    assert "欧阳".encode() not in everything
    assert "漏水".encode() not in everything
    stranger = MasterKey(tmp_path / "other.key")
    stranger.create()
    elsewhere, _ = _empty_office(tmp_path, vault)
    with pytest.raises(BackupDamaged, match="主密钥"):
        restore_backup(elsewhere, Vault(tmp_path / "elsewhere" / "vault", stranger), tmp_path / "backup")
    elsewhere.close()


def test_a_flipped_byte_is_named_and_nothing_is_touched(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    made = make_backup(database, vault, None, tmp_path / "backup")
    part = next((tmp_path / "backup" / made.snapshot).glob("pages-*.age"))
    damaged = bytearray(part.read_bytes())
    damaged[-5] ^= 1
    part.write_bytes(damaged)
    before = _rows(database)
    with pytest.raises(BackupDamaged, match=part.name):
        restore_backup(database, vault, tmp_path / "backup", replace=True)
    assert _rows(database) == before


def test_an_office_with_data_is_not_overwritten_unasked(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    with pytest.raises(NoBackupThere):
        restore_backup(database, vault, tmp_path, replace=True)
    make_backup(database, vault, None, tmp_path / "backup")
    with pytest.raises(OfficeNotEmpty, match="--replace"):
        restore_backup(database, vault, tmp_path / "backup")


def _destroy(database: Database, vault: Vault, actors: SimpleNamespace) -> None:
    """What a purge leaves in the tables that a backup looks at: no key, and a certificate line."""
    with database.transaction() as session:
        blob = session.scalars(select(Blob)).one()
        vault.destroy_key(blob.key)
        moment, today = clock.now(), clock.today()
        disposal = Disposal(state="completed", proposed_by=actors.archivist.id, proposed_at=moment)
        line = DisposalLine(
            target_kind="dossier", target_id=1, reference="DA", title_class="业主档案", serials=[], rule="FORMER",
            fact_kind="ownership_changed", fact_on=today, due_on=today, state="destroyed", destroyed_at=moment,
        )  # fmt: skip
        disposal.lines.append(line)
        session.add(disposal)


def test_an_older_snapshot_cannot_show_what_was_destroyed_since(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    folder = tmp_path / "backup"
    old = make_backup(database, vault, None, folder)
    ring_of_old = (folder / KEYRING).read_bytes()
    _destroy(database, vault, actors)
    new = make_backup(database, vault, None, folder)
    assert ring_of_old != (folder / KEYRING).read_bytes()
    assert not list((folder / "vault").rglob("*.age"))
    (folder / new.snapshot / "manifest.json").unlink()
    with pytest.raises(NoBackupThere):
        restore_backup(database, vault, folder, replace=True)
    assert (folder / old.snapshot).exists()


def test_a_restore_tells_which_later_destructions_to_apply_again(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    make_backup(database, vault, None, tmp_path / "backup")
    _destroy(database, vault, actors)
    restored = restore_backup(database, vault, tmp_path / "backup", replace=True)
    assert [(line["target_kind"], line["target_id"]) for line in restored.destructions] == [("dossier", 1)]


def test_the_offices_own_forms_and_templates_go_with_it(
    sqlite_database: Database, vault: Vault, home: Path, tmp_path: Path
) -> None:
    (home / "words").mkdir()
    (home / "words" / "RZ-01.docx").write_bytes(b"the office's own notice")
    made = make_backup(sqlite_database, vault, None, tmp_path / "backup", home=home)
    elsewhere, its_vault = _empty_office(tmp_path, vault)
    there = tmp_path / "elsewhere"
    restore_backup(elsewhere, its_vault, tmp_path / "backup", home=there)
    elsewhere.close()
    assert (there / "words" / "RZ-01.docx").read_bytes() == b"the office's own notice"
    sealed = tmp_path / "backup" / made.snapshot / "own-files.age"
    sealed.write_bytes(sealed.read_bytes()[:-1])
    with pytest.raises(BackupDamaged, match="own-files"):
        restore_backup(sqlite_database, vault, tmp_path / "backup", replace=True, home=home)
