"""What every room of scanning works with: the desk, and what was seen on a page before any record is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forms.catalogue import Catalogue
from forms.marks import PageMark
from forms.scanning.opening.masters import PageFile
from records.vault import Vault


@dataclass(frozen=True)
class ScanDesk:
    """What filing needs beside a session. ``lease``: seconds after which another worker takes over a silent one."""

    catalogue: Catalogue
    vault: Vault
    secret: bytes
    lease: float = 20.0


@dataclass(frozen=True)
class Seen:
    """What was seen on one page of a batch before any record is touched: its bytes, its proven mark or why none.

    ``blank``: nothing is on it. ``may_be_ours``: it has no readable code, but other traces of a page of ours.
    ``quality``: what forms.scanning.looking.quality measured. ``suggested``: a serial made out and not proven.
    """

    position: int
    file: PageFile | None
    digest: str | None
    mark: PageMark | None
    reason: str = ""
    why: str = ""
    rotation: int = 0
    signatures: Mapping[str, Any] = field(default_factory=dict)
    blank: bool = False
    may_be_ours: bool = False
    quality: Mapping[str, float] = field(default_factory=dict)
    suggested: str = ""
