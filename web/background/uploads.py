"""Uploaded tables between the preview and the confirmation: in memory only, for their uploader, for a short while.

A table of owners must not lie on the disk, where it would outlive the dossiers it tells of.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from threading import Lock

from records.errors import NotFound
from records.estate.importing import Plan

KEEP_SECONDS = 30 * 60
MOST_TABLES = 20


@dataclass(frozen=True)
class Table:
    """A table as it was uploaded, and what its import would do."""

    data: bytes
    plan: Plan
    owner_id: int
    laid_in_at: float = field(default_factory=time.monotonic)


class Uploads:
    """Tables by an unguessable token; the oldest go first."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._lock = Lock()

    def put(self, table: Table) -> str:
        """Keep a table; returns its token."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._tables[token] = table
            self._drop_old()
        return token

    def get(self, token: str, owner_id: int) -> Table:
        """The table of a token, for whoever uploaded it. Raises NotFound for others and when it has gone."""
        with self._lock:
            self._drop_old()
            table = self._tables.get(token)
        if table is None or table.owner_id != owner_id:
            raise NotFound(what="上传的表格（只保留 30 分钟，请重新上传） / the uploaded table (kept for 30 minutes)")
        return table

    def renew(self, token: str, plan: Plan) -> None:
        """The records have changed: another plan takes the place of the one that was shown."""
        with self._lock:
            if token in self._tables:
                self._tables[token] = replace(self._tables[token], plan=plan)

    def drop(self, token: str) -> None:
        """The table is not needed any more."""
        with self._lock:
            self._tables.pop(token, None)

    def _drop_old(self) -> None:
        latest = time.monotonic() - KEEP_SECONDS
        for token, table in list(self._tables.items()):
            if table.laid_in_at < latest or len(self._tables) > MOST_TABLES:
                del self._tables[token]
