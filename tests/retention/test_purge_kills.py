"""A purge of 500 documents, killed at random moments by SIGKILL: what is gone is gone, what is there is whole.

The office is built once for a test; each life is a copy of it, in which the purge is killed again and again until a
run comes through. After every kill everybody looks: no record is half there, and nothing beside the list has changed.
``PURGE_KILLS`` says how many kills (8 in the ordinary run, on each database; a hundred by PURGE_KILLS=100).
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from forms.erasing import erase_traces
from forms.tables import PrintRun, Serial
from records import audit, clock, verify
from records.database import Database
from records.facts import FactKind
from records.readings import PageReading
from records.tables import Blob, Discard, Document, Dossier, Key, Owner, OwnershipOwner, Page
from records.vault import KeyGone, Vault, blob_path
from retention import certificates, holds, purge
from retention.tables import Disposal, DisposalLine
from search.index import Index
from search.tables import SearchEntry

ON = date(2024, 3, 31)
KILLS = int(os.environ.get("PURGE_KILLS", "8"))
DOSSIERS, IN_A_DOSSIER, SINGLES = 60, 5, 200
INDEX = Index({"YS-01": ["钥匙移交登记表"], "RZ-02": ["业主公约"]})


@dataclass
class Life:
    """A copy of the office in which a purge is killed."""

    database: Database
    vault: Vault
    end: Callable[[], None]


def furnish(database: Database, office: Any) -> None:
    """Five hundred documents on an approved list; a record on it held since; and bystanders of every kind."""
    database.before_commit.append(INDEX.follow)
    with database.transaction() as session:
        run = PrintRun(
            form_code="YS-01", form_version=1, year=2020, first=1, last=500, printed_by=1, printed_at=clock.now()
        )
        session.add(run)
        session.flush()
        for number in range(DOSSIERS):
            office.former(session, f"3-2-{1001 + number}", count=IN_A_DOSSIER, owner=f"前业主{number}")
        for number in range(SINGLES):
            serial = f"YS-01-2020-{number:06d}-0"
            document = office.document(session, serial)
            office.fact(session, FactKind.ARCHIVED, ("document", document.id), date(2020, 1, 1))
            own = {"form_code": "YS-01", "form_version": 1, "year": 2020, "number": number, "run_id": run.id}
            session.add(Serial(text=serial, state="returned", entered={"owner": "某人"}, **own))
        held = office.document(session, "YS-01-held")
        office.fact(session, FactKind.ARCHIVED, ("document", held.id), date(2020, 1, 1))
        office.approved(session, ON)
        holds.place(session, office.actors.manager, "document", held.id, "诉讼")
        for number in range(5):
            office.former(session, f"4-1-{101 + number}", count=2, owner=f"旁人{number}")
            office.document(session, f"YS-01-bystander-{number}")


def live(database: Database, office: Any, folder: Path, number: int) -> Life:
    """The office as it was built, with a vault and a database of its own."""
    shutil.copytree(office.vault.folder, folder / "vault", copy_function=os.link)
    vault = Vault(folder / "vault", office.vault.master)
    if database.file is not None:
        shutil.copyfile(database.file, folder / "yedang.sqlite")
        return _life(f"sqlite+pysqlite:///{folder / 'yedang.sqlite'}", vault, lambda: None)
    url, name = database.engine.url, f"life_{database.engine.url.database}_{number}"
    _administer(url.set(database="postgres"), f"CREATE DATABASE {name} TEMPLATE {url.database}")
    drop = f"DROP DATABASE {name} WITH (FORCE)"
    own = url.set(database=name).render_as_string(hide_password=False)
    return _life(own, vault, lambda: _administer(url.set(database="postgres"), drop))


def _life(url: str, vault: Vault, drop: Callable[[], None]) -> Life:
    database = Database(url)

    def end() -> None:
        database.close()
        drop()
        shutil.rmtree(vault.folder.parent)

    return Life(database, vault, end)


def _administer(url: Any, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def destroy(life: Life, office: Any, at_once: int, after: float | None) -> bool:
    """Run the purge in a process of its own, killed after so many seconds; whether it came through."""
    url = life.database.engine.url.render_as_string(hide_password=False)
    child = os.fork()
    if child == 0:
        try:
            purge.DOCUMENTS_AT_ONCE = at_once  # in the child only
            own = Database(url)
            own.before_commit.append(INDEX.follow)
            purge.run(own, life.vault, office.rules, None, ON, erasers=[erase_traces])
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


@dataclass(frozen=True)
class Listed:
    """Which documents, dossiers and keys the approved list names."""

    documents: dict[int, tuple[str, int]]
    keys: dict[int, tuple[str, int]]
    pages: dict[tuple[str, int], int]


def listed(session: Session) -> Listed:
    lines = session.scalars(select(DisposalLine).where(DisposalLine.state == "approved")).all()
    targets = {(line.target_kind, line.target_id) for line in lines} - held(session)
    documents = {}
    for id_, dossier, key in session.execute(select(Document.id, Document.dossier_id, Document.key_id)):
        target = ("dossier", dossier) if dossier else ("document", id_)
        if target in targets:
            documents[id_] = (target, key)
    pages: dict[tuple[str, int], int] = {}
    for id_ in session.scalars(select(Page.document_id).where(Page.document_id.in_(documents))):
        pages[documents[id_][0]] = pages.get(documents[id_][0], 0) + 1
    whose = {key: target for target, key in documents.values()}
    return Listed({id_: target for id_, (target, _) in documents.items()}, whose, pages)


def held(session: Session) -> set[tuple[str, int]]:
    return {(hold.target_kind, int(hold.target_id)) for hold in holds.active(session)}


def everything_else(session: Session, vault: Vault, on_list: Listed) -> str:
    """A digest over all that the list does not name: its rows, its owners, its holds and its files."""
    told = hashlib.sha256()
    rows: list[Any] = []
    for table, column in ((Document, Document.id), (Page, Page.document_id)):
        query = select(table.__table__).where(column.not_in(on_list.documents)).order_by(table.id)
        rows += session.execute(query).all()
    read = select(PageReading.__table__).join(Page, Page.id == PageReading.page_id)
    rows += session.execute(read.where(Page.document_id.not_in(on_list.documents)).order_by(Page.id)).all()
    rows += session.execute(select(Key.__table__).where(Key.id.not_in(on_list.keys)).order_by(Key.id)).all()
    dossiers = [id_ for kind, id_ in on_list.keys.values() if kind == "dossier"]
    mine = select(Dossier.__table__).where(Dossier.id.not_in(dossiers)).order_by(Dossier.id)
    rows += session.execute(mine).all()
    owners = select(Owner.__table__, Dossier.id).join(OwnershipOwner, OwnershipOwner.owner_id == Owner.id)
    owners = owners.join(Dossier, Dossier.ownership_id == OwnershipOwner.ownership_id)
    rows += session.execute(owners.where(Dossier.id.not_in(dossiers)).order_by(Owner.id, Dossier.id)).all()
    for row in rows:
        told.update(repr(row).encode())
    blobs = select(Blob.digest, Blob.key_id).where(Blob.key_id.not_in(on_list.keys)).order_by(Blob.id)
    for digest, key in session.execute(blobs):
        told.update((vault.folder / blob_path(digest, key)).read_bytes())
    return told.hexdigest()


def look(life: Life, on_list: Listed, dice: random.Random) -> int:
    """Each record of the list is there to its last page or gone to its last trace; how many are gone."""
    with life.database.reading() as session:
        states = dict(
            session.execute(select(Document.id, Document.state).where(Document.id.in_(on_list.documents))).all()
        )
        texts = dict(session.execute(select(Page.document_id, func.count()).group_by(Page.document_id)).all())
        found = set(session.scalars(select(SearchEntry.document_id)))
        readable = set(session.scalars(select(Key.id).where(Key.wrapped.is_not(None))))
        sealed = set(session.scalars(select(Blob.key_id)))
        titles = dict(session.execute(select(Document.id, Document.title)).all())
        whole: dict[tuple[str, int], set[bool]] = {}
        for id_, target in on_list.documents.items():
            there = {states[id_] == "filed", id_ in texts, id_ in found, "委托书" in titles[id_]}
            whole.setdefault(target, set()).update(there)
        for key, target in on_list.keys.items():
            whole[target] |= {key in readable, key in sealed}
        _look_at_dossiers(session, whole)
        assert all(len(there) == 1 for there in whole.values()), "half destroyed"
        _open_some(session, life.vault, [target for target, there in whole.items() if there == {True}], on_list, dice)
        _open_none(session, life.vault, [key for key, target in on_list.keys.items() if whole[target] == {False}], dice)
        assert audit.verify(session) is None
        return sum(there == {False} for there in whole.values())


def _look_at_dossiers(session: Session, whole: dict[tuple[str, int], set[bool]]) -> None:
    owned = set(
        session.scalars(select(Dossier.id).join(OwnershipOwner, OwnershipOwner.ownership_id == Dossier.ownership_id))
    )
    for id_, state in session.execute(select(Dossier.id, Dossier.state)):
        if ("dossier", id_) in whole:
            whole["dossier", id_] |= {state == "closed", id_ in owned}


def _open_some(session: Session, vault: Vault, targets: list[Any], on_list: Listed, dice: random.Random) -> None:
    """Whole records open to their last page."""
    for kind, id_ in dice.sample(targets, min(10, len(targets))):
        inside = Document.dossier_id if kind == "dossier" else Document.id
        pages = session.scalars(select(Page).join(Document).where(inside == id_)).all()
        assert len([vault.open(page.blob) for page in pages]) == on_list.pages[kind, id_]


def _open_none(session: Session, vault: Vault, keys: list[int], dice: random.Random) -> None:
    """The key of what is gone unwraps no more, whether its files still lie there or not."""
    for key in dice.sample(keys, min(10, len(keys))):
        with pytest.raises(KeyGone):
            vault.identity(session.get_one(Key, key))


def require_finished(life: Life, on_list: Listed) -> None:
    """The run that came through: every line told, no file left, the index and the vault agree, the log holds."""
    with life.database.reading() as session:
        states = session.scalars(select(DisposalLine.state)).all()
        assert sorted(set(states)) == ["destroyed", "held"]
        assert session.scalars(select(Disposal.state)).all() == ["completed"]
        assert session.scalars(select(Discard)).all() == []
        assert list(verify.check_vault(session, life.vault)) == []
        assert list(verify.check_records(session)) == []
        assert list(INDEX.findings(session)) == []
        verbs = [entry.verb for entry in audit.entries(session)]
        assert verbs.count(audit.Verb.RECORD_DESTROYED) == len(set(on_list.documents.values()))
        assert verbs.count(audit.Verb.DISPOSAL_COMPLETED) == 1
        assert set(session.scalars(select(Serial.state))) == {"destroyed"}
        assert "此件已于" in (certificates.tombstone(session, "YS-01-2020-000000-0") or "")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_purge_of_500_documents_killed_at_random_moments(
    database: Database, office: Any, tmp_path: Path, seed: int
) -> None:
    furnish(database, office)
    dice, kills, lives, length = random.Random(seed), 0, 0, 0.0
    with database.reading() as session:
        on_list = listed(session)
        before = everything_else(session, office.vault, on_list)
    assert len(on_list.documents) == DOSSIERS * IN_A_DOSSIER + SINGLES == 500
    database.close()
    while kills < KILLS // 2 or lives == 0:
        lives += 1
        life = live(database, office, tmp_path / f"life{lives}", lives)
        began, finished, gone = time.monotonic(), False, 0
        while not finished:
            enough = kills >= KILLS // 2 or length == 0
            finished = destroy(life, office, dice.choice((20, 60, 200)), None if enough else dice.uniform(0.05, length))
            kills += not finished
            length *= 0.7 if finished and not enough else 1.0  # the machine has become quicker: kill earlier
            gone, earlier = look(life, on_list, dice), gone
            assert gone >= earlier
            with life.database.reading() as session:
                assert everything_else(session, life.vault, on_list) == before
        length = length or time.monotonic() - began
        require_finished(life, on_list)
        life.end()
