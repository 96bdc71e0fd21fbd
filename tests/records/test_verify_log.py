"""The stand-alone script: proves an exported log without the system, and against the head that a book bears."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from records import audit
from records.audit import Verb
from records.database import Database

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_log.py"
FIELDS = ("seq", "at", "actor", "verb", "subject", "details", "previous", "hash")


@pytest.fixture
def exported(sqlite_database: Database) -> list[dict[str, Any]]:
    """A log as ``yedang audit log --last 0 --json`` gives it, with a Chinese serial's asterisk in it."""
    with sqlite_database.transaction() as session:
        for number in range(5):
            audit.append(session, 7, Verb.CHECKED, f"unit:{number}", {"serial": "RZ-08-2026-000004-*"})
    with sqlite_database.reading() as session:
        return [{name: getattr(entry, name) for name in FIELDS} for entry in audit.entries(session)]


def _run(tmp_path: Path, entries: list[dict[str, Any]], *head: str) -> tuple[int, str]:
    file = tmp_path / "log.json"
    file.write_text(json.dumps({"entries": entries}), encoding="utf-8")
    # -I -S: nothing of the project or of any installed package can be imported.
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(file), *head]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_an_untouched_log_holds(tmp_path: Path, exported: list[dict[str, Any]]) -> None:
    assert _run(tmp_path, exported)[0] == 0


@pytest.mark.parametrize("field", ["at", "actor", "verb", "subject", "details"])
def test_a_changed_field_is_named(tmp_path: Path, exported: list[dict[str, Any]], field: str) -> None:
    exported[6][field] += "x"
    status, said = _run(tmp_path, exported)
    assert (status, "entry 7 " in said) == (1, True)


def test_a_dropped_entry_is_named(tmp_path: Path, exported: list[dict[str, Any]]) -> None:
    del exported[3]
    status, said = _run(tmp_path, exported)
    assert (status, "entry 4 " in said) == (1, True)


def test_a_book_proves_that_history_was_not_rewritten(tmp_path: Path, exported: list[dict[str, Any]]) -> None:
    number, full = str(exported[-1]["seq"]), exported[-1]["hash"]
    assert _run(tmp_path, exported, number, f"{full[:16]}…{full[-16:]}")[0] == 0
    other = exported[-2]["hash"]
    assert _run(tmp_path, exported, number, f"{other[:16]}…{other[-16:]}")[0] == 1
    assert _run(tmp_path, exported[:-1], number, full)[0] == 1
