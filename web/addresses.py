"""Numbers in addresses: no larger than an id can be, so that a guessed one is an unknown page and not a fault."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # what PostgreSQL keeps ids in


class IdConverter(IntegerConverter):
    """A whole number that an id can be."""

    def __init__(self, map: Map, *args: Any, **keywords: Any) -> None:
        super().__init__(map, *args, **{"max": LARGEST, **keywords})
