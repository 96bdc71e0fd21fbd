"""A thousand holds race a running purge: each wins or comes too late, and what is held is never touched.

One purge runs over many lines in small groups; whenever it begins with a group, the holds on the group's lines set out
too, from several threads with transactions of their own, a few random milliseconds sooner or later. So each line is a
race, and most of the two transactions truly meet.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from records import audit
from records.database import Database
from records.facts import FactKind
from records.tables import AuditEntry, Document
from retention import holds, purge, scrubbing
from retention.tables import DisposalLine

ON = date(2024, 3, 31)
#: Lines in one purge; the cases below make a thousand races on both databases together.
LINES = 125
THREADS = 3


@dataclass
class Race:
    """What happened: which holds won, which came too late, and for which the purge went by while they were placed."""

    placed: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    overlapped: set[int] = field(default_factory=set)


def furnish(database: Database, office: Any) -> list[int]:
    """One approved list with a tiny document on each line; the documents' ids in the order of the lines."""
    with database.transaction() as session:
        for number in range(LINES):
            document = office.document(session, f"YS-01-{number:04}")
            office.fact(session, FactKind.ARCHIVED, ("document", document.id), date(2020, 1, 1))
        office.approved(session, ON, "DA-05-race")
        return list(session.scalars(select(DisposalLine.target_id).order_by(DisposalLine.id)))


def run(database: Database, office: Any, ids: Sequence[int], dice: random.Random, kind: str, group: int) -> Race:
    """The purge begins each of its groups at the moment at which the holds on the group's lines set out."""
    race, setting_out, holding = Race(), queue.Queue[int | None](), {}
    purging: dict[int, tuple[float, float]] = {}
    began = [0.0]

    def release(first: int) -> None:
        for place in dice.sample(range(first, min(first + group, len(ids))), min(group, len(ids) - first)):
            setting_out.put(place)
        time.sleep(dice.uniform(0, 0.006))
        began[0] = time.monotonic()

    def passed(done: int, total: int) -> None:
        purging[done - 1] = began[0], time.monotonic()
        if done % group == 0 or done == total:
            setting_out.join()
        if done % group == 0 and done < total:
            release(done)

    def hold() -> None:
        while (place := setting_out.get()) is not None:
            time.sleep(dice.uniform(0, 0.006))
            start = time.monotonic()
            try:
                with database.transaction() as session:
                    place_hold(session, office, kind, ids[place])
                race.placed.add(ids[place])
            except holds.AlreadyDestroyed:
                race.late.add(ids[place])
            holding[place] = start, time.monotonic()
            setting_out.task_done()

    threads = [threading.Thread(target=hold) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    release(0)
    purge.run(database, office.vault, office.rules, None, ON, progress=passed)
    for _ in threads:
        setting_out.put(None)
    for thread in threads:
        thread.join()
    for place, (start, end) in holding.items():
        since, until = purging[place]
        if start < until and since < end:
            race.overlapped.add(ids[place])
    return race


def place_hold(session: Any, office: Any, kind: str, document_id: int) -> None:
    if kind == "document":
        holds.place(session, office.actors.manager, "document", document_id, "诉讼")
    else:
        holds.place_on_found(session, office.actors.manager, [document_id], "漏水", "诉讼")


@pytest.mark.parametrize("seed", range(4))
def test_each_of_a_thousand_holds_wins_or_comes_too_late_and_never_both(
    database: Database, office: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(scrubbing, "scrub", lambda _: None)
    # Small groups, so that the lock changes hands often; a real run commits hundreds of documents at once.
    group = (1, 2, 3, 3)[seed]
    monkeypatch.setattr(purge, "DOCUMENTS_AT_ONCE", group)
    ids = furnish(database, office)
    race = run(database, office, ids, random.Random(seed), ("document", "found")[seed % 2], group)
    assert race.placed | race.late == set(ids)
    assert not race.placed & race.late
    with database.reading() as session:
        states = dict(session.execute(select(DisposalLine.target_id, DisposalLine.state)).all())
        found = {document.id: document for document in session.scalars(select(Document))}
        for id_ in ids:
            assert (found[id_].state, states[id_]) == (("filed", "held") if id_ in race.placed else ("destroyed",) * 2)
        for id_ in race.placed:
            assert all(office.vault.open(page.blob) for page in found[id_].pages)
        destroyed = session.scalars(select(AuditEntry).where(AuditEntry.verb == audit.Verb.RECORD_DESTROYED)).all()
        assert len(destroyed) == len(race.late)
        assert audit.verify(session) is None
    print(f"{len(race.placed)} held, {len(race.late)} destroyed, {len(race.overlapped)} overlapped")
    assert race.placed
    assert race.late
    # Most races are real ones: hold and purge were at the same line at the same time.
    assert len(race.overlapped) > len(ids) / 2
