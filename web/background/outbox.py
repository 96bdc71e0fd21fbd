"""Printed files between the act and the download: in memory only, for their printer only, for a short while.

Printing allots numbers, so it is a POST that must not be repeated by a reload; the file itself is then fetched by
GET. It never touches the disk, where it would outlive the records it was printed from.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from threading import Lock

from forms.printing.shop import PrintedFile
from records.errors import NotFound

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
    laid_in_at: float = field(default_factory=time.monotonic)

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(len(file.data) for file in self.files)


class Outbox:
    """Parcels by an unguessable token; the oldest go first when they are too old or too many."""

    def __init__(self) -> None:
        self._parcels: dict[str, Parcel] = {}
        self._lock = Lock()

    def put(self, parcel: Parcel) -> str:
        """Lay files in; returns their token."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._parcels[token] = parcel
            self._drop_old()
        return token

    def take(self, token: str, owner_id: int) -> Parcel:
        """The files of a token, for whoever printed it. Raises NotFound for others and when it has gone."""
        with self._lock:
            self._drop_old()
            parcel = self._parcels.get(token)
        if parcel is None or parcel.owner_id != owner_id:
            raise NotFound(what="打印文件（只保留 15 分钟，可凭编号重印） / the printed file (kept for 15 minutes)")
        return parcel

    def _drop_old(self) -> None:
        latest = time.monotonic() - KEEP_SECONDS
        size = sum(parcel.size for parcel in self._parcels.values())
        for token, parcel in list(self._parcels.items()):
            too_many = size > MOST_BYTES and len(self._parcels) > 1
            if parcel.laid_in_at < latest or too_many:
                size -= self._parcels.pop(token).size
