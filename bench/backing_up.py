"""A first and a second backup and a restore of 20,000 sealed files, beside cp and tar of the same files."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.report import Section
from bench.sealed import build, forget_cached
from records.database import Database
from records.vault import Vault
from web import schema
from web.backups.restoring import restore_backup
from web.backups.writing import make_backup, prove_backup
from web.office import Office

FILES = 20_000


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    os.sync()
    return time.perf_counter() - start


def _restored(office: Office, source: Path, home: Path) -> None:
    home.mkdir()
    database = Database(f"sqlite+pysqlite:///{home / 'yedang.sqlite'}")
    schema.upgrade(database)
    done = restore_backup(database, Vault(home / "vault", office.vault.master), source)
    database.close()
    if done.blobs != FILES or done.lacking:
        raise AssertionError(f"{done.blobs} files, {len(done.lacking)} lacking")


def _quiet(_done: int, _all: int) -> None:
    """Nobody looks."""


def measure() -> Section:
    """Each from files that are not in memory, each until the disk has everything."""
    section = Section(f"Backup and restore of {FILES:,} sealed files", ["act", "seconds", "MB a second"])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        office = build(root / "home", FILES)
        paths = list(office.vault.folder.rglob("*.age"))
        size = sum(path.stat().st_size for path in paths) / 1e6
        vault, target = str(office.vault.folder), root / "backup"

        def back_up() -> None:
            make_backup(office.database, office.vault, None, target, home=office.settings.home)

        acts: tuple[tuple[str, Callable[[], object]], ...] = (
            ("first backup, every byte read back from the disk", back_up),
            ("second backup, nothing new", back_up),
            ("backup --verify, every byte", lambda: prove_backup(office.database, office.vault, target, _quiet)),
            ("restore onto an empty machine", lambda: _restored(office, target, root / "new")),
            ("cp -r, nothing read back", lambda: subprocess.run(["cp", "-r", vault, root / "cp"], check=True)),
            ("tar cf, nothing read back", lambda: subprocess.run(["tar", "cf", root / "tar", vault], check=True)),
        )
        for name, act in acts:
            forget_cached(paths)
            seconds = _seconds(act)
            section.rows.append([name, f"{seconds:.1f}", f"{size / seconds:,.0f}"])
        office.database.close()
    section.notes.append(
        f"{size / 1000:.1f} GB: pages of 60 KB, one in a hundred of 1.5 MB. The files are sealed already, so a backup "
        "encrypts only the tables. A second backup reads one file in thirty of those that lie there."
    )
    return section


if __name__ == "__main__":
    print(measure().markdown())
