"""Uploaded tables between the preview and the confirmation: in memory only, for their uploader, for a short while.

A table of owners must not lie on the disk, where it would outlive the dossiers it tells of.
"""

from __future__ import annotations

from dataclasses import dataclass

from records.estate.importing import Plan
from web.background.shelf import Shelf

KEEP_SECONDS = 30 * 60
MOST_TABLES = 20


@dataclass(frozen=True)
class Table:
    """A table as it was uploaded, and what its import would do."""

    data: bytes
    plan: Plan
    owner_id: int


def uploads() -> Shelf[Table]:
    """A shelf for uploaded tables."""
    what = "上传的表格（只保留 30 分钟，请重新上传） / the uploaded table (kept for 30 minutes)"
    return Shelf(what, KEEP_SECONDS, MOST_TABLES)
