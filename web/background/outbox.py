"""Printed files between the act and the download: in memory only, for their printer only, for a short while.

Printing allots numbers, so it is a POST that must not be repeated by a reload; the file itself is then fetched by
GET. It never touches the disk, where it would outlive the records it was printed from.
"""

from __future__ import annotations

from dataclasses import dataclass

from forms.printing.shop import PrintedFile
from web.background.shelf import Shelf

KEEP_SECONDS = 15 * 60
MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Parcel:
    """Files ready for their printer, and the numbers they carry."""

    files: tuple[PrintedFile, ...]
    owner_id: int
    serials: tuple[str, ...]
    form_code: str
    book: str | None = None

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(len(file.data) for file in self.files)


def outbox() -> Shelf[Parcel]:
    """A shelf for printed files."""
    what = "打印文件（只保留 15 分钟，可凭编号重印） / the printed file (kept for 15 minutes)"
    return Shelf(what, KEEP_SECONDS, MOST_BYTES, lambda parcel: parcel.size)
