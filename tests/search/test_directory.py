"""The register: which unit, whose, by anything a caller says at the desk."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from records import dossiers, units
from records.vault import Vault
from search.directory import find_units
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
        assert {found.unit.code for found in find_units(session, text)} == MEANT[text]


def test_a_unit_shows_its_present_owners_and_dossier_only(office: Office, actors: Any, vault: Vault) -> None:
    with office.database.transaction() as session:
        empty = units.add_unit(session, actors.manager, "西苑", "13-1-1201")
        couple = [dossiers.NewOwner("周一"), dossiers.NewOwner("吴二")]
        dossiers.start_ownership(session, vault, actors.archivist, empty, couple, date(2025, 1, 1))
        units.add_unit(session, actors.manager, "西苑", "13-1-1202")
        (home,) = find_units(session, "3-2-1201")
        (sold,), (unsold,) = find_units(session, "吴二"), find_units(session, "13-1-1202")
        assert [owner.name for owner in home.owners] == ["欧阳㼆"]
        assert home.dossier is not None and home.dossier.id == office.dossiers["ouyang"]
        assert {owner.name for owner in sold.owners} == {"周一", "吴二"}
        assert (unsold.owners, unsold.dossier) == ((), None)
        assert len(find_units(session, "西苑", limit=1)) == 1
