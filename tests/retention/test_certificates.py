"""Two people sign a destruction, and what they signed can be read for good."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from records import clock
from records.database import Database
from records.errors import BadInput, NotAllowed, NotFound
from records.facts import FactKind
from records.users import Actor, Role
from retention import certificates, disposition, holds

ON = date(2024, 3, 31)


def test_who_proposes_does_not_approve_and_only_a_manager_decides(database: Database, office: Any) -> None:
    actors = office.actors
    with database.transaction() as session:
        office.former(session)
        found = disposition.due(session, office.schedule, ON)
        for actor in (actors.staff, actors.manager, actors.admin):
            with pytest.raises(NotAllowed):
                certificates.propose(session, actor, found)
        disposal = certificates.propose(session, actors.supervisor, found)
        with pytest.raises(NotAllowed):
            certificates.approve(session, actors.archivist, disposal, "DA-05-1")
        promoted = Actor(actors.supervisor.id, "supervisor", Role.MANAGER)
        with pytest.raises(certificates.SamePerson):
            certificates.approve(session, promoted, disposal, "DA-05-1")
        certificates.approve(session, actors.manager, disposal, "DA-05-1")
        assert (disposal.state, [line.state for line in disposal.lines]) == ("approved", ["approved"])
        with pytest.raises(certificates.DisposalNotReady):
            certificates.refuse(session, actors.manager2, disposal, "还要查")


def test_a_record_stands_in_one_open_list_at_a_time_and_is_due_again_after_a_refusal(
    database: Database, office: Any
) -> None:
    with database.transaction() as session:
        office.former(session)
        found = disposition.due(session, office.schedule, ON)
        disposal = certificates.propose(session, office.actors.archivist, found)
        assert disposition.due(session, office.schedule, ON) == []
        with pytest.raises(certificates.AlreadyListed):
            certificates.propose(session, office.actors.supervisor, found)
        certificates.refuse(session, office.actors.manager, disposal, "诉讼未结")
        assert len(disposition.due(session, office.schedule, ON)) == 1
        assert certificates.find_disposal(session, str(disposal.id)) is disposal


def test_what_is_held_or_gone_or_nothing_at_all_cannot_be_proposed(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        found = disposition.due(session, office.schedule, ON)
        with pytest.raises(BadInput):
            certificates.propose(session, office.actors.archivist, [])
        holds.place(session, office.actors.manager, "dossier", dossier.id, "诉讼")
        with pytest.raises(certificates.OnHold):
            certificates.propose(session, office.actors.archivist, found)
        dossier.state = "destroyed"
        session.flush()
        with pytest.raises(NotFound):
            certificates.propose(session, office.actors.archivist, found)


def test_keeping_longer_takes_a_record_off_the_list_until_the_date(database: Database, office: Any) -> None:
    until = clock.today() + timedelta(days=365)
    with database.transaction() as session:
        office.former(session)
        (record,) = disposition.due(session, office.schedule, ON)
        disposal = certificates.propose(session, office.actors.archivist, [record])
        with pytest.raises(BadInput):
            certificates.keep_longer(session, office.actors.archivist, record, clock.today(), "还需使用")
        with pytest.raises(BadInput):
            certificates.keep_longer(session, office.actors.archivist, record, until, " ")
        with pytest.raises(NotAllowed):
            certificates.keep_longer(session, office.actors.staff, record, until, "还需使用")
        certificates.keep_longer(session, office.actors.archivist, record, until, "还需使用")
        assert disposal.lines[0].state == "kept"
        with pytest.raises(BadInput):
            certificates.approve(session, office.actors.manager, disposal, "DA-05-1")
    with database.reading() as session:
        assert disposition.due(session, office.schedule, until - timedelta(days=1)) == []
        assert len(disposition.due(session, office.schedule, until)) == 1


def test_the_certificate_tells_what_when_why_and_by_whom(database: Database, office: Any) -> None:
    with database.transaction() as session:
        document = office.document(session, "YS-01-2020-000001-7", title="王建国委托书")
        office.fact(session, FactKind.ARCHIVED, ("document", document.id), date(2020, 1, 2))
        found = disposition.due(session, office.schedule, date(2022, 1, 2), lambda _: "业主托管钥匙委托书")
        disposal = certificates.propose(session, office.actors.archivist, found)
        certificates.approve(session, office.actors.manager, disposal, "DA-05-2026-000001-0")
        text = "\n".join(certificates.certificate_text(session, disposal))
        for part in ("DA-05-2026-000001-0", "archivist", "manager", "YS-01-2020-000001-7", "业主托管钥匙委托书", "KEYS",
                     "archived 2020-01-02", "到期 2022-01-02", "已批准"):  # fmt: skip
            assert part in text
        assert "王建国" not in text
        assert certificates.tombstone(session, "YS-01-2020-000001-7") is None
