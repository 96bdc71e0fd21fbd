"""What waits in memory for one person: by an unguessable token, for that person only, for a short while.

Nothing of it touches the disk, where it would outlive the records it was made from.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, Protocol, TypeVar

from records.errors import NotFound


class Owned(Protocol):
    """Something that is one user's."""

    @property
    def owner_id(self) -> int:
        """Whose it is."""
        ...


T = TypeVar("T", bound=Owned)


class Shelf(Generic[T]):
    """Things by their tokens; those go that are too old, and of too many the oldest, but never the newest.

    ``what``: what is told for a token that leads nowhere, or to somebody else's. ``most``: how much there may be in
    all, as ``weigh`` says of each.
    """

    def __init__(
        self, what: str, keep_seconds: float, most: float = float("inf"), weigh: Callable[[T], float] = lambda _: 1
    ) -> None:
        self._what, self._keep_seconds, self._most, self._weigh = what, keep_seconds, most, weigh
        self._things: dict[str, tuple[float, T]] = {}
        self._lock = Lock()

    def put(self, thing: T) -> str:
        """Lay a thing on the shelf; returns its token."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._things[token] = (time.monotonic(), thing)
            self._drop_old()
        return token

    def get(self, token: str, owner_id: int) -> T:
        """The thing of a token, for its owner. Raises NotFound for others and when it has gone."""
        with self._lock:
            self._drop_old()
            _, thing = self._things.get(token, (0.0, None))
        if thing is None or thing.owner_id != owner_id:
            raise NotFound(what=self._what)
        return thing

    def swap(self, token: str, thing: T) -> None:
        """Another thing takes the place of the one that lies there, for as long as that one would have lain."""
        with self._lock:
            if token in self._things:
                self._things[token] = (self._things[token][0], thing)

    def drop(self, token: str) -> None:
        """The thing is not needed any more."""
        with self._lock:
            self._things.pop(token, None)

    def _drop_old(self) -> None:
        latest = time.monotonic() - self._keep_seconds
        weight = sum(self._weigh(thing) for _, thing in self._things.values())
        for token, (since, thing) in list(self._things.items()):
            if since < latest or (weight > self._most and len(self._things) > 1):
                weight -= self._weigh(thing)
                del self._things[token]
