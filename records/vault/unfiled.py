"""Files of the vault whose record is not committed yet, so that a killed filing leaves no orphan behind.

A file is laid into the vault while its transaction still runs. Until that commits it has a second name in ``.filing``
inside the vault. Whoever files next finds what a kill left there, and removes exactly that: a file without a row that
has no name in ``.filing`` was not left by filing, and is for a person to look at (``yedang check``).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import event
from sqlalchemy.orm import Session

FOLDER = ".filing"
_NAMES = "yedang_unfiled"


@contextmanager
def laid_down(session: Session, vault: Path, path: str) -> Iterator[BinaryIO]:
    """A file to write to that lies whole under ``path`` of the vault at the end, and loses its second name on commit.

    The caller holds the log's lock: nobody else lays down or clears meanwhile.
    """
    target, second = vault / path, vault / FOLDER / f"{Path(path).name}.{secrets.token_hex(4)}"
    for folder in (target.parent, second.parent):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with second.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # What lies there was left by a killed filing, or was forgotten a moment ago: it has no row.
        target.unlink(missing_ok=True)
        os.link(second, target)
    except BaseException:
        second.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    _remember(session, second)


def _remember(session: Session, second: Path) -> None:
    if _NAMES not in session.info:
        event.listen(session, "after_commit", _filed)
    session.info.setdefault(_NAMES, []).append(second)


def _filed(session: Session) -> None:
    names: list[Path] = session.info.get(_NAMES, [])
    while names:
        names.pop().unlink(missing_ok=True)


def names(vault: Path) -> list[str]:
    """The names of the vault's files (without folders) that lie in ``.filing``."""
    folder = vault / FOLDER
    return sorted(path.name.rpartition(".")[0] for path in folder.iterdir()) if folder.is_dir() else []


def clear(vault: Path, path_of: Callable[[str], str], filed: Callable[[Collection[str]], Collection[str]]) -> int:
    """Remove what killed filings left, and tell how many files went. The caller holds the log's lock.

    ``path_of``: where in the vault a file of a name lies. ``filed``: which of these names have a row after all.
    """
    left = list((vault / FOLDER).iterdir()) if (vault / FOLDER).is_dir() else []
    known = filed({path.name.rpartition(".")[0] for path in left}) if left else ()
    gone = 0
    for second in left:
        name = second.name.rpartition(".")[0]
        if name not in known:
            (vault / path_of(name)).unlink(missing_ok=True)
            gone += 1
        second.unlink(missing_ok=True)
    return gone


def sync_folder(folder: Path) -> None:
    """Bring to the disk which files a folder holds: a rename counts only then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
