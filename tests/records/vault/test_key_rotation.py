"""A new master key, a recovery key on paper, a master lost: every page opens afterwards, and killed runs go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from records import verify
from records.audit import Verb
from records.database import Database
from records.tables import AuditEntry, Blob, Key, KeyHolder
from records.vault import KeyGone, KeyNotOpened, Vault, key_holders, key_rotation
from records.vault.key_rotation import MasterStillWorks, NoRecoveryKey, WrongRecoveryKey
from records.vault.master_key import FilesOnly, Identity, MasterKey, public_part

PAGE = b"page"


@pytest.fixture
def office(database: Database, vault: Vault) -> list[int]:
    """Blobs sealed for a dossier, for two documents of a series, and for a batch; their ids."""
    with database.transaction() as session:
        key_holders.enrol(session, vault.master)
        keys = [vault.new_key(session, "dossier"), *(vault.document_key(session, "TS") for _ in range(2))]
        return [vault.store(session, key, PAGE, "image/png").id for key in [*keys, vault.new_key(session, "batch")]]


def opened(database: Database, vault: Vault, blobs: list[int]) -> list[bytes]:
    with database.reading() as session:
        return [vault.open(session.get_one(Blob, blob)) for blob in blobs]


def wrappings(database: Database) -> dict[int, str | None]:
    with database.reading() as session:
        return dict(session.execute(select(Key.id, Key.wrapped)).all())


def test_after_a_rotation_the_new_master_opens_everything_and_the_old_one_nothing(database, vault, office, actors):
    old = MasterKey(vault.master.path.with_suffix(".old"))
    old.path.write_bytes(vault.master.path.read_bytes())
    files = {path: path.read_bytes() for path in vault.folder.rglob("*.age")}
    before = wrappings(database)
    done = key_rotation.rotate(database, vault.master, actors.admin)
    assert (done.keys, done.continued) == (3, False)
    assert opened(database, vault, office) == [PAGE] * 4
    assert len(vault.master.identities()) == 1
    assert vault.master.page_secret() == old.page_secret()
    assert {path: path.read_bytes() for path in vault.folder.rglob("*.age")} == files
    assert sum(before[key] == now for key, now in wrappings(database).items()) == 2  # the documents, below their series
    with pytest.raises(KeyNotOpened):
        opened(database, Vault(vault.folder, old), office)


def test_documents_of_a_series_have_a_key_each_below_the_one_of_the_series(database, vault, office):
    with database.reading() as session:
        series = session.scalars(select(Key).where(Key.label == "series:TS")).one()
        below = session.scalars(select(Key).where(Key.parent_id == series.id)).all()
        assert len(below) == 2
    with database.transaction() as session:
        vault.destroy_key(session.get_one(Key, below[0].id))
    with database.reading() as session, pytest.raises(KeyGone):
        vault.open(session.get_one(Blob, office[1]))
    assert opened(database, vault, office[2:3]) == [PAGE]


@pytest.mark.parametrize("step", ["file written", "holder changed", "half of the keys", "all keys"])
def test_a_rotation_killed_at_any_step_is_finished_by_the_next(database, vault, office, actors, step, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    original = key_rotation.rewrap_some
    rounds = iter(range(100))
    with monkeypatch.context() as patched:
        if step == "file written":
            patched.setattr(key_rotation, "_switch", die)
        elif step == "holder changed":
            patched.setattr(key_rotation, "rewrap_some", die)
        elif step == "half of the keys":
            one = lambda *given: original(*given, at_once=1) if next(rounds) < 2 else die()  # noqa: E731
            patched.setattr(key_rotation, "rewrap_some", one)
        else:
            patched.setattr(key_rotation.audit, "append", die)
            writes = vault.master.write
            patched.setattr(vault.master, "write", lambda ids, pages: writes(ids, pages) if len(ids) > 1 else die())
        with pytest.raises(Killed):
            key_rotation.rotate(database, vault.master, actors.admin)
    assert opened(database, vault, office) == [PAGE] * 4  # in between both masters serve
    with database.transaction() as session:  # and filing goes on
        late = vault.store(session, vault.new_key(session, "dossier"), b"late", "image/png").id
    done = key_rotation.rotate(database, vault.master, actors.admin)
    assert done.continued
    assert len(vault.master.identities()) == 1
    assert opened(database, vault, [*office, late]) == [PAGE] * 4 + [b"late"]
    with database.reading() as session:
        assert list(verify.check_keys(session, vault)) == []


def test_a_key_destroyed_during_a_rotation_stays_destroyed(database, vault, office, actors, monkeypatch):
    original = key_rotation.rewrap_some

    def purge_first(*given: object) -> int:
        with database.transaction() as session:
            vault.destroy_key(session.get_one(Blob, office[0]).key)
        monkeypatch.undo()
        return original(*given)

    monkeypatch.setattr(key_rotation, "rewrap_some", purge_first)
    key_rotation.rotate(database, vault.master, actors.admin)
    with database.reading() as session:
        key = session.get_one(Blob, office[0]).key
        assert (key.wrapped, key.destroyed_at is None) == (None, False)


def test_a_lost_master_is_recovered_from_the_paper(database, vault, office, actors, tmp_path: Path):
    paper, secret = Identity.generate(), vault.master.page_secret()
    assert key_rotation.add_recovery(database, vault.master, actors.admin, str(paper.to_public())).keys == 3
    with pytest.raises(MasterStillWorks):
        key_rotation.recover(database, vault.master, actors.admin, paper)
    vault.master.path.unlink()
    with pytest.raises(WrongRecoveryKey):
        key_rotation.recover(database, vault.master, actors.admin, Identity.generate())
    key_rotation.recover(database, vault.master, actors.admin, paper)
    assert opened(database, vault, office) == [PAGE] * 4
    assert vault.master.page_secret() == secret
    assert [str(one) for one in vault.master.identities()] != [str(paper)]
    with database.reading() as session:
        assert list(verify.check_keys(session, vault)) == []
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.subject == "vault"))
        assert list(verbs) == [Verb.RECOVERY_MADE, Verb.KEYS_RECOVERED]


def test_a_destroyed_key_opens_neither_with_the_master_nor_with_the_paper(database, vault, office, actors):
    paper = Identity.generate()
    key_rotation.add_recovery(database, vault.master, actors.admin, str(paper.to_public()))
    with database.transaction() as session:
        vault.destroy_key(session.get_one(Blob, office[0]).key)
    with database.reading() as session:
        assert session.get_one(Blob, office[0]).key.wrapped is None
    vault.master.path.unlink()
    key_rotation.recover(database, vault.master, actors.admin, paper)
    with database.reading() as session, pytest.raises(KeyGone):
        vault.open(session.get_one(Blob, office[0]))


def test_a_new_paper_makes_the_old_one_void(database, vault, office, actors):
    first, second = Identity.generate(), Identity.generate()
    for paper in (first, second):
        key_rotation.add_recovery(database, vault.master, actors.admin, str(paper.to_public()))
    with database.reading() as session:
        assert not key_rotation.is_recovery_key(session, first)
        assert key_rotation.is_recovery_key(session, second)
        for wrapped in session.scalars(select(Key.wrapped).where(Key.parent_id.is_(None))):
            assert key_holders.unseal(wrapped or "", [second])
            with pytest.raises(Exception, match=r"decrypt|match"):
                key_holders.unseal(wrapped or "", [first])


def test_without_a_paper_the_office_says_so(database, vault, office):
    with database.reading() as session, pytest.raises(NoRecoveryKey):
        key_rotation.is_recovery_key(session, Identity.generate())


def test_with_the_public_part_alone_one_files_and_cannot_read(database, vault, office):
    public = public_part(vault.master.identity().to_public(), vault.master.page_secret(), None)
    vault.master.path.write_text(public)
    with database.transaction() as session:
        filed = vault.store(session, vault.document_key(session, "TS"), b"new", "image/png").id
        fresh = vault.store(session, vault.new_key(session, "dossier"), b"new", "image/png").id
    assert len(vault.master.page_secret()) == 32
    for blob in (office[0], filed, fresh):
        with pytest.raises(FilesOnly, match="不能打开影像"):
            opened(database, vault, [blob])


def test_check_names_a_key_that_no_master_opens_and_counts_what_is_behind(database, vault, office, actors):
    with database.transaction() as session:
        first = session.get_one(Blob, office[0]).key
        first.wrapped = key_holders.seal(b"x", [Identity.generate().to_public()])
        session.get_one(Blob, office[3]).key.wrapped_for = "former"
    with database.reading() as session:
        found = {one.code: one for one in verify.check_keys(session, vault)}
    assert found["vault.key_closed"].subject == f"key:{first.id}"
    assert found["vault.keys_behind"].en.startswith("1 ")
    vault.master.path.unlink()
    vault.master.create()
    with database.reading() as session:
        assert "vault.foreign_master" in {one.code for one in verify.check_keys(session, vault)}
        assert session.scalars(select(KeyHolder.role)).all() == ["master"]
