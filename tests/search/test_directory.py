"""The register: which unit, whose, by anything a caller says at the desk."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete

from records import dossiers, units
from records.estate import people
from records.tables import Dossier
from records.vault import Vault
from search import names
from search.directory import find_units
from search.name_tables import NameKey
from tests.search.conftest import Office

MEANT: dict[str, set[str]] = {
    "3-2-1201": {"3-2-1201"},
    "3栋2单元1201室": {"3-2-1201"},
    "三栋二单元1201": {"3-2-1201"},
    "３＃２－１２０１": {"3-2-1201"},
    "东光花园/3-2-1202": {"3-2-1202"},
    "3栋": {"3-2-1201", "3-2-1202"},
    "3-2": {"3-2-1201", "3-2-1202"},
    "3-2-12": {"3-2-1201", "3-2-1202"},
    "1201": {"3-2-1201", "13-1-1201"},
    "欧阳": {"3-2-1201"},
    "㼆": {"3-2-1201"},
    "𬱖": {"3-2-1202"},
    "13911112222": {"3-2-1201"},
    "1391111": {"3-2-1201"},
    "139-1111-2222": {"3-2-1201"},
    "2-1202": {"3-2-1202"},
    "阳㼆": {"3-2-1201"},
    "139": set(),
    "ouyang": {"3-2-1201"},
    "ou yang": {"3-2-1201"},
    "oy": {"3-2-1201"},
    "ＯＹ": {"3-2-1201"},
    "歐陽": {"3-2-1201"},
    "zhang": set(),
    "2222": {"3-2-1201"},
    "1112222": {"3-2-1201"},
    "222": set(),
    "张伟强": set(),
    "13800138000": set(),
    "%": set(),
    "_": set(),
    "": set(),
    "漏水": set(),
}


@pytest.mark.parametrize("text", list(MEANT))
def test_a_unit_is_found_by_what_the_caller_says(office: Office, actors: Any, text: str) -> None:
    with office.database.transaction() as session:
        units.add_unit(session, actors.manager, "西苑", "13-1-1201")
    with office.database.reading() as session:
        granted = list(office.dossiers.values())
        assert {found.unit.code for found in find_units(session, text, open_to=granted)} == MEANT[text]


def test_no_number_is_guessed_by_its_parts_without_a_grant(office: Office) -> None:
    with office.database.reading() as session:
        assert [found.unit.code for found in find_units(session, "139-1111-2222")] == ["3-2-1201"]
        assert find_units(session, "1391111") == find_units(session, "2222") == []
        assert find_units(session, "2222", open_to=[office.dossiers["li"]]) == []


def test_who_may_act_for_the_owner_leads_to_the_unit_and_the_household_under_a_grant(
    office: Office, actors: Any
) -> None:
    with office.database.transaction() as session:
        home = session.get_one(Dossier, office.dossiers["ouyang"])
        registered = [
            people.NewPerson("agent", "钱大勇", phone="13566667777", authorised=True),
            people.NewPerson("tenant", "孙小兰", phone="13588889999"),
            people.NewPerson("agent", "冯时过", authorised=True, until_on=date(2025, 1, 1)),
        ]
        for person in registered:
            people.add_person(session, actors.staff, home, person, date(2025, 6, 1))
    with office.database.reading() as session:
        for text in ("钱大勇", "qiandy", "qdy", "13566667777"):
            assert [found.unit.code for found in find_units(session, text)] == ["3-2-1201"], text
        for text in ("孙小兰", "sunxl", "13588889999", "8899", "冯时过"):
            assert find_units(session, text) == find_units(session, text, open_to=[office.dossiers["li"]]) == [], text
            assert [found.unit.code for found in find_units(session, text, open_to=[home.id])] == ["3-2-1201"], text


def test_a_former_owner_leads_nowhere_at_once_and_the_check_agrees(office: Office, actors: Any, vault: Vault) -> None:
    with office.database.transaction() as session:
        unit = find_units(session, "欧阳")[0].unit
        dossiers.start_ownership(session, vault, actors.archivist, unit, [dossiers.NewOwner("郑新")], date(2026, 1, 1))
    with office.database.transaction() as session:
        assert find_units(session, "欧阳") == [] and len(find_units(session, "zhengx")) == 1
        assert list(names.findings(session)) == []
        session.execute(delete(NameKey).where(NameKey.key == "郑新"))
        assert [finding.code for finding in names.findings(session)] == ["search.names"]
        names.rebuild(session)
        assert list(names.findings(session)) == []


def test_a_unit_shows_its_present_owners_and_dossier_only(office: Office, actors: Any, vault: Vault) -> None:
    with office.database.transaction() as session:
        empty = units.add_unit(session, actors.manager, "西苑", "13-1-1201")
        couple = [dossiers.NewOwner("周一"), dossiers.NewOwner("吴二")]
        dossiers.start_ownership(session, vault, actors.archivist, empty, couple, date(2025, 1, 1))
        units.add_unit(session, actors.manager, "西苑", "13-1-1202")
    with office.database.reading() as session:
        (home,) = find_units(session, "3-2-1201")
        (sold,), (unsold,) = find_units(session, "吴二"), find_units(session, "13-1-1202")
        assert [owner.name for owner in home.owners] == ["欧阳㼆"]
        assert home.dossier is not None and home.dossier.id == office.dossiers["ouyang"]
        assert {owner.name for owner in sold.owners} == {"周一", "吴二"}
        assert (unsold.owners, unsold.dossier) == ((), None)
        assert len(find_units(session, "西苑", limit=1)) == 1
