"""The vault: what is filed comes back byte for byte, is unreadable without its key, and damage is named."""

from __future__ import annotations

import re
from pathlib import Path

import pyrage
import pytest

from records import verify
from records.database import Database
from records.tables import Blob, Key
from records.vault import KeyGone, NoMasterKey, ScanAltered, Vault, blob_path

PAGE = "业主验房表 王建国".encode() * 50


def _store(database: Database, vault: Vault) -> tuple[int, Path]:
    with database.transaction() as session:
        blob = vault.store(session, vault.new_key(session, "document"), PAGE, "image/png")
        return blob.id, vault.folder / blob_path(blob.digest, blob.key_id)


def test_bytes_come_back_and_lie_encrypted(database: Database, vault: Vault) -> None:
    blob_id, path = _store(database, vault)
    with database.reading() as session:
        assert vault.open(session.get_one(Blob, blob_id)) == PAGE
    assert PAGE[:24] not in path.read_bytes()


def test_an_ordinary_age_tool_opens_a_blob_with_the_key_alone(database: Database, vault: Vault) -> None:
    blob_id, path = _store(database, vault)
    with database.reading() as session:
        identity = vault.identity(session.get_one(Blob, blob_id).key)
    assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert pyrage.decrypt(path.read_bytes(), [identity]) == PAGE


def test_the_same_bytes_for_the_same_key_are_kept_once(database: Database, vault: Vault) -> None:
    with database.transaction() as session:
        key, other = vault.new_key(session, "document"), vault.new_key(session, "document")
        first, again = (vault.store(session, key, PAGE, "image/png") for _ in range(2))
        elsewhere = vault.store(session, other, PAGE, "image/png")
        assert first.id == again.id != elsewhere.id


def test_a_destroyed_key_opens_nothing_any_more(database: Database, vault: Vault) -> None:
    blob_id, _ = _store(database, vault)
    with database.transaction() as session:
        vault.destroy_key(session.get_one(Blob, blob_id).key)
    with database.reading() as session, pytest.raises(KeyGone):
        vault.open(session.get_one(Blob, blob_id))


def test_filing_needs_no_master_key_but_opening_does(database: Database, vault: Vault) -> None:
    with database.transaction() as session:
        key_id = vault.new_key(session, "document").id
    vault.master.path.rename(vault.master.path.with_suffix(".away"))
    with database.transaction() as session:
        blob = vault.store(session, session.get_one(Key, key_id), PAGE, "image/png")
        with pytest.raises(NoMasterKey, match="主密钥"):
            vault.open(blob)


@pytest.mark.parametrize("damage", ["flip", "lose", "truncate"])
def test_check_names_the_damaged_blob(database: Database, vault: Vault, damage: str) -> None:
    blob_id, path = _store(database, vault)
    _store(database, vault)
    sealed = bytearray(path.read_bytes())
    if damage == "lose":
        path.unlink()
    elif damage == "truncate":
        path.write_bytes(sealed[: len(sealed) // 2])
    else:
        sealed[-20] ^= 1
        path.write_bytes(sealed)
    with database.reading() as session:
        with pytest.raises(ScanAltered) as altered:
            vault.open(session.get_one(Blob, blob_id))
        findings = list(verify.check_vault(session, vault))
    assert [finding.subject for finding in findings] == [f"blob:{blob_id}"]
    named = re.search(r"vault/(\S+\.age)", altered.value.sentence("zh"))
    assert named is not None
    path.write_bytes(sealed)
    assert list(vault.folder.glob(named[1])) == [path]


def test_what_a_filing_left_that_never_committed_goes_by_itself_and_nothing_else(
    database: Database, vault: Vault
) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        vault.store(session, vault.new_key(session, "document"), PAGE, "image/png")
        raise RuntimeError
    stranger = vault.folder / "ab" / "12" / f"ab12{'0' * 60}-7.age"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"not from here")
    with database.transaction() as session:
        assert vault.clear_unfiled(session) == 1
        assert [finding.code for finding in verify.check_vault(session, vault)] == ["vault.stray"]
        assert verify.sweep_vault(session, vault) == 1
        assert list(verify.check_vault(session, vault)) == []
    assert not list((vault.folder / ".filing").iterdir())


def test_forgotten_bytes_go_only_after_the_commit(database: Database, vault: Vault) -> None:
    blob_id, path = _store(database, vault)
    with database.transaction() as session:
        vault.forget(session, session.get_one(Blob, blob_id))
        session.flush()
        assert path.exists()
    with database.reading() as session:
        assert [finding.code for finding in verify.check_vault(session, vault)] == ["vault.leftover"]
    with database.transaction() as session:
        assert vault.discard_forgotten(session) == 1
    assert not path.exists()
