"""What leaves the archive: the records of a destruction, as every floor that keeps something of them must know them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar

_T = TypeVar("_T")

#: Fewer ids in one statement than SQLite's limit of 32,766 variables.
_AT_ONCE = 10_000


class Leaving(NamedTuple):
    """A record that is being destroyed: its documents, and its dossier or book where it is one."""

    document_ids: tuple[int, ...]
    dossier_id: int | None = None
    book_id: int | None = None


def parted(found: Collection[_T], size: int = _AT_ONCE) -> Iterator[Sequence[_T]]:
    """Many ids or rows in portions that fit into one statement."""
    rows = list(found)
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
