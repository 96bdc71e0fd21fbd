"""Where a record stands is told in one word, of the record and of every document in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from records import clock
from records.database import Database
from retention import certificates, disposition, holds, states

ON = date(2024, 3, 31)


def test_each_state_between_due_and_approved_is_told_apart(database: Database, office: Any) -> None:
    actors = office.actors
    with database.transaction() as session:
        dossier = office.former(session)
        target, document = ("dossier", dossier.id), dossier.documents[0].id

        def now(on: date = ON) -> str:
            of_record = states.of_records(session, office.schedule, [target], on).get(target)
            of_document = states.of_documents(session, office.schedule, [document], on).get(document)
            assert of_record == of_document
            return of_record.state if of_record else ""

        assert (now(date(2024, 3, 30)), now()) == ("", "due")
        hold = holds.place(session, actors.manager, "dossier", dossier.id, "诉讼")
        assert now() == "held"
        holds.release(session, actors.manager, hold)
        found = disposition.due(session, office.schedule, ON)
        first = certificates.propose(session, actors.archivist, found)
        assert now() == "proposed"
        certificates.refuse(session, actors.manager, first, "还要查")
        assert now() == "refused"
        assert list(states.refusals(session, [target])) == [target]
        second = certificates.propose(session, actors.archivist, found)
        certificates.approve(session, actors.manager, second, "DA-05-1")
        assert (now(), certificates.step(second)) == ("approved", "approved")
        until = clock.today() + timedelta(days=30)
        certificates.keep_longer(session, actors.archivist, found[0], until, "还要用")
        assert now() == "kept"
        assert disposition.due_and_spoken_for(session, office.schedule, ON)[0] == []
        assert [one.target_id for one in disposition.due_and_spoken_for(session, office.schedule, ON)[1]] == [
            dossier.id
        ]
