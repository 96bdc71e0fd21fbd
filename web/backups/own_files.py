"""What an office made itself and keeps as files: its forms and its Word templates, as one tar archive."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

#: Folders of the data folder in which an office keeps what it made itself.
OWN_FOLDERS = ("forms", "words")


def packed(home: Path) -> bytes:
    """The office's own forms and templates as one tar archive; an empty archive where there are none."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in OWN_FOLDERS:
            if (home / name).is_dir():
                archive.add(home / name, arcname=name)
    return out.getvalue()


def unpack(data: bytes, home: Path) -> None:
    """Lay the office's own forms and templates back into the data folder."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(home, filter="data")
