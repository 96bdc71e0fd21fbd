"""The worker backs up at night and after a destruction, into a folder that is there, and never in the middle of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from records import clock
from records.users import find_actor
from retention.tables import Disposal, DisposalLine
from web.backups import timing
from web.backups.folder import NoBackupThere, read_ring
from web.office import Office

NIGHT = datetime(2026, 11, 24, 18, tzinfo=UTC)  # 02:00 in the office
NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)


def at(moment: datetime, office: Office, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """The snapshot that is made at that moment, if any."""
    monkeypatch.setattr(clock, "now", lambda: moment)
    made = timing.back_up_when_due(office)
    return made.snapshot if made else None


@pytest.fixture
def folder(office: Office, tmp_path: Path) -> Path:
    """The folder of the settings."""
    office.settings = replace(office.settings, backup=tmp_path / "disk")
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def test_once_a_night_and_not_by_day(office: Office, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert at(NOON - timedelta(days=1), office, monkeypatch) is None
    assert at(NIGHT, office, monkeypatch) is not None
    assert at(NIGHT + timedelta(hours=1), office, monkeypatch) is None
    assert at(NOON, office, monkeypatch) is None
    assert at(NIGHT + timedelta(days=1), office, monkeypatch) is not None
    assert len(list((folder / "snapshots").iterdir())) == 2


def test_where_the_disk_is_not_mounted_nothing_is_written_in_its_place(
    office: Office, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rmdir()
    with pytest.raises(NoBackupThere, match="盘未接上"):
        at(NIGHT, office, monkeypatch)
    assert not folder.exists()


def test_after_a_destruction_the_folder_shows_the_record_no_longer(
    office: Office, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = at(NIGHT, office, monkeypatch)
    line = _line(office, NOON, "destroying")
    assert at(NOON, office, monkeypatch) is None
    _end(office, line)
    after = at(NOON + timedelta(minutes=1), office, monkeypatch)
    assert after is not None
    assert after != before
    assert list(read_ring(office.vault.master.identities(), folder).snapshots) == [after]
    assert at(NOON + timedelta(minutes=2), office, monkeypatch) is None


def _line(office: Office, moment: datetime, state: str) -> int:
    with office.transaction() as session:
        archivist = find_actor(session, "archivist")
        line = DisposalLine(
            target_kind="dossier", target_id=2, reference="DA", title_class="业主档案", serials=[], rule="FORMER",
            fact_kind="ownership_changed", fact_on=moment.date(), due_on=moment.date(), state=state,
            destroyed_at=moment,
        )  # fmt: skip
        disposal = Disposal(state="approved", proposed_by=archivist.id, proposed_at=moment)
        disposal.lines.append(line)
        session.add(disposal)
        session.flush()
        return line.id


def _end(office: Office, line: int) -> None:
    with office.transaction() as session:
        session.get_one(DisposalLine, line).state = "destroyed"
