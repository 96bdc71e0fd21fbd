"""A process that kills itself at the n-th thing it does to the database or the vault: for the tests that begin it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import event

from forms.catalogue import Catalogue
from forms.scanning.desk import ScanDesk
from records.database import Database
from records.vault import MasterKey, Vault, unfiled


def mortal(url: str, home: Path, catalogue: Catalogue, points: int, lease: float = 20.0) -> tuple[Database, ScanDesk]:
    """The records and the desk of a process that lives for so many points; for ever with 0."""
    done = 0

    def step(*_args: Any, **_more: Any) -> None:
        nonlocal done
        done += 1
        if done == points:
            os.kill(os.getpid(), signal.SIGKILL)

    def sync(folder: Path, original: Any = unfiled.sync_folder) -> None:
        step()
        original(folder)
        step()

    unfiled.sync_folder = sync
    database, master = Database(url), MasterKey(home / "keys" / "master.key")
    for moment in ("before_cursor_execute", "commit"):
        event.listen(database.engine, moment, step)
    return database, ScanDesk(catalogue, Vault(home / "vault", master), master.page_secret(), lease=lease)
