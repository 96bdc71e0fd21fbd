"""Units merge and split: old ones close and lead to the new, dossiers stay with their ownership."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest

from records import dossiers, facts, units
from records.database import Database
from records.dossiers import NewOwner
from records.errors import BadInput, NotAllowed
from records.estate import restructuring
from records.tables import Dossier, Unit
from records.units import UnitClosed, UnitExists
from records.vault import Vault
from search.directory import find_units

MakeUnit = Callable[..., tuple[Unit, Dossier]]
ON = date(2024, 5, 1)


def test_a_merger_of_one_owners_homes_starts_no_former_owners_clock(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        (one, former), (two, _) = make_unit(session, "3-2-1201"), make_unit(session, "3-2-1202")
        done = restructuring.restructure(session, vault, actors.archivist, [one, two], ["3-2-1201A"], ON)
        assert [unit.closed_on for unit in (one, two)] == [ON, ON]
        assert (former.state, former.ownership.until_on, former.ownership.unit_id) == ("closed", ON, one.id)
        assert facts.facts_about(session, "dossier", [former.id]) == []
        (new,) = done.dossiers
        assert [owner.name for owner in new.ownership.owners] == ["王建国"]
        assert new.documents == []


def test_other_owners_after_a_merger_are_a_change_of_owner(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        one, former = make_unit(session, "3-2-1201")
        two, _ = make_unit(session, "3-2-1202", owner="赵一鸣")
        with pytest.raises(BadInput, match="业主不同"):
            restructuring.restructure(session, vault, actors.archivist, [one, two], ["3-2-1201A"], ON)
        owners = [NewOwner("王建国")]
        restructuring.restructure(session, vault, actors.archivist, [one, two], ["3-2-1201A"], ON, owners)
        assert facts.facts_about(session, "dossier", [former.id]) == []
        (other,) = dossiers.dossiers_of(session, two)
        assert [fact.on for fact in facts.facts_about(session, "dossier", [other.id])] == [ON]


def test_an_old_code_leads_to_what_it_became_however_often(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session, "3-2-1201")
        split = restructuring.restructure(session, vault, actors.archivist, [unit], ["3-2-1201A", "3-2-1201B"], ON)
        restructuring.restructure(session, vault, actors.archivist, list(split.opened), ["3-2-1201C"], date(2024, 6, 1))
        with pytest.raises(UnitClosed, match="3-2-1201C"):
            units.find_unit(session, "3-2-1201")
        assert units.find_unit(session, "3-2-1201", closed=True).id == unit.id
        assert {found.unit.code for found in find_units(session, "3-2-1201A")} >= {"3-2-1201A", "3-2-1201C"}
        with pytest.raises(BadInput):
            dossiers.start_ownership(session, vault, actors.staff, unit, [NewOwner("甲")], date(2024, 7, 1))


def test_what_is_neither_a_merger_nor_a_split_changes_nothing(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        one, _ = make_unit(session, "3-2-1201")
        two, _ = make_unit(session, "3-2-1202")
        for old, new in (([one], ["3-2-1201A"]), ([one, two], ["3-2-1", "3-2-2"]), ([one, one], ["3-2-1201A"])):
            with pytest.raises(BadInput):
                restructuring.restructure(session, vault, actors.archivist, old, new, ON)
        with pytest.raises(UnitExists):
            restructuring.restructure(session, vault, actors.archivist, [one, two], ["3-2-1202"], ON)
        with pytest.raises(NotAllowed):
            restructuring.restructure(session, vault, actors.staff, [one, two], ["3-2-1201A"], ON)
