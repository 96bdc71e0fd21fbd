"""The two full-text engines, and which of them a session's database has."""

from __future__ import annotations

from sqlalchemy.orm import Session

from search.engine import Engine
from search.fts5 import Fts5
from search.gin import Gin

_ENGINES: dict[str, Engine] = {"sqlite": Fts5(), "postgresql": Gin()}


def engine_for(session: Session) -> Engine:
    """The engine of the session's database."""
    name: str = session.get_bind().dialect.name
    return _ENGINES[name]
