"""Backup and restore: everything comes back, damage is noticed, and what was destroyed stays destroyed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
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
from web.backups import files, restoring
from web.backups.folder import (
    KEYRING,
    OWN_FILES,
    BackupDamaged,
    BackupUnderWay,
    NoBackupThere,
    Ring,
    Snapshot,
    locked,
    read_ring,
    read_snapshot,
)
from web.backups.restoring import BackupOfNewerVersion, OfficeNotEmpty, restore_backup
from web.backups.rows import backed_up_tables
from web.backups.writing import make_backup, prove_backup

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
    tables = [table for table in backed_up_tables() if table.name != "audit_log"]
    with database.reading() as session:
        return {t.name: [tuple(row) for row in session.execute(select(t).order_by(*t.primary_key))] for t in tables}


def _quiet(_done: int, _all: int) -> None:
    """Nobody looks at the progress."""


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def _ring(vault: Vault, folder: Path) -> Ring:
    return read_ring(vault.master.identities(), folder)


def _snapshot(vault: Vault, folder: Path, name: str) -> Snapshot:
    return read_snapshot(folder, _ring(vault, folder), name)


def _newest(vault: Vault, folder: Path) -> Snapshot:
    return _snapshot(vault, folder, max(_ring(vault, folder).snapshots))


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
    make_backup(database, vault, None, tmp_path / "backup")
    damaged = next(one for one in _newest(vault, tmp_path / "backup").parts if one.table == "pages")
    _flip(tmp_path / "backup" / damaged.path)
    before = _rows(database)
    with pytest.raises(BackupDamaged, match=f"pages {damaged.path}"):
        restore_backup(database, vault, tmp_path / "backup", replace=True)
    assert _rows(database) == before
    with pytest.raises(BackupDamaged, match="pages"):
        prove_backup(database, vault, tmp_path / "backup", _quiet)
    make_backup(database, vault, None, tmp_path / "backup")  # the next backup writes it anew
    prove_backup(database, vault, tmp_path / "backup", _quiet)


def test_a_flipped_byte_in_an_image_is_named_and_the_others_come_back(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    make_backup(database, vault, None, tmp_path / "backup")
    image = next((tmp_path / "backup" / "vault").rglob("*.age"))
    _flip(image)
    with pytest.raises(BackupDamaged, match=image.name):
        prove_backup(database, vault, tmp_path / "backup", _quiet)
    elsewhere, its_vault = _empty_office(tmp_path, vault)
    with pytest.raises(BackupDamaged, match=image.name):
        restore_backup(elsewhere, its_vault, tmp_path / "backup")
    with elsewhere.reading() as session:
        assert audit.head(session)[0] == 0
    done = restore_backup(elsewhere, its_vault, tmp_path / "backup", despite_damage=True)
    assert [Path(path).name for path in done.lacking] == [image.name]
    assert _rows(elsewhere) == _rows(database)
    elsewhere.close()


def test_a_rotten_image_in_the_backup_is_replaced_within_a_month(
    database: Database,
    vault: Vault,
    actors: SimpleNamespace,
    make_unit: MakeUnit,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _office(database, vault, actors, make_unit)
    make_backup(database, vault, None, tmp_path / "backup")
    _flip(next((tmp_path / "backup" / "vault").rglob("*.age")))
    today = clock.today()
    copied = []
    for days in range(files.TURNS):
        monkeypatch.setattr(clock, "today", lambda days=days: today + timedelta(days=days))
        copied.append(make_backup(database, vault, None, tmp_path / "backup").copied)
    assert sum(copied) == 1
    prove_backup(database, vault, tmp_path / "backup", _quiet)


def test_an_image_that_the_vault_has_lost_is_told_and_the_copy_in_the_backup_stays(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    image = next(vault.folder.rglob("*.age"))
    content = image.read_bytes()
    image.unlink()
    made = make_backup(database, vault, None, tmp_path / "backup")
    assert [Path(path).name for path in made.missing] == [image.name]
    image.write_bytes(content)
    assert make_backup(database, vault, None, tmp_path / "backup").missing == ()
    image.unlink()
    assert make_backup(database, vault, None, tmp_path / "backup").missing == ()
    elsewhere, its_vault = _empty_office(tmp_path, vault)
    assert restore_backup(elsewhere, its_vault, tmp_path / "backup").lacking == ()
    elsewhere.close()


def test_two_backups_into_one_folder_take_turns(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    folder = tmp_path / "backup"
    folder.mkdir()
    with locked(folder), pytest.raises(BackupUnderWay):
        make_backup(database, vault, None, folder)
    make_backup(database, vault, None, folder)
    with locked(folder), pytest.raises(BackupUnderWay):
        restore_backup(database, vault, folder, replace=True)


def test_only_so_many_snapshots_stay_and_only_what_they_name(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    folder = tmp_path / "backup"
    first = make_backup(database, vault, None, folder).snapshot
    (folder / "vault" / "ab").mkdir(exist_ok=True)
    (folder / "vault" / "ab" / "half.age.part").write_bytes(b"left by a backup that was cut off")
    second = make_backup(database, vault, None, folder, keep=2).snapshot
    third = make_backup(database, vault, None, folder, keep=2).snapshot
    assert {path.stem for path in (folder / "snapshots").iterdir()} == {second, third}
    named = {part.path for name in (second, third) for part in _snapshot(vault, folder, name).parts}
    assert {str(path.relative_to(folder)) for path in (folder / "tables").rglob("*.age")} == named
    assert not list(folder.rglob("*.part"))
    assert restore_backup(database, vault, folder, replace=True, name=second).snapshot == second
    with pytest.raises(NoBackupThere, match=third):
        restore_backup(database, vault, folder, replace=True, name=first)


def test_a_second_backup_writes_only_the_parts_that_changed(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    make_backup(database, vault, None, tmp_path / "backup")
    first = {part.path: part.table for part in _newest(vault, tmp_path / "backup").parts}
    make_backup(database, vault, None, tmp_path / "backup")
    second = {part.path: part.table for part in _newest(vault, tmp_path / "backup").parts}
    assert {table for path, table in second.items() if path not in first} == {"audit_log"}


def test_a_replaced_office_keeps_its_log_beside_and_names_its_head(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, home: Path, tmp_path: Path
) -> None:
    make_backup(database, vault, None, tmp_path / "backup")
    _office(database, vault, actors, make_unit)
    with database.reading() as session:
        head = audit.head(session)
    restore_backup(database, vault, tmp_path / "backup", replace=True, home=home)
    with database.reading() as session:
        *_, last = audit.entries(session)
    assert json.loads(last.details)["replaced"] == list(head)
    (log,) = (home / "replaced-logs").iterdir()
    script = Path(__file__).parents[2] / "docs" / "verify_log.py"
    proven = [sys.executable, str(script), str(log), str(head[0]), head[1]]
    assert subprocess.run(proven, check=False, capture_output=True).returncode == 0


def test_a_backup_of_a_newer_version_is_one_sentence(
    sqlite_database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backup(sqlite_database, vault, None, tmp_path / "backup")
    elsewhere, its_vault = _empty_office(tmp_path, vault)
    monkeypatch.setattr(restoring, "known_revisions", lambda: {"2020_01_01_1_first"})
    with pytest.raises(BackupOfNewerVersion):
        restore_backup(elsewhere, its_vault, tmp_path / "backup")
    elsewhere.close()


def test_an_office_with_data_is_not_overwritten_unasked(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    with pytest.raises(NoBackupThere):
        restore_backup(database, vault, tmp_path, replace=True)
    make_backup(database, vault, None, tmp_path / "backup")
    with pytest.raises(OfficeNotEmpty, match="--replace"):
        restore_backup(database, vault, tmp_path / "backup")


def _destroy(database: Database, vault: Vault, actors: SimpleNamespace, moment: datetime | None = None) -> None:
    """What a purge leaves in the tables that a backup looks at: no key, and a certificate line."""
    with database.transaction() as session:
        blob = session.scalars(select(Blob)).one()
        vault.destroy_key(blob.key)
        moment, today = moment or clock.now(), clock.today()
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
    assert [path.stem for path in (folder / "snapshots").iterdir()] == [new.snapshot]
    with pytest.raises(NoBackupThere, match=new.snapshot):
        restore_backup(database, vault, folder, replace=True, name=old.snapshot)


def test_a_snapshot_that_saw_a_record_while_it_was_destroyed_is_let_go_too(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, tmp_path: Path
) -> None:
    _office(database, vault, actors, make_unit)
    moment = clock.now()  # the destruction begins
    old = make_backup(database, vault, None, tmp_path / "backup")
    _destroy(database, vault, actors, moment)  # and is committed only after the snapshot
    new = make_backup(database, vault, None, tmp_path / "backup")
    assert list(_ring(vault, tmp_path / "backup").snapshots) == [new.snapshot]
    assert old.snapshot < new.snapshot


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
    make_backup(sqlite_database, vault, None, tmp_path / "backup", home=home)
    elsewhere, its_vault = _empty_office(tmp_path, vault)
    there = tmp_path / "elsewhere"
    restore_backup(elsewhere, its_vault, tmp_path / "backup", home=there)
    elsewhere.close()
    assert (there / "words" / "RZ-01.docx").read_bytes() == b"the office's own notice"
    (part,) = _newest(vault, tmp_path / "backup").of(OWN_FILES)
    _flip(tmp_path / "backup" / part.path)
    with pytest.raises(BackupDamaged, match="own-files"):
        restore_backup(sqlite_database, vault, tmp_path / "backup", replace=True, home=home)
