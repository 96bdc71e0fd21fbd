"""Destroyed is destroyed: a marker in every text and picture of a dossier, and none of them in any file afterwards."""

from __future__ import annotations

import gzip
import io
import random
import shutil
import time
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import select, text

from forms.erasing import erase_traces
from records import audit, verify
from records.database import Database
from records.tables import Blob, Dossier, Key
from records.vault import KeyGone
from retention import purge
from search.index import Index
from search.saved import erase_telling
from tests.retention import everything
from tests.retention.test_purge import CARD, NAME, PHONE, STORY
from tests.retention.traces import WORD, marker, traces
from web import schema

ON = date(2024, 3, 31)
#: Written by people and machines before the markers were: the owner's name, how it sounds, numbers, a story.
OTHERS = (NAME, "ouyangmieji", PHONE, CARD, STORY)
INDEX = Index({"RZ-02": ["业主公约"], "YS-01": ["钥匙移交登记表"], "ZB-02": ["值班记录"]})


@pytest.fixture
def quiet(database: Database) -> Iterator[None]:
    """PostgreSQL as docs/operating.md has it: its log of writes is removed behind a checkpoint, not kept for reuse."""
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for setting in ("wal_recycle = off", "min_wal_size = '32MB'"):
                connection.execute(text(f"ALTER SYSTEM SET {setting}"))
            connection.execute(text("SELECT pg_reload_conf()"))
            while connection.scalar(text("SHOW wal_recycle")) != "off":
                time.sleep(0.02)
            connection.execute(text("CHECKPOINT"))
    yield


def every_file(database: Database, home: Path) -> list[Path]:
    """All files of the data folder, and of PostgreSQL's whole cluster: tables, log of writes, statistics, temporary."""
    found = [path for path in home.rglob("*") if path.is_file()]
    if not database.is_sqlite:
        with database.reading() as session:
            cluster = Path(session.scalar(text("SHOW data_directory")) or "")
        found += [path for path in cluster.rglob("*") if path.is_file()]
    return found


def to_disk(database: Database) -> None:
    """Let PostgreSQL gather its statistics and write out what it holds in memory."""
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
            connection.execute(text("CHECKPOINT"))


def test_every_text_that_can_be_kept_is_marked_or_named_with_the_reason_why_it_stays() -> None:
    known = {f"{column.table.name}.{column.name}" for column in everything.texts()}
    assert set(everything.STAYING) <= known
    tables = {column.table.name for column in everything.marked()}
    assert {"owners", "pages", "page_readings", "tray_texts", "saved_searches", "loans", "access_visits"} <= tables


def test_the_search_for_traces_finds_what_is_packed_or_written_differently(
    tmp_path: Path, postgresql_database: Database
) -> None:
    word = marker(random.Random(1))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("name.txt", word)
    hidden = (
        b"..." + zlib.compress(word.encode()),
        gzip.compress(word.encode()),
        archive.getvalue(),
        word.encode("utf-16"),
    )
    for number, data in enumerate(hidden):
        (tmp_path / str(number)).write_bytes(b"\x00" * 100 + data)
    assert {name for name, _ in traces(tmp_path.iterdir())} == {"0", "1", "2", "3"}
    with postgresql_database.transaction() as session:
        session.execute(text("CREATE TABLE packed (value TEXT)"))
        for shift in range(8):
            value = "重复" * 3000 + "x" * shift + marker(random.Random(shift)) + "重复" * 3000
            session.execute(text("INSERT INTO packed VALUES (:value)"), {"value": value})
        assert session.scalar(text("SELECT max(pg_column_size(value)) FROM packed")) < 2000
        place = session.scalar(text("SELECT pg_relation_filepath('packed')"))
        cluster = Path(session.scalar(text("SHOW data_directory")) or "")
    to_disk(postgresql_database)
    assert traces([cluster / str(place)])


@pytest.mark.usefixtures("quiet")
def test_no_marker_of_a_destroyed_dossier_or_book_is_left_in_any_file(
    database: Database, office: Any, home: Path, tmp_path: Path
) -> None:
    database.before_commit.append(INDEX.follow)
    with database.transaction() as session:
        dossier, _book = everything.furnish(session, office)
    with database.transaction() as session:
        words = everything.mark(session, session.get_one(Dossier, dossier.id), random.Random(5))
        wrapped = _secrets(session, dossier.id)
    to_disk(database)
    files = every_file(database, home)
    _require_all_found(files, words)
    shutil.copytree(home / "vault", tmp_path / "old vault")
    with database.transaction() as session:
        office.approved(session, ON)
    outcomes = purge.run(
        database, office.vault, office.rules, office.actors.archivist, ON, erasers=[erase_traces, erase_telling]
    )
    assert {(one.target_kind, one.state) for one in outcomes} == {("dossier", "destroyed"), ("book", "destroyed")}
    assert _columns_with(database) == []
    assert traces(every_file(database, home), (*OTHERS, *wrapped)) == []
    _require_sealed_for_ever(database, office, tmp_path / "old vault")
    with database.reading() as session:
        assert session.get_one(Dossier, dossier.id).state == "destroyed"
        assert list(verify.check_vault(session, office.vault)) == []
        assert list(verify.check_records(session)) == []
        assert list(INDEX.findings(session)) == []
        assert audit.verify(session) is None


def _columns_with(database: Database) -> list[str]:
    """The columns in which the markers' word still stands: what a destruction has forgotten, by name."""
    with database.reading() as session:
        return [
            f"{table.name}.{column.name}: {row}"
            for table in schema.METADATA.sorted_tables
            for column in table.columns
            for row in session.scalars(select(column))
            if WORD in str(row)
        ]


def _secrets(session: Any, dossier_id: int) -> list[str]:
    """The wrapped secrets of the keys that are to go: what is left of one could be opened with the master key."""
    keys = select(Key.wrapped).where(Key.scope.in_(("dossier", "batch", "document")))
    mine = select(Dossier.key_id).where(Dossier.id != dossier_id)
    found = [wrapped for wrapped in session.scalars(keys.where(Key.id.not_in(mine))) if wrapped]
    assert found
    return [wrapped[100:200] for wrapped in found]


def _require_all_found(files: list[Path], words: dict[str, str]) -> None:
    """The search would find each of them: what it does not find afterwards is not there."""
    everything_there = b"".join(path.read_bytes() for path in files if path.suffix != ".age" and path.exists())
    unseen = [name for name, word in words.items() if word.encode() not in everything_there]
    # What PostgreSQL has compressed is found by its parts (the test above).
    assert set(unseen) <= {"pages.text", "tray_texts.text"}
    assert traces(files)


def _require_sealed_for_ever(database: Database, office: Any, old: Path) -> None:
    """Copies of the files, as a backup has them, open with no key that is left, nor with the masters."""
    files = list(old.rglob("*.age"))
    assert len(files) > 30
    with database.reading() as session:
        known = {blob.digest for blob in session.scalars(select(Blob))}
        gone = [path for path in files if path.name.partition("-")[0] not in known]
        assert len(gone) > 30
        identities = [
            office.vault.identity(key) for key in session.scalars(select(Key).where(Key.wrapped.is_not(None)))
        ]
        for key in session.scalars(select(Key).where(Key.destroyed_at.is_not(None))):
            with pytest.raises(KeyGone):
                office.vault.identity(key)
    for path in gone:
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(path.read_bytes(), [*identities, *office.vault.master.identities()])
